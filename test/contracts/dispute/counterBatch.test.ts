import { expect } from "chai";
import { concat, dataSlice, ZeroAddress } from "ethers";

import type { BatchHeader, Hex } from "../../../plugin/types.js";
import { postBatches } from "../../support/batches.js";
import {
  answerBatch,
  counterBatch,
  lieFrom,
  listOf,
  passGame,
  postFalseBatch,
  resolve,
  sceneOf,
  sendCounterBatch,
  truthOf,
  useGame,
} from "../../support/dispute.js";
import { headerHash } from "../../support/protocol.js";
import { timestampOf } from "../../support/suite.js";
import { nextBlockAt } from "../../support/world.js";

describe("DisputeGame.counterBatch", () => {
  const world = useGame();

  it("opens the game with the first claim", async () => {
    const suite = world();
    const { game, chain, actors } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const hash = headerHash(header);
    const first = await counterBatch(suite, header, truth, honest, actors.alice);

    const { parent, index, start, listHash } = first.claim;
    await expect(first.sent).to.emit(game, "GameOpened").withArgs(hash, 1n);
    await expect(first.sent).to.emit(chain, "DisputeOpened").withArgs(1n, hash);
    await expect(first.sent)
      .to.emit(game, "ClaimMade")
      .withArgs(first.id, hash, actors.alice.address, [parent, index, start, listHash], first.list);
    await expect(first.sent).to.changeEtherBalances(
      suite.connection.ethers,
      [actors.alice, game],
      [-(await game.bond(1n)), await game.bond(1n)],
    );
    const at = await timestampOf(first.sent);
    expect(await game.claimState(first.id)).to.deep.equal([actors.alice.address, at, 0n, 1n, 0n, 0n, false]);
    expect(await game.claimState(hash)).to.deep.equal([header.submitter, header.timestamp, 0n, 0n, 1n, 0n, false]);
    expect(await game.closesAt(first.claim)).to.equal(at + suite.clock);
    expect(await game.claimId(first.claim)).to.equal(first.id);
  });

  it("takes more claims against the same batch", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    await counterBatch(suite, header, truth, honest, actors.alice);
    for (const [i, by] of [actors.bob, actors.second, actors.third].entries()) {
      const next = await counterBatch(suite, header, truth, lieFrom(honest, 6n, by.address), by);
      await expect(next.sent).to.emit(game, "ClaimMade").and.not.to.emit(game, "GameOpened");
      expect((await game.claimState(headerHash(header))).openChildren).to.equal(BigInt(i + 2));
    }
  });

  it("judges only batches that name it", async () => {
    const suite = world();
    const { header, honest } = await sceneOf(suite, "false");
    for (const resolver of [ZeroAddress, suite.actors.alice.address] as Hex[]) {
      await expect(sendCounterBatch(suite, { ...header, resolver }, listOf(suite, honest, 1, 0n), suite.actors.alice))
        .to.be.revertedWithCustomError(suite.game, "DisputeNotResolver")
        .withArgs(resolver);
    }
  });

  it("judges only batches of its chain that are pending", async () => {
    const suite = world();
    const { game, chain, actors, genesis } = suite;
    const { header, honest } = await sceneOf(suite, "false");
    const list = listOf(suite, honest, 1, 0n);
    const send = (other: Partial<BatchHeader>) => sendCounterBatch(suite, { ...header, ...other }, list, actors.alice);
    // A batch of another chain may name this game, but stands on another parent.
    await expect(send({ parentHash: headerHash(header) })).to.be.revertedWithCustomError(chain, "ChainHeaderMismatch");
    await expect(send({ finalizesAt: header.finalizesAt + 1n })).to.be.revertedWithCustomError(
      chain,
      "ChainHeaderMismatch",
    );
    await expect(send({ index: 2n })).to.be.revertedWithCustomError(chain, "ChainNotPending");
    await expect(send({ ...genesis, resolver: header.resolver, finalizesAt: header.finalizesAt }))
      .to.be.revertedWithCustomError(chain, "ChainNotPending")
      .withArgs(0n, 0n, 1n);
    expect(await suite.connection.ethers.provider.getBalance(game)).to.equal(0n);
  });

  it("ends when the batch could become final", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, truth, honest, lie } = await sceneOf(suite, "false");
    await nextBlockAt(suite, header.finalizesAt - 1n);
    await counterBatch(suite, header, truth, honest, actors.alice);

    await nextBlockAt(suite, header.finalizesAt);
    await expect(sendCounterBatch(suite, header, listOf(suite, lie, 1, 0n), actors.bob))
      .to.be.revertedWithCustomError(game, "DisputeClaimClosed")
      .withArgs(headerHash(header), header.finalizesAt);
  });

  it("does not begin when the batch could become final", async () => {
    const suite = world();
    const { header, honest } = await sceneOf(suite, "false");
    await nextBlockAt(suite, header.finalizesAt);
    await expect(sendCounterBatch(suite, header, listOf(suite, honest, 1, 0n), suite.actors.alice))
      .to.be.revertedWithCustomError(suite.game, "DisputeClaimClosed")
      .withArgs(headerHash(header), header.finalizesAt);
  });

  it("wants one list of k states", async () => {
    const suite = world();
    const { header, honest } = await sceneOf(suite, "false");
    const list = listOf(suite, honest, 1, 0n);
    for (const wrong of [[], list.slice(1), [...list, ...list.slice(0, 1)], [...list, ...list]]) {
      await expect(sendCounterBatch(suite, header, wrong, suite.actors.alice))
        .to.be.revertedWithCustomError(suite.game, "DisputeListLength")
        .withArgs(16n, BigInt(wrong.length));
    }
  });

  it("wants another end than the batch's", async () => {
    const suite = world();
    const { header, truth, honest } = await sceneOf(suite, "true");
    await expect(sendCounterBatch(suite, header, listOf(suite, honest, 1, 0n), suite.actors.alice))
      .to.be.revertedWithCustomError(suite.game, "DisputeSameEnd")
      .withArgs(truth.stateAt(truth.steps));
  });

  it("wants exactly the bond", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, honest } = await sceneOf(suite, "false");
    const bond = await game.bond(1n);
    for (const value of [0n, bond - 1n, bond + 1n, 2n * bond]) {
      await expect(game.connect(actors.alice).counterBatch(header, listOf(suite, honest, 1, 0n), { value }))
        .to.be.revertedWithCustomError(game, "DisputeWrongBond")
        .withArgs(bond, value);
    }
  });

  it("takes a claim once, whoever makes it", async () => {
    const suite = world();
    const { header, truth, honest } = await sceneOf(suite, "false");
    const { id } = await counterBatch(suite, header, truth, honest, suite.actors.alice);
    for (const by of [suite.actors.alice, suite.actors.bob]) {
      await expect(sendCounterBatch(suite, header, listOf(suite, honest, 1, 0n), by))
        .to.be.revertedWithCustomError(suite.game, "DisputeClaimExists")
        .withArgs(id);
    }
  });

  it("takes no more claims against a batch that fell with an earlier one", async () => {
    const suite = world();
    const { game, chain, actors, genesis } = suite;
    const { header: bad, truth, honest } = await sceneOf(suite, "false");
    await suite.connection.networkHelpers.time.increase(suite.parameters.challengeWindow - 10n);
    const first = await counterBatch(suite, bad, truth, honest, actors.alice);
    // The bad batch's game ends while the window of the later one is open.
    await nextBlockAt(suite, (await game.closesAt(first.claim)) - 20n);
    const later = await postFalseBatch(suite, bad);
    const laterTruth = await truthOf(suite, later);
    await counterBatch(suite, later, laterTruth, laterTruth.stateAt, actors.alice);
    await suite.connection.networkHelpers.time.increase(20n);
    await resolve(suite, [first]);
    await expect(game.resolveBatch(bad)).to.emit(chain, "BatchesReverted").withArgs(1n, 2n, headerHash(genesis));

    const lie = listOf(suite, lieFrom(honest, 6n), 1, 0n);
    await expect(sendCounterBatch(suite, later, lie, actors.bob))
      .to.be.revertedWithCustomError(game, "DisputeNotPending")
      .withArgs(2n, headerHash(later));
  });

  it("drops no bit of the header", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, honest } = await sceneOf(suite, "false");
    const data = game.interface.encodeFunctionData("counterBatch", [header, listOf(suite, honest, 1, 0n)]);
    const value = await game.bond(1n);
    // The fifteen words of the header follow the selector. The first nine hold less than 256 bits.
    for (let i = 0; i < 9; i++) {
      const at = 4 + 32 * i;
      const dirty = concat([dataSlice(data, 0, at), "0x01", dataSlice(data, at + 1)]);
      await expect(actors.alice.sendTransaction({ to: game, data: dirty, value }), `word ${i}`).to.revert(
        suite.connection.ethers,
      );
    }
    await actors.alice.sendTransaction({ to: game, data, value });
  });

  it("says the batch's own start and end, for any input", async () => {
    const suite = world();
    const [, second, third] = await postBatches(suite, suite.genesis, 3);
    if (second === undefined || third === undefined) throw new Error("three batches");
    for (const header of [second, third]) {
      const truth = await truthOf(suite, header);
      const { id } = await counterBatch(suite, header, truth, truth.stateAt, suite.actors.alice);
      expect((await suite.game.claimState(id)).claimant).to.equal(suite.actors.alice.address);
      expect(answerBatch(header, truth, listOf(suite, truth.stateAt, 1, 0n), suite.actors.alice).id).to.equal(id);
    }
  });

  it("opens no second game about a batch", async () => {
    const suite = world();
    const { game, chain, actors } = suite;
    const { header, truth, lie } = await sceneOf(suite, "true");
    const first = await counterBatch(suite, header, truth, lie, actors.bob);
    await passGame(suite, header);
    await resolve(suite, [first]);
    await game.resolveBatch(header);
    await expect(sendCounterBatch(suite, header, listOf(suite, lieFrom(lie, 7n, "more"), 1, 0n), actors.bob))
      .to.be.revertedWithCustomError(game, "DisputeClaimClosed")
      .withArgs(headerHash(header), header.finalizesAt);
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
  });
});
