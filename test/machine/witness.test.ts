import { expect } from "chai";
import { computeAddress, getBytes, hexlify, id, SigningKey, sha256 as sha256Of, zeroPadValue } from "ethers";

import { concat, word } from "../../plugin/machine/bytes.js";
import { WitnessMalformedError } from "../../plugin/machine/errors.js";
import type { Oracle } from "../../plugin/machine/hostCalls.js";
import { keccak256 } from "../../plugin/machine/hostCalls.js";
import type { Instruction } from "../../plugin/machine/isa.js";
import {
  CODE_DEPTH,
  encodeInstruction,
  END_SLOT,
  FRAMES_SLOT,
  GLOBALS_SLOT,
  Host,
  instruction,
  MAX_CODE,
  MEMORY_DEPTH,
  Op,
  TABLE_SLOT,
} from "../../plugin/machine/isa.js";
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

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

interface Scene {
  instruction: Instruction;
  memory?: (memory: MerkleMemory) => void;
  state?: Partial<MachineState>;
  oracle?: Oracle;
}

/** A machine in the middle of a run, about to execute one instruction at pc 5. */
function setScene({ instruction: next, memory: prepare, state = {}, oracle = NO_ORACLE }: Scene) {
  const code = new MerkleMemory(CODE_DEPTH);
  code.write(5 * 32, encodeInstruction(next));
  code.write(9 * 32, encodeInstruction(instruction(Op.HALT)));
  const memory = new MerkleMemory(MEMORY_DEPTH);
  for (let slot = 0; slot < 16; slot++) memory.writeWord(8 * (FRAMES_SLOT + slot), BigInt(slot) * 0x0101010101010101n);
  memory.write(0, getBytes(`0x${"c0ffee".repeat(3000)}`));
  prepare?.(memory);
  const before: MachineState = {
    status: Status.RUNNING,
    pc: 5,
    fp: FRAMES_SLOT,
    pages: 1,
    memoryRoot: memory.root(),
    inputHash: keccak256(Uint8Array.of(1)),
    outputHash: keccak256(Uint8Array.of(2)),
    ...state,
  };
  const { witness, next: after } = makeWitness(before, code, memory, oracle);
  return { before, after, witness, code, memory };
}

function check({ before, witness, code }: ReturnType<typeof setScene>, changed = witness): Uint8Array {
  return checkWitness(code.root(), hashState(before), changed);
}

const slotSet =
  (values: Record<number, bigint>) =>
  (memory: MerkleMemory): void => {
    for (const [slot, value] of Object.entries(values)) memory.writeWord(8 * (FRAMES_SLOT + Number(slot)), value);
  };

const SIGNER = new SigningKey(id("signer"));
const SIGNED = id("message");
const SIGNATURE = SIGNER.sign(SIGNED);
const PREIMAGE = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
const oracle: Oracle = { preimage: (hash) => (hex(hash) === hex(keccak256(PREIMAGE)) ? PREIMAGE : undefined) };
const host = (fn: number): Instruction => instruction(Op.HOST, { fn, d: 2, a: 0, b: 1 });
const page =
  (bytes: Uint8Array, second = 0n) =>
  (memory: MerkleMemory): void => {
    slotSet({ 0: 4096n, 1: second })(memory);
    memory.write(4096, bytes);
  };

