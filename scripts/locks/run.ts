// Holds ABIs, storage layouts and code sizes of all contracts against the committed locks/; --update records them.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { dataLength } from "ethers";
import hre from "hardhat";

import {
  analyse,
  type Compile,
  type CompilerInput,
  type CompilerOutput,
  type Contract,
  warningsOf,
} from "./analyse.js";
import { changesOf, type Locks } from "./compare.js";
import { type Size, sizeProblems, sizesText } from "./sizes.js";
import { textOf } from "./text.js";

const FOLDER = "locks";
const SOURCES = "project/contracts/";
const NOT_LOCKED = ["mocks/", "demo/"];

/** `bridge/L1EscrowBridge` */
const pathOf = ({ source, name }: Contract) => join(dirname(source.slice(SOURCES.length)), name);

/** The suite as Hardhat would compile it, whatever is cached, with its compiler. */
async function suite(): Promise<{ input: CompilerInput; compile: Compile; warnings: string[] }> {
  const warnings: string[] = [];
  const roots = await hre.solidity.getRootFilePaths({ scope: "contracts" });
  const options = { force: true, isolated: false, buildProfile: "production", quiet: true };
  const jobs = await hre.solidity.getCompilationJobs(roots, options);
  if (!jobs.success) throw new Error(jobs.formattedReason);
  const [job, ...others] = new Set(jobs.compilationJobsPerFile.values());
  if (job === undefined || others.length > 0) throw new Error("the suite must compile with one set of settings");
  const original = await job.getSolcInput();
  return {
    input: original,
    warnings,
    compile: async ({ sources, settings }) => {
      const changed = { ...original, sources, settings: { ...original.settings, ...settings } };
      const result = await hre.solidity.runCompilationJob(
        {
          dependencyGraph: job.dependencyGraph,
          solcConfig: job.solcConfig,
          solcLongVersion: job.solcLongVersion,
          getSolcInput: () => Promise.resolve(changed),
          getBuildId: () => job.getBuildId(),
        },
        { quiet: true },
      );
      const output = result.output as unknown as CompilerOutput;
      warnings.push(...warningsOf(output));
      return output;
    },
  };
}

async function sizeOf(contract: Contract): Promise<Size> {
  const source = contract.source.replace(/^project\//, "");
  const { bytecode, deployedBytecode } = await hre.artifacts.readArtifact(`${source}:${contract.name}`);
  return { contract: pathOf(contract), runtime: dataLength(deployedBytecode), init: dataLength(bytecode) };
}

const { input, compile, warnings } = await suite();
const isOurs = (source: string) =>
  source.startsWith(SOURCES) && !NOT_LOCKED.some((folder) => source.startsWith(SOURCES + folder));
const contracts = await analyse(input, isOurs, compile);
const sizes = await Promise.all(contracts.map(sizeOf));

const found: Locks = new Map([
  ...contracts.map((contract) => [`${FOLDER}/${pathOf(contract)}.txt`, textOf(contract)] as const),
  [`${FOLDER}/sizes.txt`, sizesText(sizes)],
]);
const recorded: Locks = new Map(globSync(`${FOLDER}/**/*.txt`).map((file) => [file, readFileSync(file, "utf8")]));
const misplaced = contracts.flatMap((contract) => contract.problems);
const problems = [...new Set([...misplaced, ...sizeProblems(sizes), ...warnings])];
const changes = changesOf(recorded, found);

if (process.argv.includes("--update")) {
  for (const file of recorded.keys()) if (!found.has(file)) rmSync(file);
  for (const [file, text] of found) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.log(`${FOLDER}/: ${changes.length} changes recorded, ${contracts.length} contracts`);
} else if (changes.length > 0) {
  for (const change of changes) console.error(change);
  console.error(`${changes.length} changes of ABI, storage or size; if they are meant: npm run locks -- --update`);
  process.exitCode = 1;
} else {
  process.stdout.write(sizesText(sizes));
  console.log(`${contracts.length} contracts are as recorded in ${FOLDER}/`);
}
if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  console.error(`${problems.length} problems that cannot be recorded: mend them`);
  process.exitCode = 1;
}
