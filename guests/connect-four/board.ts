// The board: 7 columns of 6 cells. Bit 7c + r of a player's stones is the cell in column c, row r, rows from below; bit
// 7c + 6 is never set, so that lines do not run over from a column into the next.

/** Bit 7c of each column c: its lowest cell. */
const BOTTOM: u64 = 0x0000_0408_1020_4081;
/** All cells. */
export const FULL: u64 = BOTTOM * 0x3f;

/** Whether four of these stones stand in a line: upright, level, or along a diagonal. */
export function hasFour(stones: u64): bool {
  return isLine(stones, 1) || isLine(stones, 7) || isLine(stones, 6) || isLine(stones, 8);
}

function isLine(stones: u64, step: u64): bool {
  const pairs = stones & (stones >> step);
  return (pairs & (pairs >> (2 * step))) != 0;
}

/** The cells that a stone falls to, one for each column that is not full. */
export function openCells(occupied: u64): u64 {
  return (occupied + BOTTOM) & FULL;
}

/** Whether `mine`, who has just moved, wins within `stones` more of its own stones, whatever the other does. */
export function forcesWin(mine: u64, other: u64, stones: u32): bool {
  let replies = openCells(mine | other);
  if (replies == 0) return false;
  for (; replies != 0; replies &= replies - 1) {
    const reply = other | (replies & (0 - replies));
    if (hasFour(reply) || !winsNext(mine, reply, stones)) return false;
  }
  return true;
}

/** The same where it is `mine`'s turn. */
function winsNext(mine: u64, other: u64, stones: u32): bool {
  const cells = openCells(mine | other);
  for (let left = cells; left != 0; left &= left - 1) if (hasFour(mine | (left & (0 - left)))) return true;
  if (stones < 2) return false;
  for (let left = cells; left != 0; left &= left - 1) {
    if (forcesWin(mine | (left & (0 - left)), other, stones - 1)) return true;
  }
  return false;
}
