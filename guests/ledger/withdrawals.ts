// Withdrawals of the batch and their Merkle tree (docs/protocol.md §4).
import { PAGE, copy32, hashPair, isZero32, keccakPage, storeAddress, storeWord } from "../sdk/host";
import { covers, debit, nextWithdrawalNonce } from "./accounts";
import { EMPTY_HASH, WITHDRAWAL_DOMAIN } from "./constants";

let leaves: usize = 0;
let capacity: u32 = 0;
let count: u32 = 0;

/** Debits `sender` and adds a withdrawal; false, and nothing changed, when the amount is zero or not covered. */
export function addWithdrawal(sender: usize, target: usize, token: usize, amount: usize): bool {
  if (isZero32(amount) || !covers(sender, token, amount)) return false;
  debit(sender, token, amount);
  copy32(PAGE, WITHDRAWAL_DOMAIN);
  storeWord(PAGE + 32, nextWithdrawalNonce());
  storeAddress(PAGE + 64, sender);
  storeAddress(PAGE + 96, target);
  storeAddress(PAGE + 128, token);
  copy32(PAGE + 160, amount);
  copy32(PAGE + 192, EMPTY_HASH);
  if (count == capacity) {
    const grown: u32 = capacity == 0 ? 16 : capacity * 2;
    const moved = heap.alloc((<usize>grown) << 5);
    memory.copy(moved, leaves, (<usize>count) << 5);
    leaves = moved;
    capacity = grown;
  }
  keccakPage(leaves + ((<usize>count) << 5), 224);
  count++;
  return true;
}

/** Root over the leaves, padded with zero words to a power of two; zero when there is none. */
export function withdrawalsRoot(to: usize): void {
  if (count == 0) {
    memory.fill(to, 0, 32);
    return;
  }
  let width: u32 = 1;
  while (width < count) width *= 2;
  const level = heap.alloc((<usize>width) << 5);
  memory.fill(level, 0, (<usize>width) << 5);
  memory.copy(level, leaves, (<usize>count) << 5);
  for (; width > 1; width /= 2) {
    for (let i: u32 = 0; i < width / 2; i++) {
      hashPair(level + ((<usize>i) << 5), level + ((<usize>i) << 6), level + ((<usize>i) << 6) + 32);
    }
  }
  copy32(to, level);
}
