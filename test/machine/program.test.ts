import { expect } from "chai";

import { GuestRefusedError } from "../../plugin/machine/errors.js";
import { CALL_OVERHEAD, MAX_FRAME, STACK_LIMIT } from "../../plugin/machine/instrument.js";
import type { Instruction } from "../../plugin/machine/isa.js";
import {
  decodeInstruction,
  encodeInstruction,
  FRAMES_SLOT,
  instruction,
  Op,
  TABLE_SLOT,
} from "../../plugin/machine/isa.js";
import { createMachine, run, stateOf, step } from "../../plugin/machine/machine.js";
import { hashNode, MerkleMemory, subtreeRoot } from "../../plugin/machine/merkleMemory.js";
import { buildProgram, initialState, programOf } from "../../plugin/machine/program.js";
import { haltedState, hashState, Status, TRAPPED_STATE } from "../../plugin/machine/state.js";
import { readWasm } from "../../plugin/machine/wasm.js";
import { canonicalWasm, NO_ORACLE, referenceEngine, v8Engine } from "./support/engines.js";
import { wat } from "./support/modules.js";
import { createRandom } from "./support/random.js";

const ZERO = new Uint8Array(32);
const inputHash = new Uint8Array(32).fill(7);
const ops = (code: Instruction[]): number[] => code.map(({ op }) => op);

describe("instruction leaves", () => {
  it("keep every field", () => {
    const fields = { fn: 0x1f, d: 1, a: 0xffffffff, b: 0x80000000, c: 77, imm: 0xfedcba9876543210n };
    const leaf = encodeInstruction(instruction(Op.ALU64, fields));
    expect(Buffer.from(leaf).toString("hex")).to.equal(
      "081f0000" + "00000001" + "ffffffff" + "80000000" + "0000004d" + "00000000" + "fedcba9876543210",
    );
    expect(decodeInstruction(leaf)).to.deep.equal({ op: Op.ALU64, ...fields });
  });
});

describe("Merkle memory", () => {
  it("has the root of its bytes, whatever the order of writes", () => {
    const random = createRandom(5);
    const memory = new MerkleMemory(9);
    const plain = new Uint8Array(32 << 9);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: 1 + random.below(70) }, () => random.below(3));
      const address = random.below(plain.length - bytes.length);
      memory.write(address, bytes);
      plain.set(bytes, address);
      if (i % 10 === 0) expect(memory.root()).to.deep.equal(subtreeRoot(plain));
    }
    expect(memory.read(0, plain.length)).to.deep.equal(plain);
    expect(memory.node(4, 3)).to.deep.equal(subtreeRoot(plain.subarray(3 << 9, 4 << 9)));
  });

  it("has zero for the root of zeros, also after something was erased", () => {
    const memory = new MerkleMemory(24);
    expect(memory.root()).to.deep.equal(ZERO);
    memory.write(1000, Uint8Array.of(1));
    expect(memory.root()).not.to.deep.equal(ZERO);
    memory.write(1000, Uint8Array.of(0));
    expect(memory.root()).to.deep.equal(ZERO);
  });

  it("hashes two zero words to zero and nothing else", () => {
    expect(hashNode(ZERO, ZERO)).to.deep.equal(ZERO);
    expect(hashNode(ZERO, inputHash)).not.to.deep.equal(hashNode(inputHash, ZERO));
  });
});

