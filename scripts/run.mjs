// Runs a child process with inherited output; a failure ends this process with its exit code.
import { spawnSync } from "node:child_process";

export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error !== undefined) throw error;
  if (status !== 0) {
    console.error(`${[command, ...args].join(" ")} ended with ${signal ?? `exit code ${status}`}`);
    process.exit(status ?? 1);
  }
}
