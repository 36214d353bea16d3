import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { type Anvil, anvilPath, startAnvil } from "../l1/support/anvil.js";
import { environment, runTask, succeed } from "./support/run.js";

const BOND = 50_000_000_000_000_000n;

describe("channel:demo", function () {
  this.timeout(120_000);
  let folder: string;
  let anvil: Anvil | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "channel-demo-test-"));
  });
  afterEach(async () => {
    anvil?.provider.destroy();
    await anvil?.stop();
    anvil = undefined;
  });
  after(() => rm(folder, { recursive: true }));

  function check(value: Record<string, unknown>, updates: number): void {
    expect(value.checks).to.deep.equal({ compared: 8, wrong: [] });
    expect(value.updates).to.include({ count: updates });
    expect(value.tower).to.include({ reward: BOND });
  }

  it("is a channel's life: paid, lied about, answered by the watchtower, closed, every balance right", async () => {
    const hre = await environment(folder);
    const run = succeed(await runTask(hre, "channel:demo", { updates: 60 }));
    expect(run.stdout).to.include("Bob shows L1 the state of turn 15");
    check(run.value, 60);
  });

  it("is the same on another client of L1, with stores on disk", async function () {
    const path = anvilPath();
    // An optional dependency: npm has anvil for some platforms only.
    if (path === undefined) return this.skip();
    anvil = await startAnvil(path);
    const hre = await environment(folder, { networks: { anvil: { type: "http", url: anvil.url } } }, "anvil");
    check(succeed(await runTask(hre, "channel:demo", { updates: 40, disk: true })).value, 40);
  });

  it("says how many updates it takes", async () => {
    const hre = await environment(folder);
    const { exitCode, errors } = await runTask(hre, "channel:demo", { updates: 3 });
    expect([exitCode, errors]).to.deep.equal([1, ["--updates is 3; take 20 to 1000000"]]);
  });
});
