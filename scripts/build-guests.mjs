// Compiles the AssemblyScript programs to build/guests/*.wasm; skips those whose sources and toolchain did not change.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { tsImport } from "tsx/esm/api";

import { run } from "./run.mjs";

const OUT = "build/guests";

const { GUEST_FLAGS } = await tsImport("../plugin/machine/compile.ts", import.meta.url);

// keccak is the host's own, and what checks a guest needs it; so is the interpreter of the machine, which executes the others.
const PROGRAMS = [
  { name: "keccak", isGuest: false, flags: ["--importMemory", "--noExportMemory"] },
  { name: "machine", isGuest: false, flags: ["--initialMemory", "8704", "--maximumMemory", "8704"] },
  { name: "ledger", isGuest: true, flags: ["--initialMemory", "64", "--maximumMemory", "4096"] },
  { name: "connect-four", isGuest: true, flags: ["--initialMemory", "4", "--maximumMemory", "64"] },
];

/**
 * Makes a guest what the package ships: its canonical artifact, and beside it the facts of its program.
 * Ends the build unless the machine executes it: no floats, no bulk memory, no imports but the host calls.
 */
async function makeProgram(compiled, out) {
  const { buildProgram } = await tsImport("../plugin/machine/program.ts", import.meta.url);
  const { factsOf } = await tsImport("../plugin/machine/facts.ts", import.meta.url);
  const program = buildProgram(readFileSync(compiled));
  writeFileSync(`${out}.wasm`, program.wasm);
  writeFileSync(`${out}.json`, `${JSON.stringify(factsOf(program), undefined, 2)}\n`);
}

const version = JSON.parse(readFileSync("node_modules/assemblyscript/package.json", "utf8")).version;
mkdirSync(OUT, { recursive: true });
for (const { name, isGuest, flags } of PROGRAMS) {
  const wasm = `${OUT}/${name}.wasm`;
  const compiled = isGuest ? `${OUT}/${name}.asc.wasm` : wasm;
  const args = [`guests/${name}/index.ts`, "-o", compiled, ...GUEST_FLAGS, ...flags];
  const hash = createHash("sha256").update(JSON.stringify([version, args]));
  const sources = [
    "guests/keccak/*.ts",
    "guests/sdk/*.ts",
    `guests/${name}/*.ts`,
    ...(isGuest ? ["plugin/machine/*.ts"] : []),
  ];
  for (const file of globSync(sources).sort()) hash.update(file).update(readFileSync(file));
  const key = hash.digest("hex");
  const stamp = `${OUT}/${name}.key`;
  const outputs = isGuest ? [wasm, `${OUT}/${name}.json`] : [wasm];
  if ([stamp, ...outputs].every(existsSync) && readFileSync(stamp, "utf8") === key) continue;
  rmSync(stamp, { force: true });
  run(process.execPath, ["node_modules/assemblyscript/bin/asc.js", ...args]);
  if (isGuest) await makeProgram(compiled, `${OUT}/${name}`);
  writeFileSync(stamp, key);
}
