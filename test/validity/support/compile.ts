import { readFile } from "node:fs/promises";

import { compileCircuit, type CompiledCircuit, type CompileOptions } from "../../../plugin/prover/compile.js";
import type { CircuitTemplate } from "../../../plugin/validity/circuit.js";

/** Folder of what the tests compile and prove; the same sources are compiled once. */
export const CACHE = "cache/prover";

export interface Compiled {
  paths: CompiledCircuit;
  r1cs: Uint8Array;
  wasm: Uint8Array;
  /** Lines `label, wire, component, name`. */
  sym: string;
}

/** @param options Of the compiler; `source` names other sources than the template's. */
export async function compile(
  circuit: CircuitTemplate,
  { source = circuit.source, ...options }: Partial<CompileOptions> & { source?: string } = {},
): Promise<Compiled> {
  const paths = await compileCircuit(source, { ...circuit, ...options, cache: CACHE });
  const [r1cs, wasm] = await Promise.all([readFile(paths.r1cs), readFile(paths.wasm)]);
  return { paths, r1cs, wasm, sym: await readFile(paths.sym, "utf8") };
}
