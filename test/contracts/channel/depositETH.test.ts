import { expect } from "chai";
import { zeroPadValue } from "ethers";

import { ETH, Mode, outcomeOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.depositETH", () => {
  const environment = useAdjudicator();

  it("counts what came, from anybody", async () => {
    const { adjudicator, alice, liar, channelOf, ethers } = environment();
    const { id } = channelOf();
    const first = adjudicator.connect(alice).depositETH(id, 0n, { value: 30n });
    await expect(first).to.emit(adjudicator, "Deposited").withArgs(id, ETH, 30n, 30n);
    await expect(first).to.changeEtherBalance(ethers, adjudicator, 30n);
    const second = adjudicator.connect(liar).depositETH(id, 30n, { value: 12n });
    await expect(second).to.emit(adjudicator, "Deposited").withArgs(id, ETH, 12n, 42n);
    expect([await adjudicator.depositedOf(id, ETH), await adjudicator.holdingsOf(id, ETH)]).to.deep.equal([42n, 42n]);
  });

  it("refuses to come before the deposit that it stands behind", async () => {
    const { adjudicator, alice, channelOf } = environment();
    const { id } = channelOf();
    await adjudicator.connect(alice).depositETH(id, 0n, { value: 29n });
    await expect(adjudicator.connect(alice).depositETH(id, 30n, { value: 1n }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelUnderfunded")
      .withArgs(30n, 29n);
  });

  it("refuses more than it can count, however little of it is new", async () => {
    const { adjudicator, alice, channelOf, networkHelpers } = environment();
    const own = adjudicator.connect(alice);
    const { id } = channelOf();
    const most = (1n << 96n) - 1n;
    await networkHelpers.setBalance(alice.address, 1n << 98n);
    await expect(own.depositETH(id, 0n, { value: most + 1n }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelAmount")
      .withArgs(most + 1n);
    await own.depositETH(id, 0n, { value: most });
    await expect(own.depositETH(id, 0n, { value: 1n }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelAmount")
      .withArgs(1n);
    expect(await adjudicator.depositedOf(id, ETH)).to.equal(most);
    const status = await adjudicator.statusOf(id);
    expect([status.mode, status.turnNum]).to.deep.equal([Mode.open, 0n]);
  });

  it("refuses nothing, and what looks like an address", async () => {
    const { adjudicator, alice, channelOf } = environment();
    await expect(adjudicator.connect(alice).depositETH(channelOf().id, 0n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelAmount")
      .withArgs(0n);
    const address = zeroPadValue(alice.address, 32);
    await expect(adjudicator.connect(alice).depositETH(address, 0n, { value: 1n }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelIdIsAddress")
      .withArgs(address);
  });

  it("goes into a final channel, whose underfunded allocations it covers, but not into a closed one", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const own = adjudicator.connect(alice);
    const channel = channelOf();
    await own.depositETH(channel.id, 0n, { value: 5n });
    const outcome = outcomeOf(ETH, [alice.address, 5n], [bob.address, 5n]);
    const signed = signedByAll(channel, { turnNum: 1n, isFinal: true, outcome });
    await adjudicator.concludeAndPay(channel.params, signed);
    await own.depositETH(channel.id, 5n, { value: 5n });
    await adjudicator.payout(channel.id, signed.state, signed.outcome, 0, []);
    expect(await adjudicator.holdingsOf(channel.id, ETH)).to.equal(0n);

    const closed = channelOf([alice, bob], { channelNonce: 2n });
    await own.depositETH(closed.id, 0n, { value: 10n });
    await adjudicator.concludeAndPay(closed.params, signedByAll(closed, { turnNum: 1n, isFinal: true, outcome }));
    await expect(own.depositETH(closed.id, 0n, { value: 1n }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(closed.id, Mode.closed);
  });
});
