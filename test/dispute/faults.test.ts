import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import type { RollupChain } from "../../plugin/hardhat/types.js";
import { type Fault, FAULTS } from "../../plugin/validator/faults.js";

const DEPOSIT = parseEther("2");
/** The time from a false batch to the slash, in seconds of a machine with two cores. */
const LIMIT = 20;

for (const fault of Object.keys(FAULTS) as Fault[]) {
  describe(`a batch in which ${FAULTS[fault]}`, () => {
    it("is disputed down to one instruction; its proposer is slashed, and L2 goes on without it", async () => {
      const { rollup, ethers } = await network.create();
      const [, alice, bob, carol, dave, liar, honest] = await ethers.getSigners();
      if (!alice || !bob || !carol || !dave || !liar || !honest) throw new Error("too few accounts");
      const chain: RollupChain = await rollup.deploy({}, { validator: honest });
      for (const user of [alice, bob]) await chain.deposit(user, { amount: DEPOSIT });
      await chain.sequencer.post();

      // The batch that will be lied about: new accounts, a payment and a withdrawal.
      for (const user of [carol, dave]) await chain.deposit(user, { amount: DEPOSIT });
      const payment = await chain.l2.wallet(alice).sendTransaction({ to: bob.address, value: 5n });
      const withdrawal = await chain.l2.withdraw(bob, { amount: 7n });
      const balances = await balancesOf(chain, [alice, bob, carol, dave]);

      const begin = performance.now();
      const batch = await chain.sequencer.post({ fault, by: liar });
      expect(await chain.contracts.registry.bondOf(liar)).to.equal(chain.deployment.parameters.sequencerBond);
      const { games, moves, won } = await chain.dispute();
      const seconds = (performance.now() - begin) / 1000;

      expect(games).to.deep.equal([{ index: 2n, winner: honest.address }]);
      expect(moves.validator).to.be.greaterThan(5);
      expect(won > chain.deployment.parameters.sequencerBond / 2n).to.equal(true);
      expect(await chain.contracts.registry.bondOf(liar)).to.equal(0n);
      expect(await chain.contracts.chain.heads()).to.deep.equal([1n, 0n]);
      expect(seconds).to.be.lessThan(LIMIT);

      // What its users did is done again, in a batch that is right.
      expect(await balancesOf(chain, [alice, bob, carol, dave])).to.deep.equal(balances);
      expect((await chain.l2.provider.getTransactionReceipt(payment.hash))?.status).to.equal(1);
      const again = await chain.sequencer.post();
      expect(again?.header).to.include({ index: 2n, inboxFrom: batch.header.inboxFrom, inboxTo: batch.header.inboxTo });
      expect(await chain.validator.run({ watch: false })).to.include({ agreed: 2n, batches: 2n, moves: 0 });
      await chain.finalize();
      expect((await chain.claim(withdrawal)).credited).to.equal(0n);
    });
  });
}

function balancesOf(chain: RollupChain, users: { address: string }[]): Promise<bigint[]> {
  return Promise.all(users.map(({ address }) => chain.l2.balance(address)));
}
