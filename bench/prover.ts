// Seconds and megabytes by the size of a circuit: compiling it, a set-up for development, a proof.
// Run: npx tsx bench/prover.ts [largest power of two, default 16]
import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { compileCircuit } from "../plugin/prover/compile.js";
import { openProver } from "../plugin/prover/prove.js";
import { developmentSetup } from "../plugin/prover/setup.js";
import type { ProverProgress, UsedResources } from "../plugin/prover/types.js";

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
  console.log(`Groth16 by rows of the circuit (Poseidon hashes in a chain); ${availableParallelism()} cores`);
  console.log("  rows  constraints  compile s  set-up s   (CPU)  zkey MB  first proof s   next s   (CPU)  memory MB");
  for (let log = SMALLEST; log <= largest; log++) {
    const length = Math.floor((2 ** log - 4) / CONSTRAINTS_PER_HASH);
    begin = performance.now();
    const circuit = await compileCircuit("bench/circuits/chain.circom", {
      cache,
      template: "Chain",
      parameters: [length],
    });
    const compile = lap();
    let used: UsedResources = { cpuSeconds: 0, peakMemory: 0 };
    const onProgress = (progress: ProverProgress) => (used = progress.used ?? used);
    const { zkey } = await developmentSetup(circuit.r1cs, "bench", { cache, onProgress });
    const setupCpu = used.cpuSeconds.toFixed(1).padStart(5);
    const setup = lap();
    const prover = await openProver({ cache, wasm: circuit.wasm, zkey });
    const input = (secret: bigint) => ({ secret, salts: Array.from({ length }, (_, index) => BigInt(index)) });
    begin = performance.now();
    await prover.prove(input(1n));
    const first = lap();
    await prover.prove(input(2n), { onProgress });
    const next = lap();
    prover.close();
    const megabytes = ((await stat(zkey)).size / 1e6).toFixed(1).padStart(8);
    const nextCpu = used.cpuSeconds.toFixed(1).padStart(5);
    const memory = (used.peakMemory / 1e6).toFixed(0).padStart(9);
    console.log(
      `  2^${log}  ${String(circuit.constraints).padStart(10)}   ${compile}    ${setup}   ${setupCpu}  ${megabytes}  ` +
        `      ${first}  ${next}   ${nextCpu}  ${memory}`,
    );
  }
} finally {
  await rm(cache, { recursive: true });
}
