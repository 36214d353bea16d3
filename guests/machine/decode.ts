// From code leaves (docs/machine.md, section 3) to records of 16 bytes, one per instruction:
//
//   byte  0    2    4     8     12    16
//        code  c    d     a     b
//        u16  u16  u32   u32   u32
//
// d, a, b are bytes from the frame's begin, c is a slot. An immediate takes the place of b, one of 64 bits of a and b. Jumps have the
// place of the record that they lead to, instructions on globals the global's. What lowered code never has (a slot far from the
// frame, a jump out of the code, a function that there is not) becomes EXIT, as do the instructions that the host executes.
import { CODE, GLOBALS, LEAVES } from "./layout";

export const RECORD_BITS: usize = 4;
export const RECORD: usize = 1 << RECORD_BITS;
/** Slots from the frame's begin that a record can name. */
export const REACH: u32 = 1 << 16;

/** Codes of records, without gaps: so the switch over them becomes one table. ALU functions stand in the order of `fn`. */
// prettier-ignore
export const enum Code {
  EXIT, CONST, MOV, GLOBAL_GET, GLOBAL_SET, SELECT, PAGES,
  JMP, BRNZ, BRZ, BRT, CALL, CALLI, RET, KECCAK, PREIMAGE,
  LOAD8_U, LOAD16_U, LOAD32_U, LOAD64, LOAD8_S32, LOAD16_S32, LOAD8_S64, LOAD16_S64, LOAD32_S64, LOAD64_LOW,
  STORE8, STORE16, STORE32, STORE64,
  I32_EQZ, I32_EQ, I32_NE, I32_LT_S, I32_LT_U, I32_GT_S, I32_GT_U, I32_LE_S, I32_LE_U, I32_GE_S, I32_GE_U,
  I32_CLZ, I32_CTZ, I32_POPCNT, I32_ADD, I32_SUB, I32_MUL, I32_DIV_S, I32_DIV_U, I32_REM_S, I32_REM_U,
  I32_AND, I32_OR, I32_XOR, I32_SHL, I32_SHR_S, I32_SHR_U, I32_ROTL, I32_ROTR, I32_EXTEND8, I32_EXTEND16, I32_EXTEND32,
  I64_EQZ, I64_EQ, I64_NE, I64_LT_S, I64_LT_U, I64_GT_S, I64_GT_U, I64_LE_S, I64_LE_U, I64_GE_S, I64_GE_U,
  I64_CLZ, I64_CTZ, I64_POPCNT, I64_ADD, I64_SUB, I64_MUL, I64_DIV_S, I64_DIV_U, I64_REM_S, I64_REM_U,
  I64_AND, I64_OR, I64_XOR, I64_SHL, I64_SHR_S, I64_SHR_U, I64_ROTL, I64_ROTR, I64_EXTEND8, I64_EXTEND16, I64_EXTEND32,
}

const MAX_CODE: u32 = 1 << 20;
const MAX_GLOBALS: u64 = 1 << 16;
const MAX_TABLE: u32 = 1 << 20;

/** Greatest slot that a record names. */
export let reach: u32 = 0;

function recordAt(pc: u32): usize {
  return CODE + ((<usize>pc) << RECORD_BITS);
}

/** Decodes `length` leaves at LEAVES to records from `first` on, of `count` in the program. In ascending order. */
export function decode(first: u32, length: u32, count: u32): void {
  if (first == 0) reach = 0;
  for (let i: u32 = 0; i < length; i++) {
    const pc = first + i;
    // The pc after the last place is a trap of this very step.
    const isDecoded = pc < MAX_CODE - 1 && decodeOne(LEAVES + 32 * i, pc, count);
    if (!isDecoded) store<u16>(recordAt(pc), Code.EXIT);
  }
  // Behind the code are traps.
  if (first + length == count) store<u16>(recordAt(count), Code.EXIT);
}

/** Writes a record; false where its slots are too far away. */
function write(record: usize, code: u32, c: u32, d: u32, a: u32, last: u32): bool {
  if (c >= REACH || d >= REACH || a >= REACH) return false;
  reach = max(reach, max(c, max(d, a)));
  store<u16>(record, <u16>code);
  store<u16>(record, <u16>c, 2);
  store<u32>(record, 8 * d, 4);
  store<u32>(record, 8 * a, 8);
  store<u32>(record, last, 12);
  return true;
}

