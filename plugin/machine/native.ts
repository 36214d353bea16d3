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
  /** Bytes behind the keccak256 hash in the first 32 bytes of `page`, a view that is valid during the call. */
  preimage: (page: Uint8Array) => Uint8Array | undefined;
  /** Told of every hash that the guest computes: the first 32 bytes of `page`. Both are views, valid during the call. */
  onKeccak?: (page: Uint8Array, preimage: Uint8Array) => void;
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
  let page = new Uint8Array(0);
  const pageAt = (address: number): Uint8Array => {
    const start = address >>> 0;
    const { buffer } = exports.memory;
    // Growing the memory replaces its buffer.
    if (page.byteOffset === start && page.buffer === buffer && page.length === PAGE_LENGTH) return page;
    if (start % PAGE_LENGTH !== 0) throw new GuestTrap(`host page at ${start} is not a multiple of ${PAGE_LENGTH}`);
    if (start + PAGE_LENGTH > buffer.byteLength) throw new GuestTrap(`host page at ${start} is outside the memory`);
    page = new Uint8Array(buffer, start, PAGE_LENGTH);
    return page;
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
      const view = pageAt(address);
      checkLength(length);
      const hashed = keccakInPlace(view, length);
      onKeccak?.(view, hashed);
    },
    sha256: (address: number, length: number): void => {
      const view = pageAt(address);
      view.set(
        createHash("sha256")
          .update(view.subarray(0, checkLength(length)))
          .digest(),
      );
    },
    ecrecover: (address: number): void => {
      const view = pageAt(address);
      const signer = isRecoveryId(view)
        ? recover(view.subarray(0, 32), view[63] === 27 ? 0 : 1, view.subarray(64, 96), view.subarray(96, 128))
        : undefined;
      view.fill(0, 0, 32);
      if (signer !== undefined) view.set(signer, 12);
    },
    preimage: (address: number, offset: number): number => {
      const view = pageAt(address);
      const bytes = preimage(view);
      if (bytes === undefined) throw new MissingPreimage(view.slice(0, 32));
      const part = bytes.subarray(offset >>> 0, (offset >>> 0) + PAGE_LENGTH);
      view.set(part);
      view.fill(0, part.length);
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
