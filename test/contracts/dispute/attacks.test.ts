import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import {
  answer,
  bondsLess,
  type Claim,
  counter,
  counterBatch,
  type GameWorld,
  lieFrom,
  listOf,
  passGame,
  playDown,
  postedAt,
  postFalseBatch,
  resolve,
  sceneOf,
  sendCounter,
  spacing,
  step,
  truthOf,
  useGame,
} from "../../support/dispute.js";
import { gasOf } from "../../support/gas.js";
import { headerHash } from "../../support/protocol.js";
import { nextBlockAt } from "../../support/world.js";

describe("DisputeGame under attack", () => {
  const world = useGame();

  const balanceOf = ({ connection, game }: GameWorld): Promise<bigint> => connection.ethers.provider.getBalance(game);

  describe("of those who live on others' work", () => {
    it("a false claim beside the true one takes nothing, also of a lower index", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      // bob's claim is false from its state 5 on.
      const from = 5n * spacing(suite, 1) + 1n;
      const first = await counterBatch(suite, header, truth, lieFrom(honest, from), actors.bob);
      const riders = [
        await counter(suite, first, lieFrom(lie, 6n, "rider 1"), actors.second, 0),
        await counter(suite, first, lieFrom(lie, 6n, "rider 2"), actors.third, 5),
      ];
      const mine = await counter(suite, first, honest, actors.alice);
      expect(mine.claim.index).to.equal(5n);
      const answers = [];
      for (const rider of riders) answers.push(await counter(suite, rider, honest, actors.alice));
      await passGame(suite, header);
      await resolve(suite, [first, ...riders, mine, ...answers]);
      await game.resolveBatch(header);
      for (const liar of [actors.bob, actors.second, actors.third]) expect(await game.creditOf(liar)).to.equal(0n);
      expect(await game.creditOf(actors.alice)).to.equal((await balanceOf(suite)) - 7n * (await game.tip()));
    });

    it("a claim from a state that nobody ever reached takes nothing, though nobody answers it", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      // bob and a friend play below his own lie; the friend was there first.
      const offTrace = await counter(suite, first, lieFrom(honest, 6n, "friend"), actors.second, 7);
      const deeper = await counter(suite, offTrace, lie, actors.bob, 3);
      const mine = await counter(suite, first, honest, actors.alice);
      expect(mine.claim.index).to.equal(0n);
      await passGame(suite, header);
      await resolve(suite, [deeper, offTrace, mine, first]);
      expect(await game.winnerOf(first.id)).to.equal(actors.alice.address);
      expect(await game.creditOf(actors.alice)).to.equal(await bondsLess(suite, [1, 2], 3));
    });

    it("a standing claim beside a better one has its bond back without the tip, and nothing more", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      const offTrace = await counter(suite, first, lieFrom(honest, 6n, "friend"), actors.second, 7);
      const mine = await counter(suite, first, honest, actors.alice);
      await passGame(suite, header);
      await resolve(suite, [offTrace, mine, first]);
      expect(await game.creditOf(actors.second)).to.equal(await bondsLess(suite, [2], 1));
    });

    it("whoever copies a true move has its reward and its work, and the outcome is the same", async () => {
      const suite = world();
      const { game, chain, registry, actors } = suite;
      const { header, truth, honest } = await sceneOf(suite, "false");
      const first = await counterBatch(suite, header, truth, honest, actors.third);
      await expect(counterBatch(suite, header, truth, honest, actors.alice)).to.be.revertedWithCustomError(
        game,
        "DisputeClaimExists",
      );
      await passGame(suite, header);
      await resolve(suite, [first]);
      await expect(game.resolveBatch(header)).to.emit(chain, "BatchesReverted");
      expect(await registry.rewardOf(actors.third)).to.be.above(0n);
    });

    it("whoever refutes himself has his bonds back without tips, and half of the proposer's is gone", async () => {
      const suite = world();
      const { game, registry, actors, connection } = suite;
      const header = await postFalseBatch(suite, suite.genesis);
      const truth = await truthOf(suite, header);
      const before = await connection.ethers.provider.getBalance(registry);
      const first = await counterBatch(suite, header, truth, truth.stateAt, actors.sequencer);
      await passGame(suite, header);
      await resolve(suite, [first]);
      await game.resolveBatch(header);
      expect(await game.creditOf(actors.sequencer)).to.equal(await bondsLess(suite, [1], 2));
      expect(await connection.ethers.provider.getBalance(registry)).to.equal(before / 2n);
      expect(await registry.rewardOf(actors.sequencer)).to.equal(before / 2n);
    });
  });

  describe("by many claims", () => {
    it("the honest one locks less than the liars, answers each claim once, and takes all but the tips", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest } = await sceneOf(suite, "true");
      const liars = [actors.bob, actors.second, actors.third];
      const claims: Claim[] = [];
      let [locked, attacked] = [0n, 0n];
      for (let i = 0; i < 24; i++) {
        const liar = liars[i % 3] ?? actors.bob;
        const lie = lieFrom(honest, 1n + BigInt(i), `flood ${i}`);
        const attack = await counterBatch(suite, header, truth, lie, liar);
        const reply = await counter(suite, attack, honest, actors.alice);
        // Every third liar goes on.
        const more = i % 3 > 0 ? [] : [await counter(suite, reply, lie, liar)];
        const last = await Promise.all(more.map((claim) => counter(suite, claim, honest, actors.alice)));
        claims.push(attack, reply, ...more, ...last);
        attacked += (await game.bond(1n)) + (more.length > 0 ? await game.bond(3n) : 0n);
        locked += (await game.bond(2n)) + (more.length > 0 ? await game.bond(4n) : 0n);
        expect(locked).to.be.below(attacked);
      }
      await passGame(suite, header);
      await resolve(suite, claims);
      await game.resolveBatch(header);
      const tips = BigInt(claims.length + 1) * (await game.tip());
      expect(await game.creditOf(actors.alice)).to.equal(locked + attacked - tips);
      expect(await balanceOf(suite)).to.equal(locked + attacked);
      for (const liar of liars) expect(await game.creditOf(liar)).to.equal(0n);
    });

    it("resolving a claim costs the same, however many counter it", async () => {
      const suite = world();
      const { actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const [narrow, wide] = [
        await counterBatch(suite, header, truth, lieFrom(lie, 6n, "narrow"), actors.bob),
        await counterBatch(suite, header, truth, lieFrom(lie, 6n, "wide"), actors.bob),
      ];
      const children: Claim[] = [await counter(suite, narrow, honest, actors.alice)];
      for (let i = 0; i < 30; i++) {
        children.push(await counter(suite, wide, lieFrom(honest, 1n, `${i}`), actors.third, i % 16));
      }
      await passGame(suite, header);
      await resolve(suite, children);
      // Both payees have a credit already.
      const [one, thirty] = [await gasOf(await resolve(suite, [narrow])), await gasOf(await resolve(suite, [wide]))];
      expect(Math.abs(one - thirty)).to.be.below(200);
    });

    it("a claim in the last second leaves the honest one its whole clock", async () => {
      const suite = world();
      const { game, actors, clock } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      await nextBlockAt(suite, header.finalizesAt - 1n);
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      const closesAt = await game.closesAt(first.claim);
      expect(closesAt).to.equal(header.finalizesAt - 1n + clock);
      await nextBlockAt(suite, closesAt - 1n);
      const second = await counter(suite, first, honest, actors.alice);
      await passGame(suite, header);
      await resolve(suite, [first, second]);
      await game.resolveBatch(header);
      await suite.chain.finalize([header]);
    });

    it("the whole game is over at the bound, whoever delays every claim to its last second", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      await nextBlockAt(suite, header.finalizesAt - 1n);
      const claims: Claim[] = [await counterBatch(suite, header, truth, lie, actors.bob)];
      for (let last = claims[0]; last !== undefined && last.depth < suite.levels; last = claims.at(-1)) {
        await nextBlockAt(suite, (await game.closesAt(last.claim)) - 1n);
        const isHonest = last.depth % 2 === 1;
        claims.push(await counter(suite, last, isHonest ? honest : lie, isHonest ? actors.alice : actors.bob));
      }
      await nextBlockAt(suite, header.finalizesAt + (await game.maxDuration()));
      await resolve(suite, claims);
      await game.resolveBatch(header);
      await suite.chain.finalize([header]);
    });
  });

  describe("with moves that name the wrong thing", () => {
    it("a move is about the content it was made for, on whatever fork of L1 it lands", async () => {
      const suite = world();
      const { game, actors, connection } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const fork = await connection.networkHelpers.takeSnapshot();
      const orphaned = await counterBatch(suite, header, truth, lie, actors.bob);
      const reply = listOf(suite, honest, 2, 0n);
      await fork.restore();
      const replacement = await counterBatch(suite, header, truth, lieFrom(lie, 6n, "another lie"), actors.bob);
      expect(replacement.id).not.to.equal(orphaned.id);
      await expect(sendCounter(suite, orphaned, 0, reply, actors.alice))
        .to.be.revertedWithCustomError(game, "DisputeUnknownClaim")
        .withArgs(orphaned.id);
    });

    it("nothing stands behind words of zeros", async () => {
      const suite = world();
      const { game, actors, genesis } = suite;
      const zero = ZeroHash as Hex;
      const claim = { parent: zero, index: 0n, start: zero, listHash: zero };
      const list = Array<Hex>(16).fill(zero);
      await expect(game.resolve([claim])).to.be.revertedWithCustomError(game, "DisputeUnknownClaim");
      await expect(game.closesAt(claim))
        .to.be.revertedWithCustomError(game, "DisputeUnknownClaim")
        .withArgs(await game.claimId(claim));
      await expect(
        game.connect(actors.bob).counter(claim, list, 0n, list, { value: await game.bond(1n) }),
      ).to.be.revertedWithCustomError(game, "DisputeUnknownClaim");
      await expect(game.resolveBatch(genesis)).to.be.revertedWithCustomError(game, "DisputeUnknownClaim");
    });

    it("a batch is no claim, and a claim no batch", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      await passGame(suite, header);
      // The four words that would have to hash to the header's hash do not exist; the nearest is a child of it.
      await expect(
        game.resolve([{ ...first.claim, parent: first.id, start: headerHash(header) }]),
      ).to.be.revertedWithCustomError(game, "DisputeUnknownClaim");
      await expect(game.resolveBatch({ ...header, parentHash: first.id })).to.be.revertedWithCustomError(
        game,
        "DisputeUnknownClaim",
      );
      expect(honest(0n)).to.equal(first.claim.start);
    });

    it("a claim of one batch is not one of another", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const other = await postFalseBatch(suite, header);
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      const moved = { ...first, claim: { ...first.claim, parent: headerHash(other) } };
      await expect(
        sendCounter(suite, moved, 0, listOf(suite, honest, 2, 0n), actors.alice),
      ).to.be.revertedWithCustomError(game, "DisputeUnknownClaim");
    });
  });

  describe("at its borders", () => {
    it("the first and the last instruction of 2^40 are disputed like any other", async () => {
      for (const from of [1n, 1n << 40n]) {
        const suite = world();
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        const { header, truth, honest } = await sceneOf(suite, "true");
        const lie = lieFrom(honest, from);
        const first = await counterBatch(suite, header, truth, lie, suite.actors.bob);
        const claims = await playDown(
          suite,
          first,
          { trace: honest, by: suite.actors.alice },
          { trace: lie, by: suite.actors.bob },
        );
        const indices = claims.slice(1).map(({ claim }) => claim.index);
        expect(indices).to.deep.equal(Array<bigint>(9).fill(from === 1n ? 0n : 15n));
        await passGame(suite, header);
        await resolve(suite, claims);
        await suite.game.resolveBatch(header);
        expect(await suite.game.creditOf(suite.actors.bob)).to.equal(0n);
        await snapshot.restore();
      }
    });

    it("a game goes on while L1 time passes 2^32 seconds", async () => {
      const suite = world();
      const { game, chain, actors, clock } = suite;
      const overflow = 1n << 32n;
      await nextBlockAt(suite, overflow - 1_000n);
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      const at = await postedAt(first);
      expect(at).to.be.below(overflow);
      expect(await game.closesAt(first.claim)).to.equal(at + clock);
      await nextBlockAt(suite, overflow + 10n);
      const second = await counter(suite, first, honest, actors.alice);
      expect((await game.claimState(second.id)).postedAt).to.equal(10n);
      expect((await game.claimState(second.id)).used).to.equal(overflow + 10n - at);
      expect(await game.closesAt(second.claim)).to.equal(overflow + 10n + clock);
      await expect(resolve(suite, [second])).to.be.revertedWithCustomError(game, "DisputeClaimOpen");
      await passGame(suite, header);
      await expect(sendCounter(suite, second, 0, listOf(suite, lie, 3, 0n), actors.bob)).to.be.revertedWithCustomError(
        game,
        "DisputeClaimClosed",
      );
      await resolve(suite, [first, second]);
      await game.resolveBatch(header);
      await chain.finalize([header]);
    });

    it("a step after its claim was resolved as standing changes nothing", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "false");
      const first = await counterBatch(suite, header, truth, honest, actors.alice);
      const claims = await playDown(suite, first, { trace: lie, by: actors.bob }, { trace: honest, by: actors.alice });
      const last = claims.at(-1);
      if (last === undefined) throw new Error("no claims");
      await passGame(suite, header);
      await resolve(suite, claims);
      await game.resolveBatch(header);
      const balance = await balanceOf(suite);
      await expect(step(suite, last, truth, actors.alice)).to.be.revertedWithCustomError(
        game,
        "DisputeClaimIsResolved",
      );
      await resolve(suite, claims);
      expect(await balanceOf(suite)).to.equal(balance);
    });

    it("claims resolve in any order that has children first, in any number of transactions", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      const left = await playDown(suite, first, { trace: honest, by: actors.alice }, { trace: lie, by: actors.bob }, 4);
      const second = await counterBatch(suite, header, truth, lieFrom(lie, 6n, "second"), actors.third);
      const right = [second, await counter(suite, second, honest, actors.alice)];
      await passGame(suite, header);
      for (const claim of [...right].reverse()) await resolve(suite, [claim]);
      for (const claim of [...left].reverse()) await resolve(suite, [claim]);
      await game.resolveBatch(header);
      expect(await game.creditOf(actors.alice)).to.equal((await balanceOf(suite)) - 7n * (await game.tip()));
    });
  });

  it("nobody has power over it: whoever calls, these are all the functions that change anything", () => {
    const { game } = world();
    const names: string[] = [];
    game.interface.forEachFunction((item) => {
      if (item.stateMutability !== "view" && item.stateMutability !== "pure") names.push(item.name);
    });
    // Of these, `counterUnavailable` is the availability challenge's only: test/contracts/da/challenge.test.ts.
    const moves = ["counter", "counterBatch", "counterUnavailable", "resolve", "resolveBatch", "step"];
    expect(names.sort()).to.deep.equal(["claimCredit", ...moves]);
  });

  it("a claim that was not made yet has no state, no winner and no answer", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, truth, honest, lie } = await sceneOf(suite, "true");
    const first = await counterBatch(suite, header, truth, lie, actors.bob);
    const planned = answer(suite, first, 0, listOf(suite, honest, 2, 0n), actors.alice);
    expect(await game.claimState(planned.id)).to.deep.equal([ZeroAddress, 0n, 0n, 0n, 0n, 0n, false]);
    expect(await game.winnerOf(planned.id)).to.equal(ZeroAddress);
    await expect(sendCounter(suite, planned, 0, listOf(suite, lie, 3, 0n), actors.bob)).to.be.revertedWithCustomError(
      game,
      "DisputeUnknownClaim",
    );
  });
});
