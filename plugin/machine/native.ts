import { createHash } from "node:crypto";

import { keccakInPlace } from "./keccak.js";

const PAGE_LENGTH = 4_096;
const RECEIPT_LENGTH = 72;

/** The run ended in a trap: a fault of the executor or of the guest, never a verdict about its input. */
export class GuestTrap extends Error {
  override readonly name = "GuestTrap";
}

/** The guest asked for a preimage that nobody has. */
export class MissingPreimage extends Error {
  override readonly name = "MissingPreimage";
  constructor(readonly hash: Uint8Array) {
    super(`no preimage of 0x${Buffer.from(hash).toString("hex")}`);
  }
}

export interface GuestRunOptions {
  /** inputHash, 32 bytes. */
  input: Uint8Array;
  /** Bytes behind a 32-byte keccak256 hash. The hash is a view that is valid during the call only. */
  preimage: (hash: Uint8Array) => Uint8Array | undefined;
  /** Told of every hash that the guest computes. Both are views that are valid during the call only. */
  onKeccak?: (hash: Uint8Array, preimage: Uint8Array) => void;
  /** Who signed a hash: 20 bytes, or undefined for nobody. All are views. Must answer as the EVM's ecrecover does. */
  recover: (hash: Uint8Array, yParity: 0 | 1, r: Uint8Array, s: Uint8Array) => Uint8Array | undefined;
}

export interface GuestRun {
  /** outputHash, 32 bytes. */
  output: Uint8Array;
  /** Receipts of 72 bytes each; docs/protocol.md §8. */
  receipts: Uint8Array;
}

/** A guest program, compiled. */
export interface Guest {
  /**
   * Runs it once, in a fresh instance; docs/protocol.md §8.
   * @throws GuestTrap, MissingPreimage
   */
  run(options: GuestRunOptions): GuestRun;
}

interface GuestExports {
  memory: WebAssembly.Memory;
  _start?: () => void;
  run: () => void;
  receipts?: () => number;
  receiptCount?: () => number;
}

/** Compiles a guest program. */
export function compileGuest(wasm: Uint8Array): Guest {
  const module = new WebAssembly.Module(wasm);
  return { run: (options) => runGuest(module, options) };
}

function runGuest(module: WebAssembly.Module, { input, preimage, onKeccak, recover }: GuestRunOptions): GuestRun {
  let output: Uint8Array | undefined;
  // Growing the memory detaches its buffer, so a page is looked up anew at each call.
  const pageAt = (address: number): Uint8Array => {
    const start = address >>> 0;
    if (start % PAGE_LENGTH !== 0) throw new GuestTrap(`host page at ${start} is not a multiple of ${PAGE_LENGTH}`);
    if (start + PAGE_LENGTH > exports.memory.buffer.byteLength)
      throw new GuestTrap(`host page at ${start} is outside the memory`);
    return new Uint8Array(exports.memory.buffer, start, PAGE_LENGTH);
  };
  const checkLength = (length: number): number => {
    if (length >>> 0 > PAGE_LENGTH) throw new GuestTrap(`${length >>> 0} bytes do not fit in a host page`);
    return length;
  };
  const host = {
    input: (address: number): void => pageAt(address).set(input),
    output: (address: number): void => {
      output = pageAt(address).slice(0, 32);
    },
    keccak256: (address: number, length: number): void => {
      const page = pageAt(address);
      checkLength(length);
      if (onKeccak === undefined) return keccakInPlace(page, length);
      const hashed = page.slice(0, length);
      keccakInPlace(page, length);
      onKeccak(page.subarray(0, 32), hashed);
    },
    sha256: (address: number, length: number): void => {
      const page = pageAt(address);
      page.set(
        createHash("sha256")
          .update(page.subarray(0, checkLength(length)))
          .digest(),
      );
    },
    ecrecover: (address: number): void => {
      const page = pageAt(address);
      const signer = isRecoveryId(page)
        ? recover(page.subarray(0, 32), page[63] === 27 ? 0 : 1, page.subarray(64, 96), page.subarray(96, 128))
        : undefined;
      page.fill(0, 0, 32);
      if (signer !== undefined) page.set(signer, 12);
    },
    preimage: (address: number, offset: number): number => {
      const page = pageAt(address);
      const hash = page.subarray(0, 32);
      const bytes = preimage(hash);
      if (bytes === undefined) throw new MissingPreimage(hash.slice());
      const part = bytes.subarray(offset >>> 0, (offset >>> 0) + PAGE_LENGTH);
      page.set(part);
      page.fill(0, part.length);
      return bytes.length;
    },
  };
  const instance = new WebAssembly.Instance(module, { host });
  const exports = instance.exports as unknown as GuestExports;
  try {
    exports._start?.();
    exports.run();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      throw new GuestTrap(`the guest trapped: ${error.message}`, { cause: error });
    }
    throw error;
  }
  if (output === undefined) throw new GuestTrap("the guest ended without an output");
  const start = exports.receipts?.() ?? 0;
  const length = (exports.receiptCount?.() ?? 0) * RECEIPT_LENGTH;
  return { output, receipts: new Uint8Array(exports.memory.buffer, start, length).slice() };
}

/** Whether v, the word at 32, is 27 or 28. */
function isRecoveryId(page: Uint8Array): boolean {
  for (let i = 32; i < 63; i++) if (page[i] !== 0) return false;
  return page[63] === 27 || page[63] === 28;
}
