import { GuestRefusedError } from "./errors.js";
import { HOST_SIGNATURES, isHostCall } from "./isa.js";
import { FLOAT_HINT, OPCODES, refusal } from "./opcodes.js";

// Binary format of WebAssembly (core specification, chapter 5), as far as the machine executes it. Type checking is V8's:
// `readWasm` starts with `WebAssembly.validate`, so what follows may rely on a valid module.

export const I32 = 0x7f;
export const I64 = 0x7e;
const FUNCREF = 0x70;
export const EMPTY_BLOCK = -0x40;

/** Linear memory ends here at the latest: 256 MiB. */
export const MAX_PAGES = 4096;
export const MAX_TABLE = 1 << 20;
export const MAX_GLOBALS = 1 << 16;

export interface FunctionType {
  params: number[];
  results: number[];
}

export type WasmInstruction =
  | { kind: "none" | "zero"; opcode: number }
  /** `blockType`: EMPTY_BLOCK, a value type - 0x80, or the index of a function type. */
  | { kind: "block"; opcode: number; blockType: number }
  | { kind: "index" | "indirect"; opcode: number; index: number }
  /** The last target is the default. */
  | { kind: "targets"; opcode: number; targets: number[] }
  | { kind: "memory"; opcode: number; align: number; offset: number }
  | { kind: "i32" | "i64"; opcode: number; value: bigint };

export interface WasmFunction {
  type: number;
  /** Types of the locals that are not parameters. */
  locals: number[];
  /** Without the final `end`. */
  body: WasmInstruction[];
}

export interface WasmImport {
  module: string;
  name: string;
  type: number;
}

export interface Limits {
  initial: number;
  maximum?: number | undefined;
}

/** A value known before the start: a constant, or the value of a global before it. */
export type Initializer = { value: bigint } | { global: number };

export interface WasmModule {
  /** It was instrumented: docs/machine.md §5.2. */
  isCanonical: boolean;
  types: FunctionType[];
  imports: WasmImport[];
  functions: WasmFunction[];
  table?: Limits | undefined;
  memory?: Limits | undefined;
  globals: { type: number; mutable: boolean; init: Initializer }[];
  /** kind: 0 function, 1 table, 2 memory, 3 global. */
  exports: { name: string; kind: number; index: number }[];
  start?: number | undefined;
  elements: { offset: Initializer; functions: number[] }[];
  data: { offset: Initializer; bytes: Uint8Array }[];
  /** From the custom section "name" and from the exports; for messages only. */
  functionNames: Map<number, string>;
}

/** Signature of a block. */
export function blockSignature(module: WasmModule, blockType: number): FunctionType {
  if (blockType === EMPTY_BLOCK) return { params: [], results: [] };
  if (blockType < 0) return { params: [], results: [blockType + 0x80] };
  return typeAt(module, blockType);
}

export function typeAt(module: WasmModule, index: number): FunctionType {
  const type = module.types[index];
  if (type === undefined) throw new GuestRefusedError("types", `there is no type ${index}`, "the module is not valid");
  return type;
}

/** Type of a function, counted with the imports first. */
export function functionType(module: WasmModule, index: number): FunctionType {
  const found = module.imports[index] ?? module.functions[index - module.imports.length];
  if (found === undefined) {
    throw new GuestRefusedError("functions", `there is no function ${index}`, "the module is not valid");
  }
  return typeAt(module, found.type);
}

export function functionName(module: WasmModule, index: number): string {
  const name = module.functionNames.get(index);
  return name === undefined ? `function ${index}` : `function ${index} (${name})`;
}

/** Custom section that marks a canonical artifact. */
export const CANONICAL_SECTION = "hardhat-rollup.canonical";

// A name may begin with a byte order mark, which belongs to it.
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

class Cursor {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new GuestRefusedError("module", "it ends too early", "the module is not valid");
    return value;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) this.at = this.bytes.length;
    if (this.done && length > 0) this.byte();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(Number(shift) + 7, value);
    }
  }

  name(): string {
    return UTF8.decode(this.take(this.unsigned()));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }
}

function readInstruction(cursor: Cursor, where: string): WasmInstruction {
  const opcode = cursor.byte();
  const info = OPCODES.get(opcode);
  if (info === undefined) {
    const { name, hint } = refusal(opcode);
    throw new GuestRefusedError(where, `${name} (opcode 0x${opcode.toString(16).padStart(2, "0")})`, hint, opcode);
  }
  const kind = info.immediate;
  switch (kind) {
    case "none":
      return { kind, opcode };
    case "zero":
      cursor.byte();
      return { kind, opcode };
    case "block": {
      const blockType = Number(cursor.signed());
      if (blockType < 0 && blockType !== EMPTY_BLOCK) checkValueType(blockType + 0x80, where);
      return { kind, opcode, blockType };
    }
    case "index":
      return { kind, opcode, index: cursor.unsigned() };
    case "indirect": {
      const index = cursor.unsigned();
      cursor.byte(); // the only table
      return { kind, opcode, index };
    }
    case "targets":
      return { kind, opcode, targets: [...cursor.list(() => cursor.unsigned()), cursor.unsigned()] };
    case "memory":
      return { kind, opcode, align: cursor.unsigned(), offset: cursor.unsigned() };
    case "i32":
      return { kind, opcode, value: BigInt.asUintN(32, cursor.signed()) };
    case "i64":
      return { kind, opcode, value: BigInt.asUintN(64, cursor.signed()) };
  }
}

