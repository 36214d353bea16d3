import { expect } from "chai";

import { canonicalWasm } from "../../../plugin/machine/instrument.js";
import type { Interpreter } from "../../../plugin/machine/interpreter.js";
import { createInterpreter } from "../../../plugin/machine/interpreter.js";
import { FRAMES_SLOT, GLOBALS_SLOT } from "../../../plugin/machine/isa.js";
import { returnSlot } from "../../../plugin/machine/lower.js";
import type { Machine, ReferenceMachine } from "../../../plugin/machine/machine.js";
import { createMachine, fromLittleEndian, run, toLittleEndian } from "../../../plugin/machine/machine.js";
import type { Program } from "../../../plugin/machine/program.js";
import { buildProgram } from "../../../plugin/machine/program.js";
import type { Oracle } from "../../../plugin/machine/hostCalls.js";
import { Status } from "../../../plugin/machine/state.js";
import type { WasmModule } from "../../../plugin/machine/wasm.js";
import { functionType, I32, readWasm } from "../../../plugin/machine/wasm.js";
import { writeWasm } from "../../../plugin/machine/wasmWriter.js";

/** What a call ended with: values, or a trap. */
export type Outcome = bigint[] | "trap";

/** One engine that keeps a module's state between calls. */
export interface Engine {
  invoke: (name: string, args: bigint[]) => Outcome;
  setGlobal: (index: number, value: bigint) => void;
  /** Content of linear memory and of the mutable globals. */
  snapshot: () => { memory: Uint8Array; globals: bigint[] };
}

const STACK_EXPORT = "\0stack";
const MEMORY_EXPORT = "\0memory";

export const NO_ORACLE: Oracle = { preimage: () => undefined };

/** The canonical artifact with its stack counter, its memory and its globals exported, so that tests can see them. */
function opened(wasm: Uint8Array): { module: WasmModule; bytes: Uint8Array } {
  const module = readWasm(wasm);
  const exports = [...module.exports, { name: STACK_EXPORT, kind: 3, index: module.globals.length - 1 }];
  module.globals.forEach((_, index) => exports.push({ name: `\0global${index}`, kind: 3, index }));
  if (module.memory !== undefined) exports.push({ name: MEMORY_EXPORT, kind: 2, index: 0 });
  return { module, bytes: writeWasm({ ...module, exports }) };
}

export type HostImports = (memory: () => Uint8Array) => Record<string, (...args: number[]) => number | undefined>;

/** V8 on the canonical artifact. Undefined results of `start`: throws what the start function throws. */
export function v8Engine(wasm: Uint8Array, hostImports?: HostImports): Engine {
  const { module, bytes } = opened(wasm);
  let exports: WebAssembly.Instance["exports"] = {};
  const memory = (): Uint8Array => {
    const exported = exports[MEMORY_EXPORT];
    return exported instanceof WebAssembly.Memory ? new Uint8Array(exported.buffer) : new Uint8Array();
  };
  const imports = hostImports === undefined ? {} : { host: hostImports(memory) };
  exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  return {
    invoke(name, args) {
      const called = exports[name];
      const index = module.exports.find((item) => item.name === name)?.index ?? -1;
      if (typeof called !== "function") throw new Error(`no function ${name}`);
      const type = functionType(module, index);
      try {
        const result: unknown = called(...args.map((value, i) => (type.params[i] === I32 ? Number(value) : value)));
        const values = type.results.length === 1 ? [result] : ((result as unknown[] | undefined) ?? []);
        return values.map((value, i) =>
          BigInt.asUintN(type.results[i] === I32 ? 32 : 64, BigInt(value as number | bigint)),
        );
      } catch (error) {
        if (!(error instanceof WebAssembly.RuntimeError)) throw error;
        const stack = exports[STACK_EXPORT];
        if (stack instanceof WebAssembly.Global) stack.value = 0;
        return "trap";
      }
    },
    setGlobal(index, value) {
      const exported = exports[`\0global${index}`];
      if (!(exported instanceof WebAssembly.Global)) throw new Error(`no global ${index}`);
      exported.value = module.globals[index]?.type === I32 ? Number(value) : value;
    },
    snapshot() {
      const globals = module.globals.slice(0, -1).map((global, index) => {
        const exported = exports[`\0global${index}`];
        const value = exported instanceof WebAssembly.Global ? exported.value : 0;
        return BigInt.asUintN(global.type === I32 ? 32 : 64, BigInt(value));
      });
      return { memory: memory().slice(), globals };
    },
  };
}

