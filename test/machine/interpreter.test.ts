import { expect } from "chai";

import { ExecutorFaultError } from "../../plugin/machine/errors.js";
import { keccak256 } from "../../plugin/machine/hostCalls.js";
import { createInterpreter } from "../../plugin/machine/interpreter.js";
import type { Instruction } from "../../plugin/machine/isa.js";
import {
  CODE_DEPTH,
  encodeInstruction,
  END_SLOT,
  FRAMES_SLOT,
  GLOBALS_SLOT,
  instruction,
  MAX_CODE,
  Op,
  TABLE_SLOT,
} from "../../plugin/machine/isa.js";
import { createMachine, run, stateOf, step } from "../../plugin/machine/machine.js";
import { MerkleMemory } from "../../plugin/machine/merkleMemory.js";
import type { Program } from "../../plugin/machine/program.js";
import { buildProgram } from "../../plugin/machine/program.js";
import { hashState, Status, TRAPPED_STATE } from "../../plugin/machine/state.js";
import { createTrace } from "../../plugin/machine/trace.js";
import { checkWitness, makeWitness } from "../../plugin/machine/witness.js";
import { NO_ORACLE } from "./support/engines.js";
import { wat } from "./support/modules.js";
import { hashOf, provenRun } from "./support/proofs.js";
import type { Random } from "./support/random.js";
import { createRandom } from "./support/random.js";
import { SCENES, setScene } from "./support/scenes.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const INPUT = keccak256(Uint8Array.of(1));
const EMPTY = buildProgram(wat(`(memory 1) (func (export "run"))`));

/** Writes and rewrites 64 pages of memory, in frames as deep as a counter says. */
const WRITER = buildProgram(
  wat(`
    (import "host" "input" (func $input (param i32)))
    (import "host" "keccak256" (func $keccak (param i32 i32)))
    (import "host" "output" (func $output (param i32)))
    (memory 4)
    (global $turns (mut i32) (i32.const 20000))
    (func $deep (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.add (i32.const 3) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 1))))
    (func (export "run") (local $at i32)
      (call $input (i32.const 0))
      (loop
        (local.set $at (i32.and (i32.mul (global.get $turns) (i32.const 40503)) (i32.const 0x3fff8)))
        (i64.store (local.get $at) (i64.add (i64.load (local.get $at)) (i64.extend_i32_u (global.get $turns))))
        (if (i32.eqz (i32.and (global.get $turns) (i32.const 255)))
          (then
            (call $keccak (i32.const 0) (i32.const 4096))
            (i32.store (i32.const 32) (call $deep (i32.and (i32.shr_u (global.get $turns) (i32.const 4)) (i32.const 1023))))))
        (global.set $turns (i32.sub (global.get $turns) (i32.const 1)))
        (br_if 0 (global.get $turns)))
      (call $output (i32.const 0)))`),
);

/** A program that consists of these instructions. */
function programOf(code: Instruction[], codeTree = EMPTY.codeTree): Program {
  return { ...EMPTY, code, codeTree, codeRoot: codeTree.root(), image: [] };
}

const NUMBERS = [0n, 1n, 2n, 31n, 64n, 127n, 128n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x8000000000000000n];

/** A slot's content: numbers at the edges, addresses, host pages, with and without something in the high half of an i32. */
function randomValue({ u64, below, pick, chance }: Random): bigint {
  const low = chance(0.3)
    ? u64() % 2n ** 32n
    : chance(0.5)
      ? BigInt(pick([0, 4096, 8192, 4096 - below(9), 131_072 - 8 - below(20)]))
      : pick(NUMBERS);
  return chance(0.3) ? u64() : chance(0.3) ? ((u64() << 32n) % 2n ** 64n) | (low % 2n ** 32n) : low;
}

