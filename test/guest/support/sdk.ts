import { getBytes } from "ethers";

import { keccak256 } from "../../../plugin/machine/keccak.js";
import { PreimageMap } from "../../../plugin/machine/preimage-map.js";
import { compileProgram } from "./compile.js";

// The SDK's functions as exports, over the addresses in `area`.
const ENTRY = `
import * as uint256 from "./sdk/uint256";
import * as reader from "./sdk/reader";
import * as tree from "./sdk/tree";
import { PAGE } from "./sdk/host";

const bytes: usize = memory.data(8192);
export function area(): usize { return bytes; }
export function page(): usize { return PAGE; }
export function compare(a: usize, b: usize): i32 { return uint256.compare(a, b); }
export function add(to: usize, a: usize, b: usize): bool { return uint256.add(to, a, b); }
export function subtract(to: usize, a: usize, b: usize): bool { return uint256.subtract(to, a, b); }
export function multiplyAdd(to: usize, a: usize, factor: u64, addend: u64): bool { return uint256.multiplyAdd(to, a, factor, addend); }
export function isMax(a: usize): bool { return uint256.isMax(a); }
export function startReading(from: usize, length: usize): void { reader.startReading(from, length); }
export function takeVarint(to: usize): void { reader.takeVarint(to); }
export function takeVarint64(): u64 { return reader.takeVarint64(); }
export function take(length: usize): usize { return reader.take(length); }
export function malformed(): bool { return reader.malformed(); }
export function cursor(): usize { return reader.cursor(); }
export function openTree(root: usize, domain: usize): void { tree.openTree(root, domain); }
export function find(key: usize): usize { return tree.find(key); }
export function touch(key: usize): usize { return tree.touch(key); }
export function remove(key: usize): void { tree.remove(key); }
export function boundTree(): void { tree.boundTree(); }
export function commitTree(to: usize): void { tree.commitTree(to); }
`;

export interface Sdk {
  memory: WebAssembly.Memory;
  area(): number;
  compare(a: number, b: number): number;
  add(to: number, a: number, b: number): number;
  subtract(to: number, a: number, b: number): number;
  multiplyAdd(to: number, a: number, factor: bigint, addend: bigint): number;
  isMax(a: number): number;
  startReading(from: number, length: number): void;
  takeVarint(to: number): void;
  takeVarint64(): bigint;
  take(length: number): number;
  malformed(): number;
  cursor(): number;
  openTree(root: number, domain: number): void;
  find(key: number): number;
  touch(key: number): number;
  remove(key: number): void;
  boundTree(): void;
  commitTree(to: number): void;
}

// Compiling takes seconds.
const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** A program that offers the SDK's functions. With `bound`, boundTree lets go of the tree at each call. */
export function compileSdk(bound = false): Promise<WebAssembly.Module> {
  const known = compiled.get(bound);
  if (known !== undefined) return known;
  const edits = bound ? { "guests/sdk/tree.ts": [["= 64 << 20;", "= 0;"]] as const } : {};
  const module = compileProgram({ entry: "guests/test.ts", files: { "guests/test.ts": ENTRY }, edits }).then(
    (wasm) => new WebAssembly.Module(wasm),
  );
  compiled.set(bound, module);
  return module;
}

/** A fresh instance, and every preimage that it was given or hashed. */
export function startSdk(module: WebAssembly.Module): { sdk: Sdk; preimages: PreimageMap; loads: () => number } {
  const preimages = new PreimageMap();
  let loads = 0;
  const page = (at: number) => new Uint8Array(sdk.memory.buffer, at, 4096);
  const host = {
    keccak256: (at: number, length: number): void => {
      const preimage = page(at).slice(0, length);
      const hash = keccak256(preimage);
      preimages.set(hash, preimage);
      page(at).set(hash);
    },
    preimage: (at: number): number => {
      loads++;
      const preimage = preimages.get(page(at));
      if (preimage === undefined) throw new Error("preimage not known");
      page(at).fill(0).set(preimage);
      return preimage.length;
    },
  };
  const instance = new WebAssembly.Instance(module, { host });
  const sdk = instance.exports as unknown as Sdk & { _start?: () => void };
  sdk._start?.();
  return { sdk, preimages, loads: () => loads };
}

/** Puts bytes (or hex) into an instance's memory. */
export function poke(sdk: Sdk, at: number, bytes: Uint8Array | string): void {
  new Uint8Array(sdk.memory.buffer).set(getBytes(bytes), at);
}

/** Copies bytes out of an instance's memory. */
export function peek(sdk: Sdk, at: number, length: number): Uint8Array {
  return new Uint8Array(sdk.memory.buffer).slice(at, at + length);
}
