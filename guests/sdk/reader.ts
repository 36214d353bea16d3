// Bounded reading of untrusted bytes: a read beyond the end or out of range sets `malformed` and yields zeros.

let position: usize = 0;
let limit: usize = 0;
let failed: bool = false;
const word: usize = memory.data(32);

/** Starts reading [from, from + length). */
export function startReading(from: usize, length: usize): void {
  position = from;
  limit = from + length;
  failed = false;
}

/** Address behind the last byte that may be read. */
export function readingEnd(): usize {
  return limit;
}

/** Where the next byte stands. */
export function cursor(): usize {
  return position;
}

/** Continues at an address of the same range. */
export function seek(to: usize): void {
  position = to;
}

/** Whether anything read since startReading was malformed. */
export function malformed(): bool {
  return failed;
}

/** Says so. */
export function reject(): void {
  failed = true;
}

/** Whether everything was read. */
export function atEnd(): bool {
  return position == limit;
}

/** Address of the next `length` bytes. When there are fewer, `malformed` is set and the address must not be read. */
export function take(length: usize): usize {
  if (length > limit - position) {
    failed = true;
    return limit;
  }
  const start = position;
  position += length;
  return start;
}

/** One byte. */
export function takeByte(): u8 {
  if (position >= limit) {
    failed = true;
    return 0;
  }
  return load<u8>(position++);
}

/** A varint of up to 256 bits as a big-endian word at `to`. */
export function takeVarint(to: usize): void {
  let l0: u64 = 0;
  let l1: u64 = 0;
  let l2: u64 = 0;
  let l3: u64 = 0;
  for (let shift: u32 = 0; ; shift += 7) {
    const byte = takeByte();
    const bits = <u64>(byte & 0x7f);
    // 36 groups are 252 bits: of the 37th only four bits fit.
    if (shift > 252 || (shift == 252 && byte > 15)) failed = true;
    if (failed) break;
    const offset = <u64>(shift & 63);
    const low = bits << offset;
    const high = offset > 57 ? bits >> (64 - offset) : 0;
    const index = shift >> 6;
    if (index == 0) {
      l0 |= low;
      l1 |= high;
    } else if (index == 1) {
      l1 |= low;
      l2 |= high;
    } else if (index == 2) {
      l2 |= low;
      l3 |= high;
    } else {
      l3 |= low;
    }
    if ((byte & 0x80) == 0) break;
  }
  store<u64>(to, bswap<u64>(l3));
  store<u64>(to, bswap<u64>(l2), 8);
  store<u64>(to, bswap<u64>(l1), 16);
  store<u64>(to, bswap<u64>(l0), 24);
}

/** A varint below 2^64. */
export function takeVarint64(): u64 {
  // Most are one byte.
  if (position < limit && load<u8>(position) < 0x80) return <u64>load<u8>(position++);
  takeVarint(word);
  if ((load<u64>(word) | load<u64>(word, 8) | load<u64>(word, 16)) != 0) failed = true;
  return failed ? 0 : bswap<u64>(load<u64>(word, 24));
}