/** Any instruction, also such as no lowering makes; most of them do not trap. */
function randomInstruction(random: Random, count: number): Instruction {
  const { below, pick, chance } = random;
  const op = chance(0.02)
    ? below(256)
    : chance(0.5)
      ? pick([Op.ALU32, Op.ALU64])
      : chance(0.6)
        ? pick([Op.LOAD, Op.STORE, Op.HOST])
        : 2 + below(19);
  const slot = (): number => (chance(0.005) ? pick([2 ** 16, 2 ** 16 - 1, END_SLOT, 0xffffffff]) : below(24));
  const functions = op === Op.STORE ? 4 : op === Op.LOAD ? 16 : op === Op.HOST ? 6 : 32;
  const isJump = op === Op.JMP || op === Op.BRNZ || op === Op.BRZ || op === Op.CALL;
  const imm =
    op === Op.CONST || chance(0.01)
      ? randomValue(random)
      : isJump
        ? BigInt(below(count + 1))
        : op === Op.LOAD || op === Op.STORE
          ? BigInt(below(100))
          : op === Op.CALLI
            ? 4n
            : BigInt(below(8));
  const fn = chance(0.01) ? below(256) : below(functions);
  return instruction(op, { fn, d: slot(), a: slot(), b: slot(), c: slot(), imm });
}

