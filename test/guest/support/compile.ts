import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of assemblyscript/asc that is used here. */
interface Compiler {
  main(
    args: string[],
    host: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(): string[];
      reportDiagnostic(diagnostic: { message: string }): void;
    },
  ): Promise<{ error: Error | null }>;
}

// Not imported by name: its declarations bring globals of their own, such as an Array whose `at` always finds something,
// and would change what the whole project is checked against.
const COMPILER: string = "assemblyscript/asc";

const FLAGS = [
  ...["--runtime", "stub", "-O3", "--noAssert", "--exportStart", "_start", "--use", "abort="],
  ...["--disable", "bulk-memory", "--disable", "nontrapping-f2i", "--disable", "mutable-globals"],
  ...["--initialMemory", "64", "--maximumMemory", "4096"],
];

export interface Compilation {
  /** Path of the program that is compiled. */
  entry: string;
  /** Source files that exist only here, by path. */
  files?: Record<string, string>;
  /** Replacements in files that exist, by path: each text must be there. */
  edits?: Record<string, readonly (readonly [text: string, by: string])[]>;
}

/** Compiles an AssemblyScript program of this repository as the build does. */
export async function compileProgram({ entry, files = {}, edits = {} }: Compilation): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  let diagnostics = "";
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  const { error } = await asc.main([entry, "--outFile", "out.wasm", ...FLAGS], {
    readFile(name: string, base: string) {
      const path = join(base, name).replaceAll("\\", "/");
      const own = Object.keys(files).find((file) => path.endsWith(file));
      if (own !== undefined) return files[own]!;
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch (cause) {
        if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
        throw cause;
      }
      const edited = Object.keys(edits).find((file) => path.endsWith(file));
      for (const [from, by] of edited === undefined ? [] : edits[edited]!) {
        if (!text.includes(from)) throw new Error(`${path} has no "${from}"`);
        text = text.replace(from, by);
      }
      return text;
    },
    writeFile(_: string, contents: Uint8Array | string) {
      if (typeof contents !== "string") wasm = contents;
    },
    listFiles: () => [],
    reportDiagnostic: ({ message }) => (diagnostics += `${message}\n`),
  });
  if (error !== null || wasm === undefined) throw new Error(`${entry} does not compile: ${diagnostics}`);
  return wasm;
}
