import { concat, word } from "./bytes.js";
import { GuestRefusedError } from "./errors.js";
import { canonicalWasm } from "./instrument.js";
import type { Instruction } from "./isa.js";
import { CODE_DEPTH, encodeInstruction, FRAMES_SLOT, GLOBALS_SLOT, MEMORY_DEPTH, TABLE_SLOT } from "./isa.js";
import { keccak256 } from "./keccak.js";
import { lower, typeIds } from "./lower.js";
import { MerkleMemory } from "./merkleMemory.js";
import type { MachineState } from "./state.js";
import { Status } from "./state.js";
import type { Initializer, WasmModule } from "./wasm.js";
import { functionType, MAX_PAGES, readWasm } from "./wasm.js";

/** Version of the instruction set and of the lowering; part of the machine hash. */
export const MACHINE_VERSION = 1n;

/** A guest as the machine executes it. */
export interface Program {
  /** The canonical artifact: what V8 runs. */
  wasm: Uint8Array;
  code: Instruction[];
  /** Merkle tree over the instructions' leaves. */
  codeTree: MerkleMemory;
  codeRoot: Uint8Array;
  entryPc: number;
  haltPc: number;
  /** Per function, imports first: where it begins, and slots of its frame. */
  functions: { pc: number; frame: number }[];
  /** Non-zero memory at the start. */
  image: { address: number; bytes: Uint8Array }[];
  memoryRoot0: Uint8Array;
  pages: number;
  maxPages: number;
  machineHash: Uint8Array;
}

export interface ProgramOptions {
  /** Exported functions that are called in order, after the start function. Default: `_start` if there is one, `run`. */
  entry?: string[];
}

/**
 * Makes a program of a guest: scan, instrument, lower, hash.
 * @throws GuestRefusedError for what the machine does not execute.
 */
export function buildProgram(guest: Uint8Array, options: ProgramOptions = {}): Program {
  return programOf(canonicalWasm(guest), options);
}

/**
 * The program of a canonical artifact, such as those that come with this package.
 * @throws GuestRefusedError for what is none.
 */
export function programOf(wasm: Uint8Array, options: ProgramOptions = {}): Program {
  const module = readWasm(wasm);
  if (!module.isCanonical) {
    throw new GuestRefusedError("module", "it is not a canonical artifact", "make it one by rollup:build-guest");
  }
  const entry = options.entry ?? defaultEntry(module);
  const lowered = lower(
    module,
    entry.map((name) => entryFunction(module, name)),
  );
  const codeTree = new MerkleMemory(CODE_DEPTH);
  codeTree.write(0, concat(lowered.code.map(encodeInstruction)));
  const codeRoot = codeTree.root();
  const image = initialImage(module, lowered.functions);
  const memoryRoot0 = loadImage(image).root();
  const pages = module.memory?.initial ?? 0;
  const maxPages = module.memory === undefined ? 0 : (module.memory.maximum ?? MAX_PAGES);
  const numbers = [lowered.entryPc, pages, maxPages].map((value) => word(BigInt(value)));
  return {
    wasm,
    ...lowered,
    codeTree,
    codeRoot,
    image,
    memoryRoot0,
    pages,
    maxPages,
    machineHash: keccak256(concat([codeRoot, memoryRoot0, ...numbers, word(MACHINE_VERSION)])),
  };
}

/** Memory as it is before the first instruction. */
export function loadImage(image: Program["image"]): MerkleMemory {
  const memory = new MerkleMemory(MEMORY_DEPTH);
  for (const { address, bytes } of image) memory.write(address, bytes);
  return memory;
}

/** The state before the first instruction. */
export function initialState(program: Program, inputHash: Uint8Array): MachineState {
  return {
    status: Status.RUNNING,
    pc: program.entryPc,
    fp: FRAMES_SLOT,
    pages: program.pages,
    memoryRoot: program.memoryRoot0,
    inputHash,
    outputHash: new Uint8Array(32),
  };
}

function defaultEntry(module: WasmModule): string[] {
  return module.exports.some(({ name }) => name === "_start") ? ["_start", "run"] : ["run"];
}

function entryFunction(module: WasmModule, name: string): number {
  const found = module.exports.find((item) => item.name === name && item.kind === 0);
  const type = found === undefined ? undefined : functionType(module, found.index);
  if (found === undefined || type === undefined || type.params.length + type.results.length > 0) {
    throw new GuestRefusedError(`export ${name}`, "it is not a function () -> ()", `export a function ${name}(): void`);
  }
  return found.index;
}

/** Globals, table and data segments, at the addresses of docs/machine.md §2. */
function initialImage(module: WasmModule, functions: { pc: number }[]): Program["image"] {
  const image: Program["image"] = [];
  const globals: bigint[] = [];
  const valueOf = (init: Initializer): bigint => ("value" in init ? init.value : (globals[init.global] ?? 0n));
  for (const { init } of module.globals) globals.push(valueOf(init));
  image.push({ address: 8 * GLOBALS_SLOT, bytes: littleEndian(globals) });

  const ids = typeIds(module);
  for (const { offset, functions: members } of module.elements) {
    const start = Number(valueOf(offset));
    if (start + members.length > (module.table?.initial ?? 0)) {
      throw new GuestRefusedError("elements", "a segment does not fit the table", "make the table larger");
    }
    const entries = members.map((index) => {
      const type = (module.imports[index] ?? module.functions[index - module.imports.length])?.type ?? 0;
      return (BigInt(ids[type] ?? 0) << 32n) | BigInt(functions[index]?.pc ?? 0);
    });
    image.push({ address: 8 * (TABLE_SLOT + start), bytes: littleEndian(entries) });
  }
  for (const { offset, bytes } of module.data) {
    const address = Number(valueOf(offset));
    if (address + bytes.length > (module.memory?.initial ?? 0) * 65_536) {
      throw new GuestRefusedError("data", "a segment does not fit the memory", "make the memory larger");
    }
    image.push({ address, bytes });
  }
  return image.filter(({ bytes }) => bytes.length > 0);
}

function littleEndian(values: bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  values.forEach((value, i) => view.setBigUint64(8 * i, value, true));
  return new Uint8Array(view.buffer);
}
