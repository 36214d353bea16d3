/** Circuits of the tests, compiled once for each content of their sources. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import type { CircuitTemplate } from "../../../plugin/validity/circuit.js";

export interface Compiled {
  r1cs: Uint8Array;
  wasm: Uint8Array;
  /** Lines `label, wire, component, name`. */
  sym: string;
}

const FOLDER = "cache/circuits";

export interface CompileOptions {
  /** Folder of the sources; other than the template's own for a changed copy of them. */
  sources?: string;
  /** O1 keeps linear constraints, so that each wire follows from those before it. Default O2, as for proofs. */
  optimisation?: "O1" | "O2";
}

export async function compile(circuit: CircuitTemplate, options: CompileOptions = {}): Promise<Compiled> {
  const { sources = dirname(circuit.source), optimisation = "O2" } = options;
  const { template, parameters, publicInputs } = circuit;
  const main = `pragma circom 2.1.5;
include "segment.circom";
component main {public [${publicInputs.join(", ")}]} = ${template}(${parameters.join(", ")});
`;
  const digest = createHash("sha256").update(main).update(optimisation);
  for (const name of readdirSync(sources).sort()) digest.update(name).update(readFileSync(join(sources, name)));
  const folder = join(FOLDER, digest.digest("hex").slice(0, 32));
  if (!existsSync(folder)) await build(main, sources, folder, optimisation);
  return {
    r1cs: readFileSync(join(folder, "main.r1cs")),
    wasm: readFileSync(join(folder, "main_js/main.wasm")),
    sym: readFileSync(join(folder, "main.sym"), "utf8"),
  };
}

async function build(main: string, sources: string, folder: string, optimisation: string): Promise<void> {
  const partial = `${folder}.${process.pid}`;
  await mkdir(partial, { recursive: true });
  const file = join(partial, "main.circom");
  await writeFile(file, main);
  const args = [
    file,
    "--r1cs",
    "--wasm",
    "--sym",
    `--${optimisation}`,
    "-o",
    partial,
    "-l",
    sources,
    "-l",
    "node_modules",
  ];
  await promisify(execFile)(process.execPath, ["node_modules/circom2/cli.js", ...args]);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}