/** The same with a third slot in the last place. */
function writeSlots(record: usize, code: u32, c: u32, d: u32, a: u32, b: u32): bool {
  if (b >= REACH) return false;
  reach = max(reach, b);
  return write(record, code, c, d, a, 8 * b);
}

/** Writes the record of an instruction; false where it takes an EXIT. */
function decodeOne(leaf: usize, pc: u32, count: u32): bool {
  const op = load<u8>(leaf);
  const fn = load<u8>(leaf, 1);
  const d = bswap(load<u32>(leaf, 4));
  const a = bswap(load<u32>(leaf, 8));
  const b = bswap(load<u32>(leaf, 12));
  const c = bswap(load<u32>(leaf, 16));
  const imm = bswap(load<u64>(leaf, 24));
  const low = <u32>imm;
  const high = <u32>(imm >> 32);
  const record = recordAt(pc);
  const isCode = imm < count;
  const target = <u32>recordAt(low);
  const isGlobal = imm < MAX_GLOBALS;
  const global = <u32>GLOBALS + 8 * low;

  switch (op) {
    case 0x02:
      if (!write(record, Code.CONST, 0, d, 0, 0)) return false;
      store<u64>(record, imm, 8);
      return true;
    case 0x03:
      return write(record, Code.MOV, 0, d, a, 0);
    case 0x04:
      return isGlobal && write(record, Code.GLOBAL_GET, 0, d, 0, global);
    case 0x05:
      return isGlobal && write(record, Code.GLOBAL_SET, 0, 0, a, global);
    case 0x06:
      return writeSlots(record, Code.SELECT, c, d, a, b);
    case 0x07:
      return fn < 32 && writeSlots(record, Code.I32_EQZ + fn, 0, d, a, isUnary(fn) ? 0 : b);
    case 0x08:
      return fn < 32 && writeSlots(record, Code.I64_EQZ + fn, 0, d, a, isUnary(fn) ? 0 : b);
    case 0x09:
      return fn < 16 && high == 0 && write(record, loadCode(fn), 0, d, a, low);
    case 0x0a:
      // The value's slot is c: the offset has the last place.
      return fn < 4 && high == 0 && write(record, Code.STORE8 + fn, b, 0, a, low);
    case 0x0b:
      return write(record, Code.PAGES, 0, d, 0, 0);
    case 0x0d:
      return isCode && write(record, Code.JMP, 0, 0, 0, target);
    case 0x0e:
      return isCode && write(record, Code.BRNZ, 0, 0, a, target);
    case 0x0f:
      return isCode && write(record, Code.BRZ, 0, 0, a, target);
    case 0x10:
      return imm < count - pc && write(record, Code.BRT, 0, 0, a, low);
    case 0x11:
      return isCode && write(record, Code.CALL, 0, d, a, target);
    case 0x12:
      if (low > MAX_TABLE || !write(record, Code.CALLI, b, d, a, 0)) return false;
      store<u16>(record, <u16>d, 4);
      store<u16>(record, <u16>a, 6);
      store<u32>(record, high, 8);
      store<u32>(record, low, 12);
      return true;
    case 0x13:
      return write(record, Code.RET, 0, 0, a, 0);
    case 0x14:
      if (fn == 2) return writeSlots(record, Code.KECCAK, 0, 0, a, b);
      return fn == 5 && writeSlots(record, Code.PREIMAGE, 0, d, a, b);
    default:
      return false;
  }
}

/** ALU functions without a second operand. */
function isUnary(fn: u8): bool {
  return fn == 0 || (fn >= 11 && fn <= 13) || fn >= 29;
}

/** The code of a LOAD. What sign extension cannot change is a plain load; 64 bits extended to 32 are the low 32. */
function loadCode(fn: u8): u32 {
  const logSize = fn & 3;
  const isSigned = fn & 4;
  const isWide = fn & 8;
  if (!isSigned) return Code.LOAD8_U + logSize;
  if (isWide) return logSize == 3 ? Code.LOAD64 : Code.LOAD8_S64 + logSize;
  return logSize >= 2 ? (logSize == 2 ? Code.LOAD32_U : Code.LOAD64_LOW) : Code.LOAD8_S32 + logSize;
}
