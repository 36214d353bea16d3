import { expect } from "chai";
import { ZeroHash } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import {
  answer,
  atClosing,
  type Claim,
  counter,
  counterBatch,
  type GameWorld,
  lieFrom,
  listOf,
  passGame,
  playDown,
  postedAt,
  resolve,
  sceneOf,
  sendCounter,
  useGame,
} from "../../support/dispute.js";
import { nextBlockAt } from "../../support/world.js";

describe("DisputeGame.counter", () => {
  const world = useGame();

  /** A false batch that alice countered, so bob is to answer. */
  async function opened(suite: GameWorld) {
    const scene = await sceneOf(suite, "false");
    const first = await counterBatch(suite, scene.header, scene.truth, scene.honest, suite.actors.alice);
    return { ...scene, first, newList: listOf(suite, scene.lie, 2, 0n) };
  }

  it("makes a claim one level deeper", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, lie } = await opened(suite);
    const second = await counter(suite, first, lie, actors.bob, 3);

    const { index, start, listHash } = second.claim;
    expect([index, start]).to.deep.equal([3n, first.list[2]]);
    await expect(second.sent)
      .to.emit(game, "ClaimMade")
      .withArgs(second.id, first.id, actors.bob.address, [first.id, 3n, first.list[2], listHash], second.list);
    const bond = await game.bond(2n);
    await expect(second.sent).to.changeEtherBalances(suite.connection.ethers, [actors.bob, game], [-bond, bond]);
    const [at, before] = [await postedAt(second), await postedAt(first)];
    expect(await game.claimState(second.id)).to.deep.equal([actors.bob.address, at, at - before, 2n, 0n, 0n, false]);
    expect((await game.claimState(first.id)).openChildren).to.equal(1n);
  });

  it("takes the first segment from the claim's start, the last one from its last state but one", async () => {
    const suite = world();
    const { first, lie } = await opened(suite);
    expect((await counter(suite, first, lie, suite.actors.bob, 0)).claim.start).to.equal(first.claim.start);
    expect((await counter(suite, first, lie, suite.actors.bob, 15)).claim.start).to.equal(first.list[14]);
  });

  it("knows only claims that were made, to the last bit", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, newList, truth } = await opened(suite);
    const { claim } = first;
    const forged: Claim["claim"][] = [
      { ...claim, parent: claim.start },
      { ...claim, index: 1n },
      { ...claim, index: 1n << 255n },
      { ...claim, start: claim.parent },
      { ...claim, listHash: claim.parent },
      { parent: ZeroHash as Hex, index: 0n, start: ZeroHash as Hex, listHash: ZeroHash as Hex },
    ];
    for (const other of forged) {
      await expect(sendCounter(suite, { ...first, claim: other }, 0, newList, actors.bob))
        .to.be.revertedWithCustomError(game, "DisputeUnknownClaim")
        .withArgs(await game.claimId(other));
    }
    // What was not made yet.
    const planned = answer(suite, first, 0, newList, actors.bob);
    await expect(sendCounter(suite, planned, 0, listOf(suite, truth.stateAt, 3, 0n), actors.alice))
      .to.be.revertedWithCustomError(game, "DisputeUnknownClaim")
      .withArgs(planned.id);
  });

  it("wants the claim's list", async () => {
    const suite = world();
    const { first, newList } = await opened(suite);
    const { list, claim } = first;
    const wrong = [[], list.slice(1), [...list, ...list.slice(0, 1)], newList, list.with(7, claim.start)];
    for (const other of wrong) {
      await expect(sendCounter(suite, { ...first, list: other }, 0, newList, suite.actors.bob))
        .to.be.revertedWithCustomError(suite.game, "DisputeListMismatch")
        .withArgs(claim.listHash, (found: unknown) => found !== claim.listHash);
    }
  });

  it("wants the index of a state, with all its bits", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, newList } = await opened(suite);
    const value = await game.bond(2n);
    for (const index of [16n, 17n, 256n, 1n << 32n, 1n << 64n, 1n << 255n, (1n << 256n) - 1n]) {
      await expect(game.connect(actors.bob).counter(first.claim, first.list, index, newList, { value }))
        .to.be.revertedWithCustomError(game, "DisputeIndexOutOfRange")
        .withArgs(index, 16n);
    }
  });

  it("wants a list of k states that ends differently", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, newList, honest } = await opened(suite);
    for (const wrong of [[], newList.slice(1), [...newList, ...newList.slice(0, 1)]]) {
      await expect(sendCounter(suite, first, 0, wrong, actors.bob))
        .to.be.revertedWithCustomError(game, "DisputeListLength")
        .withArgs(16n, BigInt(wrong.length));
    }
    await expect(sendCounter(suite, first, 0, listOf(suite, honest, 2, 0n), actors.bob))
      .to.be.revertedWithCustomError(game, "DisputeSameEnd")
      .withArgs(first.list[0]);
  });

  it("wants exactly the bond of its depth", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, newList } = await opened(suite);
    const bond = await game.bond(2n);
    for (const value of [0n, bond - 1n, bond + 1n, await game.bond(1n), await game.bond(3n)]) {
      await expect(game.connect(actors.bob).counter(first.claim, first.list, 0, newList, { value }))
        .to.be.revertedWithCustomError(game, "DisputeWrongBond")
        .withArgs(bond, value);
    }
  });

  it("takes a claim once, but the same list against another state", async () => {
    const suite = world();
    const { first, newList } = await opened(suite);
    const { id } = answer(suite, first, 2, newList, suite.actors.bob);
    await sendCounter(suite, first, 2, newList, suite.actors.bob);
    await expect(sendCounter(suite, first, 2, newList, suite.actors.second))
      .to.be.revertedWithCustomError(suite.game, "DisputeClaimExists")
      .withArgs(id);
    await sendCounter(suite, first, 3, newList, suite.actors.second);
    expect((await suite.game.claimState(first.id)).openChildren).to.equal(2n);
  });

  it("goes down to the last level, and no deeper", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, honest, lie } = await opened(suite);
    const [alice, bob] = [
      { trace: honest, by: actors.alice },
      { trace: lie, by: actors.bob },
    ];
    const claims = await playDown(suite, first, bob, alice);
    const [last] = claims.slice(-1);
    if (last === undefined) throw new Error("no claim");
    expect((await game.claimState(last.id)).depth).to.equal(10n);
    await expect(sendCounter(suite, last, 0, listOf(suite, honest, 10, 0n), actors.alice))
      .to.be.revertedWithCustomError(game, "DisputeClaimIsStep")
      .withArgs(last.id);
  });

  describe("clocks", () => {
    it("a claim can be countered until the second before it closes", async () => {
      const suite = world();
      const { first, newList } = await opened(suite);
      await atClosing(suite, first, -1n);
      await sendCounter(suite, first, 0, newList, suite.actors.bob);
    });

    it("a claim cannot be countered from the second in which it closes", async () => {
      const suite = world();
      const { first, newList } = await opened(suite);
      const closesAt = await suite.game.closesAt(first.claim);
      expect(closesAt).to.equal((await postedAt(first)) + suite.clock);
      await atClosing(suite, first);
      await expect(sendCounter(suite, first, 0, newList, suite.actors.bob))
        .to.be.revertedWithCustomError(suite.game, "DisputeClaimClosed")
        .withArgs(first.id, closesAt);
    });

    it("each line has one clock, which runs while the other side's claim is unanswered", async () => {
      const suite = world();
      const { game, actors, clock } = suite;
      const { first, honest, lie } = await opened(suite);
      // alice's second claim takes 1,000 seconds; bob's take 50,000 and 60,000.
      const at = await postedAt(first);
      await nextBlockAt(suite, at + 50_000n);
      const second = await counter(suite, first, lie, actors.bob);
      await nextBlockAt(suite, at + 51_000n);
      const third = await counter(suite, second, honest, actors.alice);
      await nextBlockAt(suite, at + 111_000n);
      const fourth = await counter(suite, third, lie, actors.bob);

      const used = await Promise.all([first, second, third, fourth].map(({ id }) => game.claimState(id)));
      expect(used.map((state) => state.used)).to.deep.equal([0n, 50_000n, 1_000n, 110_000n]);
      expect(await game.closesAt(second.claim)).to.equal(at + 50_000n + clock);
      expect(await game.closesAt(third.claim)).to.equal(at + 51_000n + clock - 50_000n);
      expect(await game.closesAt(fourth.claim)).to.equal(at + 111_000n + clock - 1_000n);
    });

    it("whoever has used up his clock has the extension, and no second more is counted", async () => {
      const suite = world();
      const { game, actors, clock, extension } = suite;
      const { first, honest, lie } = await opened(suite);
      const at = await postedAt(first);
      await nextBlockAt(suite, at + clock - 1n);
      const second = await counter(suite, first, lie, actors.bob);
      const third = await counter(suite, second, honest, actors.alice);
      // bob has a second left, so the extension.
      const closesAt = (await postedAt(third)) + extension;
      expect(await game.closesAt(third.claim)).to.equal(closesAt);
      await nextBlockAt(suite, closesAt - 1n);
      const fourth = await counter(suite, third, lie, actors.bob);
      expect((await game.claimState(fourth.id)).used).to.equal(clock);
      const fifth = await counter(suite, fourth, honest, actors.alice);
      expect(await game.closesAt(fifth.claim)).to.equal((await postedAt(fifth)) + extension);
    });

    it("the extension begins where exactly that much of the clock is left", async () => {
      const suite = world();
      const { game, actors, clock, extension } = suite;
      const { first, honest, lie } = await opened(suite);
      const at = await postedAt(first);
      for (const left of [extension + 1n, extension, extension - 1n]) {
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        await nextBlockAt(suite, at + clock - left);
        const second = await counter(suite, first, lieFrom(lie, 6n, `${left}`), actors.bob);
        const third = await counter(suite, second, honest, actors.alice);
        const allowance = left > extension ? left : extension;
        expect(await game.closesAt(third.claim)).to.equal((await postedAt(third)) + allowance);
        await snapshot.restore();
      }
    });

    it("answers on one branch do not cost time on another", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { first, honest, lie } = await opened(suite);
      const at = await postedAt(first);
      await nextBlockAt(suite, at + 70_000n);
      const late = await counter(suite, first, lie, actors.bob, 5);
      const early = await counter(suite, first, lie, actors.bob, 4);
      await nextBlockAt(suite, at + 90_000n);
      const answerToLate = await counter(suite, late, honest, actors.alice);
      const answerToEarly = await counter(suite, early, honest, actors.second);
      for (const claim of [answerToLate, answerToEarly]) {
        expect((await game.claimState(claim.id)).used).to.be.within(19_990n, 20_010n);
      }
    });

    it("no line of claims outlives the bound, however late each claim comes", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "false");
      await nextBlockAt(suite, header.finalizesAt - 1n);
      let last: Claim = await counterBatch(suite, header, truth, honest, actors.alice);
      while (last.depth < suite.levels) {
        await atClosing(suite, last, -1n);
        const isHonest = last.depth % 2 === 0;
        last = await counter(suite, last, isHonest ? honest : lie, isHonest ? actors.alice : actors.bob);
      }
      const bound = header.finalizesAt + (await game.maxDuration());
      const closesAt = await game.closesAt(last.claim);
      expect(closesAt).to.be.at.most(bound);
      // One second is lost per claim; the two clocks are used up first, then every claim has the extension.
      expect(closesAt).to.be.above(bound - 3n * suite.extension);
    });
  });

  it("moves no resolved claim", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, first, newList, lie } = await opened(suite);
    const second = await counter(suite, first, lie, actors.bob);
    await passGame(suite, header);
    await resolve(suite, [first, second]);
    for (const claim of [first, second]) {
      await expect(sendCounter(suite, claim, 0, newList, actors.bob))
        .to.be.revertedWithCustomError(game, "DisputeClaimIsResolved")
        .withArgs(claim.id);
    }
  });
});

describe("DisputeGame.counter where the clock is no longer than the extension", () => {
  const world = useGame({ clock: 3_600n, extension: 3_600n });

  it("gives every claim the extension", async () => {
    const suite = world();
    const { header, truth, honest, lie } = await sceneOf(suite, "false");
    let last = await counterBatch(suite, header, truth, honest, suite.actors.alice);
    for (let i = 0; i < 4; i++) {
      expect(await suite.game.closesAt(last.claim)).to.equal((await postedAt(last)) + 3_600n);
      await atClosing(suite, last, -1n);
      last = await counter(suite, last, i % 2 === 0 ? lie : honest, suite.actors.bob);
    }
  });
});
