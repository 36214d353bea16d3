// Execution of decoded instructions (docs/machine.md, section 3). Whatever is not plain sailing (a trap, a halt, a host call of
// which few are made, a slot outside the frames) is left alone: `run` ends before that instruction, and the host executes it by the
// reference's rules.
import { keccak256 } from "../keccak/index";
import { Code, reach, REACH, RECORD, RECORD_BITS } from "./decode";
import { hashed, preimage } from "./host";
import { CODE, DIGEST, END, FP, FRAMES, MEMORY, PC, TABLE } from "./layout";
import { mark, markRange } from "./tree";

const HOST_PAGE: u32 = 4096;
/** Frames begin no later; then all slots that a record can name are in the memory. */
const LAST_FRAME: usize = END - 8 * <usize>REACH;

// Operands of the record at `ip`, in the frame at `fp`.

function a32(ip: usize, fp: usize): u32 {
  return load<u32>(fp + load<u32>(ip, 8));
}

function b32(ip: usize, fp: usize): u32 {
  return load<u32>(fp + load<u32>(ip, 12));
}

function a64(ip: usize, fp: usize): u64 {
  return load<u64>(fp + load<u32>(ip, 8));
}

function b64(ip: usize, fp: usize): u64 {
  return load<u64>(fp + load<u32>(ip, 12));
}

function c64(ip: usize, fp: usize): u64 {
  return load<u64>(fp + 8 * <usize>load<u16>(ip, 2));
}

function put(ip: usize, fp: usize, value: u64): void {
  store<u64>(fp + load<u32>(ip, 4), value);
}

/** Address in linear memory; 33 bits. */
function address(ip: usize, fp: usize): i64 {
  return <i64>a32(ip, fp) + <i64>load<u32>(ip, 12);
}

function isHostPage(page: u32, memoryEnd: i64): bool {
  return !(page & (HOST_PAGE - 1)) && <i64>page + HOST_PAGE <= memoryEnd;
}

/** Leaves pc and frame behind; returns the steps that are left. */
function leave(ip: usize, fp: usize, lowest: usize, highest: usize, end: usize): u32 {
  store<u32>(PC, <u32>((ip - CODE) >> RECORD_BITS));
  store<u32>(FP, <u32>((fp - MEMORY) >> 3));
  // Writes to frames are not marked one by one.
  markRange(lowest, highest + 8 * <usize>reach + 7);
  return <u32>((end - ip) >> RECORD_BITS);
}

/**
 * Executes at most `steps` < 2^25 instructions, from the pc at PC and the frame at FP (a slot) on, and leaves both there.
 * Returns how many it executed: fewer when the next one is for the host.
 */
