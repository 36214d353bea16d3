import { expect } from "chai";

import { toHex } from "../../plugin/ledger/bytes.js";
import { readGuestProgram, readProgramFacts } from "../../plugin/machine/artifacts.js";
import { factsOf } from "../../plugin/machine/facts.js";
import type { Oracle } from "../../plugin/machine/hostCalls.js";
import { createMachine, stateOf } from "../../plugin/machine/machine.js";
import { programOf } from "../../plugin/machine/program.js";
import { haltedState } from "../../plugin/machine/state.js";
import { v8Engine } from "./support/engines.js";
import { hostImports } from "./support/host.js";
import { ledgerRun } from "./support/ledger.js";
import { provenRun } from "./support/proofs.js";

describe("the ledger guest", () => {
  it("comes with the facts of its program", () => {
    expect(readProgramFacts("ledger")).to.deep.equal(factsOf(programOf(readGuestProgram("ledger"))));
  });

  it("ends with the same output in V8 and the reference, and steps all over it are proved", function () {
    this.timeout(120_000);
    const program = programOf(readGuestProgram("ledger"));
    const { inputHash, preimages } = ledgerRun(3, 4);
    const oracle: Oracle = { preimage: (hash) => preimages.get(toHex(hash)) };
    const { imports, output } = hostImports(oracle, inputHash, (hash, preimage) =>
      preimages.set(toHex(hash), preimage),
    );
    const v8 = v8Engine(program.wasm, imports);
    for (const name of ["_start", "run"]) expect(v8.invoke(name, []), name).to.deep.equal([]);

    const [receipts] = v8.invoke("receipts", []);
    const statuses = Array.from({ length: 7 }, (_, i) => v8.snapshot().memory[Number(receipts) + 72 * i + 1]);
    expect(statuses, "all succeed").to.deep.equal(new Array(7).fill(1));

    const machine = createMachine(program, inputHash, oracle);
    // Steps are proved all over the code.
    const seen = new Set<number>();
    const isNew = (): boolean => {
      const { pc } = machine.registers;
      const isFirst = !seen.has(pc);
      seen.add(pc);
      return isFirst && pc % 8 === 0;
    };
    provenRun(machine, isNew, 100_000_000);
    expect(stateOf(machine)).to.deep.equal(haltedState(output()));
    console.log(
      `      ${program.code.length} instructions, ${machine.steps} steps, ${seen.size} of them at another pc`,
    );
  });
});
