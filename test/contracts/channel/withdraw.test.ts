import { expect } from "chai";

import { toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { type Channel, ETH, outcomeOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.withdraw", () => {
  const environment = useAdjudicator();

  /** Pays up to a total that everybody signed. */
  function withdraw(channel: Channel, asset: Hex, to: Hex, total: bigint, signers = channel.wallets) {
    const { adjudicator, digests, liar, sign } = environment();
    const destination = to.length === 42 ? toDestination(to) : to;
    const signatures = sign(digests.withdrawal(channel.id, { asset, destination, total }), signers);
    return adjudicator.connect(liar).withdraw(channel.params, asset, destination, total, signatures);
  }

  async function funded() {
    const { adjudicator, alice, channelOf, token } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 100n);
    return channel;
  }

  it("pays out of an open channel up to the total, whatever came before", async () => {
    const { adjudicator, bob, token, tokenAddress, ethers } = environment();
    const channel = await funded();
    const bobs = toDestination(bob.address as Hex);
    for (const asset of [ETH, tokenAddress]) {
      const first = withdraw(channel, asset, bob.address as Hex, 30n);
      await expect(first).to.emit(adjudicator, "PaidOut").withArgs(channel.id, asset, bobs, 30n, 0n);
      const second = withdraw(channel, asset, bob.address as Hex, 45n);
      await expect(second).to.emit(adjudicator, "PaidOut").withArgs(channel.id, asset, bobs, 15n, 0n);
      expect(await adjudicator.paidOf(channel.id, asset, bobs)).to.equal(45n);
      expect(await adjudicator.holdingsOf(channel.id, asset)).to.equal(55n);
      expect(await adjudicator.depositedOf(channel.id, asset)).to.equal(100n);
    }
    expect(await token.balanceOf(adjudicator)).to.equal(55n);
    expect(await ethers.provider.getBalance(adjudicator)).to.equal(55n);
  });

  it("pays nothing for a repetition or an older total", async () => {
    const { adjudicator, bob } = environment();
    const channel = await funded();
    await withdraw(channel, ETH, bob.address as Hex, 30n);
    for (const total of [30n, 20n, 0n]) {
      await expect(withdraw(channel, ETH, bob.address as Hex, total))
        .to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay")
        .withArgs(channel.id);
    }
  });

  it("never pays more than the channel has", async () => {
    const { bob, ethers } = environment();
    const channel = await funded();
    await expect(withdraw(channel, ETH, bob.address as Hex, 1_000n)).to.changeEtherBalance(ethers, bob, 100n);
  });

  it("works during a dispute and after it", async () => {
    const { adjudicator, bob, challengeWith, passDispute, ethers } = environment();
    const channel = await funded();
    await challengeWith(channel, { turnNum: 5n, outcome: outcomeOf(ETH, [bob.address, 100n]) });
    await expect(withdraw(channel, ETH, bob.address as Hex, 30n)).to.changeEtherBalance(ethers, bob, 30n);
    const { turnNum, bondHeld } = await adjudicator.statusOf(channel.id);
    expect([turnNum, bondHeld]).to.deep.equal([5n, true]);
    await passDispute();
    await expect(withdraw(channel, ETH, bob.address as Hex, 40n)).to.changeEtherBalance(ethers, bob, 10n);
  });

  it("funds a channel, but neither itself nor a closed one", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, token, tokenAddress } = environment();
    const channel = await funded();
    const other = channelOf([bob, alice]);
    for (const asset of [ETH, tokenAddress]) {
      await expect(withdraw(channel, asset, other.id, 30n))
        .to.emit(adjudicator, "Deposited")
        .withArgs(other.id, asset, 30n, 30n);
      expect([
        await adjudicator.holdingsOf(channel.id, asset),
        await adjudicator.holdingsOf(other.id, asset),
      ]).to.deep.equal([70n, 30n]);
    }
    // Nothing left the adjudicator.
    expect(await token.balanceOf(adjudicator)).to.equal(100n);
    await expect(withdraw(channel, ETH, channel.id, 30n)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNothingToPay",
    );
    const outcome = outcomeOf(ETH, [bob.address, 30n]);
    await adjudicator.concludeAndPay(other.params, signedByAll(other, { turnNum: 1n, isFinal: true, outcome }));
    for (const [from, to] of [
      [channel, other.id],
      [other, bob.address as Hex],
    ] as const) {
      await expect(withdraw(from, ETH, to, 60n)).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
    }
  });

  it("needs everybody's signature for this very payment", async () => {
    const { adjudicator, alice, bob, liar, tokenAddress, digests, sign } = environment();
    const channel = await funded();
    await expect(withdraw(channel, ETH, bob.address as Hex, 30n, [bob]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignaturesLength")
      .withArgs(128n, 64n);
    await expect(withdraw(channel, ETH, bob.address as Hex, 30n, [liar, bob]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(0n, liar.address);
    const destination = toDestination(bob.address as Hex);
    const signatures = sign(digests.withdrawal(channel.id, { asset: ETH, destination, total: 30n }), [alice, bob]);
    for (const [asset, to, total] of [
      [tokenAddress, destination, 30n],
      [ETH, toDestination(liar.address as Hex), 30n],
      [ETH, destination, 31n],
    ] as const) {
      await expect(adjudicator.withdraw(channel.params, asset, to, total, signatures)).to.be.revertedWithCustomError(
        adjudicator,
        "ChannelSignature",
      );
    }
  });
});