export function run(steps: u32, count: u32, pages: u32): u32 {
  let ip = CODE + ((<usize>load<u32>(PC)) << RECORD_BITS);
  let fp = MEMORY + 8 * <usize>load<u32>(FP);
  if (load<u32>(PC) >= count || fp < FRAMES || fp > LAST_FRAME) return 0;
  const memoryEnd = (<i64>pages) << 16;
  // No step is counted: this is where execution would arrive after all of them if it never jumped, so each jump moves it.
  let end = ip + ((<usize>steps) << RECORD_BITS);
  let lowest = fp;
  let highest = fp;

  while (ip != end) {
    switch (<i32>load<u16>(ip)) {
      case Code.EXIT:
        return steps - leave(ip, fp, lowest, highest, end);
      case Code.CONST:
        put(ip, fp, load<u64>(ip, 8));
        break;
      case Code.MOV:
        put(ip, fp, a64(ip, fp));
        break;
      case Code.GLOBAL_GET:
        put(ip, fp, load<u64>(load<u32>(ip, 12)));
        break;
      case Code.GLOBAL_SET: {
        const to: usize = load<u32>(ip, 12);
        store<u64>(to, a64(ip, fp));
        mark(to);
        break;
      }
      case Code.SELECT:
        put(ip, fp, <u32>c64(ip, fp) ? a64(ip, fp) : b64(ip, fp));
        break;
      case Code.PAGES:
        put(ip, fp, pages);
        break;
      case Code.JMP: {
        const target: usize = load<u32>(ip, 12);
        end += target - (ip + RECORD);
        ip = target;
        continue;
      }
      case Code.BRNZ:
        if (a32(ip, fp) != 0) {
          const target: usize = load<u32>(ip, 12);
          end += target - (ip + RECORD);
          ip = target;
          continue;
        }
        break;
      case Code.BRZ:
        if (a32(ip, fp) == 0) {
          const target: usize = load<u32>(ip, 12);
          end += target - (ip + RECORD);
          ip = target;
          continue;
        }
        break;
      case Code.BRT: {
        const skipped = (<usize>min(a32(ip, fp), load<u32>(ip, 12))) << RECORD_BITS;
        end += skipped;
        ip += RECORD + skipped;
        continue;
      }
      case Code.CALL: {
        const above: usize = load<u32>(ip, 4);
        const frame = fp + above;
        if (frame > LAST_FRAME) return steps - leave(ip, fp, lowest, highest, end);
        const target: usize = load<u32>(ip, 12);
        const next = ip + RECORD;
        store<u64>(frame + load<u32>(ip, 8), ((<u64>above) << 29) | ((next - CODE) >> RECORD_BITS));
        fp = frame;
        highest = max(highest, fp);
        end += target - next;
        ip = target;
        continue;
      }
      case Code.CALLI: {
        const index = <u32>c64(ip, fp);
        if (index >= load<u32>(ip, 12)) return steps - leave(ip, fp, lowest, highest, end);
        const entry = load<u64>(TABLE + 8 * <usize>index);
        const pc = <u32>entry;
        const above: usize = 8 * <usize>load<u16>(ip, 4);
        const frame = fp + above;
        if (<u32>(entry >> 32) != load<u32>(ip, 8) || pc >= count || frame > LAST_FRAME)
          return steps - leave(ip, fp, lowest, highest, end);
        const target = CODE + ((<usize>pc) << RECORD_BITS);
        const next = ip + RECORD;
        store<u64>(frame + 8 * <usize>load<u16>(ip, 6), ((<u64>above) << 29) | ((next - CODE) >> RECORD_BITS));
        fp = frame;
        highest = max(highest, fp);
        end += target - next;
        ip = target;
        continue;
      }
      case Code.RET: {
        const word = a64(ip, fp);
        const pc = <u32>word;
        const below = (word >> 32) << 3;
        if (pc >= count || below > <u64>(fp - FRAMES)) return steps - leave(ip, fp, lowest, highest, end);
        fp -= <usize>below;
        lowest = min(lowest, fp);
        const target = CODE + ((<usize>pc) << RECORD_BITS);
        end += target - (ip + RECORD);
        ip = target;
        continue;
      }
      case Code.KECCAK: {
        const page = a32(ip, fp);
        const length = b32(ip, fp);
        if (!isHostPage(page, memoryEnd) || length > HOST_PAGE) return steps - leave(ip, fp, lowest, highest, end);
        const from = MEMORY + <usize>page;
        keccak256(from, length, DIGEST);
        hashed(from, length);
        for (let i: usize = 0; i < 32; i += 8) store<u64>(from + i, load<u64>(DIGEST + i));
        mark(from);
        break;
      }
      case Code.PREIMAGE: {
        const page = a32(ip, fp);
        if (!isHostPage(page, memoryEnd)) return steps - leave(ip, fp, lowest, highest, end);
        const length = preimage(MEMORY + <usize>page, b32(ip, fp));
        if (length < 0) return steps - leave(ip, fp, lowest, highest, end);
        mark(MEMORY + <usize>page);
        put(ip, fp, <u32>length);
        break;
      }
      case Code.LOAD8_U: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, load<u8>(<usize>at, MEMORY));
        break;
      }
      case Code.LOAD16_U: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, load<u16>(<usize>at, MEMORY));
        break;
      }
      case Code.LOAD32_U: {
        const at = address(ip, fp);
        if (at > memoryEnd - 4) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, load<u32>(<usize>at, MEMORY));
        break;
      }
      case Code.LOAD64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 8) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, load<u64>(<usize>at, MEMORY));
        break;
      }
      case Code.LOAD8_S32: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u32>(<i32>load<i8>(<usize>at, MEMORY)));
        break;
      }
      case Code.LOAD16_S32: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u32>(<i32>load<i16>(<usize>at, MEMORY)));
        break;
      }
      case Code.LOAD8_S64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u64>(<i64>load<i8>(<usize>at, MEMORY)));
        break;
      }
      case Code.LOAD16_S64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u64>(<i64>load<i16>(<usize>at, MEMORY)));
        break;
      }
      case Code.LOAD32_S64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 4) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u64>(<i64>load<i32>(<usize>at, MEMORY)));
        break;
      }
      case Code.LOAD64_LOW: {
        const at = address(ip, fp);
        if (at > memoryEnd - 8) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, load<u32>(<usize>at, MEMORY));
        break;
      }
      case Code.STORE8: {
        const at = address(ip, fp);
        if (at > memoryEnd - 1) return steps - leave(ip, fp, lowest, highest, end);
        const to = MEMORY + <usize>at;
        store<u8>(to, <u8>c64(ip, fp));
        mark(to);
        break;
      }
      case Code.STORE16: {
        const at = address(ip, fp);
        if (at > memoryEnd - 2) return steps - leave(ip, fp, lowest, highest, end);
        const to = MEMORY + <usize>at;
        store<u16>(to, <u16>c64(ip, fp));
        mark(to);
        mark(to + 1);
        break;
      }
      case Code.STORE32: {
        const at = address(ip, fp);
        if (at > memoryEnd - 4) return steps - leave(ip, fp, lowest, highest, end);
        const to = MEMORY + <usize>at;
        store<u32>(to, <u32>c64(ip, fp));
        mark(to);
        mark(to + 3);
        break;
      }
      case Code.STORE64: {
        const at = address(ip, fp);
        if (at > memoryEnd - 8) return steps - leave(ip, fp, lowest, highest, end);
        const to = MEMORY + <usize>at;
        store<u64>(to, c64(ip, fp));
        mark(to);
        mark(to + 7);
        break;
      }
      case Code.I32_EQZ:
        put(ip, fp, a32(ip, fp) == 0);
        break;
      case Code.I32_EQ:
        put(ip, fp, a32(ip, fp) == b32(ip, fp));
        break;
      case Code.I32_NE:
        put(ip, fp, a32(ip, fp) != b32(ip, fp));
        break;
      case Code.I32_LT_S:
        put(ip, fp, <i32>a32(ip, fp) < <i32>b32(ip, fp));
        break;
      case Code.I32_LT_U:
        put(ip, fp, a32(ip, fp) < b32(ip, fp));
        break;
      case Code.I32_GT_S:
        put(ip, fp, <i32>a32(ip, fp) > <i32>b32(ip, fp));
        break;
      case Code.I32_GT_U:
        put(ip, fp, a32(ip, fp) > b32(ip, fp));
        break;
      case Code.I32_LE_S:
        put(ip, fp, <i32>a32(ip, fp) <= <i32>b32(ip, fp));
        break;
      case Code.I32_LE_U:
        put(ip, fp, a32(ip, fp) <= b32(ip, fp));
        break;
      case Code.I32_GE_S:
        put(ip, fp, <i32>a32(ip, fp) >= <i32>b32(ip, fp));
        break;
      case Code.I32_GE_U:
        put(ip, fp, a32(ip, fp) >= b32(ip, fp));
        break;
      case Code.I32_CLZ:
        put(ip, fp, clz(a32(ip, fp)));
        break;
      case Code.I32_CTZ:
        put(ip, fp, ctz(a32(ip, fp)));
        break;
      case Code.I32_POPCNT:
        put(ip, fp, popcnt(a32(ip, fp)));
        break;
      case Code.I32_ADD:
        put(ip, fp, a32(ip, fp) + b32(ip, fp));
        break;
      case Code.I32_SUB:
        put(ip, fp, a32(ip, fp) - b32(ip, fp));
        break;
      case Code.I32_MUL:
        put(ip, fp, a32(ip, fp) * b32(ip, fp));
        break;
      case Code.I32_DIV_S: {
        const divisor = <i32>b32(ip, fp);
        if (divisor == 0 || (divisor == -1 && <i32>a32(ip, fp) == i32.MIN_VALUE))
          return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u32>(<i32>a32(ip, fp) / divisor));
        break;
      }
      case Code.I32_DIV_U: {
        const divisor = b32(ip, fp);
        if (divisor == 0) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, a32(ip, fp) / divisor);
        break;
      }
      case Code.I32_REM_S: {
        const divisor = <i32>b32(ip, fp);
        if (divisor == 0) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u32>(<i32>a32(ip, fp) % divisor));
        break;
      }
      case Code.I32_REM_U: {
        const divisor = b32(ip, fp);
        if (divisor == 0) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, a32(ip, fp) % divisor);
        break;
      }
      case Code.I32_AND:
        put(ip, fp, a32(ip, fp) & b32(ip, fp));
        break;
      case Code.I32_OR:
        put(ip, fp, a32(ip, fp) | b32(ip, fp));
        break;
      case Code.I32_XOR:
        put(ip, fp, a32(ip, fp) ^ b32(ip, fp));
        break;
      case Code.I32_SHL:
        put(ip, fp, a32(ip, fp) << b32(ip, fp));
        break;
      case Code.I32_SHR_S:
        put(ip, fp, <u32>((<i32>a32(ip, fp)) >> (<i32>b32(ip, fp))));
        break;
      case Code.I32_SHR_U:
        put(ip, fp, a32(ip, fp) >> b32(ip, fp));
        break;
      case Code.I32_ROTL:
        put(ip, fp, rotl(a32(ip, fp), b32(ip, fp)));
        break;
      case Code.I32_ROTR:
        put(ip, fp, rotr(a32(ip, fp), b32(ip, fp)));
        break;
      case Code.I32_EXTEND8:
        put(ip, fp, <u32>(<i32>(<i8>a32(ip, fp))));
        break;
      case Code.I32_EXTEND16:
        put(ip, fp, <u32>(<i32>(<i16>a32(ip, fp))));
        break;
      case Code.I32_EXTEND32:
        put(ip, fp, a32(ip, fp));
        break;
      case Code.I64_EQZ:
        put(ip, fp, a64(ip, fp) == 0);
        break;
      case Code.I64_EQ:
        put(ip, fp, a64(ip, fp) == b64(ip, fp));
        break;
      case Code.I64_NE:
        put(ip, fp, a64(ip, fp) != b64(ip, fp));
        break;
      case Code.I64_LT_S:
        put(ip, fp, <i64>a64(ip, fp) < <i64>b64(ip, fp));
        break;
      case Code.I64_LT_U:
        put(ip, fp, a64(ip, fp) < b64(ip, fp));
        break;
      case Code.I64_GT_S:
        put(ip, fp, <i64>a64(ip, fp) > <i64>b64(ip, fp));
        break;
      case Code.I64_GT_U:
        put(ip, fp, a64(ip, fp) > b64(ip, fp));
        break;
      case Code.I64_LE_S:
        put(ip, fp, <i64>a64(ip, fp) <= <i64>b64(ip, fp));
        break;
      case Code.I64_LE_U:
        put(ip, fp, a64(ip, fp) <= b64(ip, fp));
        break;
      case Code.I64_GE_S:
        put(ip, fp, <i64>a64(ip, fp) >= <i64>b64(ip, fp));
        break;
      case Code.I64_GE_U:
        put(ip, fp, a64(ip, fp) >= b64(ip, fp));
        break;
      case Code.I64_CLZ:
        put(ip, fp, clz(a64(ip, fp)));
        break;
      case Code.I64_CTZ:
        put(ip, fp, ctz(a64(ip, fp)));
        break;
      case Code.I64_POPCNT:
        put(ip, fp, popcnt(a64(ip, fp)));
        break;
      case Code.I64_ADD:
        put(ip, fp, a64(ip, fp) + b64(ip, fp));
        break;
      case Code.I64_SUB:
        put(ip, fp, a64(ip, fp) - b64(ip, fp));
        break;
      case Code.I64_MUL:
        put(ip, fp, a64(ip, fp) * b64(ip, fp));
        break;
      case Code.I64_DIV_S: {
        const divisor = <i64>b64(ip, fp);
        if (divisor == 0 || (divisor == -1 && <i64>a64(ip, fp) == i64.MIN_VALUE))
          return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u64>(<i64>a64(ip, fp) / divisor));
        break;
      }
      case Code.I64_DIV_U: {
        const divisor = b64(ip, fp);
        if (divisor == 0) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, a64(ip, fp) / divisor);
        break;
      }
      case Code.I64_REM_S: {
        const divisor = <i64>b64(ip, fp);
        if (divisor == 0) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, <u64>(<i64>a64(ip, fp) % divisor));
        break;
      }
      case Code.I64_REM_U: {
        const divisor = b64(ip, fp);
        if (divisor == 0) return steps - leave(ip, fp, lowest, highest, end);
        put(ip, fp, a64(ip, fp) % divisor);
        break;
      }
      case Code.I64_AND:
        put(ip, fp, a64(ip, fp) & b64(ip, fp));
        break;
      case Code.I64_OR:
        put(ip, fp, a64(ip, fp) | b64(ip, fp));
        break;
      case Code.I64_XOR:
        put(ip, fp, a64(ip, fp) ^ b64(ip, fp));
        break;
      case Code.I64_SHL:
        put(ip, fp, a64(ip, fp) << b64(ip, fp));
        break;
      case Code.I64_SHR_S:
        put(ip, fp, <u64>((<i64>a64(ip, fp)) >> (<i64>b64(ip, fp))));
        break;
      case Code.I64_SHR_U:
        put(ip, fp, a64(ip, fp) >> b64(ip, fp));
        break;
      case Code.I64_ROTL:
        put(ip, fp, rotl(a64(ip, fp), b64(ip, fp)));
        break;
      case Code.I64_ROTR:
        put(ip, fp, rotr(a64(ip, fp), b64(ip, fp)));
        break;
      case Code.I64_EXTEND8:
        put(ip, fp, <u64>(<i64>(<i8>a64(ip, fp))));
        break;
      case Code.I64_EXTEND16:
        put(ip, fp, <u64>(<i64>(<i16>a64(ip, fp))));
        break;
      case Code.I64_EXTEND32:
        put(ip, fp, <u64>(<i64>(<i32>a64(ip, fp))));
        break;
    }
    ip += RECORD;
  }
  return steps - leave(ip, fp, lowest, highest, end);
}
