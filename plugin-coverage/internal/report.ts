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
