import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import type { ReferenceMachine } from "../../../plugin/machine/machine.js";
import { Status } from "../../../plugin/machine/state.js";
import { writeWasm } from "../../../plugin/machine/wasmWriter.js";
import { referenceEngine } from "../support/engines.js";
import { createRandom } from "../support/random.js";
import { emptyTrace, expectProved, firstVisits, type Trace, tracedRun, useFastVerifier } from "../support/verifier.js";
import { EXPECTED, FOLDER, readScript } from "../support/wast.js";

const isLong = process.env.ROLLUP_TEST_LONG !== undefined;
/** Files of more steps than this are proved whole in a long run only: call, memory_grow and fac. */
const MANY = 20_000;
/** Of those a quick run proves, per call, so many steps at one place, and of all others about so many at random. */
const VISITS = 10;
const SAMPLE = 2_000;
/** Steps that go to the verifier together, and how often that many may be on their way. */
const PORTION = 400;
const IN_FLIGHT = 3;

/** Sends traces to the verifier while the machine runs on. */
function createProver(verifier: () => ReturnType<ReturnType<typeof useFastVerifier>>, name: string) {
  const inFlight = new Set<Promise<void>>();
  let trace = emptyTrace();
  let proved = 0;

  async function send(full: Trace): Promise<void> {
    const count = await expectProved(verifier(), full, name);
    proved += count;
  }

  return {
    /** Runs a machine to its end and proves the steps that `isChosen`. */
    async run(machine: ReferenceMachine, isChosen: () => boolean): Promise<void> {
      while (machine.registers.status === Status.RUNNING) {
        tracedRun(machine, trace, isChosen, PORTION);
        if (trace.steps.length < PORTION) continue;
        const sent = send(trace);
        trace = emptyTrace();
        inFlight.add(sent);
        void sent.then(
          () => inFlight.delete(sent),
          () => undefined,
        );
        if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
      }
    },
    /** Waits for all; the number of steps. */
    async finish(): Promise<number> {
      await send(trace);
      await Promise.all(inFlight);
      return proved;
    },
  };
}

describe("OneStepVerifier on the WebAssembly test suite", function () {
  this.timeout(7_200_000);
  if (!existsSync(FOLDER)) {
    it("is not here: set WASM_TESTSUITE to its folder", () => expect(process.env.WASM_TESTSUITE).to.equal(undefined));
    return;
  }
  const verifier = useFastVerifier();
  let [proved, steps] = [0, 0];

  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".wast"))) {
    const expected = EXPECTED[file]?.steps ?? 0;
    const isWhole = isLong || expected <= MANY;
    it(`${file}: ${isWhole ? "every step" : "a sample of steps"} is proved`, async () => {
      const start = performance.now();
      const random = createRandom(expected);
      const prover = createProver(verifier, file);
      let taken = 0;
      for (const { module, calls } of readScript(join(FOLDER, file)).modules) {
        if (calls.length === 0) continue;
        const { machine, begin, end } = referenceEngine(writeWasm(module), { runner: () => undefined });
        const runOn = (): Promise<void> => {
          const isNew = firstVisits(VISITS);
          return prover.run(machine, () => isWhole || isNew(machine.registers.pc) || random.chance(SAMPLE / expected));
        };
        // The start function.
        await runOn();
        for (const call of calls) {
          begin(call.name, call.args);
          await runOn();
          const outcome = end();
          if (call.expected !== undefined) expect(outcome, call.name).to.deep.equal(call.expected);
        }
        taken += machine.steps;
      }
      const count = await prover.finish();
      const seconds = (performance.now() - start) / 1000;
      console.log(`      ${file}: solidity ${count} of ${taken} steps, ${seconds.toFixed(1)} s`);
      expect(taken, "steps that the machine takes").to.be.at.least(expected);
      expect(count, "steps that are proved").to.be.at.least(isWhole ? taken : SAMPLE);
      proved += count;
      steps += taken;
    });
  }

  after(() => console.log(`      solidity: ${proved} of ${steps} steps`));
});
