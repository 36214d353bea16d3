import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { readDeployment } from "../../deploy/address-book.js";
import type { Hex } from "../../plugin/types.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { runTask, succeed, type TaskRun } from "./support/run.js";

describe("rollup:stage", function () {
  this.timeout(120_000);
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let bridge: Hex;

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    succeed(await runTask(hre, "rollup:deploy", { preset: "mainnet", l2ChainId: "42170001", yes: true }));
    bridge = (await readDeployment(join(l1.folder, "remote", "rollup.json"))).contracts.L1EscrowBridge.address;
  });
  after(() => l1.close());

  const stage = (input: Record<string, string | boolean | number> = {}): Promise<TaskRun> =>
    runTask(hre, "rollup:stage", input);

  it("drills on a fork, writes a page, and leaves the chain as it was", async () => {
    const { provider } = (await hre.network.getOrCreate()).ethers;
    const before = await provider.getBlockNumber();
    const page = join(l1.folder, "STAGE.md");
    const run = succeed(await stage({ markdown: page, require: "2" }));
    expect(run.value).to.include({ stage: 2, category: "optimistic rollup", drills: true });
    expect(run.stdout).to.match(
      /^An optimistic rollup of Stage 2, as far as L1 tells; not checkable: rollup-declared, node-source\.$/m,
    );
    expect(run.stdout).to.match(/silent-sequencer\s+│ pass\s+│ a forced withdrawal was paid after 7d 12h/);
    expect(await provider.getBlockNumber()).to.equal(before);
    const text = await readFile(page, "utf8");
    expect(text).to.include("| 2 | [exit-window-30d](#exit-window-30d) | pass | 32d (2764800 s)");
    expect(text).to.include("Not checkable from L1, and never counted as a pass:");
  });

  it("finds everything from the bridge alone, by the URL of any node", async () => {
    const run = succeed(await stage({ bridge, rpc: l1.url, noDrills: true }));
    expect(run.value.stage).to.equal(2);
    expect(run.stdout).to.match(/of Stage 2, as far as L1 tells without drills; not checkable: .*silent-sequencer/);
    expect(run.stdout).not.to.include("address-book");
  });

  it("ends with exit code 1 below what is required, and says why", async () => {
    const run = await stage({ require: "2", program: `0x${"11".repeat(32)}` });
    expect(run.exitCode).to.equal(1);
    expect(run.errors).to.have.length(1);
    expect(run.errors[0]).to.match(/^Stage 2 was required: An optimistic rollup of Stage 0, .*, not 1 for: program/);
    expect((await stage({ program: `0x${"11".repeat(32)}`, noDrills: true })).exitCode).to.equal(0);
  });

  it("says in one line what is wrong with what it was given", async () => {
    const refused = async (input: Record<string, string | boolean>, reason: RegExp) => {
      const run = await stage(input);
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(reason);
    };
    await refused(
      { bridge: "0x00000000000000000000000000000000000000aa" },
      /there is no rollup behind 0x.*it has no code/,
    );
    const { contracts } = await readDeployment(join(l1.folder, "remote", "rollup.json"));
    await refused(
      { bridge: contracts.UpgradeTimelock.address },
      /there is no rollup behind 0x.*it does not answer as one/,
    );
    await refused({ bridge, rpc: "http://127.0.0.1:1" }, /^L1 is unavailable/);
    await refused({ bridge: "0x12" }, /^--bridge 0x12 is no address/);
    await refused({ require: "3" }, /^--require 3 is no stage; there are 0, 1 and 2$/);
    await refused({ require: "1", noDrills: true }, /^--require needs the drills/);
    await refused({ program: "nothing.json" }, /^--program nothing.json is neither a machine hash nor a file/);
  });
});
