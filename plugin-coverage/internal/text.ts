import { formatTable as format } from "@nomicfoundation/hardhat-utils/format";

import type { BranchKind } from "./branches.js";
import { type Count, countBranches, countLines, type FileReport, percent, type Report } from "./report.js";

const KINDS: [BranchKind, string][] = [
  ["if", "if / else"],
  ["ternary", "? :"],
  ["require", "require"],
  ["assert", "assert"],
  ["operand", "operands of && and ||"],
  ["clauses", "try / catch"],
];

/** A table with a row for each file, totals, and below it each line and branch that was not seen, by name. */
export function formatTable(report: Report): string {
  const cells = (name: string, files: FileReport[]) => [
    name,
    formatCount(countLines(files)),
    formatCount(countBranches(files)),
    String(files.flatMap(({ unseen }) => unseen).length),
  ];
  const kinds = KINDS.map(([kind, name]) => [name, countBranches(report, kind)] as const);
  const table = format([
    { type: "title", text: "Coverage" },
    { type: "section-header", text: "By file" },
    { type: "header", cells: ["File", "Lines", "Branches", "In assembly, not seen"] },
    ...report.map((file) => ({ type: "row" as const, cells: cells(file.path, [file]) })),
    { type: "row", cells: cells("Total", report) },
    { type: "section-header", text: "Branches by kind" },
    ...kinds
      .filter(([, { total }]) => total > 0)
      .map(([name, count]) => ({ type: "row" as const, cells: [name, formatCount(count)] })),
  ]);
  const missed = report.flatMap(describeMissed);
  return `${table}\n\n${missed.length === 0 ? "Everything was seen." : `Not seen:\n${missed.join("\n")}`}\n`;
}

function formatCount(count: Count): string {
  // Rounded down: 100 % means everything.
  return `${(Math.floor(percent(count) * 100) / 100).toFixed(2)} % (${count.hit}/${count.total})`;
}

/** `path:line` or `path:from-to` of lines that never ran, and `path:line:column` with the name of each way that was never taken. */
function describeMissed({ path, lines, points }: FileReport): string[] {
  return [
    ...rangesOf([...lines].filter(([, isHit]) => !isHit).map(([line]) => line)).map(
      ([from, to]) => `  ${path}:${from}${to > from ? `-${to}` : ""} never ran`,
    ),
    ...points.flatMap(({ kind, text, start, outcomes, seen }) =>
      outcomes
        .filter((_, way) => seen[way] === false)
        .map(({ name }) => `  ${path}:${start.line}:${start.column + 1} ${kind} (${text}): never ${name}`),
    ),
  ];
}

/** @param lines Ascending. @returns First and last line of each run of neighbours. */
function rangesOf(lines: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
}
