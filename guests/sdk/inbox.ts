// Inbox messages behind the accumulator (docs/protocol.md §2).
import { PAGE, copy32, preimage } from "./host";
import { allocate } from "./memory";

let hashes: usize = 0;
const accumulator: usize = memory.data(32);

/** Finds the `count` messages that lead to `last`, from the last to the first. */
export function openInbox(last: usize, count: u32): void {
  hashes = allocate((<usize>count) << 5);
  copy32(accumulator, last);
  for (let i = count; i > 0; i--) {
    preimage(accumulator);
    copy32(accumulator, PAGE);
    copy32(hashes + ((<usize>(i - 1)) << 5), PAGE + 32);
  }
}

/** Brings the nine words of message `i` of the range into PAGE. */
export function loadMessage(i: u32): void {
  preimage(hashes + ((<usize>i) << 5));
}
