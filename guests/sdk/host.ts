// The guest's only imports (docs/protocol.md §8): each works on one page whose address is a multiple of 4,096.
@external("host", "input")
declare function hostInput(page: usize): void;
@external("host", "output")
declare function hostOutput(page: usize): void;
@external("host", "keccak256")
declare function hostKeccak256(page: usize, length: i32): void;
@external("host", "ecrecover")
declare function hostEcrecover(page: usize): void;
@external("host", "preimage")
declare function hostPreimage(page: usize, offset: i32): i32;

@external("host", "blob")
declare function hostBlob(page: usize, index: i32): void;

/** Length of the host page and of a data chunk, in bytes. */
export const PAGE_LENGTH: i32 = 4096;

/** The one page that all host calls use. What a call leaves there is valid until the next call. */
export const PAGE: usize = (memory.data(2 * 4096) + 4095) & ~(<usize>4095);

/** Copies 32 bytes. */
export function copy32(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
  store<u64>(to, load<u64>(from, 24), 24);
}

/** Whether two 32-byte words are equal. */
export function equal32(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  );
}

/** Whether a 32-byte word is zero. */
export function isZero32(a: usize): bool {
  return (load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0;
}

/** Sets a 32-byte word to zero. */
export function zero32(to: usize): void {
  store<u64>(to, 0);
  store<u64>(to, 0, 8);
  store<u64>(to, 0, 16);
  store<u64>(to, 0, 24);
}

/** Writes a 64-bit number as a big-endian word. */
export function storeWord(to: usize, value: u64): void {
  store<u64>(to, 0);
  store<u64>(to, 0, 8);
  store<u64>(to, 0, 16);
  store<u64>(to, bswap<u64>(value), 24);
}

/** Writes 20 address bytes as a word. */
export function storeAddress(to: usize, address: usize): void {
  store<u64>(to, 0);
  store<u32>(to, 0, 8);
  store<u64>(to, load<u64>(address), 12);
  store<u64>(to, load<u64>(address, 8), 20);
  store<u32>(to, load<u32>(address, 16), 28);
}

/** Copies 20 bytes. */
export function copy20(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u32>(to, load<u32>(from, 16), 16);
}

/** Whether two addresses are equal. */
export function equal20(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      <u64>(load<u32>(a, 16) ^ load<u32>(b, 16))) ==
    0
  );
}

/** Whether an address is zero. */
export function isZero20(a: usize): bool {
  return (load<u64>(a) | load<u64>(a, 8) | <u64>load<u32>(a, 16)) == 0;
}

/** Reads `inputHash` into `to`. */
export function input(to: usize): void {
  hostInput(PAGE);
  copy32(to, PAGE);
}

/** Sets `outputHash`. */
export function output(from: usize): void {
  copy32(PAGE, from);
  hostOutput(PAGE);
}

/** Digest of the first `length` bytes of PAGE, into `to`. */
export function keccakPage(to: usize, length: i32): void {
  hostKeccak256(PAGE, length);
  copy32(to, PAGE);
}

/** keccak256(left ‖ right), into `to`. */
export function hashPair(to: usize, left: usize, right: usize): void {
  copy32(PAGE, left);
  copy32(PAGE + 32, right);
  keccakPage(to, 64);
}

/** Brings the preimage of `hash`, or the first page of it, into PAGE, followed by zeros; returns its whole length. */
export function preimage(hash: usize): i32 {
  copy32(PAGE, hash);
  return hostPreimage(PAGE, 0);
}

/** Brings field element `index` < 4,096 of a blob into PAGE [0,32). */
export function blobElement(versionedHash: usize, index: i32): void {
  copy32(PAGE, versionedHash);
  hostBlob(PAGE, index);
}

/** Signer of the digest in PAGE [0,32) with v, r, s as the words behind it; false when there is none. */
export function recoverPage(to: usize): bool {
  hostEcrecover(PAGE);
  copy20(to, PAGE + 12);
  return !isZero32(PAGE);
}
