// Runs test files in several processes, one for each core, and sums up what their runners report.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * @param jobs What each process is given: arguments behind `hardhat test`.
 * @returns {Promise<{passing: number, failing: number, skipped: number, isBroken: boolean}>} isBroken: a process failed, or ran nothing.
 */
export async function runParts(jobs, options = {}) {
  const totals = { passing: 0, failing: 0, skipped: 0, isBroken: false };
  const waiting = [...jobs];

  /** The output of a part comes as a whole, so that parts do not mix. */
  async function runPart(part) {
    const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", "--no-compile", ...part], {
      stdio: ["ignore", "pipe", "pipe"],
      ...options,
    });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
    const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
    const output = Buffer.concat(chunks).toString();
    process.stdout.write(output);
    // The coordinator's lines look like "12 passing (10 mocha, 2 solidity)".
    const count = (label) =>
      Number(new RegExp(`^(\\d+) ${label} \\([^)]*(?:mocha|solidity)[^)]*\\)`, "m").exec(output)?.[1] ?? 0);
    for (const label of ["passing", "failing", "skipped"]) totals[label] += count(label);
    if (code !== 0 || count("passing") === 0) {
      totals.isBroken = true;
      console.log(`exit code ${code}: ${part.join(" ")}`);
    }
  }

  async function work() {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await runPart(part);
  }
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, work));
  return totals;
}
