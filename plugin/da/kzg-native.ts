import { toBytes, toHex } from "../ledger/bytes.js";
import { elementOf } from "./blob.js";
import type { Kzg } from "./kzg.js";
import { pointOf } from "./kzg-point.js";

/** What c-kzg can besides, and no JavaScript does in time: cell proofs take it a quarter of a second. */
export interface NativeKzg extends Kzg {
  /** The 128 proofs of a blob's cells (EIP-7594), 48 bytes each. */
  proveCells(blob: Uint8Array): Uint8Array[];
}

/** What is used of the package c-kzg, an optional dependency: so its types are not needed to compile. */
interface Module {
  loadTrustedSetup(precompute: number): void;
  blobToKzgCommitment(blob: Uint8Array): Uint8Array;
  computeBlobKzgProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
  computeKzgProof(blob: Uint8Array, point: Uint8Array): [proof: Uint8Array, value: Uint8Array];
  computeCellsAndKzgProofs(blob: Uint8Array): [cells: Uint8Array[], proofs: Uint8Array[]];
}

const PACKAGE: string = "c-kzg";

let loaded: Promise<NativeKzg | string> | undefined;

/** c-kzg, loaded once; why not, in one line, where it is not installed or does not load. */
export function loadNativeKzg(): Promise<NativeKzg | string> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<NativeKzg | string> {
  try {
    const imported = (await import(PACKAGE)) as { default: Module };
    const kzg = imported.default;
    // Its own copy of the mainnet ceremony's setup, no tables.
    kzg.loadTrustedSetup(0);
    return wrap(kzg);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return "c-kzg is not installed";
    // Most often npm did not run its install script, which builds it.
    return `c-kzg does not load: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
  }
}

function wrap(kzg: Module): NativeKzg {
  return {
    commit: (blob) => plain(kzg.blobToKzgCommitment(blob)),
    proveBlob: (blob, commitment) => plain(kzg.computeBlobKzgProof(blob, commitment)),
    proveElement: (blob, index) => {
      const [proof, value] = kzg.computeKzgProof(blob, toBytes(pointOf(index), 32));
      if (toHex(value) !== toHex(elementOf(blob, index)))
        throw new Error(`element ${index} of a blob opens to ${toHex(value)}`);
      return plain(proof);
    },
    proveCells: (blob) => kzg.computeCellsAndKzgProofs(blob)[1].map(plain),
  };
}

/** It answers with buffers. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
