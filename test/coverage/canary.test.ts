import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect } from "chai";

import { type Finished, finished } from "../support/run.js";

/** EIP-170. */
const SIZE_LIMIT = 24_576;
const PADDING = 19_600;

/** Lines and branches of the toy as its tests, one of each runner, see them. */
const EXPECTED = `TN:
SF:contracts/Large.sol
BRDA:9,0,0,1
BRDA:9,0,1,0
BRDA:9,1,0,0
BRDA:9,1,1,1
BRDA:9,2,0,0
BRDA:9,2,1,1
BRDA:9,3,0,1
BRDA:9,3,1,0
BRDA:10,4,0,-
BRDA:10,4,1,-
BRDA:10,5,0,-
BRDA:10,5,1,-
BRF:12
BRH:4
DA:9,1
DA:10,0
LF:2
LH:1
end_of_record
TN:
SF:contracts/Rules.sol
BRDA:6,0,0,1
BRDA:6,0,1,0
BRDA:6,1,0,1
BRDA:6,1,1,1
BRF:4
BRH:3
DA:6,1
LF:1
LH:1
end_of_record
TN:
SF:contracts/Toy.sol
BRDA:12,0,0,1
BRDA:12,0,1,0
BRDA:15,1,0,1
BRDA:15,1,1,1
BRDA:20,2,0,1
BRDA:20,2,1,1
BRDA:20,3,0,1
BRDA:20,3,1,1
BRDA:20,4,0,1
BRDA:20,4,1,0
BRDA:21,5,0,1
BRDA:21,5,1,1
BRDA:22,6,0,1
BRDA:22,6,1,1
BRDA:23,7,0,1
BRDA:23,7,1,0
BRDA:27,8,0,1
BRDA:27,8,1,1
BRDA:27,9,0,0
BRDA:27,9,1,1
BRDA:27,10,0,1
BRDA:27,10,1,0
BRDA:31,11,0,1
BRDA:31,11,1,0
BRDA:31,11,2,1
BRDA:40,12,0,-
BRDA:40,12,1,-
BRDA:63,13,0,1
BRDA:63,13,1,0
BRF:29
BRH:20
DA:15,1
DA:16,1
DA:20,1
DA:21,1
DA:22,1
DA:23,1
DA:27,1
DA:31,1
DA:32,1
DA:34,0
DA:36,1
DA:40,0
DA:41,0
DA:45,1
DA:46,1
DA:47,1
DA:49,1
DA:50,1
DA:51,1
DA:53,1
DA:58,1
DA:59,1
DA:60,1
DA:61,1
DA:63,1
DA:64,1
DA:65,1
LF:27
LH:24
end_of_record
`;

/** What the report names below its table. */
const NOT_SEEN = `Not seen:
  contracts/Large.sol:10 never ran
  contracts/Large.sol:9:13 if (a == b || a == 2 * b || b == 2 * a): never else
  contracts/Large.sol:9:13 operand (a == b): never true
  contracts/Large.sol:9:23 operand (a == 2 * b): never true
  contracts/Large.sol:9:37 operand (b == 2 * a): never false
  contracts/Large.sol:10:16 operand (a < b): never true
  contracts/Large.sol:10:16 operand (a < b): never false
  contracts/Large.sol:10:25 operand (PADDING.length > b): never true
  contracts/Large.sol:10:25 operand (PADDING.length > b): never false
  contracts/Rules.sol:6:16 operand (value != 1): never false
  contracts/Toy.sol:34 never ran
  contracts/Toy.sol:40-41 never ran
  contracts/Toy.sol:12:40 ternary (STRICT): never false
  contracts/Toy.sol:20:31 operand (value != 99): never false
  contracts/Toy.sol:23:16 assert (total != 0): never fails
  contracts/Toy.sol:27:22 operand (b): never true
  contracts/Toy.sol:27:27 operand (c): never false
  contracts/Toy.sol:31:13 clauses (this.add(value)): never catch Error
  contracts/Toy.sol:40:13 if (value == 1): never then
  contracts/Toy.sol:40:13 if (value == 1): never else
  contracts/Toy.sol:63:13 if (value > 1): never else
`;

