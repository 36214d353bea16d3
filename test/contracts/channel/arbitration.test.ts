import { expect } from "chai";

import { Answer, DURATION, Mode, stateOf, useAdjudicator } from "./support.js";

const NEVER = (1n << 40n) - 1n;

describe("ChannelAdjudicator.openArbitration", () => {
  const environment = useAdjudicator();

  it("stops the clocks, and takes what the mover used of its own", async () => {
    const { adjudicator, app, channelOf, challengeByMove, networkHelpers } = environment();
    const channel = channelOf();
    await challengeByMove(channel, 5n);
    await networkHelpers.time.setNextBlockTimestamp(BigInt(await networkHelpers.time.latest()) + 600n);
    await expect(app.openArbitration(adjudicator, channel.params))
      .to.emit(adjudicator, "ArbitrationOpened")
      .withArgs(channel.id, 5n);
    await networkHelpers.time.increase(100n * BigInt(DURATION));
    const { mode, finalizesAt } = await adjudicator.statusOf(channel.id);
    expect([mode, finalizesAt]).to.deep.equal([Mode.arbitration, NEVER]);
    expect(await adjudicator.remainingTime(channel.params, 0)).to.equal(DURATION - 600);
    expect(await adjudicator.remainingTime(channel.params, 1)).to.equal(DURATION);
  });

  it("is the app's alone, about a move, in a challenge that did not time out", async () => {
    const { adjudicator, app, alice, bob, channelOf, challengeByMove, challengeWith, passDispute } = environment();
    const channel = channelOf();
    await expect(app.openArbitration(adjudicator, channel.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.open);
    await challengeByMove(channel, 5n);
    await expect(adjudicator.connect(alice).openArbitration(channel.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelUnauthorized")
      .withArgs(alice.address, channel.params.appDefinition);
    await passDispute();
    await expect(app.openArbitration(adjudicator, channel.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.finalized);

    const agreed = channelOf([alice, bob], { channelNonce: 2n });
    await challengeWith(agreed, { turnNum: 5n });
    await expect(app.openArbitration(adjudicator, agreed.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotByMove")
      .withArgs(agreed.id);
  });
});

describe("ChannelAdjudicator.closeArbitration", () => {
  const environment = useAdjudicator();

  /** A dispute at turn 6, a move, at which the judge looks. */
  async function judged() {
    const { adjudicator, app, channelOf, challengeWith, signedBy } = environment();
    const channel = channelOf();
    const base = await challengeWith(channel, { turnNum: 5n });
    await app.setAnswer(Answer.yes);
    const move = signedBy(channel, [0], stateOf({ turnNum: 6n, appData: "0x06" }));
    await adjudicator.respond(channel.params, [move]);
    await app.openArbitration(adjudicator, channel.params);
    return { channel, base, move };
  }

  it("ends the dispute before a bad move, whose mover has no time for another", async () => {
    const { adjudicator, app, stateHashOf, networkHelpers } = environment();
    const { channel, base } = await judged();
    const verdict = app.closeArbitration(adjudicator, channel.params, base.state, 0);
    await verdict;
    const now = BigInt(await networkHelpers.time.latest());
    await expect(verdict)
      .to.emit(adjudicator, "ArbitrationClosed")
      .withArgs(channel.id, 5n, now, 0, stateHashOf(channel, base));
    const { mode, turnNum, stateHash } = await adjudicator.statusOf(channel.id);
    expect([mode, turnNum, stateHash]).to.deep.equal([Mode.finalized, 5n, stateHashOf(channel, base)]);
  });

  it("goes on after a good move of who is not next, with the time that was left", async () => {
    const { adjudicator, app, stateHashOf, networkHelpers, signedByAll } = environment();
    const { channel, move } = await judged();
    await networkHelpers.time.increase(5 * DURATION);
    // Participant 1 is next after turn 6; the loser is the other one.
    await app.closeArbitration(adjudicator, channel.params, move.state, 0);
    const { mode, stateHash } = await adjudicator.statusOf(channel.id);
    expect([mode, stateHash]).to.deep.equal([Mode.challenge, stateHashOf(channel, move)]);
    expect(await adjudicator.remainingTime(channel.params, 0)).to.equal(0n);
    expect(await adjudicator.remainingTime(channel.params, 1)).to.be.within(DURATION - 10, DURATION);
    // Nobody overrides the verdict by a state of its turn, but a later one that everybody signed does.
    await expect(
      adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 6n })),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn");
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 7n }));
  });

  it("leaves the loser of a verdict without time for its next move", async () => {
    const { adjudicator, app, signedBy } = environment();
    const { channel, move } = await judged();
    await app.closeArbitration(adjudicator, channel.params, move.state, 0);
    await adjudicator.respond(channel.params, [signedBy(channel, [1], stateOf({ turnNum: 7n }))]);
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.finalized);
  });

  it("is the app's alone, during an arbitration, about a participant", async () => {
    const { adjudicator, app, alice, channelOf, challengeWith } = environment();
    const { channel, base } = await judged();
    await expect(adjudicator.connect(alice).closeArbitration(channel.params, base.state, 0))
      .to.be.revertedWithCustomError(adjudicator, "ChannelUnauthorized")
      .withArgs(alice.address, channel.params.appDefinition);
    await expect(app.closeArbitration(adjudicator, channel.params, base.state, 2))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoParticipant")
      .withArgs(2n);
    const other = channelOf([...channel.wallets], { channelNonce: 2n });
    await challengeWith(other, { turnNum: 5n });
    await expect(app.closeArbitration(adjudicator, other.params, base.state, 0))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(other.id, Mode.challenge);
  });
});
