// Seconds and megabytes by the size of a circuit: compiling it, a set-up for development, a proof.
// Run: npx tsx bench/prover.ts [largest power of two, default 16]
import { mkdtemp, rm, stat } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { compileCircuit } from "../plugin/prover/compile.js";
import { openProver } from "../plugin/prover/prove.js";
import { developmentSetup } from "../plugin/prover/setup.js";
import type { ProverProgress } from "../plugin/prover/types.js";

/** Of one Poseidon hash with two inputs. */
const CONSTRAINTS_PER_HASH = 240;
const SMALLEST = 12;

const largest = Number(process.argv[2] ?? 16);
const cache = await mkdtemp(join(tmpdir(), "rollup-bench-prover-"));
let begin = performance.now();

function lap(): string {
  const seconds = (performance.now() - begin) / 1000;
  begin = performance.now();
  return seconds.toFixed(1).padStart(7);
}

try {
  console.log(`Groth16 by rows of the circuit (Poseidon hashes in a chain); ${cpus().length} cores, shared`);
  console.log("  rows  constraints  compile s  set-up s  zkey MB  first proof s  next s  memory MB");
  for (let log = SMALLEST; log <= largest; log++) {
    const length = Math.floor((2 ** log - 4) / CONSTRAINTS_PER_HASH);
    begin = performance.now();
    const circuit = await compileCircuit("bench/circuits/chain.circom", {
      cache,
      template: "Chain",
      parameters: [length],
    });
    const compile = lap();
    const { zkey } = await developmentSetup(circuit.r1cs, "bench", { cache });
    const setup = lap();
    const prover = await openProver({ cache, wasm: circuit.wasm, zkey });
    const input = (secret: bigint) => ({ secret, salts: Array.from({ length }, (_, index) => BigInt(index)) });
    let memory = 0;
    const onProgress = ({ peakMemory }: ProverProgress) => (memory = peakMemory ?? memory);
    begin = performance.now();
    await prover.prove(input(1n));
    const first = lap();
    await prover.prove(input(2n), { onProgress });
    const next = lap();
    prover.close();
    const megabytes = ((await stat(zkey)).size / 1e6).toFixed(1).padStart(8);
    console.log(
      `  2^${log}  ${String(circuit.constraints).padStart(10)}   ${compile}    ${setup}  ${megabytes}  ` +
        `     ${first}  ${next}  ${(memory / 1e6).toFixed(0).padStart(9)}`,
    );
  }
} finally {
  await rm(cache, { recursive: true });
}
