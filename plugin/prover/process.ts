// The prover's heavy work runs in processes of its own: no thread of theirs keeps Node alive, their memory goes back, and
// they can be killed at any time.
import { fork, type ChildProcess } from "node:child_process";

import { ProverProcessError } from "./errors.js";
import type { ProverProgress, WorkOptions } from "./types.js";

export type ProcessAnswer<Result> =
  { progress: ProverProgress } | { result: Result } | { failure: { name: string; message: string } };

export interface ProverProcess<Job, Result> {
  /** One job at a time. Aborting kills the process. */
  run(job: Job, options: WorkOptions): Promise<Result>;
  /** Whether it can take another job. */
  isAlive(): boolean;
  stop(): void;
}

const ERROR_TAIL = 2_000;

/** Starts `plugin/prover/<name>`; while it has no job it does not keep this process alive, and it ends with it. */
export function startProcess<Job extends object, Result>(
  name: "setup-process" | "prove-process",
): ProverProcess<Job, Result> {
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(`./${name}.${isSource ? "ts" : "js"}`, import.meta.url);
  const child = fork(file, {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Only a checkout runs from source; the package carries JavaScript.
    execArgv: isSource ? ["--import", import.meta.resolve("tsx")] : [],
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-ERROR_TAIL)));
  let ended: string | undefined;
  child.on("error", (error) => (ended ??= error.message));
  child.once("exit", (code, signal) => (ended ??= signal === null ? `code ${code}` : `signal ${signal}`));
  hold(child, false);

  async function run(job: Job, { signal, onProgress }: WorkOptions): Promise<Result> {
    signal?.throwIfAborted();
    hold(child, true);
    try {
      return await new Promise<Result>((resolve, reject) => {
        const gone = (): void => {
          const last = errors.trim().split("\n").at(-1) ?? "";
          reject(new ProverProcessError(`the prover's process ended (${ended})${last === "" ? "" : `: ${last}`}`));
        };
        const aborted = (): void => {
          child.kill("SIGKILL");
          reject(signal?.reason as Error);
        };
        const answered = (answer: ProcessAnswer<Result>): void => {
          if ("progress" in answer) return onProgress?.(answer.progress);
          if ("result" in answer) resolve(answer.result);
          else reject(Object.assign(new Error(answer.failure.message), { name: answer.failure.name }));
          child.off("message", answered).off("close", gone);
          signal?.removeEventListener("abort", aborted);
        };
        if (ended !== undefined) return gone();
        child.on("message", answered).once("close", gone);
        signal?.addEventListener("abort", aborted, { once: true });
        child.send(job);
      });
    } finally {
      hold(child, false);
    }
  }

  return {
    run,
    isAlive: () => ended === undefined && !child.killed,
    stop: () => void child.kill("SIGKILL"),
  };
}

/** Whether the child keeps this process alive. */
function hold(child: ChildProcess, keep: boolean): void {
  const stderr = child.stderr as (ChildProcess["stderr"] & { ref(): void; unref(): void }) | null;
  for (const handle of [child, child.channel, stderr]) {
    if (keep) handle?.ref();
    else handle?.unref();
  }
}
