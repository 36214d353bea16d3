/**
 * Runs the witness program of a circuit, honestly or as an attacker would: with its assertions off it computes on with whatever it
 * has, and says what it would have refused.
 */
import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";
import type { SegmentInputs, SignalValue } from "../../../plugin/validity/witness.js";

export interface Run {
  /** Every wire; the first is 1. */
  witness: bigint[];
  /** Templates whose assertions failed, in order, without parameters. Empty in an honest run. */
  refusedBy: string[];
}

interface Exports {
  init(sanityCheck: number): void;
  getFieldNumLen32(): number;
  getWitnessSize(): number;
  getInputSize(): number;
  getInputSignalSize(high: number, low: number): number;
  setInputSignal(high: number, low: number, position: number): void;
  getWitness(index: number): void;
  readSharedRWMemory(word: number): number;
  writeSharedRWMemory(word: number, value: number): void;
  getMessageChar(): number;
}

/** `i32.const 4, return, end`: how the program leaves when an assertion fails. */
const LEAVE = Buffer.from([0x41, 0x04, 0x0f, 0x0b]);
const NOP = 0x01;

export interface Calculator {
  /** @throws Error naming the template whose assertion failed. */
  honest(inputs: SegmentInputs): Run;
  malicious(inputs: SegmentInputs): Run;
}

export function createCalculator(wasm: Uint8Array): Calculator {
  const patched = Buffer.from(wasm);
  let at = patched.indexOf(LEAVE);
  if (at === -1) throw new Error("the witness program has no assertions");
  for (; at !== -1; at = patched.indexOf(LEAVE, at)) patched.fill(NOP, at, at + 3);
  const modules = [new WebAssembly.Module(Uint8Array.from(wasm)), new WebAssembly.Module(Uint8Array.from(patched))];
  return {
    honest: (inputs) => calculate(modules[0]!, inputs),
    malicious: (inputs) => calculate(modules[1]!, inputs),
  };
}

function calculate(module: WebAssembly.Module, inputs: SegmentInputs): Run {
  const refusedBy: string[] = [];
  const ignore = (): void => undefined;
  const runtime = {
    exceptionHandler: (code: number) => {
      throw new Error(`witness program: exception ${code}, ${refusedBy.join(" in ")}`);
    },
    printErrorMessage: () => {
      const [, template] = /template (\w+?)(?:_\d+)? line/.exec(readMessage()) ?? [];
      if (template !== undefined) refusedBy.push(template);
    },
    writeBufferMessage: ignore,
    showSharedRWMemory: ignore,
  };
  const program = new WebAssembly.Instance(module, { runtime }).exports as unknown as Exports;

  function readMessage(): string {
    let message = "";
    for (let c = program.getMessageChar(); c !== 0; c = program.getMessageChar()) message += String.fromCharCode(c);
    return message;
  }

  program.init(0);
  const words = program.getFieldNumLen32();
  let set = 0;
  for (const [name, value] of Object.entries(inputs)) {
    const [high, low] = hashOf(name);
    const values = flatten(value);
    const size = program.getInputSignalSize(high, low);
    if (size !== values.length) throw new Error(`input ${name} has ${size} values, got ${values.length}`);
    values.forEach((element, position) => {
      let rest = ((element % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
      for (let i = 0; i < words; i++, rest >>= 32n) program.writeSharedRWMemory(i, Number(rest & 0xffffffffn));
      program.setInputSignal(high, low, position);
      set++;
    });
  }
  if (set !== program.getInputSize()) throw new Error(`the circuit has ${program.getInputSize()} inputs, got ${set}`);

  const witness = Array.from({ length: program.getWitnessSize() }, (_, index) => {
    program.getWitness(index);
    let value = 0n;
    for (let i = words - 1; i >= 0; i--) value = (value << 32n) | BigInt(program.readSharedRWMemory(i) >>> 0);
    return value;
  });
  return { witness, refusedBy };
}

function flatten(value: SignalValue): bigint[] {
  return typeof value === "bigint" ? [value] : value.flatMap(flatten);
}

/** FNV-1a of 64 bits, as the program names its inputs. */
function hashOf(name: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}
