// An outcome in the exit format, abi.encode(AssetOutcome[]) (docs/channels.md §3), where it stands in memory.
// Only the one canonical encoding is taken, so an outcome has one form, and equal outcomes are equal bytes.
import { equal32 } from "./host";

const WORD: usize = 32;

let next: usize = 0;
let limit: usize = 0;

/** Whether the bytes are an outcome in its canonical encoding. The functions below are for such ones only. */
export function isOutcome(from: usize, length: usize): bool {
  next = from;
  limit = from + length;
  if (!nextIs(WORD)) return false;
  const count = nextCount();
  const offsets = next;
  if (!skip((<usize>count) << 5)) return false;
  for (let i: u32 = 0; i < count; i++) {
    if (number(offsets + ((<usize>i) << 5)) != <u64>(next - offsets)) return false;
    if (!isAsset()) return false;
  }
  return next == limit;
}

/** How many assets an outcome has. */
export function assetCount(outcome: usize): u32 {
  return <u32>number(outcome + WORD);
}

/** Word: address of an asset; zero for ETH. */
export function assetAt(outcome: usize, asset: u32): usize {
  const offsets = outcome + 2 * WORD;
  return offsets + <usize>number(offsets + ((<usize>asset) << 5));
}

/** How many allocations an asset has. */
export function allocationCount(outcome: usize, asset: u32): u32 {
  return <u32>number(allocations(outcome, asset));
}

/** Word: an account or a channel. */
export function destinationAt(outcome: usize, asset: u32, allocation: u32): usize {
  const offsets = allocations(outcome, asset) + WORD;
  return offsets + <usize>number(offsets + ((<usize>allocation) << 5));
}

/** Word: how much it gets. */
export function amountAt(outcome: usize, asset: u32, allocation: u32): usize {
  return destinationAt(outcome, asset, allocation) + WORD;
}

/** 0 for a simple allocation, 2 for a guarantee. */
export function typeAt(outcome: usize, asset: u32, allocation: u32): u64 {
  return number(destinationAt(outcome, asset, allocation) + 2 * WORD);
}

/** Whether two outcomes are the same. */
export function sameBytes(a: usize, aLength: usize, b: usize, bLength: usize): bool {
  if (aLength != bLength) return false;
  let at: usize = 0;
  for (; at + WORD <= aLength; at += WORD) if (!equal32(a + at, b + at)) return false;
  for (; at < aLength; at++) if (load<u8>(a + at) != load<u8>(b + at)) return false;
  return true;
}

function allocations(outcome: usize, asset: u32): usize {
  const at = assetAt(outcome, asset);
  return at + <usize>number(at + 2 * WORD);
}

/** asset, offset of (type, metadata), offset of the allocations; then these. */
function isAsset(): bool {
  const start = next;
  if (!skip(WORD) || !nextIs(3 * WORD)) return false;
  const offset = next;
  // The asset's type, which is 0.
  if (!skip(WORD) || !nextIs(0) || !nextIs(2 * WORD) || !isBytes()) return false;
  if (number(offset) != <u64>(next - start)) return false;
  const count = nextCount();
  const offsets = next;
  if (!skip((<usize>count) << 5)) return false;
  for (let i: u32 = 0; i < count; i++) {
    if (number(offsets + ((<usize>i) << 5)) != <u64>(next - offsets)) return false;
    // destination, amount, type, metadata.
    if (!skip(3 * WORD) || number(next - WORD) > 255 || !nextIs(4 * WORD) || !isBytes()) return false;
  }
  return true;
}

/** A length, so many bytes, and zeros up to a whole word. */
function isBytes(): bool {
  const length = <usize>nextCount();
  const start = next;
  if (!skip((length + 31) & ~(<usize>31))) return false;
  for (let at = start + length; at < next; at++) if (load<u8>(at) != 0) return false;
  return true;
}

/** A number of things that each take a byte at least; more than there are bytes left where it is none. */
function nextCount(): u32 {
  if (!skip(WORD)) return u32.MAX_VALUE >> 6;
  const count = number(next - WORD);
  return count > <u64>(limit - next) ? u32.MAX_VALUE >> 6 : <u32>count;
}

/** Whether the next word is this number. */
function nextIs(value: u64): bool {
  return skip(WORD) && number(next - WORD) == value;
}

function skip(length: usize): bool {
  if (length > limit - next) return false;
  next += length;
  return true;
}

/** A word below 2^64; the greatest number where it is none. */
function number(word: usize): u64 {
  const isSmall = (load<u64>(word) | load<u64>(word, 8) | load<u64>(word, 16)) == 0;
  return isSmall ? bswap<u64>(load<u64>(word, 24)) : u64.MAX_VALUE;
}
