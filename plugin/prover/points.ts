import { Worker } from "node:worker_threads";

import type { CurveCode } from "./curve-code.js";
import { bestWindow, POINT_BYTES, type Group } from "./fixed-base.js";
import type { Chunk, SetupThreadData } from "./setup-thread.js";

export interface PointsOptions {
  curve: CurveCode;
  threads: number;
  /** Share of the work done, 0 to 1. */
  onProgress: (done: number) => void;
}

const SCALAR_BYTES = 32;
const CHUNK = 4_096;
/** An addition in G2 takes about as long as three in G1. */
const COST = { 1: 1, 2: 3 } as const;

interface Piece {
  group: Group;
  first: number;
  count: number;
}

/** Multiples of the generators, by group, affine in Montgomery form: scalars of 32 bytes below r in, zeros for 0. */
export async function multiplyGenerators(
  scalars: Record<Group, Uint8Array>,
  { curve, threads, onProgress }: PointsOptions,
): Promise<Record<Group, Uint8Array>> {
  const count = (group: Group): number => scalars[group].length / SCALAR_BYTES;
  const points = {
    1: new Uint8Array(count(1) * POINT_BYTES[1]),
    2: new Uint8Array(count(2) * POINT_BYTES[2]),
  };
  const pieces = [...piecesOf(2, count(2)), ...piecesOf(1, count(1))];
  const all = pieces.reduce((sum, piece) => sum + cost(piece), 0);
  const workers = Math.min(threads, pieces.length);
  const data: SetupThreadData = {
    curve,
    windows: { 1: bestWindow(count(1) / workers), 2: bestWindow(count(2) / workers) },
    chunk: CHUNK,
  };
  let done = 0;

  async function work(thread: Worker): Promise<void> {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      const { group, first } = piece;
      const chunk: Chunk = {
        group,
        scalars: scalars[group].slice(first * SCALAR_BYTES, (first + piece.count) * SCALAR_BYTES),
      };
      const result = await ask(thread, chunk);
      points[group].set(result, first * POINT_BYTES[group]);
      done += cost(piece);
      onProgress(done / all);
    }
  }

  const started = Array.from({ length: workers }, () => startThread(data));
  try {
    await Promise.all(started.map(work));
  } finally {
    await Promise.all(started.map((thread) => thread.terminate()));
  }
  return points;
}

function piecesOf(group: Group, count: number): Piece[] {
  return Array.from({ length: Math.ceil(count / CHUNK) }, (_, index) => {
    const first = index * CHUNK;
    return { group, first, count: Math.min(CHUNK, count - first) };
  });
}

function cost({ group, count }: Piece): number {
  return COST[group] * count;
}

function ask(thread: Worker, chunk: Chunk): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(error);
    const ended = (code: number): void => reject(new Error(`a thread of the set-up ended with code ${code}`));
    thread.once("error", failed).once("exit", ended);
    thread.once("message", (points: Uint8Array) => {
      thread.off("error", failed).off("exit", ended);
      resolve(points);
    });
    thread.postMessage(chunk, [chunk.scalars.buffer]);
  });
}

function startThread(data: SetupThreadData): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  return new Worker(new URL(`./setup-thread.${isSource ? "ts" : "js"}`, import.meta.url), {
    workerData: data,
    ...(isSource ? { execArgv: ["--import", import.meta.resolve("tsx")] } : {}),
  });
}
