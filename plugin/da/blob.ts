import { createHash } from "node:crypto";

import { equal } from "../ledger/bytes.js";
import type { Blob, LedgerInput } from "../ledger/types.js";

/** Bytes of a blob: 4,096 field elements of 32 bytes, big-endian (EIP-4844). */
export const BLOB_LENGTH = 131_072;
/** Bytes of batch data in a blob; docs/data-availability.md §2. */
export const BLOB_CAPACITY = 130_048;

const ELEMENT = 32;
/** Four elements carry 127 bytes: 31 each, and what is left in their low six bits on top. */
const GROUP = 127;
const GROUP_ELEMENTS = 4;
const PART = 31;
const LOW_BITS = 0x3f;

/** How many blobs `length` bytes of data take. */
export function blobCount(length: number): number {
  return Math.ceil(length / BLOB_CAPACITY);
}

/** The blobs that carry `data`, of BLOB_LENGTH bytes each; what is left of the last one is zero. */
export function packBlobs(data: Uint8Array): Uint8Array[] {
  return Array.from({ length: blobCount(data.length) }, (_, i) => {
    const blob = new Uint8Array(BLOB_LENGTH);
    const part = data.subarray(i * BLOB_CAPACITY, (i + 1) * BLOB_CAPACITY);
    const group = new Uint8Array(GROUP);
    for (let from = 0, at = 0; from < part.length; from += GROUP, at += GROUP_ELEMENTS * ELEMENT) {
      group.fill(0).set(part.subarray(from, from + GROUP));
      writeGroup(blob, at, group);
    }
    return blob;
  });
}

function writeGroup(blob: Uint8Array, at: number, group: Uint8Array): void {
  const [a = 0, b = 0, c = 0] = group.subarray(GROUP_ELEMENTS * PART);
  const tops = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & LOW_BITS];
  tops.forEach((top, i) => {
    const element = at + i * ELEMENT;
    blob[element] = top;
    blob.set(group.subarray(i * PART, (i + 1) * PART), element + 1);
  });
}

/**
 * The first `length` bytes of data that `blobs` carry. Every blob decodes to something: the top two bits of an element, and
 * what stands behind the data, are not read.
 * @throws RangeError when there are fewer blobs than that takes, or one that has another size.
 */
export function unpackBlobs(blobs: readonly Uint8Array[], length: number): Uint8Array {
  const data = new Uint8Array(Math.ceil(length / GROUP) * GROUP);
  if (blobs.length < blobCount(length)) throw new RangeError(`${length} bytes do not fit into ${blobs.length} blobs`);
  for (let to = 0; to < length; to += GROUP) {
    const blob = blobs[Math.floor(to / BLOB_CAPACITY)];
    if (blob?.length !== BLOB_LENGTH) throw new RangeError(`a blob has ${BLOB_LENGTH} bytes, not ${blob?.length}`);
    const at = ((to % BLOB_CAPACITY) / GROUP) * GROUP_ELEMENTS * ELEMENT;
    const tops: number[] = [];
    for (let i = 0; i < GROUP_ELEMENTS; i++) {
      const element = at + i * ELEMENT;
      tops.push((blob[element] ?? 0) & LOW_BITS);
      data.set(blob.subarray(element + 1, element + ELEMENT), to + i * PART);
    }
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = tops;
    data.set([(s0 << 2) | (s1 >> 4), (s1 << 4) | (s2 >> 2), (s2 << 6) | s3], to + GROUP_ELEMENTS * PART);
  }
  return data.subarray(0, length);
}

/** Field element `index` of a blob, 32 bytes. */
export function elementOf(blob: Uint8Array, index: number): Uint8Array {
  return blob.subarray(index * ELEMENT, (index + 1) * ELEMENT);
}

/** The blob of `input` that L1 calls `versionedHash`. */
export function blobIn({ blobs }: Pick<LedgerInput, "blobs">, versionedHash: Uint8Array): Blob | undefined {
  return blobs?.find((blob) => equal(blob.versionedHash, versionedHash));
}

/** EIP-4844: the commitment's sha256, its first byte the version. */
export function versionedHashOf(commitment: Uint8Array): Uint8Array {
  const hash = new Uint8Array(createHash("sha256").update(commitment).digest());
  hash[0] = 1;
  return hash;
}
