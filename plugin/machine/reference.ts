import { ExecutorFaultError } from "./errors.js";
import type { Oracle } from "./hostCalls.js";
import { ecrecover, keccak256, sha256 } from "./hostCalls.js";
import type { Instruction } from "./isa.js";
import { Alu, END_SLOT, GLOBALS_SLOT, Host, isUnary, MAX_CODE, Op, TABLE_SLOT } from "./isa.js";
import { MAX_PAGES } from "./wasm.js";
import { Status } from "./state.js";

// The reference: what each instruction means (docs/machine.md §3), as plainly as it can be said. Speed is elsewhere.

/** The state of a machine without its memory. */
export interface Registers {
  status: Status;
  pc: number;
  fp: number;
  pages: number;
  inputHash: Uint8Array;
  outputHash: Uint8Array;
}

/**
 * Memory as one instruction sees it. Every access is of one of these kinds, so that a proof of a step can be recorded
 * and replayed by whoever implements it. The caller has checked all ranges.
 */
export interface StepMemory {
  /** The u64 in a slot. */
  slot(index: number): bigint;
  setSlot(index: number, value: bigint): void;
  /** `size` bytes (1, 2, 4, 8) of linear memory, little-endian. */
  load(address: number, size: number): bigint;
  store(address: number, size: number, value: bigint): void;
  /** First `length` bytes of a host page. */
  readHead(page: number, length: number): Uint8Array;
  /** Writes the first 32 bytes of a host page. */
  writeHead(page: number, word: Uint8Array): void;
  /** Writes a host page whose first 32 bytes were read. */
  writePage(page: number, bytes: Uint8Array): void;
}

export const HOST_PAGE = 4096;

class Trap extends Error {}

/** Executes one instruction of a running machine. A trap leaves the registers as they are, with status TRAPPED. */
export function execute(registers: Registers, instruction: Instruction, memory: StepMemory, oracle: Oracle): void {
  try {
    const next = perform(registers, instruction, memory, oracle);
    if (next >= MAX_CODE) throw new Trap();
    registers.pc = next;
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
    registers.status = Status.TRAPPED;
  }
}

/** Returns the next pc. */
function perform(registers: Registers, instruction: Instruction, memory: StepMemory, oracle: Oracle): number {
  const { op, fn, d, a, b, c, imm } = instruction;
  const { pc, fp, pages } = registers;
  const next = pc + 1;

  switch (op) {
    case Op.HALT:
      registers.status = Status.HALTED;
      return pc;
    case Op.CONST:
      set(memory, fp + d, imm);
      return next;
    case Op.MOV:
      set(memory, fp + d, get(memory, fp + a));
      return next;
    case Op.GLOBAL_GET:
      set(memory, fp + d, get(memory, GLOBALS_SLOT + Number(imm)));
      return next;
    case Op.GLOBAL_SET: {
      const value = get(memory, fp + a);
      set(memory, GLOBALS_SLOT + Number(imm), value);
      return next;
    }
    case Op.SELECT: {
      const [ifTrue, ifFalse, condition] = [get(memory, fp + a), get(memory, fp + b), getI32(memory, fp + c)];
      set(memory, fp + d, condition !== 0 ? ifTrue : ifFalse);
      return next;
    }
    case Op.ALU32:
    case Op.ALU64: {
      if (fn > Alu.EXT32) throw new Trap();
      const x = get(memory, fp + a);
      const y = isUnary(fn) ? 0n : get(memory, fp + b);
      set(memory, fp + d, alu(fn, op === Op.ALU32 ? 32 : 64, x, y));
      return next;
    }
    case Op.LOAD: {
      if (fn > 15) throw new Trap();
      const size = 1 << (fn & 3);
      const address = checkRange(BigInt(getI32(memory, fp + a)) + imm, size, pages);
      const loaded = memory.load(address, size);
      const isSigned = (fn & 4) !== 0;
      const isWide = (fn & 8) !== 0;
      set(memory, fp + d, isSigned ? BigInt.asUintN(isWide ? 64 : 32, BigInt.asIntN(8 * size, loaded)) : loaded);
      return next;
    }
    case Op.STORE: {
      if (fn > 3) throw new Trap();
      const size = 1 << fn;
      const base = getI32(memory, fp + a);
      const value = get(memory, fp + b);
      memory.store(checkRange(BigInt(base) + imm, size, pages), size, BigInt.asUintN(8 * size, value));
      return next;
    }
    case Op.PAGES:
      set(memory, fp + d, BigInt(pages));
      return next;
    case Op.GROW: {
      const grown = BigInt(pages + getI32(memory, fp + a));
      const fits = grown <= imm && grown <= MAX_PAGES;
      set(memory, fp + d, fits ? BigInt(pages) : 0xffffffffn);
      if (fits) registers.pages = Number(grown);
      return next;
    }
    case Op.JMP:
      return Number(imm);
    case Op.BRNZ:
      return getI32(memory, fp + a) !== 0 ? Number(imm) : next;
    case Op.BRZ:
      return getI32(memory, fp + a) === 0 ? Number(imm) : next;
    case Op.BRT:
      return next + Math.min(getI32(memory, fp + a), Number(imm));
    case Op.CALL:
      return call(registers, memory, d, a, Number(imm));
    case Op.CALLI: {
      const index = getI32(memory, fp + b);
      if (index >= Number(imm & 0xffffffffn)) throw new Trap();
      const entry = get(memory, TABLE_SLOT + index);
      if (entry >> 32n !== imm >> 32n) throw new Trap();
      return call(registers, memory, d, a, Number(entry & 0xffffffffn));
    }
    case Op.RET: {
      const word = get(memory, fp + a);
      const delta = Number(word >> 32n);
      if (delta > fp) throw new Trap();
      registers.fp = fp - delta;
      return Number(word & 0xffffffffn);
    }
    case Op.HOST:
      host(registers, instruction, memory, oracle);
      return next;
    default:
      throw new Trap();
  }
}

