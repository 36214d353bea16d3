// The instruction set of docs/machine.md §3: operation codes, functions, and the 32-byte leaf.

export const Op = {
  TRAP: 0x00,
  HALT: 0x01,
  CONST: 0x02,
  MOV: 0x03,
  GLOBAL_GET: 0x04,
  GLOBAL_SET: 0x05,
  SELECT: 0x06,
  ALU32: 0x07,
  ALU64: 0x08,
  LOAD: 0x09,
  STORE: 0x0a,
  PAGES: 0x0b,
  GROW: 0x0c,
  JMP: 0x0d,
  BRNZ: 0x0e,
  BRZ: 0x0f,
  BRT: 0x10,
  CALL: 0x11,
  CALLI: 0x12,
  RET: 0x13,
  HOST: 0x14,
} as const;

/** Functions of ALU32 and ALU64, in the order of WebAssembly's opcodes. */
export const Alu = {
  EQZ: 0,
  EQ: 1,
  NE: 2,
  LT_S: 3,
  LT_U: 4,
  GT_S: 5,
  GT_U: 6,
  LE_S: 7,
  LE_U: 8,
  GE_S: 9,
  GE_U: 10,
  CLZ: 11,
  CTZ: 12,
  POPCNT: 13,
  ADD: 14,
  SUB: 15,
  MUL: 16,
  DIV_S: 17,
  DIV_U: 18,
  REM_S: 19,
  REM_U: 20,
  AND: 21,
  OR: 22,
  XOR: 23,
  SHL: 24,
  SHR_S: 25,
  SHR_U: 26,
  ROTL: 27,
  ROTR: 28,
  EXT8: 29,
  EXT16: 30,
  EXT32: 31,
} as const;

/** Functions with one operand. */
export function isUnary(fn: number): boolean {
  return fn === Alu.EQZ || (fn >= Alu.CLZ && fn <= Alu.POPCNT) || fn >= Alu.EXT8;
}

/** Function of LOAD (all fields) and STORE (`log2Size` alone). */
export function accessFn(log2Size: number, signed = false, wide = false): number {
  return log2Size | (signed ? 4 : 0) | (wide ? 8 : 0);
}

/** Functions of HOST; names as the guest imports them from module `host`. */
export const Host = {
  input: 0,
  output: 1,
  keccak256: 2,
  sha256: 3,
  ecrecover: 4,
  preimage: 5,
  blob: 6,
} as const;

/** Number of i32 parameters of a host call, and of its i32 results. */
export const HOST_SIGNATURES: Record<keyof typeof Host, { params: number; results: number }> = {
  input: { params: 1, results: 0 },
  output: { params: 1, results: 0 },
  keccak256: { params: 2, results: 0 },
  sha256: { params: 2, results: 0 },
  ecrecover: { params: 1, results: 0 },
  preimage: { params: 2, results: 1 },
  blob: { params: 2, results: 0 },
};

export function isHostCall(name: string): name is keyof typeof Host {
  return Object.hasOwn(Host, name);
}

/** One instruction; d, a, b, c are u32, imm is u64. */
export interface Instruction {
  op: number;
  fn: number;
  d: number;
  a: number;
  b: number;
  c: number;
  imm: bigint;
}

const TRAP: Instruction = { op: Op.TRAP, fn: 0, d: 0, a: 0, b: 0, c: 0, imm: 0n };

export function instruction(op: number, fields: Partial<Omit<Instruction, "op">> = {}): Instruction {
  return { ...TRAP, op, ...fields };
}

/** The 32-byte leaf: op u8, fn u8, 2 zero bytes, d, a, b, c u32, 4 zero bytes, imm u64; big-endian. */
export function encodeInstruction({ op, fn, d, a, b, c, imm }: Instruction): Uint8Array {
  const leaf = new Uint8Array(32);
  const view = new DataView(leaf.buffer);
  view.setUint8(0, op);
  view.setUint8(1, fn);
  view.setUint32(4, d);
  view.setUint32(8, a);
  view.setUint32(12, b);
  view.setUint32(16, c);
  view.setBigUint64(24, imm);
  return leaf;
}

/** Reads a leaf; the unused bytes are ignored. */
export function decodeInstruction(leaf: Uint8Array): Instruction {
  const view = new DataView(leaf.buffer, leaf.byteOffset, 32);
  return {
    op: view.getUint8(0),
    fn: view.getUint8(1),
    d: view.getUint32(4),
    a: view.getUint32(8),
    b: view.getUint32(12),
    c: view.getUint32(16),
    imm: view.getBigUint64(24),
  };
}

/** Instructions at most: the code tree has 2^20 leaves. */
export const CODE_DEPTH = 20;
export const MAX_CODE = 1 << CODE_DEPTH;

// Address map (docs/machine.md §2). Slots are 8 bytes; slot n stands at address 8·n.
export const MEMORY_DEPTH = 24;
/** First slot that instructions may name: globals begin here, linear memory ends. */
export const GLOBALS_SLOT = 1 << 25;
export const TABLE_SLOT = GLOBALS_SLOT + (1 << 16);
export const FRAMES_SLOT = GLOBALS_SLOT + (1 << 21);
export const END_SLOT = 1 << 26;
