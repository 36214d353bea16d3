import { expect } from "chai";

import type { Interpreter } from "../../plugin/machine/interpreter.js";
import { run } from "../../plugin/machine/machine.js";
import { writeWasm } from "../../plugin/machine/wasmWriter.js";
import { canonicalWasm, expectSameSnapshot, interpreterEngine, referenceEngine, v8Engine } from "./support/engines.js";
import { FUEL, FUEL_GLOBAL, GENERATED_ORACLE, generateArguments, generateModule } from "./support/generator.js";
import { hostImports } from "./support/host.js";
import { hashOf, provenRun, sampledRun } from "./support/proofs.js";
import { createRandom } from "./support/random.js";

const isLong = process.env.ROLLUP_TEST_LONG !== undefined;
const SEED = Number(process.env.ROLLUP_TEST_SEED ?? 1);

/** How much of a run is compared beyond its end: state hashes and one-step proofs, with probabilities per step. */
interface Depth {
  hashes: number;
  proofs: number;
}

function compareEngines(seed: number, { hashes, proofs }: Depth): { calls: number; traps: number; steps: number } {
  const random = createRandom(seed);
  const { module, functions } = generateModule(random);
  const guest = writeWasm(module);
  const { imports } = hostImports(GENERATED_ORACLE, new Uint8Array(32));
  const v8 = v8Engine(canonicalWasm(guest), imports);
  let steps = 0;
  let samples: Map<number, string> = new Map();
  const reference = referenceEngine(guest, {
    oracle: GENERATED_ORACLE,
    runner: (machine) => {
      const from = machine.steps;
      if (hashes > 0) samples = sampledRun(machine, () => random.chance(hashes));
      else if (proofs > 0) provenRun(machine, () => random.chance(proofs));
      else run(machine);
      steps += machine.steps - from;
    },
  });
  const interpreter = interpreterEngine(guest, {
    oracle: GENERATED_ORACLE,
    runner: (machine: Interpreter) => {
      for (const [step, hash] of samples) {
        machine.run(step);
        expect(machine.steps, `seed ${seed}: steps`).to.equal(step);
        expect(hashOf(machine), `seed ${seed}, step ${step}`).to.equal(hash);
      }
      if (proofs > 0)
        provenRun(
          machine,
          () => random.chance(proofs),
          undefined,
          (m, toStep) => m.run(toStep),
        );
      else machine.run();
    },
  });
  let [calls, traps] = [0, 0];
  for (const { name, type } of functions) {
    for (let i = 0; i < 3; i++) {
      const args = generateArguments(random, type);
      const where = `seed ${seed}, ${name}(${args.join()})`;
      for (const engine of [v8, reference, interpreter]) engine.setGlobal(FUEL_GLOBAL, FUEL);
      const expected = v8.invoke(name, args);
      expect(reference.invoke(name, args), where).to.deep.equal(expected);
      expectSameSnapshot(reference, v8, where);
      expect(interpreter.invoke(name, args), where).to.deep.equal(expected);
      expectSameSnapshot(interpreter, v8, where);
      calls++;
      if (expected === "trap") traps++;
    }
  }
  return { calls, traps, steps };
}

describe("generated modules", function () {
  const sweep = (title: string, count: number, depth: Depth): void => {
    it(title, function () {
      this.timeout(3_600_000);
      const sum = { calls: 0, traps: 0, steps: 0 };
      for (let seed = SEED; seed < SEED + count; seed++) {
        const { calls, traps, steps } = compareEngines(seed, depth);
        sum.calls += calls;
        sum.traps += traps;
        sum.steps += steps;
      }
      console.log(
        `      seeds ${SEED} to ${SEED + count - 1}: ${sum.calls} calls, ${sum.traps} traps, ${sum.steps} steps`,
      );
      // Results say more than traps, but both must be met.
      expect(sum.traps / sum.calls).to.be.within(0.08, 0.35);
      expect(sum.steps).to.be.greaterThan(20 * sum.calls);
    });
  };

  sweep("end alike in V8, the reference and the interpreter", isLong ? 10_000 : 300, { hashes: 0, proofs: 0 });
  sweep("have one state hash at every step", isLong ? 1000 : 15, { hashes: 1, proofs: 0 });
  sweep("have one state hash at steps far apart", isLong ? 2000 : 60, { hashes: 0.02, proofs: 0 });
  sweep("have a proof for every step that is tried", isLong ? 500 : 30, { hashes: 0, proofs: 0.01 });
});
