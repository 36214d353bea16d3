import { expect } from "chai";

import {
  atClosing,
  type Claim,
  counter,
  counterBatch,
  firstFalse,
  type GameWorld,
  lieFrom,
  playDown,
  resolve,
  sceneOf,
  step,
  type Trace,
  useGame,
} from "../../support/dispute.js";
import { type ToyRun } from "../../support/toy.js";

describe("DisputeGame.step", () => {
  const world = useGame();

  /** A claim of the last level by bob, which is false from `from` instructions on. */
  async function lowest(suite: GameWorld, from = 6n, kind: "true" | "false" = "false") {
    const { header, truth, honest } = await sceneOf(suite, kind);
    const lie: Trace = lieFrom(honest, from);
    const [alice, bob] = [
      { trace: honest, by: suite.actors.alice },
      { trace: lie, by: suite.actors.bob },
    ];
    const first = await counterBatch(suite, header, truth, honest, suite.actors.alice);
    const claims = await playDown(suite, first, bob, alice);
    const last = claims.at(-1);
    const parent = claims.at(-2);
    if (last === undefined || parent === undefined) throw new Error("no claims");
    return { header, truth, honest, lie, claims, first, parent, last };
  }

  const send = (suite: GameWorld, claim: Claim, truth: ToyRun, index: bigint, at = claim.from + index) =>
    suite.game.connect(suite.actors.alice).step(claim.claim, claim.list, index, truth.witnessAt(at));

  it("refutes a claim at once, and pays its bond to who stepped", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { truth, last, parent } = await lowest(suite);
    const index = firstFalse(suite, last, truth.stateAt);
    const sent = await step(suite, last, truth, actors.second);

    const after = truth.stateAt(last.from + BigInt(index) + 1n);
    const bond = await game.bond(10n);
    await expect(sent).to.emit(game, "ClaimStepped").withArgs(last.id, index, after, actors.second.address);
    await expect(sent).to.emit(game, "ClaimResolved").withArgs(last.id, true, actors.second.address, bond);
    expect(await game.creditOf(actors.second)).to.equal(bond);
    expect((await game.claimState(last.id)).status).to.equal(2n);
    expect((await game.claimState(parent.id)).openChildren).to.equal(0n);
    expect(await game.winnerOf(parent.id)).to.equal("0x0000000000000000000000000000000000000000");
  });

  it("refutes a claim that goes astray at any of its instructions", async () => {
    const suite = world();
    for (const from of [1n, 2n, 15n, 16n, 17n, 31n, 32n]) {
      const snapshot = await suite.connection.networkHelpers.takeSnapshot();
      const { truth, last } = await lowest(suite, from);
      await step(suite, last, truth, suite.actors.alice, Number((from - 1n) % 16n));
      expect((await suite.game.claimState(last.id)).status).to.equal(2n);
      await snapshot.restore();
    }
  });

  it("refutes a claim about the last instruction, and one that a machine that halted goes on", async () => {
    const suite = world();
    for (const beyond of [0n, 1n, 16n, 1n << 20n, (1n << 40n) - 1n]) {
      const snapshot = await suite.connection.networkHelpers.takeSnapshot();
      const { honest, truth } = await sceneOf(suite, "false");
      const from = beyond === (1n << 40n) - 1n ? (1n << 40n) - 1n : truth.steps + beyond;
      await snapshot.restore();
      const { last, claims } = await lowest(suite, from);
      expect(last.from + 16n).to.be.at.least(from);
      expect(claims.length).to.equal(10);
      await step(suite, last, truth, suite.actors.alice);
      expect((await suite.game.claimState(last.id)).status).to.equal(2n);
      expect(honest(from)).not.to.equal(last.list[15]);
      await snapshot.restore();
    }
  });

  it("proves nothing against a true state", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    const index = BigInt(firstFalse(suite, last, truth.stateAt));
    expect(index).to.equal(5n);
    for (let before = 0n; before < index; before++) {
      await expect(send(suite, last, truth, before))
        .to.be.revertedWithCustomError(suite.game, "DisputeStepAgrees")
        .withArgs(last.list[Number(before)]);
    }
  });

  it("proves nothing about what follows a false state", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    for (const index of [6n, 7n, 15n]) {
      await expect(send(suite, last, truth, index)).to.be.revertedWithCustomError(
        suite.verifier,
        "OneStepVerifierWrongState",
      );
    }
  });

  it("takes the witness of that very state only", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    await expect(send(suite, last, truth, 5n, 4n)).to.be.revertedWithCustomError(
      suite.verifier,
      "OneStepVerifierWrongState",
    );
    const witness = truth.witnessAt(5n);
    for (const wrong of [witness.slice(1), witness.slice(0, -1), Uint8Array.from([...witness, 0]), new Uint8Array()]) {
      await expect(suite.game.step(last.claim, last.list, 5n, wrong)).to.revert(suite.connection.ethers);
    }
  });

  it("knows only claims that were made, their list and their states", async () => {
    const suite = world();
    const { game } = suite;
    const { truth, last } = await lowest(suite);
    const witness = truth.witnessAt(5n);
    const other = { ...last.claim, index: last.claim.index + 1n };
    await expect(game.step(other, last.list, 5n, witness))
      .to.be.revertedWithCustomError(game, "DisputeUnknownClaim")
      .withArgs(await game.claimId(other));
    await expect(game.step(last.claim, last.list.with(9, last.claim.start), 5n, witness))
      .to.be.revertedWithCustomError(game, "DisputeListMismatch")
      .withArgs(last.claim.listHash, (found: unknown) => found !== last.claim.listHash);
    for (const index of [16n, 16n + 5n, (1n << 64n) + 5n, (1n << 255n) + 5n]) {
      await expect(game.step(last.claim, last.list, index, witness))
        .to.be.revertedWithCustomError(game, "DisputeIndexOutOfRange")
        .withArgs(index, 16n);
    }
  });

  it("is for claims of the last level", async () => {
    const suite = world();
    const { truth, claims } = await lowest(suite);
    for (const claim of claims.slice(0, -1)) {
      await expect(suite.game.step(claim.claim, claim.list, 0n, truth.witnessAt(claim.from)))
        .to.be.revertedWithCustomError(suite.game, "DisputeClaimIsNotStep")
        .withArgs(claim.id, BigInt(claim.depth));
    }
  });

  it("is possible until the second before the claim closes", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    await atClosing(suite, last, -1n);
    await step(suite, last, truth, suite.actors.alice);
  });

  it("is too late in the second in which the claim closes", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    const closesAt = await suite.game.closesAt(last.claim);
    await atClosing(suite, last);
    await expect(step(suite, last, truth, suite.actors.alice))
      .to.be.revertedWithCustomError(suite.game, "DisputeClaimClosed")
      .withArgs(last.id, closesAt);
  });

  it("refutes a claim once", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    await step(suite, last, truth, suite.actors.alice);
    await expect(step(suite, last, truth, suite.actors.bob))
      .to.be.revertedWithCustomError(suite.game, "DisputeClaimIsResolved")
      .withArgs(last.id);
  });

  it("cannot refute what has been resolved as standing", async () => {
    const suite = world();
    const { truth, last } = await lowest(suite);
    await atClosing(suite, last);
    await resolve(suite, [last]);
    await expect(step(suite, last, truth, suite.actors.alice))
      .to.be.revertedWithCustomError(suite.game, "DisputeClaimIsResolved")
      .withArgs(last.id);
  });

  it("refutes one of several claims against the same state, and leaves the others", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { truth, last, parent, honest } = await lowest(suite);
    const index = Number(last.claim.index);
    const other = await counter(suite, parent, lieFrom(honest, 6n, "another"), actors.third, index);
    await step(suite, last, truth, actors.alice);
    expect((await game.claimState(parent.id)).openChildren).to.equal(1n);
    expect((await game.claimState(other.id)).status).to.equal(0n);
    await step(suite, other, truth, actors.alice);
    expect((await game.claimState(parent.id)).openChildren).to.equal(0n);
  });

  it("with too little gas is never a verdict", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { truth, last } = await lowest(suite);
    const witness = truth.witnessAt(4n);
    // A true state: whatever gas there is, nobody gets the bond.
    for (let gasLimit = 75_000n; gasLimit < 140_000n; gasLimit += 4_000n) {
      const sent = game.connect(actors.alice).step(last.claim, last.list, 4n, witness, { gasLimit });
      await expect(sent).to.revert(suite.connection.ethers);
    }
    expect((await game.claimState(last.id)).status).to.equal(0n);
    expect(await game.creditOf(actors.alice)).to.equal(0n);
  });
});
