// The circuit of segments by its slots, filled with transfers: constraints, a set-up for development, a proof.
// Run: npx tsx bench/circuit.ts [most slots, default 4] [levels of the state tree, default 8]
import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { compileCircuit } from "../plugin/prover/compile.js";
import { openProver } from "../plugin/prover/prove.js";
import { developmentSetup } from "../plugin/prover/setup.js";
import type { ProverProgress, UsedResources } from "../plugin/prover/types.js";
import { type CircuitShape, segmentCircuit } from "../plugin/validity/circuit.js";
import type { SegmentInputs } from "../plugin/validity/witness.js";
import { code, draftOn, finish, leafOf, transfer, user } from "../test/validity/support/segments.js";

const ETH = 0n;
const most = Number(process.argv[2] ?? 4);
const levels = Number(process.argv[3] ?? 8);
const cache = await mkdtemp(join(tmpdir(), "rollup-bench-circuit-"));

/** Alice pays Bob as often as the circuit can hold. */
function transfers(shape: CircuitShape, balance: bigint): SegmentInputs {
  const [alice, bob] = [user(0xa11cen), user(0xb0bn)];
  const draft = draftOn(levels, [leafOf(alice, ETH, balance), leafOf(bob, ETH, 0n)]);
  for (let i = 0; i < shape.slots; i++)
    transfer(draft, { from: 1, to: 2, amountCode: code(3), feeCode: code(1), secret: alice.secret });
  return finish(draft, shape, 2).inputs;
}

async function measured<T>(work: Promise<T>): Promise<[T, number]> {
  const begin = performance.now();
  return [await work, (performance.now() - begin) / 1000];
}

const cell = (value: number, digits: number, width: number): string => value.toFixed(digits).padStart(width);

try {
  console.log(
    `Circuit of segments, ${levels} levels (${4 ** levels} leaves), transfers on L1; ${availableParallelism()} cores`,
  );
  console.log(
    "  slots  constraints  per slot  rows  compile s  set-up s  (CPU s)  zkey MB  proof s  per transfer s  (CPU s)  memory MB",
  );
  for (let slots = 2; slots <= most; slots *= 2) {
    const shape = { slots, levels, isOnL1: true };
    const template = segmentCircuit(shape);
    const [circuit, compiling] = await measured(compileCircuit(template.source, { ...template, cache }));
    let used: UsedResources = { cpuSeconds: 0, peakMemory: 0 };
    const onProgress = (progress: ProverProgress): void => void (used = progress.used ?? used);
    const [{ zkey }, setup] = await measured(developmentSetup(circuit.r1cs, "bench", { cache, onProgress }));
    const setupCpu = used.cpuSeconds;
    const prover = await openProver({ cache, wasm: circuit.wasm, zkey });
    // The first proof also starts the process.
    await prover.prove(transfers(shape, 10n ** 6n));
    const [, proving] = await measured(prover.prove(transfers(shape, 10n ** 7n), { onProgress }));
    prover.close();
    const { constraints } = circuit;
    // snarkjs adds a row for each public input and one for the constant.
    const rows = Math.ceil(Math.log2(constraints + template.publicInputs.length + 1));
    console.log(
      `  ${cell(slots, 0, 5)}  ${cell(constraints, 0, 11)}  ${cell(constraints / slots, 0, 8)}  2^${rows}  ${cell(compiling, 1, 9)}` +
        `  ${cell(setup, 1, 8)}  ${cell(setupCpu, 1, 7)}  ${cell((await stat(zkey)).size / 1e6, 1, 7)}  ${cell(proving, 1, 7)}  ${cell(proving / slots, 2, 14)}` +
        `  ${cell(used.cpuSeconds / slots, 2, 7)}  ${cell(used.peakMemory / 1e6, 0, 9)}`,
    );
  }
} finally {
  await rm(cache, { recursive: true });
}
