import { GuestRefusedError } from "./errors.js";
import type { FunctionType, Initializer, Limits, WasmInstruction, WasmModule } from "./wasm.js";
import { CANONICAL_SECTION, I32, I64 } from "./wasm.js";

type Bytes = number[];

function unsigned(value: number): Bytes {
  const out: Bytes = [];
  for (let rest = value; ;) {
    const low = rest % 0x80;
    rest = Math.floor(rest / 0x80);
    if (rest === 0) return [...out, low];
    out.push(low | 0x80);
  }
}

function signed(value: bigint): Bytes {
  const out: Bytes = [];
  for (let rest = value; ;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) return [...out, low];
    out.push(low | 0x80);
  }
}

function list<T>(items: T[], write: (item: T) => Bytes): Bytes {
  const out = unsigned(items.length);
  for (const item of items) for (const byte of write(item)) out.push(byte);
  return out;
}

function name(text: string): Bytes {
  return list([...new TextEncoder().encode(text)], (byte) => [byte]);
}

function writeType({ params, results }: FunctionType): Bytes {
  return [0x60, ...list(params, (type) => [type]), ...list(results, (type) => [type])];
}

function writeLimits({ initial, maximum }: Limits): Bytes {
  return maximum === undefined ? [0, ...unsigned(initial)] : [1, ...unsigned(initial), ...unsigned(maximum)];
}

export function writeInstruction(instruction: WasmInstruction): Bytes {
  const { opcode } = instruction;
  switch (instruction.kind) {
    case "none":
      return [opcode];
    case "zero":
      return [opcode, 0];
    case "block":
      return [opcode, ...signed(BigInt(instruction.blockType))];
    case "index":
      return [opcode, ...unsigned(instruction.index)];
    case "indirect":
      return [opcode, ...unsigned(instruction.index), 0];
    case "targets":
      return [
        opcode,
        ...list(instruction.targets.slice(0, -1), unsigned),
        ...unsigned(instruction.targets.at(-1) ?? 0),
      ];
    case "memory":
      return [opcode, ...unsigned(instruction.align), ...unsigned(instruction.offset)];
    case "i32":
      return [opcode, ...signed(BigInt.asIntN(32, instruction.value))];
    case "i64":
      return [opcode, ...signed(BigInt.asIntN(64, instruction.value))];
  }
}

function writeInitializer(init: Initializer, type: number): Bytes {
  if ("global" in init) return [0x23, ...unsigned(init.global), 0x0b];
  const value = BigInt.asIntN(type === I64 ? 64 : 32, init.value);
  return [type === I64 ? 0x42 : 0x41, ...signed(value), 0x0b];
}

function writeBody(locals: number[], body: WasmInstruction[]): Bytes {
  const groups: { count: number; type: number }[] = [];
  for (const type of locals) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ count: 1, type });
  }
  const out = list(groups, (group) => [...unsigned(group.count), group.type]);
  for (const instruction of body) for (const byte of writeInstruction(instruction)) out.push(byte);
  out.push(0x0b);
  return out;
}

/**
 * The module in the binary format: shortest numbers, sections in order, of the custom sections only the function names and the mark of a canonical artifact.
 * @throws GuestRefusedError when the result is not valid, which is a fault of whoever made the module.
 */
export function writeWasm(module: WasmModule): Uint8Array {
  const out: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const section = (id: number, content: Bytes): void => {
    out.push(id, ...unsigned(content.length));
    for (const byte of content) out.push(byte);
  };
  const sectionOf = <T>(id: number, items: T[], write: (item: T) => Bytes): void => {
    if (items.length > 0) section(id, list(items, write));
  };

  sectionOf(1, module.types, writeType);
  sectionOf(2, module.imports, (item) => [...name(item.module), ...name(item.name), 0, ...unsigned(item.type)]);
  sectionOf(3, module.functions, (item) => unsigned(item.type));
  if (module.table !== undefined) section(4, [1, 0x70, ...writeLimits(module.table)]);
  if (module.memory !== undefined) section(5, [1, ...writeLimits(module.memory)]);
  sectionOf(6, module.globals, (item) => [item.type, item.mutable ? 1 : 0, ...writeInitializer(item.init, item.type)]);
  sectionOf(7, module.exports, (item) => [...name(item.name), item.kind, ...unsigned(item.index)]);
  if (module.start !== undefined) section(8, unsigned(module.start));
  sectionOf(9, module.elements, (item) => [
    0,
    ...writeInitializer(item.offset, I32),
    ...list(item.functions, unsigned),
  ]);
  sectionOf(10, module.functions, ({ locals, body }) => {
    const code = writeBody(locals, body);
    return [...unsigned(code.length), ...code];
  });
  sectionOf(11, module.data, (item) => [
    0,
    ...writeInitializer(item.offset, I32),
    ...list([...item.bytes], (byte) => [byte]),
  ]);
  const names = [...module.functionNames].sort(([a], [b]) => a - b);
  if (names.length > 0) {
    const content = list(names, ([index, text]) => [...unsigned(index), ...name(text)]);
    section(0, [...name("name"), 1, ...unsigned(content.length), ...content]);
  }

  if (module.isCanonical) section(0, name(CANONICAL_SECTION));

  const bytes = Uint8Array.from(out);
  if (!WebAssembly.validate(bytes)) {
    throw new GuestRefusedError("module", "it is not valid after rewriting", "this is a fault of the toolchain");
  }
  return bytes;
}
