import { type CircuitShape, PUBLIC_INPUTS, segmentCircuit } from "../validity/circuit.js";
import { checkCeremony } from "./ceremony.js";
import { compileCircuit } from "./compile.js";
import { exportVerifyingKey } from "./key.js";
import { openProver, type Prover } from "./prove.js";
import { developmentSetup } from "./setup.js";
import type { VerifyingKey, WorkOptions } from "./types.js";

export interface CircuitFiles {
  /** Paths of the circuit's witness program and of its proving key. */
  wasm: string;
  zkey: string;
  vkey: VerifyingKey;
}

export interface DevelopmentOptions extends WorkOptions {
  /** Folder of the prover's cache. */
  cache: string;
  /** What the key follows from; default one that everybody knows. */
  seed?: string | undefined;
}

const SEED = "hardhat-rollup development";

/** Compiles the circuit of segments and makes a key for it, both from the cache where they were made before. */
export async function developmentCircuit(
  shape: CircuitShape,
  { cache, seed = SEED, ...work }: DevelopmentOptions,
): Promise<CircuitFiles> {
  const { source, template, parameters, publicInputs } = segmentCircuit(shape);
  const { r1cs, wasm } = await compileCircuit(source, { cache, template, parameters, publicInputs, ...work });
  const { zkey, vkey } = await developmentSetup(r1cs, seed, { cache, ...work });
  return { wasm, zkey, vkey };
}

/** What a ceremony for one circuit left: paths. */
export interface CeremonyOfCircuit {
  /** The key that the second phase ended with. */
  zkey: string;
  /** Powers of tau of the first phase. */
  ptau: string;
}

/**
 * Compiles the circuit of segments and takes its key from a ceremony.
 * @param isChecked Whether all of the ceremony is followed again (minutes), as before a deployment, or only the key looked at.
 * @throws KeyRefusedError for a key that does not belong to this circuit, that nobody contributed to, or one for development.
 */
export async function ceremonyCircuit(
  shape: CircuitShape,
  { zkey, ptau }: CeremonyOfCircuit,
  isChecked: boolean,
  { cache, ...work }: Omit<DevelopmentOptions, "seed">,
): Promise<CircuitFiles> {
  const { source, template, parameters, publicInputs } = segmentCircuit(shape);
  const { r1cs, wasm } = await compileCircuit(source, { cache, template, parameters, publicInputs, ...work });
  const vkey = isChecked
    ? await checkCeremony({ r1cs, ptau, zkey }, work)
    : await exportVerifyingKey(zkey, SEGMENT_DEMANDS);
  return { wasm, zkey, vkey };
}

/** A key that is to verify segments. */
export const SEGMENT_DEMANDS = { publicInputs: PUBLIC_INPUTS.length } as const;

/** A prover that is opened when it is first needed. */
export function lazyProver(
  cache: string,
  open: () => Promise<CircuitFiles>,
): { get(): Promise<Prover>; close(): void } {
  let opened: Promise<Prover> | undefined;
  let prover: Prover | undefined;
  return {
    async get() {
      opened ??= open().then(({ wasm, zkey }) => openProver({ cache, wasm, zkey }));
      prover = await opened.catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return prover;
    },
    close: () => prover?.close(),
  };
}
