import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";

/** What a process left behind. */
export interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Waits for a process to end, with all that it printed. */
export function finished(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Finished> {
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (exitCode) => {
      done({ exitCode, stdout, stderr });
    });
  });
}
