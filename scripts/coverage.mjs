// Lines and branches of contracts/ as the tests of contracts see them: `npm run coverage`. Settings: scripts/coverage.json.
// Works in a copy of the project, because instrumented bytecode must never stand in artifacts/ and typechain-types/.
// With patterns as arguments only those test files run, nothing is demanded and nothing excluded.
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { runParts } from "./parts.mjs";
import { run } from "./run.mjs";

const { minimum, tests, excluded } = JSON.parse(readFileSync("scripts/coverage.json", "utf8"));
const patterns = process.argv.slice(2);
const workspace = resolve("build/coverage");
const LEFT_OUT = [
  ...["node_modules", "artifacts", "cache", "coverage", "coverage-hh2", "build", "dist", "typechain-types", ".git"],
];
/** Enough for an even load. */
const PARTS = 8;

/**
 * Of how many runs of an invariant one takes place. Of each report, which is a call, Hardhat's Solidity runner keeps a trace:
 * the invariants of channels alone took more than 12 GB.
 */
const INVARIANT_RUNS = 8;

/** The project as it is now; what the compiler has cached stays. */
function copyProject() {
  mkdirSync(join(workspace, "build"), { recursive: true });
  for (const entry of readdirSync(workspace))
    if (!["artifacts", "cache"].includes(entry)) rmSync(join(workspace, entry), { recursive: true });
  for (const entry of readdirSync("."))
    if (!LEFT_OUT.includes(entry)) cpSync(entry, join(workspace, entry), { recursive: true });
  for (const entry of ["guests", "kzg-setup.bin"])
    cpSync(join("build", entry), join(workspace, "build", entry), { recursive: true });
  symlinkSync(resolve("node_modules"), join(workspace, "node_modules"));
  for (const file of globSync("test/solidity/**/*.t.sol", { cwd: workspace })) {
    const source = readFileSync(join(workspace, file), "utf8");
    const fewer = source.replaceAll(
      /(invariant\.runs = )(\d+)/g,
      (_, key, runs) => key + Math.ceil(runs / INVARIANT_RUNS),
    );
    if (fewer !== source) writeFileSync(join(workspace, file), fewer);
  }
}

/** A pattern that matches the titles of tests which fail because of instrumentation only. */
function exclusions() {
  for (const { file, title, reason } of excluded) {
    if (!readFileSync(file, "utf8").includes(title)) throw new Error(`${file} has no test "${title}" to exclude`);
    console.log(`without "${title}" of ${file}: ${reason}`);
  }
  const titles = excluded.map(({ title }) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return titles.length === 0 ? [] : ["--grep-exclude", titles.join("|")];
}

/** What is covered less than `minimum` demands, folder by folder. */
function checkMinimum() {
  const files = Object.entries(JSON.parse(readFileSync("coverage/summary.json", "utf8")).files);
  return minimum.flatMap(({ in: folders, ...demanded }) =>
    ["lines", "branches"].flatMap((what) => {
      const counts = files.filter(([path]) => folders.some((folder) => path.startsWith(folder)));
      const sum = (part) => counts.reduce((total, [, file]) => total + file[what][part], 0);
      const [hit, total] = [sum("hit"), sum("total")];
      const isEnough = total > 0 && hit * 100 >= demanded[what] * total;
      return isEnough ? [] : [`${folders.join(", ")}: ${hit} of ${total} ${what}, fewer than ${demanded[what]} %`];
    }),
  );
}

for (const script of ["scripts/build-guests.mjs", "scripts/build-setup.mjs"]) run(process.execPath, [script]);
copyProject();
const CLI = "node_modules/hardhat/dist/src/cli.js";
run(process.execPath, [CLI, "build", "--coverage", "--no-tests", "--quiet"], { cwd: workspace });

const files = (patterns.length > 0 ? patterns : tests).flatMap((pattern) => globSync(pattern)).sort();
const flags = ["--coverage", "--coverage-append"];
const without = exclusions();
const solidity = files.filter((file) => file.endsWith(".sol"));
const mocha = files.filter((file) => file.endsWith(".ts"));
const jobs = [
  ...(solidity.length === 0 ? [] : [[...flags, ...without, ...solidity]]),
  ...Array.from({ length: PARTS }, (_, part) => mocha.filter((_, i) => i % PARTS === part))
    .filter((part) => part.length > 0)
    .map((part) => [...flags, ...without, ...part]),
];
const { passing, failing, isBroken } = await runParts(jobs, { cwd: workspace });
const isWhole = patterns.length === 0;
const exclusionsOption = isWhole ? ["--exclusions", "scripts/coverage-exclusions.json"] : [];
const { status } = spawnSync(process.execPath, [CLI, "coverage:report", "--coverage", ...exclusionsOption], {
  cwd: workspace,
  stdio: "inherit",
});
rmSync("coverage", { recursive: true, force: true });
cpSync(join(workspace, "coverage"), "coverage", { recursive: true });
const tooLow = isWhole && status === 0 ? checkMinimum() : [];
for (const line of tooLow) console.error(line);
console.log(`${passing} passed, ${failing} failed; the report is in coverage/`);
process.exit(status !== 0 || tooLow.length > 0 || isBroken || failing > 0 || passing === 0 ? 1 : 0);
