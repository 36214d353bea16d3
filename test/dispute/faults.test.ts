import { expect } from "chai";
import { network } from "hardhat";

import { type Fault, FAULTS } from "../../plugin/validator/faults.js";
import { anvilPath, startAnvil } from "../l1/support/anvil.js";
import { openScene, type Scene } from "./support/scene.js";

describe("a batch that is false", () => {
  for (const fault of Object.keys(FAULTS) as Fault[]) {
    it(`is disputed down to one instruction where ${FAULTS[fault]}`, async () => {
      const scene = await openScene();
      await disputeAndGoOn(scene, fault);
      await scene.connection.close();
    });
  }

  describe("on anvil", () => {
    for (const fault of Object.keys(FAULTS) as Fault[]) {
      it(`is disputed as well where ${FAULTS[fault]}`, async function () {
        const path = anvilPath();
        // An optional dependency: npm has anvil for some platforms only.
        if (path === undefined) return this.skip();
        const anvil = await startAnvil(path);
        try {
          const connection = await network.create({ network: "anvil", override: { url: anvil.url } });
          await disputeAndGoOn(await openScene(connection), fault);
          await connection.close();
        } finally {
          anvil.provider.destroy();
          await anvil.stop();
        }
      });
    }
  });
});

/** The proposer is slashed, and L2 goes on without the batch: what its users did is done again. */
async function disputeAndGoOn(
  { chain, honest, liar, payment, withdrawal, balances }: Scene,
  fault: Fault,
): Promise<void> {
  const before = await balances();
  const batch = await chain.sequencer.post({ fault, by: liar });
  expect(await chain.contracts.registry.bondOf(liar)).to.equal(chain.deployment.parameters.sequencerBond);
  const { games, moves, won } = await chain.dispute();
  expect(games).to.deep.equal([{ index: 2n, winner: honest.address }]);
  expect(moves.validator).to.be.greaterThan(5);
  const { disputeBond, sequencerBond } = chain.deployment.parameters;
  expect(won).to.equal(55n * disputeBond + sequencerBond / 2n);
  expect(await chain.contracts.registry.bondOf(liar)).to.equal(0n);
  expect(await chain.contracts.chain.heads()).to.deep.equal([1n, 0n]);

  expect(await balances()).to.deep.equal(before);
  expect((await chain.l2.provider.getTransactionReceipt(payment))?.status).to.equal(1);
  const again = await chain.sequencer.post();
  expect(again?.header).to.include({ index: 2n, inboxFrom: batch.header.inboxFrom, inboxTo: batch.header.inboxTo });
  expect(await chain.validator.run({ watch: false })).to.include({ agreed: 2n, batches: 2n, moves: 0 });
  await chain.finalize();
  expect((await chain.claim(withdrawal)).credited).to.equal(0n);
}
