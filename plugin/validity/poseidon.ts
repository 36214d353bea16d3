import { poseidon2 } from "poseidon-lite/poseidon2";
import { poseidon4 } from "poseidon-lite/poseidon4";
import { poseidon5 } from "poseidon-lite/poseidon5";
import { poseidon10 } from "poseidon-lite/poseidon10";

/** Order of the BN254 scalar field, `R` of docs/validity.md. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

type Five = readonly [bigint, bigint, bigint, bigint, bigint];
type Ten = readonly [...Five, ...Five];

/*
 * The Poseidon hash of 2, 4, 5 and 10 field elements with circomlib's constants. Inputs are reduced modulo the field's order, so
 * whoever takes one from outside checks that it is below.
 */

export function p2(a: bigint, b: bigint): bigint {
  return poseidon2([a, b]);
}

export function p4(a: bigint, b: bigint, c: bigint, d: bigint): bigint {
  return poseidon4([a, b, c, d]);
}

export function p5(inputs: Five): bigint {
  return poseidon5([...inputs]);
}

export function p10(inputs: Ten): bigint {
  return poseidon10([...inputs]);
}
