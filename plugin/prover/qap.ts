import { inverse, lagrangeAt, R } from "./field.js";
import type { R1cs, R1csMatrix } from "./r1cs.js";

/** What nobody may know of a real key; of a development key everybody does. All in 1 … r-1. */
export interface Trapdoor {
  tau: bigint;
  alpha: bigint;
  beta: bigint;
  gamma: bigint;
  delta: bigint;
}

/** Discrete logarithms of a Groth16 key's points, scalars below r; one per wire unless said otherwise. */
export interface KeyScalars {
  /** Rows of the domain, a power of two. */
  domain: number;
  a: bigint[];
  b: bigint[];
  /** (beta·A + alpha·B + C) / gamma of the wires that are public, wire 0 included. */
  inputs: bigint[];
  /** (beta·A + alpha·B + C) / delta of the other wires. */
  c: bigint[];
  /** One per row of the domain: the odd Lagrange polynomials of twice the domain, / delta. */
  h: bigint[];
}

/** Logarithm of the domain's size: one row per constraint and one per public wire, which bind the inputs. */
export function domainLog({ constraints, publics }: { constraints: number; publics: number }): number {
  return 32 - Math.clz32(constraints + publics);
}

/** Evaluates the circuit's polynomials at tau (Groth16, https://eprint.iacr.org/2016/260, §3.2). */
export function keyScalars(r1cs: R1cs, { tau, alpha, beta, gamma, delta }: Trapdoor): KeyScalars {
  const log = domainLog(r1cs);
  const lagrange = lagrangeAt(tau, log);
  const a = evaluate(r1cs, r1cs.a, lagrange);
  // A row of its own for each public wire keeps their polynomials independent.
  for (let wire = 0; wire <= r1cs.publics; wire++) a[wire] = (a[wire]! + lagrange[r1cs.constraints + wire]!) % R;
  const b = evaluate(r1cs, r1cs.b, lagrange);
  const c = evaluate(r1cs, r1cs.c, lagrange);
  const joined = c.map((value, wire) => (beta * a[wire]! + alpha * b[wire]! + value) % R);
  const overGamma = inverse(gamma, R);
  const overDelta = inverse(delta, R);
  return {
    domain: 1 << log,
    a,
    b,
    inputs: joined.slice(0, r1cs.publics + 1).map((value) => (value * overGamma) % R),
    c: joined.slice(r1cs.publics + 1).map((value) => (value * overDelta) % R),
    h: lagrangeAt(tau, log + 1)
      .filter((_, index) => index % 2 === 1)
      .map((value) => (value * overDelta) % R),
  };
}

function evaluate({ wires, coefficients }: R1cs, matrix: R1csMatrix, lagrange: bigint[]): bigint[] {
  const sums = new Array<bigint>(wires).fill(0n);
  for (let i = 0; i < matrix.rows.length; i++) {
    const wire = matrix.wires[i]!;
    sums[wire]! += coefficients[matrix.values[i]!]! * lagrange[matrix.rows[i]!]!;
  }
  return sums.map((sum) => sum % R);
}
