// What became of each message and transaction: for the native runner only, the machine never reads it.
import { copy20, copy32 } from "../sdk/host";
import { allocate } from "../sdk/memory";

export const FAILED: u8 = 0;
export const SUCCEEDED: u8 = 1;
export const SKIPPED: u8 = 2;

export const FROM_MESSAGE: u8 = 0;
export const FROM_TRANSACTION: u8 = 1;

/** Bytes of a receipt: source 1, status 1, zero 2, block 4 (LE), gas used 8 (LE), sender 20, fee 32 (BE), zero 4. */
const RECEIPT_LENGTH: usize = 72;

let start: usize = 0;
let count: u32 = 0;

/** Makes room for so many receipts. */
export function openReceipts(capacity: u32): void {
  start = allocate(<usize>capacity * RECEIPT_LENGTH);
}

/** Address of the first receipt. */
export function receipts(): usize {
  return start;
}

/** Number of receipts. */
export function receiptCount(): u32 {
  return count;
}

/** Adds a receipt. */
export function addReceipt(source: u8, status: u8, block: u32, gasUsed: u64, sender: usize, fee: usize): void {
  const receipt = start + <usize>count * RECEIPT_LENGTH;
  store<u8>(receipt, source);
  store<u8>(receipt, status, 1);
  store<u16>(receipt, 0, 2);
  store<u32>(receipt, block, 4);
  store<u64>(receipt, gasUsed, 8);
  copy20(receipt + 16, sender);
  copy32(receipt + 36, fee);
  store<u32>(receipt, 0, 68);
  count++;
}
