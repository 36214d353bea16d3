/** Bytes of data in four field elements. */
const GROUP = 127;

/** Field elements that carry `data`, as one reads docs/data-availability.md §2: the last three bytes of each 127 are four times six bits. */
export function naiveElements(data: Uint8Array): bigint[] {
  const elements: bigint[] = [];
  for (let from = 0; from < data.length; from += GROUP) {
    const group = Buffer.alloc(GROUP);
    group.set(data.subarray(from, from + GROUP));
    const spread = group.readUIntBE(124, 3);
    for (let i = 0; i < 4; i++) {
      const low = BigInt(`0x${group.toString("hex", 31 * i, 31 * i + 31)}`);
      elements.push((BigInt((spread >> (18 - 6 * i)) & 63) << 248n) | low);
    }
  }
  return elements;
}
