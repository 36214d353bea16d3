import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { CircuitCompileError } from "./errors.js";

/** One file of circom, with what it is called in messages. */
export interface CircomSource {
  path: string;
  text: string;
}

const INCLUDE = /^\s*include\s*"([^"]+)"\s*;/gm;
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/**
 * The file and all that it includes, each once, in the order in which they are found. Names are looked up as circom does:
 * beside the file that includes, then in the `include` folders one after the other.
 */
export async function collectSources(file: string, include: readonly string[]): Promise<CircomSource[]> {
  const found = new Map<string, CircomSource>();

  async function visit(path: string, text: string): Promise<void> {
    found.set(path, { path, text });
    for (const [, name] of text.replace(COMMENTS, "").matchAll(INCLUDE)) {
      const candidates = [dirname(path), ...include].map((folder) => join(folder, name!));
      const source = await firstOf(candidates);
      if (source === undefined) {
        throw new CircuitCompileError(path, `"${name}" is neither beside it nor in ${include.join(", ")}`);
      }
      if (!found.has(source.path)) await visit(source.path, source.text);
    }
  }

  const main = await firstOf([file]);
  if (main === undefined) throw new CircuitCompileError(file, "there is no such file");
  await visit(main.path, main.text);
  return [...found.values()];
}

async function firstOf(paths: readonly string[]): Promise<CircomSource | undefined> {
  for (const path of paths) {
    try {
      return { path, text: await readFile(path, "utf8") };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return undefined;
}
