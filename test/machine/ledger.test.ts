import { expect } from "chai";

import { toHex } from "../../plugin/ledger/bytes.js";
import { readGuestProgram, readProgramFacts } from "../../plugin/machine/artifacts.js";
import { factsOf } from "../../plugin/machine/facts.js";
import type { Oracle } from "../../plugin/machine/hostCalls.js";
import { createMachine, stateOf } from "../../plugin/machine/machine.js";
import { programOf } from "../../plugin/machine/program.js";
import { haltedState } from "../../plugin/machine/state.js";
import { createTrace } from "../../plugin/machine/trace.js";
import { checkWitness } from "../../plugin/machine/witness.js";
import { v8Engine } from "./support/engines.js";
import { hostImports } from "./support/host.js";
import { ledgerRun } from "./support/ledger.js";
import { hashOf, provenRun } from "./support/proofs.js";

describe("the ledger guest", () => {
  it("comes with the facts of its program", () => {
    expect(readProgramFacts("ledger")).to.deep.equal(factsOf(programOf(readGuestProgram("ledger"))));
  });

  it("ends with the same output in V8, reference and interpreter, and steps all over it are proved", async function () {
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
    const hashes = new Map<number, string>();
    const isNew = (): boolean => {
      const { pc } = machine.registers;
      const isFirst = !seen.has(pc);
      seen.add(pc);
      const isChosen = isFirst && pc % 8 === 0;
      if (isChosen) hashes.set(machine.steps, hashOf(machine));
      return isChosen;
    };
    provenRun(machine, isNew, 100_000_000);
    expect(stateOf(machine)).to.deep.equal(haltedState(output()));

    const trace = await createTrace(program, inputHash, oracle);
    expect(trace.length).to.equal(machine.steps);
    expect(await trace.stateAt(trace.length)).to.deep.equal(haltedState(output()));
    const steps = [...hashes.keys()];
    const found = await trace.hashesAt(steps);
    expect(found.map((hash) => Buffer.from(hash).toString("hex"))).to.deep.equal([...hashes.values()]);
    // Backwards every step begins at a snapshot.
    for (const step of steps.filter((_, i) => i % 16 === 0).reverse()) {
      const witness = await trace.witnessAt(step);
      const before = Buffer.from(hashes.get(step) ?? "", "hex");
      expect(checkWitness(program.codeRoot, before, witness)).to.deep.equal(await trace.stateHashAt(step + 1));
    }
    console.log(
      `      ${program.code.length} instructions, ${machine.steps} steps, ${seen.size} of them at another pc`,
    );
  });
});
