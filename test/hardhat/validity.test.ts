import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import { verifyDeployment } from "../../deploy/verify.js";

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
});
