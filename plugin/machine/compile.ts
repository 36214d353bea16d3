// Guests in AssemblyScript. The compiler is an optional peer dependency: who brings a .wasm needs none.
import { stripVTControlCharacters } from "node:util";

/** Flags of every guest: integer WebAssembly of the first version, with sign extension; `throw` and assertions trap. */
export const GUEST_FLAGS: readonly string[] = [
  ...["--runtime", "stub", "-O3", "--converge", "--noAssert", "--exportStart", "_start", "--use", "abort="],
  ...["--disable", "bulk-memory", "--disable", "nontrapping-f2i", "--disable", "mutable-globals"],
];

/** AssemblyScript is not installed. */
export class CompilerMissingError extends Error {
  override readonly name = "CompilerMissingError";

  constructor(options?: ErrorOptions) {
    super("the AssemblyScript compiler is not installed; run: npm install --save-dev assemblyscript", options);
  }
}

/** The compiler refused a program. */
export class CompileError extends Error {
  override readonly name = "CompileError";

  constructor(
    readonly entry: string,
    /** What the compiler said, one line each. */
    readonly diagnostics: readonly string[],
  ) {
    super(`${entry} does not compile: ${diagnostics.join("; ")}`);
  }
}

export interface CompileOptions {
  /** Folder that paths are relative to, and where packages are looked for, as in the folders above it. */
  baseDir?: string;
  /** More flags of the compiler. */
  flags?: readonly string[];
  /** Where sources come from instead of the disk; null for a file that is not there. */
  readFile?: (name: string, baseDir: string) => string | null;
}

/** The part of assemblyscript/asc that is used here. */
interface Compiler {
  main(
    args: string[],
    host: {
      writeFile(name: string, contents: Uint8Array | string): void;
      stderr: { write(chunk: Uint8Array | string): boolean };
      readFile?: CompileOptions["readFile"];
      listFiles?: () => string[];
    },
  ): Promise<{ error: Error | null }>;
}

// Not imported by name: its declarations bring globals of their own, such as an Array whose `at` always finds something,
// and would change what the whole project is checked against.
const COMPILER: string = "assemblyscript/asc";

/**
 * Compiles an AssemblyScript program, with the names of its functions.
 * @param entry Path from `baseDir`.
 * @throws CompilerMissingError, CompileError
 */
export async function compileAssemblyScript(entry: string, options: CompileOptions = {}): Promise<Uint8Array> {
  const { baseDir = ".", flags = [], readFile } = options;
  const compiler = await loadCompiler();
  let wasm: Uint8Array | undefined;
  const diagnostics: string[] = [];
  const args = [entry, "--baseDir", baseDir, "--outFile", "out.wasm", "--debug", ...GUEST_FLAGS, ...flags];
  const { error } = await compiler.main(args, {
    writeFile(_, contents) {
      if (typeof contents !== "string") wasm = contents;
    },
    stderr: {
      write(chunk) {
        // On CI servers the compiler colours what it says.
        const [line, where] = readDiagnostic(stripVTControlCharacters(chunk.toString()));
        if (line !== undefined) diagnostics.push(where === undefined ? line : `${where}: ${line}`);
        return true;
      },
    },
    ...(readFile === undefined ? {} : { readFile, listFiles: () => [] }),
  });
  if (error !== null || wasm === undefined) {
    throw new CompileError(entry, diagnostics.length > 0 ? diagnostics : [error?.message ?? "it has no output"]);
  }
  return wasm;
}

async function loadCompiler(): Promise<Compiler> {
  try {
    return ((await import(COMPILER)) as { default: Compiler }).default;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
      throw new CompilerMissingError({ cause: error });
    }
    throw error;
  }
}

/** What a diagnostic says and where: it is "ERROR TS2304: Cannot find name 'foo'." with lines of the source, and "in index.ts(1,31)". */
function readDiagnostic(text: string): [line?: string, where?: string] {
  const [, line] = /^ERROR \w+: (.*)$/m.exec(text) ?? [];
  const [, where] = / in (\S+\(\d+,\d+\))/.exec(text) ?? [];
  return [line, where] as [string?, string?];
}
