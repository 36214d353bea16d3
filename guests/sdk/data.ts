// Batch data behind its hash (docs/protocol.md §3).
import { PAGE, PAGE_LENGTH, copy32, preimage } from "./host";
import { allocate } from "./memory";

/** Longer data is not read: 1 MiB. */
const MAX_CHUNKS: i32 = 256;

const hashes: usize = memory.data(256 * 32);

/** Address and length of the data read last. */
export let dataStart: usize = 0;
export let dataLength: i32 = 0;

/** Reads the data behind `dataHash`; false, and nothing read, when it is longer than 1 MiB. */
export function readData(dataHash: usize): bool {
  preimage(dataHash);
  const length = bswap<u64>(load<u64>(PAGE, 56));
  const high = load<u64>(PAGE, 32) | load<u64>(PAGE, 40) | load<u64>(PAGE, 48);
  if (high != 0 || length > <u64>(MAX_CHUNKS * PAGE_LENGTH)) return false;
  dataLength = <i32>length;
  const chunks = (dataLength + PAGE_LENGTH - 1) / PAGE_LENGTH;
  dataStart = allocate(<usize>(chunks * PAGE_LENGTH));
  if (chunks == 0) return true;

  // From the root down, level by level; what stands right of the last chunk is padding.
  let depth = 0;
  while (1 << depth < chunks) depth++;
  copy32(hashes, PAGE + 64);
  for (let level = depth; level > 0; level--) {
    // A node's children take the places of itself and of nodes that were opened before it.
    for (let i = (chunks - 1) >> level; i >= 0; i--) {
      preimage(hashes + <usize>(i << 5));
      copy32(hashes + <usize>(i << 6), PAGE);
      copy32(hashes + <usize>((i << 6) + 32), PAGE + 32);
    }
  }
  for (let i = 0; i < chunks; i++) {
    preimage(hashes + <usize>(i << 5));
    memory.copy(dataStart + <usize>(i * PAGE_LENGTH), PAGE, PAGE_LENGTH);
  }
  return true;
}
