import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { toHex as toPrefixedHex } from "../../../plugin/ledger/bytes.js";
import { readGuestProgram } from "../../../plugin/machine/artifacts.js";
import { Op } from "../../../plugin/machine/isa.js";
import type { Machine } from "../../../plugin/machine/machine.js";
import { createMachine } from "../../../plugin/machine/machine.js";
import { programOf } from "../../../plugin/machine/program.js";
import { writeWasm } from "../../../plugin/machine/wasmWriter.js";
import { referenceEngine } from "../support/engines.js";
import { FUEL, FUEL_GLOBAL, GENERATED_ORACLE, generateArguments, generateModule } from "../support/generator.js";
import { ledgerRun } from "../support/ledger.js";
import { createRandom } from "../support/random.js";
import { emptyTrace, expectProved, tracedRun, useVerifier } from "../support/verifier.js";
import { readScript } from "../support/wast.js";

const isLong = process.env.ROLLUP_TEST_LONG !== undefined;
const SEED = Number(process.env.ROLLUP_TEST_SEED ?? 1);
const FOLDER = process.env.WASM_TESTSUITE ?? "../shared/wasm-testsuite";
/** Of one call: how often a step at one place is proved. Two files count to hundreds of thousands. */
const VISITS = isLong ? 1000 : 10;
/** Files that are proved step by step, with the number of steps that a quick run proves at least. */
const WHOLE: Record<string, number> = {
  "i32.wast": 2174,
  "i64.wast": 2224,
  "load.wast": 377,
  "store.wast": 59,
  "call.wast": 4432,
  "br_if.wast": 981,
  "loop.wast": 1297,
  "memory_grow.wast": 2364,
};

/** True for the first `count` times at a place. */
function firstVisits(count: number): (place: number | string) => boolean {
  const visits = new Map<number | string, number>();
  return (place) => {
    const before = visits.get(place) ?? 0;
    visits.set(place, before + 1);
    return before < count;
  };
}

describe("OneStepVerifier on runs of the reference", () => {
  const verifier = useVerifier();

  describe("WebAssembly test suite", function () {
    this.timeout(3_600_000);
    if (!existsSync(FOLDER)) {
      it("is not here: set WASM_TESTSUITE to its folder", () => expect(process.env.WASM_TESTSUITE).to.equal(undefined));
      return;
    }
    for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".wast"))) {
      const least = WHOLE[file];
      it(`${file}: ${least !== undefined ? "every step" : "a sample of steps"} is proved`, async () => {
        const random = createRandom(file.length);
        const trace = emptyTrace();
        let [proved, steps] = [0, 0];
        for (const { module, calls } of readScript(join(FOLDER, file)).modules) {
          if (calls.length === 0) continue;
          const { invoke } = referenceEngine(writeWasm(module), {
            runner: (machine) => {
              const from = machine.steps;
              const isNew = firstVisits(VISITS);
              const isChosen = (): boolean =>
                isNew(machine.registers.pc) && (isLong || least !== undefined || random.chance(0.05));
              tracedRun(machine, trace, isChosen);
              steps += machine.steps - from;
            },
          });
          for (const { name, args } of calls) {
            invoke(name, args);
            if (trace.steps.length > 1000) proved += await expectProved(verifier(), trace, file);
          }
          proved += await expectProved(verifier(), trace, file);
        }
        console.log(`      ${file}: ${proved} of ${steps} steps`);
        expect(proved).to.be.at.least(least ?? 0);
      });
    }
  });

  it("generated modules: a sample of steps is proved", async function () {
    this.timeout(3_600_000);
    const trace = emptyTrace();
    let proved = 0;
    for (let seed = SEED; seed < SEED + (isLong ? 500 : 25); seed++) {
      const random = createRandom(seed);
      const { module, functions } = generateModule(random);
      const { invoke, setGlobal } = referenceEngine(writeWasm(module), {
        oracle: GENERATED_ORACLE,
        runner: (machine) => {
          const isNew = firstVisits(1);
          tracedRun(machine, trace, () => isNew(machine.registers.pc) && random.chance(0.1));
        },
      });
      for (const { name, type } of functions) {
        setGlobal(FUEL_GLOBAL, FUEL);
        invoke(name, generateArguments(random, type));
      }
      proved += await expectProved(verifier(), trace, `seed ${seed}`);
    }
    console.log(`      ${proved} steps`);
    expect(proved).to.be.greaterThan(500);
  });

  it("the ledger guest: steps of every operation it uses are proved", async function () {
    this.timeout(600_000);
    const program = programOf(readGuestProgram("ledger"));
    const { inputHash, preimages } = ledgerRun(3, 4);
    const oracle = { preimage: (hash: Uint8Array) => preimages.get(toPrefixedHex(hash)) };
    const machine: Machine = createMachine(program, inputHash, oracle);
    const trace = emptyTrace();
    const operations = new Set<string>();
    const isEarly = firstVisits(isLong ? 50 : 4);
    const isNew = firstVisits(1);
    const random = createRandom(3);
    tracedRun(machine, trace, () => {
      const { pc } = machine.registers;
      const next = program.code[pc];
      const operation = `${next?.op ?? Op.TRAP}.${next?.fn ?? 0}`;
      operations.add(operation);
      return isEarly(operation) || (isNew(pc) && random.chance(isLong ? 1 : 0.05));
    });
    const proved = await expectProved(verifier(), trace, "ledger");
    console.log(`      ${proved} of ${machine.steps} steps, ${operations.size} operations`);
    expect(operations.size).to.be.greaterThan(40);
  });
});
