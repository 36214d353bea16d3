// Unsigned 256-bit arithmetic on big-endian words in memory: exact, overflow is reported and never wraps silently.

function limb(word: usize, i: i32): u64 {
  return bswap<u64>(load<u64>(word + <usize>(i << 3)));
}

/** -1, 0, 1 as a is below, equal to, above b. */
export function compare(a: usize, b: usize): i32 {
  for (let i = 0; i < 4; i++) {
    const x = limb(a, i);
    const y = limb(b, i);
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

/** to = a + b modulo 2^256; true when it overflowed. `to` may be an operand. */
export function add(to: usize, a: usize, b: usize): bool {
  let carry: u64 = 0;
  for (let i = 3; i >= 0; i--) {
    const x = limb(a, i);
    const sum = x + limb(b, i);
    const total = sum + carry;
    carry = (<u64>(sum < x)) | (<u64>(total < sum));
    store<u64>(to + <usize>(i << 3), bswap<u64>(total));
  }
  return carry != 0;
}

/** to = a - b modulo 2^256; true when b > a. `to` may be an operand. */
export function subtract(to: usize, a: usize, b: usize): bool {
  let borrow: u64 = 0;
  for (let i = 3; i >= 0; i--) {
    const x = limb(a, i);
    const y = limb(b, i);
    const difference = x - y;
    const total = difference - borrow;
    borrow = (<u64>(x < y)) | (<u64>(difference < borrow));
    store<u64>(to + <usize>(i << 3), bswap<u64>(total));
  }
  return borrow != 0;
}

/** to = word · factor + addend modulo 2^256; true when it overflowed. `to` may be the operand. */
export function multiplyAdd(to: usize, word: usize, factor: u64, addend: u64): bool {
  let carry = addend;
  const f0 = factor & 0xffffffff;
  const f1 = factor >> 32;
  for (let i = 3; i >= 0; i--) {
    const x = limb(word, i);
    const x0 = x & 0xffffffff;
    const x1 = x >> 32;
    // 64 × 64 → 128 bits by halves.
    const p00 = x0 * f0;
    const p01 = x0 * f1;
    const p10 = x1 * f0;
    const middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
    let low = (p00 & 0xffffffff) | (middle << 32);
    let high = x1 * f1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
    low += carry;
    high += <u64>(low < carry);
    carry = high;
    store<u64>(to + <usize>(i << 3), bswap<u64>(low));
  }
  return carry != 0;
}

/** to = a / 2, rounded down. `to` may be the operand. */
export function halve(to: usize, a: usize): void {
  let carry: u64 = 0;
  for (let i = 0; i < 4; i++) {
    const x = limb(a, i);
    store<u64>(to + <usize>(i << 3), bswap<u64>((x >> 1) | carry));
    carry = x << 63;
  }
}

/** Whether every bit is set. */
export function isMax(word: usize): bool {
  return (load<u64>(word) & load<u64>(word, 8) & load<u64>(word, 16) & load<u64>(word, 24)) == u64.MAX_VALUE;
}
