import { readFile } from "node:fs/promises";
import { extname, relative, resolve } from "node:path";

import { compileAssemblyScript } from "./compile.js";
import { GuestRefusedError } from "./errors.js";
import { factsOf, type ProgramFacts } from "./facts.js";
import { Host, Op } from "./isa.js";
import { buildProgram, type Program } from "./program.js";
import { functionName, readWasm } from "./wasm.js";

/** What can be said of a guest without running it. Sizes in bytes. */
export interface GuestReport {
  facts: ProgramFacts;
  sizes: { compiled: number; canonical: number };
  /** Lowered instructions; of each operation, the most frequent first. */
  instructions: number;
  operations: Record<string, number>;
  /** Functions of the guest, host calls not counted, with what instrumentation added. */
  functions: number;
  /** The function with the most slots. */
  largestFrame: { name: string; slots: number };
  /** Those that it imports, in the order of their numbers. */
  hostCalls: string[];
}

export interface BuiltGuest {
  program: Program;
  report: GuestReport;
}

/** The file is of no kind that a guest is made of, or is not there. */
export class GuestFileError extends Error {
  override readonly name = "GuestFileError";

  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}

/**
 * Makes a program of a file: AssemblyScript (.ts), or WebAssembly (.wasm) of any compiler.
 * @param file Path from `root`, the folder where AssemblyScript looks for packages.
 * @throws GuestFileError, CompilerMissingError, CompileError, GuestRefusedError
 */
export async function buildGuest(file: string, root = "."): Promise<BuiltGuest> {
  const compiled = await compile(file, root);
  const program = buildProgram(compiled);
  return { program, report: describeProgram(program, compiled.length) };
}

async function compile(file: string, root: string): Promise<Uint8Array> {
  const path = resolve(root, file);
  const content = await readFile(path).catch((cause: unknown) => {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new GuestFileError(file, isMissing ? "there is no such file" : "it cannot be read", { cause });
  });
  switch (extname(file)) {
    case ".wasm":
      return content;
    case ".ts":
      return compileAssemblyScript(relative(root, path), { baseDir: root });
    default:
      throw new GuestFileError(file, "a guest is AssemblyScript (.ts) or WebAssembly (.wasm)");
  }
}

function describeProgram(program: Program, compiled: number): GuestReport {
  const module = readWasm(program.wasm);
  if (!module.exports.some(({ name, kind }) => name === "memory" && kind === 2)) {
    throw new GuestRefusedError(
      "export memory",
      "it is not a memory",
      "the native runner reads it: export one of 1 page",
    );
  }
  const own = program.functions.slice(module.imports.length);
  const slots = Math.max(...own.map(({ frame }) => frame));
  const largest = module.imports.length + own.findIndex(({ frame }) => frame === slots);
  return {
    facts: factsOf(program),
    sizes: { compiled, canonical: program.wasm.length },
    instructions: program.code.length,
    operations: countOperations(program),
    functions: own.length,
    largestFrame: { name: functionName(module, largest), slots },
    hostCalls: Object.keys(Host).filter((call) => module.imports.some(({ name }) => name === call)),
  };
}

function countOperations({ code }: Program): Record<string, number> {
  const names = Object.keys(Op) as (keyof typeof Op)[];
  const counts = names.map((name): [string, number] => [name, code.filter(({ op }) => op === Op[name]).length]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a));
}