function get(memory: StepMemory, slot: number): bigint {
  return memory.slot(checkSlot(slot));
}

function getI32(memory: StepMemory, slot: number): number {
  return Number(get(memory, slot) & 0xffffffffn);
}

function set(memory: StepMemory, slot: number, value: bigint): void {
  memory.setSlot(checkSlot(slot), value);
}

function checkSlot(index: number): number {
  if (index < GLOBALS_SLOT || index >= END_SLOT) throw new Trap();
  return index;
}

function checkRange(address: bigint, size: number, pages: number): number {
  if (address + BigInt(size) > BigInt(pages) * 65_536n) throw new Trap();
  return Number(address);
}

/** Enters the frame `delta` slots above; its return word holds where to come back, and how far below. */
function call(registers: Registers, memory: StepMemory, delta: number, returnSlot: number, target: number): number {
  const fp = registers.fp + delta;
  if (fp >= END_SLOT) throw new Trap();
  set(memory, fp + returnSlot, (BigInt(delta) << 32n) | BigInt(registers.pc + 1));
  registers.fp = fp;
  return target;
}

/** Function `fn` of ALU32 or ALU64; both operands and the result are unsigned. */
export function alu(fn: number, bits: 32 | 64, x: bigint, y: bigint): bigint {
  const [a, b] = [BigInt.asUintN(bits, x), BigInt.asUintN(bits, y)];
  const [signedA, signedB] = [BigInt.asIntN(bits, a), BigInt.asIntN(bits, b)];
  const width = BigInt(bits);
  const shift = b % width;
  switch (fn) {
    case Alu.EQZ:
      return a === 0n ? 1n : 0n;
    case Alu.EQ:
      return a === b ? 1n : 0n;
    case Alu.NE:
      return a !== b ? 1n : 0n;
    case Alu.LT_S:
      return signedA < signedB ? 1n : 0n;
    case Alu.LT_U:
      return a < b ? 1n : 0n;
    case Alu.GT_S:
      return signedA > signedB ? 1n : 0n;
    case Alu.GT_U:
      return a > b ? 1n : 0n;
    case Alu.LE_S:
      return signedA <= signedB ? 1n : 0n;
    case Alu.LE_U:
      return a <= b ? 1n : 0n;
    case Alu.GE_S:
      return signedA >= signedB ? 1n : 0n;
    case Alu.GE_U:
      return a >= b ? 1n : 0n;
    case Alu.CLZ:
      return a === 0n ? width : width - BigInt(a.toString(2).length);
    case Alu.CTZ:
      return a === 0n ? width : BigInt((a & -a).toString(2).length - 1);
    case Alu.POPCNT:
      return BigInt(a.toString(2).replaceAll("0", "").length);
    case Alu.ADD:
      return BigInt.asUintN(bits, a + b);
    case Alu.SUB:
      return BigInt.asUintN(bits, a - b);
    case Alu.MUL:
      return BigInt.asUintN(bits, a * b);
    case Alu.DIV_S:
      if (b === 0n || (signedB === -1n && a === 1n << (width - 1n))) throw new Trap();
      return BigInt.asUintN(bits, signedA / signedB);
    case Alu.DIV_U:
      if (b === 0n) throw new Trap();
      return a / b;
    case Alu.REM_S:
      if (b === 0n) throw new Trap();
      return BigInt.asUintN(bits, signedA % signedB);
    case Alu.REM_U:
      if (b === 0n) throw new Trap();
      return a % b;
    case Alu.AND:
      return a & b;
    case Alu.OR:
      return a | b;
    case Alu.XOR:
      return a ^ b;
    case Alu.SHL:
      return BigInt.asUintN(bits, a << shift);
    case Alu.SHR_S:
      return BigInt.asUintN(bits, signedA >> shift);
    case Alu.SHR_U:
      return a >> shift;
    case Alu.ROTL:
      return BigInt.asUintN(bits, (a << shift) | (a >> (width - shift)));
    case Alu.ROTR:
      return BigInt.asUintN(bits, (a >> shift) | (a << (width - shift)));
    case Alu.EXT8:
      return BigInt.asUintN(bits, BigInt.asIntN(8, a));
    case Alu.EXT16:
      return BigInt.asUintN(bits, BigInt.asIntN(16, a));
    default:
      return BigInt.asUintN(bits, BigInt.asIntN(32, a));
  }
}

