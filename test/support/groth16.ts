/** Keys and proofs of Groth16 for tests: of others from test/fixtures/groth16, and our own from keys whose secrets are known. */
import { readFileSync } from "node:fs";

import { AbiCoder, concat, getBytes, keccak256, sha256, toUtf8Bytes } from "ethers";

import type { VerifyingKey } from "../../plugin/prover/types.js";
import type { Hex } from "../../plugin/types.js";
import type { VerifyingKeyStruct } from "../../typechain-types/validity/Groth16Verifier.js";
import { type Fq2, g1, g2, inverse, mod, type Point, R } from "./bn254.js";

const KEY_TYPE =
  "tuple(tuple(uint256 x,uint256 y) alpha,tuple(uint256[2] x,uint256[2] y) beta,tuple(uint256[2] x,uint256[2] y) gamma,tuple(uint256[2] x,uint256[2] y) delta,tuple(uint256 x,uint256 y)[] ic)";

/** A, B and C in the order of EIP-197. */
export type ProofWords = readonly bigint[];

const word = (value: bigint) => value.toString(16).padStart(64, "0");

/** Words one after another, as `publicValues` and `proof` have them. */
export const encodeWords = (words: readonly bigint[]): Hex => `0x${words.map(word).join("")}`;

export function decodeWords(bytes: string): bigint[] {
  return (bytes.slice(2).match(/.{64}/g) ?? []).map((digits) => BigInt(`0x${digits}`));
}

/** Id of the program whose key this is. */
export const programIdOf = (key: VerifyingKeyStruct): Hex =>
  keccak256(AbiCoder.defaultAbiCoder().encode([KEY_TYPE], [key])) as Hex;

/* FIXTURES */

type Strings = readonly [string, string, ...string[]];
type Pairs = readonly [Strings, Strings, ...Strings[]];

interface FixtureFile {
  vkey: { vk_alpha_1: Strings; vk_beta_2: Pairs; vk_gamma_2: Pairs; vk_delta_2: Pairs; IC: Strings[] };
  proof: { pi_a: Strings; pi_b: Pairs; pi_c: Strings };
  publicSignals: string[];
}

/** A proof that others made. */
export interface Fixture<T = unknown> {
  readonly key: VerifyingKeyStruct;
  readonly inputs: readonly bigint[];
  readonly proof: ProofWords;
  /** The whole file: what the proof is of. */
  readonly file: T;
}

/** Reads test/fixtures/groth16/`name`.json; see the README there. */
export function readFixture<T = unknown>(name: string): Fixture<T> {
  const text = readFileSync(new URL(`../fixtures/groth16/${name}.json`, import.meta.url), "utf8");
  const file = JSON.parse(text) as FixtureFile & T;
  const { vkey, proof } = file;
  const one = ([x, y]: Strings) => ({ x: BigInt(x), y: BigInt(y) });
  // The files have real parts first.
  const swapped = ([real, imaginary]: Strings): [bigint, bigint] => [BigInt(imaginary), BigInt(real)];
  const two = ([x, y]: Pairs) => ({ x: swapped(x), y: swapped(y) });
  const [a, b, c] = [one(proof.pi_a), two(proof.pi_b), one(proof.pi_c)];
  return {
    key: {
      alpha: one(vkey.vk_alpha_1),
      beta: two(vkey.vk_beta_2),
      gamma: two(vkey.vk_gamma_2),
      delta: two(vkey.vk_delta_2),
      ic: vkey.IC.map(one),
    },
    inputs: file.publicSignals.map(BigInt),
    proof: [a.x, a.y, ...b.x, ...b.y, c.x, c.y],
    file,
  };
}

/* OUR OWN */

/** The secrets of a key, as multiples of the generators. */
export interface Secrets {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly delta: bigint;
  readonly ic: readonly bigint[];
}

/** A number below the order of the groups that only `seed` decides. */
export const scalarOf = (seed: string): bigint => BigInt(sha256(toUtf8Bytes(seed))) % R;

function affine1(point: Point<bigint>): { x: bigint; y: bigint } {
  return point === "infinity" ? { x: 0n, y: 0n } : { x: point[0], y: point[1] };
}

