import { OPCODES } from "../../../plugin/machine/opcodes.js";
import type { FunctionType, Initializer, WasmInstruction, WasmModule } from "../../../plugin/machine/wasm.js";
import { EMPTY_BLOCK, I32, I64 } from "../../../plugin/machine/wasm.js";
import type { Sexpr } from "./sexpr.js";
import { atomOf, isAtom, isForm, isText, textOf } from "./sexpr.js";

// Assembles the text format for the conformance tests. Integers only: float types become integer types of the same
// width, and a function that needs a float instruction becomes `unreachable` and is reported in `floats`. What is
// imported from `spectest` becomes part of the module; imports from `host` stay and must come first.

export interface AssembledModule {
  module: WasmModule;
  /** Functions that cannot run without floats, directly or through what they call. */
  floats: Set<number>;
}

const OPCODE_OF = new Map([...OPCODES].map(([opcode, { name }]) => [name, opcode]));
const VALUE_TYPES: Record<string, number> = { i32: I32, i64: I64, f32: I32, f64: I64 };
const SPECTEST_GLOBAL = 666n;

export function parseInteger(text: string): bigint {
  const digits = text.replaceAll("_", "").replace(/^[+-]/, "");
  return text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
}

function mentionsFloat(item: Sexpr): boolean {
  if (Array.isArray(item)) return item.some(mentionsFloat);
  return "atom" in item && /^f(32|64)|_f(32|64)/.test(item.atom);
}

/** Names and indices of one kind. */
class Space {
  count = 0;
  readonly names = new Map<string, number>();

  add(name: string | undefined): number {
    if (name !== undefined) this.names.set(name, this.count);
    return this.count++;
  }

  index(item: Sexpr | undefined): number {
    const text = atomOf(item);
    if (!text.startsWith("$")) return Number(parseInteger(text));
    const found = this.names.get(text);
    if (found === undefined) throw new Error(`unknown name ${text}`);
    return found;
  }
}

/** Thrown for modules that import from other test modules. */
export class ForeignImportError extends Error {}

