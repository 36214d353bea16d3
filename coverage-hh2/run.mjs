// The contract tests under Hardhat 2 and solidity-coverage: `npm run coverage:solidity-coverage`.
// Contracts and tests are copied here, so that `hardhat`, `chai` and `ethers` are those of this folder; everything else comes from the root's node_modules.
// Which tests run, and why others do not: tests.json.
import { cpSync, existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { run } from "../scripts/run.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const workspace = join(here, "workspace");
const { tests, excluded } = JSON.parse(readFileSync(join(here, "tests.json"), "utf8"));
const patterns = process.argv.slice(2);

if (!existsSync(join(here, "node_modules"))) run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here });

for (const script of ["scripts/build-guests.mjs", "scripts/build-setup.mjs"])
  run(process.execPath, [script], { cwd: root });
// All is compiled anew: the numbers by which solidity-coverage knows places run through all sources.
rmSync(workspace, { recursive: true, force: true });
for (const entry of [
  "contracts",
  "test",
  "plugin",
  "deploy",
  "guests",
  "circuits",
  "build/guests",
  "build/kzg-setup.bin",
])
  cpSync(join(root, entry), join(workspace, entry), { recursive: true });
for (const entry of ["shim", "hardhat.config.cjs", "solcover.cjs", "package.json"])
  cpSync(join(here, entry), join(workspace, entry), { recursive: true });
cpSync(join(here, "shim/env.ts"), join(workspace, "test/support/env.ts"));

const files = (patterns.length > 0 ? patterns : tests)
  .flatMap((pattern) => globSync(pattern, { cwd: workspace }))
  .sort();
const kept = files.filter((file) => !excluded.some(({ file: name, title }) => name === file && title === undefined));
for (const { file, title, reason } of excluded) {
  const source = readFileSync(join(root, file), "utf8");
  if (title !== undefined && !source.includes(title)) throw new Error(`${file} has no test "${title}" to exclude`);
  console.log(`without ${title === undefined ? file : `"${title}" of ${file}`}: ${reason}`);
}
const titles = excluded.flatMap(({ title }) => (title === undefined ? [] : [title]));
run(
  process.execPath,
  [
    join(here, "node_modules/hardhat/internal/cli/cli.js"),
    "--config",
    "hardhat.config.cjs",
    "coverage",
    "--solcoverjs",
    "solcover.cjs",
    "--testfiles",
    kept.length === 1 ? kept[0] : `{${kept.join(",")}}`,
  ],
  { cwd: workspace, env: { ...process.env, COVERAGE_WITHOUT: titles.join("\n") } },
);
