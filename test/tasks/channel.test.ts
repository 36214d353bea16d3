import { join } from "node:path";

import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { readChannels } from "../../deploy/channel-book.js";
import { type ConnectedAdjudicator, connectAdjudicator } from "../../plugin/channel/adjudicator.js";
import type { ChannelDomain } from "../../plugin/channel/types.js";
import { createWatchClient } from "../../plugin/channel/watchtower/client.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Hex } from "../../plugin/types.js";
import { challengeAt } from "../channel/support-l1.js";
import { channelOf, keyOf, type TestChannel } from "../channel/watchtower/support.js";
import { walletOf } from "../l1/support/l1.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { environment, runTask, succeed } from "./support/run.js";
import { eventually, makeProject, type Service, startService } from "./support/service.js";

describe("channel:deploy and channel:watchtower", () => {
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let provider: JsonRpcProvider;
  let domain: ChannelDomain;
  let book: string;
  let liar: ConnectedAdjudicator;
  const towers: Service[] = [];

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    await makeProject(l1.folder, l1.url);
    provider = new JsonRpcProvider(l1.url, undefined, { cacheTimeout: -1 });
    book = join(l1.folder, "remote", "channels.json");
  });
  after(async () => {
    for (const tower of towers) await tower.kill();
    provider.destroy();
    await l1.close();
  });

  async function startTower(...input: string[]): Promise<Service> {
    const common = ["--network", "remote", "--channels", book, "--from", "5", "--port", "0"];
    const tower = await startService(l1.folder, ["channel:watchtower", ...common, ...input]);
    towers.push(tower);
    return tower;
  }

  async function hand(tower: Service, channel: TestChannel, turns: number): Promise<void> {
    const { url, tower: key } = tower.document as unknown as { url: string; tower: Hex };
    const client = await createWatchClient({ domain, url, tower: key, store: memoryStore(), gather: 1 });
    for (let turn = 0; turn < turns; turn++)
      client.hand(channel.channelId, channel.stateAt(turn), channel.signedAt(turn + 1), channel.params);
    await client.settled();
    await client.close();
  }

  it("deploys once, and reads back", async () => {
    const first = succeed(await runTask(hre, "channel:deploy", { bond: "0.05" }));
    expect(first.stdout).to.match(/a challenge posts 0\.05 ETH/);
    expect(first.stdout).to.match(/\d+ checks against the chain passed\./);
    const deployment = await readChannels(book);
    expect(deployment.challengeBond).to.equal(5n * 10n ** 16n);
    const again = succeed(await runTask(hre, "channel:deploy"));
    expect(again.stdout).to.match(/has these channels already; reading them back/);
    expect(again.value.contracts).to.deep.equal(deployment.contracts);
    const other = await runTask(hre, "channel:deploy", { bond: "0.1" });
    expect(other.errors).to.have.length(1);
    expect(other.errors[0]).to.match(/has channels with a bond of 0\.05 ETH; move .* away to deploy others$/);
    domain = { l1ChainId: deployment.l1ChainId, adjudicator: deployment.contracts.ChannelAdjudicator.address };
    liar = await connectAdjudicator({ provider, account: walletOf(1).connect(provider), domain });
  });

  it("says on the network in this process that nothing stays", async () => {
    const run = succeed(await runTask(await environment(l1.folder), "channel:deploy"));
    expect(run.stdout).to.include('Network "default" ends with this process');
  });

  it("runs a watchtower that is killed, started again, and answers with what it had promised", async () => {
    const channel = channelOf(domain, [keyOf("alice"), keyOf("bob")], 1n);
    const first = await startTower();
    await hand(first, channel, 300);
    await first.kill();
    await challengeAt(liar, channel, 7, 0);
    const second = await startTower();
    expect(second.document.tower).to.equal(first.document.tower);
    await eventually(async () => (await liar.statusOf(channel.channelId)).mode === "open");
    expect((await liar.statusOf(channel.channelId)).turnNum).to.equal(300n);
    await eventually(() => Promise.resolve(/Answers so far: 1, which brought 0\.05 ETH of bonds/.test(second.log())));
    expect(await second.interrupt()).to.equal(0);
  });

  it("runs one that answers only for pay", async () => {
    const channel = channelOf(domain, [keyOf("alice"), keyOf("bob")], 2n);
    const tower = await startTower("--paid-only", "--storage", join(l1.folder, "paid"));
    await hand(tower, channel, 6);
    await challengeAt(liar, channel, 5, 0);
    await eventually(() =>
      Promise.resolve(/turn 6 would answer the challenge, and nobody would pay/.test(tower.log())),
    );
    expect((await liar.statusOf(channel.channelId)).mode).to.equal("challenge");
    expect(await tower.interrupt()).to.equal(0);
  });

  it("says in one line what is wrong", async () => {
    const cases: [Record<string, string | number>, RegExp][] = [
      [{ promise: "5m" }, /^--promise 5m is no time of an hour or more/],
      [{ clients: "me" }, /^--clients has "me"; addresses/],
      [{ quota: 0 }, /^--quota 0 is no number of megabytes/],
      [{ port: 70_000 }, /^--port 70000 is no port/],
      [{ channels: join(l1.folder, "none.json") }, /none\.json: there is no address book; run channel:deploy/],
    ];
    for (const [input, line] of cases) {
      const run = await runTask(hre, "channel:watchtower", { channels: book, ...input });
      expect(run.errors, line.source).to.have.length(1);
      expect(run.errors[0]).to.match(line);
    }
  });
});
