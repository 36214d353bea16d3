const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const GENERATOR = 7n;
const INDEX_BITS = 12;

/** Where a blob's polynomial has its element `index`: a root of unity to the power of the index's bits, reversed. */
export function pointOf(index: number): bigint {
  let exponent = 0;
  for (let bit = 0; bit < INDEX_BITS; bit++) exponent |= ((index >> bit) & 1) << (INDEX_BITS - 1 - bit);
  const root = power(GENERATOR, (ORDER - 1n) >> BigInt(INDEX_BITS));
  return power(root, BigInt(exponent));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = (square * square) % ORDER) {
    if (left & 1n) result = (result * square) % ORDER;
  }
  return result;
}