describe("the interpreter", () => {
  for (const [name, scene] of Object.entries(SCENES)) {
    it(`${name}: does what the witness proves, and makes the same witness`, () => {
      const { before, after, witness, code, memory } = setScene(scene);
      const instructions: Instruction[] = new Array<Instruction>(before.pc + 1).fill(instruction(Op.TRAP));
      instructions[before.pc] = scene.instruction;
      const machine = createInterpreter(programOf(instructions, code), before.inputHash, scene.oracle ?? NO_ORACLE);
      for (const slot of [0, GLOBALS_SLOT, TABLE_SLOT, FRAMES_SLOT]) {
        machine.memory.write(8 * slot, memory.read(8 * slot, slot === 0 ? 65_536 : 1024));
      }
      Object.assign(machine.registers, before);
      expect(hashOf(machine), "before").to.equal(hex(hashState(before)));
      const made = makeWitness(stateOf(machine), code, machine.memory, machine.oracle);
      expect(hex(made.witness)).to.equal(hex(witness));
      machine.run(1);
      expect(machine.steps).to.equal(1);
      expect(hashOf(machine), "after").to.equal(hex(hashState(after)));
    });
  }

  it("goes where lowered code never goes: frames among globals, at the end of memory, slots far away", () => {
    const low = GLOBALS_SLOT + 7;
    const high = END_SLOT - 9;
    const code = [
      instruction(Op.CONST, { d: 1, imm: (BigInt(FRAMES_SLOT - low) << 32n) | 2n }),
      instruction(Op.RET, { a: 1 }),
      instruction(Op.CONST, { d: 3, imm: 77n }),
      instruction(Op.CALL, { d: high - low, a: 0, imm: 4n }),
      instruction(Op.ALU64, { fn: 14, d: 8, a: 0, b: 0 }),
      instruction(Op.JMP, { imm: 6n }),
      instruction(Op.CONST, { d: 4, imm: (BigInt(high - low) << 32n) | 8n }),
      instruction(Op.RET, { a: 4 }),
      instruction(Op.MOV, { d: END_SLOT - low - 1, a: 3 }),
      instruction(Op.MOV, { d: END_SLOT - low, a: 3 }),
    ];
    const codeTree = buildProgram(wat(`(func (export "run"))`)).codeTree;
    code.forEach((item, i) => codeTree.write(32 * i, encodeInstruction(item)));
    const program = programOf(code, codeTree);
    const reference = createMachine(program, INPUT, NO_ORACLE);
    const machine = createInterpreter(program, INPUT, NO_ORACLE);
    for (let steps = 1; steps <= code.length; steps++) {
      run(reference, steps);
      machine.run(steps);
      expect(hashOf(machine), `step ${steps}`).to.equal(hashOf(reference));
    }
    expect(machine.registers.status).to.equal(Status.TRAPPED);
    expect(machine.memory.read(8 * (END_SLOT - 1), 1)).to.deep.equal(Uint8Array.of(77));
  });

  it("executes random instructions on random slots as the reference does", function () {
    this.timeout(600_000);
    const seed = Number(process.env.ROLLUP_TEST_SEED ?? 1);
    const random = createRandom(seed);
    const code = Array.from({ length: 4096 }, () => randomInstruction(random, 4096));
    const codeTree = new MerkleMemory(CODE_DEPTH);
    code.forEach((item, i) => codeTree.write(32 * i, encodeInstruction(item)));
    const program = { ...programOf(code, codeTree), pages: 2 };
    const oracle = { preimage: (hash: Uint8Array) => (hash[0] === 0 ? undefined : Uint8Array.of(1, 2, 3)) };
    const machines = [createInterpreter(program, INPUT, oracle), createMachine(program, INPUT, oracle)] as const;
    const seen = new Set<string>();
    let steps = 0;
    for (let round = 0; round < (process.env.ROLLUP_TEST_LONG === undefined ? 4000 : 100_000); round++) {
      const slots = Array.from({ length: 24 }, () => randomValue(random));
      const pc = random.below(code.length);
      for (const machine of machines) {
        Object.assign(machine.registers, { status: Status.RUNNING, pc, fp: FRAMES_SLOT + 8, pages: 2 });
        slots.forEach((value, i) => machine.access.setSlot(FRAMES_SLOT + i, value));
        machine.access.setSlot(TABLE_SLOT + (round % 4), BigInt(pc));
      }
      const [interpreter, reference] = machines;
      for (let left = 1 + random.below(40); left > 0 && reference.registers.status === Status.RUNNING; left--) {
        const { op, fn } = code[reference.registers.pc] ?? instruction(Op.TRAP);
        const faults = machines.map((machine) => {
          try {
            if (machine === interpreter) interpreter.run(interpreter.steps + 1);
            else step(reference);
            return false;
          } catch (error) {
            if (!(error instanceof ExecutorFaultError)) throw error;
            return true;
          }
        });
        const where = `seed ${seed}, round ${round}, op ${op}, fn ${fn}`;
        expect(faults[0], where).to.equal(faults[1]);
        if (faults[1] === true) break;
        if (reference.registers.status === Status.RUNNING) seen.add(`${op}.${fn}`);
        expect(hashOf(interpreter), where).to.equal(hashOf(reference));
        steps++;
      }
    }
    console.log(`      seed ${seed}: ${steps} steps of ${seen.size} kinds without a trap`);
    for (const op of [Op.ALU32, Op.ALU64]) for (let fn = 0; fn < 32; fn++) expect(seen).to.include(`${op}.${fn}`);
    for (let fn = 0; fn < 16; fn++) expect(seen).to.include(`${Op.LOAD}.${fn}`);
    for (let fn = 0; fn < 4; fn++) expect(seen).to.include(`${Op.STORE}.${fn}`);
    for (let fn = 0; fn < 6; fn++) expect(seen).to.include(`${Op.HOST}.${fn}`);
  });

  it("hashes what stores over the border of two pages change", () => {
    const code = [0, 1, 2, 3].map((fn) => instruction(Op.STORE, { fn, a: 0, b: 1 }));
    const codeTree = new MerkleMemory(CODE_DEPTH);
    code.forEach((item, i) => codeTree.write(32 * i, encodeInstruction(item)));
    const program = programOf(code, codeTree);
    const machines = [createInterpreter(program, INPUT, NO_ORACLE), createMachine(program, INPUT, NO_ORACLE)] as const;
    for (let address = 4088; address <= 4096; address++) {
      for (let pc = 0; pc < code.length; pc++) {
        for (const { registers, access } of machines) {
          registers.pc = pc;
          access.setSlot(FRAMES_SLOT, BigInt(address));
          access.setSlot(FRAMES_SLOT + 1, BigInt(4 * address + pc) * 0x0101010101010101n);
        }
        machines[0].run(machines[0].steps + 1);
        step(machines[1]);
        expect(hashOf(machines[0]), `${1 << pc} bytes at ${address}`).to.equal(hashOf(machines[1]));
      }
    }
  });

  it("executes a program that fills the code, up to the trap after its last place", () => {
    const codeTree = buildProgram(wat(`(func (export "run"))`)).codeTree;
    const code = new Array<Instruction>(MAX_CODE).fill(instruction(Op.CONST, { d: 1, imm: 5n }));
    const leaf = encodeInstruction(instruction(Op.CONST, { d: 1, imm: 5n }));
    codeTree.write(
      0,
      Uint8Array.from({ length: 32 * MAX_CODE }, (_, i) => leaf[i % 32] ?? 0),
    );
    const machine = createInterpreter({ ...EMPTY, code, codeTree, image: [] }, INPUT, NO_ORACLE);
    machine.run(MAX_CODE - 1);
    expect(machine.registers.status).to.equal(Status.RUNNING);
    machine.run();
    expect(machine.registers.status).to.equal(Status.TRAPPED);
    expect(machine.steps).to.equal(MAX_CODE);
  });

  it("has the reference's state after runs of any length", function () {
    this.timeout(120_000);
    const reference = createMachine(WRITER, INPUT, NO_ORACLE);
    const machine = createInterpreter(WRITER, INPUT, NO_ORACLE);
    for (let steps = 1; machine.registers.status === Status.RUNNING; steps += 1 + Math.floor(steps / 7)) {
      run(reference, steps);
      machine.run(steps);
      expect(machine.steps).to.equal(reference.steps);
      expect(hashOf(machine), `step ${steps}`).to.equal(hashOf(reference));
    }
    expect(machine.registers.status).to.equal(Status.HALTED);
  });

  it("goes back to every snapshot, from before and behind it", () => {
    const machine = createInterpreter(WRITER, INPUT, NO_ORACLE);
    const snapshots = [];
    for (let steps = 0; machine.registers.status === Status.RUNNING; steps += 50_000) {
      machine.run(steps);
      snapshots.push({ snapshot: machine.snapshot(), hash: hashOf(machine) });
    }
    expect(snapshots.length).to.be.greaterThan(5);
    for (let i = 0; i < 3 * snapshots.length; i++) {
      const { snapshot, hash } = snapshots[(7 * i) % snapshots.length] ?? expect.fail();
      machine.restore(snapshot);
      expect(hashOf(machine)).to.equal(hash);
      machine.run(snapshot.steps + 1000 * (i % 3));
    }
  });

  it("has room for 4,096 pages, and hashes them piece by piece", async () => {
    const program = buildProgram(
      wat(`(memory 1 4096)
        (func (export "run") (local $at i32)
          (drop (memory.grow (i32.const 4095)))
          (loop
            (local.set $at (i32.sub (local.get $at) (i32.const 200000)))
            (i32.store8 (i32.and (local.get $at) (i32.const 0xfffffff)) (i32.shr_u (local.get $at) (i32.const 20)))
            (br_if 0 (i32.gt_u (local.get $at) (i32.const 0xe0000000))))
          (i32.store8 (i32.const 0xfffffff) (i32.const 7)))`),
    );
    const trace = await createTrace(program, INPUT, NO_ORACLE);
    const reference = createMachine(program, INPUT, NO_ORACLE);
    run(reference, trace.length - 1);
    expect(reference.registers.pages).to.equal(4096);
    expect(hex(await trace.stateHashAt(trace.length - 1))).to.equal(hashOf(reference));
    expect(hashOf(reference)).not.to.equal(hex(await trace.stateHashAt(trace.length)));
  });

  it("finds again what it hashed itself, and stops before what nobody knows", () => {
    const asks = (value: number): Program =>
      buildProgram(
        wat(`(import "host" "keccak256" (func $keccak (param i32 i32)))
          (import "host" "preimage" (func $preimage (param i32 i32) (result i32)))
          (memory 1)
          (func (export "run")
            (i32.store (i32.const 0) (i32.const 7))
            (call $keccak (i32.const 0) (i32.const 300))
            (i32.store (i32.const 64) (i32.const ${value}))
            (i32.store (i32.const 0) (i32.xor (i32.load (i32.const 0)) (i32.load (i32.const 64))))
            (i32.store (i32.const 64) (call $preimage (i32.const 0) (i32.const 0))))`),
      );
    const known = createInterpreter(asks(0), INPUT, NO_ORACLE);
    known.run();
    expect(known.registers.status).to.equal(Status.HALTED);
    expect([...known.memory.read(0, 4), ...known.memory.read(64, 4)]).to.deep.equal([7, 0, 0, 0, 44, 1, 0, 0]);

    const unknown = createInterpreter(asks(1), INPUT, NO_ORACLE);
    for (let i = 0; i < 2; i++) expect(() => unknown.run()).to.throw(ExecutorFaultError, /preimage/);
    expect(unknown.registers.status).to.equal(Status.RUNNING);

    let isBroken = true;
    const broken = createInterpreter(asks(1), INPUT, {
      preimage() {
        if (isBroken) throw new Error("the disk is full");
        return Uint8Array.of(5);
      },
    });
    for (let i = 0; i < 2; i++) expect(() => broken.run()).to.throw("the disk is full");
    isBroken = false;
    expect(broken.run()).to.equal(Status.HALTED);
    expect([...broken.memory.read(0, 2), ...broken.memory.read(64, 2)]).to.deep.equal([5, 0, 1, 0]);

    provenRun(
      createInterpreter(asks(0), INPUT, NO_ORACLE),
      () => true,
      undefined,
      (m, toStep) => m.run(toStep),
    );
  });
});

