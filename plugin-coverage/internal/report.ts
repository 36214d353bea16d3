import type { BranchPoint, SourceBranches } from "./branches.js";

export interface PointReport extends BranchPoint {
  /** Whether each outcome was seen, in order. */
  seen: boolean[];
}

export interface FileReport {
  /** Relative to the project. */
  path: string;
  /** Line from 1 → whether it ran. */
  lines: Map<number, boolean>;
  points: PointReport[];
  /** Lines of branches in assembly, whose ways are not instrumented. */
  unseen: number[];
}

/** Files in the order of their paths. */
export type Report = FileReport[];

/** What no test can reach, and why. */
export interface Exclusion {
  /** Relative to the project. */
  path: string;
  /** The whole source line, without its indentation. It stands in the file once. */
  line: string;
  /** Ways of the branch points that begin on this line: "then", "else", "true", "false", … */
  ways: readonly string[];
  reason: string;
}

/** An exclusion of something that is not there, or that was seen. */
export class ExclusionError extends Error {
  constructor(
    readonly exclusion: Exclusion,
    readonly problem: string,
  ) {
    super(`${exclusion.path}: "${exclusion.line}" is excluded, but ${problem}`);
    this.name = "ExclusionError";
  }
}

export interface Count {
  hit: number;
  total: number;
}

/**
 * @param lines By path: line → how often it ran.
 * @param branches By path.
 * @param tags What instrumented code has sent.
 */
export function createReport(
  lines: ReadonlyMap<string, ReadonlyMap<number, number>>,
  branches: ReadonlyMap<string, SourceBranches>,
  tags: ReadonlySet<string>,
): Report {
  const paths = [...new Set([...lines.keys(), ...branches.keys()])].sort();
  const files = paths.map((path): FileReport => {
    const { points, unseen } = branches.get(path) ?? { points: [], unseen: [] };
    return {
      path,
      lines: new Map([...(lines.get(path) ?? [])].sort(([a], [b]) => a - b).map(([line, count]) => [line, count > 0])),
      points: points.map((point) => ({ ...point, seen: point.outcomes.map(({ tag }) => tags.has(tag)) })),
      unseen,
    };
  });
  // Interfaces and constants have nothing that runs.
  return files.filter(({ lines, points }) => lines.size > 0 || points.length > 0);
}

export function countLines(files: readonly FileReport[]): Count {
  const lines = files.flatMap((file) => [...file.lines.values()]);
  return { hit: lines.filter(Boolean).length, total: lines.length };
}

export function countBranches(files: readonly FileReport[], kind?: BranchPoint["kind"]): Count {
  const seen = files.flatMap(({ points }) =>
    points.filter((point) => kind === undefined || point.kind === kind).flatMap((point) => point.seen),
  );
  return { hit: seen.filter(Boolean).length, total: seen.length };
}

/** Per cent; nothing at all is covered. */
export function percent({ hit, total }: Count): number {
  return total === 0 ? 100 : (hit / total) * 100;
}

/**
 * Takes what is excluded out of a report: the line, where it did not run, and its named ways.
 *
 * @param sources By path.
 */
export function exclude(
  report: Report,
  exclusions: readonly Exclusion[],
  sources: ReadonlyMap<string, string>,
): { report: Report; lineOf: Map<Exclusion, number> } {
  const lineOf = new Map<Exclusion, number>();
  let result = report;
  for (const exclusion of exclusions) {
    const file = result.find(({ path }) => path === exclusion.path);
    const lines = sources.get(exclusion.path)?.split("\n") ?? [];
    const line = lines.findIndex((text) => text.trim() === exclusion.line) + 1;
    if (file === undefined || line === 0) throw new ExclusionError(exclusion, "is not there");
    if (lines.filter((text) => text.trim() === exclusion.line).length > 1)
      throw new ExclusionError(exclusion, "stands there more than once");
    lineOf.set(exclusion, line);
    const without = excludeLine(file, line, exclusion);
    result = result.map((other) => (other === file ? without : other));
  }
  return { report: result, lineOf };
}

function excludeLine(file: FileReport, line: number, exclusion: Exclusion): FileReport {
  const names = new Set<string>();
  const points = file.points.map((point) => {
    if (point.start.line !== line) return point;
    const isKept = point.outcomes.map(({ name }, way) => {
      if (!exclusion.ways.includes(name) || point.seen[way] === true) return true;
      names.add(name);
      return false;
    });
    return {
      ...point,
      outcomes: point.outcomes.filter((_, way) => isKept[way]),
      seen: point.seen.filter((_, way) => isKept[way]),
    };
  });
  for (const way of exclusion.ways)
    if (!names.has(way)) throw new ExclusionError(exclusion, `no branch of it that was not seen is "${way}"`);
  const lines = new Map(file.lines);
  if (lines.get(line) === false) lines.delete(line);
  else if (exclusion.ways.length === 0) throw new ExclusionError(exclusion, "it ran");
  return { ...file, points, lines };
}
