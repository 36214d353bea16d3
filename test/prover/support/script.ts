import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** Runs TypeScript in a Node of its own; `#prover/…` in it stands for plugin/prover. */
export function startScript(source: string): ChildProcess {
  const folder = pathToFileURL(resolve("plugin/prover")).href;
  return spawn(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", source.replaceAll("#prover", folder)],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
}

/** What the process prints, with how it ended. */
export async function finish(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes: Buffer) => (output += String(bytes)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output };
}

/** Waits until the process has printed the text. */
export async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        output += String(bytes);
        if (output.includes(text)) resolve();
      });
    }
    child.once("close", () => reject(new Error(`the script ended without printing "${text}": ${output}`)));
  });
}

/** Ids of the processes that the process has started and that live. */
export function childrenOf(pid: number | undefined): number[] {
  const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** Waits until none of the processes lives. */
export async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await sleep(50);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
