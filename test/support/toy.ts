/** A rollup whose program is some thirty instructions: every batch moves to one known state root, by one L2 block. */
import { getBytes, hexlify, id, keccak256 } from "ethers";

import { inputWords, type InputCommitment } from "../../plugin/ledger/hashes.js";
import { createMachine, type Machine, run, stateOf } from "../../plugin/machine/machine.js";
import { buildProgram, type Program } from "../../plugin/machine/program.js";
import { hashState, Status } from "../../plugin/machine/state.js";
import { makeWitness } from "../../plugin/machine/witness.js";
import type { Hex } from "../../plugin/types.js";
import { wat } from "../machine/support/modules.js";

/** The state root that every true batch has. */
export const TOY_STATE_ROOT = id("the toy's only state") as Hex;

const text = (hex: string): string => hexlify(hex).slice(2).replaceAll(/../g, "\\$&");

/** Reads l2BlockFrom out of its input, and hashes (OUTPUT_DOMAIN, state root, no withdrawals, l2BlockFrom + 1). */
const SOURCE = `
  (import "host" "input" (func $input (param i32)))
  (import "host" "output" (func $output (param i32)))
  (import "host" "keccak256" (func $keccak (param i32 i32)))
  (import "host" "preimage" (func $preimage (param i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 4096) "${text(id("hardhat-rollup.output.v1"))}${text(TOY_STATE_ROOT)}")
  (func (export "run")
    (call $input (i32.const 0))
    (drop (call $preimage (i32.const 0) (i32.const 0)))
    (i32.store8 offset=4223 (i32.const 0) (i32.add (i32.load8_u offset=255 (i32.const 0)) (i32.const 1)))
    (call $keccak (i32.const 4096) (i32.const 128))
    (call $output (i32.const 4096)))`;

/** The toy as the machine executes it. */
export function toyProgram(): Program {
  return buildProgram(wat(SOURCE));
}

/** What a run of the toy goes through. */
export interface ToyRun {
  /** Instructions until it halts. */
  steps: bigint;
  /** Hash of the state after `count` instructions. */
  stateAt: (count: bigint) => Hex;
  /** Witness of the instruction after `count` instructions. */
  witnessAt: (count: bigint) => Uint8Array;
}

/** Runs the toy on the input of a batch. */
export function runToy(program: Program, input: InputCommitment): ToyRun {
  const words = inputWords(input);
  const inputHash = getBytes(keccak256(words));
  const create = (): Machine =>
    createMachine(program, inputHash, {
      preimage: (hash) => (Buffer.compare(hash, inputHash) === 0 ? words : undefined),
    });

  const machine = create();
  const states: Hex[] = [];
  const keep = (): void => void states.push(hexlify(hashState(stateOf(machine))) as Hex);
  for (keep(); machine.registers.status === Status.RUNNING; keep()) run(machine, machine.steps + 1);
  const steps = BigInt(machine.steps);
  const stateAt = (count: bigint): Hex => {
    const state = states[Number(count < steps ? count : steps)];
    if (state === undefined) throw new Error(`no state after ${count} instructions`);
    return state;
  };
  return {
    steps,
    stateAt,
    witnessAt: (count) => {
      const at = create();
      run(at, Number(count < steps ? count : steps));
      return makeWitness(stateOf(at), program.codeTree, at.memory, at.oracle).witness;
    },
  };
}
