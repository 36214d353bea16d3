import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { buildGuest, type GuestReport } from "../plugin/machine/build-guest.js";
import { CompileError } from "../plugin/machine/compile.js";
import { action, type CommonArguments } from "./support/action.js";
import { LinesError } from "./support/explain.js";
import type { Output } from "./support/output.js";

interface BuildGuestArguments extends CommonArguments {
  file: string;
  out: string | undefined;
}

export default action<BuildGuestArguments>(async ({ file, out }, { hre, output }) => {
  const { root } = hre.config.paths;
  const { program, report } = await output
    .progress(`Building ${file}`, () => buildGuest(file, root))
    .catch((error: unknown) => {
      throw error instanceof CompileError ? new LinesError([...error.diagnostics]) : error;
    });
  show(output, file, report);
  if (out === undefined) {
    output.line("Nothing was written; --out <path> writes <path>.wasm and <path>.json.");
    return report;
  }
  const base = resolve(root, out.replace(/\.(wasm|json)$/, ""));
  const files = { wasm: `${base}.wasm`, json: `${base}.json` };
  await mkdir(dirname(base), { recursive: true });
  await writeFile(files.wasm, program.wasm);
  await writeFile(files.json, `${JSON.stringify(report.facts, undefined, 2)}\n`);
  output.line(`Written: ${files.wasm}, ${files.json}`);
  return { ...report, files };
});

function show(output: Output, file: string, report: GuestReport): void {
  const { facts, sizes, instructions, operations, functions, largestFrame, hostCalls } = report;
  const row = (...cells: string[]) => ({ type: "row" as const, cells });
  const count = (value: number) => value.toLocaleString("en");
  output.table([
    { type: "section-header", text: `Guest program ${file}` },
    row("machine hash", facts.machineHash),
    row("WebAssembly", `${count(sizes.compiled)} bytes, canonical artifact ${count(sizes.canonical)} bytes`),
    row(
      "functions",
      `${count(functions)}, the largest frame has ${count(largestFrame.slots)} slots: ${largestFrame.name}`,
    ),
    row("memory", `${count(facts.pages)} pages, at most ${count(facts.maxPages)}`),
    row("host calls", hostCalls.length > 0 ? hostCalls.join(", ") : "none"),
    row("instructions", count(instructions)),
    ...Object.entries(operations).map(([name, times]) => row(`  ${name}`, count(times))),
  ]);
}
