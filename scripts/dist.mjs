// What the package runs, into dist/: JavaScript, declarations and guest programs. Needs typechain-types and build/guests.
import { cpSync, mkdirSync } from "node:fs";

import { run } from "./run.mjs";

run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
mkdirSync("dist/guests", { recursive: true });
for (const file of ["ledger.wasm", "ledger.json", "keccak.wasm", "machine.wasm"]) {
  cpSync(`build/guests/${file}`, `dist/guests/${file}`);
}
