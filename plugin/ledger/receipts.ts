import { RECEIPT_LENGTH } from "../machine/native.js";
import { toBigInt, toHex } from "./bytes.js";
import type { Receipt, ReceiptStatus } from "./types.js";

const STATUS: readonly ReceiptStatus[] = ["failed", "succeeded", "skipped"];

/**
 * Reads the guest's receipts, docs/protocol.md §8.
 * @throws RangeError when a byte means nothing.
 */
export function readReceipts(bytes: Uint8Array): Receipt[] {
  const receipts: Receipt[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < bytes.length; start += RECEIPT_LENGTH) {
    const source = view.getUint8(start);
    const status = STATUS[view.getUint8(start + 1)];
    if (status === undefined || source > 1) throw new RangeError(`receipt at byte ${start} has no known kind`);
    receipts.push({
      source: source === 0 ? "message" : "transaction",
      status,
      block: view.getUint32(start + 4, true),
      gasUsed: view.getBigUint64(start + 8, true),
      sender: toHex(bytes.subarray(start + 16, start + 36)),
      fee: toBigInt(bytes.subarray(start + 36, start + 68)),
    });
  }
  return receipts;
}
