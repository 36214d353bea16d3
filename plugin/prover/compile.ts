import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join, parse, resolve } from "node:path";

import { cached, cacheKey } from "./cache.js";
import { CircuitCompileError } from "./errors.js";
import { readR1csCounts, type R1csCounts } from "./r1cs.js";
import { collectSources } from "./sources.js";
import { findProverTools } from "./tools.js";
import type { ProverProgress, WorkOptions } from "./types.js";

export interface CompileOptions extends WorkOptions {
  /** Folder of the prover's cache. */
  cache: string;
  /** The template that becomes the main component. */
  template: string;
  /** Its parameters. Default none. */
  parameters?: readonly (bigint | number)[];
  /** Input signals that are public. Default none. */
  publicInputs?: readonly string[];
  /** Linear constraints stay, so that each wire follows from those before it: for tools that look at wires. Default false. */
  keepLinear?: boolean;
  /** Further folders in which includes are looked up, before circomlib's. */
  include?: readonly string[];
}

export interface CompiledCircuit extends R1csCounts {
  /** Of sources, parameters and compiler. */
  hash: string;
  /** Paths. */
  r1cs: string;
  wasm: string;
  sym: string;
}

/** O2: all linear constraints are substituted, which halves the rows of a Poseidon circuit. O1: only equal wires are merged. */
const OPTIMISATIONS = { substitute: "--O2", keep: "--O1" } as const;
const PRAGMA = "pragma circom 2.1.5;";

/**
 * Compiles a circom template with circom2, in a process of its own. The result is cached by the hash of all sources, the
 * parameters and the compiler's version; `cached` says why a kill breaks nothing. Throws {@link CircuitCompileError}.
 */
export async function compileCircuit(
  source: string,
  {
    cache,
    template,
    parameters = [],
    publicInputs = [],
    include = [],
    keepLinear = false,
    signal,
    onProgress,
  }: CompileOptions,
): Promise<CompiledCircuit> {
  signal?.throwIfAborted();
  const { circom, circomlib, versions } = await findProverTools();
  const path = resolve(source);
  // Not the source's own name: circom would take the file of the main component for it.
  const name = `${parse(path).name}_main`;
  const folders = [...include.map((folder) => resolve(folder)), ...circomlib];
  const sources = await collectSources(path, folders);
  const publics = publicInputs.length === 0 ? "" : ` { public [${publicInputs.join(", ")}] }`;
  const main = [
    PRAGMA,
    `include "${basename(path)}";`,
    `component main${publics} = ${template}(${parameters.join(", ")});`,
    "",
  ].join("\n");
  const optimisation = OPTIMISATIONS[keepLinear ? "keep" : "substitute"];
  const texts = sources.map(({ text }) => text);
  // The name is that of the files: a folder of a version that named them otherwise is not one of this circuit.
  const hash = cacheKey({ circom: versions.circom2, name, optimisation, main, sources: texts });

  const folder = await cached(resolve(cache, "circuits"), hash, async (partial) => {
    const file = join(partial, `${name}.circom`);
    await writeFile(file, main);
    const links = [dirname(path), ...folders].flatMap((link) => ["-l", link]);
    const args = [circom, file, "--r1cs", "--wasm", "--sym", optimisation, "-o", partial, ...links];
    await runCircom(args, path, signal, onProgress);
  });
  const r1cs = join(folder, `${name}.r1cs`);
  return {
    hash,
    r1cs,
    wasm: join(folder, `${name}_js`, `${name}.wasm`),
    sym: join(folder, `${name}.sym`),
    ...(await readR1csCounts(r1cs)),
  };
}

async function runCircom(
  args: readonly string[],
  source: string,
  signal: AbortSignal | undefined,
  onProgress: ((progress: ProverProgress) => void) | undefined,
): Promise<void> {
  onProgress?.({ stage: "compile", text: `compiling ${basename(source)}`, done: 0 });
  const child = spawn(process.execPath, args, {
    // circom2 sees no path above its working directory.
    cwd: parse(source).root,
    stdio: ["ignore", "pipe", "pipe"],
    killSignal: "SIGKILL",
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += plain(text);
      for (const line of plain(text).split("\n")) {
        if (line.trim() !== "") onProgress?.({ stage: "compile", text: line.trim() });
      }
    });
  }
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
    child.once("close", (exitCode, killed) => resolve(exitCode ?? killed));
  });
  if (code !== 0) throw new CircuitCompileError(source, problemIn(output) ?? `circom2 ended with ${code}`);
}

/** Without the colours of terminals. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}

/** The first error that circom names, with the place that follows it. */
function problemIn(output: string): string | undefined {
  const start = output.search(/^(error|Error)\b/m);
  if (start === -1) return undefined;
  const lines = output.slice(start).split("\n");
  const end = lines.findIndex((line) => line.trim() === "");
  return lines
    .slice(0, end === -1 ? undefined : end)
    .map((line) => line.trim())
    .join(" ");
}
