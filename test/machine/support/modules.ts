import type { WasmInstruction, WasmModule } from "../../../plugin/machine/wasm.js";
import { writeWasm } from "../../../plugin/machine/wasmWriter.js";
import { parseSexprs } from "./sexpr.js";
import { assemble } from "./wat.js";

/** A guest from the text of a module's fields. */
export function wat(fields: string): Uint8Array {
  return writeWasm(assemble(parseSexprs(fields)).module);
}

/** A module with one function `run` whose body is raw bytes: also what the text assembler does not know. */
export function rawBody(bytes: number[], locals: number[] = []): Uint8Array {
  const body = bytes.map((opcode): WasmInstruction => ({ kind: "none", opcode }));
  const module: WasmModule = {
    isCanonical: false,
    types: [{ params: [], results: [] }],
    imports: [],
    functions: [{ type: 0, locals, body }],
    memory: { initial: 1 },
    globals: [],
    exports: [{ name: "run", kind: 0, index: 0 }],
    elements: [],
    data: [],
    functionNames: new Map(),
  };
  return writeWasm(module);
}
