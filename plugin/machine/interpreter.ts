import { readGuestProgram } from "./artifacts.js";
import { ExecutorFaultError } from "./errors.js";
import type { Oracle } from "./hostCalls.js";
import { FRAMES_SLOT, MEMORY_DEPTH } from "./isa.js";
import type { Machine, MachineMemory } from "./machine.js";
import { step } from "./machine.js";
import { PreimageMap } from "./preimage-map.js";
import type { Program } from "./program.js";
import type { Registers, StepMemory } from "./reference.js";
import { Status } from "./state.js";

// The fast engine. guests/machine executes in WebAssembly what is plain, on the machine's whole memory; it leaves single instructions
// (traps, halts, host calls) to the reference, which executes them on that memory too.

const LEAF = 32;
const PAGE = 4096;
/** Height of a page's node in the memory tree: the WebAssembly keeps nodes from there upwards. */
const PAGE_HEIGHT = 7;
const PAGE_COUNT = 2 ** (MEMORY_DEPTH - PAGE_HEIGHT);
/** Pages that two snapshots share as a whole when none of them differs. */
const GROUP = 256;
const PAGES_AT_ONCE = 512;
/** Bits of a page's dirty byte. */
const UNHASHED = 1;
const CHANGED = 2;
/** Steps of one call at most. */
const MOST_STEPS = 2 ** 24;

type PageGroup = readonly (Uint8Array | undefined)[];

/** Registers and memory at some step. It has copies of the pages that changed since the snapshot before, and shares the others. */
export interface Snapshot {
  readonly steps: number;
  readonly registers: Readonly<Registers>;
  /** Pages of 4 KiB in groups; undefined where all is zero. */
  readonly groups: readonly (PageGroup | undefined)[];
}

/** A machine that executes fast, and can go back to a snapshot. */
export interface Interpreter extends Machine {
  /**
   * Executes until the machine stops or `toStep` instructions were executed in all.
   * @throws ExecutorFaultError when a preimage or a blob is not known; then it stands before that step.
   */
  run(toStep?: number): Status;
  /** Hashes pages that changed, for at most some 20 milliseconds; false when none is left. Without it, a root hashes them all at once. */
  hashSome(): boolean;
  snapshot(): Snapshot;
  /** Goes to a snapshot that this interpreter took. */
  restore(snapshot: Snapshot): void;
}

interface Exports {
  decode(first: number, length: number, count: number): void;
  run(steps: number, count: number, pages: number): number;
  subtree(from: number, height: number, to: number): void;
  takeChanged(): number;
  updateTree(most: number): number;
}
const PLACES = ["DIGEST", "DIRTY", "FP", "LEAVES", "LIST", "MEMORY", "NODES", "PC"] as const;

const module = new WebAssembly.Module(readGuestProgram("machine"));

/**
 * A machine before its first step. What the oracle lacks is sought among the preimages of what the run itself hashed.
 * @throws ExecutorFaultError when the host has no room.
 */
export function createInterpreter(program: Program, inputHash: Uint8Array, oracle: Oracle): Interpreter {
  const hashed = new PreimageMap();
  const findPreimage = (hash: Uint8Array): Uint8Array | undefined => oracle.preimage(hash) ?? hashed.get(hash);
  const { exports, places, buffer } = instantiate({
    hashed(from, length) {
      hashed.stage(words, from / 4, length);
      hashed.commit(bytes, places.DIGEST);
    },
    preimage(page, offset) {
      const preimage = orUndefined(() => findPreimage(bytes.subarray(page, page + LEAF)));
      if (preimage === undefined) return -1n;
      const start = offset >>> 0;
      const part = preimage.subarray(start, start + PAGE);
      bytes.set(part, page);
      bytes.fill(0, page + part.length, page + PAGE);
      return BigInt(preimage.length);
    },
  });
  const bytes = new Uint8Array(buffer);
  const words = new Int32Array(buffer);
  const numbers = new Uint32Array(buffer);
  const memory = machineMemory(exports, places, bytes);
  const count = program.code.length;
  for (let first = 0; first < count; first += PAGE / LEAF) {
    const length = Math.min(PAGE / LEAF, count - first);
    bytes.set(program.codeTree.read(first * LEAF, length * LEAF), places.LEAVES);
    exports.decode(first, length, count);
  }
  for (const { address, bytes: content } of program.image) memory.write(address, content);

  const registers: Registers = {
    status: Status.RUNNING,
    pc: program.entryPc,
    fp: FRAMES_SLOT,
    pages: program.pages,
    inputHash,
    outputHash: new Uint8Array(LEAF),
  };
  /** What memory was when pages were last marked as unchanged. */
  let base: Snapshot["groups"] = new Array<undefined>(PAGE_COUNT / GROUP).fill(undefined);

  const takeChanged = (): Uint32Array => {
    const start = places.LIST / 4;
    return numbers.subarray(start, start + exports.takeChanged());
  };
  const putPage = (page: number, content: Uint8Array | undefined): void => {
    const start = places.MEMORY + page * PAGE;
    if (content === undefined) bytes.fill(0, start, start + PAGE);
    else bytes.set(content, start);
    bytes[places.DIRTY + page] = UNHASHED;
  };

  const machine: Interpreter = {
    program,
    oracle: {
      preimage: findPreimage,
      blob: (versionedHash, index) => oracle.blob?.(versionedHash, index),
      recover: oracle.recover,
    },
    memory,
    registers,
    access: stepMemory(buffer, places.MEMORY, memory),
    steps: 0,
    run(toStep = Number.MAX_SAFE_INTEGER) {
      while (registers.status === Status.RUNNING && machine.steps < toStep) {
        const steps = Math.min(toStep - machine.steps, MOST_STEPS);
        numbers[places.PC / 4] = registers.pc;
        numbers[places.FP / 4] = registers.fp;
        const executed = exports.run(steps, count, registers.pages);
        registers.pc = numbers[places.PC / 4] ?? 0;
        registers.fp = numbers[places.FP / 4] ?? 0;
        machine.steps += executed;
        if (executed < steps) step(machine);
      }
      return registers.status;
    },
    hashSome: () => exports.updateTree(PAGES_AT_ONCE) === PAGES_AT_ONCE,
    snapshot() {
      const groups = [...base];
      const changed = new Map<number, (Uint8Array | undefined)[]>();
      for (const page of takeChanged()) {
        const at = Math.floor(page / GROUP);
        const group = changed.get(at) ?? [...(base[at] ?? [])];
        const start = places.MEMORY + page * PAGE;
        group[page % GROUP] = bytes.slice(start, start + PAGE);
        changed.set(at, group);
        groups[at] = group;
      }
      base = groups;
      return { steps: machine.steps, registers: { ...registers }, groups };
    },
    restore(snapshot) {
      for (const page of takeChanged()) putPage(page, snapshot.groups[Math.floor(page / GROUP)]?.[page % GROUP]);
      snapshot.groups.forEach((group, at) => {
        const present = base[at];
        if (group === present) return;
        for (let i = 0; i < GROUP; i++) if (group?.[i] !== present?.[i]) putPage(at * GROUP + i, group?.[i]);
      });
      base = snapshot.groups;
      Object.assign(registers, snapshot.registers);
      machine.steps = snapshot.steps;
    },
  };
  return machine;
}