export function assemble(fields: Sexpr[]): AssembledModule {
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
  const spaces = { type: new Space(), func: new Space(), table: new Space(), memory: new Space(), global: new Space() };
  const kinds = { func: 0, table: 1, memory: 2, global: 3 } as const;
  const floatTypes = new Set<number>();
  const floats = new Set<number>();
  const callees: number[][] = [];
  const later: (() => void)[] = [];

  const typeIndex = (type: FunctionType): number => {
    const same = (other: FunctionType): boolean =>
      other.params.join() === type.params.join() && other.results.join() === type.results.join();
    const found = module.types.findIndex((other, i) => same(other) && !floatTypes.has(i));
    return found >= 0 ? found : module.types.push(type) - 1;
  };

  /** Reads (type …) (param …) (result …) from `items` on; names of the parameters go into `locals`. */
  const typeUse = (items: Sexpr[], locals?: Space): { index: number; rest: Sexpr[] } => {
    let at = 0;
    let explicit: number | undefined;
    if (isForm(items[at], "type")) explicit = spaces.type.index((items[at++] as Sexpr[])[1]);
    const type: FunctionType = { params: [], results: [] };
    let found = false;
    for (const part of ["param", "result"] as const) {
      for (; isForm(items[at], part); at++) {
        found = true;
        const [, ...declared] = items[at] as Sexpr[];
        const name = isAtom(declared[0]) && declared[0].atom.startsWith("$") ? declared[0].atom : undefined;
        for (const valueType of name === undefined ? declared : declared.slice(1)) {
          const code = VALUE_TYPES[atomOf(valueType)];
          if (code === undefined) throw new Error(`unknown type ${atomOf(valueType)}`);
          if (part === "param") {
            type.params.push(code);
            locals?.add(name);
          } else type.results.push(code);
        }
      }
    }
    if (explicit !== undefined) {
      if (!found) module.types[explicit]?.params.forEach(() => locals?.add(undefined));
      return { index: explicit, rest: items.slice(at) };
    }
    return { index: typeIndex(type), rest: items.slice(at) };
  };

  const initializer = (item: Sexpr | undefined): Initializer => {
    if (!isForm(item)) throw new Error("expected an initializer");
    const [head, operand] = item;
    if (isAtom(head, "offset")) return initializer(operand);
    if (isAtom(head, "global.get")) return { global: spaces.global.index(operand) };
    return mentionsFloat(item) ? { value: 0n } : { value: BigInt.asUintN(64, parseInteger(atomOf(operand))) };
  };

  const limits = (items: Sexpr[]): { initial: number; maximum?: number } => {
    const [initial, maximum] = items
      .filter((item) => isAtom(item) && /^\d/.test(item.atom))
      .map(atomOf)
      .map(parseInteger);
    return { initial: Number(initial ?? 0n), ...(maximum === undefined ? {} : { maximum: Number(maximum) }) };
  };

  const instructions = (items: Sexpr[], locals: Space, called: number[]): WasmInstruction[] => {
    const out: WasmInstruction[] = [];
    const labels: (string | undefined)[] = [];
    const labelIndex = (item: Sexpr | undefined): number => {
      const text = atomOf(item);
      if (!text.startsWith("$")) return Number(parseInteger(text));
      const at = labels.lastIndexOf(text);
      if (at < 0) throw new Error(`unknown label ${text}`);
      return labels.length - 1 - at;
    };
    const opcodeOf = (name: string): number => {
      const opcode = OPCODE_OF.get(name);
      if (opcode === undefined) throw new Error(`unknown instruction ${name}`);
      return opcode;
    };
    const simple = (name: string): void => void out.push({ kind: "none", opcode: opcodeOf(name) });
    /** Block head: label and type; returns what follows. */
    const open = (name: string, items: Sexpr[]): Sexpr[] => {
      const label = isAtom(items[0]) && items[0].atom.startsWith("$") ? items[0].atom : undefined;
      const after = label === undefined ? items : items.slice(1);
      const { index, rest } = typeUse(after);
      const type = module.types[index];
      const isPlain = type !== undefined && type.params.length === 0 && type.results.length <= 1;
      const blockType = !isPlain ? index : type.results[0] === undefined ? EMPTY_BLOCK : type.results[0] - 0x80;
      labels.push(label);
      out.push({ kind: "block", opcode: opcodeOf(name), blockType });
      return rest;
    };
    const close = (): void => {
      simple("end");
      labels.pop();
    };

    /** One instruction with its immediates at `at`; returns where the next begins. */
    const plainInstruction = (items: Sexpr[], at: number): number => {
      const name = atomOf(items[at++]);
      if (name === "block" || name === "loop" || name === "if") {
        const rest = items.slice(at);
        return at + rest.length - open(name, rest).length;
      }
      const skipLabel = (): void => void (isAtom(items[at]) && atomOf(items[at]).startsWith("$") && at++);
      if (name === "end") {
        skipLabel();
        close();
        return at;
      }
      const opcode = opcodeOf(name);
      const kind = OPCODES.get(opcode)?.immediate ?? "none";
      switch (kind) {
        case "none":
        case "zero":
          if (name === "else") skipLabel();
          out.push({ kind, opcode });
          return at;
        case "i32":
        case "i64":
          out.push({
            kind,
            opcode,
            value: BigInt.asUintN(kind === "i32" ? 32 : 64, parseInteger(atomOf(items[at++]))),
          });
          return at;
        case "targets": {
          const targets: number[] = [];
          for (; isAtom(items[at]) && /^[$\d]/.test(atomOf(items[at])); at++) targets.push(labelIndex(items[at]));
          out.push({ kind, opcode, targets });
          return at;
        }
        case "memory": {
          const argument = { offset: 0n, align: 0n };
          const width = /(8|16|32)(_[su])?$/.exec(name)?.[1] ?? name.slice(1, 3);
          argument.align = BigInt(Number(width) / 8);
          for (; isAtom(items[at]) && /^(offset|align)=/.test(atomOf(items[at])); at++) {
            const [key, value] = atomOf(items[at]).split("=");
            argument[key as "offset" | "align"] = parseInteger(value ?? "");
          }
          out.push({ kind, opcode, align: Math.log2(Number(argument.align)), offset: Number(argument.offset) });
          return at;
        }
        case "indirect": {
          if (isAtom(items[at]) && /^[$\d]/.test(atomOf(items[at]))) at++;
          const rest = items.slice(at);
          const { index, rest: after } = typeUse(rest);
          out.push({ kind, opcode, index });
          return at + rest.length - after.length;
        }
        default: {
          const item = items[at++];
          let index: number;
          if (name.startsWith("br")) index = labelIndex(item);
          else if (name.startsWith("local")) index = locals.index(item);
          else if (name.startsWith("global")) index = spaces.global.index(item);
          else {
            index = spaces.func.index(item);
            called.push(index);
          }
          out.push({ kind: "index", opcode, index });
          return at;
        }
      }
    };

    const folded = (form: Sexpr[]): void => {
      const name = atomOf(form[0]);
      if (name === "block" || name === "loop") {
        sequence(open(name, form.slice(1)));
        close();
      } else if (name === "if") {
        // The condition stands outside the label's scope.
        const start = form.findIndex(
          (item, i) => i > 0 && isForm(item) && !/^(type|param|result)$/.test(atomOf(item[0])),
        );
        const arms = form.slice(start);
        const thenAt = arms.findIndex((item) => isForm(item, "then"));
        sequence(arms.slice(0, thenAt));
        open(name, form.slice(1, start));
        sequence((arms[thenAt] as Sexpr[]).slice(1));
        const otherwise = arms[thenAt + 1];
        if (isForm(otherwise, "else")) {
          simple("else");
          sequence(otherwise.slice(1));
        }
        close();
      } else {
        let end = 1;
        while (
          end < form.length &&
          (!Array.isArray(form[end]) || /^(type|param|result)$/.test(atomOf((form[end] as Sexpr[])[0])))
        )
          end++;
        sequence(form.slice(end));
        plainInstruction(form.slice(0, end), 0);
      }
    };

    const sequence = (items: Sexpr[]): void => {
      for (let at = 0; at < items.length;) {
        const item = items[at];
        if (isForm(item)) {
          folded(item);
          at++;
        } else at = plainInstruction(items, at);
      }
    };
    sequence(items);
    return out;
  };

  const exportAs = (name: Sexpr | undefined, kind: keyof typeof kinds, index: number): void =>
    void module.exports.push({ name: textOf(name), kind: kinds[kind], index });

  const defineFunction = (index: number, items: Sexpr[], imported: boolean): void => {
    const locals = new Space();
    const { index: type, rest } = typeUse(items, locals);
    const declared: number[] = [];
    let at = 0;
    for (; isForm(rest[at], "local"); at++) {
      const [, ...names] = rest[at] as Sexpr[];
      const name = isAtom(names[0]) && names[0].atom.startsWith("$") ? names[0].atom : undefined;
      for (const valueType of name === undefined ? names : names.slice(1)) {
        declared.push(VALUE_TYPES[atomOf(valueType)] ?? I32);
        locals.add(name);
      }
    }
    const hasFloats = items.some(mentionsFloat) || floatTypes.has(type);
    if (hasFloats) floats.add(index);
    const called: number[] = [];
    callees[index] = called;
    const unreachable: WasmInstruction[] = [{ kind: "none", opcode: 0x00 }];
    const slot = { type, locals: declared, body: hasFloats && !imported ? unreachable : ([] as WasmInstruction[]) };
    module.functions[index] = slot;
    if (!hasFloats && !imported) later.push(() => (slot.body = instructions(rest.slice(at), locals, called)));
  };

  for (const field of fields) {
    if (!isForm(field, "type")) continue;
    const name = isAtom(field[1]) ? field[1].atom : undefined;
    const index = spaces.type.add(name);
    const form = field[name === undefined ? 1 : 2] as Sexpr[];
    if (mentionsFloat(form)) floatTypes.add(index);
    const type: FunctionType = { params: [], results: [] };
    for (const part of form.slice(1) as Sexpr[][]) {
      const into = isForm(part, "param") ? type.params : type.results;
      for (const item of part.slice(1)) if (!atomOf(item).startsWith("$")) into.push(VALUE_TYPES[atomOf(item)] ?? I32);
    }
    module.types.push(type);
  }

  for (const field of fields) {
    if (!isForm(field)) continue;
    let head = atomOf(field[0]);
    let items = field.slice(1);
    let imported = false;
    let [from, importName] = ["", ""];
    if (head === "import") {
      const form = field[3] as Sexpr[];
      head = atomOf(form[0]);
      items = form.slice(1);
      if (isAtom(items[0]) && items[0].atom.startsWith("$")) items = [items[0], field.slice(0, 3), ...items.slice(1)];
      else items = [field.slice(0, 3), ...items];
    }
    if (head !== "func" && head !== "table" && head !== "memory" && head !== "global") continue;
    const name = isAtom(items[0]) && items[0].atom.startsWith("$") ? items[0].atom : undefined;
    if (name !== undefined) items = items.slice(1);
    const index = spaces[head].add(name);
    for (; isForm(items[0], "export") || isForm(items[0], "import"); items = items.slice(1)) {
      const [what, first, second] = items[0];
      if (isAtom(what, "export")) exportAs(first, head, index);
      else {
        imported = true;
        from = textOf(first);
        importName = textOf(second);
        if (from !== "spectest" && from !== "host") throw new ForeignImportError(`${from}.${importName}`);
      }
    }
    switch (head) {
      case "func":
        if (from === "host") module.imports.push({ module: from, name: importName, type: typeUse(items).index });
        else defineFunction(index, items, imported);
        break;
      case "memory": {
        const [data] = items;
        if (isForm(data, "data")) {
          const bytes = Uint8Array.from(data.slice(1).flatMap((item) => (isText(item) ? [...item.bytes] : [])));
          const pages = Math.ceil(bytes.length / 65_536);
          module.memory = { initial: pages, maximum: pages };
          module.data.push({ offset: { value: 0n }, bytes });
        } else module.memory = imported ? { initial: 1, maximum: 2 } : limits(items);
        break;
      }
      case "table": {
        const members = items.find((item) => isForm(item, "elem"));
        if (isForm(members)) {
          const count = members.length - 1;
          module.table = { initial: count, maximum: count };
          later.push(() =>
            module.elements.push({
              offset: { value: 0n },
              functions: members.slice(1).map((item) => spaces.func.index(item)),
            }),
          );
        } else module.table = imported ? { initial: 10, maximum: 20 } : limits(items);
        break;
      }
      case "global": {
        const [declared, init] = items;
        const isMutable = isForm(declared, "mut");
        const type = VALUE_TYPES[atomOf(isMutable ? declared[1] : declared)] ?? I32;
        module.globals.push({
          type,
          mutable: isMutable,
          init: imported ? { value: SPECTEST_GLOBAL } : initializer(init),
        });
      }
    }
  }

  for (const define of later) define();
  for (const field of fields) {
    if (!isForm(field)) continue;
    const head = atomOf(field[0]);
    if (head === "start") module.start = spaces.func.index(field[1]);
    if (head === "export") {
      const [kind, what] = field[2] as Sexpr[];
      const key = atomOf(kind) as keyof typeof kinds;
      exportAs(field[1], key, spaces[key].index(what));
    }
    if (head !== "elem" && head !== "data") continue;
    const at = field.findIndex((item, i) => i > 0 && Array.isArray(item));
    const offset = initializer(field[at]);
    const content = field.slice(at + 1);
    if (head === "elem")
      module.elements.push({
        offset,
        functions: content.filter((item) => !isAtom(item, "func")).map((item) => spaces.func.index(item)),
      });
    else {
      const bytes = Uint8Array.from(content.flatMap((item) => (isText(item) ? [...item.bytes] : [])));
      module.data.push({ offset, bytes });
    }
  }

  module.functions.splice(0, module.imports.length);
  for (let grew = true; grew;) {
    grew = false;
    callees.forEach((called, index) => {
      if (floats.has(index) || !called.some((callee) => floats.has(callee))) return;
      floats.add(index);
      grew = true;
    });
  }
  return { module, floats };
}