/** Instructions up to the `end` that closes the sequence. */
function readExpression(cursor: Cursor, where: string): WasmInstruction[] {
  const instructions: WasmInstruction[] = [];
  for (let depth = 0; ;) {
    const instruction = readInstruction(cursor, where);
    if (instruction.kind === "block") depth++;
    if (instruction.opcode === 0x0b && depth-- === 0) return instructions;
    instructions.push(instruction);
  }
}

function readInitializer(cursor: Cursor, where: string): Initializer {
  const [first, ...rest] = readExpression(cursor, where);
  if (first !== undefined && rest.length === 0) {
    if (first.kind === "i32" || first.kind === "i64") return { value: first.value };
    if (first.kind === "index" && first.opcode === 0x23) return { global: first.index };
  }
  throw new GuestRefusedError(where, "an initializer is not one constant", "use a constant or another global");
}

function checkValueType(type: number, where: string): void {
  if (type === I32 || type === I64) return;
  if (type === 0x7d || type === 0x7c) throw new GuestRefusedError(where, "it uses a float type", FLOAT_HINT);
  throw new GuestRefusedError(
    where,
    `it uses the value type 0x${type.toString(16)}`,
    "only i32 and i64 are known: compile with --disable simd,reference-types",
  );
}

function readLimits(cursor: Cursor, where: string): Limits {
  const flags = cursor.byte();
  if (flags > 1) {
    throw new GuestRefusedError(where, "it is shared or 64-bit", "compile with --disable threads,memory64");
  }
  return { initial: cursor.unsigned(), maximum: flags === 1 ? cursor.unsigned() : undefined };
}

function readFunctionNames(section: Cursor, names: Map<number, string>): void {
  while (!section.done) {
    const kind = section.byte();
    const part = new Cursor(section.take(section.unsigned()));
    if (kind !== 1) continue;
    part.list(() => names.set(part.unsigned(), part.name()));
  }
}

/**
 * Reads a module and refuses what the machine does not execute.
 * @throws GuestRefusedError naming the function and the opcode.
 */
