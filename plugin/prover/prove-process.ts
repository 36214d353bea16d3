// The process that `startProver` starts: witness, proof and check of one statement after the other, by snarkjs.
import type { Groth16Proof, ProverProgress, VerifyingKey } from "./types.js";
import { serve, usedSince } from "./serve.js";

export interface ProveJob {
  /** URL of snarkjs. */
  snarkjs: string;
  wasm: string;
  zkey: string;
  vkey: VerifyingKey;
  input: NestedStrings;
}

/** Numbers in decimal. */
export interface NestedStrings {
  [signal: string]: NestedValue;
}
export type NestedValue = string | readonly NestedValue[];

export type ProveAnswer =
  | { kind: "proved"; proof: Groth16Proof; publicSignals: string[] }
  | { kind: "unsatisfied"; problem: string }
  | { kind: "failed"; problem: string };

interface Snarkjs {
  wtns: { calculate(input: NestedStrings, wasm: string, witness: MemoryFile): Promise<void> };
  groth16: {
    prove(zkey: string, witness: MemoryFile, logger: Logger): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(vkey: VerifyingKey, publicSignals: readonly string[], proof: Groth16Proof): Promise<boolean>;
  };
}

interface MemoryFile {
  type: "mem";
}

type Logger = Record<"debug" | "info" | "warn" | "error", (text: string) => void>;

/** Share of a proof's time that has passed when snarkjs comes to these stages; measured with the circuit of segments at 2^16 rows. */
const STAGES: readonly (readonly [name: string, done: number, text: string])[] = [
  ["Building ABC", 0.02, "evaluating the constraints"],
  ["IFFT_A", 0.09, "transforming polynomials"],
  ["Reading A Points", 0.19, "summing points of A"],
  ["Reading B1 Points", 0.32, "summing points of B"],
  ["Reading B2 Points", 0.39, "summing points of B in G2"],
  ["Reading C Points", 0.68, "summing points of C"],
  ["Reading H Points", 0.8, "summing points of H"],
];

const ENOUGH_TO_ESTIMATE = 0.05;

serve(async (job: ProveJob, report): Promise<ProveAnswer> => {
  const begin = process.cpuUsage();
  const { wtns, groth16 } = (await import(job.snarkjs)) as Snarkjs;
  const witness: MemoryFile = { type: "mem" };
  report({ stage: "witness", text: "computing the witness", done: 0 });
  try {
    await wtns.calculate(job.input, job.wasm, witness);
  } catch (error) {
    return { kind: "unsatisfied", problem: messageOf(error) };
  }
  try {
    const { proof, publicSignals } = await groth16.prove(job.zkey, witness, progressLogger(report));
    report({ stage: "verify", text: "checking the proof", done: 1, secondsLeft: 0, used: usedSince(begin) });
    if (!(await groth16.verify(job.vkey, publicSignals, proof))) {
      return { kind: "failed", problem: "the proof does not verify: the key is not one of this circuit" };
    }
    return { kind: "proved", proof, publicSignals };
  } catch (error) {
    return { kind: "failed", problem: messageOf(error) };
  }
});

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error))
    .replace(/\s+/g, " ")
    .replace(/^(Error: )+/, "")
    .trim();
}

function progressLogger(report: (progress: ProverProgress) => void): Logger {
  const begin = performance.now();
  const seen = new Set<string>();
  const line = (message: string): void => {
    const stage = STAGES.find(([name]) => message.startsWith(name) || message.includes(`${name}:`));
    if (stage === undefined || seen.has(stage[0])) return;
    const [name, done, text] = stage;
    seen.add(name);
    const seconds = (performance.now() - begin) / 1000;
    report({
      stage: "proof",
      text,
      done,
      ...(done < ENOUGH_TO_ESTIMATE ? {} : { secondsLeft: (seconds * (1 - done)) / done }),
    });
  };
  return { debug: line, info: line, warn: line, error: line };
}
