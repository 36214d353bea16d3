import { expect } from "chai";
import { computeAddress, hexlify, sha256 as sha256Of, zeroPadValue } from "ethers";

import { concat } from "../../plugin/machine/bytes.js";
import { WitnessMalformedError } from "../../plugin/machine/errors.js";
import { keccak256 } from "../../plugin/machine/hostCalls.js";
import type { Instruction } from "../../plugin/machine/isa.js";
import { END_SLOT, FRAMES_SLOT, instruction, MAX_CODE, Op } from "../../plugin/machine/isa.js";
import { createMachine, stateOf } from "../../plugin/machine/machine.js";
import { MerkleMemory } from "../../plugin/machine/merkleMemory.js";
import { buildProgram } from "../../plugin/machine/program.js";
import type { MachineState } from "../../plugin/machine/state.js";
import { hashState, Status, TRAPPED_STATE } from "../../plugin/machine/state.js";
import { checkWitness, makeWitness } from "../../plugin/machine/witness.js";
import { NO_ORACLE } from "./support/engines.js";
import { wat } from "./support/modules.js";
import { provenRun } from "./support/proofs.js";
import { createRandom } from "./support/random.js";
import type { Scene } from "./support/scenes.js";
import { oracle, PREIMAGE, SCENES, setScene, SIGNER, TRAPS } from "./support/scenes.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function check({ before, witness, code }: ReturnType<typeof setScene>, changed = witness): Uint8Array {
  return checkWitness(code.root(), hashState(before), changed);
}

describe("one-step witness", () => {
  for (const [name, scene] of Object.entries(SCENES)) {
    it(`${name}: leads where the machine goes, and nothing else can be proved with it`, () => {
      const set = setScene(scene);
      const expected = hex(hashState(set.after));
      expect(hex(check(set))).to.equal(expected);
      expect(set.after.status === Status.TRAPPED, "traps").to.equal(TRAPS.test(name));

      const random = createRandom(name.length);
      for (let at = 0; at < set.witness.length; at += at < 160 ? 1 : 1 + random.below(24)) {
        const changed = set.witness.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
        let result: string | undefined;
        try {
          result = hex(check(set, changed));
        } catch (error) {
          if (!(error instanceof WitnessMalformedError)) throw error;
        }
        expect(result, `byte ${at} changed`).not.to.equal(expected);
      }
      for (const length of [0, 64, 127, set.witness.length - 32, set.witness.length - 1]) {
        expect(() => check(set, set.witness.subarray(0, Math.max(length, 0)))).to.throw(WitnessMalformedError);
      }
      expect(() => check(set, concat([set.witness, new Uint8Array(1)]))).to.throw(WitnessMalformedError);
    });
  }

  it("of another program or another state is rejected", () => {
    const set = setScene(SCENES["ALU64 add"] as Scene);
    expect(() => checkWitness(keccak256(Uint8Array.of(1)), hashState(set.before), set.witness)).to.throw(
      /not in the program/,
    );
    const later = { ...set.before, memoryRoot: set.memory.node(23, 1) };
    const { witness } = makeWitness(later, set.code, set.memory, NO_ORACLE);
    expect(() => checkWitness(set.code.root(), hashState(set.before), witness)).to.throw(/the state is another/);
    expect(() => checkWitness(set.code.root(), hashState(later), witness)).to.throw(/the memory is another/);
  });

  it("of a state that no machine has is rejected", () => {
    for (const state of [{ pc: MAX_CODE }, { fp: END_SLOT }, { pages: 4097 }, { status: 3 as Status }]) {
      const before = { ...TRAPPED_STATE, status: Status.RUNNING, ...state };
      const { witness } = setScene({ instruction: instruction(Op.TRAP) });
      const header = makeWitness(
        { ...before, status: Status.HALTED },
        new MerkleMemory(1),
        new MerkleMemory(1),
        NO_ORACLE,
      );
      header.witness[19] = before.status;
      const forged = concat([header.witness, witness.subarray(128)]);
      expect(() => checkWitness(keccak256(witness), hashState(before), forged)).to.throw(/no machine has such a state/);
    }
  });

  it("of a stopped machine is its state alone, and leads nowhere", () => {
    for (const state of [
      TRAPPED_STATE,
      { ...TRAPPED_STATE, status: Status.HALTED, outputHash: keccak256(Uint8Array.of(3)) },
    ]) {
      const { witness } = makeWitness(state, new MerkleMemory(1), new MerkleMemory(1), NO_ORACLE);
      expect(witness.length).to.equal(128);
      expect(checkWitness(new Uint8Array(32), hashState(state), witness)).to.deep.equal(hashState(state));
    }
  });
});

