import { expect } from "chai";
import { zeroPadValue } from "ethers";

import { ETH, Mode, outcomeOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.depositERC20", () => {
  const environment = useAdjudicator();

  it("pulls the amount and counts it for its asset alone", async () => {
    const { adjudicator, alice, channelOf, token, tokenAddress, ethers } = environment();
    const { id } = channelOf();
    const deposit = adjudicator.connect(alice).depositERC20(token, id, 0n, 30n);
    await expect(deposit).to.emit(adjudicator, "Deposited").withArgs(id, tokenAddress, 30n, 30n);
    await expect(deposit).to.changeTokenBalances(ethers, token, [alice, adjudicator], [-30n, 30n]);
    await adjudicator.connect(alice).depositERC20(token, id, 30n, 12n);
    expect(await adjudicator.depositedOf(id, tokenAddress)).to.equal(42n);
    expect(await adjudicator.holdingsOf(id, tokenAddress)).to.equal(42n);
    expect(await adjudicator.depositedOf(id, ETH)).to.equal(0n);
  });

  it("counts what arrives, and refuses where nothing does", async () => {
    const { adjudicator, alice, channelOf, ethers } = environment();
    const taxed = await ethers.deployContract("FeeOnTransferToken");
    await taxed.mint(alice, 1_000n);
    await taxed.connect(alice).approve(adjudicator, 1_000n);
    const { id } = channelOf();
    await adjudicator.connect(alice).depositERC20(taxed, id, 0n, 1_000n);
    expect(await adjudicator.depositedOf(id, taxed)).to.equal(900n);

    const silent = await ethers.deployContract("NoRevertToken");
    await expect(adjudicator.connect(alice).depositERC20(silent, id, 0n, 5n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelAmount")
      .withArgs(0n);
  });

  it("refuses more than it can count", async () => {
    const { adjudicator, alice, channelOf, ethers } = environment();
    const vast = await ethers.deployContract("MockERC20");
    await vast.mint(alice, 1n << 249n);
    await vast.connect(alice).approve(adjudicator, 1n << 249n);
    const { id } = channelOf();
    const own = adjudicator.connect(alice);
    await expect(own.depositERC20(vast, id, 0n, 1n << 248n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelAmount")
      .withArgs(1n << 248n);
    await own.depositERC20(vast, id, 0n, (1n << 248n) - 1n);
    await expect(own.depositERC20(vast, id, 0n, 1n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelAmount")
      .withArgs(1n);
  });

  it("refuses accounts and contracts that are no tokens", async () => {
    const { adjudicator, alice, bob, channelOf } = environment();
    const { id } = channelOf();
    for (const asset of [ETH, bob.address]) {
      await expect(adjudicator.connect(alice).depositERC20(asset, id, 0n, 1n))
        .to.be.revertedWithCustomError(adjudicator, "ChannelAsset")
        .withArgs(asset);
    }
    await expect(adjudicator.connect(alice).depositERC20(adjudicator, id, 0n, 1n)).to.be.revertedWithCustomError(
      adjudicator,
      "TokenTransferBalanceUnreadable",
    );
  });

  it("refuses to come before the deposit that it stands behind, into an address, and into a closed channel", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, token, tokenAddress } = environment();
    const own = adjudicator.connect(alice);
    const channel = channelOf();
    await expect(own.depositERC20(token, channel.id, 1n, 5n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelUnderfunded")
      .withArgs(1n, 0n);
    await expect(own.depositERC20(token, zeroPadValue(alice.address, 32), 0n, 5n)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelIdIsAddress",
    );
    await own.depositETH(channel.id, 0n, { value: 5n });
    const outcome = outcomeOf(ETH, [bob.address, 5n]);
    await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { turnNum: 1n, isFinal: true, outcome }));
    // Also of an asset that the channel never had: it could not get out again.
    await expect(own.depositERC20(tokenAddress, channel.id, 0n, 5n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.closed);
  });

  it("refuses a token that is ETH under another name", async () => {
    const { adjudicator, alice, channelOf, ethers } = environment();
    const alias = await ethers.deployContract("NativeAliasToken");
    await alias.mint(alice, 5n);
    await alias.connect(alice).approve(adjudicator, 5n);
    await alice.sendTransaction({ to: alias, value: 5n });
    await expect(adjudicator.connect(alice).depositERC20(alias, channelOf().id, 0n, 5n))
      .to.be.revertedWithCustomError(adjudicator, "TokenTransferNativeAlias")
      .withArgs(await alias.getAddress());
  });
});
