// Points of BN254 as keys hold them, checked without any tool.
import { modulo, Q, R } from "./field.js";
import type { G1Json, G2Json } from "./types.js";

/** Affine; (0, 0) is infinity. */
export interface G1 {
  x: bigint;
  y: bigint;
}

/** An element of F_q²: [real, imaginary]. */
type Fq2 = readonly [bigint, bigint];

/** Affine; all zero is infinity. */
export interface G2 {
  x: Fq2;
  y: Fq2;
}

/** Generator of G2 (EIP-197). */
export const G2_GENERATOR: G2 = {
  x: [
    10857046999023057135944570762232829481370756359578518086990519993285655852781n,
    11559732032986387107991004021392285783925812861821192530917403151452391805634n,
  ],
  y: [
    8495653923123431417604973247489272438418190587263600148770280649306958101930n,
    4082367875863433681332203403145435568316851327593401208105741076214120093531n,
  ],
};

/** 3 / (9 + i), of the twist's equation y² = x³ + b. */
const TWIST_B: Fq2 = [
  19485874751759354771024239261021720505790618469301721065564631296452457478373n,
  266929791119991161246907387137283842545076965332900288569378510910307636690n,
];

const subtract = (a: Fq2, b: Fq2): Fq2 => [modulo(a[0] - b[0], Q), modulo(a[1] - b[1], Q)];
const add = (a: Fq2, b: Fq2): Fq2 => [(a[0] + b[0]) % Q, (a[1] + b[1]) % Q];
const multiply = (a: Fq2, b: Fq2): Fq2 => [modulo(a[0] * b[0] - a[1] * b[1], Q), modulo(a[0] * b[1] + a[1] * b[0], Q)];
const isZero = (a: Fq2): boolean => a[0] === 0n && a[1] === 0n;
const isSame = (a: Fq2, b: Fq2): boolean => a[0] === b[0] && a[1] === b[1];

export function isInfinity({ x, y }: G1 | G2): boolean {
  return [x, y].flat().every((coordinate) => coordinate === 0n);
}

/** Whether the points are the same but for the sign. */
export function isSameOrOpposite(a: G2, b: G2): boolean {
  return isSame(a.x, b.x);
}

/** Whether every coordinate is below the field's modulus. */
export function isReduced({ x, y }: G1 | G2): boolean {
  return [x, y].flat().every((coordinate) => coordinate >= 0n && coordinate < Q);
}

/** G1 has no points outside the subgroup. The point is reduced. */
export function isInG1({ x, y }: G1): boolean {
  return modulo(y * y - x * x * x - 3n, Q) === 0n;
}

/** On the twist and of order r. The point is reduced and not infinity. */
export function isInG2({ x, y }: G2): boolean {
  if (!isSame(multiply(y, y), add(multiply(multiply(x, x), x), TWIST_B))) return false;
  let sum: Jacobian = { x: [1n, 0n], y: [1n, 0n], z: [0n, 0n] };
  for (const bit of R.toString(2)) {
    sum = double(sum);
    if (bit === "1") sum = addAffine(sum, { x, y });
  }
  return isZero(sum.z);
}

interface Jacobian {
  x: Fq2;
  y: Fq2;
  z: Fq2;
}

// Formulas dbl-2007-bl and madd-2007-bl of https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-0.html.
function double({ x, y, z }: Jacobian): Jacobian {
  const yy = multiply(y, y);
  const yyyy = multiply(yy, yy);
  const xy = multiply(x, yy);
  const s = add(add(xy, xy), add(xy, xy));
  const xx = multiply(x, x);
  const m = add(add(xx, xx), xx);
  const doubledX = subtract(multiply(m, m), add(s, s));
  const four = add(add(yyyy, yyyy), add(yyyy, yyyy));
  const yz = multiply(y, z);
  return { x: doubledX, y: subtract(multiply(m, subtract(s, doubledX)), add(four, four)), z: add(yz, yz) };
}

function addAffine(p: Jacobian, q: G2): Jacobian {
  if (isZero(p.z)) return { ...q, z: [1n, 0n] };
  const zz = multiply(p.z, p.z);
  const h = subtract(multiply(q.x, zz), p.x);
  const slope = subtract(multiply(q.y, multiply(p.z, zz)), p.y);
  if (isZero(h)) return isZero(slope) ? double(p) : { x: [1n, 0n], y: [1n, 0n], z: [0n, 0n] };
  const hh = multiply(h, h);
  const hhh = multiply(h, hh);
  const v = multiply(p.x, hh);
  const x = subtract(subtract(multiply(slope, slope), hhh), add(v, v));
  return { x, y: subtract(multiply(slope, subtract(v, x)), multiply(p.y, hhh)), z: multiply(p.z, h) };
}

export function g1ToJson({ x, y }: G1): G1Json {
  return isInfinity({ x, y }) ? ["0", "1", "0"] : [String(x), String(y), "1"];
}

export function g2ToJson(point: G2): G2Json {
  if (isInfinity(point)) return [["0", "0"], ["1", "0"], ["0", "0"]]; // prettier-ignore
  const text = ([real, imaginary]: Fq2): [string, string] => [String(real), String(imaginary)];
  return [text(point.x), text(point.y), ["1", "0"]];
}

/** Throws SyntaxError for what is no number; what is not affine is infinity. */
export function g1FromJson([x, y, z]: G1Json): G1 {
  return BigInt(z) === 1n ? { x: BigInt(x), y: BigInt(y) } : { x: 0n, y: 0n };
}

/** As {@link g1FromJson}. */
export function g2FromJson([x, y, z]: G2Json): G2 {
  if (BigInt(z[0]) !== 1n || BigInt(z[1]) !== 0n) return { x: [0n, 0n], y: [0n, 0n] };
  return { x: [BigInt(x[0]), BigInt(x[1])], y: [BigInt(y[0]), BigInt(y[1])] };
}
