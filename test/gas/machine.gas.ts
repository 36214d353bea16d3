import { expect } from "chai";

import { toHex } from "../../plugin/ledger/bytes.js";
import type { Oracle } from "../../plugin/machine/hostCalls.js";
import { keccak256 } from "../../plugin/machine/hostCalls.js";
import type { Instruction } from "../../plugin/machine/isa.js";
import {
  accessFn,
  Alu,
  CODE_DEPTH,
  encodeInstruction,
  FRAMES_SLOT,
  GLOBALS_SLOT,
  Host,
  instruction,
  MEMORY_DEPTH,
  Op,
} from "../../plugin/machine/isa.js";
import { MerkleMemory } from "../../plugin/machine/merkleMemory.js";
import type { MachineState } from "../../plugin/machine/state.js";
import { hashState, Status } from "../../plugin/machine/state.js";
import { makeWitness } from "../../plugin/machine/witness.js";
import { BLOB_HASH, BLOB_ORACLE } from "../machine/support/blob.js";
import { createRandom } from "../machine/support/random.js";
import { createConnection } from "../support/env.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";

// A guest of a size that is usual: instructions, bytes of linear memory, slots of globals and of frames, all in use.
const CODE = 1 << 14;
const LINEAR = 1 << 20;
const [GLOBALS, FRAMES] = [64, 1 << 12];
const [PC, FP] = [5000, FRAMES_SLOT + 1000];
const PAGE = 4096;

describe("gas of one step", () => {
  const measured: GasFigures = {};
  let measure: (name: string, ceiling: number, next: Instruction, values?: Record<number, bigint>) => Promise<void>;
  let fillPage: (bytes: Uint8Array) => void;
  let close: () => Promise<void>;
  const random = createRandom(1);
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => 1 + random.below(255));
  const chunk = noise(PAGE);

  before(async () => {
    const connection = await createConnection();
    close = () => connection.close();
    const { ethers } = connection;
    const verifier = await ethers.deployContract("OneStepVerifier");
    const [sender] = await ethers.getSigners();

    const [code, memory] = [new MerkleMemory(CODE_DEPTH), new MerkleMemory(MEMORY_DEPTH)];
    code.write(0, noise(32 * CODE));
    memory.write(0, noise(LINEAR));
    memory.write(8 * GLOBALS_SLOT, noise(8 * GLOBALS));
    memory.write(8 * FRAMES_SLOT, noise(8 * FRAMES));
    const oracle: Oracle = { ...BLOB_ORACLE, preimage: () => chunk };
    const before: Omit<MachineState, "memoryRoot"> = {
      status: Status.RUNNING,
      pc: PC,
      fp: FP,
      pages: LINEAR / 65_536,
      inputHash: keccak256(chunk),
      outputHash: new Uint8Array(32),
    };

    fillPage = (bytes) => memory.write(0, bytes);
    measure = async (name, ceiling, next, values = {}) => {
      code.write(32 * PC, encodeInstruction(next));
      for (const [slot, value] of Object.entries(values)) memory.writeWord(8 * (FP + Number(slot)), value);
      const state = { ...before, memoryRoot: memory.root() };
      const { witness, next: after } = makeWitness(state, code, memory, oracle);
      const args = [code.root(), hashState(state), witness] as const;
      expect(await verifier.step(...args), name).to.equal(toHex(hashState(after)));
      const sent = await sender?.sendTransaction(await verifier.step.populateTransaction(...args));
      if (sent === undefined) throw new Error("no sender");
      const gas = await gasOf(sent);
      measured[name] = gas;
      console.log(`      ${name}: ${gas} gas, witness of ${witness.length} bytes`);
      expectAtMost(name, gas, ceiling);
    };
  });
  after(() => close());

  const WIDE = accessFn(3);

  it("branches and calls", async () => {
    await measure("JMP", 85_000, instruction(Op.JMP, { imm: 1000n }));
    await measure("BRNZ", 85_000, instruction(Op.BRNZ, { a: 3, imm: 1000n }));
    await measure("CALL", 85_000, instruction(Op.CALL, { d: 6, a: 3, imm: 1000n }));
    await measure("RET", 85_000, instruction(Op.RET, { a: 3 }), { 3: 77n });
  });

  it("arithmetic", async () => {
    const close3 = { d: 5, a: 5, b: 6 };
    await measure("ALU64 add, operands together", 125_000, instruction(Op.ALU64, { fn: Alu.ADD, ...close3 }));
    const far3 = { d: 3, a: 20, b: 40 };
    await measure("ALU64 add, operands far apart", 125_000, instruction(Op.ALU64, { fn: Alu.ADD, ...far3 }));
    await measure("ALU64 popcnt", 125_000, instruction(Op.ALU64, { fn: Alu.POPCNT, ...close3 }), {
      5: (1n << 64n) - 1n,
    });
  });

  it("memory", async () => {
    const address = { 9: 3200n };
    await measure("LOAD aligned", 150_000, instruction(Op.LOAD, { fn: WIDE, d: 9, a: 9, imm: 0n }), address);
    await measure("LOAD crossing", 180_000, instruction(Op.LOAD, { fn: WIDE, d: 9, a: 9, imm: 29n }), address);
    await measure("STORE aligned", 150_000, instruction(Op.STORE, { fn: WIDE, a: 9, b: 10, imm: 0n }), address);
    await measure("STORE crossing", 180_000, instruction(Op.STORE, { fn: WIDE, a: 9, b: 10, imm: 29n }), address);
    // The pieces of both leaves share no more than the upper siblings.
    const apart = { fn: WIDE, a: 9, b: 12, imm: BigInt((1 << 16) - 4) };
    await measure("STORE crossing, across pages", 180_000, instruction(Op.STORE, apart), { 9: 0n });
  });

  it("host calls on a full page", async () => {
    const values = { 1: 0n, 2: 4096n };
    const host = (fn: number): Instruction => instruction(Op.HOST, { fn, d: 1, a: 1, b: 2 });
    fillPage(chunk);
    await measure("HOST input", 350_000, host(Host.input), values);
    await measure("HOST keccak256, 4,096 B", 350_000, host(Host.keccak256), values);
    await measure("HOST sha256, 4,096 B", 350_000, host(Host.sha256), values);
    await measure("HOST ecrecover", 350_000, host(Host.ecrecover), values);
    fillPage(keccak256(chunk));
    await measure("HOST preimage, 4,096 B", 350_000, host(Host.preimage), { 1: 0n, 2: 0n });
    fillPage(BLOB_HASH);
    await measure("HOST blob", 350_000, host(Host.blob), { 1: 0n, 2: 5n });
  });

  it("costs what the snapshot says", () => checkGasSnapshot("machine", measured));
});
