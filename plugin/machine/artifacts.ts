import { existsSync, readFileSync } from "node:fs";

import type { ProgramFacts } from "./facts.js";

// In a checkout the build writes build/guests; the package carries the same files beside its JavaScript.
const FOLDERS = ["../../build/guests/", "../../guests/"];

/**
 * Bytes of a program that comes with this package; of a guest, its canonical artifact.
 * @throws Error when it was not built.
 */
export function readGuestProgram(name: "ledger" | "connect-four" | "keccak" | "machine"): Uint8Array {
  return readBuilt(`${name}.wasm`);
}

/**
 * The facts of a guest that comes with this package.
 * @throws Error when it was not built.
 */
export function readProgramFacts(name: "ledger" | "connect-four"): ProgramFacts {
  return JSON.parse(readBuilt(`${name}.json`).toString()) as ProgramFacts;
}

function readBuilt(file: string): Buffer {
  const url = FOLDERS.map((folder) => new URL(`${folder}${file}`, import.meta.url)).find((at) => existsSync(at));
  if (url === undefined) throw new Error(`guest program ${file} is missing: run "npm run build"`);
  return readFileSync(url);
}
