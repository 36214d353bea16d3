import { expect } from "chai";
import { ZeroHash } from "ethers";

import { Answer, BOND, DURATION, Mode, stateOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.checkpoint", () => {
  const environment = useAdjudicator();

  it("takes a later state that everybody signed, from anybody, in an open channel", async () => {
    const { adjudicator, liar, channelOf, signedByAll } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 3n });
    // The event shows the signatures: whoever signed first and got none in return reads them there.
    await expect(adjudicator.connect(liar).checkpoint(channel.params, signed))
      .to.emit(adjudicator, "Checkpointed")
      .withArgs(channel.id, 3n, signed.signatures);
    const { mode, turnNum, finalizesAt, stateHash } = await adjudicator.statusOf(channel.id);
    expect([mode, turnNum, finalizesAt, stateHash]).to.deep.equal([Mode.open, 3n, 0n, ZeroHash]);
  });

  it("refuses what is not later", async () => {
    const { adjudicator, channelOf, signedByAll, challengeWith } = environment();
    const channel = channelOf();
    await expect(adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 0n })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(1n, 0n);
    await challengeWith(channel, { turnNum: 4n });
    for (const turnNum of [3n, 4n]) {
      await expect(adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum })))
        .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
        .withArgs(5n, turnNum);
    }
  });

  it("refuses what not everybody signed", async () => {
    const { adjudicator, channelOf, signedBy } = environment();
    const channel = channelOf();
    await expect(adjudicator.checkpoint(channel.params, signedBy(channel, [0], stateOf({ turnNum: 3n }))))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotUnanimous")
      .withArgs(3n, 1n);
  });

  it("clears a dispute and gives the bond back", async () => {
    const { adjudicator, alice, liar, channelOf, signedByAll, challengeWith, ethers } = environment();
    const channel = channelOf();
    // Turn 6 is Alice's own: she signed it first, and may never have had it in full.
    await challengeWith(channel, { turnNum: 5n });
    const checkpoint = adjudicator.connect(liar).checkpoint(channel.params, signedByAll(channel, { turnNum: 6n }));
    await expect(checkpoint).to.changeEtherBalances(ethers, [alice, adjudicator], [BOND, -BOND]);
    await expect(checkpoint).to.emit(adjudicator, "BondPaid").withArgs(channel.id, alice.address, false);
    const { mode, turnNum, finalizesAt, bondHeld, stateHash } = await adjudicator.statusOf(channel.id);
    expect([mode, turnNum, finalizesAt, bondHeld, stateHash]).to.deep.equal([Mode.open, 6n, 0n, false, ZeroHash]);
  });

  it("pays the bond to whoever proves that the challenger had a later state in full", async () => {
    const { adjudicator, alice, bob, carol, liar, channelOf, signedByAll, challengeWith, ethers } = environment();
    const cases = [
      // The challenger signed turn 5 second.
      { members: [alice, bob], challenger: 0, from: 4n, to: 5n, isReward: true },
      { members: [alice, bob], challenger: 1, from: 4n, to: 5n, isReward: false },
      { members: [alice, bob], challenger: 1, from: 3n, to: 5n, isReward: true },
      { members: [alice, bob, carol], challenger: 1, from: 4n, to: 5n, isReward: false },
      { members: [alice, bob, carol], challenger: 1, from: 3n, to: 5n, isReward: true },
    ];
    for (const [index, { members, challenger, from, to, isReward }] of cases.entries()) {
      const channel = channelOf(members, { channelNonce: BigInt(index) });
      await challengeWith(channel, { turnNum: from }, challenger);
      const checkpoint = adjudicator.connect(liar).checkpoint(channel.params, signedByAll(channel, { turnNum: to }));
      const receiver = isReward ? liar.address : channel.wallets[challenger]!.address;
      await expect(checkpoint).to.emit(adjudicator, "BondPaid").withArgs(channel.id, receiver, isReward);
      await expect(checkpoint).to.changeEtherBalance(ethers, adjudicator, -BOND);
    }
  });

  it("keeps a bond that its owner rejects as a credit", async () => {
    const { adjudicator, signedByAll, challengeWith, channelOfWallet, ethers } = environment();
    const { channel, account } = await channelOfWallet();
    await challengeWith(channel, { turnNum: 6n }, 1);
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 7n }));
    expect(await adjudicator.credit(account, ethers.ZeroAddress)).to.equal(BOND);
  });

  it("overrides a move of the same turn, but not a state of it that everybody signed", async () => {
    const { adjudicator, app, alice, channelOf, signedBy, signedByAll } = environment();
    const channel = channelOf();
    await app.setAnswer(Answer.yes);
    const forked = signedBy(channel, [0], stateOf({ turnNum: 6n, appData: "0x0bad" }));
    await adjudicator.connect(alice).challenge(channel.params, [forked], 0, "0x", { value: BOND });
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 6n }));
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.open);

    await expect(adjudicator.connect(alice).challenge(channel.params, [forked], 0, "0x", { value: BOND }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(6n, 5n);
  });

  it("gives all clocks back", async () => {
    const { adjudicator, app, channelOf, signedBy, signedByAll, challengeWith, networkHelpers } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n });
    await app.setAnswer(Answer.yes);
    await networkHelpers.time.increase(1_000);
    await adjudicator.respond(channel.params, [signedBy(channel, [0], stateOf({ turnNum: 6n }))]);
    expect(await adjudicator.remainingTime(channel.params, 0)).to.be.at.most(DURATION - 1_000);
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 8n }));
    expect(await adjudicator.remainingTime(channel.params, 0)).to.equal(BigInt(DURATION));

    await challengeWith(channel, { turnNum: 9n });
    const { finalizesAt } = await adjudicator.statusOf(channel.id);
    expect(finalizesAt).to.equal(BigInt(await networkHelpers.time.latest()) + BigInt(DURATION));
  });

  it("clears an arbitration", async () => {
    const { adjudicator, app, alice, channelOf, signedBy, signedByAll } = environment();
    const channel = channelOf();
    await app.setAnswer(Answer.yes);
    const move = signedBy(channel, [0], stateOf({ turnNum: 5n }));
    await adjudicator.connect(alice).challenge(channel.params, [move], 0, "0x", { value: BOND });
    await app.openArbitration(adjudicator, channel.params);
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 6n }));
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.open);
  });

  it("comes too late for a channel that is final", async () => {
    const { adjudicator, channelOf, signedByAll, challengeWith, passDispute } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n });
    await passDispute();
    await expect(adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 9n })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.finalized);
  });
});
