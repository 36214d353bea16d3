import { existsSync, readFileSync } from "node:fs";

import { KZG } from "micro-eth-signer/advanced/kzg.js";

import { fromHex, toHex } from "../ledger/bytes.js";
import { elementOf } from "./blob.js";
import { loadNativeKzg } from "./kzg-native.js";
import { pointOf } from "./kzg-point.js";

/** Commitments to blobs and proofs about them (EIP-4844), with the mainnet ceremony's setup. In JavaScript each takes about half a second. */
export interface Kzg {
  /** Commitment to a blob, 48 bytes. @throws Error when one of its field elements is not below the field's order. */
  commit(blob: Uint8Array): Uint8Array;
  /** The proof that a transaction carries beside a blob and its commitment, 48 bytes. */
  proveBlob(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
  /** The proof of field element `index` that the point-evaluation precompile takes, 48 bytes. */
  proveElement(blob: Uint8Array, index: number): Uint8Array;
}

/** Points of the setup are in affine coordinates of this many bytes each. */
const COORDINATE = 48;
/** A checkout's build writes it into build, the package has it beside its JavaScript. */
const SETUP_FILES = ["../../build/kzg-setup.bin", "../../kzg-setup.bin"];

/** The first time that somebody wants it. */
let loaded: Promise<Kzg> | undefined;

/**
 * c-kzg where it is installed and works, else in JavaScript; loaded once. Both give the same.
 * @throws Error when c-kzg is not there and the setup was not built.
 */
export function loadKzg(): Promise<Kzg> {
  loaded ??= loadNativeKzg().then((native) => (typeof native === "string" ? createKzg() : native));
  return loaded;
}

/** In JavaScript. @throws Error when the setup was not built. */
export function createKzg(): Kzg {
  const points = readSetup();
  // What needs points of the other group, verification, is L1's affair.
  const kzg = new KZG({ g1_lagrange: points, g2_monomial: [], encoding: "fast_v1" });
  return {
    commit: (blob) => fromHex(kzg.blobToKzgCommitment(toHex(blob))),
    proveBlob: (blob, commitment) => fromHex(kzg.computeBlobProof(toHex(blob), toHex(commitment))),
    proveElement: (blob, index) => {
      const [proof, value] = kzg.computeProof(toHex(blob), pointOf(index));
      if (value !== toHex(elementOf(blob, index))) throw new Error(`element ${index} of a blob opens to ${value}`);
      return fromHex(proof);
    },
  };
}

function readSetup(): string[] {
  const url = SETUP_FILES.map((file) => new URL(file, import.meta.url)).find((at) => existsSync(at));
  if (url === undefined) throw new Error('the KZG setup is missing: run "npm run build"');
  const bytes = readFileSync(url);
  return Array.from({ length: bytes.length / (2 * COORDINATE) }, (_, i) => {
    const point = bytes.subarray(2 * COORDINATE * i, 2 * COORDINATE * (i + 1));
    return `${point.toString("hex", 0, COORDINATE)} ${point.toString("hex", COORDINATE)}`;
  });
}
