import { expect } from "chai";

import type { Machine } from "../../../plugin/machine/machine.js";
import { run, stateOf, step } from "../../../plugin/machine/machine.js";
import { hashState, Status } from "../../../plugin/machine/state.js";
import { checkWitness, makeWitness } from "../../../plugin/machine/witness.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Executes until a machine stops or took `toStep` steps in all. */
type Execute<M extends Machine> = (machine: M, toStep: number) => unknown;

/** Takes one step and proves it: the witness is accepted and leads to the state that the machine reaches. */
export function provenStep<M extends Machine>(machine: M, execute: Execute<M> = run): Uint8Array {
  const { program, memory, oracle } = machine;
  const before = stateOf(machine);
  const { witness, next } = makeWitness(before, program.codeTree, memory, oracle);
  execute(machine, machine.steps + 1);
  const after = hex(hashState(stateOf(machine)));
  expect(hex(hashState(next)), `pc ${before.pc}: state of the witness`).to.equal(after);
  const proven = checkWitness(program.codeRoot, hashState(before), witness);
  expect(hex(proven), `pc ${before.pc}: state of the check`).to.equal(after);
  return witness;
}

/** Hash of the state that a machine is in. */
export function hashOf(machine: Machine): string {
  return hex(hashState(stateOf(machine)));
}

/** Runs a machine to its end; state hashes by step, where it is chosen, and at the end. */
export function sampledRun(machine: Machine, isChosen: () => boolean, limit = 100_000): Map<number, string> {
  const samples = new Map<number, string>();
  const end = machine.steps + limit;
  while (machine.registers.status === Status.RUNNING && machine.steps < end) {
    if (isChosen()) samples.set(machine.steps, hashOf(machine));
    step(machine);
  }
  expect(machine.registers.status, "the machine stopped").not.to.equal(Status.RUNNING);
  return samples.set(machine.steps, hashOf(machine));
}

/** Runs a machine to its end, but at most `limit` steps, and proves those that `isChosen`. */
export function provenRun<M extends Machine>(
  machine: M,
  isChosen: (step: number) => boolean,
  limit = 100_000,
  execute: Execute<M> = run,
): void {
  const end = machine.steps + limit;
  while (machine.registers.status === Status.RUNNING && machine.steps < end) {
    if (isChosen(machine.steps)) provenStep(machine, execute);
    else execute(machine, machine.steps + 1);
  }
  expect(machine.registers.status, "the machine stopped").not.to.equal(Status.RUNNING);
}
