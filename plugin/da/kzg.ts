import { existsSync, readFileSync } from "node:fs";

import { KZG } from "micro-eth-signer/advanced/kzg.js";

import { fromHex, toHex } from "../ledger/bytes.js";
import { elementOf } from "./blob.js";

/** Commitments to blobs and proofs about them (EIP-4844), with the mainnet ceremony's setup. Each takes about half a second. */
export interface Kzg {
  /** Commitment to a blob, 48 bytes. @throws Error when one of its field elements is not below the field's order. */
  commit(blob: Uint8Array): Uint8Array;
  /** The proof that a transaction carries beside a blob and its commitment, 48 bytes. */
  proveBlob(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
  /** The proof of field element `index` that the point-evaluation precompile takes, 48 bytes. */
  proveElement(blob: Uint8Array, index: number): Uint8Array;
}

const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const GENERATOR = 7n;
const INDEX_BITS = 12;
/** Points of the setup are in affine coordinates of this many bytes each. */
const COORDINATE = 48;
/** A checkout's build writes it into build, the package has it beside its JavaScript. */
const SETUP_FILES = ["../../build/kzg-setup.bin", "../../kzg-setup.bin"];

let loaded: Kzg | undefined;

/**
 * Loads the setup, once.
 * @throws Error when it was not built.
 */
export function loadKzg(): Kzg {
  loaded ??= createKzg(readSetup());
  return loaded;
}

function createKzg(points: string[]): Kzg {
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

/** Where a blob's polynomial has its element `index`: a root of unity to the power of the index's bits, reversed. */
function pointOf(index: number): bigint {
  let exponent = 0;
  for (let bit = 0; bit < INDEX_BITS; bit++) exponent |= ((index >> bit) & 1) << (INDEX_BITS - 1 - bit);
  const root = power(GENERATOR, (ORDER - 1n) >> BigInt(INDEX_BITS));
  return power(root, BigInt(exponent));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = (square * square) % ORDER) {
    if (left & 1n) result = (result * square) % ORDER;
  }
  return result;
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
