// What the package runs, into dist/: JavaScript, declarations, guest programs, the schema of parameters and the KZG setup. Needs typechain-types and build.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { run } from "./run.mjs";

run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
mkdirSync("dist/guests", { recursive: true });
for (const file of [
  "ledger.wasm",
  "ledger.json",
  "connect-four.wasm",
  "connect-four.json",
  "keccak.wasm",
  "machine.wasm",
]) {
  cpSync(`build/guests/${file}`, `dist/guests/${file}`);
}
cpSync("build/implementations.json", "dist/implementations.json");
cpSync("build/verification", "dist/verification", { recursive: true });
cpSync("build/parameters.schema.json", "dist/parameters.schema.json");
cpSync("build/kzg-setup.bin", "dist/kzg-setup.bin");

// TypeChain's output is types and bytecode, of which the tests' mocks are none of the package's business; nor are maps to
// generated sources.
const types = "dist/typechain-types";
for (const folder of ["mocks", "factories/mocks"]) rmSync(`${types}/${folder}`, { recursive: true, force: true });
for (const map of globSync(`${types}/**/*.map`)) rmSync(map);
for (const file of globSync(`${types}/{index,hardhat,factories/index}{.js,.d.ts}`)) {
  const kept = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !/\bmocks\b/.test(line));
  writeFileSync(file, kept.join("\n"));
}
for (const file of globSync(`${types}/**/*.{js,ts}`)) {
  writeFileSync(file, readFileSync(file, "utf8").replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"));
}
