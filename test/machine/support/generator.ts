import type { Oracle } from "../../../plugin/machine/hostCalls.js";
import { keccak256 } from "../../../plugin/machine/hostCalls.js";
import { OPCODES } from "../../../plugin/machine/opcodes.js";
import { Host, HOST_SIGNATURES } from "../../../plugin/machine/isa.js";
import type { FunctionType, WasmFunction, WasmInstruction, WasmModule } from "../../../plugin/machine/wasm.js";
import { EMPTY_BLOCK, I32, I64 } from "../../../plugin/machine/wasm.js";
import type { Random } from "./random.js";

// Random valid integer modules: every opcode the machine knows, structured control with multi-value blocks, branches out
// of any depth, dead code, indirect calls, recursion, host calls. Each function entry and loop turn burns fuel, so all end.
// Most modules guard what may trap, so that their results say something; some take a risk now and then, few always.

export interface GeneratedModule {
  module: WasmModule;
  /** Exported functions with their types. */
  functions: { name: string; type: FunctionType }[];
}

/** Global that functions and loops count down, and its value before a call. */
export const FUEL_GLOBAL = 0;
export const FUEL = 12n;
const PAGE_BYTES = 65_536;
const HOSTS = (Object.keys(Host) as (keyof typeof Host)[]).filter((name) => name !== "blob");
const PREIMAGE = HOSTS.indexOf("preimage");
const INTERESTING = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
].concat([0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn, 0x100000000n]);

/** What generated programs ask for. */
export const PREIMAGES = [0, 5, 32, 64, 136, 4096, 5000].map((length) =>
  Uint8Array.from({ length }, (_, i) => (i * 167 + length) % 256),
);

export const GENERATED_ORACLE: Oracle = {
  preimage: (hash) => PREIMAGES.find((preimage) => Buffer.compare(keccak256(preimage), hash) === 0),
};

/** Probability that a place takes the risk of a trap: one is picked per module. */
const RISKS = [0, 0, 0, 0, 0, 0, 0.02, 0.1, 0.1, 1];

const named = (pattern: RegExp): number[] =>
  [...OPCODES].filter(([, { name }]) => pattern.test(name)).map(([opcode]) => opcode);
const NUMERIC = String.raw`add|sub|mul|div_s|div_u|rem_s|rem_u|and|or|xor|shl|shr_s|shr_u|rotl|rotr`;
const BINARY = { [I32]: named(new RegExp(`^i32.(${NUMERIC})$`)), [I64]: named(new RegExp(`^i64.(${NUMERIC})$`)) };
const UNARY = {
  [I32]: named(/^i32\.(clz|ctz|popcnt|extend)/),
  [I64]: named(/^i64\.(clz|ctz|popcnt|extend(8|16|32)_s)/),
};
const COMPARE = {
  [I32]: named(/^i32\.(eq|ne|lt|gt|le|ge)(_[su])?$/),
  [I64]: named(/^i64\.(eq|ne|lt|gt|le|ge)(_[su])?$/),
};
const LOADS = { [I32]: named(/^i32\.load/), [I64]: named(/^i64\.load/) };
const STORES = { [I32]: named(/^i32\.store/), [I64]: named(/^i64\.store/) };

const plain = (opcode: number): WasmInstruction => ({ kind: "none", opcode });
const indexed = (opcode: number, index: number): WasmInstruction => ({ kind: "index", opcode, index });
const constant = (type: number, value: bigint): WasmInstruction =>
  type === I32
    ? { kind: "i32", opcode: 0x41, value: BigInt.asUintN(32, value) }
    : { kind: "i64", opcode: 0x42, value: BigInt.asUintN(64, value) };
const END = plain(0x0b);
const DIVISIONS = new Set(named(/\.(div|rem)_[su]$/));

