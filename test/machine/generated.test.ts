import { expect } from "chai";

import { run } from "../../plugin/machine/machine.js";
import { writeWasm } from "../../plugin/machine/wasmWriter.js";
import { canonicalWasm, expectSameSnapshot, referenceEngine, v8Engine } from "./support/engines.js";
import { FUEL, FUEL_GLOBAL, GENERATED_ORACLE, generateArguments, generateModule } from "./support/generator.js";
import { hostImports } from "./support/host.js";
import { provenRun } from "./support/proofs.js";
import { createRandom } from "./support/random.js";

const isLong = process.env.ROLLUP_TEST_LONG !== undefined;
const SEED = Number(process.env.ROLLUP_TEST_SEED ?? 1);

function compareEngines(seed: number, isProven: boolean): { calls: number; traps: number; steps: number } {
  const random = createRandom(seed);
  const { module, functions } = generateModule(random);
  const guest = writeWasm(module);
  const { imports } = hostImports(GENERATED_ORACLE, new Uint8Array(32));
  const v8 = v8Engine(canonicalWasm(guest), imports);
  let steps = 0;
  const reference = referenceEngine(guest, {
    oracle: GENERATED_ORACLE,
    runner: (machine) => {
      const from = machine.steps;
      if (isProven) provenRun(machine, () => random.chance(0.01));
      else run(machine);
      steps += machine.steps - from;
    },
  });
  let [calls, traps] = [0, 0];
  for (const { name, type } of functions) {
    for (let i = 0; i < 3; i++) {
      const args = generateArguments(random, type);
      const where = `seed ${seed}, ${name}(${args.join()})`;
      for (const engine of [v8, reference]) engine.setGlobal(FUEL_GLOBAL, FUEL);
      const expected = v8.invoke(name, args);
      expect(reference.invoke(name, args), where).to.deep.equal(expected);
      expectSameSnapshot(reference, v8, where);
      calls++;
      if (expected === "trap") traps++;
    }
  }
  return { calls, traps, steps };
}

describe("generated modules", function () {
  const sweep = (title: string, count: number, isProven: boolean): void => {
    it(title, function () {
      this.timeout(3_600_000);
      const sum = { calls: 0, traps: 0, steps: 0 };
      for (let seed = SEED; seed < SEED + count; seed++) {
        const { calls, traps, steps } = compareEngines(seed, isProven);
        sum.calls += calls;
        sum.traps += traps;
        sum.steps += steps;
      }
      console.log(
        `      seeds ${SEED} to ${SEED + count - 1}: ${sum.calls} calls, ${sum.traps} traps, ${sum.steps} steps`,
      );
      // A generator whose programs all trap at once would test nothing.
      expect(sum.traps).to.be.lessThan(sum.calls);
      expect(sum.steps).to.be.greaterThan(20 * sum.calls);
    });
  };

  sweep("end alike in V8 and the reference", isLong ? 10_000 : 300, false);
  sweep("have a proof for every step that is tried", isLong ? 500 : 30, true);
});
