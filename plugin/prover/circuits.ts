import { type CircuitShape, PUBLIC_INPUTS, segmentCircuit } from "../validity/circuit.js";
import { compileCircuit } from "./compile.js";
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
