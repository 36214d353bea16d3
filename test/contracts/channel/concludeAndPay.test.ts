import { expect } from "chai";
import { ZeroHash } from "ethers";

import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { ETH, Mode, outcomeOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.concludeAndPay", () => {
  const environment = useAdjudicator();
  const FINAL = { turnNum: 7n, isFinal: true } as const;

  it("pays an exactly funded channel from the list and closes it", async () => {
    const { adjudicator, alice, bob, carol, channelOf, signedByAll, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    const signed = signedByAll(channel, {
      ...FINAL,
      outcome: outcomeOf(ETH, [carol.address, 30n], [bob.address, 70n]),
    });
    const conclusion = adjudicator.concludeAndPay(channel.params, signed);
    await expect(conclusion).to.changeEtherBalances(ethers, [carol, bob, adjudicator], [30n, 70n, -100n]);
    await expect(conclusion).to.emit(adjudicator, "Concluded");
    await expect(conclusion)
      .to.emit(adjudicator, "PaidOut")
      .withArgs(channel.id, ETH, toDestination(carol.address as Hex), 30n, 0n);

    const status = await adjudicator.statusOf(channel.id);
    expect([status.mode, status.turnNum, status.stateHash]).to.deep.equal([Mode.closed, 7n, ZeroHash]);
    expect(await adjudicator.depositedOf(channel.id, ETH)).to.equal(0n);
    expect(await adjudicator.holdingsOf(channel.id, ETH)).to.equal(0n);
  });

  it("pays several assets at once", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, token, tokenAddress, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    await adjudicator.connect(bob).depositERC20(tokenAddress, channel.id, 0n, 5_000n);
    const outcome = [
      ...outcomeOf(ETH, [bob.address, 100n]),
      ...outcomeOf(tokenAddress, [alice.address, 4_000n], [bob.address, 1_000n]),
    ];
    const conclusion = adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome }));
    await expect(conclusion).to.changeEtherBalance(ethers, bob, 100n);
    await expect(conclusion).to.changeTokenBalances(ethers, token, [alice, bob], [4_000n, 1_000n]);
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.closed);
    expect(await adjudicator.depositedOf(channel.id, tokenAddress)).to.equal(0n);
  });

  it("skips allocations of nothing", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    const outcome = outcomeOf(ETH, [alice.address, 0n], [bob.address, 100n]);
    const receipt = await (
      await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome }))
    ).wait();
    const paid = await adjudicator.queryFilter(adjudicator.filters.PaidOut(), receipt?.blockNumber);
    expect(paid.map(({ args }) => args.amount)).to.deep.equal([100n]);
  });

  it("ends a dispute that is on, whose bond goes back apart", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, challengeWith } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    await challengeWith(channel, { turnNum: 5n });
    const outcome = outcomeOf(ETH, [bob.address, 100n]);
    await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome }));
    const status = await adjudicator.statusOf(channel.id);
    expect([status.mode, status.stateHash, status.bondHeld]).to.deep.equal([Mode.closed, ZeroHash, true]);
    await expect(adjudicator.returnBond(channel.params)).to.emit(adjudicator, "BondPaid");
  });

  it("funds another channel, and a closed one stays without", async () => {
    const { adjudicator, alice, bob, carol, channelOf, signedByAll } = environment();
    const open = channelOf([alice, carol]);
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    const outcome = outcomeOf(ETH, [open.id, 60n], [bob.address, 40n]);
    const conclusion = adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome }));
    await expect(conclusion).to.emit(adjudicator, "Deposited").withArgs(open.id, ETH, 60n, 60n);
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.closed);

    await adjudicator.concludeAndPay(
      open.params,
      signedByAll(open, { ...FINAL, outcome: outcomeOf(ETH, [carol.address, 60n]) }),
    );
    const later = channelOf([alice, bob], { channelNonce: 2n });
    await adjudicator.connect(alice).depositETH(later.id, 0n, { value: 100n });
    await adjudicator.concludeAndPay(later.params, signedByAll(later, { ...FINAL, outcome }));
    expect((await adjudicator.statusOf(later.id)).mode).to.equal(Mode.finalized);
    expect(await adjudicator.holdingsOf(later.id, ETH)).to.equal(60n);
    expect(await adjudicator.depositedOf(open.id, ETH)).to.equal(0n);
  });

  it("records the final state and pays what it can, where there is too little, too much or a guarantee", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, stateHashOf } = environment();
    const target = channelOf([alice, bob], { channelNonce: 99n });
    const sides = [alice.address, bob.address] as const;
    const promise = guarantee(target.id, 30n, sides[0] as Hex, sides[1] as Hex);
    const cases = [
      { outcome: outcomeOf(ETH, [alice.address, 70n], [bob.address, 40n]), paid: [70n, 30n] },
      { outcome: outcomeOf(ETH, [alice.address, 70n], [bob.address, 20n]), paid: [70n, 20n] },
      { outcome: outcomeOf(ETH, [alice.address, 100n], [bob.address, 0n]).slice(0, 0), paid: [0n, 0n] },
      {
        outcome: outcomeOf(ETH, [alice.address, 50n], [bob.address, 20n]).map((part) => ({
          ...part,
          allocations: [promise, ...part.allocations],
        })),
        paid: [50n, 20n],
      },
    ];
    for (const [index, { outcome, paid }] of cases.entries()) {
      const channel = channelOf([alice, bob], { channelNonce: BigInt(index) });
      await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
      const signed = signedByAll(channel, { ...FINAL, outcome });
      await adjudicator.concludeAndPay(channel.params, signed);
      const status = await adjudicator.statusOf(channel.id);
      expect([status.mode, status.stateHash]).to.deep.equal([Mode.finalized, stateHashOf(channel, signed)]);
      const [ofAlice, ofBob] = await Promise.all(
        sides.map((side) => adjudicator.paidOf(channel.id, ETH, toDestination(side as Hex))),
      );
      expect([ofAlice, ofBob], `case ${index}`).to.deep.equal(paid);
      expect(await adjudicator.holdingsOf(channel.id, ETH)).to.equal(100n - paid[0]! - paid[1]!);
    }
  });

  it("records the final state of a channel that got nothing, and of an asset that it got nothing of", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, tokenAddress, ethers } = environment();
    const own = adjudicator.connect(alice);
    const empty = channelOf();
    const ofNothing = signedByAll(empty, { ...FINAL, outcome: outcomeOf(ETH, [bob.address, 0n]) });
    const half = channelOf([alice, bob], { channelNonce: 2n });
    const outcome = [...outcomeOf(ETH, [bob.address, 5n]), ...outcomeOf(tokenAddress, [bob.address, 7n])];
    const ofHalf = signedByAll(half, { ...FINAL, outcome });
    await own.depositETH(half.id, 0n, { value: 5n });
    await own.concludeAndPay(empty.params, ofNothing);
    await expect(own.concludeAndPay(half.params, ofHalf)).to.changeEtherBalance(ethers, bob, 5n);
    for (const { id } of [empty, half]) expect((await adjudicator.statusOf(id)).mode).to.equal(Mode.finalized);
    // What comes late is paid late.
    await own.depositERC20(tokenAddress, half.id, 0n, 7n);
    await own.payout(half.id, ofHalf.state, ofHalf.outcome, 1, []);
    expect(await adjudicator.paidOf(half.id, tokenAddress, toDestination(bob.address as Hex))).to.equal(7n);
  });

  it("pays the others when one rejects, whose share becomes a credit", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, ethers } = environment();
    const rejecting = await ethers.deployContract("MockRecipient");
    await rejecting.setManner(1);
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    const address = await rejecting.getAddress();
    const outcome = outcomeOf(ETH, [address, 60n], [bob.address, 40n]);
    const conclusion = adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome }));
    await expect(conclusion).to.changeEtherBalance(ethers, bob, 40n);
    await expect(conclusion)
      .to.emit(adjudicator, "PaidOut")
      .withArgs(channel.id, ETH, toDestination(address as Hex), 60n, 60n);
    expect(await adjudicator.credit(address, ETH)).to.equal(60n);
  });

  it("refuses a state that is not final, not signed by all, older, or of a channel that ended", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, signedBy, challengeWith } = environment();
    const channel = channelOf();
    const { params } = channel;
    const signed = signedByAll(channel, FINAL);
    await expect(
      adjudicator.concludeAndPay(params, signedByAll(channel, { turnNum: 7n })),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelNotFinal");
    await expect(adjudicator.concludeAndPay(params, signedBy(channel, [1], signed)))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotUnanimous")
      .withArgs(3n, 2n);
    await expect(adjudicator.concludeAndPay(params, { ...signed, outcome: "0x12" })).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelPreimage",
    );
    await challengeWith(channel, { turnNum: 8n });
    await expect(adjudicator.concludeAndPay(params, signed))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn")
      .withArgs(8n, 7n);

    const other = channelOf([alice, bob], { channelNonce: 2n });
    await adjudicator.connect(alice).depositETH(other.id, 0n, { value: 1n });
    const last = signedByAll(other, { ...FINAL, outcome: outcomeOf(ETH, [bob.address, 1n]) });
    await adjudicator.concludeAndPay(other.params, last);
    await expect(adjudicator.concludeAndPay(other.params, last))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(other.id, Mode.closed);
  });
});
