// Compiles the AssemblyScript programs to build/guests/*.wasm; skips those whose sources and compiler did not change.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { tsImport } from "tsx/esm/api";

import { run } from "./run.mjs";

const OUT = "build/guests";

// Integer WebAssembly of the first version, with sign extension. `--noAssert` drops assertions: guests trap by `unreachable()`.
const FLAGS = [
  ...["--runtime", "stub", "-O3", "--converge", "--noAssert", "--exportStart", "_start"],
  ...["--disable", "bulk-memory", "--disable", "nontrapping-f2i", "--disable", "mutable-globals"],
  ...["--use", "abort="],
];

// keccak is the host's own, and what checks a guest needs it; the machine executes the others.
const PROGRAMS = [
  { name: "keccak", isGuest: false, flags: ["--importMemory", "--noExportMemory"] },
  { name: "ledger", isGuest: true, flags: ["--initialMemory", "64", "--maximumMemory", "4096"] },
];

/** Ends the build unless the machine executes the program: no floats, no bulk memory, no imports but the host calls. */
async function check(wasm) {
  const { buildProgram } = await tsImport("../plugin/machine/program.ts", import.meta.url);
  buildProgram(readFileSync(wasm));
}

const version = JSON.parse(readFileSync("node_modules/assemblyscript/package.json", "utf8")).version;
mkdirSync(OUT, { recursive: true });
for (const { name, isGuest, flags } of PROGRAMS) {
  const wasm = `${OUT}/${name}.wasm`;
  const args = [`guests/${name}/index.ts`, "-o", wasm, ...FLAGS, ...flags];
  const hash = createHash("sha256").update(JSON.stringify([version, args]));
  for (const file of globSync(["guests/sdk/*.ts", `guests/${name}/*.ts`]).sort())
    hash.update(file).update(readFileSync(file));
  const key = hash.digest("hex");
  const stamp = `${OUT}/${name}.key`;
  if (existsSync(stamp) && existsSync(wasm) && readFileSync(stamp, "utf8") === key) continue;
  rmSync(stamp, { force: true });
  run(process.execPath, ["node_modules/assemblyscript/bin/asc.js", ...args]);
  if (isGuest) await check(wasm);
  writeFileSync(stamp, key);
}
