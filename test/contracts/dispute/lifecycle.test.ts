import { expect } from "chai";

import {
  bondsLess,
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

    it("takes back a false batch, and everything but the tips from the liar", async () => {
      const suite = world();
      const { game, chain, registry, actors, genesis, levels } = suite;
      const { alice, bob, sequencer } = actors;
      const header = await postFalseBatch(suite, genesis);
      const truth = await truthOf(suite, header);
      const honest = { trace: truth.stateAt, by: alice };
      const liar = { trace: lieFrom(truth.stateAt, truth.steps - 3n), by: bob };

      const first = await counterBatch(suite, header, truth, truth.stateAt, alice);
      const claims = await playDown(suite, first, liar, honest);
      const stepped = claims.slice(-1).filter(({ claimant }) => claimant === bob);
      for (const claim of stepped) await step(suite, claim, truth, alice);

      await passGame(suite, header);
      await resolve(suite, claims);
      await expect(game.resolveBatch(header))
        .to.emit(chain, "BatchesReverted")
        .withArgs(1n, 1n, header.parentHash)
        .and.to.emit(registry, "SequencerSlashed");
      expect(await registry.rewardOf(alice)).to.equal(suite.parameters.sequencerBond / 2n);
      expect(await registry.bondOf(sequencer)).to.equal(0n);

      const depths = Array.from({ length: levels }, (_, i) => i + 1);
      const tips = claims.length - stepped.length + 1;
      expect(await game.creditOf(alice)).to.equal(await bondsLess(suite, depths, tips));
      expect(await game.creditOf(bob)).to.equal(0n);
      await game.connect(alice).claimCredit(alice);
      await game.claimCredit(bob);
      expect(await balanceOf(suite)).to.equal(0n);
    });

    it("leaves a true batch, and takes everything but the tips from the liar", async () => {
      const suite = world();
      const { game, chain, actors, genesis } = suite;
      const { alice, bob } = actors;
      const header = await postTrueBatch(suite, genesis);
      const truth = await truthOf(suite, header);
      const lie = lieFrom(truth.stateAt, 5n);

      const first = await counterBatch(suite, header, truth, lie, bob);
      const claims = await playDown(suite, first, { trace: truth.stateAt, by: alice }, { trace: lie, by: bob });
      const stepped = claims.slice(-1).filter(({ claimant }) => claimant === bob);
      for (const claim of stepped) await step(suite, claim, truth, alice);

      await passGame(suite, header);
      await expect(chain.finalize([header])).to.be.revertedWithCustomError(chain, "ChainDisputed");
      await resolve(suite, claims);
      await expect(game.resolveBatch(header)).to.emit(game, "GameResolved");
      expect(await game.creditOf(bob)).to.equal(0n);
      const tips = BigInt(claims.length - stepped.length + 1) * (await game.tip());
      expect(await game.creditOf(alice)).to.equal((await balanceOf(suite)) - tips);
      await chain.finalize([header]);
      expect(await chain.isFinalized(header)).to.equal(true);
    });
  });
}
