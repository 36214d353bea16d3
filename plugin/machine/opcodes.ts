/** What follows an opcode in the binary format. */
export type Immediate = "none" | "block" | "index" | "targets" | "indirect" | "memory" | "zero" | "i32" | "i64";

interface OpcodeInfo {
  name: string;
  immediate: Immediate;
}

/** Every opcode that the machine executes: WebAssembly MVP without floats, plus sign extension. */
export const OPCODES: ReadonlyMap<number, OpcodeInfo> = new Map(
  (
    [
      [0x00, "none", "unreachable nop"],
      [0x02, "block", "block loop if"],
      [0x05, "none", "else"],
      [0x0b, "none", "end"],
      [0x0c, "index", "br br_if"],
      [0x0e, "targets", "br_table"],
      [0x0f, "none", "return"],
      [0x10, "index", "call"],
      [0x11, "indirect", "call_indirect"],
      [0x1a, "none", "drop select"],
      [0x20, "index", "local.get local.set local.tee global.get global.set"],
      [0x28, "memory", "i32.load i64.load"],
      [0x2c, "memory", "i32.load8_s i32.load8_u i32.load16_s i32.load16_u"],
      [0x30, "memory", "i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u"],
      [0x36, "memory", "i32.store i64.store"],
      [0x3a, "memory", "i32.store8 i32.store16 i64.store8 i64.store16 i64.store32"],
      [0x3f, "zero", "memory.size memory.grow"],
      [0x41, "i32", "i32.const"],
      [0x42, "i64", "i64.const"],
      [0x45, "none", "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u"],
      [0x50, "none", "i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u"],
      [0x67, "none", "i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u"],
      [0x71, "none", "i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr"],
      [0x79, "none", "i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u"],
      [0x83, "none", "i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr"],
      [0xa7, "none", "i32.wrap_i64"],
      [0xac, "none", "i64.extend_i32_s i64.extend_i32_u"],
      [0xc0, "none", "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s"],
    ] as const
  ).flatMap(([first, immediate, names]) =>
    names.split(" ").map((name, i): [number, OpcodeInfo] => [first + i, { name, immediate }]),
  ),
);

/** The hint of everything that has to do with floats. */
export const FLOAT_HINT =
  "the machine has no floating point; in AssemblyScript Math.*, number, parseFloat and parseInt are f64: use integer types and the builtins min, max and abs";

const FLOATS: ReadonlyMap<number, string> = new Map(
  (
    [
      [0x2a, "f32.load f64.load"],
      [0x38, "f32.store f64.store"],
      [0x43, "f32.const f64.const"],
      [0x5b, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"],
      [0x8b, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt"],
      [0x92, "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"],
      [0x99, "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt"],
      [0xa0, "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign"],
      [0xa8, "i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u"],
      [0xae, "i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u"],
      [0xb2, "f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64"],
      [0xb7, "f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32"],
      [0xbc, "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64"],
    ] as const
  ).flatMap(([first, names]) => names.split(" ").map((name, i): [number, string] => [first + i, name])),
);

/** Opcodes that are WebAssembly but not for the machine: what they are, and what to do instead. */
export function refusal(opcode: number): { name: string; hint: string } {
  const float = FLOATS.get(opcode);
  if (float !== undefined) return { name: `${float}, a float instruction`, hint: FLOAT_HINT };
  switch (opcode) {
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0a:
    case 0x18:
    case 0x19:
    case 0x1f:
      return { name: "exception handling", hint: "compile without exceptions; use unreachable to abort" };
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x15:
      return { name: "a tail or reference call", hint: "compile with --disable tail-calls,reference-types" };
    case 0x1c:
    case 0x25:
    case 0x26:
    case 0xd0:
    case 0xd1:
    case 0xd2:
      return { name: "a reference-type instruction", hint: "compile with --disable reference-types" };
    case 0xfb:
      return { name: "a garbage-collection instruction", hint: "compile with --disable gc" };
    case 0xfc:
      return {
        name: "a bulk-memory or saturating-conversion instruction",
        hint: "compile with --disable bulk-memory --disable nontrapping-f2i",
      };
    case 0xfd:
      return { name: "a SIMD instruction", hint: "compile with --disable simd" };
    case 0xfe:
      return { name: "an atomic instruction", hint: "compile with --disable threads" };
    default:
      return { name: "an unknown instruction", hint: "compile for WebAssembly MVP" };
  }
}