const SCENES: Record<string, Scene> = {
  TRAP: { instruction: instruction(Op.TRAP) },
  HALT: { instruction: instruction(Op.HALT) },
  "unknown operation": { instruction: instruction(0x15) },
  CONST: { instruction: instruction(Op.CONST, { d: 9, imm: 0xffffffffffffffffn }) },
  MOV: { instruction: instruction(Op.MOV, { d: 2, a: 9 }) },
  GLOBAL_GET: { instruction: instruction(Op.GLOBAL_GET, { d: 2, imm: 3n }) },
  GLOBAL_SET: { instruction: instruction(Op.GLOBAL_SET, { a: 2, imm: 3n }) },
  SELECT: { instruction: instruction(Op.SELECT, { d: 1, a: 5, b: 9, c: 13 }) },
  "ALU64 add": { instruction: instruction(Op.ALU64, { fn: 14, d: 3, a: 4, b: 8 }) },
  "ALU32 clz": { instruction: instruction(Op.ALU32, { fn: 11, d: 3, a: 4 }) },
  "ALU32 div_s by zero": { instruction: instruction(Op.ALU32, { fn: 17, d: 3, a: 4, b: 0 }) },
  "ALU64 unknown function": { instruction: instruction(Op.ALU64, { fn: 32, d: 3, a: 4, b: 0 }) },
  "LOAD aligned": { instruction: instruction(Op.LOAD, { fn: 3, d: 1, a: 0, imm: 64n }) },
  "LOAD crossing": { instruction: instruction(Op.LOAD, { fn: 3, d: 1, a: 0, imm: 61n }) },
  "LOAD signed": { instruction: instruction(Op.LOAD, { fn: 12, d: 1, a: 0, imm: 61n }) },
  "LOAD out of range": { instruction: instruction(Op.LOAD, { fn: 3, d: 1, a: 0, imm: 65_529n }) },
  "STORE aligned": { instruction: instruction(Op.STORE, { fn: 3, a: 0, b: 7, imm: 128n }) },
  "STORE crossing": { instruction: instruction(Op.STORE, { fn: 3, a: 0, b: 7, imm: 125n }) },
  "STORE out of range": { instruction: instruction(Op.STORE, { fn: 0, a: 0, b: 7, imm: 65_536n }) },
  PAGES: { instruction: instruction(Op.PAGES, { d: 1 }) },
  "GROW possible": { instruction: instruction(Op.GROW, { d: 1, a: 2, imm: 4n }), memory: slotSet({ 2: 3n }) },
  "GROW impossible": { instruction: instruction(Op.GROW, { d: 1, a: 2, imm: 3n }), memory: slotSet({ 2: 3n }) },
  JMP: { instruction: instruction(Op.JMP, { imm: 9n }) },
  "JMP out of range": { instruction: instruction(Op.JMP, { imm: 1n << 20n }) },
  "BRNZ taken": { instruction: instruction(Op.BRNZ, { a: 1, imm: 9n }) },
  "BRNZ not taken": { instruction: instruction(Op.BRNZ, { a: 0, imm: 9n }) },
  "BRZ taken": { instruction: instruction(Op.BRZ, { a: 0, imm: 9n }) },
  BRT: { instruction: instruction(Op.BRT, { a: 1, imm: 3n }) },
  CALL: { instruction: instruction(Op.CALL, { d: 20, a: 3, imm: 9n }) },
  "CALL beyond the frames": {
    instruction: instruction(Op.CALL, { d: 0xffffffff, a: 3, imm: 9n }),
  },
  CALLI: {
    instruction: instruction(Op.CALLI, { d: 20, a: 3, b: 2, imm: (7n << 32n) | 6n }),
    memory: (memory) => {
      slotSet({ 2: 5n })(memory);
      memory.writeWord(8 * (TABLE_SLOT + 5), (7n << 32n) | 9n);
    },
  },
  "CALLI of another type": {
    instruction: instruction(Op.CALLI, { d: 20, a: 3, b: 2, imm: (8n << 32n) | 6n }),
    memory: (memory) => {
      slotSet({ 2: 5n })(memory);
      memory.writeWord(8 * (TABLE_SLOT + 5), (7n << 32n) | 9n);
    },
  },
  "CALLI beyond the table": { instruction: instruction(Op.CALLI, { d: 20, a: 3, b: 1, imm: 6n }) },
  RET: {
    instruction: instruction(Op.RET, { a: 1 }),
    memory: slotSet({ 1: (4n << 32n) | 9n }),
  },
  "RET below zero": { instruction: instruction(Op.RET, { a: 1 }), memory: slotSet({ 1: 0xffffffff00000009n }) },
  "slot beyond memory": { instruction: instruction(Op.MOV, { d: 0, a: 0xffffffff }) },
  "slot in linear memory": { instruction: instruction(Op.CONST, { d: 0 }), state: { fp: GLOBALS_SLOT - 1 } },
  "last instruction": {
    instruction: instruction(Op.TRAP),
    state: { pc: MAX_CODE - 1, fp: END_SLOT - 1 },
  },
  "HOST input": { instruction: host(Host.input), memory: page(new Uint8Array(64).fill(3)) },
  "HOST output": { instruction: host(Host.output), memory: page(new Uint8Array(64).fill(3)) },
  "HOST keccak256 of nothing": { instruction: host(Host.keccak256), memory: page(new Uint8Array()) },
  "HOST keccak256 of 136 bytes": { instruction: host(Host.keccak256), memory: page(new Uint8Array(136).fill(3), 136n) },
  "HOST keccak256 of a page": { instruction: host(Host.keccak256), memory: page(PREIMAGE.slice(0, 4096), 4096n) },
  "HOST keccak256 of more": { instruction: host(Host.keccak256), memory: page(PREIMAGE, 4097n) },
  "HOST sha256 of 33 bytes": { instruction: host(Host.sha256), memory: page(new Uint8Array(33).fill(3), 33n) },
  "HOST ecrecover": {
    instruction: host(Host.ecrecover),
    memory: page(concat([getBytes(SIGNED), word(BigInt(SIGNATURE.v)), getBytes(SIGNATURE.r), getBytes(SIGNATURE.s)])),
  },
  "HOST ecrecover of nonsense": { instruction: host(Host.ecrecover), memory: page(new Uint8Array(128).fill(255)) },
  "HOST preimage": { instruction: host(Host.preimage), memory: page(keccak256(PREIMAGE), 4096n), oracle },
  "HOST preimage beyond its end": {
    instruction: host(Host.preimage),
    memory: page(keccak256(PREIMAGE), 5000n),
    oracle,
  },
  "HOST page not aligned": { instruction: host(Host.input), memory: slotSet({ 0: 32n }) },
  "HOST page beyond memory": { instruction: host(Host.input), memory: slotSet({ 0: 65_536n }) },
  "HOST unknown": { instruction: host(7) },
};

const TRAPS =
  /TRAP|unknown|by zero|out of range|beyond (the|memory)|another type|below zero|slot|last|of more|not aligned/;

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
