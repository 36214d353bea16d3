import { expect } from "chai";

import type { Machine } from "../../../plugin/machine/machine.js";
import { run, stateOf, step } from "../../../plugin/machine/machine.js";
import { hashState, Status } from "../../../plugin/machine/state.js";
import { checkWitness, makeWitness } from "../../../plugin/machine/witness.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Takes one step and proves it: the witness is accepted and leads to the state that the machine reaches. */
export function provenStep(machine: Machine): Uint8Array {
  const { program, memory, oracle } = machine;
  const before = stateOf(machine);
  const { witness, next } = makeWitness(before, program.codeTree, memory, oracle);
  step(machine);
  const after = hex(hashState(stateOf(machine)));
  expect(hex(hashState(next)), `pc ${before.pc}: state of the witness`).to.equal(after);
  const proven = checkWitness(program.codeRoot, hashState(before), witness);
  expect(hex(proven), `pc ${before.pc}: state of the check`).to.equal(after);
  return witness;
}

/** Runs a machine to its end, but at most `limit` steps, and proves those that `isChosen`. */
export function provenRun(machine: Machine, isChosen: (step: number) => boolean, limit = 100_000): void {
  const end = machine.steps + limit;
  while (machine.registers.status === Status.RUNNING && machine.steps < end) {
    if (isChosen(machine.steps)) provenStep(machine);
    else run(machine, machine.steps + 1);
  }
  expect(machine.registers.status, "the machine stopped").not.to.equal(Status.RUNNING);
}
