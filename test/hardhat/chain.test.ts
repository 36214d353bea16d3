import { expect } from "chai";
import { parseEther, Wallet } from "ethers";
import { network } from "hardhat";

import type { RollupChain } from "../../plugin/hardhat/types.js";
import { StandardToken__factory } from "../../typechain-types/index.js";

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
});
