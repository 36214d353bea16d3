// Builds, runs every test of both runners, and ends with `N passed, N failed` from Hardhat's own summaries.
// --long adds the slow sweeps; --gas runs the gas snapshots instead.
import { globSync } from "node:fs";

import { runParts } from "./parts.mjs";
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

const { passing, failing, skipped, isBroken } = await runParts(jobs, { env });
console.log(`${passing} passed, ${failing} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(isBroken || failing > 0 || passing === 0 ? 1 : 0);