function affine2(point: Point<Fq2>): { x: [bigint, bigint]; y: [bigint, bigint] } {
  if (point === "infinity") return { x: [0n, 0n], y: [0n, 0n] };
  const [x, y] = point;
  return { x: [x[1], x[0]], y: [y[1], y[0]] };
}

/** Small ones, for speed. */
export function secretsOf(inputs: number, seed: string): Secrets {
  const small = (name: string) => scalarOf(`${seed} ${name}`) % (1n << 48n);
  const ic = Array.from({ length: inputs + 1 }, (_, i) => small(`ic ${i}`));
  return { alpha: small("alpha"), beta: small("beta"), gamma: small("gamma"), delta: small("delta"), ic };
}

/** The key whose secrets these are. */
export function keyOf(secrets: Secrets): VerifyingKeyStruct {
  const one = (scalar: bigint) => affine1(g1.multiply(g1.generator, scalar));
  const two = (scalar: bigint) => affine2(g2.multiply(g2.generator, scalar));
  const { alpha, beta, gamma, delta, ic } = secrets;
  return { alpha: one(alpha), beta: two(beta), gamma: two(gamma), delta: two(delta), ic: ic.map(one) };
}

/** A key that nobody proves with, as a ceremony writes it: of three public inputs, as the circuits of batches have. */
export function someKey(seed: string): VerifyingKey {
  const { alpha, beta, gamma, delta, ic } = keyOf(secretsOf(3, seed));
  const one = (point: typeof alpha): [string, string, string] => [String(point.x), String(point.y), "1"];
  // Solidity has the imaginary part first.
  const pair = ([imaginary, real]: (typeof beta)["x"]): [string, string] => [String(real), String(imaginary)];
  const two = (point: typeof beta): VerifyingKey["vk_beta_2"] => [pair(point.x), pair(point.y), ["1", "0"]];
  return {
    ...{ protocol: "groth16", curve: "bn128", nPublic: 3 },
    ...{
      vk_alpha_1: one(alpha),
      vk_beta_2: two(beta),
      vk_gamma_2: two(gamma),
      vk_delta_2: two(delta),
      IC: ic.map(one),
    },
  };
}

/** What only who knows the secrets can: a proof of any statement. `seed` makes it one of many. */
export function forge(secrets: Secrets, inputs: readonly bigint[], seed: string): ProofWords {
  const { alpha, beta, gamma, delta, ic } = secrets;
  const [a, b] = [scalarOf(`${seed} a`), scalarOf(`${seed} b`) % (1n << 48n)];
  const statement = ic.reduce((sum, scalar, i) => sum + scalar * (i === 0 ? 1n : (inputs[i - 1] ?? 0n)), 0n);
  const c = mod((a * b - alpha * beta - statement * gamma) * inverse(delta, R), R);
  return wordsOf(g1.multiply(g1.generator, a), g2.multiply(g2.generator, b), g1.multiply(g1.generator, c));
}

function wordsOf(a: Point<bigint>, b: Point<Fq2>, c: Point<bigint>): ProofWords {
  const [first, second, third] = [affine1(a), affine2(b), affine1(c)];
  return [first.x, first.y, ...second.x, ...second.y, third.x, third.y];
}

/** Another proof of the same statement, which anybody can make of one: A times a number, B divided by it. */
export function rerandomise(proof: ProofWords, factor: bigint): ProofWords {
  const [ax = 0n, ay = 0n, bx1 = 0n, bx0 = 0n, by1 = 0n, by0 = 0n, cx = 0n, cy = 0n] = proof;
  const b: Point<Fq2> = [
    [bx0, bx1],
    [by0, by1],
  ];
  return wordsOf(g1.multiply([ax, ay], factor), g2.multiply(b, inverse(factor, R)), [cx, cy]);
}

/** Bytes of `data` with those of the word that begins at `start` replaced. */
export function withWord(data: string, start: number, value: bigint): Hex {
  const bytes = getBytes(data);
  return concat([bytes.slice(0, start), `0x${word(value)}`, bytes.slice(start + 32)]) as Hex;
}