/** An engine whose calls the test drives itself: between `begin` and `end` it runs the machine until that stops. */
export interface DrivenEngine<M> extends Engine {
  readonly machine: M;
  begin: (name: string, args: bigint[]) => void;
  /** What the call that was begun last ended with. */
  end: () => Outcome;
}

interface EngineOptions<M> {
  oracle?: Oracle;
  /** Runs a machine to its end: the start function, then every call. */
  runner?: (machine: M) => void;
}

/** The reference on the lowered code. */
export function referenceEngine(
  guest: Uint8Array,
  options: EngineOptions<ReferenceMachine> = {},
): DrivenEngine<ReferenceMachine> {
  return machineEngine(guest, createMachine, { runner: run, ...options });
}

/** The interpreter on the lowered code. */
export function interpreterEngine(
  guest: Uint8Array,
  options: EngineOptions<Interpreter> = {},
): DrivenEngine<Interpreter> {
  return machineEngine(guest, createInterpreter, { runner: (machine) => void machine.run(), ...options });
}

function machineEngine<M extends Machine>(
  guest: Uint8Array,
  create: (program: Program, inputHash: Uint8Array, oracle: Oracle) => M,
  { oracle = NO_ORACLE, runner }: EngineOptions<M> & { runner: (machine: M) => void },
): DrivenEngine<M> {
  const program = buildProgram(guest, { entry: [] });
  const module = readWasm(program.wasm);
  const machine = create(program, new Uint8Array(32), oracle);
  const { registers, memory } = machine;
  runner(machine);
  const writeSlot = (slot: number, value: bigint): void => memory.write(8 * slot, toLittleEndian(value, 8));
  const readSlot = (slot: number): bigint => fromLittleEndian(memory.read(8 * slot, 8));
  let results = 0;
  const begin = (name: string, args: bigint[]): void => {
    const index = module.exports.find((item) => item.name === name)?.index ?? -1;
    const type = functionType(module, index);
    results = type.results.length;
    registers.status = Status.RUNNING;
    registers.pc = program.functions[index]?.pc ?? -1;
    registers.fp = FRAMES_SLOT;
    args.forEach((value, i) => writeSlot(FRAMES_SLOT + i, value));
    writeSlot(FRAMES_SLOT + returnSlot(type), BigInt(program.haltPc));
  };
  const end = (): Outcome => {
    if (registers.status === Status.TRAPPED) {
      writeSlot(GLOBALS_SLOT + module.globals.length - 1, 0n);
      return "trap";
    }
    return Array.from({ length: results }, (_, i) => readSlot(FRAMES_SLOT + i));
  };
  return {
    machine,
    begin,
    end,
    invoke(name, args) {
      begin(name, args);
      runner(machine);
      return end();
    },
    setGlobal: (index, value) => writeSlot(GLOBALS_SLOT + index, value),
    snapshot() {
      const globals = module.globals.slice(0, -1).map((_, i) => readSlot(GLOBALS_SLOT + i));
      return { memory: memory.read(0, registers.pages * 65_536), globals };
    },
  };
}

/** Linear memory and globals agree. */
export function expectSameSnapshot(one: Engine, other: Engine, where = ""): void {
  const [a, b] = [one.snapshot(), other.snapshot()];
  expect(a.globals, `${where} globals`).to.deep.equal(b.globals);
  expect(a.memory.length, `${where} memory size`).to.equal(b.memory.length);
  expect(Buffer.compare(a.memory, b.memory), `${where} memory content`).to.equal(0);
}

export { canonicalWasm };
