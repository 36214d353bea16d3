import { expect } from "chai";
import { ZeroAddress } from "ethers";

import {
  answer,
  answerBatch,
  atClosing,
  bondsLess,
  type Claim,
  counter,
  counterBatch,
  type GameWorld,
  inOneBlock,
  lieFrom,
  listOf,
  passGame,
  playDown,
  resolve,
  sceneOf,
  sendCounter,
  step,
  useGame,
} from "../../support/dispute.js";
import { nextBlockAt } from "../../support/world.js";

const [OPEN, STANDING, REFUTED] = [0n, 1n, 2n];

describe("DisputeGame.resolve", () => {
  const world = useGame();

  /** A true batch that bob countered, with alice's true answer. */
  async function attacked(suite: GameWorld) {
    const scene = await sceneOf(suite, "true");
    const first = await counterBatch(suite, scene.header, scene.truth, scene.lie, suite.actors.bob);
    return { ...scene, first };
  }

  const statusOf = async ({ game }: GameWorld, { id }: Claim): Promise<bigint> => (await game.claimState(id)).status;

  it("gives back the bond of a claim that nobody countered, without tips", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, header } = await attacked(suite);
    const bond = await bondsLess(suite, [1], 2);
    await atClosing(suite, first);
    await expect(resolve(suite, [first]))
      .to.emit(game, "ClaimResolved")
      .withArgs(first.id, false, actors.bob.address, bond);
    expect(await statusOf(suite, first)).to.equal(STANDING);
    expect(await game.creditOf(actors.bob)).to.equal(bond);
    expect(await game.winnerOf(first.claim.parent)).to.equal(actors.bob.address);
    expect((await game.claimState(first.claim.parent)).openChildren).to.equal(0n);
    expect(header.index).to.equal(1n);
  });

  it("gives the bond of a claim to whose counter stands", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { first, honest } = await attacked(suite);
    const second = await counter(suite, first, honest, actors.alice);
    await atClosing(suite, second);
    await resolve(suite, [second, first]);
    expect([await statusOf(suite, second), await statusOf(suite, first)]).to.deep.equal([STANDING, REFUTED]);
    expect(await game.creditOf(actors.alice)).to.equal(await bondsLess(suite, [1, 2], 3));
    expect(await game.creditOf(actors.bob)).to.equal(0n);
    expect(await game.winnerOf(first.claim.parent)).to.equal(ZeroAddress);
  });

  it("is possible in the second in which a claim closes, not before", async () => {
    const suite = world();
    const { first } = await attacked(suite);
    const closesAt = await suite.game.closesAt(first.claim);
    await atClosing(suite, first, -1n);
    await expect(resolve(suite, [first]))
      .to.be.revertedWithCustomError(suite.game, "DisputeClaimOpen")
      .withArgs(first.id, closesAt);
    await atClosing(suite, first);
    await resolve(suite, [first]);
  });

  it("knows only claims that were made", async () => {
    const suite = world();
    const { header, truth, first, lie } = await attacked(suite);
    const other = answerBatch(header, truth, listOf(suite, lieFrom(lie, 1n, "another"), 1, 0n), suite.actors.bob);
    const child = answer(suite, first, 0, listOf(suite, lie, 2, 0n), suite.actors.bob);
    await passGame(suite, header);
    for (const claim of [other, child]) {
      await expect(resolve(suite, [claim]))
        .to.be.revertedWithCustomError(suite.game, "DisputeUnknownClaim")
        .withArgs(claim.id);
    }
  });

  it("wants the children before their parent", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, first, honest, lie } = await attacked(suite);
    const second = await counter(suite, first, honest, actors.alice);
    const another = await counter(suite, first, lieFrom(lie, 6n, "third"), actors.third, 3);
    await passGame(suite, header);
    for (const [order, count] of [
      [[first], 2n],
      [[first, second, another], 2n],
      [[second, first], 1n],
    ] as const) {
      await expect(game.resolve(order.map(({ claim }) => claim)))
        .to.be.revertedWithCustomError(game, "DisputeChildrenOpen")
        .withArgs(first.id, count);
    }
    expect(await statusOf(suite, second)).to.equal(OPEN);
    await game.resolve([second, another, first].map(({ claim }) => claim));
  });

  it("passes over what is resolved, so that nobody stops a list by resolving a part of it", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, first, honest } = await attacked(suite);
    const second = await counter(suite, first, honest, actors.alice);
    await passGame(suite, header);
    await resolve(suite, [second]);
    await resolve(suite, [second, first, second, first]);
    expect(await game.creditOf(actors.alice)).to.equal(await bondsLess(suite, [1, 2], 3));
    await resolve(suite, []);
  });

  it("passes over what a step refuted", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, truth, honest, lie, first } = await attacked(suite);
    const second = await counter(suite, first, honest, actors.alice);
    const claims = await playDown(
      suite,
      second,
      { trace: lie, by: actors.bob },
      { trace: honest, by: actors.alice },
      9,
    );
    const ninth = claims.at(-1);
    if (ninth === undefined) throw new Error("no claims");
    // alice's true claim of the last level, and bob's false one beside it.
    const mine = await counter(suite, ninth, honest, actors.alice);
    const his = await counter(suite, ninth, lieFrom(honest, 2n, "his"), actors.bob, 0);
    await step(suite, his, truth, actors.alice);
    await passGame(suite, header);
    await resolve(suite, [mine, his, ...claims, first]);
    expect(await game.creditOf(actors.bob)).to.equal(0n);
    const locked = await suite.connection.ethers.provider.getBalance(game);
    expect(await game.creditOf(actors.alice)).to.equal(locked - 11n * (await game.tip()));
  });

  describe("of several claims that stand against one", () => {
    /** Claims by different actors against bob's, at these indices, each another list. */
    async function siblings(suite: GameWorld, indices: number[]) {
      const scene = await attacked(suite);
      const by = [suite.actors.alice, suite.actors.second, suite.actors.third, suite.actors.upgrader];
      const claims: Claim[] = [];
      for (const [i, index] of indices.entries()) {
        const claimant = by[i];
        if (claimant === undefined) throw new Error("too many");
        claims.push(await counter(suite, scene.first, lieFrom(scene.honest, 1n, `sibling ${i}`), claimant, index));
      }
      return { ...scene, claims };
    }

    it("the one of the lowest index wins, in whatever order they were made and resolve", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, first, claims } = await siblings(suite, [9, 15, 2, 7]);
      await passGame(suite, header);
      const orders = [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [2, 0, 3, 1],
      ];
      for (const order of orders) {
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        await game.resolve(order.flatMap((i) => claims[i]?.claim ?? []));
        expect(await game.winnerOf(first.id)).to.equal(actors.third.address);
        await resolve(suite, [first]);
        expect(await game.creditOf(actors.third)).to.equal(await bondsLess(suite, [1, 2], 3));
        // Those that stand beside the winner have their bonds back without the tip, and no more.
        for (const other of [actors.alice, actors.second, actors.upgrader]) {
          expect(await game.creditOf(other)).to.equal(await bondsLess(suite, [2], 1));
        }
        expect(await game.creditOf(actors.bob)).to.equal(0n);
        await snapshot.restore();
      }
    });

    it("the earlier wins among those of one index, in whatever order they resolve", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, first, claims } = await siblings(suite, [4, 4, 4]);
      await passGame(suite, header);
      for (const order of [claims, [...claims].reverse()]) {
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        await game.resolve(order.map(({ claim }) => claim));
        expect(await game.winnerOf(first.id)).to.equal(actors.alice.address);
        await snapshot.restore();
      }
    });

    it("the smaller id wins among those of one index and one second, in whatever order they resolve", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, first, honest } = await attacked(suite);
      const by = [actors.alice, actors.second, actors.third];
      const lists = by.map(({ address }) => listOf(suite, lieFrom(honest, 1n, address), 2, 0n));
      await inOneBlock(
        suite,
        by.map((claimant, i) => () => sendCounter(suite, first, 0, lists[i] ?? [], claimant)),
      );
      const claims = by.map((claimant, i) => answer(suite, first, 0, lists[i] ?? [], claimant));
      const states = await Promise.all(claims.map(({ id }) => game.claimState(id)));
      expect(new Set(states.map((state) => state.postedAt)).size).to.equal(1);

      const [smallest] = [...claims].sort((a, b) => (a.id < b.id ? -1 : 1));
      await passGame(suite, header);
      for (const order of [claims, [...claims].reverse()]) {
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        await game.resolve(order.map(({ claim }) => claim));
        expect(await game.winnerOf(first.id)).to.equal(await smallest?.claimant.getAddress());
        await snapshot.restore();
      }
    });

    it("one that is refuted does not win, though its index is lower", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, first, honest, claims } = await siblings(suite, [2, 9]);
      const [low, high] = claims;
      if (low === undefined || high === undefined) throw new Error("two claims");
      const against = await counter(suite, low, honest, actors.alice);
      await passGame(suite, header);
      await resolve(suite, [against, low, high, first]);
      expect(await game.winnerOf(first.id)).to.equal(actors.second.address);
      expect(await game.creditOf(actors.second)).to.equal(await bondsLess(suite, [1, 2], 3));
    });
  });

  it("pays no bond twice and keeps none, in a wide game", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, first, honest, lie } = await attacked(suite);
    const claims: Claim[] = [first];
    const by = [actors.alice, actors.second, actors.third];
    for (const [i, claimant] of by.entries()) {
      const child = await counter(suite, first, i === 0 ? honest : lieFrom(lie, 9n, `${i}`), claimant, 3 * i);
      claims.push(child);
      for (const [j, other] of by.entries()) {
        claims.push(await counter(suite, child, lieFrom(lie, 9n, `${i} ${j}`), other, 2 * j));
      }
    }
    const provider = suite.connection.ethers.provider;
    const locked = await provider.getBalance(game);
    await nextBlockAt(suite, header.finalizesAt + (await game.maxDuration()));
    await resolve(suite, claims);
    await game.resolveBatch(header);
    let credits = 0n;
    for (const account of [...by, actors.bob, actors.resolver]) {
      credits += await game.creditOf(account);
      if ((await game.creditOf(account)) > 0n) await game.connect(account).claimCredit(account);
    }
    expect(credits).to.equal(locked);
    expect(await provider.getBalance(game)).to.equal(0n);
  });
});
