import { createHash } from "node:crypto";

import { recoverAddress } from "./ecrecover.js";
import { ExecutorFaultError, GuestRefusedError } from "./errors.js";
import { bindKeccak } from "./keccak.js";
import { PreimageMap } from "./preimage-map.js";
import { CANONICAL_SECTION } from "./wasm.js";

const PAGE_LENGTH = 4_096;
const BLOB_ELEMENTS = 4_096;

/** Bytes of a receipt; docs/protocol.md §8. */
export const RECEIPT_LENGTH = 72;

/** The run ended in a trap: a fault of the executor or of the guest, never a verdict about its input. */
export class GuestTrap extends Error {
  override readonly name = "GuestTrap";
}

/** The guest asked for a preimage, or for a blob, that nobody has. */
export class MissingPreimage extends Error {
  override readonly name = "MissingPreimage";
  constructor(
    /** keccak256 hash of the preimage, or versioned hash of the blob. */
    readonly hash: Uint8Array,
    what: "preimage" | "blob",
  ) {
    super(`no ${what} of 0x${Buffer.from(hash).toString("hex")}`);
  }
}

export interface GuestRunOptions {
  /** inputHash, 32 bytes. */
  input: Uint8Array;
  /**
   * Bytes behind a keccak256 hash; undefined when unknown, and then what the run itself hashed is searched. The hash is a view
   * that is valid during the call only.
   */
  preimage: (hash: Uint8Array) => Uint8Array | undefined;
  /**
   * Who signed a hash: 20 bytes, or undefined for nobody; must answer as the EVM's ecrecover does. The parameters are views that
   * are valid during the call only. Whoever has checked the signatures before can answer from memory.
   */
  recover?: typeof recoverAddress;
  /** Field element `index` < 4,096 of a blob, 32 bytes. */
  blob?: (versionedHash: Uint8Array, index: number) => Uint8Array | undefined;
}

export interface GuestRun {
  /** outputHash, 32 bytes. */
  output: Uint8Array;
  /** Receipts of RECEIPT_LENGTH bytes each; docs/protocol.md §8. */
  receipts: Uint8Array;
  /** Everything that the run hashed by the host call, by its hash. */
  hashed: PreimageMap;
  /** Bytes of memory that the guest had in the end. */
  memorySize: number;
}

/** A guest program, compiled. */
export interface Guest {
  /**
   * Runs it once, in a fresh instance; docs/protocol.md §8.
   * @throws GuestTrap, MissingPreimage, ExecutorFaultError where V8 gives up first, and whatever `preimage` and `recover` throw.
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

/**
 * Compiles a canonical artifact: where another wasm ends its recursions or runs out of memory is V8's affair, not the program's.
 * @throws GuestRefusedError for what is none.
 */
export function compileGuest(wasm: Uint8Array): Guest {
  const module = new WebAssembly.Module(wasm);
  if (WebAssembly.Module.customSections(module, CANONICAL_SECTION).length === 0) {
    throw new GuestRefusedError("module", "it is not a canonical artifact", "make it one by rollup:build-guest");
  }
  return { run: (options) => runGuest(module, options) };
}

function runGuest(module: WebAssembly.Module, options: GuestRunOptions): GuestRun {
  const { input, preimage, recover = recoverAddress, blob } = options;
  const hashed = new PreimageMap();
  let output: Uint8Array | undefined;

  // Views of the guest's memory; growing it detaches them, and then they have no bytes. A guest uses one page, or few.
  let bytes = new Uint8Array(0);
  let words = new Int32Array(0);
  let pageStart = -1;
  let hashView = bytes;
  function checkPage(address: number): number {
    if (bytes.length === 0) {
      bytes = new Uint8Array(guest.memory.buffer);
      words = new Int32Array(guest.memory.buffer);
      pageStart = -1;
    }
    const start = address >>> 0;
    if (start === pageStart) return start;
    if (start % PAGE_LENGTH !== 0) throw new GuestTrap(`host page at ${start} is not a multiple of ${PAGE_LENGTH}`);
    if (start + PAGE_LENGTH > bytes.length) throw new GuestTrap(`host page at ${start} is outside the memory`);
    hashView = bytes.subarray(start, start + 32);
    pageStart = start;
    return start;
  }
  function checkLength(length: number): number {
    if (length >>> 0 > PAGE_LENGTH) throw new GuestTrap(`${length >>> 0} bytes do not fit in a host page`);
    return length;
  }

  const host = {
    input: (address: number): void => {
      const page = checkPage(address);
      bytes.set(input, page);
    },
    output: (address: number): void => {
      const page = checkPage(address);
      output = bytes.slice(page, page + 32);
    },
    keccak256: (address: number, length: number): void => {
      const page = checkPage(address);
      hashed.stage(words, page >>> 2, checkLength(length));
      hash(page, length, page);
      hashed.commit(bytes, page);
    },
    sha256: (address: number, length: number): void => {
      const page = checkPage(address);
      const content = bytes.subarray(page, page + checkLength(length));
      bytes.set(createHash("sha256").update(content).digest(), page);
    },
    ecrecover: (address: number): void => {
      const page = checkPage(address);
      const signer = isRecoveryId(bytes, page + 32)
        ? recover(
            hashView,
            bytes[page + 63] === 27 ? 0 : 1,
            bytes.subarray(page + 64, page + 96),
            bytes.subarray(page + 96, page + 128),
          )
        : undefined;
      bytes.fill(0, page, page + 32);
      if (signer !== undefined) bytes.set(signer, page + 12);
    },
    preimage: (address: number, offset: number): number => {
      const page = checkPage(address);
      const content = preimage(hashView) ?? hashed.get(hashView);
      if (content === undefined) throw new MissingPreimage(hashView.slice(), "preimage");
      const start = offset >>> 0;
      const part =
        start === 0 && content.length <= PAGE_LENGTH ? content : content.subarray(start, start + PAGE_LENGTH);
      bytes.set(part, page);
      bytes.fill(0, page + part.length, page + PAGE_LENGTH);
      return content.length;
    },
    blob: (address: number, index: number): void => {
      const page = checkPage(address);
      if (index >>> 0 >= BLOB_ELEMENTS) throw new GuestTrap(`a blob has no field element ${index >>> 0}`);
      const element = blob?.(hashView, index);
      if (element === undefined) throw new MissingPreimage(hashView.slice(), "blob");
      bytes.set(element, page);
    },
  };
  const guest = new WebAssembly.Instance(module, { host }).exports as unknown as GuestExports;
  const hash = bindKeccak(guest.memory);
  try {
    guest._start?.();
    guest.run();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      throw new GuestTrap(`the guest trapped: ${error.message}`, { cause: error });
    }
    if (!isStackOverflow(error)) throw error;
    // The canonical artifact counts its frames, and traps long before a stack of the usual size is full.
    throw new ExecutorFaultError("the stack of this thread is too small for a guest: run node without --stack-size", {
      cause: error,
    });
  }
  if (output === undefined) throw new GuestTrap("the guest ended without an output");
  const start = (guest.receipts?.() ?? 0) >>> 0;
  const length = (guest.receiptCount?.() ?? 0) * RECEIPT_LENGTH;
  const { buffer } = guest.memory;
  return { output, receipts: new Uint8Array(buffer, start, length).slice(), hashed, memorySize: buffer.byteLength };
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

/** Whether v, the word at `at`, is 27 or 28. */
function isRecoveryId(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 31; i++) if (bytes[i] !== 0) return false;
  return bytes[at + 31] === 27 || bytes[at + 31] === 28;
}
