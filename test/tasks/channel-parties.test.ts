import { join } from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { type RemoteL1, startL1 } from "./support/l1.js";
import { runTask, succeed, type TaskRun } from "./support/run.js";
import { eventually, makeProject, type Service, startService } from "./support/service.js";

const DAY = 86_400;

describe("channels between two processes", function () {
  this.timeout(180_000);
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let channels: string;
  let bob: Service;
  let alicePort: number;
  let addresses: [alice: string, bob: string];

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    const deployed = succeed(await runTask(hre, "channel:deploy", {}));
    channels = String(deployed.value.addressBook);
    await makeProject(l1.folder, l1.url);
    const signers = await (await hre.network.getOrCreate()).ethers.getSigners();
    addresses = [signers[1]!.address, signers[2]!.address];
    // Alice's commands listen where Bob was told that she does.
    alicePort = 20_000 + Math.floor(Math.random() * 20_000);
    bob = await startBob();
  });
  after(async () => {
    await bob.interrupt();
    await l1.close();
  });

  const startBob = () =>
    startService(l1.folder, [
      ...["channel:node", "--network", "remote", "--channels", channels, "--from", "2", "--port", "0", "--deposit"],
      ...["--peers", `${addresses[0]}=http://127.0.0.1:${alicePort}`, "--storage", join(l1.folder, "bob")],
    ]);
  const alice = (task: string, input: Record<string, string> = {}): Promise<TaskRun> =>
    runTask(hre, task, { channels, from: "1", port: alicePort, storage: join(l1.folder, "alice"), ...input });
  const peer = () => `${addresses[1]}=${String(bob.document.url)}`;
  const balance = async (of: 0 | 1): Promise<bigint> =>
    (await hre.network.getOrCreate()).ethers.provider.getBalance(addresses[of]);

  it("opens, pays to and fro, and closes: each has what is its", async () => {
    const before = await balance(1);
    const opened = succeed(await alice("channel:open", { with: peer(), amount: "2", theirs: "1" }));
    expect(opened.stdout).to.include("2 ETH of ours, 1 ETH of each other.");

    const paid = succeed(await alice("channel:pay", { amount: "0.5" }));
    expect(paid.stdout).to.match(/^Paid 0\.5 ETH to 0x.*; turn \d+, 1\.5 ETH left\.$/m);
    const listed = succeed(await alice("channel:list"));
    expect((listed.value.channels as { balances: { amount: bigint }[] }[])[0]?.balances[0]?.amount).to.equal(
      15n * 10n ** 17n,
    );

    const tooMuch = await alice("channel:pay", { amount: "9" });
    expect([tooMuch.exitCode, tooMuch.errors]).to.deep.equal([
      1,
      ["--amount is 9 ETH; the channel has 1.5 ETH for us"],
    ]);

    const closed = succeed(await alice("channel:close"));
    expect(closed.stdout).to.include("is closed and paid out");
    // Bob's deposit cost him gas.
    const gained = (await balance(1)) - before;
    expect(gained <= 5n * 10n ** 17n && gained > 499n * 10n ** 15n, `${gained}`).to.equal(true);
    const nothing = await alice("channel:pay", { amount: "1" });
    expect(nothing.errors).to.deep.equal(["no channel is open here; channel:open opens one"]);
  });

  it("has a running node do what its owner commands", async () => {
    const opened = succeed(await alice("channel:open", { with: peer(), amount: "1" }));
    const channel = String(opened.value.channelId);
    succeed(await alice("channel:pay", { amount: "0.25", channel: channel.slice(0, 12) }));
    const node = await startService(l1.folder, [
      ...["channel:node", "--network", "remote", "--channels", channels, "--from", "1", "--port", `${alicePort}`],
      ...["--storage", join(l1.folder, "alice")],
    ]);
    try {
      const paid = succeed(await alice("channel:pay", { amount: "0.25" }));
      expect(paid.stdout).to.include("0.5 ETH left.");
      const wrong = await alice("channel:pay", { amount: "x" });
      expect(wrong.errors).to.deep.equal([
        "--amount x is no amount: digits with at most one point, for example --amount 1.5",
      ]);
    } finally {
      expect(await node.interrupt()).to.equal(0);
    }
  });

  it("hands what it signs to a watchtower, and says when that does not answer", async () => {
    const tower = await startService(l1.folder, [
      ...["channel:watchtower", "--network", "remote", "--channels", channels, "--from", "3", "--port", "0"],
      ...["--storage", join(l1.folder, "tower")],
    ]);
    const watchtower = String(tower.document.url);
    const listed = succeed(await alice("channel:list")).value.channels as { channelId: string; isEnded: boolean }[];
    const channel = listed.find(({ isEnded }) => !isEnded)!.channelId;
    const watched = succeed(await alice("channel:pay", { amount: "0.125", channel, watchtower }));
    expect(watched.value.isWatched).to.equal(true);
    expect(await tower.interrupt()).to.equal(0);
    const alone = await alice("channel:pay", { amount: "0.125", channel, watchtower });
    expect([alone.exitCode, alone.value.isWatched]).to.deep.equal([0, false]);
    expect(alone.errors[0]).to.match(/^the watchtower has not signed for the last states: .*; they are handed over/);
    const wrong = await alice("channel:pay", { amount: "0.125", channel, watchtower: "tower" });
    expect(wrong.errors).to.deep.equal(["--watchtower tower is no URL of a watchtower, for example http://host:8560"]);
  });

  it("ends a channel without a peer that was killed: challenge, wait, be paid", async () => {
    const { provider } = (await hre.network.getOrCreate()).ethers;
    await bob.kill();
    const silent = succeed(await alice("channel:challenge"));
    expect(silent.stdout).to.match(/is in dispute at turn \d+; bond 0\.1 ETH/);
    await provider.send("evm_increaseTime", [DAY + 60]);
    await provider.send("evm_mine", []);
    const before = await balance(0);
    const node = await startService(l1.folder, [
      ...["channel:node", "--network", "remote", "--channels", channels, "--from", "1", "--port", `${alicePort}`],
      ...["--storage", join(l1.folder, "alice")],
    ]);
    try {
      await eventually(() => Promise.resolve(/ended, and paid/.test(node.log())));
      // What is left of what she put in, and the bond.
      const gained = (await balance(0)) - before;
      expect(gained > 349n * 10n ** 15n && gained <= 35n * 10n ** 16n, `${gained}`).to.equal(true);
    } finally {
      await node.interrupt();
      bob = await startBob();
    }
  });

  it("says what is wrong with what it was given", async () => {
    const stranger = Wallet.createRandom().address;
    const cases: [string, Record<string, string>, string][] = [
      ["channel:open", { amount: "1" }, "--with is missing, for example --with 0x…=http://host:8561"],
      [
        "channel:open",
        { with: "bob", amount: "1" },
        "--with bob does not say who is where, for example --with 0x…=http://host:8561",
      ],
      ["channel:open", { with: peer() }, "--amount is missing, for example --amount 1.5"],
      [
        "channel:open",
        { with: peer(), amount: "1", duration: "5m" },
        "--duration 5m is no time of an hour or more, for example --duration 1d",
      ],
      [
        "channel:open",
        { with: peer(), amount: "1", token: stranger },
        `--token ${stranger} is no contract on this network`,
      ],
      ["channel:close", { channel: "0x1234" }, "--channel 0x1234 is none of ours; open are none"],
    ];
    for (const [task, input, error] of cases) {
      const run = await alice(task, input);
      expect([run.exitCode, run.errors], task).to.deep.equal([1, [error]]);
    }
  });
});