describe("branch coverage of a project with a known list of branches", function () {
  this.timeout(240_000);

  let project: string;
  let lcov: string;
  let table: string;

  before(async () => {
    project = await mkdtemp(join(tmpdir(), "rollup-coverage-"));
    await cp("test/coverage/toy", project, { recursive: true });
    await symlink(resolve("node_modules"), join(project, "node_modules"));
    const large = join(project, "contracts/Large.sol");
    await writeFile(
      large,
      (await readFile(large, "utf8")).replace('hex""', `hex"${randomBytes(PADDING).toString("hex")}"`),
    );
    await writeFile(join(project, "package.json"), '{ "type": "module" }');
    await writeFile(
      join(project, "hardhat.config.ts"),
      `import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import branchCoverage from ${JSON.stringify(resolve("plugin-coverage/index.ts"))};

export default {
  plugins: [toolbox, branchCoverage],
  solidity: {
    splitTestsCompilation: true,
    version: "0.8.30",
    path: ${JSON.stringify(resolve("node_modules/solc/soljson.js"))},
    settings: { viaIR: true, optimizer: { enabled: true } },
  },
  coverage: { skipFiles: ["contracts/Skipped.sol"] },
  paths: { tests: { mocha: "test", solidity: "test/solidity" } },
};
`,
    );
    const { stdout } = expectSuccess(await hardhat("test", "--coverage", "--no-typechain"));
    table = stdout;
    lcov = await report();
  });
  after(() => rm(project, { recursive: true }));

  function hardhat(...input: string[]): Promise<Finished> {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
    return finished(
      spawn(process.execPath, [resolve("node_modules/hardhat/dist/src/cli.js"), ...input], {
        cwd: project,
        env: { ...Object.fromEntries(inherited), NO_COLOR: "1", HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  }

  const report = () => readFile(join(project, "coverage/lcov.info"), "utf8");

  async function sizeOf(contract: string): Promise<number> {
    const artifact = await readFile(join(project, `artifacts/contracts/${contract}.sol/${contract}.json`), "utf8");
    return ((JSON.parse(artifact) as { deployedBytecode: string }).deployedBytecode.length - 2) / 2;
  }

  it("sees each way that either runner took, and none that nobody took", () => {
    expect(lcov).to.equal(EXPECTED);
  });

  it("names what was not seen", () => {
    expect(table).to.include(NOT_SEEN);
    // Three ways in assembly, of which the report says that it does not see them.
    expect(table).to.match(/contracts\/Toy\.sol +│ 88\.88 % \(24\/27\) +│ 68\.96 % \(20\/29\) +│ 3 /);
  });

  it("deploys contracts that are too large only because they are instrumented", async () => {
    expect(await sizeOf("Large")).to.be.greaterThan(SIZE_LIMIT);
  });

  it("finds the same when runners run in processes of their own, at once, without compiling", async () => {
    await rm(join(project, "coverage"), { recursive: true });
    const parts = [
      hardhat("test", "mocha", "--coverage", "--coverage-append", "--no-compile", "--grep", "adds"),
      hardhat("test", "mocha", "--coverage", "--coverage-append", "--no-compile", "--grep", "large"),
      hardhat("test", "solidity", "--coverage", "--coverage-append"),
    ];
    for (const part of await Promise.all(parts)) expect(expectSuccess(part).stdout).not.to.include("Not seen");
    const { exitCode, stdout, stderr } = await hardhat("coverage:report", "--coverage", "--min-branches", "95");
    expect(await report()).to.equal(lcov);
    expect(stdout).to.include("Not seen");
    expect(stderr).to.match(/^branches: \d+ of \d+ seen, fewer than 95 %$/m);
    expect(exitCode).to.equal(1);
    expectSuccess(await hardhat("coverage:report", "--coverage", "--min-branches", "50", "--min-lines", "80"));
  });

  it("leaves out what is said to be out of reach, and prints why", async () => {
    const exclusion = {
      path: "contracts/Toy.sol",
      line: "assert(total != 0);",
      ways: ["fails"],
      reason: "it was added to",
    };
    await writeFile(join(project, "exclusions.json"), JSON.stringify([exclusion]));
    const { stdout } = expectSuccess(await hardhat("coverage:report", "--coverage", "--exclusions", "exclusions.json"));
    expect(stdout).to.include("contracts/Toy.sol:23 fails: it was added to");
    expect(await report()).to.equal(lcov.replace("BRDA:23,7,1,0\n", "").replace("BRF:29\nBRH:20", "BRF:28\nBRH:20"));
  });

  it("leaves a build without coverage as it is", async () => {
    expectSuccess(await hardhat("build", "--no-tests", "--no-typechain"));
    expect(await sizeOf("Large")).to.be.lessThan(SIZE_LIMIT);
    expect(await readFile(join(project, "artifacts/contracts/Toy.sol/Toy.json"), "utf8")).not.to.include("c0bec0be");
  });
});

function expectSuccess(run: Finished): Finished {
  expect(run.exitCode, run.stdout + run.stderr).to.equal(0);
  return run;
}
