// Batch data behind its hash (docs/protocol.md §3).
import { PAGE, PAGE_LENGTH, copy32, preimage } from "./host";

const hashes: usize = memory.data(256 * 32);
const children: usize = memory.data(256 * 32);

/** Address and length of the data read last. */
export let dataStart: usize = 0;
export let dataLength: i32 = 0;

/** Reads the data behind `dataHash`; false when there are more than 256 chunks, which are then not read. */
export function readData(dataHash: usize): bool {
  preimage(dataHash);
  const isLong =
    (load<u64>(PAGE, 32) | load<u64>(PAGE, 40) | load<u64>(PAGE, 48)) != 0 ||
    bswap<u64>(load<u64>(PAGE, 56)) > <u64>(256 * PAGE_LENGTH);
  if (isLong) return false;
  dataLength = <i32>bswap<u64>(load<u64>(PAGE, 56));
  const chunks = (dataLength + PAGE_LENGTH - 1) / PAGE_LENGTH;
  dataStart = heap.alloc(<usize>(chunks * PAGE_LENGTH));
  if (chunks == 0) return true;

  // From the root down, level by level; what stands right of the last chunk is padding.
  let depth = 0;
  while (1 << depth < chunks) depth++;
  copy32(hashes, PAGE + 64);
  for (let level = depth; level > 0; level--) {
    const count = ((chunks - 1) >> level) + 1;
    for (let i = 0; i < count; i++) {
      preimage(hashes + <usize>(i << 5));
      copy32(children + <usize>(i << 6), PAGE);
      copy32(children + <usize>((i << 6) + 32), PAGE + 32);
    }
    memory.copy(hashes, children, 256 * 32);
  }
  for (let i = 0; i < chunks; i++) {
    const length = preimage(hashes + <usize>(i << 5));
    memory.copy(dataStart + <usize>(i * PAGE_LENGTH), PAGE, <usize>length);
  }
  return true;
}
