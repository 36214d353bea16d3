// Withdrawals of the batch and their Merkle tree (docs/protocol.md §4).
import { PAGE, copy32, hashPair, isZero32, keccakPage, storeAddress, storeWord, zero32 } from "../sdk/host";
import { allocate } from "../sdk/memory";
import { covers, debit, nextWithdrawalNonce } from "./accounts";
import { EMPTY_HASH, WITHDRAWAL_DOMAIN } from "./constants";

let leaves: usize = 0;
let count: u32 = 0;
const padding: usize = memory.data(32);

/** Makes room for so many withdrawals. */
export function openWithdrawals(capacity: u32): void {
  leaves = allocate((<usize>capacity) << 5);
}

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
  keccakPage(leaves + ((<usize>count) << 5), 224);
  count++;
  return true;
}

/** Root over the leaves, padded with zero words to a power of two, to `to`; zero when there is none. Call it once. */
export function withdrawalsRoot(to: usize): void {
  if (count == 0) return zero32(to);
  // Level by level, each over the one below it; `padding` is the root of an empty subtree as high as the level.
  zero32(padding);
  for (; count > 1; count = (count + 1) / 2) {
    for (let i: u32 = 0; i < count; i += 2) {
      const left = leaves + ((<usize>i) << 5);
      hashPair(leaves + ((<usize>i) << 4), left, i + 1 < count ? left + 32 : padding);
    }
    hashPair(padding, padding, padding);
  }
  copy32(to, leaves);
}