/** An oracle that fails is asked again by the reference, which can say so: the machine then stands before that step. */
function orUndefined<T>(ask: () => T | undefined): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

type Places = Record<(typeof PLACES)[number], number>;

/** What the WebAssembly calls (guests/machine/host.ts). */
interface Host {
  [name: string]: WebAssembly.ImportValue;
  hashed: (from: number, length: number) => void;
  preimage: (page: number, offset: number) => bigint;
}

function instantiate(host: Host) {
  try {
    const { exports } = new WebAssembly.Instance(module, { host });
    const places = Object.fromEntries(PLACES.map((name) => [name, (exports[name] as WebAssembly.Global).value]));
    const { buffer } = exports.memory as WebAssembly.Memory;
    return { exports: exports as unknown as Exports, places: places as Places, buffer };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ExecutorFaultError("the interpreter has no memory: it needs 544 MiB of address space", { cause: error });
  }
}

/** The machine's memory within that of the WebAssembly, in which it begins at places.MEMORY. */
function machineMemory(exports: Exports, places: Places, bytes: Uint8Array): MachineMemory {
  const copy = (start: number, length: number): Uint8Array => bytes.slice(start, start + length);
  const memory: MachineMemory = {
    read: (address, length) => copy(places.MEMORY + address, length),
    write(address, content) {
      bytes.set(content, places.MEMORY + address);
      const last = Math.floor((address + content.length - 1) / PAGE);
      for (let page = Math.floor(address / PAGE); page <= last; page++) bytes[places.DIRTY + page] = UNHASHED | CHANGED;
    },
    leaf: (index) => memory.read(index * LEAF, LEAF),
    node(height, index) {
      if (height === 0) return memory.leaf(index);
      if (height < PAGE_HEIGHT) {
        exports.subtree(places.MEMORY + index * (LEAF << height), height, places.DIGEST);
        return copy(places.DIGEST, LEAF);
      }
      exports.updateTree(PAGE_COUNT + 1);
      return copy(places.NODES + LEAF * (2 ** (MEMORY_DEPTH - height) + index), LEAF);
    },
    root: () => memory.node(MEMORY_DEPTH, 0),
  };
  return memory;
}

function stepMemory(buffer: ArrayBuffer, start: number, memory: MachineMemory): StepMemory {
  const view = new DataView(buffer, start);
  const scratch = new DataView(new ArrayBuffer(8));
  const store = (address: number, size: number, value: bigint): void => {
    scratch.setBigUint64(0, value, true);
    memory.write(address, new Uint8Array(scratch.buffer, 0, size));
  };
  return {
    slot: (index) => view.getBigUint64(8 * index, true),
    setSlot: (index, value) => store(8 * index, 8, value),
    load: (address, size) => BigInt.asUintN(8 * size, view.getBigUint64(address, true)),
    store,
    readHead: (page, length) => memory.read(page, length),
    writeHead: (page, word) => memory.write(page, word),
    writePage: (page, content) => memory.write(page, content),
  };
}