export function generateModule(random: Random): GeneratedModule {
  const { below, pick, chance } = random;
  const risk = pick(RISKS);
  const isRisky = (): boolean => chance(risk);
  const types: FunctionType[] = [];
  const typeIndex = (params: number[], results: number[]): number => {
    const found = types.findIndex((t) => t.params.join() === params.join() && t.results.join() === results.join());
    // Now and then the same structure twice: the ids of types must be canonical.
    return found >= 0 && !chance(0.2) ? found : types.push({ params, results }) - 1;
  };
  const valueTypes = (most: number): number[] => Array.from({ length: below(most + 1) }, () => pick([I32, I64]));

  const imports = HOSTS.map((name) => {
    const { params, results } = HOST_SIGNATURES[name];
    const i32s = (count: number): number[] => new Array<number>(count).fill(I32);
    return { module: "host", name, type: typeIndex(i32s(params), i32s(results)) };
  });
  const signatures = Array.from({ length: 2 + below(5) }, () => typeIndex(valueTypes(3), valueTypes(3)));
  const globals = [
    { type: I32, mutable: true, init: { value: FUEL } },
    ...Array.from({ length: 1 + below(4) }, () => {
      const type = pick([I32, I64]);
      return { type, mutable: true, init: { value: BigInt.asUintN(type === I32 ? 32 : 64, pick(INTERESTING)) } };
    }),
  ];
  const hasMax = chance(0.8);
  const memory = { initial: 1 + below(2), ...(hasMax ? { maximum: 2 + below(3) } : {}) };
  const table = { initial: 4 + below(6) };
  const callable = [...imports.map(({ type }) => type), ...signatures];
  const typeOf = (index: number): FunctionType => types[callable[index] ?? 0] ?? { params: [], results: [] };
  const tableOffset = below(2);
  const members = Array.from({ length: below(table.initial - 1) }, () => below(callable.length)).filter(
    // It would meet words without a known preimage.
    (index) => index !== PREIMAGE,
  );

  const makeFunction = (signature: number): WasmFunction => {
    const type = types[signature] ?? { params: [], results: [] };
    const locals = valueTypes(4);
    const variables = [...type.params, ...locals];
    const out: WasmInstruction[] = [];
    const labels: number[][] = [type.results];
    let budget = 10 + below(60);

    const blockTypeOf = (params: number[], results: number[]): number =>
      params.length > 0 || results.length > 1
        ? typeIndex(params, results)
        : results[0] === undefined
          ? EMPTY_BLOCK
          : results[0] - 0x80;

    const burnFuel = (): void => {
      out.push(indexed(0x23, FUEL_GLOBAL), plain(0x45), { kind: "block", opcode: 0x04, blockType: EMPTY_BLOCK });
      if (isRisky()) out.push(plain(0x00), END);
      else out.push(...type.results.map((t) => constant(t, pick(INTERESTING))), plain(0x0f), END);
      out.push(indexed(0x23, FUEL_GLOBAL), constant(I32, 1n), plain(0x6b), indexed(0x24, FUEL_GLOBAL));
    };
    const values = (wanted: number[], depth: number): void => wanted.forEach((t) => value(t, depth));
    const ofType = (list: number[], wanted: number): number | undefined => {
      const found = list.flatMap((t, i) => (t === wanted ? [i] : []));
      return found.length === 0 ? undefined : pick(found);
    };
    /** An address, and the offset that an access there may have. */
    const address = (): number => {
      if (isRisky()) {
        if (chance(0.3)) value(I32, 4);
        else out.push(constant(I32, BigInt(PAGE_BYTES * (1 + below(2)) - below(28) + below(10))));
        return chance(0.1) ? 0xffffffff : chance(0.3) ? below(70_000) : below(2) * below(40);
      }
      switch (below(10)) {
        case 0: // the end of the first page
          out.push(constant(I32, BigInt(PAGE_BYTES - 8 - below(28))));
          return 0;
        case 1:
        case 2: // anywhere in its first half
          value(I32, 4);
          out.push(constant(I32, 0x7fffn), plain(0x71));
          return chance(0.3) ? below(30_000) : below(40);
        default:
          out.push(constant(I32, BigInt(below(200))));
          return chance(0.3) ? below(40) : 0;
      }
    };
    const memoryAccess = (opcode: number, offset: number): WasmInstruction => ({
      kind: "memory",
      opcode,
      align: 0,
      offset,
    });
    /** The second operand of a division that does not trap: neither 0 nor -1. */
    const divisor = (wanted: number, depth: number): void => {
      const bits = wanted === I32 ? 32 : 64;
      const greatest = (1n << BigInt(bits - 1)) - 1n;
      if (chance(0.5)) {
        value(wanted, depth);
        out.push(constant(wanted, greatest), plain(wanted === I32 ? 0x71 : 0x83));
        out.push(constant(wanted, 1n), plain(wanted === I32 ? 0x72 : 0x84));
      } else {
        const fitting = INTERESTING.map((x) => BigInt.asIntN(bits, x)).filter((x) => x !== 0n && x !== -1n);
        out.push(constant(wanted, pick(fitting)));
      }
    };
    const hostArguments = (count: number): void => {
      const page = isRisky() ? below(PAGE_BYTES * 3) : below(16) * 4096;
      out.push(constant(I32, BigInt(page)));
      if (count === 2) out.push(constant(I32, BigInt(isRisky() ? below(9000) : below(chance(0.9) ? 300 : 4097))));
    };
    const callAny = (depth: number): number[] => {
      if (members.length > 0 && chance(0.3) && !isRisky()) {
        const entry = below(members.length);
        const index = members[entry] ?? 0;
        const called = typeOf(index);
        // A type may stand there twice; either index must do.
        const expected = typeIndex(called.params, called.results);
        if (index < imports.length) hostArguments(called.params.length);
        else values(called.params, depth);
        out.push(constant(I32, BigInt(tableOffset + entry)), { kind: "indirect", opcode: 0x11, index: expected });
        return called.results;
      }
      if (chance(0.3) && isRisky()) {
        // Any type: it matches the table's entry or traps.
        const chosen = types[chance(0.9) ? pick(callable) : below(types.length)];
        const called = chosen ?? { params: [], results: [] };
        const expected = typeIndex(called.params, called.results);
        values(called.params, depth);
        if (chance(0.9)) out.push(constant(I32, BigInt(below(table.initial + 1))));
        else value(I32, depth);
        out.push({ kind: "indirect", opcode: 0x11, index: expected });
        return called.results;
      }
      const index = chance(0.35) ? below(imports.length) : imports.length + below(signatures.length);
      const called = typeOf(index);
      if (index === PREIMAGE) {
        const page = BigInt(below(16) * 4096);
        const digest = new DataView(keccak256(pick(PREIMAGES)).buffer);
        for (let at = 0; at < 32; at += 8) {
          out.push(constant(I32, page), constant(I64, digest.getBigUint64(at, true)));
          out.push({ kind: "memory", opcode: 0x37, align: 0, offset: at });
        }
        out.push(constant(I32, page), constant(I32, pick([0n, 0n, 3n, 4095n, 4096n, 0xffffffffn])));
      } else if (index < imports.length) {
        hostArguments(called.params.length);
      } else values(called.params, depth);
      out.push(indexed(0x10, index));
      return called.results;
    };
    const keepOnly = (results: number[], wanted: number | undefined): void => {
      // Pops results from the top, and leaves one value of the wanted type.
      for (const result of [...results].reverse()) {
        const variable = ofType(variables, result);
        out.push(variable === undefined || chance(0.3) ? plain(0x1a) : indexed(0x21, variable));
      }
      if (wanted !== undefined) value(wanted, 9);
    };
    const branchTo = (depth: number, opcode: number): void => {
      const label = below(labels.length);
      const carried = labels[labels.length - 1 - label] ?? [];
      values(carried, depth);
      if (opcode === 0x0d) value(I32, depth);
      out.push(indexed(opcode, label));
      if (opcode === 0x0d) keepOnly(carried, undefined);
    };
    const block = (params: number[], results: number[], depth: number): void => {
      const opcode = pick([0x02, 0x03, 0x04]);
      values(params, depth);
      if (opcode === 0x04) value(I32, depth);
      out.push({ kind: "block", opcode, blockType: blockTypeOf(params, results) });
      labels.push(opcode === 0x03 ? params : results);
      const arm = (): void => {
        keepOnly(params, undefined);
        if (opcode === 0x03) burnFuel();
        statements(depth);
        values(results, depth);
        if (chance(0.1)) branchWith(results, depth);
      };
      arm();
      if (opcode === 0x04 && (results.length > 0 || params.length > 0 || chance(0.5))) {
        out.push(plain(0x05));
        arm();
      }
      out.push(END);
      labels.pop();
    };
    /** A conditional branch that carries exactly what is on top of the stack. */
    const branchWith = (onTop: number[], depth: number): void => {
      const fitting = labels.flatMap((t, i) => (t.join() === onTop.join() ? [labels.length - 1 - i] : []));
      if (fitting.length === 0) return;
      value(I32, depth);
      out.push(indexed(0x0d, pick(fitting)));
    };

    const value = (wanted: number, depth: number): void => {
      const width = wanted === I32 ? I32 : I64;
      const isDeep = depth > 5 || budget-- < 0;
      const variable = ofType(variables, wanted);
      switch (isDeep ? below(3) : below(16)) {
        case 0:
          if (variable !== undefined) return void out.push(indexed(0x20, variable));
          break;
        case 1: {
          const global = ofType(
            globals.map(({ type: t }) => t),
            wanted,
          );
          if (global !== undefined) return void out.push(indexed(0x23, global));
          break;
        }
        case 3:
        case 4:
        case 5: {
          const opcode = pick(BINARY[width] ?? []);
          value(wanted, depth + 1);
          if (DIVISIONS.has(opcode) && !isRisky()) divisor(wanted, depth + 1);
          else if (chance(0.5)) value(wanted, depth + 1);
          else out.push(constant(wanted, pick(INTERESTING)));
          return void out.push(plain(opcode));
        }
        case 6:
          value(wanted, depth + 1);
          return void out.push(plain(pick(UNARY[width] ?? [])));
        case 7: {
          if (wanted === I64) {
            value(I32, depth + 1);
            return void out.push(plain(pick([0xac, 0xad])));
          }
          const compared = pick([I32, I64] as const);
          if (chance(0.2)) {
            value(compared, depth + 1);
            return void out.push(plain(compared === I32 ? 0x45 : 0x50));
          }
          values([compared, compared], depth + 1);
          return void out.push(plain(pick(COMPARE[compared] ?? [])));
        }
        case 8:
          if (wanted === I32) {
            value(I64, depth + 1);
            return void out.push(plain(0xa7));
          }
          break;
        case 9:
        case 10:
          return void out.push(memoryAccess(pick(LOADS[width] ?? []), address()));
        case 11:
          values([wanted, wanted, I32], depth + 1);
          return void out.push(plain(0x1b));
        case 12:
          return block(valueTypes(2), [wanted], depth + 2);
        case 13:
          return keepOnly(callAny(depth + 2), wanted);
        case 14:
          if (variable !== undefined) {
            value(wanted, depth + 1);
            return void out.push(indexed(0x22, variable));
          }
          break;
        case 15:
          if (wanted === I32) {
            if (chance(0.5)) return void out.push({ kind: "zero", opcode: 0x3f });
            out.push(constant(I32, pick([0n, 1n, 1n, 2n, 0x10000n, 0xffffffffn])));
            return void out.push({ kind: "zero", opcode: 0x40 });
          }
      }
      out.push(constant(wanted, chance(0.7) ? pick(INTERESTING) : random.u64()));
    };

    const statement = (depth: number): void => {
      switch (below(14)) {
        case 0:
        case 1:
        case 2: {
          const index = below(variables.length + 1);
          const variable = variables[index];
          if (variable === undefined) return void out.push(plain(0x01));
          value(variable, depth);
          return void out.push(indexed(0x21, index));
        }
        case 3: {
          const index = below(globals.length);
          if (index === FUEL_GLOBAL) return;
          value(globals[index]?.type ?? I32, depth);
          return void out.push(indexed(0x24, index));
        }
        case 4:
        case 5:
        case 6: {
          const width = pick([I32, I64] as const);
          const offset = address();
          value(width, depth);
          return void out.push(memoryAccess(pick(STORES[width] ?? []), offset));
        }
        case 7:
        case 8: {
          const results = valueTypes(2);
          block(valueTypes(2), results, depth + 2);
          return keepOnly(results, undefined);
        }
        case 9:
          return keepOnly(callAny(depth + 2), undefined);
        case 10:
          return branchTo(depth + 1, 0x0d);
        case 11:
          return chance(0.2) ? branchTo(depth + 1, 0x0c) : undefined;
        case 12: {
          // br_table among labels of one type, the innermost of which is its own block
          const carried = pick(labels);
          out.push({ kind: "block", opcode: 0x02, blockType: blockTypeOf([], carried) });
          labels.push(carried);
          values(carried, depth + 1);
          value(I32, depth + 1);
          const fitting = labels.flatMap((t, i) => (t.join() === carried.join() ? [labels.length - 1 - i] : []));
          const targets = Array.from({ length: 1 + below(5) }, () => (chance(0.5) ? 0 : pick(fitting)));
          out.push({ kind: "targets", opcode: 0x0e, targets }, END);
          labels.pop();
          return keepOnly(carried, undefined);
        }
        default: {
          const kind = below(10);
          if (kind === 0) {
            values(type.results, depth + 1);
            out.push(plain(0x0f));
          } else if (kind === 1 && isRisky()) out.push(plain(0x00));
          else {
            const width = pick([I32, I64]);
            value(width, depth);
            out.push(plain(0x1a));
          }
        }
      }
    };
    const statements = (depth: number): void => {
      for (let count = below(depth > 5 ? 2 : 4); count > 0 && budget > 0; count--) statement(depth);
    };

    burnFuel();
    while (budget > 0) statement(1);
    values(type.results, 3);
    return { type: signature, locals, body: out };
  };

  const functions = signatures.map(makeFunction);
  const exports = signatures.map((_, i) => ({ name: `f${i}`, kind: 0, index: imports.length + i }));
  const bytes = Uint8Array.from({ length: below(300) }, () => below(256));
  const module: WasmModule = {
    isCanonical: false,
    types,
    imports,
    functions,
    table,
    memory,
    globals,
    exports,
    elements: [{ offset: { value: BigInt(tableOffset) }, functions: members }],
    data: [{ offset: { value: BigInt(below(400)) }, bytes }],
    functionNames: new Map(),
  };
  return {
    module,
    functions: signatures.map((signature, i) => ({
      name: `f${i}`,
      type: types[signature] ?? { params: [], results: [] },
    })),
  };
}

/** Arguments for a call. */
export function generateArguments(random: Random, { params }: FunctionType): bigint[] {
  return params.map((type) => {
    const value = random.chance(0.6) ? random.pick(INTERESTING) : random.u64();
    return BigInt.asUintN(type === I32 ? 32 : 64, value);
  });
}
