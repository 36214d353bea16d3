import { blake512 } from "@noble/hashes/blake1.js";

import { concat, toBigInt, toBytes } from "../ledger/bytes.js";
import type { PublicKey } from "./leaf.js";
import { FIELD_ORDER, p5 } from "./poseidon.js";

/*
 * EdDSA over BabyJubjub (EIP-2494) with Poseidon, as circomlib's EdDSAPoseidonVerifier checks it and circomlibjs signs.
 */

/** An EdDSA signature. */
export interface Signature {
  r8: PublicKey;
  s: bigint;
}

/** Order of the subgroup that keys and signatures are in; the curve has eight times as many points. */
export const SUBGROUP_ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041n;

const A = 168700n;
const D = 168696n;
/** Generator of the subgroup. */
export const BASE8: PublicKey = {
  x: 5299619240641551281634865583518297030282874472190772894086521144482721001553n,
  y: 16950150798460657717958625567821834550301663161624707787222815936182638968203n,
};

const SCALAR_BITS = 254;

/** A point in extended coordinates: x = X / Z, y = Y / Z, T = XY / Z. */
interface Point {
  x: bigint;
  y: bigint;
  z: bigint;
  t: bigint;
}

const IDENTITY: Point = { x: 0n, y: 1n, z: 1n, t: 0n };

/** The public key of a 32-byte private key. */
export function publicKeyOf(privateKey: Uint8Array): PublicKey {
  // The scalar has its three lowest bits clear, and the base is the generator times 8 already.
  return toAffine(multiply(BASE8, expand(privateKey).scalar >> 3n));
}

/** Signs a field element; deterministic. */
export function signElement(privateKey: Uint8Array, message: bigint): Signature {
  const { scalar, prefix } = expand(privateKey);
  const key = toAffine(multiply(BASE8, scalar >> 3n));
  const nonce = fromLittleEndian(blake512(concat(prefix, toBytes(message, 32).reverse()))) % SUBGROUP_ORDER;
  const r8 = toAffine(multiply(BASE8, nonce));
  const challenge = p5([r8.x, r8.y, key.x, key.y, message]);
  return { r8, s: (nonce + challenge * scalar) % SUBGROUP_ORDER };
}

/**
 * Whether `key` signed the field element `message`. False for keys that the circuit refuses: off the curve, or of small order.
 */
export function verifyElement(message: bigint, { r8, s }: Signature, key: PublicKey): boolean {
  if (s >= SUBGROUP_ORDER || !isOnCurve(r8) || !isUsableKey(key)) return false;
  const challenge = p5([r8.x, r8.y, key.x, key.y, message]);
  // s · B8 = r8 + 8 · challenge · key, with both products in one pass.
  const negated = { x: FIELD_ORDER - key.x, y: key.y };
  const eightfold = toAffine(double(double(double(fromAffine(negated)))));
  const { x, y, z } = multiplyBoth(BASE8, s, eightfold, challenge % SUBGROUP_ORDER);
  return mod(r8.x * z) === x && mod(r8.y * z) === y;
}

/** On the curve and not of small order: transfers can be signed with it. */
export function isUsableKey(key: PublicKey): boolean {
  return isOnCurve(key) && double(double(double(fromAffine(key)))).x !== 0n;
}

export function isOnCurve({ x, y }: PublicKey): boolean {
  if (x < 0n || y < 0n || x >= FIELD_ORDER || y >= FIELD_ORDER) return false;
  const [xx, yy] = [mod(x * x), mod(y * y)];
  return mod(A * xx + yy) === mod(1n + D * mod(xx * yy));
}

/** The secret scalar and what nonces are made of. */
function expand(privateKey: Uint8Array): { scalar: bigint; prefix: Uint8Array } {
  const hash = blake512(privateKey);
  const low = hash.slice(0, 32);
  low[0]! &= 0xf8;
  low[31] = (low[31]! & 0x7f) | 0x40;
  return { scalar: fromLittleEndian(low), prefix: hash.slice(32) };
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return toBigInt(bytes.slice().reverse());
}

function mod(value: bigint): bigint {
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
}

function fromAffine({ x, y }: PublicKey): Point {
  return { x, y, z: 1n, t: mod(x * y) };
}

function toAffine({ x, y, z }: Point): PublicKey {
  const inverse = invert(z);
  return { x: mod(x * inverse), y: mod(y * inverse) };
}

/** By Euclid's algorithm; `value` is not 0: no point has z = 0. */
function invert(value: bigint): bigint {
  let [a, b] = [FIELD_ORDER, value];
  let [u, v] = [0n, 1n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [u, v] = [v, u - quotient * v];
  }
  return mod(u);
}

/** Unified, and complete on this curve: a is a square, d is none (Hisil and others, 2008, §3.1). */
function add(p: Point, q: Point): Point {
  const a = mod(p.x * q.x);
  const b = mod(p.y * q.y);
  const c = mod(D * mod(p.t * q.t));
  const d = mod(p.z * q.z);
  const e = mod((p.x + p.y) * (q.x + q.y) - a - b);
  const [f, g, h] = [d - c, d + c, b - A * a];
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

/** Hisil and others, 2008, §3.3. */
function double({ x, y, z }: Point): Point {
  const a = mod(x * x);
  const b = mod(y * y);
  const d = A * a;
  const e = mod((x + y) * (x + y) - a - b);
  const [g, h] = [d + b, d - b];
  const f = g - 2n * z * z;
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

function multiply(point: PublicKey, scalar: bigint): Point {
  return multiplyBoth(point, scalar, point, 0n);
}

/** p · a + q · b; variable time, as bigint is anyway. */
function multiplyBoth(p: PublicKey, a: bigint, q: PublicKey, b: bigint): Point {
  const [first, second] = [fromAffine(p), fromAffine(q)];
  const sums = [undefined, first, second, add(first, second)];
  const [left, right] = [a, b].map((scalar) => scalar.toString(2).padStart(SCALAR_BITS, "0"));
  let result = IDENTITY;
  for (let i = 0; i < left!.length; i++) {
    result = double(result);
    const term = sums[Number(left![i]) + 2 * Number(right![i])];
    if (term !== undefined) result = add(result, term);
  }
  return result;
}
