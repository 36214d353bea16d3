// What `Groth16Verifier` reads. Curve points are written as in EIP-197: of G2's coordinates the imaginary part first.
import { AbiCoder, keccak256 } from "ethers";

import { g1FromJson, g2FromJson, type G1, type G2 } from "./curve.js";
import { R } from "./field.js";
import { checkKey, isDevelopmentKey, type KeyDemands } from "./key.js";
import type { Groth16Proof, VerifyingKey } from "./types.js";

/** `G1Point` of contracts/validity. */
export interface SolidityG1 {
  x: bigint;
  y: bigint;
}

/** `G2Point` of contracts/validity: each coordinate [imaginary, real]. */
export interface SolidityG2 {
  x: [bigint, bigint];
  y: [bigint, bigint];
}

/** `VerifyingKey` of contracts/validity. */
export interface SolidityKey {
  alpha: SolidityG1;
  beta: SolidityG2;
  gamma: SolidityG2;
  delta: SolidityG2;
  ic: SolidityG1[];
}

/** Arguments of `Groth16Verifier`'s constructor. */
export type VerifierArguments = [key: SolidityKey, inputs: bigint, isDevelopment: boolean];

const G1_TYPE = "tuple(uint256 x, uint256 y)";
const G2_TYPE = "tuple(uint256[2] x, uint256[2] y)";
const KEY_TYPE = `tuple(${G1_TYPE} alpha, ${G2_TYPE} beta, ${G2_TYPE} gamma, ${G2_TYPE} delta, ${G1_TYPE}[] ic)`;

/** A, B and C: 256 bytes. */
export function encodeProof({ pi_a, pi_b, pi_c }: Groth16Proof): string {
  const b = solidityG2(g2FromJson(pi_b));
  const [a, c] = [g1FromJson(pi_a), g1FromJson(pi_c)];
  return AbiCoder.defaultAbiCoder().encode(["uint256[8]"], [[a.x, a.y, ...b.x, ...b.y, c.x, c.y]]);
}

/** A word per public input. Throws RangeError for one that is no element of the scalar field. */
export function encodePublicValues(publicSignals: readonly bigint[]): string {
  for (const [index, value] of publicSignals.entries()) {
    if (value < 0n || value >= R) throw new RangeError(`public input ${index} is ${value}, not below r`);
  }
  return AbiCoder.defaultAbiCoder().encode([`uint256[${publicSignals.length}]`], [publicSignals]);
}

/** The key for L1. Refuses an unsound one, and a development key on a chain that is not local, before anything is sent. */
export function verifierArguments(key: VerifyingKey, demands: KeyDemands): VerifierArguments {
  const { alpha, beta, gamma, delta, ic } = checkKey(key, demands);
  return [
    { alpha, beta: solidityG2(beta), gamma: solidityG2(gamma), delta: solidityG2(delta), ic: ic.map(solidityG1) },
    BigInt(key.nPublic),
    isDevelopmentKey(key),
  ];
}

/** The id of the key, which is the program id of `Groth16Verifier`: keccak256 of its ABI encoding. */
export function programIdOf(key: VerifyingKey): string {
  const [solidityKey] = verifierArguments(key, {});
  return keccak256(AbiCoder.defaultAbiCoder().encode([KEY_TYPE], [solidityKey]));
}

function solidityG1({ x, y }: G1): SolidityG1 {
  return { x, y };
}

function solidityG2({ x, y }: G2): SolidityG2 {
  return { x: [x[1], x[0]], y: [y[1], y[0]] };
}
