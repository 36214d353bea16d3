import { createHash } from "node:crypto";
import { join } from "node:path";

import { cached, cacheKey, hashFile } from "./cache.js";
import { DEVELOPMENT_GAMMA, DEVELOPMENT_MARK } from "./development.js";
import { power, R } from "./field.js";
import { exportVerifyingKey } from "./key.js";
import { startProcess } from "./process.js";
import { domainLog, type Trapdoor } from "./qap.js";
import { readR1csCounts } from "./r1cs.js";
import type { SetupJob } from "./setup-process.js";
import { findProverTools } from "./tools.js";
import type { VerifyingKey, WorkOptions } from "./types.js";

export interface SetupOptions extends WorkOptions {
  /** Folder of the prover's cache. */
  cache: string;
}

export interface DevelopmentKey {
  /** Path of the proving key. */
  zkey: string;
  /** Stamped with `development: true`. */
  vkey: VerifyingKey;
}

/** Raised when the same circuit and seed give another key than before. */
const VERSION = 1;

/**
 * A Groth16 key without a ceremony: its secrets follow from `seed`, so the same circuit and seed give the same key, byte
 * for byte, and anybody can prove anything with it. {@link checkKey} refuses it on chains that are not local.
 */
export async function developmentSetup(
  r1cs: string,
  seed: string,
  { cache, signal, onProgress }: SetupOptions,
): Promise<DevelopmentKey> {
  signal?.throwIfAborted();
  const key = cacheKey({ version: VERSION, seed, r1cs: await hashFile(r1cs) });
  const folder = await cached(join(cache, "development-keys"), key, async (partial) => {
    const { ffjavascript } = await findProverTools();
    const job: SetupJob = {
      r1cs,
      zkey: join(partial, "circuit.zkey"),
      ffjavascript,
      trapdoor: trapdoorOf(seed, domainLog(await readR1csCounts(r1cs))),
      mark: DEVELOPMENT_MARK,
    };
    const worker = startProcess<SetupJob, void>("setup-process");
    try {
      await worker.run(job, { signal, onProgress });
    } finally {
      worker.stop();
    }
  });
  const zkey = join(folder, "circuit.zkey");
  return { zkey, vkey: await exportVerifyingKey(zkey) };
}

function trapdoorOf(seed: string, log: number): Trapdoor {
  const draw = (name: string, isGood: (value: bigint) => boolean): bigint => {
    for (let attempt = 0; ; attempt++) {
      const digest = createHash("sha512")
        .update(JSON.stringify(["hardhat-rollup", name, attempt, seed]))
        .digest("hex");
      const value = BigInt(`0x${digest}`) % R;
      if (value !== 0n && isGood(value)) return value;
    }
  };
  const any = (): boolean => true;
  return {
    // In no subgroup on which the circuit's polynomials are given.
    tau: draw("tau", (tau) => power(tau, 2n ** BigInt(log + 1), R) !== 1n),
    alpha: draw("alpha", any),
    beta: draw("beta", any),
    gamma: DEVELOPMENT_GAMMA,
    delta: draw("delta", (delta) => delta !== DEVELOPMENT_GAMMA && delta !== R - DEVELOPMENT_GAMMA),
  };
}
