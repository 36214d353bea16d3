import { expect } from "chai";

import { toHex as toPrefixedHex } from "../../../plugin/ledger/bytes.js";
import { readGuestProgram } from "../../../plugin/machine/artifacts.js";
import { Op } from "../../../plugin/machine/isa.js";
import { createMachine } from "../../../plugin/machine/machine.js";
import { programOf } from "../../../plugin/machine/program.js";
import { Status } from "../../../plugin/machine/state.js";
import { writeWasm } from "../../../plugin/machine/wasmWriter.js";
import { referenceEngine } from "../support/engines.js";
import { FUEL, FUEL_GLOBAL, GENERATED_ORACLE, generateArguments, generateModule } from "../support/generator.js";
import { ledgerRun } from "../support/ledger.js";
import { createRandom } from "../support/random.js";
import { emptyTrace, expectProved, firstVisits, tracedRun, useFastVerifier } from "../support/verifier.js";

const isLong = process.env.ROLLUP_TEST_LONG !== undefined;
const SEED = Number(process.env.ROLLUP_TEST_SEED ?? 1);
describe("OneStepVerifier on runs of the reference", () => {
  const verifier = useFastVerifier();

  it("generated modules: a sample of steps is proved", async function () {
    this.timeout(7_200_000);
    const count = isLong ? 10_000 : 100;
    let proved = 0;
    let traps = 0;
    for (let seed = SEED; seed < SEED + count; seed++) {
      const trace = emptyTrace();
      const random = createRandom(seed);
      const { module, functions } = generateModule(random);
      const { invoke, setGlobal } = referenceEngine(writeWasm(module), {
        oracle: GENERATED_ORACLE,
        runner: (machine) => {
          const isNew = firstVisits(1);
          tracedRun(machine, trace, () => isNew(machine.registers.pc) && random.chance(0.1));
          if (machine.registers.status === Status.TRAPPED) traps++;
        },
      });
      for (const { name, type } of functions) {
        setGlobal(FUEL_GLOBAL, FUEL);
        invoke(name, generateArguments(random, type));
      }
      proved += await expectProved(verifier(), trace, `seed ${seed}`);
    }
    console.log(`      seeds ${SEED} to ${SEED + count - 1}: ${proved} steps, ${traps} traps`);
    expect(proved).to.be.greaterThan(20 * count);
    expect(traps).to.be.greaterThan(count / 2);
  });

  it("the ledger guest: steps of every operation it uses are proved", async function () {
    this.timeout(600_000);
    const program = programOf(readGuestProgram("ledger"));
    const { inputHash, preimages } = ledgerRun(3, 4);
    const oracle = { preimage: (hash: Uint8Array) => preimages.get(toPrefixedHex(hash)) };
    const machine = createMachine(program, inputHash, oracle);
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
