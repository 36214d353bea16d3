import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import { verifyDeployment } from "../../deploy/verify.js";
import { leave } from "../../plugin/escape/leave.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { Hex } from "../../plugin/types.js";

/** Milliseconds for what a checkout compiles and sets up once. */
const SETUP_TIMEOUT = 600_000;
const PARAMETERS = { proof: "validity", slots: 2, levels: 3 } as const;

describe("a rollup of validity proofs", () => {
  it("carries value to L2 and back, final as soon as it is proved", async () => {
    const connection = await network.create();
    try {
      const { rollup, ethers } = connection;
      const [, alice, bob] = await ethers.getSigners();
      if (!alice || !bob) throw new Error("too few accounts");
      const chain = await rollup.deploy(PARAMETERS);
      const checks = await verifyDeployment(chain.deployment, ethers.provider);
      expect(checks.filter(({ ok }) => !ok)).to.deep.equal([]);

      await chain.deposit(alice, { amount: parseEther("3") });
      const wallet = chain.l2.wallet(alice);
      const sent = await wallet.sendTransaction({ to: bob.address, value: parseEther("1") });
      expect((await sent.wait())?.status).to.equal(1);
      expect(await chain.l2.balance(bob)).to.equal(parseEther("1"));

      const withdrawal = await chain.l2.withdraw(alice, { amount: parseEther("1.5"), target: bob });
      await chain.sequencer.post();
      expect((await chain.validator.run({ watch: false })).agreed).to.equal(1n);
      const [proved] = await chain.prove();
      expect(proved?.index).to.equal(1n);
      const before = await ethers.provider.getBalance(bob);
      await chain.claim(withdrawal);
      expect(await ethers.provider.getBalance(bob)).to.equal(before + parseEther("1.5"));
      expect(await chain.prove()).to.deep.equal([]);
    } finally {
      await connection.close();
    }
  }).timeout(SETUP_TIMEOUT);

  it("ends what somebody proved before its turn, and proves it no second time", async () => {
    const connection = await network.create();
    try {
      const { rollup, ethers } = connection;
      const [, alice] = await ethers.getSigners();
      if (!alice) throw new Error("too few accounts");
      const chain = await rollup.deploy(PARAMETERS);
      for (const amount of [1n, 2n, 3n]) {
        await chain.deposit(alice, { amount: parseEther(String(amount)) });
        await chain.sequencer.post();
      }
      const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
      const proved = await chain.prove();
      const [first, ...later] = await Promise.all(
        proved.map(async ({ transaction }) => {
          const { to, data } = (await ethers.provider.getTransaction(transaction))!;
          return { to, data };
        }),
      );
      await ethers.provider.send("evm_revert", [snapshot]);

      // The second and the third wait for the first.
      for (const proof of [...later, first!]) await (await alice.sendTransaction(proof)).wait();
      expect(await chain.contracts.chain.heads()).to.deep.equal([3n, 1n]);
      await chain.sequencer.sync();
      const before = (await ethers.provider.send("evm_snapshot", [])) as string;
      expect(await chain.prove()).to.deep.equal([]);
      expect(await chain.contracts.chain.heads()).to.deep.equal([3n, 3n]);

      // So does whoever leaves, before the state is read.
      await ethers.provider.send("evm_revert", [before]);
      const read = new Error("the state is read");
      const leaving = leave({
        l1: connectL1(ethers.provider, chain.deployment, alice),
        account: alice.address as Hex,
        reconstruct: () => Promise.reject(read),
      });
      expect(await leaving.catch((error: unknown) => error)).to.equal(read);
      expect(await chain.contracts.chain.heads()).to.deep.equal([3n, 3n]);
    } finally {
      await connection.close();
    }
  }).timeout(SETUP_TIMEOUT);
});
