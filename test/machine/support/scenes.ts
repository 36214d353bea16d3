import { getBytes, id, SigningKey } from "ethers";

import { concat, word } from "../../../plugin/machine/bytes.js";
import type { Oracle } from "../../../plugin/machine/hostCalls.js";
import { keccak256 } from "../../../plugin/machine/hostCalls.js";
import type { Instruction } from "../../../plugin/machine/isa.js";
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
} from "../../../plugin/machine/isa.js";
import { MerkleMemory } from "../../../plugin/machine/merkleMemory.js";
import type { MachineState } from "../../../plugin/machine/state.js";
import { Status } from "../../../plugin/machine/state.js";
import { makeWitness } from "../../../plugin/machine/witness.js";
import { NO_ORACLE } from "./engines.js";

// Machines in the middle of a run, one for every kind of instruction and of trap.

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export interface Scene {
  instruction: Instruction;
  memory?: (memory: MerkleMemory) => void;
  state?: Partial<MachineState>;
  oracle?: Oracle;
}

/** A machine in the middle of a run, about to execute one instruction, at pc 5 where the state does not say otherwise. */
export function setScene({ instruction: next, memory: prepare, state = {}, oracle = NO_ORACLE }: Scene) {
  const code = new MerkleMemory(CODE_DEPTH);
  code.write((state.pc ?? 5) * 32, encodeInstruction(next));
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

const slotSet =
  (values: Record<number, bigint>) =>
  (memory: MerkleMemory): void => {
    for (const [slot, value] of Object.entries(values)) memory.writeWord(8 * (FRAMES_SLOT + Number(slot)), value);
  };

export const SIGNER = new SigningKey(id("signer"));
const SIGNED = id("message");
const SIGNATURE = SIGNER.sign(SIGNED);
export const PREIMAGE = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
export const oracle: Oracle = { preimage: (hash) => (hex(hash) === hex(keccak256(PREIMAGE)) ? PREIMAGE : undefined) };
export const host = (fn: number): Instruction => instruction(Op.HOST, { fn, d: 2, a: 0, b: 1 });
export const page =
  (bytes: Uint8Array, second = 0n) =>
  (memory: MerkleMemory): void => {
    slotSet({ 0: 4096n, 1: second })(memory);
    memory.write(4096, bytes);
  };

export const SCENES: Record<string, Scene> = {
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
  "first slot behind memory": { instruction: instruction(Op.CONST, { d: 1 }), state: { fp: END_SLOT - 1 } },
  "last of all places": { instruction: instruction(Op.CONST, { d: 0, imm: 7n }), state: { fp: END_SLOT - 1 } },
  "first of all places": { instruction: instruction(Op.CONST, { d: 0, imm: 7n }), state: { fp: GLOBALS_SLOT } },
  "CALL of a frame just beyond memory": {
    instruction: instruction(Op.CALL, { d: 1, a: 0, imm: 9n }),
    state: { fp: END_SLOT - 1 },
  },
  "CALL of the last frame": { instruction: instruction(Op.CALL, { d: 1, a: 0, imm: 9n }), state: { fp: END_SLOT - 2 } },
  "CALLI just beyond the table": {
    instruction: instruction(Op.CALLI, { d: 20, a: 3, b: 2, imm: 5n }),
    memory: slotSet({ 2: 5n }),
  },
  "JMP to the last place": { instruction: instruction(Op.JMP, { imm: (1n << 20n) - 1n }) },
  "RET to frame zero": {
    instruction: instruction(Op.RET, { a: 1 }),
    memory: slotSet({ 1: (BigInt(FRAMES_SLOT) << 32n) | 9n }),
  },
  "RET below frame zero by one, out of range": {
    instruction: instruction(Op.RET, { a: 1 }),
    memory: slotSet({ 1: (BigInt(FRAMES_SLOT + 1) << 32n) | 9n }),
  },
  "RET to no place, out of range": { instruction: instruction(Op.RET, { a: 1 }), memory: slotSet({ 1: 1n << 20n }) },
  "LOAD of the last byte": { instruction: instruction(Op.LOAD, { fn: 0, d: 1, a: 0, imm: 65_535n }) },
  "LOAD of the last eight bytes": { instruction: instruction(Op.LOAD, { fn: 3, d: 1, a: 0, imm: 65_528n }) },
  "STORE of the last two bytes": { instruction: instruction(Op.STORE, { fn: 1, a: 0, b: 7, imm: 65_534n }) },
  "GROW to the greatest memory": {
    instruction: instruction(Op.GROW, { d: 1, a: 2, imm: 9_999n }),
    memory: slotSet({ 2: 4_095n }),
  },
  "GROW to more than the machine has": {
    instruction: instruction(Op.GROW, { d: 1, a: 2, imm: 9_999n }),
    memory: slotSet({ 2: 4_096n }),
  },
  "BRT to its default": { instruction: instruction(Op.BRT, { a: 3, imm: 3n }), memory: slotSet({ 3: 3n }) },
  "HOST the last page": {
    instruction: host(Host.input),
    memory: (memory) => {
      slotSet({ 0: 61_440n })(memory);
      memory.write(61_440, new Uint8Array(32).fill(3));
    },
  },
  "slot in linear memory": { instruction: instruction(Op.CONST, { d: 0 }), state: { fp: GLOBALS_SLOT - 1 } },
  "last instruction": {
    instruction: instruction(Op.TRAP),
    state: { pc: MAX_CODE - 1, fp: END_SLOT - 1 },
  },
  "HALT in the last place": { instruction: instruction(Op.HALT), state: { pc: MAX_CODE - 1 } },
  "ALU32 function with a high number": { instruction: instruction(Op.ALU32, { fn: 255, d: 3, a: 4, b: 5 }) },
  "LOAD unknown function": { instruction: instruction(Op.LOAD, { fn: 16, d: 1, a: 0 }) },
  "STORE unknown function": { instruction: instruction(Op.STORE, { fn: 4, a: 0, b: 1 }) },
  "HOST preimage without a place for its length, beyond all frames": {
    instruction: instruction(Op.HOST, { fn: Host.preimage, d: 0xffffffff, a: 0, b: 1 }),
    memory: page(keccak256(PREIMAGE), 0n),
    oracle,
  },
  "HOST input": { instruction: host(Host.input), memory: page(new Uint8Array(64).fill(3)) },
  "HOST output": { instruction: host(Host.output), memory: page(new Uint8Array(64).fill(3)) },
  "HOST keccak256 of nothing": { instruction: host(Host.keccak256), memory: page(new Uint8Array()) },
  "HOST keccak256 of 136 bytes": { instruction: host(Host.keccak256), memory: page(new Uint8Array(136).fill(3), 136n) },
  "HOST keccak256 of a page": { instruction: host(Host.keccak256), memory: page(PREIMAGE.slice(0, 4096), 4096n) },
  "HOST keccak256 of more": { instruction: host(Host.keccak256), memory: page(PREIMAGE, 4097n) },
  "HOST sha256 of 33 bytes": { instruction: host(Host.sha256), memory: page(new Uint8Array(33).fill(3), 33n) },
  "HOST sha256 of a page": { instruction: host(Host.sha256), memory: page(PREIMAGE.slice(0, 4096), 4096n) },
  "HOST sha256 of more": { instruction: host(Host.sha256), memory: page(PREIMAGE, 4097n) },
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

/** Names of the scenes that end in a trap. */
export const TRAPS =
  /TRAP|unknown|high number|by zero|out of range|beyond (the|memory|all)|another type|below zero|slot|last i|of more|not aligned/;