describe("a trace", () => {
  const LOOP = buildProgram(
    wat(`(memory 1)
      (func (export "run") (local $i i32) (local.set $i (i32.const 15000000))
        (loop
          (i32.store (i32.and (local.get $i) (i32.const 0xfffc)) (local.get $i))
          (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`),
  );

  it("has states and witnesses at any step in any order, and repeats the last", async () => {
    const trace = await createTrace(WRITER, INPUT, NO_ORACLE);
    const reference = createMachine(WRITER, INPUT, NO_ORACLE);
    const at = [0, 1, 5000, 5001, 100_000, 222_222];
    const expected = at.map((step) => {
      run(reference, step);
      return hashOf(reference);
    });
    run(reference);
    expect(trace.length).to.equal(reference.steps);
    expect((await trace.hashesAt(at)).map(hex)).to.deep.equal(expected);
    // Asked at once, served one after the other.
    const hashes = await Promise.all([...at].reverse().map((step) => trace.stateHashAt(step)));
    expect(hashes.map(hex).reverse()).to.deep.equal(expected);
    for (const step of [...at, trace.length - 1, trace.length, trace.length + 5, 2 ** 40]) {
      const [before, after] = await trace.hashesAt([step, step + 1]);
      const proven = checkWitness(WRITER.codeRoot, before ?? expect.fail(), await trace.witnessAt(step));
      expect(hex(proven)).to.equal(hex(after ?? expect.fail()));
    }
    expect(hex(await trace.stateHashAt(2 ** 40))).to.equal(hashOf(reference));
  });

  it("of many steps keeps few snapshots, and is asked cheaply", async () => {
    const trace = await createTrace(LOOP, INPUT, NO_ORACLE);
    expect(trace.length).to.be.greaterThan(64 * 2 ** 20);
    const step = Math.floor(trace.length / 3);
    const [before, after] = await trace.hashesAt([step, step + 1]);
    const proven = checkWitness(LOOP.codeRoot, before ?? expect.fail(), await trace.witnessAt(step));
    expect(hex(proven)).to.equal(hex(after ?? expect.fail()));
  });

  it("of a trap ends in the trapped state", async () => {
    const trace = await createTrace(buildProgram(wat(`(func (export "run") unreachable)`)), INPUT, NO_ORACLE);
    expect(await trace.stateAt(trace.length)).to.deep.equal(TRAPPED_STATE);
    expect((await trace.stateAt(trace.length - 1)).status).to.equal(Status.RUNNING);
  });

  it("can be broken off, and gives up a program that does not stop", async () => {
    const endless = buildProgram(wat(`(func (export "run") (loop (br 0)))`));
    const refusal = async (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => expect.fail("it went on"),
        (error: unknown) => error,
      );
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    expect(await refusal(createTrace(endless, INPUT, NO_ORACLE, { signal: controller.signal }))).to.have.property(
      "name",
      "AbortError",
    );
    expect(await refusal(createTrace(endless, INPUT, NO_ORACLE, { maxSteps: 3_000_000 }))).to.be.instanceOf(
      ExecutorFaultError,
    );
    const trace = await createTrace(LOOP, INPUT, NO_ORACLE);
    expect(await refusal(trace.stateHashAt(trace.length - 9, AbortSignal.abort()))).to.have.property(
      "name",
      "AbortError",
    );
    expect((await trace.stateAt(trace.length)).status).to.equal(Status.HALTED);
  });
});
