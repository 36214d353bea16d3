import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { StateCommitmentChain__factory } from "../../../typechain-types/index.js";
import { postBatch } from "../../support/batches.js";
import {
  atClosing,
  bondsLess,
  counter,
  counterBatch,
  lieFrom,
  passGame,
  postFalseBatch,
  postTrueBatch,
  resolve,
  sceneOf,
  truthOf,
  useGame,
} from "../../support/dispute.js";
import { headerHash } from "../../support/protocol.js";
import { IMPLEMENTATION_SLOT } from "../../support/proxies.js";
import { nextBlockAt } from "../../support/world.js";

describe("DisputeGame.resolveBatch", () => {
  const world = useGame();

  it("reverts a batch against which a claim stands, and rewards who made it", async () => {
    const suite = world();
    const { game, chain, registry, actors, genesis } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const later = await postFalseBatch(suite, header);
    const first = await counterBatch(suite, header, truth, honest, actors.alice);
    await passGame(suite, header);
    await resolve(suite, [first]);

    const sent = await game.connect(actors.third).resolveBatch(header);
    await expect(sent).to.emit(game, "GameResolved").withArgs(headerHash(header), 1n, actors.alice.address);
    await expect(sent).to.emit(chain, "BatchesReverted").withArgs(1n, later.index, headerHash(genesis));
    expect(await registry.rewardOf(actors.alice)).to.equal(suite.parameters.sequencerBond / 2n);
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
    expect(await chain.openDisputes()).to.equal(0n);
    expect((await game.claimState(headerHash(header))).status).to.equal(2n);
  });

  it("closes the dispute about a batch against which no claim stands", async () => {
    const suite = world();
    const { game, chain, actors } = suite;
    const { header, truth, honest, lie } = await sceneOf(suite, "true");
    const first = await counterBatch(suite, header, truth, lie, actors.bob);
    const second = await counter(suite, first, honest, actors.alice);
    await passGame(suite, header);
    await expect(chain.finalize([header])).to.be.revertedWithCustomError(chain, "ChainDisputed");
    await resolve(suite, [first, second]);

    const sent = await game.resolveBatch(header);
    await expect(sent).to.emit(game, "GameResolved").withArgs(headerHash(header), 1n, ZeroAddress);
    await expect(sent).to.emit(chain, "DisputeClosed").withArgs(1n, headerHash(header));
    expect((await game.claimState(headerHash(header))).status).to.equal(1n);
    await chain.finalize([header]);
  });

  it("knows only batches that somebody countered", async () => {
    const suite = world();
    const { header, truth, honest } = await sceneOf(suite, "false");
    await counterBatch(suite, header, truth, honest, suite.actors.alice);
    await passGame(suite, header);
    const others = [suite.genesis, { ...header, stateRoot: header.prevStateRoot }, { ...header, finalizesAt: 0n }];
    for (const other of others) {
      await expect(suite.game.resolveBatch(other))
        .to.be.revertedWithCustomError(suite.game, "DisputeUnknownClaim")
        .withArgs(headerHash(other));
    }
  });

  it("is possible from the second in which the batch could become final, not before", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const first = await counterBatch(suite, header, truth, honest, actors.alice);
    // All claims are resolved long before, but more may come.
    await atClosing(suite, first);
    await resolve(suite, [first]);
    await nextBlockAt(suite, header.finalizesAt - 1n);
    await expect(game.resolveBatch(header))
      .to.be.revertedWithCustomError(game, "DisputeClaimOpen")
      .withArgs(headerHash(header), header.finalizesAt);
    await nextBlockAt(suite, header.finalizesAt);
    await game.resolveBatch(header);
  });

  it("takes claims after others are resolved, while the batch is open", async () => {
    const suite = world();
    const { game, registry, actors } = suite;
    const { header, truth, honest, lie } = await sceneOf(suite, "false");
    const early = await counterBatch(suite, header, truth, lieFrom(lie, 9n, "wrong too"), actors.bob);
    const against = await counter(suite, early, honest, actors.alice);
    await atClosing(suite, against);
    await resolve(suite, [against, early]);
    const late = await counterBatch(suite, header, truth, honest, actors.alice);
    await passGame(suite, header);
    await resolve(suite, [late]);
    await game.resolveBatch(header);
    expect(await registry.rewardOf(actors.alice)).to.be.above(0n);
    expect(await game.creditOf(actors.bob)).to.equal(0n);
  });

  it("waits until every claim against the batch is resolved", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, truth, honest, lie } = await sceneOf(suite, "false");
    const first = await counterBatch(suite, header, truth, honest, actors.alice);
    const second = await counterBatch(suite, header, truth, lieFrom(lie, 9n), actors.bob);
    await passGame(suite, header);
    for (const [claim, count] of [
      [first, 2n],
      [second, 1n],
    ] as const) {
      await expect(game.resolveBatch(header))
        .to.be.revertedWithCustomError(game, "DisputeChildrenOpen")
        .withArgs(headerHash(header), count);
      await resolve(suite, [claim]);
    }
    await game.resolveBatch(header);
  });

  it("happens once", async () => {
    const suite = world();
    const { game, registry, actors } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const first = await counterBatch(suite, header, truth, honest, actors.alice);
    await passGame(suite, header);
    await resolve(suite, [first]);
    await game.resolveBatch(header);
    await expect(game.resolveBatch(header))
      .to.be.revertedWithCustomError(game, "DisputeClaimIsResolved")
      .withArgs(headerHash(header));
    expect(await registry.rewardOf(actors.alice)).to.equal(suite.parameters.sequencerBond / 2n);
  });

  it("settles the bonds about a batch that fell with an earlier one, and touches the chain no more", async () => {
    const suite = world();
    const { game, chain, registry, actors, genesis } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const later = await postFalseBatch(suite, header);
    const laterTruth = await truthOf(suite, later);
    const first = await counterBatch(suite, header, truth, honest, actors.alice);
    const second = await counterBatch(suite, later, laterTruth, laterTruth.stateAt, actors.third);
    const lie = lieFrom(laterTruth.stateAt, 6n);
    const attack = await counter(suite, second, lie, actors.bob);
    const reply = await counter(suite, attack, laterTruth.stateAt, actors.third);
    await passGame(suite, later);
    await resolve(suite, [first]);
    await game.resolveBatch(header);
    // In place of the reverted ones stands a new batch, posted by somebody else.
    await registry.connect(actors.second).register({ value: suite.parameters.sequencerBond });
    const replacement = await postTrueBatch(suite, genesis, actors.second);
    const replacement2 = await postTrueBatch(suite, replacement, actors.second);

    await resolve(suite, [second, attack, reply]);
    const sent = await game.resolveBatch(later);
    await expect(sent).to.emit(game, "GameResolved").withArgs(headerHash(later), 2n, actors.third.address);
    await expect(sent).to.emit(chain, "DisputeClosed").withArgs(2n, headerHash(later));
    await expect(sent).not.to.emit(chain, "BatchesReverted");
    expect(await chain.heads()).to.deep.equal([2n, 0n]);
    expect(await registry.rewardOf(actors.third)).to.equal(0n);
    expect(await registry.bondOf(actors.second)).to.equal(suite.parameters.sequencerBond);
    expect(await game.creditOf(actors.third)).to.equal(await bondsLess(suite, [1, 2, 3], 4));

    await nextBlockAt(suite, replacement2.finalizesAt);
    await chain.finalize([replacement, replacement2]);
  });

  it("ends the later of two games first just as well", async () => {
    const suite = world();
    const { game, chain, registry, actors } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    await registry.connect(actors.second).register({ value: suite.parameters.sequencerBond });
    await suite.connection.networkHelpers.time.increase(suite.parameters.permissionlessDelay);
    const later = await postFalseBatch(suite, header, actors.second);
    const laterTruth = await truthOf(suite, later);
    const first = await counterBatch(suite, header, truth, honest, actors.alice);
    const second = await counterBatch(suite, later, laterTruth, laterTruth.stateAt, actors.alice);
    await passGame(suite, later);
    await resolve(suite, [first, second]);
    await game.resolveBatch(later);
    expect(await chain.heads()).to.deep.equal([1n, 0n]);
    await game.resolveBatch(header);
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
    expect(await registry.rewardOf(actors.alice)).to.equal(suite.parameters.sequencerBond);
    expect(await chain.openDisputes()).to.equal(0n);
  });

  it("is for the judge that the batch was posted under, also after the chain has another", async () => {
    const suite = world();
    const { game, chain, actors, connection } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const first = await counterBatch(suite, header, truth, honest, actors.alice);

    const successor = await new StateCommitmentChain__factory(actors.deployer).deploy({
      ...suite.parameters,
      inbox: suite.bridge,
      registry: suite.registry,
      dataAvailability: suite.dataAvailability,
      resolver: actors.third,
    });
    // What an upgrade after its delay does.
    await connection.networkHelpers.setStorageAt(
      await chain.getAddress(),
      IMPLEMENTATION_SLOT,
      await successor.getAddress(),
    );
    const next = await postBatch(suite, header);
    expect([header.resolver, next.resolver]).to.deep.equal([await game.getAddress(), actors.third.address]);

    await expect(chain.connect(actors.third).revertBatches(header, actors.third))
      .to.be.revertedWithCustomError(chain, "ChainUnauthorized")
      .withArgs(actors.third.address, header.resolver);
    const nextTruth = await truthOf(suite, next);
    await expect(counterBatch(suite, next, nextTruth, nextTruth.stateAt, actors.alice))
      .to.be.revertedWithCustomError(game, "DisputeNotResolver")
      .withArgs(actors.third.address);
    await passGame(suite, header);
    await resolve(suite, [first]);
    await game.resolveBatch(header);
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
  });
});
