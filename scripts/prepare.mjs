// Runs on `npm ci` in a checkout, never for those who install the package.
// npm run by a Node older than 22 skips the optional EDR binding without a word (its `engines` say so),
// although the `node` devDependency then runs everything with a newer Node. Install it once more with that Node.
import { run } from "./run.mjs";

const GUARD = "HARDHAT_ROLLUP_PREPARED";

async function hasBinding() {
  try {
    await import("@nomicfoundation/edr");
    return true;
  } catch {
    return false;
  }
}

if (process.env[GUARD] === undefined) {
  if (!(await hasBinding())) {
    const npm = process.env.npm_execpath;
    if (npm === undefined) throw new Error("prepare: run this through npm (npm ci or npm run prepare)");
    run(process.execPath, [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"], {
      env: { ...process.env, [GUARD]: "1" },
    });
  }
  run(process.execPath, ["scripts/build.mjs"]);
}
