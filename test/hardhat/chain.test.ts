import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther, Wallet } from "ethers";
import { network } from "hardhat";

import { getWithdrawal } from "../../plugin/hardhat/rollup-rpc.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { claimWithdrawal } from "../../plugin/l1/actions.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { Hex } from "../../plugin/types.js";
import { StandardToken__factory } from "../../typechain-types/index.js";
import { runCommand } from "../tasks/support/run.js";

describe("connection.rollup", () => {
  async function setup() {
    const connection = await network.create();
    const [deployer, alice, bob] = await connection.ethers.getSigners();
    if (deployer === undefined || alice === undefined || bob === undefined) throw new Error("too few accounts");
    return { ...connection, connection, deployer, alice, bob };
  }

  describe("one rollup from deposit to claim", () => {
    let context: Awaited<ReturnType<typeof setup>>;
    let chain: RollupChain;

    before(async () => {
      context = await setup();
      chain = await context.rollup.deploy({ proof: "fraud", da: "calldata" });
    });
    after(() => context.connection.close());

    it("credits deposits of ETH", async () => {
      const { alice } = context;
      const { message } = await chain.deposit(alice, { amount: parseEther("1") });
      expect(message.index).to.equal(0n);
      expect(await chain.l2.balance(alice)).to.equal(parseEther("1"));
    });

    it("credits others than the depositor", async () => {
      const { alice, bob } = context;
      await chain.deposit(alice, { amount: parseEther("1"), to: bob });
      expect(await chain.l2.balance(bob)).to.equal(parseEther("1"));
    });

    it("transfers by ordinary wallets", async () => {
      const { alice, bob } = context;
      const wallet = chain.l2.wallet(alice);
      const response = await wallet.sendTransaction({ to: bob, value: 1_000n });
      const receipt = await response.wait();
      expect(receipt?.status).to.equal(1);
      expect(await chain.l2.balance(bob)).to.equal(parseEther("1") + 1_000n);
    });

    it("posts batches with which the validator agrees, and settles withdrawals", async () => {
      const { alice, bob, ethers } = context;
      const batch = await chain.sequencer.post();
      expect(batch?.header.index).to.equal(1n);
      const withdrawal = await chain.l2.withdraw(bob, { amount: 10n, target: Wallet.createRandom().address });
      await chain.finalize();
      await chain.claim(withdrawal, alice);
      expect(await ethers.provider.getBalance(withdrawal.withdrawal.target)).to.equal(10n);
      const summary = await chain.validator.run({ watch: false });
      expect(summary.batches).to.equal(2n);
      expect(summary.agreed).to.equal(2n);
    });

    it("carries tokens both ways", async () => {
      const { alice, bob, deployer } = context;
      const token = await new StandardToken__factory(deployer).deploy();
      await token.mint(alice, 500n);
      await chain.deposit(alice, { amount: 500n, token, to: bob });
      expect(await chain.l2.balance(bob, token)).to.equal(500n);
      const withdrawal = await chain.l2.withdraw(bob, { amount: 200n, token });
      await chain.finalize();
      await chain.claim(withdrawal);
      expect(await token.balanceOf(bob)).to.equal(200n);
    });
  });

  describe("past the sequencer", () => {
    let context: Awaited<ReturnType<typeof setup>>;
    let chain: RollupChain;

    before(async () => {
      context = await setup();
      chain = await context.rollup.deploy();
      await chain.deposit(context.alice, { amount: parseEther("1") });
    });
    after(() => context.connection.close());

    it("a forced withdrawal of everything is paid like any other", async () => {
      const { alice, ethers } = context;
      const target = Wallet.createRandom().address;
      const forced = await chain.forceWithdrawal(alice, { amount: "all", target });
      expect(await chain.l2.balance(alice)).to.equal(0n);
      await chain.finalize();
      await chain.claim(forced);
      expect(await ethers.provider.getBalance(target)).to.equal(parseEther("1"));
    });

    it("a forced transaction moves value on L2", async () => {
      const { alice, bob } = context;
      await chain.deposit(alice, { amount: parseEther("1") });
      const wallet = chain.l2.wallet(alice);
      const raw = await wallet.signTransaction(await wallet.populateTransaction({ to: bob, value: 77n }));
      await chain.forceTransaction(bob, raw as Hex);
      expect(await chain.l2.balance(bob)).to.equal(77n);
    });

    it("a forced withdrawal of more than there is withdraws nothing, and says so when it is claimed", async () => {
      const forced = await chain.forceWithdrawal(context.bob, { amount: parseEther("9") });
      await chain.finalize();
      await expectLine(
        chain.claim(forced),
        /^no block of the L2 has this withdrawal; the L2 account may lack the amount$/,
      );
    });
  });

  describe("what is refused, each with one line", () => {
    let context: Awaited<ReturnType<typeof setup>>;
    let chain: RollupChain;

    before(async () => {
      context = await setup();
      chain = await context.rollup.deploy();
      await chain.deposit(context.alice, { amount: parseEther("10") });
    });
    after(() => context.connection.close());

    it("a claim before its batch is posted, before it is final, and a second time", async () => {
      const withdrawal = await chain.l2.withdraw(context.alice, { amount: 5n });
      await expectLine(chain.claim(withdrawal), /^the withdrawal is in an L2 block that is not on L1 yet/);
      await chain.sequencer.post();
      await expectLine(chain.claim(withdrawal), /^batch 1 is not final until .*, in \d+ seconds$/);
      await chain.finalize();
      await chain.claim(withdrawal);
      await expectLine(chain.claim(withdrawal), /^withdrawal 0 of batch 1 was claimed before$/);
    });

    it("a forged withdrawal", async () => {
      const { alice } = context;
      const { transaction } = await chain.l2.withdraw(alice, { amount: 5n });
      await chain.finalize();
      const known = await getWithdrawal((method, params) => chain.l2.provider.send(method, params), transaction);
      if (known?.claim === undefined) throw new Error("the withdrawal is not on L1");
      const l1 = connectL1(context.ethers.provider, chain.deployment, alice);
      const more = { ...known.claim.withdrawal, amount: 6n };
      await expectLine(
        claimWithdrawal(l1, { ...known.claim, withdrawal: more }),
        /^L1 refuses the claim: the proof leads to 0x.*, the batch has 0x/,
      );
      const { header } = known.claim;
      await expectLine(
        claimWithdrawal(l1, { ...known.claim, header: { ...header, withdrawalsRoot: header.stateRoot } }),
        /L1 does not have this batch/,
      );
    });

    it("a transaction for another chain, with a gap in its nonces, and too large", async () => {
      const { alice } = context;
      const wallet = chain.l2.wallet(alice);
      const complete = await wallet.populateTransaction({ to: alice, value: 1n });
      const send = async (changes: object) => {
        const raw = await wallet.signTransaction({ ...complete, ...changes });
        return chain.l2.provider.send("eth_sendRawTransaction", [raw]) as Promise<string>;
      };
      await expectLine(send({ chainId: 1n }), /chain/i);
      await expectLine(send({ data: `0x${"11".repeat(1_025)}`, gasLimit: 100_000n }), /1,?024|large|long/i);
      const nonce = Number(complete.nonce);
      const held = await send({ nonce: nonce + 1 });
      expect(await chain.l2.provider.getTransactionReceipt(held)).to.equal(null);
      await send({ nonce });
      expect((await chain.l2.provider.getTransactionReceipt(held))?.status).to.equal(1);
    });

    it("a withdrawal of more than the account has", async () => {
      await expectLine(chain.l2.withdraw(context.alice, { amount: parseEther("99") }), /insufficient funds/);
    });

    it("parameters that do not hold", async () => {
      await expectLine(context.rollup.deploy({ challengeWindow: "1s" }), /^challengeWindow: is "1s"; at least 1m$/);
    });

    it("attaching where nothing was deployed", async () => {
      await expectLine(context.rollup.attach(), /rollup\.json: there is no address book; run rollup:deploy/);
    });
  });

  it("makes blocks on demand where that is asked for", async () => {
    const { alice, bob, rollup, connection } = await setup();
    const chain = await rollup.deploy({}, { blocks: "manual" });
    await chain.deposit(alice, { amount: parseEther("1") });
    expect(await chain.l2.balance(alice)).to.equal(0n);
    const block = await chain.sequencer.seal();
    expect(block?.number).to.equal(1n);
    const wallet = chain.l2.wallet(alice);
    const first = await wallet.sendTransaction({ to: bob, value: 1n });
    const second = await wallet.sendTransaction({ to: bob, value: 2n });
    await chain.sequencer.seal();
    expect((await first.wait())?.blockNumber).to.equal(2);
    expect((await second.wait())?.blockNumber).to.equal(2);
    await connection.close();
  });

  it("lets ethers wait for a first transaction that is in no block yet, although a deposit of the same account is", async () => {
    const { alice, bob, rollup, connection } = await setup();
    const chain = await rollup.deploy({}, { blocks: "manual" });
    await chain.deposit(alice, { amount: parseEther("1") });
    await chain.sequencer.seal();
    const response = await chain.l2.wallet(alice).sendTransaction({ to: bob, value: 1n });
    const [receipt] = await Promise.all([
      response.wait(),
      new Promise((resume) => setTimeout(resume, 200)).then(() => chain.sequencer.seal()),
    ]);
    expect(receipt?.hash).to.equal(response.hash);
    await connection.close();
  });

  it("continues after the sequencer was stopped, with all that it had acknowledged", async () => {
    const { alice, bob, rollup, connection } = await setup();
    const chain = await rollup.deploy();
    await chain.deposit(alice, { amount: parseEther("1") });
    await chain.l2.wallet(alice).sendTransaction({ to: bob, value: 5n });
    await chain.sequencer.stop();
    await expectLine(chain.l2.balance(bob), /the sequencer is not running/);
    await chain.sequencer.start();
    expect(await chain.l2.balance(bob)).to.equal(5n);
    expect((await chain.sequencer.post())?.transactions).to.equal(1);
    await connection.close();
  });

  it("keeps its L2 in a folder, for the next attach", async () => {
    const storage = await mkdtemp(join(tmpdir(), "rollup-chain-"));
    const { alice, bob, rollup, connection } = await setup();
    const first = await rollup.deploy({}, { storage });
    await first.deposit(alice, { amount: parseEther("1") });
    await (await first.l2.wallet(alice).sendTransaction({ to: bob, value: 5n })).wait();
    await first.close();
    const second = await rollup.attach(first.deployment, { storage });
    expect(await second.l2.balance(bob)).to.equal(5n);
    await connection.close();
    await rm(storage, { recursive: true });
  });

  it("stops everything when its connection closes", async () => {
    const { alice, rollup, connection } = await setup();
    const chain = await rollup.deploy();
    await connection.close();
    await expectLine(chain.sequencer.post(), /the sequencer is not running/);
    await expectLine(chain.l2.balance(alice), /closed|not running|destroyed/);
  });

  describe("with loadFixture", () => {
    let context: Awaited<ReturnType<typeof setup>>;
    before(async () => {
      context = await setup();
    });
    after(() => context.connection.close());

    async function funded() {
      const chain = await context.rollup.deploy();
      await chain.deposit(context.alice, { amount: parseEther("1") });
      await (await chain.l2.wallet(context.alice).sendTransaction({ to: context.bob, value: 5n })).wait();
      return { chain };
    }

    for (const round of ["first", "second", "third"]) {
      it(`starts from the same L2, ${round} time`, async () => {
        const { chain } = await context.networkHelpers.loadFixture(funded);
        const { alice, bob } = context;
        expect(await chain.l2.balance(bob)).to.equal(5n);
        await (await chain.l2.wallet(alice).sendTransaction({ to: bob, value: 100n })).wait();
        await chain.deposit(bob, { amount: 1_000n });
        expect(await chain.l2.balance(bob)).to.equal(1_105n);
        const withdrawal = await chain.l2.withdraw(alice, { amount: 1n });
        await chain.finalize();
        await chain.claim(withdrawal);
        const { batches, agreed } = await chain.validator.run({ watch: false });
        expect(agreed).to.equal(batches);
      });
    }
  });

  it("lets a script end that stops nothing", async () => {
    const run = await runCommand(["run", "--no-compile", "test/hardhat/support/unclosed.ts"]);
    expect(run.stderr).to.equal("");
    expect(run.stdout.trim()).to.equal("credited 7");
    expect(run.exitCode).to.equal(0);
  });
});

async function expectLine(promise: Promise<unknown>, line: RegExp): Promise<void> {
  let message: string | undefined;
  try {
    await promise;
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message, "it must fail").to.be.a("string");
  expect(message).to.match(line);
}
