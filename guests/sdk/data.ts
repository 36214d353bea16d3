// Batch data behind its hash: in calldata (docs/protocol.md §3) or in blobs (docs/data-availability.md §2).
import { PAGE, PAGE_LENGTH, blobElement, copy32, equal32, preimage } from "./host";
import { allocate } from "./memory";

/** Longer data is not read: 1 MiB. */
const MAX_CHUNKS: i32 = 256;
const MAX_LENGTH: u64 = 1 << 20;

/** keccak256("hardhat-rollup.data.v1"). */
const DATA_DOMAIN: usize = memory.data<u8>([
  0x5d, 0xe1, 0x61, 0x97, 0xd5, 0xeb, 0x51, 0x03, 0xc4, 0x9a, 0x92, 0x04, 0xa0, 0x58, 0xda, 0xd8, 0xde, 0xcf, 0xb6,
  0xf3, 0xfe, 0x67, 0x4c, 0x5b, 0x48, 0x2a, 0x03, 0xff, 0x95, 0x79, 0xa0, 0x7f,
]);
/** keccak256("hardhat-rollup.blob.v1"). */
const BLOB_DOMAIN: usize = memory.data<u8>([
  0xc4, 0x2a, 0xa9, 0x43, 0x9d, 0x9f, 0x97, 0x4c, 0x43, 0x0f, 0xa4, 0x4b, 0xb3, 0x5d, 0xdb, 0x0a, 0x88, 0x85, 0x97,
  0x51, 0xca, 0x0b, 0x16, 0x2f, 0xe3, 0x5e, 0x64, 0x4c, 0xc3, 0x86, 0x0c, 0xdb,
]);

/** Four field elements of a blob carry this many bytes: 31 each, and four times 6 bits. */
const GROUP: i32 = 127;
const GROUPS_PER_BLOB: i32 = 1024;

const hashes: usize = memory.data(256 * 32);
const spare: usize = memory.data(4);

/** Address and length of the data read last. */
export let dataStart: usize = 0;
export let dataLength: i32 = 0;

/** Reads the data behind `dataHash`; false, and nothing read, when that is no hash of up to 1 MiB of data. */
export function readData(dataHash: usize): bool {
  const size = preimage(dataHash);
  const length = bswap<u64>(load<u64>(PAGE, 56));
  const high = load<u64>(PAGE, 32) | load<u64>(PAGE, 40) | load<u64>(PAGE, 48);
  if (high != 0 || length > MAX_LENGTH) return false;
  if (equal32(PAGE, DATA_DOMAIN)) return size == 96 && readChunks(<i32>length);
  if (equal32(PAGE, BLOB_DOMAIN)) return readBlobs(<i32>length, size);
  return false;
}

function readChunks(length: i32): bool {
  dataLength = length;
  const chunks = (length + PAGE_LENGTH - 1) / PAGE_LENGTH;
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

/** What is in PAGE: domain, length and the versioned hashes of as many blobs as that takes. */
function readBlobs(length: i32, size: i32): bool {
  const groups = (length + GROUP - 1) / GROUP;
  const blobs = (groups + GROUPS_PER_BLOB - 1) / GROUPS_PER_BLOB;
  if (length == 0 || size != (2 + blobs) * 32) return false;
  dataLength = length;
  dataStart = allocate(<usize>(groups * GROUP));
  memory.copy(hashes, PAGE + 64, <usize>(blobs << 5));
  for (let group = 0; group < groups; group++) {
    const hash = hashes + <usize>((group / GROUPS_PER_BLOB) << 5);
    const to = dataStart + <usize>(group * GROUP);
    for (let i = 0; i < 4; i++) {
      blobElement(hash, ((group % GROUPS_PER_BLOB) << 2) + i);
      const part = to + <usize>(31 * i);
      store<u64>(part, load<u64>(PAGE, 1));
      store<u64>(part, load<u64>(PAGE, 9), 8);
      store<u64>(part, load<u64>(PAGE, 17), 16);
      store<u64>(part, load<u64>(PAGE, 24), 23);
      // The top two bits say nothing: one of them would be beyond the field, the other is never used.
      store<u8>(spare + <usize>i, load<u8>(PAGE) & 63);
    }
    const s1 = load<u8>(spare, 1);
    const s2 = load<u8>(spare, 2);
    store<u8>(to, (load<u8>(spare) << 2) | (s1 >> 4), 124);
    store<u8>(to, (s1 << 4) | (s2 >> 2), 125);
    store<u8>(to, (s2 << 6) | load<u8>(spare, 3), 126);
  }
  return true;
}