function host(registers: Registers, { fn, d, a, b }: Instruction, memory: StepMemory, oracle: Oracle): void {
  const { fp, pages } = registers;
  if (fn > Host.blob) throw new Trap();
  const page = getI32(memory, fp + a);
  const hasSecond = fn === Host.keccak256 || fn === Host.sha256 || fn === Host.preimage || fn === Host.blob;
  const second = hasSecond ? getI32(memory, fp + b) : 0;
  if (page % HOST_PAGE !== 0) throw new Trap();
  checkRange(BigInt(page), HOST_PAGE, pages);

  switch (fn) {
    case Host.input:
      memory.writeHead(page, registers.inputHash);
      return;
    case Host.output:
      registers.outputHash = memory.readHead(page, 32);
      return;
    case Host.keccak256:
    case Host.sha256: {
      if (second > HOST_PAGE) throw new Trap();
      const bytes = memory.readHead(page, second);
      memory.writeHead(page, fn === Host.keccak256 ? keccak256(bytes) : sha256(bytes));
      return;
    }
    case Host.ecrecover:
      memory.writeHead(page, ecrecover(memory.readHead(page, 128), oracle.recover));
      return;
    case Host.preimage: {
      const hash = memory.readHead(page, 32);
      const preimage = oracle.preimage(hash);
      if (preimage === undefined) throw new ExecutorFaultError(`the preimage of 0x${toHex(hash)} is not known`);
      const window = new Uint8Array(HOST_PAGE);
      window.set(preimage.subarray(second, second + HOST_PAGE));
      memory.writePage(page, window);
      set(memory, fp + d, BigInt.asUintN(32, BigInt(preimage.length)));
      return;
    }
    case Host.blob: {
      if (second >= 4096) throw new Trap();
      const hash = memory.readHead(page, 32);
      const element = oracle.blob?.(hash, second);
      if (element === undefined) throw new ExecutorFaultError(`the blob 0x${toHex(hash)} is not known`);
      memory.writeHead(page, element.value);
    }
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
