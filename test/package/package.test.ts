import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect } from "chai";

import { type Finished, finished } from "../support/run.js";
import { CHAIN, startExplorers } from "../tasks/support/explorer.js";
import { environment, runTask, succeed } from "../tasks/support/run.js";

describe("the npm package in a project of its own", function () {
  this.timeout(240_000);

  let folder: string;
  let project: string;

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "rollup-package-")));
    project = join(folder, "project");
    await cp("test/package/fixture", project, { recursive: true });
    await writeFile(join(project, "test/readme.ts"), await readmeTest());
    await install(await pack());
  });
  after(() => rm(folder, { recursive: true }));

  /** What `npm pack` makes after its `prepack`, without building the contracts of this checkout anew. */
  async function pack(): Promise<string> {
    const stage = join(folder, "stage");
    await mkdir(join(stage, "build"), { recursive: true });
    const { files } = JSON.parse(await readFile("package.json", "utf8")) as { files: string[] };
    const sources = files.filter((name) => name !== "dist" && !name.startsWith("!"));
    const needed = [
      "package.json",
      "tsconfig.json",
      "tsconfig.build.json",
      "scripts",
      "build/guests",
      "build/implementations.json",
      "build/verification",
      "build/kzg-setup.bin",
      "build/parameters.schema.json",
      "typechain-types",
      ...sources,
    ];
    for (const entry of needed) await cp(entry, join(stage, entry), { recursive: true });
    await symlink(resolve("node_modules"), join(stage, "node_modules"));
    expectSuccess(await run(process.execPath, ["scripts/dist.mjs"], stage));
    expectSuccess(await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], stage));
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    if (tarball === undefined) throw new Error("npm pack made no tarball");
    return join(folder, tarball);
  }

  /** What `npm install` leaves, with everything but the package linked from this checkout: no network. */
  async function install(tarball: string): Promise<void> {
    const [from, to] = [resolve("node_modules"), join(project, "node_modules")];
    await mkdir(join(to, "hardhat-rollup"), { recursive: true });
    expectSuccess(
      await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(to, "hardhat-rollup")], folder),
    );
    for (const entry of await readdir(from)) {
      if (entry.startsWith(".")) continue;
      if (!entry.startsWith("@")) {
        await symlink(join(from, entry), join(to, entry));
        continue;
      }
      await mkdir(join(to, entry));
      for (const scoped of await readdir(join(from, entry)))
        await symlink(join(from, entry, scoped), join(to, entry, scoped));
    }
  }

  function hardhat(...input: string[]): Promise<Finished> {
    return run(process.execPath, [join(project, "node_modules/hardhat/dist/src/cli.js"), ...input], project);
  }

  it("lists the tasks", async () => {
    const { stdout } = await hardhat("--help");
    for (const task of [
      "deploy",
      "node",
      "demo",
      "status",
      "deposit",
      "transfer",
      "withdraw",
      "claim",
      "force",
      "sequencer",
      "validator",
      "upgrade",
      "build-guest",
    ]) {
      expect(stdout).to.match(new RegExp(`^ +rollup:${task} `, "m"));
    }
  });

  it("deploys with the bytecode that it brings, without a compiler", async () => {
    const run = await hardhat("rollup:deploy", "--json");
    expectSuccess(run);
    const { parameters, checks } = JSON.parse(run.stdout) as { parameters: Record<string, string>; checks: number };
    expect(parameters.challengeWindow).to.equal("7200");
    expect(checks).to.be.greaterThan(40);
    expect(await exists(join(project, "artifacts/contracts"))).to.equal(false);
  });

  it("shows explorers the source of its contracts, whatever this project compiles with", async () => {
    const deployments = join(folder, "deployments");
    const host = await environment(
      deployments,
      { networks: { other: { type: "edr-simulated", chainId: CHAIN } } },
      "other",
    );
    const server = await host.network.createServer("other", "127.0.0.1", 0);
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port.toString()}`;
    const connected = await environment(deployments, { networks: { remote: { type: "http", url } } }, "remote");
    succeed(await runTask(connected, "rollup:deploy", { preset: "dev", l2ChainId: "424200", yes: true }));
    const explorers = await startExplorers((await connected.network.getOrCreate()).ethers.provider);
    try {
      const blockscout = { url: explorers.url, apiUrl: `${explorers.url}/blockscout` };
      await writeFile(
        join(project, "explorers.config.ts"),
        `import config from "./hardhat.config.ts";
export default {
  ...config,
  solidity: "0.8.28",
  networks: { remote: { type: "http", url: "${url}" } },
  chainDescriptors: { ${CHAIN}: { name: "Other", blockExplorers: { blockscout: ${JSON.stringify(blockscout)} } } },
};
`,
      );
      const shown = async (contract: string) => {
        const book = ["--deployment", join(deployments, "remote", "rollup.json")];
        const input = ["--contract", contract, "--explorers", "blockscout", "--network", "remote"];
        const run = await hardhat("rollup:verify", ...book, ...input, "--config", "explorers.config.ts");
        expectSuccess(run);
        return run.stdout;
      };
      expect(await shown("CalldataDA")).to.include("1 verified, 0 already verified.");
      expect(await shown("TransparentUpgradeableProxy")).to.include("3 verified, 0 already verified.");
    } finally {
      await explorers.close();
      await server.close();
    }
  });

  it("brings the schema of parameter files, for programs and for editors", async () => {
    const read = async (path: string) => JSON.parse(await readFile(path, "utf8")) as { properties: object };
    const { resolve: resolved } = createRequire(join(project, "hardhat.config.ts"));
    const schema = await read(resolved("hardhat-rollup/parameters.schema.json"));
    expect(Object.keys(schema.properties)).to.include.members(["preset", "challengeWindow", "demandBond"]);
    expect(await read(join(project, "node_modules/hardhat-rollup/dist/parameters.schema.json"))).to.deep.equal(schema);
  });

  it("compiles imports of its Solidity, and none of its contracts", async () => {
    expectSuccess(await hardhat("build"));
    const artifacts = await readdir(join(project, "artifacts"));
    expect(artifacts).to.include("contracts");
    expect(artifacts).not.to.include("hardhat-rollup");
    expect(await readdir(join(project, "artifacts/contracts"))).to.include("Saver.sol");
  });

  it("gives tests a rollup, as the README shows", async () => {
    const run = await hardhat("test", "mocha");
    expectSuccess(run);
    expect(run.stdout).to.include("2 passing");
  });

  it("has types", async () => {
    expectSuccess(await run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", "."], project));
  });

  it("brings no tests, no secrets of this machine, and stays small", async () => {
    const root = join(project, "node_modules/hardhat-rollup");
    const found = await readdir(root);
    for (const folder of ["test", "bench", "artifacts", "typechain-types"]) expect(found).not.to.include(folder);
    const everything = await readdir(root, { recursive: true });
    expect(everything.filter((name) => /mock/i.test(name))).to.deep.equal([]);
    const maps = await readFile(join(root, "dist/plugin/index.js.map"), "utf8");
    expect(maps).not.to.include(folder);
    expect(maps).to.include("../../plugin/index.ts");
    const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    expect((await stat(join(folder, tarball))).size).to.be.lessThan(3_000_000);
  });
});

/** The test in the README. */
async function readmeTest(): Promise<string> {
  const blocks = (await readFile("README.md", "utf8")).matchAll(/```ts\n(.*?)```/gs);
  const [test] = [...blocks].map(([, code]) => code ?? "").filter((code) => code.includes("describe("));
  if (test === undefined) throw new Error("the README shows no test");
  return test;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function expectSuccess({ exitCode, stdout, stderr }: Finished): void {
  expect(exitCode, `${stdout}\n${stderr}`).to.equal(0);
}

function run(command: string, input: readonly string[], cwd: string): Promise<Finished> {
  // The run that this test is part of hands its own settings on.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
  const child = spawn(command, input, {
    cwd,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return finished(child);
}
