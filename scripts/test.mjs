// Builds, runs every test of both runners, and ends with `N passed, N failed` from Hardhat's own summary.
// --long adds the slow sweeps; --gas runs the gas snapshots instead.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

import { run } from "./run.mjs";

run(process.execPath, ["scripts/build.mjs"]);

const patterns = process.argv.includes("--gas")
  ? ["test/gas/*.gas.ts"]
  : ["test/**/*.test.ts", "test/solidity/**/*.t.sol"];
const files = globSync(patterns).sort();
const env = { ...process.env, ...(process.argv.includes("--long") ? { ROLLUP_TEST_LONG: "1" } : {}) };
const child = spawn(process.execPath, ["node_modules/hardhat/dist/src/cli.js", "test", ...files], {
  stdio: ["ignore", "pipe", "inherit"],
  env,
});
let output = "";
child.stdout.on("data", (chunk) => {
  output += chunk;
  process.stdout.write(chunk);
});
child.on("close", (code) => {
  // The coordinator's lines look like "12 passing (10 mocha, 2 solidity)".
  const count = (label) =>
    Number(new RegExp(`^(\\d+) ${label} \\([^)]*(?:mocha|solidity)[^)]*\\)`, "m").exec(output)?.[1] ?? 0);
  const [passed, failed, skipped] = [count("passing"), count("failing"), count("skipped")];
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exit(code !== 0 || failed > 0 || passed === 0 ? code || 1 : 0);
});
