import { expect } from "chai";

import { BOND, ETH, Mode, outcomeOf, stateOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.conclude", () => {
  const environment = useAdjudicator();
  const FINAL = { turnNum: 7n, isFinal: true } as const;

  it("records the final state and pays nothing", async () => {
    const { adjudicator, alice, liar, channelOf, signedByAll, stateHashOf, ethers, networkHelpers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 10n });
    const signed = signedByAll(channel, { ...FINAL, outcome: outcomeOf(ETH, [alice.address, 10n]) });
    // What is behind the hashes need not be shown.
    const conclusion = adjudicator.connect(liar).conclude(channel.params, { ...signed, outcome: "0x" });
    await expect(conclusion).to.emit(adjudicator, "Concluded").withArgs(channel.id, 7n, stateHashOf(channel, signed));
    await expect(conclusion).to.changeEtherBalance(ethers, adjudicator, 0n);
    const { mode, turnNum, finalizesAt, stateHash } = await adjudicator.statusOf(channel.id);
    const now = BigInt(await networkHelpers.time.latest());
    expect([mode, turnNum, finalizesAt]).to.deep.equal([Mode.finalized, 7n, now]);
    expect(stateHash).to.equal(stateHashOf(channel, signed));
  });

  it("ends disputes and arbitrations, also at the turn where they stand", async () => {
    const { adjudicator, app, alice, bob, channelOf, challengeByMove, challengeWith, signedByAll } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 7n });
    await adjudicator.conclude(channel.params, signedByAll(channel, FINAL));
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.finalized);

    const judged = channelOf([alice, bob], { channelNonce: 2n });
    await challengeByMove(judged, 6n);
    await app.openArbitration(adjudicator, judged.params);
    await adjudicator.conclude(judged.params, signedByAll(judged, FINAL));
    expect((await adjudicator.statusOf(judged.id)).mode).to.equal(Mode.finalized);
  });

  it("refuses what is not final, not everybody's, older, or too late", async () => {
    const { adjudicator, alice, bob, channelOf, challengeWith, passDispute, signedBy, signedByAll } = environment();
    const channel = channelOf();
    const { params } = channel;
    await expect(adjudicator.conclude(params, signedByAll(channel, { turnNum: 7n }))).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNotFinal",
    );
    await expect(adjudicator.conclude(params, signedBy(channel, [0], stateOf(FINAL))))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotUnanimous")
      .withArgs(3n, 1n);
    await challengeWith(channel, { turnNum: 8n });
    await expect(adjudicator.conclude(params, signedByAll(channel, FINAL)))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(8n, 7n);
    await passDispute();
    await expect(adjudicator.conclude(params, signedByAll(channel, { ...FINAL, turnNum: 9n })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.finalized);

    const other = channelOf([alice, bob], { channelNonce: 2n });
    await adjudicator.conclude(other.params, signedByAll(other, FINAL));
    await expect(adjudicator.conclude(other.params, signedByAll(other, { ...FINAL, turnNum: 9n })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(other.id, Mode.finalized);
  });
});

describe("ChannelAdjudicator.returnBond", () => {
  const environment = useAdjudicator();

  it("gives the bond back once the channel is final, once", async () => {
    const { adjudicator, bob, channelOf, challengeWith, passDispute, ethers } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n }, 1);
    await passDispute();
    const back = adjudicator.returnBond(channel.params);
    await expect(back).to.changeEtherBalances(ethers, [bob, adjudicator], [BOND, -BOND]);
    await expect(back).to.emit(adjudicator, "BondPaid").withArgs(channel.id, bob.address, false);
    await expect(adjudicator.returnBond(channel.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoBond")
      .withArgs(channel.id);
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.finalized);
  });

  it("waits for the end of the dispute", async () => {
    const { adjudicator, channelOf, challengeWith } = environment();
    const channel = channelOf();
    await expect(adjudicator.returnBond(channel.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.open);
    await challengeWith(channel, { turnNum: 5n });
    await expect(adjudicator.returnBond(channel.params))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.challenge);
  });

  it("has nothing to give where nobody challenged", async () => {
    const { adjudicator, channelOf, signedByAll } = environment();
    const channel = channelOf();
    await adjudicator.conclude(channel.params, signedByAll(channel, { turnNum: 7n, isFinal: true }));
    await expect(adjudicator.returnBond(channel.params)).to.be.revertedWithCustomError(adjudicator, "ChannelNoBond");
  });
});
