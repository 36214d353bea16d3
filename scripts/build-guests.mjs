// Compiles the AssemblyScript programs to build/guests/*.wasm; skips those whose sources and compiler did not change.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { run } from "./run.mjs";

const OUT = "build/guests";

// The machine executes integer WebAssembly (MVP, sign extension, multi-value); the native helpers keep to the same.
const FLAGS = [
  ...["--runtime", "stub", "-O3", "--converge", "--noAssert", "--exportStart", "_start"],
  ...["--disable", "bulk-memory", "--disable", "nontrapping-f2i", "--disable", "mutable-globals"],
  ...["--use", "abort="],
];

const PROGRAMS = [
  { name: "ledger", memory: { initial: 64, maximum: 4096 } },
  { name: "keccak", memory: { initial: 64, maximum: 64 } },
];

const version = JSON.parse(readFileSync("node_modules/assemblyscript/package.json", "utf8")).version;
mkdirSync(OUT, { recursive: true });
for (const { name, memory } of PROGRAMS) {
  const args = [
    ...[`guests/${name}/index.ts`, "-o", `${OUT}/${name}.wasm`, ...FLAGS],
    ...["--initialMemory", String(memory.initial), "--maximumMemory", String(memory.maximum)],
  ];
  const hash = createHash("sha256").update(JSON.stringify([version, args]));
  for (const file of globSync(["guests/sdk/*.ts", `guests/${name}/*.ts`]).sort())
    hash.update(file).update(readFileSync(file));
  const key = hash.digest("hex");
  const stamp = `${OUT}/${name}.key`;
  if (existsSync(stamp) && existsSync(`${OUT}/${name}.wasm`) && readFileSync(stamp, "utf8") === key) continue;
  run(process.execPath, ["node_modules/assemblyscript/bin/asc.js", ...args]);
  writeFileSync(stamp, key);
}
