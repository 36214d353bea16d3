import { keccak_256 } from "@noble/hashes/sha3.js";

import { readGuestProgram } from "./artifacts.js";

interface KeccakExports {
  memory: WebAssembly.Memory;
  buffer(): number;
  capacity(): number;
  keccak256(length: number): void;
}

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readGuestProgram("keccak")), {});
const { memory, buffer, capacity, keccak256: hashBuffer } = exports as unknown as KeccakExports;
const bytes = new Uint8Array(memory.buffer, buffer());
const limit = capacity();

/** keccak256 of `preimage`, 32 bytes. Eight times as fast as JavaScript on 64 bytes. */
export function keccak256(preimage: Uint8Array): Uint8Array {
  if (preimage.length > limit) return keccak_256(preimage);
  bytes.set(preimage);
  hashBuffer(preimage.length);
  return bytes.slice(0, 32);
}

/** Replaces the first 32 bytes of `page` by the keccak256 of its first `length`. */
export function keccakInPlace(page: Uint8Array, length: number): void {
  for (let i = 0; i < length; i++) bytes[i] = page[i]!;
  hashBuffer(length);
  for (let i = 0; i < 32; i++) page[i] = bytes[i]!;
}