describe("a program", () => {
  it("calls start, then the entry, then halts with its output", () => {
    const guest = `
      (import "host" "output" (func $output (param i32)))
      (memory 1)
      (func $start (i32.store8 (i32.const 0) (i32.const 5)))
      (func (export "run") (i32.store8 (i32.const 1) (i32.load8_u (i32.const 0))) (call $output (i32.const 0)))
      (start $start)`;
    const machine = createMachine(buildProgram(wat(guest)), inputHash, NO_ORACLE);
    expect(stateOf(machine)).to.deep.equal(initialState(machine.program, inputHash));
    expect(run(machine)).to.equal(Status.HALTED);
    const output = new Uint8Array(32);
    output.set([5, 5]);
    expect(stateOf(machine)).to.deep.equal(haltedState(output));
    step(machine);
    expect(stateOf(machine)).to.deep.equal(haltedState(output));
  });

  it("initialises through `_start` where that is exported", () => {
    const guest = wat(`(global $g (mut i32) (i32.const 0))
      (func (export "run") (if (i32.ne (global.get $g) (i32.const 1)) (then unreachable)))
      (func (export "_start") (global.set $g (i32.const 1)))`);
    expect(run(createMachine(buildProgram(guest), inputHash, NO_ORACLE))).to.equal(Status.HALTED);
  });

  it("traps into one state that says nothing else", () => {
    const machine = createMachine(buildProgram(wat(`(func (export "run") unreachable)`)), inputHash, NO_ORACLE);
    expect(run(machine)).to.equal(Status.TRAPPED);
    expect(hashState(stateOf(machine))).to.deep.equal(hashState(TRAPPED_STATE));
  });

  it("commits to code, memory, entry and sizes by its hash", () => {
    const hashes = [
      `(memory 1 2) (func (export "run"))`,
      `(memory 1 3) (func (export "run"))`,
      `(memory 2 2) (func (export "run"))`,
      `(memory 1 2) (func (export "run") nop unreachable)`,
      `(memory 1 2) (data (i32.const 0) "a") (func (export "run"))`,
    ].map((text) => Buffer.from(buildProgram(wat(text)).machineHash).toString("hex"));
    expect(new Set(hashes).size).to.equal(hashes.length);
    const again = Buffer.from(buildProgram(wat(`(memory 1 2) (func (export "run"))`)).machineHash).toString("hex");
    expect(again).to.equal(hashes[0]);
  });

  it("turns br_table into one bounded jump into a row of jumps", () => {
    const { code } = buildProgram(wat(`(func (export "run") (block (block (br_table 0 1 0 (i32.const 1)))))`));
    const at = code.findIndex(({ op }) => op === Op.BRT);
    expect(code[at]?.imm).to.equal(2n);
    expect(ops(code.slice(at + 1, at + 4))).to.deep.equal([Op.JMP, Op.JMP, Op.JMP]);
    expect(code[at + 1]?.imm).to.equal(code[at + 3]?.imm);
  });

  it("gives structurally equal types one id", () => {
    const { image } = buildProgram(
      wat(`(type $a (func (param i32))) (type $b (func (param i32))) (type $c (func))
        (table 3 funcref) (elem (i32.const 0) $f $g $run)
        (func $f (type $a)) (func $g (type $b)) (func $run (export "run") (type $c))`),
    );
    const table = image.find(({ address }) => address === 8 * TABLE_SLOT)?.bytes ?? ZERO;
    const view = new DataView(table.buffer, table.byteOffset);
    expect([0, 1, 2].map((i) => view.getUint32(8 * i + 4, true))).to.deep.equal([1, 1, 2]);
  });

  it("does not lower code that cannot be reached", () => {
    const reached = buildProgram(wat(`(func (export "run") (block (br 0)))`)).code;
    const dead = buildProgram(
      wat(`(func (export "run") (block (br 0) (loop (drop (i32.const 1)) (br 0)) i32.add drop))`),
    ).code;
    expect(dead).to.deep.equal(reached);
  });
});

