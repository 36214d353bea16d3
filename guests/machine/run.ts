// Execution of decoded instructions (docs/machine.md, section 3). Whatever is not plain sailing (a trap, a halt, most host calls, a
// slot outside the frames) is left alone: `run` ends before that instruction, and the host executes it by the reference's rules.
import { keccak256 } from "../keccak/index";
import { Code, longestRun, reach, REACH, RECORD, RECORD_BITS } from "./decode";
import { CODE, DIGEST, END, FP, FRAMES, MEMORY, PC, TABLE } from "./layout";
import { mark, markRange } from "./tree";

/** Called before the digest at DIGEST takes the place of what was hashed, [from, from + length). */
// @ts-ignore: decorator
@external("host", "hashed")
declare function hashed(from: usize, length: u32): void;

const HOST_PAGE: u32 = 4096;
/** Frames begin no later; then all slots that a record can name are in the memory. */
const LAST_FRAME: usize = END - 8 * <usize>REACH;

// Operands of the record at `ip`, in the frame at `fp`.
// @ts-ignore: decorator
@inline function a32(ip: usize, fp: usize): u32 { return load<u32>(fp + load<u32>(ip, 8)); }
// @ts-ignore: decorator
@inline function b32(ip: usize, fp: usize): u32 { return load<u32>(fp + load<u32>(ip, 12)); }
// @ts-ignore: decorator
@inline function a64(ip: usize, fp: usize): u64 { return load<u64>(fp + load<u32>(ip, 8)); }
// @ts-ignore: decorator
@inline function b64(ip: usize, fp: usize): u64 { return load<u64>(fp + load<u32>(ip, 12)); }
// @ts-ignore: decorator
@inline function c64(ip: usize, fp: usize): u64 { return load<u64>(fp + 8 * <usize>load<u16>(ip, 2)); }
// @ts-ignore: decorator
@inline function put(ip: usize, fp: usize, value: u64): void { store<u64>(fp + load<u32>(ip, 4), value); }
/** Address in linear memory; 33 bits. */
// @ts-ignore: decorator
@inline function address(ip: usize, fp: usize): i64 { return <i64>a32(ip, fp) + <i64>load<u32>(ip, 12); }

/**
 * Executes at most `steps` < 2^25 instructions, from the pc at PC and the frame at FP (a slot) on, and leaves both there.
 * Returns how many it executed: fewer when the next one is for the host.
 */
export function run(steps: u32, count: u32, pages: u32): u32 {
  if (load<u32>(PC) >= count) return 0;
  const whole = execute(steps, count, pages, false);
  return whole + execute(steps - whole, count, pages, true);
}

/**
 * Where execution ends is known beforehand: `end` is the record at which it would arrive after the steps if it never jumped, so each
 * jump moves it. If `isExact`, it is checked at every instruction; otherwise at jumps alone, with room for the longest way to the
 * next one.
 */
