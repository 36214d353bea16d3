import type { ProcessAnswer } from "./process.js";
import type { ProverProgress, UsedResources } from "./types.js";

/** The other side of `startProcess`: does jobs as they come, and ends when nobody is left to answer. */
export function serve<Job, Result>(
  work: (job: Job, report: (progress: ProverProgress) => void) => Promise<Result>,
): void {
  const answer = (message: ProcessAnswer<Result>): void => {
    if (process.connected) process.send?.(message);
  };
  process.on("disconnect", () => process.exit());
  process.on("message", (job: Job) => {
    work(job, (progress) => answer({ progress })).then(
      (result) => answer({ result }),
      (error: unknown) => {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        answer({ failure: { name, message } });
      },
    );
  });
}

/** What this process has used since `begin`, a value of `process.cpuUsage()`. */
export function usedSince(begin: NodeJS.CpuUsage): UsedResources {
  const { user, system } = process.cpuUsage(begin);
  return { cpuSeconds: (user + system) / 1e6, peakMemory: process.resourceUsage().maxRSS * 1024 };
}
