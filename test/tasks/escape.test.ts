import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import type { Hex } from "../../plugin/types.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { environment, runTask } from "./support/run.js";

const ETHER = 10n ** 18n;

describe("tasks of who leaves without anybody", () => {
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let connection: NetworkConnection;
  let bridge: Hex;
  let out: string;
  let account: Hex;

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    connection = await hre.network.getOrCreate();
    out = join(l1.folder, "rebuilt");
    expect((await runTask(hre, "rollup:deploy")).errors).to.deep.equal([]);
    bridge = (await readDeployment(`${l1.folder}/remote/rollup.json`)).contracts.L1EscrowBridge.address;
    const [, user] = await connection.ethers.getSigners();
    if (user === undefined) throw new Error("the network has no second account");
    account = user.address as Hex;
    const chain = await connection.rollup.attach();
    await chain.deposit(user, { amount: 3n * ETHER });
    await chain.sequencer.post();
    await chain.finalize();
    await chain.close();
  });
  after(() => l1.close());

  it("rollup:reconstruct needs a node's URL and the bridge's address, nothing else", async () => {
    const bare = await environment(join(l1.folder, "bare"));
    const run = await runTask(bare, "rollup:reconstruct", { rpc: l1.url, bridge, out, proofs: account, json: true });
    expect(run.errors).to.deep.equal([]);
    const document = JSON.parse(run.stdout) as {
      batch: string;
      accounts: string;
      executed: { batches: number };
      proofs: { file: string; balances: { amount: string }[] };
    };
    expect(document).to.include({ batch: "1", accounts: "1" });
    expect(document.executed.batches).to.equal(1);
    expect(document.proofs.balances.map(({ amount }) => amount)).to.deep.equal([`${3n * ETHER}`]);
    expect(JSON.parse(await readFile(document.proofs.file, "utf8"))).to.deep.include({ account });
    expect(run.stderr).to.match(/^batch 1 of 1: 0 transactions executed$/m);
  });

  it("goes on where it was, with the address book as well", async () => {
    const run = await runTask(hre, "rollup:reconstruct", { out });
    expect(run.errors).to.deep.equal([]);
    expect(run.value).to.deep.include({ batch: 1n, pending: 0n, inboxLeft: 0 });
    expect((run.value.executed as { batches: number }).batches).to.equal(0);
  });

  const wrong: [string, Record<string, string | number>, RegExp][] = [
    ["a URL that is none", { rpc: "localhost" }, /^--rpc localhost is no URL, for example/],
    ["an account that is none", { proofs: "0x12" }, /^--proofs 0x12 is no address/],
    ["a bridge that is none", { bridge: "0x12" }, /^--bridge 0x12 is no address/],
    [
      "a bridge without code",
      { bridge: "0x00000000000000000000000000000000DeaDBeef" },
      /^there is no rollup behind 0x0{32}DeaDBeef: it has no code; name the address/,
    ],
    ["a block that is none", { fromBlock: -1 }, /^--from-block -1 is no block number$/],
    [
      "a book that is not there",
      { deployment: "/nowhere/book.json" },
      /^\/nowhere\/book.json: there is no address book/,
    ],
  ];
  for (const [what, input, line] of wrong) {
    it(`rollup:reconstruct says in one line what is wrong with ${what}`, async () => {
      const given = "fromBlock" in input ? { bridge, ...input } : input;
      const run = await runTask(hre, "rollup:reconstruct", { out: join(l1.folder, "never"), ...given });
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(line);
    });
  }

  it("says that another contract is no bridge", async () => {
    const { contracts } = await readDeployment(`${l1.folder}/remote/rollup.json`);
    const run = await runTask(hre, "rollup:reconstruct", { out, bridge: contracts.DataAvailability.address });
    expect(run.errors[0]).to.match(/^there is no rollup behind 0x.*: it does not answer as one/);
  });

  it("rollup:escape says what it waits for, and rollup:status as well", async () => {
    const idle = await runTask(hre, "rollup:escape", { out, account });
    expect(idle.errors).to.deep.equal([]);
    expect(idle.stdout).to.match(/^Waiting: no message waits in the inbox, .* rollup:force --withdraw all/m);
    expect((await status()).frozen).to.equal(false);
    expect((await status()).freezableFrom).to.equal(null);

    const forced = await runTask(hre, "rollup:force", { withdraw: "all", from: "1" });
    expect(forced.errors).to.deep.equal([]);
    const early = await runTask(hre, "rollup:escape", { out, account, json: true });
    const { waiting } = JSON.parse(early.stdout) as { waiting: { reason: string; until: string } };
    expect(waiting.reason).to.match(/^the chain can be frozen from .* on, if nobody posts a batch until then$/);
    expect((await status()).freezableFrom).to.equal(BigInt(waiting.until));
    await moveClock(connection, BigInt(waiting.until));
  });

  it("rollup:escape freezes what is due and takes everything out, for an account that does not sign", async () => {
    const { provider } = connection.ethers;
    expect((await runTask(hre, "rollup:deposit", { amount: "0.5", to: account })).errors).to.deep.equal([]);
    const before = await provider.getBalance(account);
    const run = await runTask(hre, "rollup:escape", { out, account, from: "2" });
    expect(run.errors).to.deep.equal([]);
    expect(run.stdout).to.match(/^Took out 3(\.0)? ETH, balance on L2$/m);
    expect(run.value.frozen).to.equal(true);
    expect((await provider.getBalance(account)) - before).to.equal(3n * ETHER);

    const again = await runTask(hre, "rollup:escape", { out, account, from: "2" });
    expect(again.stdout).to.match(/has nothing \(more\) to take out\.$/m);
  });

  it("gives a deposit that came too late back to who made it", async () => {
    const { provider } = connection.ethers;
    const run = await runTask(hre, "rollup:escape", { bridge, out });
    expect(run.stdout).to.match(/^Took out 0\.5 ETH, deposit 2, which never arrived$/m);
    expect(await provider.getBalance(bridge)).to.equal(0n);
  });

  it("closes the rollup for everybody else, in one clear line", async () => {
    expect((await status()).frozen).to.equal(true);
    const deposit = await runTask(hre, "rollup:deposit", { amount: "1" });
    expect(deposit.errors).to.deep.equal([
      "L1 refuses the deposit: the chain is frozen, nothing enters it any more; take out what is there with rollup:escape",
    ]);
  });

  async function status(): Promise<Record<string, unknown>> {
    const run = await runTask(hre, "rollup:status");
    expect(run.errors).to.deep.equal([]);
    return run.value;
  }
});
