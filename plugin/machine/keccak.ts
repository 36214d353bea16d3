import { keccak_256 } from "@noble/hashes/sha3.js";

import { readGuestProgram } from "./artifacts.js";

interface KeccakExports {
  memory: WebAssembly.Memory;
  buffer(): number;
  capacity(): number;
  digest(): number;
  keccak256(length: number): void;
}

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readGuestProgram("keccak")), {});
const { memory, buffer, capacity, digest, keccak256: hashBuffer } = exports as unknown as KeccakExports;
const start = buffer();
const bytes = new Uint8Array(memory.buffer, start);
const result = new Uint8Array(memory.buffer, digest(), 32);
const limit = capacity();

/** keccak256 of `preimage`, 32 bytes. Eight times as fast as JavaScript on 64 bytes. */
export function keccak256(preimage: Uint8Array): Uint8Array {
  if (preimage.length > limit) return keccak_256(preimage);
  bytes.set(preimage);
  hashBuffer(preimage.length);
  return result.slice();
}

/**
 * Replaces the first 32 bytes of `page` by the keccak256 of its first `length`.
 * @returns What was hashed, as a view that is valid until the next hash.
 */
export function keccakInPlace(page: Uint8Array, length: number): Uint8Array {
  for (let i = 0; i < length; i++) bytes[i] = page[i]!;
  hashBuffer(length);
  for (let i = 0; i < 32; i++) page[i] = result[i]!;
  return new Uint8Array(memory.buffer, start, length);
}
