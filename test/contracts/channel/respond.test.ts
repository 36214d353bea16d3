import { expect } from "chai";

import { Answer, BOND, type Channel, DURATION, Mode, stateOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.respond", () => {
  const environment = useAdjudicator();

  /** A move of its turn's mover. */
  function move({ wallets, ...channel }: Channel, turnNum: bigint, appData: `0x${string}` = "0x") {
    const { signedBy } = environment();
    return signedBy({ ...channel, wallets }, [Number(turnNum) % wallets.length], stateOf({ turnNum, appData }));
  }

  it("goes on from a later state that the app allows, and the next one's clock runs", async () => {
    const { adjudicator, app, liar, channelOf, challengeWith, stateHashOf, networkHelpers } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n });
    const began = BigInt(await networkHelpers.time.latest());
    await app.setAnswer(Answer.yes);
    await networkHelpers.time.setNextBlockTimestamp(began + 1_000n);
    const signed = move(channel, 6n, "0x0606");
    const response = adjudicator.connect(liar).respond(channel.params, [signed]);
    const finalizesAt = began + 1_000n + BigInt(DURATION);
    await expect(response).to.emit(adjudicator, "ChallengeAnswered").withArgs(channel.id, 6n, finalizesAt);
    await expect(response)
      .to.emit(adjudicator, "Moved")
      .withArgs(channel.id, 6n, stateHashOf(channel, signed), false, "0x0606", signed.outcome);
    const status = await adjudicator.statusOf(channel.id);
    expect([status.mode, status.turnNum, status.stateHash, status.bondHeld]).to.deep.equal([
      Mode.challenge,
      6n,
      stateHashOf(channel, signed),
      true,
    ]);
    // Turn 6 is participant 0's, who used a thousand seconds for it.
    expect(await adjudicator.remainingTime(channel.params, 0)).to.equal(BigInt(DURATION) - 1_000n);
    expect(await adjudicator.remainingTime(channel.params, 1)).to.equal(BigInt(DURATION));
  });

  it("ends within each participant's time once, however many moves are forced", async () => {
    const { adjudicator, app, alice, bob, carol, channelOf, challengeWith, networkHelpers } = environment();
    const channel = channelOf([alice, bob, carol]);
    await challengeWith(channel, { turnNum: 5n });
    const began = BigInt(await networkHelpers.time.latest());
    await app.setAnswer(Answer.yes);
    let turnNum = 6n;
    let now = began;
    // Everybody waits as long as it can, in pieces of a third of its time.
    for (; turnNum < 6n + 6n; turnNum++) {
      now += BigInt(DURATION) / 3n;
      await networkHelpers.time.setNextBlockTimestamp(now);
      await adjudicator.respond(channel.params, [move(channel, turnNum)]);
    }
    const { finalizesAt } = await adjudicator.statusOf(channel.id);
    expect(finalizesAt).to.equal(now + BigInt(DURATION) / 3n);
    for (let left = 2; left > 0; left--) {
      now = (await adjudicator.statusOf(channel.id)).finalizesAt - 1n;
      await networkHelpers.time.setNextBlockTimestamp(now);
      await adjudicator.respond(channel.params, [move(channel, turnNum++)]);
    }
    const end = (await adjudicator.statusOf(channel.id)).finalizesAt;
    expect(end).to.be.at.most(began + 3n * BigInt(DURATION));
    await networkHelpers.time.increaseTo(end);
    await expect(adjudicator.respond(channel.params, [move(channel, turnNum)]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.finalized);
  });

  it("keeps clocks of 32 participants apart", async () => {
    const { adjudicator, app, ethers, channelOf, challengeWith, networkHelpers } = environment();
    const wallets = Array.from({ length: 32 }, (_, i) => new ethers.Wallet(ethers.id(`participant ${i}`)));
    const channel = channelOf(wallets);
    await challengeWith(channel, { turnNum: 31n });
    await app.setAnswer(Answer.yes);
    let now = BigInt(await networkHelpers.time.latest());
    for (let i = 0n; i < 32n; i++) {
      now += 10n + i;
      await networkHelpers.time.setNextBlockTimestamp(now);
      await adjudicator.respond(channel.params, [move(channel, 32n + i)]);
    }
    for (let i = 1; i < 32; i++) {
      expect(await adjudicator.remainingTime(channel.params, i), `participant ${i}`).to.equal(DURATION - 10 - i);
    }
    const { signedByAll } = environment();
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 70n }));
    await challengeWith(channel, { turnNum: 71n });
    await networkHelpers.time.setNextBlockTimestamp(now + 100n);
    await adjudicator.respond(channel.params, [move(channel, 72n)]);
    for (const i of [0, 1, 7, 9, 15, 16, 31]) {
      expect(await adjudicator.remainingTime(channel.params, i), `participant ${i}`).to.equal(DURATION);
    }
  });

  it("counts the challenge's state as signed by all, and no other one", async () => {
    const { adjudicator, app, channelOf, challengeWith, stateHashOf } = environment();
    for (const [channelNonce, turnNum, bits] of [
      [1n, 5n, 3n],
      [2n, 6n, 0n],
    ] as const) {
      const channel = channelOf(undefined, { channelNonce });
      await challengeWith(channel, { turnNum: 5n });
      const unsigned = { ...stateOf({ turnNum }), signedBy: 0n, signatures: "0x" };
      const next = move(channel, turnNum + 1n);
      const seen = [{ ...unsigned, signedBy: bits }, next].map((shown) => ({
        ...shown,
        ...shown.state,
        stateHash: stateHashOf(channel, shown),
      }));
      await app.expectQuestion(
        app.interface.encodeFunctionData("stateIsSupported", [channel.id, channel.params, seen]),
      );
      await expect(adjudicator.respond(channel.params, [unsigned, next])).to.emit(adjudicator, "Moved");
    }
  });

  it("pays the bond where the answer proves that the challenger knew better, and the dispute goes on", async () => {
    const { adjudicator, app, liar, channelOf, challengeWith, ethers, signedBy, signedByAll } = environment();
    await app.setAnswer(Answer.yes);
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n }, 1);
    // Participant 1 signed turn 6 of participant 0, so it had it in full.
    const response = adjudicator
      .connect(liar)
      .respond(channel.params, [signedBy(channel, [1], stateOf({ turnNum: 6n })), move(channel, 8n)]);
    await expect(response).to.emit(adjudicator, "BondPaid").withArgs(channel.id, liar.address, true);
    await expect(response).to.changeEtherBalance(ethers, adjudicator, -BOND);
    const status = await adjudicator.statusOf(channel.id);
    expect([status.mode, status.turnNum, status.bondHeld]).to.deep.equal([Mode.challenge, 8n, false]);
    await expect(adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 20n }))).not.to.emit(
      adjudicator,
      "BondPaid",
    );
  });

  it("pays a bond once, whatever later answers prove", async () => {
    const { adjudicator, app, channelOf, challengeWith, ethers, signedBy } = environment();
    await app.setAnswer(Answer.yes);
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n }, 1);
    const knewBetter = (turnNum: bigint) => [signedBy(channel, [1], stateOf({ turnNum })), move(channel, turnNum + 2n)];
    await expect(adjudicator.respond(channel.params, knewBetter(6n))).to.emit(adjudicator, "BondPaid");
    const again = adjudicator.respond(channel.params, knewBetter(10n));
    await expect(again).not.to.emit(adjudicator, "BondPaid");
    await expect(again).to.changeEtherBalance(ethers, adjudicator, 0n);
  });

  it("takes no time from who answers in the second of the challenge", async () => {
    const { adjudicator, alice, app, channelOf, signedByAll, ethers, networkHelpers } = environment();
    await app.setAnswer(Answer.yes);
    const channel = channelOf();
    const own = adjudicator.connect(alice);
    await ethers.provider.send("evm_setAutomine", [false]);
    const gas = { gasLimit: 1_000_000n };
    const nonce = await alice.getNonce();
    const challenge = [signedByAll(channel, { turnNum: 5n })];
    const sent = [
      await own.challenge(channel.params, challenge, 0, "0x", { value: BOND, nonce, ...gas }),
      await own.respond(channel.params, [move(channel, 6n)], { nonce: nonce + 1, ...gas }),
    ];
    await networkHelpers.mine();
    await ethers.provider.send("evm_setAutomine", [true]);
    const blocks = await Promise.all(sent.map(async (each) => (await each.wait())?.blockNumber));
    expect(blocks[0]).to.equal(blocks[1]);
    for (const participant of [0, 1])
      expect(await adjudicator.remainingTime(channel.params, participant)).to.equal(BigInt(DURATION));
  });

  it("keeps the bond of who proposed the next turn and never heard back", async () => {
    const { adjudicator, app, channelOf, challengeWith } = environment();
    await app.setAnswer(Answer.yes);
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n }, 0);
    await expect(adjudicator.respond(channel.params, [move(channel, 6n)])).not.to.emit(adjudicator, "BondPaid");
    expect((await adjudicator.statusOf(channel.id)).bondHeld).to.equal(true);
  });

  it("takes a state that everybody signed as well, which is no move", async () => {
    const { adjudicator, channelOf, challengeWith, signedByAll } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n });
    const response = adjudicator.respond(channel.params, [signedByAll(channel, { turnNum: 6n })]);
    await expect(response).to.emit(adjudicator, "ChallengeAnswered");
    await expect(response).not.to.emit(adjudicator, "Moved");
    await expect(adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 6n })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(7n, 6n);
  });

  it("needs a challenge, and a later state", async () => {
    const { adjudicator, app, channelOf, challengeByMove } = environment();
    await app.setAnswer(Answer.yes);
    const channel = channelOf();
    await expect(adjudicator.respond(channel.params, [move(channel, 6n)]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.open);
    await challengeByMove(channel, 5n);
    await expect(adjudicator.respond(channel.params, [])).to.be.revertedWithCustomError(adjudicator, "ChannelNoState");
    await expect(adjudicator.respond(channel.params, [move(channel, 5n, "0x05")]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(6n, 5n);
    await app.openArbitration(adjudicator, channel.params);
    await expect(adjudicator.respond(channel.params, [move(channel, 6n)]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.arbitration);
  });
});
