import { Worker } from "node:worker_threads";

import type { Hex } from "../types.js";
import { ExecutorFaultError, type BlockExecutor } from "./block-executor.js";
import { packCandidates, type ExecutorThreadData, type Job, type JobAnswer } from "./executor-protocol.js";

export interface ExecutorThreadOptions {
  /** Of the level store, which the caller has open. */
  path: string;
  l2ChainId: bigint;
  /** The bridge on L1. */
  bridge: Hex;
  /** Nodes of the state tree kept in memory; one takes about 120 bytes. Default 1,048,576. */
  cachedNodes?: number;
}

export interface ExecutorThread extends BlockExecutor {
  /** Ends the thread after what it does now. Call it before the store is closed. */
  close(): Promise<void>;
}

/** The thread of the executor ended, and with it the work it was given. */
export class ExecutorThreadError extends Error {
  override readonly name = "ExecutorThreadError";
}

const DEFAULT_CACHED_NODES = 1 << 20;
const YOUNG_GENERATION_MB = 192;

/** Starts a thread that executes and writes blocks, so that this one can answer requests and check signatures. */
export async function startExecutorThread(options: ExecutorThreadOptions): Promise<ExecutorThread> {
  const { path, l2ChainId, bridge, cachedNodes = DEFAULT_CACHED_NODES } = options;
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./executor-thread.ts" : "./executor-thread.js", import.meta.url);
  const data: ExecutorThreadData = { path, l2ChainId, bridge: bridge.toLowerCase() as Hex, cachedNodes };
  const worker = new Worker(file, {
    workerData: data,
    // Blocks are made of many short-lived objects.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    // Only a checkout runs from source; the package carries JavaScript.
    ...(isSource ? { execArgv: ["--import", import.meta.resolve("tsx")] } : {}),
  });
  const open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  let ended: Error | undefined;

  function ask(job: Job | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      const id = next++;
      open.set(id, { resolve, reject });
      if (job !== undefined) worker.postMessage({ id, ...job });
    });
  }

  function end(error: Error): void {
    ended = error;
    for (const { reject } of open.values()) reject(error);
    open.clear();
  }

  worker.on("message", (answer: JobAnswer & { id: number }) => {
    const asked = open.get(answer.id);
    open.delete(answer.id);
    if ("result" in answer) asked?.resolve(answer.result);
    else asked?.reject(toError(answer.failure));
  });
  worker.on("error", (error) => end(new ExecutorThreadError(`the executor's thread failed: ${error.message}`)));
  worker.on("exit", () => end(new ExecutorThreadError("the executor's thread ended")));

  // The thread answers 0 once it is ready.
  await ask(undefined);
  return {
    build: ({ candidates, ...rest }) =>
      ask({ kind: "build", job: { ...rest, candidates: packCandidates(candidates) } }) as ReturnType<
        BlockExecutor["build"]
      >,
    adopt: (job) => ask({ kind: "adopt", job }) as ReturnType<BlockExecutor["adopt"]>,
    simulate: (previous, call) => ask({ kind: "simulate", previous, call }) as ReturnType<BlockExecutor["simulate"]>,
    run: (input) => ask({ kind: "run", input }) as ReturnType<BlockExecutor["run"]>,
    close: async () => {
      await ask({ kind: "close" });
    },
  };
}

function toError({ name, message }: { name: string; message: string }): Error {
  return name === "ExecutorFaultError" ? new ExecutorFaultError(message) : Object.assign(new Error(message), { name });
}
