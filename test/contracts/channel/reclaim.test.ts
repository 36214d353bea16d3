import { expect } from "chai";

import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Allocation, Outcome } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { type Channel, ETH, Mode, outcomeOf, stateOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.reclaim", () => {
  const environment = useAdjudicator();

  const targetOf = () => environment().channelOf(undefined, { channelNonce: 50n });

  /** The promise of 10 to the channel of nonce 50, whose sides are Alice and Bob. */
  function promise(amount = 10n): Allocation {
    const { alice, bob } = environment();
    return guarantee(targetOf().id, amount, alice.address as Hex, bob.address as Hex);
  }

  async function finalized(channel: Channel, outcome: Outcome, turnNum = 9n) {
    const { adjudicator, signedByAll } = environment();
    const signed = signedByAll(channel, { turnNum, isFinal: true, outcome });
    await adjudicator.conclude(channel.params, signed);
    return signed;
  }

  /** A ledger channel with some wei that is final with these allocations of ETH. */
  async function ledgerWith(deposited: bigint, ...allocations: Allocation[]) {
    const { adjudicator, alice, channelOf } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: deposited });
    const signed = await finalized(channel, [{ asset: ETH, allocations }]);
    const { state, outcome } = signed;
    return {
      channel,
      signed,
      reclaim: (targetState: typeof signed, index = 0, target = targetOf(), assetIndex = 0) =>
        adjudicator.reclaim(channel.id, state, outcome, assetIndex, index, target.params, targetState),
      payout: () => adjudicator.payout(channel.id, state, outcome, 0, []),
    };
  }

  const split = (left: bigint, right: bigint) => {
    const { alice, bob } = environment();
    return outcomeOf(ETH, [alice.address, left], [bob.address, right]);
  };

  it("divides a guarantee by the outcome of the channel that it is for", async () => {
    const { adjudicator, alice, bob, ethers } = environment();
    const ledger = await ledgerWith(10n, promise());
    const targetState = await finalized(targetOf(), split(3n, 7n));
    await expect(ledger.reclaim(targetState))
      .to.emit(adjudicator, "Reclaimed")
      .withArgs(ledger.channel.id, targetOf().id, 0n, 0n, 3n, 7n);
    await expect(ledger.payout()).to.changeEtherBalances(ethers, [alice, bob], [3n, 7n]);
    await expect(ledger.reclaim(targetState))
      .to.be.revertedWithCustomError(adjudicator, "ChannelReclaimed")
      .withArgs(0n, 0n);
  });

  it("never gives more than was promised, and keeps what is over", async () => {
    const { alice, bob, adjudicator } = environment();
    for (const [outcome, left, right] of [
      [split(30n, 7n), 10n, 0n],
      [split(4n, 7n), 4n, 6n],
      [split(1n, 2n), 1n, 2n],
      [outcomeOf(ETH, [alice.address, 4n]), 4n, 0n],
      [outcomeOf(bob.address as Hex, [alice.address, 4n]), 0n, 0n],
      [[], 0n, 0n],
      [outcomeOf(ETH), 0n, 0n],
    ] as const) {
      const { networkHelpers } = environment();
      const before = await networkHelpers.takeSnapshot();
      const ledger = await ledgerWith(10n, promise());
      await expect(ledger.reclaim(await finalized(targetOf(), outcome)))
        .to.emit(adjudicator, "Reclaimed")
        .withArgs(ledger.channel.id, targetOf().id, 0n, 0n, left, right);
      await before.restore();
    }
  });

  it("stands at its place as two allocations, whenever it is divided", async () => {
    const { adjudicator, alice, bob, carol } = environment();
    const [simple] = outcomeOf(ETH, [carol.address, 5n]);
    for (const order of [
      ["reclaim", "payout"],
      ["payout", "reclaim", "payout"],
    ]) {
      const { networkHelpers } = environment();
      const before = await networkHelpers.takeSnapshot();
      // Twelve for ten and five.
      const ledger = await ledgerWith(12n, promise(), ...(simple?.allocations ?? []));
      const targetState = await finalized(targetOf(), split(3n, 6n));
      for (const step of order) await (step === "reclaim" ? ledger.reclaim(targetState) : ledger.payout());
      const paid = await Promise.all(
        [alice, bob, carol].map(({ address }) =>
          adjudicator.paidOf(ledger.channel.id, ETH, toDestination(address as Hex)),
        ),
      );
      expect(paid).to.deep.equal([3n, 6n, 2n]);
      await before.restore();
    }
  });

  it("covers left before right where there is too little", async () => {
    const { alice, bob, ethers } = environment();
    const ledger = await ledgerWith(5n, promise());
    await ledger.reclaim(await finalized(targetOf(), split(3n, 7n)));
    await expect(ledger.payout()).to.changeEtherBalances(ethers, [alice, bob], [3n, 2n]);
  });

  it("takes a target that was closed by the state and everybody's signatures", async () => {
    const { adjudicator, alice, signedBy, signedByAll } = environment();
    const target = targetOf();
    const ledger = await ledgerWith(10n, promise());
    await adjudicator.connect(alice).depositETH(target.id, 0n, { value: 10n });
    const closing = signedByAll(target, { turnNum: 9n, isFinal: true, outcome: split(3n, 7n) });
    await adjudicator.concludeAndPay(target.params, closing);
    expect((await adjudicator.statusOf(target.id)).mode).to.equal(Mode.closed);

    await expect(ledger.reclaim(signedByAll(target, { turnNum: 10n, isFinal: true, outcome: split(9n, 1n) })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(9n, 10n);
    const forged = signedBy(target, [0], stateOf({ turnNum: 9n, isFinal: true, outcome: split(10n, 0n) }));
    await expect(ledger.reclaim(forged)).to.be.revertedWithCustomError(adjudicator, "ChannelNotUnanimous");
    await expect(ledger.reclaim(closing))
      .to.emit(adjudicator, "Reclaimed")
      .withArgs(ledger.channel.id, target.id, 0n, 0n, 3n, 7n);
  });

  it("refuses targets that are not final, other states, and what is no guarantee for the target", async () => {
    const { adjudicator, carol, channelOf, signedByAll, stateHashOf } = environment();
    const [simple] = outcomeOf(ETH, [carol.address, 5n]);
    const ledger = await ledgerWith(15n, promise(), ...(simple?.allocations ?? []));
    const target = targetOf();
    const open = signedByAll(target, { turnNum: 9n, isFinal: true, outcome: split(3n, 7n) });
    await expect(ledger.reclaim(open))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(target.id, Mode.open);
    await adjudicator.conclude(target.params, open);

    const other = signedByAll(target, { turnNum: 9n, isFinal: true, outcome: split(10n, 0n) });
    await expect(ledger.reclaim(other))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStateMismatch")
      .withArgs(stateHashOf(target, open), stateHashOf(target, other));
    await expect(ledger.reclaim({ ...open, outcome: other.outcome })).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelPreimage",
    );
    await expect(ledger.reclaim(open, 1))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotGuarantee")
      .withArgs(1n, target.id);
    const stranger = channelOf(undefined, { channelNonce: 51n });
    await expect(ledger.reclaim(open, 0, stranger))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotGuarantee")
      .withArgs(0n, stranger.id);
    await expect(ledger.reclaim(open, 2))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoAllocation")
      .withArgs(0n, 2n);
    await expect(ledger.reclaim(open, 0, target, 1))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoAllocation")
      .withArgs(1n, 0n);
  });

  it("refuses a channel that is not final itself", async () => {
    const { adjudicator, channelOf, signedByAll } = environment();
    const channel = channelOf();
    const { state, outcome } = signedByAll(channel, {
      turnNum: 9n,
      outcome: [{ asset: ETH, allocations: [promise()] }],
    });
    const targetState = await finalized(targetOf(), split(3n, 7n));
    await expect(adjudicator.reclaim(channel.id, state, outcome, 0, 0, targetOf().params, targetState))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.open);
  });
});