// @ts-ignore: decorator
@inline
function execute(steps: u32, count: u32, pages: u32, isExact: bool): u32 {
  let ip = CODE + ((<usize>load<u32>(PC)) << RECORD_BITS);
  let fp = MEMORY + 8 * <usize>load<u32>(FP);
  if (fp < FRAMES || fp > LAST_FRAME) return 0;
  const memoryEnd = <i64>pages << 16;
  const margin: isize = isExact ? 0 : (<isize>longestRun) << RECORD_BITS;
  let end = <isize>ip + ((<isize>steps) << RECORD_BITS) - margin;
  if (<isize>ip > end) return 0;
  let lowest = fp;
  let highest = fp;

  while (true) {
    if (isExact && <isize>ip >= end) break;
    switch (<i32>load<u16>(ip)) {
      case Code.EXIT:
        break;
      case Code.CONST:
        put(ip, fp, load<u64>(ip, 8));
        ip += RECORD;
        continue;
      case Code.MOV:
        put(ip, fp, a64(ip, fp));
        ip += RECORD;
        continue;
      case Code.GLOBAL_GET:
        put(ip, fp, load<u64>(load<u32>(ip, 12)));
        ip += RECORD;
        continue;
      case Code.GLOBAL_SET: {
        const to: usize = load<u32>(ip, 12);
        store<u64>(to, a64(ip, fp));
        mark(to);
        ip += RECORD;
        continue;
      }
      case Code.SELECT:
        put(ip, fp, <u32>c64(ip, fp) ? a64(ip, fp) : b64(ip, fp));
        ip += RECORD;
        continue;
      case Code.PAGES:
        put(ip, fp, pages);
        ip += RECORD;
        continue;
      case Code.JMP: {
        const target: usize = load<u32>(ip, 12);
        end += target - (ip + RECORD);
        ip = target;
        if (!isExact && <isize>ip > end) break;
        continue;
      }
      case Code.BRNZ: {
        const isTaken = a32(ip, fp) != 0;
        const target: usize = load<u32>(ip, 12);
        ip += RECORD;
        if (isTaken) {
          end += target - ip;
          ip = target;
          if (!isExact && <isize>ip > end) break;
        }
        continue;
      }
      case Code.BRZ: {
        const isTaken = a32(ip, fp) == 0;
        const target: usize = load<u32>(ip, 12);
        ip += RECORD;
        if (isTaken) {
          end += target - ip;
          ip = target;
          if (!isExact && <isize>ip > end) break;
        }
        continue;
      }
      case Code.BRT: {
        const skipped = <usize>min(a32(ip, fp), load<u32>(ip, 12)) << RECORD_BITS;
        end += skipped;
        ip += RECORD + skipped;
        if (!isExact && <isize>ip > end) break;
        continue;
      }
      case Code.CALL: {
        const above: usize = load<u32>(ip, 4);
        const frame = fp + above;
        if (frame > LAST_FRAME) break;
        const target: usize = load<u32>(ip, 12);
        const next = ip + RECORD;
        store<u64>(frame + load<u32>(ip, 8), ((<u64>above) << 29) | ((next - CODE) >> RECORD_BITS));
        fp = frame;
        highest = max(highest, fp);
        end += target - next;
        ip = target;
        if (!isExact && <isize>ip > end) break;
        continue;
      }
      case Code.CALLI: {
        const index = <u32>c64(ip, fp);
        if (index >= load<u32>(ip, 12)) break;
        const entry = load<u64>(TABLE + 8 * <usize>index);
        const pc = <u32>entry;
        const above: usize = 8 * <usize>load<u16>(ip, 4);
        const frame = fp + above;
        if (<u32>(entry >> 32) != load<u32>(ip, 8) || pc >= count || frame > LAST_FRAME) break;
        const target = CODE + ((<usize>pc) << RECORD_BITS);
        const next = ip + RECORD;
        store<u64>(frame + 8 * <usize>load<u16>(ip, 6), ((<u64>above) << 29) | ((next - CODE) >> RECORD_BITS));
        fp = frame;
        highest = max(highest, fp);
        end += target - next;
        ip = target;
        if (!isExact && <isize>ip > end) break;
        continue;
      }
      case Code.RET: {
        const word = a64(ip, fp);
        const pc = <u32>word;
        const below = (word >> 32) << 3;
        if (pc >= count || below > <u64>(fp - FRAMES)) break;
        fp -= <usize>below;
        lowest = min(lowest, fp);
        const target = CODE + ((<usize>pc) << RECORD_BITS);
        end += target - (ip + RECORD);
        ip = target;
        if (!isExact && <isize>ip > end) break;
        continue;
      }
      case Code.KECCAK: {
        const page = a32(ip, fp);
        const length = b32(ip, fp);
        if (page & (HOST_PAGE - 1) || <i64>page + HOST_PAGE > memoryEnd || length > HOST_PAGE) break;
        const from = MEMORY + <usize>page;
        keccak256(from, length, DIGEST);
        hashed(from, length);
        for (let i: usize = 0; i < 32; i += 8) store<u64>(from + i, load<u64>(DIGEST + i));
        mark(from);
        ip += RECORD;
        continue;
      }
      case Code.LOAD8_U: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) break;
        put(ip, fp, <u64>load<u8>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD16_U: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) break;
        put(ip, fp, <u64>load<u16>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD32_U: {
        const at = address(ip, fp);
        if (at > memoryEnd - 4) break;
        put(ip, fp, <u64>load<u32>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 8) break;
        put(ip, fp, load<u64>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD8_S32: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) break;
        put(ip, fp, <u64><u32><i32>load<i8>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD16_S32: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) break;
        put(ip, fp, <u64><u32><i32>load<i16>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD8_S64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) break;
        put(ip, fp, <u64><i64>load<i8>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD16_S64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) break;
        put(ip, fp, <u64><i64>load<i16>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD32_S64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 4) break;
        put(ip, fp, <u64><i64>load<i32>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.LOAD64_LOW: {
        const at = address(ip, fp);
        if (at > memoryEnd - 8) break;
        put(ip, fp, <u64>load<u32>(<usize>at, MEMORY));
        ip += RECORD;
        continue;
      }
      case Code.STORE8: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) break;
        const to = MEMORY + <usize>at;
        store<u8>(to, <u8>c64(ip, fp));
        mark(to);
        ip += RECORD;
        continue;
      }
      case Code.STORE16: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) break;
        const to = MEMORY + <usize>at;
        store<u16>(to, <u16>c64(ip, fp));
        mark(to);
        mark(to + 1);
        ip += RECORD;
        continue;
      }
      case Code.STORE32: {
        const at = address(ip, fp);
        if (at > memoryEnd - 4) break;
        const to = MEMORY + <usize>at;
        store<u32>(to, <u32>c64(ip, fp));
        mark(to);
        mark(to + 3);
        ip += RECORD;
        continue;
      }
      case Code.STORE64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 8) break;
        const to = MEMORY + <usize>at;
        store<u64>(to, <u64>c64(ip, fp));
        mark(to);
        mark(to + 7);
        ip += RECORD;
        continue;
      }
      case Code.I32_EQZ:
        put(ip, fp, <u64>(a32(ip, fp) == 0));
        ip += RECORD;
        continue;
      case Code.I32_EQ:
        put(ip, fp, <u64>(a32(ip, fp) == b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_NE:
        put(ip, fp, <u64>(a32(ip, fp) != b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_LT_S:
        put(ip, fp, <u64>(<i32>a32(ip, fp) < <i32>b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_LT_U:
        put(ip, fp, <u64>(a32(ip, fp) < b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_GT_S:
        put(ip, fp, <u64>(<i32>a32(ip, fp) > <i32>b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_GT_U:
        put(ip, fp, <u64>(a32(ip, fp) > b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_LE_S:
        put(ip, fp, <u64>(<i32>a32(ip, fp) <= <i32>b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_LE_U:
        put(ip, fp, <u64>(a32(ip, fp) <= b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_GE_S:
        put(ip, fp, <u64>(<i32>a32(ip, fp) >= <i32>b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_GE_U:
        put(ip, fp, <u64>(a32(ip, fp) >= b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_CLZ:
        put(ip, fp, <u64>(clz(a32(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I32_CTZ:
        put(ip, fp, <u64>(ctz(a32(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I32_POPCNT:
        put(ip, fp, <u64>(popcnt(a32(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I32_ADD:
        put(ip, fp, <u64>(a32(ip, fp) + b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_SUB:
        put(ip, fp, <u64>(a32(ip, fp) - b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_MUL:
        put(ip, fp, <u64>(a32(ip, fp) * b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_DIV_S: {
        const divisor = <i32>b32(ip, fp);
        if (divisor == 0 || (divisor == -1 && <i32>a32(ip, fp) == <i32>i32.MIN_VALUE)) break;
        put(ip, fp, <u64><u32>(<i32>a32(ip, fp) / divisor));
        ip += RECORD;
        continue;
      }
      case Code.I32_DIV_U: {
        const divisor = <u32>b32(ip, fp);
        if (divisor == 0) break;
        put(ip, fp, <u64><u32>(<u32>a32(ip, fp) / divisor));
        ip += RECORD;
        continue;
      }
      case Code.I32_REM_S: {
        const divisor = <i32>b32(ip, fp);
        if (divisor == 0) break;
        put(ip, fp, <u64><u32>(<i32>a32(ip, fp) % divisor));
        ip += RECORD;
        continue;
      }
      case Code.I32_REM_U: {
        const divisor = <u32>b32(ip, fp);
        if (divisor == 0) break;
        put(ip, fp, <u64><u32>(<u32>a32(ip, fp) % divisor));
        ip += RECORD;
        continue;
      }
      case Code.I32_AND:
        put(ip, fp, <u64>(a32(ip, fp) & b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_OR:
        put(ip, fp, <u64>(a32(ip, fp) | b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_XOR:
        put(ip, fp, <u64>(a32(ip, fp) ^ b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_SHL:
        put(ip, fp, <u64>(a32(ip, fp) << b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_SHR_S:
        put(ip, fp, <u64>(<u32>(<i32>a32(ip, fp) >> <i32>b32(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I32_SHR_U:
        put(ip, fp, <u64>(a32(ip, fp) >> b32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_ROTL:
        put(ip, fp, <u64>(rotl(a32(ip, fp), b32(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I32_ROTR:
        put(ip, fp, <u64>(rotr(a32(ip, fp), b32(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I32_EXTEND8:
        put(ip, fp, <u64>(<u32><i32><i8>a32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_EXTEND16:
        put(ip, fp, <u64>(<u32><i32><i16>a32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I32_EXTEND32:
        put(ip, fp, <u64>(<u32><i32><i32>a32(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_EQZ:
        put(ip, fp, <u64>(a64(ip, fp) == 0));
        ip += RECORD;
        continue;
      case Code.I64_EQ:
        put(ip, fp, <u64>(a64(ip, fp) == b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_NE:
        put(ip, fp, <u64>(a64(ip, fp) != b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_LT_S:
        put(ip, fp, <u64>(<i64>a64(ip, fp) < <i64>b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_LT_U:
        put(ip, fp, <u64>(a64(ip, fp) < b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_GT_S:
        put(ip, fp, <u64>(<i64>a64(ip, fp) > <i64>b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_GT_U:
        put(ip, fp, <u64>(a64(ip, fp) > b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_LE_S:
        put(ip, fp, <u64>(<i64>a64(ip, fp) <= <i64>b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_LE_U:
        put(ip, fp, <u64>(a64(ip, fp) <= b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_GE_S:
        put(ip, fp, <u64>(<i64>a64(ip, fp) >= <i64>b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_GE_U:
        put(ip, fp, <u64>(a64(ip, fp) >= b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_CLZ:
        put(ip, fp, <u64>(clz(a64(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I64_CTZ:
        put(ip, fp, <u64>(ctz(a64(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I64_POPCNT:
        put(ip, fp, <u64>(popcnt(a64(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I64_ADD:
        put(ip, fp, <u64>(a64(ip, fp) + b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_SUB:
        put(ip, fp, <u64>(a64(ip, fp) - b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_MUL:
        put(ip, fp, <u64>(a64(ip, fp) * b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_DIV_S: {
        const divisor = <i64>b64(ip, fp);
        if (divisor == 0 || (divisor == -1 && <i64>a64(ip, fp) == <i64>i64.MIN_VALUE)) break;
        put(ip, fp, <u64><u64>(<i64>a64(ip, fp) / divisor));
        ip += RECORD;
        continue;
      }
      case Code.I64_DIV_U: {
        const divisor = <u64>b64(ip, fp);
        if (divisor == 0) break;
        put(ip, fp, <u64><u64>(<u64>a64(ip, fp) / divisor));
        ip += RECORD;
        continue;
      }
      case Code.I64_REM_S: {
        const divisor = <i64>b64(ip, fp);
        if (divisor == 0) break;
        put(ip, fp, <u64><u64>(<i64>a64(ip, fp) % divisor));
        ip += RECORD;
        continue;
      }
      case Code.I64_REM_U: {
        const divisor = <u64>b64(ip, fp);
        if (divisor == 0) break;
        put(ip, fp, <u64><u64>(<u64>a64(ip, fp) % divisor));
        ip += RECORD;
        continue;
      }
      case Code.I64_AND:
        put(ip, fp, <u64>(a64(ip, fp) & b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_OR:
        put(ip, fp, <u64>(a64(ip, fp) | b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_XOR:
        put(ip, fp, <u64>(a64(ip, fp) ^ b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_SHL:
        put(ip, fp, <u64>(a64(ip, fp) << b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_SHR_S:
        put(ip, fp, <u64>(<u64>(<i64>a64(ip, fp) >> <i64>b64(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I64_SHR_U:
        put(ip, fp, <u64>(a64(ip, fp) >> b64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_ROTL:
        put(ip, fp, <u64>(rotl(a64(ip, fp), b64(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I64_ROTR:
        put(ip, fp, <u64>(rotr(a64(ip, fp), b64(ip, fp))));
        ip += RECORD;
        continue;
      case Code.I64_EXTEND8:
        put(ip, fp, <u64>(<u64><i64><i8>a64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_EXTEND16:
        put(ip, fp, <u64>(<u64><i64><i16>a64(ip, fp)));
        ip += RECORD;
        continue;
      case Code.I64_EXTEND32:
        put(ip, fp, <u64>(<u64><i64><i32>a64(ip, fp)));
        ip += RECORD;
        continue;
    }
    // For the host.
    break;
  }
  store<u32>(PC, <u32>((ip - CODE) >> RECORD_BITS));
  store<u32>(FP, <u32>((fp - MEMORY) >> 3));
  // Writes to frames are not marked one by one.
  markRange(lowest, highest + 8 * <usize>reach + 7);
  return steps - <u32>((end + margin - <isize>ip) >> RECORD_BITS);
}
