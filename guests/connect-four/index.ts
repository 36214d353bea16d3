// Connect Four for a channel of two, with stakes (docs/wasm-apps.md §5). A state of the game is 17 bytes: the stones of
// participant 0 and of participant 1 (8 bytes each, big-endian, board.ts), and how it was reached:
//   0          by a stone
//   1 … 4      by a stone, and the claim that it wins within so many more stones of the mover's, whatever the other does
//   255        by giving up: no stone
import {
  isFinal,
  judge,
  mover,
  outcomeAfter,
  outcomeAfterLength,
  outcomeBefore,
  outcomeBeforeLength,
  participantCount,
  readMove,
  stateAfter,
  stateAfterLength,
  stateBefore,
  stateBeforeLength,
} from "../sdk/channel";
import { zero32 } from "../sdk/host";
import { allocationCount, amountAt, assetCount, isOutcome, sameBytes, typeAt } from "../sdk/outcome";
import { add, halve, subtract } from "../sdk/uint256";
import { FULL, forcesWin, hasFour, openCells } from "./board";

const STATE_LENGTH: usize = 17;
const MOST_CLAIMED: u32 = 4;
const GIVES_UP: u32 = 255;
/** Nobody's index: a draw. */
const NOBODY: u32 = 2;

const pot: usize = memory.data(32);

/** Who gets the pot if the move is allowed, and whether the game is over with it. */
let winner: u32 = NOBODY;
let isOver: bool = false;

export function run(): void {
  judge(readMove() && participantCount == 2 && isMove() && isFinal == isOver && isPaid());
}

/** Whether the board after the move is what the mover may make of the one before it. */
function isMove(): bool {
  if (stateBeforeLength != STATE_LENGTH || stateAfterLength != STATE_LENGTH) return false;
  const me = mover();
  const other = 1 - me;
  const mine = stones(stateBefore, me);
  const others = stones(stateBefore, other);
  const occupied = mine | others;
  if ((occupied & ~FULL) != 0 || (mine & others) != 0) return false;
  const cells = openCells(occupied);
  // Stones that hang in the air are on no board; what is over is over.
  if ((cells & occupied) != 0 || cells == 0 || hasFour(mine) || hasFour(others)) return false;
  if (stones(stateAfter, other) != others) return false;
  const now = stones(stateAfter, me);
  const how = <u32>load<u8>(stateAfter, 16);

  if (how == GIVES_UP) {
    winner = other;
    isOver = true;
    return now == mine;
  }
  if (how > MOST_CLAIMED) return false;
  const stone = now ^ mine;
  // One of the cells that a stone falls to.
  if ((now & mine) != mine || popcnt(stone) != 1 || (stone & cells) == 0) return false;
  // As long as the game goes on, who lets its time run out loses.
  winner = me;
  if (hasFour(now)) isOver = true;
  else if ((now | others) == FULL) {
    isOver = true;
    winner = NOBODY;
  } else if (how != 0) {
    isOver = true;
    return forcesWin(now, others, how);
  }
  return how == 0;
}

/** Whether the outcome is the one before it with the pot where it belongs. Changes that one, which nobody reads again. */
function isPaid(): bool {
  if (!isOutcome(outcomeBefore, outcomeBeforeLength)) return false;
  const assets = assetCount(outcomeBefore);
  for (let asset: u32 = 0; asset < assets; asset++) {
    if (allocationCount(outcomeBefore, asset) != 2) return false;
    if (typeAt(outcomeBefore, asset, 0) != 0 || typeAt(outcomeBefore, asset, 1) != 0) return false;
    const first = amountAt(outcomeBefore, asset, 0);
    const second = amountAt(outcomeBefore, asset, 1);
    if (add(pot, first, second)) return false;
    if (winner == NOBODY) halve(second, pot);
    else if (winner == 0) zero32(second);
    else memory.copy(second, pot, 32);
    // Of a pot that is odd, the first gets the unit that is over.
    subtract(first, pot, second);
  }
  return sameBytes(outcomeBefore, outcomeBeforeLength, outcomeAfter, outcomeAfterLength);
}

function stones(state: usize, player: u32): u64 {
  return bswap<u64>(load<u64>(state + ((<usize>player) << 3)));
}
