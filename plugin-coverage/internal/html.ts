import { join } from "node:path";

import { istanbulLibCoverage, istanbulLibReport, istanbulReports } from "@nomicfoundation/hardhat-vendored/coverage";
import type { FileCoverageData } from "@nomicfoundation/hardhat-vendored/coverage/types";

import type { BranchKind } from "./branches.js";
import type { FileReport, Report } from "./report.js";

/** Istanbul's words for what it marks in a source. */
const TYPES: Record<BranchKind, string> = {
  if: "if",
  ternary: "cond-expr",
  require: "cond-expr",
  assert: "cond-expr",
  operand: "binary-expr",
  clauses: "switch",
};

/** The report that istanbul makes, which marks lines and branches in the sources. */
export function writeHtml(report: Report, folder: string, root: string): void {
  const coverageMap = istanbulLibCoverage.createCoverageMap({});
  for (const file of report) coverageMap.addFileCoverage(toIstanbul(file, root));
  const html = istanbulReports.create("html", undefined) as { execute(context: object): void };
  html.execute(istanbulLibReport.createContext({ dir: folder, coverageMap }));
}

function toIstanbul({ path, lines, points }: FileReport, root: string): FileCoverageData {
  const lineEntries = [...lines].map(([line, isHit]) => [String(line), line, Number(isHit)] as const);
  const at = (line: number) => ({ start: { line, column: 0 }, end: { line, column: 0 } });
  return {
    path: join(root, path),
    statementMap: Object.fromEntries(lineEntries.map(([key, line]) => [key, at(line)])),
    s: Object.fromEntries(lineEntries.map(([key, , hits]) => [key, hits])),
    fnMap: {},
    f: {},
    branchMap: Object.fromEntries(
      points.map(({ kind, start, end, outcomes }, index) => [
        String(index),
        { type: TYPES[kind], line: start.line, loc: { start, end }, locations: outcomes.map(() => ({ start, end })) },
      ]),
    ),
    b: Object.fromEntries(points.map(({ seen }, index) => [String(index), seen.map(Number)])),
  };
}
