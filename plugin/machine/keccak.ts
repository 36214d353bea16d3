import { readGuestProgram } from "./artifacts.js";

const module = new WebAssembly.Module(readGuestProgram("keccak"));

/** Hashes bytes [from, from + length) of a memory and writes the digest to `to`; neither range may leave the memory. */
export type MemoryHasher = (from: number, length: number, to: number) => void;

/** keccak256 on a WebAssembly memory, of which it uses nothing else. */
export function bindKeccak(memory: WebAssembly.Memory): MemoryHasher {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports.keccak256 as MemoryHasher;
}

const PAGE_LENGTH = 65_536;
const memory = new WebAssembly.Memory({ initial: 2 });
const hash = bindKeccak(memory);
let bytes = new Uint8Array(memory.buffer);

/** keccak256 of `preimage`, 32 bytes. */
export function keccak256(preimage: Uint8Array): Uint8Array {
  const missing = 32 + preimage.length - bytes.length;
  if (missing > 0) {
    memory.grow(Math.ceil(missing / PAGE_LENGTH));
    bytes = new Uint8Array(memory.buffer);
  }
  bytes.set(preimage, 32);
  hash(32, preimage.length, 0);
  return bytes.slice(0, 32);
}
