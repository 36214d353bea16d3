// BLS signatures in G1 under keys in G2, as docs/data-availability.md §3 has them: draft-irtf-cfrg-bls-signature, points as in EIP-2537.
import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { getCreate2Address, keccak256, ZeroHash } from "ethers";

import { concat, fromHex, toBigInt, toBytes, toHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";

/** A member's key and the proof that it has the secret: what `BlsKeys.prove` takes. */
export interface BlsKey {
  /** A point of G2, 256 bytes. */
  key: Hex;
  /** A point of G1, 128 bytes. */
  proof: Hex;
}

/** Bytes of a signature, one member's or the sum of several. */
export const BLS_SIGNATURE_LENGTH = 128;

const KEY_LENGTH = 256;
const WORD = 64;
/** By its domain separation tag. */
interface Ciphersuite {
  DST: string;
}
const SIGNATURE: Ciphersuite = { DST: "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_" };
const POSSESSION: Ciphersuite = { DST: "BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_" };
/** Creation code of a contract whose code is what follows, of which the first byte is zero. */
const CREATION = "0x600b5981380380925939f300";

const { G1, G2 } = curve;
type G1Point = typeof G1.ProjectivePoint.BASE;
type G2Point = typeof G2.ProjectivePoint.BASE;

/** A new secret, 32 bytes. */
export function createBlsSecret(): Hex {
  return toHex(curve.utils.randomPrivateKey());
}

/** Key and proof of possession of a secret. @throws {RangeError} when it is none. */
export function blsKeyOf(secret: Hex): BlsKey {
  const key = G2.ProjectivePoint.BASE.multiply(scalarOf(secret));
  const hash = hashToG1(key.toRawBytes(true), POSSESSION);
  return { key: encodeG2(key), proof: encodeG1(hash.multiply(scalarOf(secret))) };
}

/** Whether a proof of possession is right. */
export function isPossessionProof({ key, proof }: BlsKey): boolean {
  const point = decodeG2(key);
  return point !== undefined && isSigned(point, point.toRawBytes(true), proof, POSSESSION);
}

/** What stands for a key in an epoch: where the contract `keys`, a BlsKeys, keeps it. */
export function blsMemberOf(keys: Hex, key: Hex): Hex {
  return getCreate2Address(keys, ZeroHash, keccak256(concat(fromHex(CREATION), fromHex(key, KEY_LENGTH)))) as Hex;
}

/** A secret's signature of a digest of 32 bytes. */
export function signBls(secret: Hex, digest: Hex): Hex {
  return encodeG1(hashToG1(fromHex(digest, 32), SIGNATURE).multiply(scalarOf(secret)));
}

/** Whether `signature` is that of a digest under `key`; takes 25 ms. */
export function isBlsSignature(key: Hex, digest: Hex, signature: Hex): boolean {
  const point = decodeG2(key);
  return point !== undefined && isSigned(point, fromHex(digest, 32), signature, SIGNATURE);
}

/** The signature of all whose signatures these are. @throws {RangeError} when one is no point. */
export function addBlsSignatures(signatures: readonly Hex[]): Hex {
  const sum = signatures.reduce((total, signature) => {
    const point = decodeG1(signature);
    if (point === undefined) throw new RangeError(`not a signature: ${signature}`);
    return total.add(point);
  }, G1.ProjectivePoint.ZERO);
  return encodeG1(sum);
}

function isSigned(key: G2Point, message: Uint8Array, signature: Hex, suite: Ciphersuite): boolean {
  const point = decodeG1(signature);
  return point !== undefined && curve.verifyShortSignature(point, hashToG1(message, suite), key);
}

function hashToG1(message: Uint8Array, suite: Ciphersuite): G1Point {
  // It is declared as less than it is.
  return G1.hashToCurve(message, suite) as G1Point;
}

function scalarOf(secret: Hex): bigint {
  const scalar = toBigInt(fromHex(secret, 32));
  if (!curve.fields.Fr.isValid(scalar) || scalar === 0n)
    throw new RangeError("a BLS secret is a number from 1 to below the order of the curve's groups, 32 bytes in hex");
  return scalar;
}

function encodeG1(point: G1Point): Hex {
  if (point.equals(G1.ProjectivePoint.ZERO)) return toHex(new Uint8Array(BLS_SIGNATURE_LENGTH));
  const { x, y } = point.toAffine();
  return toHex(concat(toBytes(x, WORD), toBytes(y, WORD)));
}

function encodeG2(point: G2Point): Hex {
  const { x, y } = point.toAffine();
  return toHex(concat(...[x.c0, x.c1, y.c0, y.c1].map((value) => toBytes(value, WORD))));
}

/** A point of the subgroup other than infinity, zeros; undefined for anything else. */
function decodeG1(hex: Hex): G1Point | undefined {
  const [x, y] = wordsOf(hex, BLS_SIGNATURE_LENGTH) ?? [];
  if (x === undefined || y === undefined) return undefined;
  return (x | y) === 0n ? undefined : valid(() => G1.ProjectivePoint.fromAffine({ x, y }));
}

function decodeG2(hex: Hex): G2Point | undefined {
  const [x0, x1, y0, y1] = wordsOf(hex, KEY_LENGTH) ?? [];
  if (x0 === undefined || x1 === undefined || y0 === undefined || y1 === undefined) return undefined;
  if ((x0 | x1 | y0 | y1) === 0n) return undefined;
  return valid(() => G2.ProjectivePoint.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } }));
}

/** Field elements of 64 bytes each; undefined where one is not below the order of the field. */
function wordsOf(hex: Hex, length: number): bigint[] | undefined {
  if (hex.length !== 2 + 2 * length) return undefined;
  const bytes = fromHex(hex);
  const words = Array.from({ length: length / WORD }, (_, i) => toBigInt(bytes.subarray(i * WORD, (i + 1) * WORD)));
  return words.every((word) => curve.fields.Fp.isValid(word)) ? words : undefined;
}

function valid<P extends G1Point | G2Point>(make: () => P): P | undefined {
  try {
    const point = make();
    // On the curve, in the subgroup.
    point.assertValidity();
    return point;
  } catch {
    // No key and no signature is at such a place.
    return undefined;
  }
}
