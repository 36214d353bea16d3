import { existsSync, readFileSync } from "node:fs";

// In a checkout the build writes build/guests; the package carries the same files beside its JavaScript.
const FOLDERS = ["../../build/guests/", "../../guests/"];

/**
 * Bytes of a compiled guest program that comes with this package.
 * @throws Error when it was not built.
 */
export function readGuestProgram(name: "ledger" | "keccak"): Uint8Array {
  const url = FOLDERS.map((folder) => new URL(`${folder}${name}.wasm`, import.meta.url)).find((file) =>
    existsSync(file),
  );
  if (url === undefined) throw new Error(`guest program ${name}.wasm is missing: run "npm run build"`);
  return readFileSync(url);
}
