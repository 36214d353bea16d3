import { readFile } from "node:fs/promises";

import {
  g1FromJson,
  g2FromJson,
  isInfinity,
  isInG1,
  isInG2,
  isReduced,
  isSameOrOpposite,
  type G1,
  type G2,
} from "./curve.js";
import { DEVELOPMENT_GAMMA_POINT, DEVELOPMENT_MARK, LOCAL_CHAIN_IDS } from "./development.js";
import { KeyRefusedError } from "./errors.js";
import type { VerifyingKey } from "./types.js";
import { readZkey } from "./zkey.js";

/** A verifying key's points, checked. */
export interface KeyPointsOfVerifier {
  alpha: G1;
  beta: G2;
  gamma: G2;
  delta: G2;
  ic: G1[];
}

export interface KeyDemands {
  /** Of the chain on which the key is to decide: a development key is refused unless the chain is local. */
  chainId?: bigint;
  /** Public inputs of the statement that it is to verify. */
  publicInputs?: number;
}

/** Most public inputs that `Groth16Verifier` takes. */
const MAX_INPUTS = 16;

/**
 * Throws {@link KeyRefusedError} unless the verifying key is sound as far as anybody can see from it: the checks of
 * `Groth16Verifier`'s constructor. That a ceremony's secrets were destroyed, and that the key belongs to a circuit, only
 * `checkCeremony` tells. Returns its points.
 */
export function checkKey(key: VerifyingKey, demands: KeyDemands = {}): KeyPointsOfVerifier {
  if (key.protocol !== "groth16" || key.curve !== "bn128") {
    throw new KeyRefusedError("form", `it is for ${key.protocol} over ${key.curve}, not for groth16 over bn128`);
  }
  const points = pointsOf(key);
  const inputs = points.ic.length - 1;
  if (inputs !== key.nPublic || inputs < 1 || inputs > MAX_INPUTS) {
    throw new KeyRefusedError("inputs", `${points.ic.length} IC points and ${key.nPublic} public inputs (1 to 16)`);
  }
  if (demands.publicInputs !== undefined && demands.publicInputs !== inputs) {
    throw new KeyRefusedError("inputs", `it is for ${inputs} public inputs, the statement has ${demands.publicInputs}`);
  }

  checkPoint("alpha", points.alpha, isInG1);
  for (const [index, point] of points.ic.entries()) checkPoint(`IC ${index}`, point, isInG1);
  for (const name of ["beta", "gamma", "delta"] as const) checkPoint(name, points[name], isInG2);

  // With a known ratio between two of the three anybody makes proofs without a witness.
  for (const [first, second] of [
    ["gamma", "delta"],
    ["beta", "gamma"],
    ["beta", "delta"],
  ] as const) {
    if (!isSameOrOpposite(points[first], points[second])) continue;
    const hint = first === "gamma" ? ": nobody contributed to its second phase (snarkjs zkey contribute)" : "";
    throw new KeyRefusedError("delta", `${first} = ${second}, so anybody could prove anything${hint}`);
  }

  if (demands.chainId !== undefined && !LOCAL_CHAIN_IDS.includes(demands.chainId) && isDevelopmentKey(key)) {
    throw new KeyRefusedError(
      "development",
      `it was made for development, anybody could prove anything on chain ${demands.chainId} ` +
        `(local chains: ${LOCAL_CHAIN_IDS.join(", ")})`,
    );
  }
  return points;
}

/** Whether the key is stamped as one whose secrets are known; the stamp in gamma cannot be taken off. */
export function isDevelopmentKey(key: VerifyingKey): boolean {
  return key.development === true || isSameOrOpposite(g2FromJson(key.vk_gamma_2), DEVELOPMENT_GAMMA_POINT);
}

/** Reads and checks the verifying key inside a proving key. Throws {@link KeyRefusedError} and ProverFileError. */
export async function exportVerifyingKey(zkey: string, demands: KeyDemands = {}): Promise<VerifyingKey> {
  const { key, circuitHash } = await readZkey(zkey);
  const isDevelopment = isDevelopmentKey(key) || circuitHash.equals(DEVELOPMENT_MARK);
  const stamped: VerifyingKey = isDevelopment ? { ...key, development: true } : key;
  checkKey(stamped, demands);
  return stamped;
}

/** Reads a `verification_key.json` and checks it. Throws {@link KeyRefusedError}. */
export async function importVerifyingKey(path: string, demands: KeyDemands = {}): Promise<VerifyingKey> {
  const text = await readFile(path, "utf8");
  let key: VerifyingKey | null;
  try {
    key = JSON.parse(text) as VerifyingKey | null;
  } catch (error) {
    throw new KeyRefusedError("form", `${path} is no JSON`, { cause: error });
  }
  if (key === null || typeof key !== "object") throw new KeyRefusedError("form", `${path} is no verification_key.json`);
  checkKey(key, demands);
  return key;
}

function pointsOf(key: VerifyingKey): KeyPointsOfVerifier {
  try {
    return {
      alpha: g1FromJson(key.vk_alpha_1),
      beta: g2FromJson(key.vk_beta_2),
      gamma: g2FromJson(key.vk_gamma_2),
      delta: g2FromJson(key.vk_delta_2),
      ic: key.IC.map(g1FromJson),
    };
  } catch (error) {
    throw new KeyRefusedError("form", "it is not a verification_key.json of snarkjs", { cause: error });
  }
}

function checkPoint<Point extends G1 | G2>(name: string, point: Point, isInGroup: (point: Point) => boolean): void {
  if (isInfinity(point)) throw new KeyRefusedError("infinity", `${name} is the point at infinity`);
  if (!isReduced(point)) throw new KeyRefusedError("range", `a coordinate of ${name} is not below the field's modulus`);
  if (!isInGroup(point)) throw new KeyRefusedError("curve", `${name} is not on the curve or not of order r`);
}
