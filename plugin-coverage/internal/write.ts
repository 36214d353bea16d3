import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { writeHtml } from "./html.js";
import { formatLcov } from "./lcov.js";
import { countBranches, countLines, type Report } from "./report.js";
import { formatTable } from "./text.js";

/** Writes `lcov.info`, `branches.txt`, `summary.json` and `html/` into `folder`, and prints the table. */
export async function writeReport(report: Report, folder: string, root: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const table = formatTable(report);
  await writeFile(join(folder, "lcov.info"), formatLcov(report));
  await writeFile(join(folder, "branches.txt"), table);
  await writeFile(join(folder, "summary.json"), `${JSON.stringify(summary(report), null, 2)}\n`);
  writeHtml(report, join(folder, "html"), root);
  console.log(table);
}

function summary(report: Report): object {
  const counts = (files: Report) => ({ lines: countLines(files), branches: countBranches(files) });
  return { total: counts(report), files: Object.fromEntries(report.map((file) => [file.path, counts([file])])) };
}