describe("the canonical artifact", () => {
  const recursion = (locals: string, args: string): Uint8Array =>
    wat(`(memory 1) (func $f (export "f") (param i64) ${locals} (result i64)
      (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
      (i64.add (i64.const 1) (call $f ${args})))`);
  const depth = (memory: Uint8Array): number => new DataView(memory.buffer).getUint32(0, true);

  it("ends a runaway recursion at the same depth in V8 and the machine, before V8's own limit", () => {
    const guest = recursion("", "(local.get 0)");
    const engines = [v8Engine(canonicalWasm(guest)), referenceEngine(guest)];
    const depths = engines.map((engine) => {
      expect(engine.invoke("f", [1n])).to.equal("trap");
      return depth(engine.snapshot().memory);
    });
    const frame = buildProgram(guest, { entry: [] }).functions[0]?.frame ?? 0;
    expect(depths[0]).to.equal(depths[1]);
    // Instrumenting adds at most two slots to a frame.
    const atMost = (slots: number): number => Math.floor(STACK_LIMIT / (slots + CALL_OVERHEAD));
    expect(depths[0]).to.be.within(atMost(frame), atMost(frame - 2));
  });

  it("does so with frames of any size", () => {
    for (const count of [10, 100, 1000]) {
      const locals = `(local${" i64".repeat(count)})`;
      // Every local is live across the call.
      const sum = Array.from(
        { length: count },
        (_, i) => `(local.set ${i + 1} (i64.add (local.get ${i}) (i64.const ${i})))`,
      ).join("");
      const after = Array.from({ length: count }, (_, i) => `(i64.add (local.get ${i + 1}))`).join("");
      const guest = wat(`(memory 1) (func $f (export "f") (param i64) (result i64) ${locals} ${sum}
        (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
        (call $f (local.get ${count})) ${after})`);
      const engine = v8Engine(canonicalWasm(guest));
      expect(engine.invoke("f", [1n]), `${count} locals`).to.equal("trap");
      expect(depth(engine.snapshot().memory)).to.be.greaterThan(STACK_LIMIT / (count + 100));
    }
  });

  it("refuses a frame beyond the limit", () => {
    const locals = `(local${" i64".repeat(MAX_FRAME)})`;
    expect(() => canonicalWasm(wat(`(func (export "run") ${locals})`))).to.throw(
      /its frame has 4\d\d\d slots; at most 4096/,
    );
  });

  it("is made once, and is the only thing that is run", () => {
    const guest = wat(`(func (export "run"))`);
    const canonical = canonicalWasm(guest);
    expect(programOf(canonical).machineHash).to.deep.equal(buildProgram(guest).machineHash);
    expect(programOf(canonical).wasm).to.deep.equal(canonical);
    expect(() => buildProgram(canonical)).to.throw(GuestRefusedError, "it is a canonical artifact");
    expect(() => programOf(guest)).to.throw(GuestRefusedError, "it is not a canonical artifact");
  });

  it("counts no function that calls nothing", () => {
    const globals = readWasm(canonicalWasm(wat(`(func (export "run"))`)));
    expect(globals.functions[0]?.body).to.deep.equal([]);
  });

  it("leaves the counter at zero whichever way functions return", () => {
    const guest = wat(`(func $g)
      (func (export "f") (param i32) (result i32)
        (call $g)
        (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 10))) (br 1 (i32.const 20)))
        (if (result i32) (i32.eq (local.get 0) (i32.const 7)) (then (return (i32.const 30))) (else (i32.const 40))))`);
    const program = buildProgram(guest, { entry: [] });
    const counter = readWasm(program.wasm).globals.length - 1;
    for (const [arg, result] of [
      [0n, 10n],
      [1n, 20n],
      [7n, 30n],
      [8n, 40n],
    ] as const) {
      let value = -1n;
      const engine = referenceEngine(guest, {
        runner: (machine) => {
          run(machine);
          value = machine.memory.readWord(8 * (FRAMES_SLOT - (1 << 21) + counter));
        },
      });
      expect(engine.invoke("f", [arg])).to.deep.equal([result]);
      expect(v8Engine(program.wasm).invoke("f", [arg])).to.deep.equal([result]);
      expect(value).to.equal(0n);
    }
  });

  it("states the maximum of memory, so that growing fails alike", () => {
    const guest = wat(`(memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))`);
    const engines = [v8Engine(canonicalWasm(guest)), referenceEngine(guest)];
    for (const [pages, result] of [
      [4096n, 0xffffffffn],
      [0xffffffffn, 0xffffffffn],
      [2n, 1n],
      [0n, 3n],
    ] as const) {
      for (const engine of engines) expect(engine.invoke("grow", [pages])).to.deep.equal([result]);
    }
  });
});