export function readWasm(bytes: Uint8Array): WasmModule {
  if (!WebAssembly.validate(bytes)) {
    throw new GuestRefusedError("module", "it is not a valid WebAssembly module", "compile it again");
  }
  const module: WasmModule = {
    isCanonical: false,
    types: [],
    imports: [],
    functions: [],
    globals: [],
    exports: [],
    elements: [],
    data: [],
    functionNames: new Map(),
  };
  const functionTypes: number[] = [];
  const bodies: Uint8Array[] = [];
  const names = new Map<number, string>();

  const cursor = new Cursor(bytes);
  cursor.take(8);
  while (!cursor.done) {
    const id = cursor.byte();
    const section = new Cursor(cursor.take(cursor.unsigned()));
    switch (id) {
      case 0: {
        const name = section.name();
        if (name === "name") readFunctionNames(section, names);
        if (name === CANONICAL_SECTION) module.isCanonical = true;
        break;
      }
      case 1:
        module.types = section.list(() => {
          const form = section.byte();
          if (form !== 0x60) {
            throw new GuestRefusedError("types", `type form 0x${form.toString(16)}`, "compile with --disable gc");
          }
          return { params: section.list(() => section.byte()), results: section.list(() => section.byte()) };
        });
        break;
      case 2:
        module.imports = section.list(() => {
          const imported = { module: section.name(), name: section.name() };
          if (section.byte() !== 0) {
            throw new GuestRefusedError(
              `import ${imported.module}.${imported.name}`,
              "it is not a function",
              "a guest brings its own memory, table and globals",
            );
          }
          return { ...imported, type: section.unsigned() };
        });
        break;
      case 3:
        functionTypes.push(...section.list(() => section.unsigned()));
        break;
      case 4: {
        const tables = section.list(() => {
          if (section.byte() !== FUNCREF) {
            throw new GuestRefusedError("table", "its elements are not functions", "compile with --disable gc");
          }
          return readLimits(section, "table");
        });
        if (tables.length > 1) {
          throw new GuestRefusedError("table", "there are several", "compile with --disable reference-types");
        }
        module.table = tables[0];
        if (module.table !== undefined && module.table.initial > MAX_TABLE) {
          throw new GuestRefusedError("table", `${module.table.initial} entries`, `at most ${MAX_TABLE}`);
        }
        break;
      }
      case 5: {
        const memories = section.list(() => readLimits(section, "memory"));
        if (memories.length > 1) throw new GuestRefusedError("memory", "there are several", "use one");
        module.memory = memories[0];
        break;
      }
      case 6:
        module.globals = section.list(() => {
          const type = section.byte();
          checkValueType(type, "a global");
          return { type, mutable: section.byte() === 1, init: readInitializer(section, "a global") };
        });
        if (module.globals.length >= MAX_GLOBALS) {
          throw new GuestRefusedError("globals", `there are ${module.globals.length}`, `at most ${MAX_GLOBALS - 1}`);
        }
        break;
      case 7:
        module.exports = section.list(() => ({
          name: section.name(),
          kind: section.byte(),
          index: section.unsigned(),
        }));
        break;
      case 8:
        module.start = section.unsigned();
        break;
      case 9:
        module.elements = section.list(() => {
          if (section.unsigned() !== 0) {
            throw new GuestRefusedError(
              "elements",
              "a segment is passive or declarative",
              "compile with --disable bulk-memory,reference-types",
            );
          }
          return {
            offset: readInitializer(section, "elements"),
            functions: section.list(() => section.unsigned()),
          };
        });
        break;
      case 10:
        bodies.push(...section.list(() => section.take(section.unsigned())));
        break;
      case 11:
        module.data = section.list(() => {
          if (section.unsigned() !== 0) {
            throw new GuestRefusedError("data", "a segment is passive", "compile with --disable bulk-memory");
          }
          return { offset: readInitializer(section, "data"), bytes: section.take(section.unsigned()) };
        });
        break;
      case 12:
        throw new GuestRefusedError("module", "it has a data count section", "compile with --disable bulk-memory");
      default:
        throw new GuestRefusedError("module", `section ${id} is unknown`, "compile for WebAssembly MVP");
    }
  }

  for (const { name, kind, index } of module.exports) if (kind === 0) module.functionNames.set(index, name);
  for (const [index, name] of names) module.functionNames.set(index, name);
  checkMemory(module);
  for (const imported of module.imports) checkImport(module, imported);
  module.functions = bodies.map((body, i) => {
    const where = functionName(module, module.imports.length + i);
    const type = functionTypes[i] ?? -1;
    checkSignature(module, type, where);
    return readFunction(module, type, new Cursor(body), where);
  });
  return module;
}

function checkMemory(module: WasmModule): void {
  if (module.memory === undefined) return;
  const { initial, maximum } = module.memory;
  if (initial > MAX_PAGES || (maximum !== undefined && maximum > MAX_PAGES)) {
    throw new GuestRefusedError(
      "memory",
      `${initial} to ${maximum ?? "any number of"} pages`,
      `the machine has ${MAX_PAGES} pages: in AssemblyScript --maximumMemory ${MAX_PAGES} or less`,
    );
  }
}

const HOST_CALLS = Object.keys(HOST_SIGNATURES)
  .map((name) => `host.${name}`)
  .join(", ");

/** A guest imports host calls and nothing else. */
function checkImport(module: WasmModule, { module: from, name, type }: WasmImport): void {
  const where = `import ${from}.${name}`;
  if (from !== "host" || !isHostCall(name)) {
    const pitfall =
      from === "env"
        ? "; in AssemblyScript Math.random, Date, console, process and trace ask a host that no guest has, and --use abort= removes env.abort"
        : "";
    throw new GuestRefusedError(where, "the machine has no such host call", `it has ${HOST_CALLS}${pitfall}`);
  }
  const { params, results } = HOST_SIGNATURES[name];
  const own = typeAt(module, type);
  const isSame = own.params.length === params && own.results.length === results;
  if (!isSame || [...own.params, ...own.results].some((valueType) => valueType !== I32)) {
    throw new GuestRefusedError(where, "its type is another", `it takes ${params} i32 and returns ${results} i32`);
  }
}

function checkSignature(module: WasmModule, type: number, where: string): void {
  const { params, results } = typeAt(module, type);
  for (const valueType of [...params, ...results]) checkValueType(valueType, where);
}

function readFunction(module: WasmModule, type: number, cursor: Cursor, where: string): WasmFunction {
  const groups = cursor.list(() => ({ count: cursor.unsigned(), type: cursor.byte() }));
  for (const group of groups) checkValueType(group.type, where);
  const locals = groups.flatMap((group) => new Array<number>(group.count).fill(group.type));
  const body = readExpression(cursor, where);
  for (const instruction of body) {
    if (instruction.kind === "indirect") checkSignature(module, instruction.index, where);
    if (instruction.kind === "block" && instruction.blockType >= 0)
      checkSignature(module, instruction.blockType, where);
  }
  return { type, locals, body };
}
