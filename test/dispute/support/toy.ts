import type { DisputedBatch, StateTrace } from "../../../plugin/dispute/types.js";
import { abiWords, fromHex, toHex } from "../../../plugin/ledger/bytes.js";
import { keccak256 } from "../../../plugin/machine/keccak.js";
import type { Hex } from "../../../plugin/types.js";

/** A machine whose states are only numbered: state `i` is a hash of `i`. contracts/mocks/MockOneStepVerifier.sol executes it on L1. */
export interface ToyRun {
  start: Hex;
  /** Steps until it halts. */
  length: number;
  /** The state in which it halts. */
  end: Hex;
}

/** State after `step` instructions. World 0 is the run; the others are states that no run from `start` reaches. */
export function toyState({ start, length, end }: ToyRun, step: number, world = 0n): Hex {
  if (world === 0n && step === 0) return start;
  if (world === 0n && step >= length) return end;
  return toHex(keccak256(abiWords(start, world, BigInt(step))));
}

export function toyWitness({ start }: ToyRun, step: number, world = 0n): Uint8Array {
  return abiWords(start, world, BigInt(step));
}

/** The trace of a toy run; counts what it was asked. */
export function toyTrace(run: ToyRun): StateTrace & { asked: number } {
  const trace = {
    asked: 0,
    hashesAt(steps: readonly number[]) {
      trace.asked += steps.length;
      return Promise.resolve(steps.map((step) => fromHex(toyState(run, step), 32)));
    },
    witnessAt: (step: number) => Promise.resolve(toyWitness(run, step)),
  };
  return trace;
}

export function hashOf(...words: (Hex | bigint)[]): Hex {
  return toHex(keccak256(abiWords(...words)));
}

/** A run, and a batch that states its end, or another one. */
export function toyBatch({ isTrue, length }: { isTrue: boolean; length: number }): {
  run: ToyRun;
  batch: DisputedBatch;
} {
  const run = { start: hashOf(1n), end: hashOf(2n), length };
  const end = isTrue ? run.end : hashOf(3n);
  return { run, batch: { headerHash: hashOf(4n), finalizesAt: 1_000n, start: run.start, end } };
}
