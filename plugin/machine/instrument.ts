import { GuestRefusedError } from "./errors.js";
import { lower } from "./lower.js";
import type { WasmFunction, WasmInstruction, WasmModule } from "./wasm.js";
import { EMPTY_BLOCK, functionName, I32, MAX_PAGES, readWasm, typeAt } from "./wasm.js";
import { writeWasm } from "./wasmWriter.js";

// Engines differ in two things that WebAssembly leaves open: how deep calls may nest, and when memory.grow fails.
// The canonical artifact settles both inside the program, so V8 and the machine cannot disagree (docs/machine.md §5.2).

/** Slots that all active frames may take together; about half of V8's default stack. */
export const STACK_LIMIT = 1 << 16;
/** Slots counted per call beside the frame's own: V8's bookkeeping. */
export const CALL_OVERHEAD = 16;
/** Slots of one frame. A function that calls nothing is not counted, so this bounds what it may add. */
export const MAX_FRAME = 4096;

const plain = (opcode: number): WasmInstruction => ({ kind: "none", opcode });
const indexed = (opcode: number, index: number): WasmInstruction => ({ kind: "index", opcode, index });
const i32 = (value: number): WasmInstruction => ({ kind: "i32", opcode: 0x41, value: BigInt(value) });
const i64 = (value: number): WasmInstruction => ({ kind: "i64", opcode: 0x42, value: BigInt(value) });
const block = (opcode: number, blockType: number): WasmInstruction => ({ kind: "block", opcode, blockType });

const UNREACHABLE = plain(0x00);
const IF = block(0x04, EMPTY_BLOCK);
const END = plain(0x0b);
const I32_ADD = plain(0x6a);
const I32_SUB = plain(0x6b);
const I32_GT_U = plain(0x4b);

/**
 * Adds what makes a module deterministic: a counter of the stack that traps at `STACK_LIMIT`, a maximum of memory,
 * and a trap where an engine refuses to grow memory that the module may have.
 * @returns the canonical artifact, which V8 runs and the lowering reads.
 * @throws GuestRefusedError for a frame of more than `MAX_FRAME` slots, and for what is canonical already.
 */
export function instrument(module: WasmModule): WasmModule {
  if (module.isCanonical) {
    throw new GuestRefusedError(
      "module",
      "it is a canonical artifact",
      "take it as it is, or the guest it was made of",
    );
  }
  const types = [...module.types];
  const typeIndex = (params: number[], results: number[]): number => {
    const found = types.findIndex(
      (type) => type.params.join() === params.join() && type.results.join() === results.join(),
    );
    return found >= 0 ? found : types.push({ params, results }) - 1;
  };
  const counter = module.globals.length;
  const firstFree = module.imports.length + module.functions.length;
  const maximum = module.memory?.maximum ?? MAX_PAGES;
  const grows = module.functions.some(({ body }) => body.some(isGrow));
  const frames = lower(module, []).functions;

  const functions = module.functions.map((fn, i) => {
    const index = module.imports.length + i;
    const frame = frames[index]?.frame ?? 0;
    if (frame > MAX_FRAME) {
      throw new GuestRefusedError(functionName(module, index), `its frame has ${frame} slots`, `at most ${MAX_FRAME}`);
    }
    const body = fn.body.map((instruction) => (isGrow(instruction) ? indexed(0x10, firstFree) : instruction));
    if (!fn.body.some((instruction) => callsGuest(module, instruction))) return { ...fn, body };

    const { results } = typeAt(module, fn.type);
    const [result] = results;
    const blockType =
      result === undefined ? EMPTY_BLOCK : results.length === 1 ? result - 0x80 : typeIndex([], results);
    return { ...fn, body: countFrame(body, { counter, cost: frame + CALL_OVERHEAD, blockType }) };
  });
  if (grows) functions.push(growFunction(typeIndex([I32], [I32]), maximum));

  return {
    ...module,
    isCanonical: true,
    types,
    functions,
    memory: module.memory === undefined ? undefined : { ...module.memory, maximum },
    globals: [...module.globals, { type: I32, mutable: true, init: { value: 0n } }],
  };
}

/** Reads, instruments and writes a module: from any guest to its canonical artifact. */
export function canonicalWasm(bytes: Uint8Array): Uint8Array {
  return writeWasm(instrument(readWasm(bytes)));
}

function isGrow(instruction: WasmInstruction): boolean {
  return instruction.opcode === 0x40;
}

function callsGuest(module: WasmModule, instruction: WasmInstruction): boolean {
  if (instruction.kind === "indirect") return true;
  return instruction.kind === "index" && instruction.opcode === 0x10 && instruction.index >= module.imports.length;
}

/** The body in a block between the counter's rise and fall; the block takes the place of the function's own label. */
function countFrame(
  body: WasmInstruction[],
  { counter, cost, blockType }: { counter: number; cost: number; blockType: number },
): WasmInstruction[] {
  const getCounter = indexed(0x23, counter);
  const setCounter = indexed(0x24, counter);
  let depth = 0;
  const inner = body.map((instruction) => {
    if (instruction.kind === "block") depth++;
    if (instruction.opcode === 0x0b) depth--;
    return instruction.opcode === 0x0f ? indexed(0x0c, depth) : instruction;
  });
  return [
    ...[getCounter, i32(cost), I32_ADD, setCounter],
    ...[getCounter, i32(STACK_LIMIT), I32_GT_U, IF, UNREACHABLE, END],
    ...[block(0x02, blockType), ...inner, END],
    ...[getCounter, i32(cost), I32_SUB, setCounter],
  ];
}

/** memory.grow that traps when it fails although the maximum allows it: then the engine is out of memory. */
function growFunction(type: number, maximum: number): WasmFunction {
  const delta = indexed(0x20, 0);
  const result = indexed(0x20, 1);
  const extend = plain(0xad);
  return {
    type,
    locals: [I32],
    body: [
      ...[delta, { kind: "zero", opcode: 0x40 } as const, indexed(0x22, 1), i32(-1), plain(0x46), IF],
      ...[{ kind: "zero", opcode: 0x3f } as const, extend, delta, extend, plain(0x7c), i64(maximum), plain(0x58), IF],
      ...[UNREACHABLE, END, END, result],
    ],
  };
}
