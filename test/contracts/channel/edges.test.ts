import { expect } from "chai";
import { Wallet } from "ethers";

import { guarantee } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { Answer, BOND, DURATION, ETH, Mode, outcomeOf, stateOf, useAdjudicator } from "./support.js";

const LAST = (1n << 64n) - 1n;

describe("ChannelAdjudicator at the edges", () => {
  const environment = useAdjudicator();

  it("nothing is later than the last turn there is, and a channel still ends at it", async () => {
    const { adjudicator, app, channelOf, challengeWith, signedBy, signedByAll } = environment();
    const channel = channelOf();
    const signed = await challengeWith(channel, { turnNum: LAST });
    await app.setAnswer(Answer.yes);
    await expect(adjudicator.checkpoint(channel.params, signed)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelStaleTurn",
    );
    const moved = [signed, signedBy(channel, [1], stateOf({ turnNum: LAST, appData: "0x01" }))];
    await expect(adjudicator.respond(channel.params, moved)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelTurnOrder",
    );
    await expect(adjudicator.respond(channel.params, moved.slice(1))).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelStaleTurn",
    );
    await adjudicator.conclude(channel.params, signedByAll(channel, { turnNum: LAST, isFinal: true }));
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.finalized);
  });

  it("bits of participants that there are not are no signatures", async () => {
    const { adjudicator, alice, channelOf, signedByAll } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 5n });
    const more = { ...signed, signedBy: 3n | (1n << 200n), signatures: `${signed.signatures}${"11".repeat(64)}` };
    await expect(adjudicator.checkpoint(channel.params, more)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNotUnanimous",
    );
    await expect(adjudicator.connect(alice).challenge(channel.params, [more], 0, "0x", { value: BOND }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoParticipant")
      .withArgs(200n);
  });

  it("32 participants have a clock each, and a checkpoint gives all of them back", async () => {
    const { adjudicator, app, channelOf, challengeWith, signedBy, signedByAll, ethers, networkHelpers } = environment();
    const wallets = Array.from({ length: 32 }, (_, i) => new Wallet(ethers.toBeHex(i + 1_000, 32)));
    const channel = channelOf(wallets);
    await challengeWith(channel, { turnNum: 30n }, 31);
    await app.setAnswer(Answer.yes);
    for (const turnNum of [31n, 32n]) {
      await networkHelpers.time.increase(600);
      const held = { ...stateOf({ turnNum: turnNum - 1n }), signedBy: 0n, signatures: "0x" };
      const move = signedBy(channel, [Number(turnNum % 32n)], stateOf({ turnNum }));
      await adjudicator.respond(channel.params, [held, move]);
    }
    for (const mover of [31, 0]) {
      expect(await adjudicator.remainingTime(channel.params, mover)).to.be.at.most(DURATION - 600);
    }
    expect(await adjudicator.remainingTime(channel.params, 8)).to.equal(DURATION);
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 31n }));
    await challengeWith(channel, { turnNum: 31n });
    for (const mover of [31, 0])
      expect(await adjudicator.remainingTime(channel.params, mover)).to.be.closeTo(DURATION, 2);
  });

  it("a guarantee for the channel itself, and channels that pay each other, pay no more than there is", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const [first, second] = [channelOf(), channelOf([alice, bob], { channelNonce: 2n })];
    await adjudicator.connect(alice).depositETH(first.id, 0n, { value: 100n });
    const own = guarantee(first.id, 40n, alice.address as Hex, bob.address as Hex);
    const [part] = outcomeOf(ETH, [alice.address, 30n], [second.id, 30n]);
    const outcome = [{ ...part!, allocations: [...part!.allocations, own] }];
    const final = signedByAll(first, { turnNum: 5n, isFinal: true, outcome });
    const back = signedByAll(second, { turnNum: 5n, isFinal: true, outcome: outcomeOf(ETH, [first.id, 30n]) });
    await adjudicator.concludeAndPay(first.params, final);
    await adjudicator.reclaim(first.id, final.state, final.outcome, 0, 2, first.params, final);
    await adjudicator.payout(first.id, final.state, final.outcome, 0, []);
    // What comes back was got, and nothing of it is owed to anybody: it goes round no second time.
    await adjudicator.concludeAndPay(second.params, back);
    await expect(adjudicator.payout(first.id, final.state, final.outcome, 0, [])).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNothingToPay",
    );
    expect(await adjudicator.depositedOf(first.id, ETH)).to.equal(130n);
    expect(await adjudicator.holdingsOf(first.id, ETH)).to.equal(30n);
  });
});
