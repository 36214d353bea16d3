import { expect } from "chai";

import {
  counterBatch,
  type GameWorld,
  lieFrom,
  passGame,
  playDown,
  postFalseBatch,
  postTrueBatch,
  resolve,
  step,
  truthOf,
  useGame,
} from "../../support/dispute.js";

for (const dissectionBits of [1, 2, 3, 4, 5]) {
  describe(`DisputeGame with lists of ${1 << dissectionBits} states, over its full height`, () => {
    const world = useGame({ dissectionBits });

    const balanceOf = ({ connection, game }: GameWorld): Promise<bigint> => connection.ethers.provider.getBalance(game);

    it("takes back a false batch, and everything from the liar", async () => {
      const suite = world();
      const { game, chain, registry, actors, genesis, levels } = suite;
      const { alice, bob, sequencer } = actors;
      const header = await postFalseBatch(suite, genesis);
      const truth = await truthOf(suite, header);
      const honest = { trace: truth.stateAt, by: alice };
      const liar = { trace: lieFrom(truth.stateAt, truth.steps - 3n), by: bob };

      const first = await counterBatch(suite, header, truth, truth.stateAt, alice);
      const claims = await playDown(suite, first, liar, honest);
      for (const claim of claims.slice(-1)) if (claim.claimant === bob) await step(suite, claim, truth, alice);

      await passGame(suite, header);
      await resolve(suite, claims);
      await expect(game.resolveBatch(header))
        .to.emit(chain, "BatchesReverted")
        .withArgs(1n, 1n, header.parentHash)
        .and.to.emit(registry, "SequencerSlashed");
      expect(await registry.rewardOf(alice)).to.equal(suite.parameters.sequencerBond / 2n);
      expect(await registry.bondOf(sequencer)).to.equal(0n);

      let bonds = 0n;
      for (let depth = 1; depth <= levels; depth++) bonds += await game.bond(depth);
      expect(await game.creditOf(alice)).to.equal(bonds);
      expect(await game.creditOf(bob)).to.equal(0n);
      await game.connect(alice).claimCredit(alice);
      expect(await balanceOf(suite)).to.equal(0n);
    });

    it("leaves a true batch, and takes everything from the liar", async () => {
      const suite = world();
      const { game, chain, actors, genesis } = suite;
      const { alice, bob } = actors;
      const header = await postTrueBatch(suite, genesis);
      const truth = await truthOf(suite, header);
      const lie = lieFrom(truth.stateAt, 5n);

      const first = await counterBatch(suite, header, truth, lie, bob);
      const claims = await playDown(suite, first, { trace: truth.stateAt, by: alice }, { trace: lie, by: bob });
      for (const claim of claims.slice(-1)) if (claim.claimant === bob) await step(suite, claim, truth, alice);

      await passGame(suite, header);
      await expect(chain.finalize([header])).to.be.revertedWithCustomError(chain, "ChainDisputed");
      await resolve(suite, claims);
      await expect(game.resolveBatch(header)).to.emit(game, "GameResolved");
      expect(await game.creditOf(bob)).to.equal(0n);
      expect(await game.creditOf(alice)).to.equal(await balanceOf(suite));
      await chain.finalize([header]);
      expect(await chain.isFinalized(header)).to.equal(true);
    });
  });
}
