// Builds, runs every test of both runners, and ends with `N passed, N failed` from Hardhat's own summaries.
// --long adds the slow sweeps; --gas runs the gas snapshots instead.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

import { run } from "./run.mjs";

run(process.execPath, ["scripts/build.mjs"]);

const isGas = process.argv.includes("--gas");
const env = { ...process.env, ...(process.argv.includes("--long") ? { ROLLUP_TEST_LONG: "1" } : {}) };
const files = (pattern) => globSync(pattern).sort();

/** Enough for an even load: which files are slow is nobody's to maintain. */
const PARTS = 10;
/** One process uses one core. Snapshots are written by one. */
const jobs = isGas
  ? [files("test/gas/*.gas.ts")]
  : [
      files("test/solidity/**/*.t.sol"),
      ...Array.from({ length: PARTS }, (_, part) => files("test/**/*.test.ts").filter((_, i) => i % PARTS === part)),
    ];

const totals = { passing: 0, failing: 0, skipped: 0 };
let isBroken = false;

/** Runs one part; its output comes as a whole, so that parts do not mix. */
async function runPart(part) {
  const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", "--no-compile", ...part], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  const output = Buffer.concat(chunks).toString();
  process.stdout.write(output);
  // The coordinator's lines look like "12 passing (10 mocha, 2 solidity)".
  const count = (label) =>
    Number(new RegExp(`^(\\d+) ${label} \\([^)]*(?:mocha|solidity)[^)]*\\)`, "m").exec(output)?.[1] ?? 0);
  for (const label of Object.keys(totals)) totals[label] += count(label);
  if (code !== 0 || count("passing") === 0) {
    isBroken = true;
    console.log(`exit code ${code}: ${part.join(" ")}`);
  }
}

async function work() {
  for (let part = jobs.shift(); part !== undefined; part = jobs.shift()) await runPart(part);
}
await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, work));

const { passing, failing, skipped } = totals;
console.log(`${passing} passed, ${failing} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(isBroken || failing > 0 || passing === 0 ? 1 : 0);
