// Inbox messages behind the accumulator (docs/protocol.md §2).
import { PAGE, copy32, preimage } from "./host";

let hashes: usize = 0;

/** Finds the `count` messages that lead to `accumulator`, from the last to the first. */
export function openInbox(accumulator: usize, count: u32): void {
  hashes = heap.alloc((<usize>count) << 5);
  const current = heap.alloc(32);
  copy32(current, accumulator);
  for (let i = count; i > 0; i--) {
    preimage(current);
    copy32(current, PAGE);
    copy32(hashes + ((<usize>(i - 1)) << 5), PAGE + 32);
  }
}

/** Brings the nine words of message `i` of the range into PAGE. */
export function loadMessage(i: u32): void {
  preimage(hashes + ((<usize>i) << 5));
}