describe("host calls", () => {
  const afterHost = (name: string): { memory: MerkleMemory; after: MachineState } => {
    const set = setScene(SCENES[name] as Scene);
    const { memory, before, after, code } = set;
    const machine = createMachine(buildProgram(wat(`(func (export "run"))`)), before.inputHash, oracle);
    const target = { ...machine, program: { ...machine.program, codeTree: code, code: [] as Instruction[] } };
    target.program.code[before.pc] = (SCENES[name] as Scene).instruction;
    target.program.code[6] = instruction(Op.HALT);
    Object.assign(target.registers, before);
    for (let slot = 0; slot < 16; slot++) {
      target.memory.writeWord(8 * (FRAMES_SLOT + slot), memory.readWord(8 * (FRAMES_SLOT + slot)));
    }
    target.memory.write(0, memory.read(0, 65_536));
    provenRun({ ...target, program: { ...target.program, codeRoot: code.root() } }, (step) => step < 0);
    return { memory: target.memory, after };
  };

  it("input writes the input hash, output takes the output hash", () => {
    expect(afterHost("HOST input").memory.read(4096, 64)).to.deep.equal(
      concat([keccak256(Uint8Array.of(1)), new Uint8Array(32).fill(3)]),
    );
    expect(afterHost("HOST output").after.outputHash).to.deep.equal(new Uint8Array(32).fill(3));
  });

  it("hashes are those of the precompiles", () => {
    const sha = afterHost("HOST sha256 of 33 bytes").memory.read(4096, 33);
    expect(hexlify(sha.subarray(0, 32))).to.equal(sha256Of(new Uint8Array(33).fill(3)));
    expect(sha[32]).to.equal(3);
    const empty = afterHost("HOST keccak256 of nothing").memory.read(4096, 32);
    expect(hex(empty)).to.equal("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  });

  it("ecrecover finds the signer, and zero where there is none", () => {
    const found = afterHost("HOST ecrecover").memory.read(4096, 32);
    expect(hexlify(found)).to.equal(zeroPadValue(computeAddress(SIGNER.publicKey).toLowerCase(), 32));
    expect(afterHost("HOST ecrecover of nonsense").memory.read(4096, 33)).to.deep.equal(
      concat([new Uint8Array(32), Uint8Array.of(255)]),
    );
  });

  it("preimage fills the page with zeros after its end, and returns the whole length", () => {
    const { memory } = afterHost("HOST preimage");
    expect(memory.read(4096, 4096)).to.deep.equal(concat([PREIMAGE.slice(4096), new Uint8Array(4096 - 904)]));
    expect(memory.readWord(8 * (FRAMES_SLOT + 2))).to.equal(5000n);
    expect(afterHost("HOST preimage beyond its end").memory.read(4096, 4096)).to.deep.equal(new Uint8Array(4096));
  });
});

describe("a whole run", () => {
  it("has a proof for every step", () => {
    const guest = wat(`
      (import "host" "input" (func $input (param i32)))
      (import "host" "output" (func $output (param i32)))
      (import "host" "keccak256" (func $keccak (param i32 i32)))
      (memory 1) (table 2 funcref) (elem (i32.const 0) $next $next)
      (type $binary (func (param i32) (result i32)))
      (func $next (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
      (func (export "run") (local $i i32)
        (call $input (i32.const 0))
        (local.set $i (i32.const 3))
        (loop
          (call $keccak (i32.const 0) (i32.const 40))
          (i64.store offset=29 (i32.const 0) (i64.load offset=3 (i32.const 0)))
          (local.tee $i (call_indirect (type $binary) (local.get $i) (i32.and (local.get $i) (i32.const 1))))
          (br_if 0))
        (call $output (i32.const 0)))`);
    const machine = createMachine(buildProgram(guest), keccak256(Uint8Array.of(9)), NO_ORACLE);
    provenRun(machine, () => true);
    expect(stateOf(machine).status).to.equal(Status.HALTED);
    expect(machine.steps).to.be.greaterThan(80);
  });
});
