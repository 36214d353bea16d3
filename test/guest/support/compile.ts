import { readFileSync } from "node:fs";
import { join } from "node:path";

import { compileAssemblyScript } from "../../../plugin/machine/compile.js";

export interface Compilation {
  /** Path of the program that is compiled. */
  entry: string;
  /** Source files that exist only here, by path. */
  files?: Record<string, string>;
  /** Replacements in files that exist, by path: each text must be there. */
  edits?: Record<string, readonly (readonly [text: string, by: string])[]>;
}

/** Compiles an AssemblyScript program of this repository as the build does. */
export function compileProgram({ entry, files = {}, edits = {} }: Compilation): Promise<Uint8Array> {
  return compileAssemblyScript(entry, {
    flags: ["--initialMemory", "64", "--maximumMemory", "4096"],
    readFile(name, base) {
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
  });
}
