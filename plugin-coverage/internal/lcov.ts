import { countBranches, countLines, type Report } from "./report.js";

/** An lcov trace file, as geninfo(1) describes it. Each branch point is a block of its own; `-` means that it was never reached. */
export function formatLcov(report: Report): string {
  const sections = report.map((file) => {
    const branches = file.points.flatMap(({ start, seen }, block) =>
      seen.map((isSeen, way) => `BRDA:${start.line},${block},${way},${seen.includes(true) ? Number(isSeen) : "-"}`),
    );
    const [lines, ways] = [countLines([file]), countBranches([file])];
    return [
      "TN:",
      `SF:${file.path}`,
      ...branches,
      `BRF:${ways.total}`,
      `BRH:${ways.hit}`,
      ...[...file.lines].map(([line, isHit]) => `DA:${line},${Number(isHit)}`),
      `LF:${lines.total}`,
      `LH:${lines.hit}`,
      "end_of_record",
    ].join("\n");
  });
  return `${sections.join("\n")}\n`;
}
