// Runs on `npm ci` in a checkout, never for those who install the package.
// npm run by a Node older than 22 skips the optional EDR binding without a word (its `engines` say so),
// although the `node` devDependency then runs everything with a newer Node. Install it once more with that Node.
import { spawnSync } from "node:child_process";

const GUARD = "HARDHAT_ROLLUP_PREPARED";

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (process.env[GUARD] === undefined) {
  try {
    await import("@nomicfoundation/edr");
  } catch {
    const npm = process.env.npm_execpath;
    if (npm === undefined) throw new Error("prepare: run this through npm (npm ci or npm run prepare)");
    run(process.execPath, [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"], { [GUARD]: "1" });
  }
  run(process.execPath, ["scripts/build.mjs"]);
}
