import { setImmediate } from "node:timers/promises";

import { ExecutorFaultError } from "./errors.js";
import type { Oracle } from "./hostCalls.js";
import type { Interpreter, Snapshot } from "./interpreter.js";
import { createInterpreter } from "./interpreter.js";
import { stateOf } from "./machine.js";
import type { Program } from "./program.js";
import type { MachineState } from "./state.js";
import { hashState, Status } from "./state.js";
import { makeWitness } from "./witness.js";

/** Steps of the greatest segment that a dispute can be about. */
const MOST_STEPS = 2 ** 40;
/** Steps between snapshots at first. Twice as many whenever there are too many snapshots. */
const FIRST_INTERVAL = 2 ** 20;
const MOST_SNAPSHOTS = 64;
/** Pages of 4 KiB that all snapshots may hold: 512 MiB. */
const MOST_PAGES = 2 ** 17;
/** Milliseconds after which a run lets the event loop go on. */
const TURN = 20;
/** Steps of the first turn; the engine's code may still be the slow one. */
const FIRST_TURN = 2 ** 16;

/** The states of a whole run: number 0 is the start, `length` the first in which the machine has stopped; that one repeats forever. */
export interface Trace {
  readonly program: Program;
  /** Steps until the machine stopped. */
  readonly length: number;
  stateAt(step: number, signal?: AbortSignal): Promise<MachineState>;
  stateHashAt(step: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** State hashes at ascending steps, in one pass. */
  hashesAt(steps: readonly number[], signal?: AbortSignal): Promise<Uint8Array[]>;
  /** The one-step witness that leads from the state at `step` to the next (docs/machine.md §6). */
  witnessAt(step: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/**
 * Runs a program to its end and keeps snapshots on the way, so that what is asked later costs a small part of the run.
 * Calls may overlap; they are served one after the other.
 * @throws ExecutorFaultError when a preimage or blob is not known, or the machine does not stop.
 */
export async function createTrace(
  program: Program,
  inputHash: Uint8Array,
  oracle: Oracle,
  { signal, maxSteps = MOST_STEPS }: { signal?: AbortSignal; maxSteps?: number } = {},
): Promise<Trace> {
  const machine = createInterpreter(program, inputHash, oracle);
  let snapshots = [machine.snapshot()];
  for (let interval = FIRST_INTERVAL; (await advance(machine, machine.steps + interval, signal)) === Status.RUNNING;) {
    if (machine.steps >= maxSteps) throw new ExecutorFaultError(`the machine did not stop within ${maxSteps} steps`);
    snapshots.push(machine.snapshot());
    if (isTooMuch(snapshots)) {
      snapshots = snapshots.filter((_, i) => i % 2 === 0);
      interval *= 2;
    }
  }
  const length = machine.steps;

  const goTo = async (step: number, signal?: AbortSignal): Promise<void> => {
    const target = Math.min(step, length);
    const nearest = snapshots.findLast(({ steps }) => steps <= target);
    if (nearest !== undefined && (machine.steps > target || machine.steps < nearest.steps)) machine.restore(nearest);
    await advance(machine, target, signal);
    while (machine.hashSome()) {
      signal?.throwIfAborted();
      await setImmediate();
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task, task);
    last = result;
    return result;
  };

  const trace: Trace = {
    program,
    length,
    stateAt: (step, signal) =>
      inTurn(async () => {
        await goTo(step, signal);
        return stateOf(machine);
      }),
    stateHashAt: async (step, signal) => hashState(await trace.stateAt(step, signal)),
    hashesAt: (steps, signal) =>
      inTurn(async () => {
        const hashes: Uint8Array[] = [];
        for (const step of steps) {
          await goTo(step, signal);
          hashes.push(hashState(stateOf(machine)));
        }
        return hashes;
      }),
    witnessAt: (step, signal) =>
      inTurn(async () => {
        await goTo(step, signal);
        return makeWitness(stateOf(machine), program.codeTree, machine.memory, machine.oracle).witness;
      }),
  };
  return trace;
}

/** Executes until `toStep`, in turns of some milliseconds. */
async function advance(machine: Interpreter, toStep: number, signal?: AbortSignal): Promise<Status> {
  let turn = FIRST_TURN;
  while (machine.registers.status === Status.RUNNING && machine.steps < toStep) {
    signal?.throwIfAborted();
    const started = performance.now();
    machine.run(Math.min(toStep, machine.steps + turn));
    if (performance.now() - started < TURN / 2) turn *= 2;
    else await setImmediate();
  }
  return machine.registers.status;
}

/** Whether snapshots are too many, or their pages. */
function isTooMuch(snapshots: readonly Snapshot[]): boolean {
  if (snapshots.length <= 2) return false;
  let pages = 0;
  snapshots.forEach((snapshot, i) => (pages += ownPages(snapshot, snapshots[i - 1])));
  return snapshots.length > MOST_SNAPSHOTS || pages > MOST_PAGES;
}

/** Pages that a snapshot does not share with the one before it. */
function ownPages({ groups }: Snapshot, previous: Snapshot | undefined): number {
  let count = 0;
  groups.forEach((group, at) => {
    const before = previous?.groups[at];
    if (group === undefined || group === before) return;
    group.forEach((page, i) => {
      if (page !== undefined && page !== before?.[i]) count++;
    });
  });
  return count;
}
