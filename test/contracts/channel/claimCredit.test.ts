import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import { ETH, outcomeOf, useAdjudicator } from "./support.js";

/** Positions of MockRecipient's manners. */
const ACCEPT = 0;
const REJECT = 1;

describe("ChannelAdjudicator.claimCredit and claimCreditTo", () => {
  const environment = useAdjudicator();

  /** A recipient whose share of ETH could not be paid. */
  async function rejected() {
    const { adjudicator, alice, channelOf, signedByAll, ethers } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    await recipient.setManner(REJECT);
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 60n });
    const outcome = outcomeOf(ETH, [await recipient.getAddress(), 60n]);
    await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { turnNum: 1n, isFinal: true, outcome }));
    return recipient;
  }

  it("pays a credit to its account, once, whoever asks", async () => {
    const { adjudicator, liar, ethers } = environment();
    const recipient = await rejected();
    expect(await adjudicator.credit(recipient, ETH)).to.equal(60n);
    const own = adjudicator.connect(liar);
    await expect(own.claimCredit(recipient, ETH))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotPaid")
      .withArgs(ETH, await recipient.getAddress(), 60n);
    await recipient.setManner(ACCEPT);
    const claim = own.claimCredit(recipient, ETH);
    await expect(claim).to.changeEtherBalances(ethers, [recipient, adjudicator], [60n, -60n]);
    await expect(claim)
      .to.emit(adjudicator, "CreditPaid")
      .withArgs(await recipient.getAddress(), ETH, await recipient.getAddress(), 60n);
    await expect(own.claimCredit(recipient, ETH))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoCredit")
      .withArgs(await recipient.getAddress(), ETH);
  });

  it("pays a credit elsewhere at its account's word", async () => {
    const { adjudicator, carol, liar, ethers } = environment();
    const recipient = await rejected();
    const to = (account: string) => adjudicator.interface.encodeFunctionData("claimCreditTo", [ETH, account]);
    await expect(recipient.execute(adjudicator, to(ZeroAddress))).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelZeroRecipient",
    );
    await expect(adjudicator.connect(liar).claimCreditTo(ETH, liar)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNoCredit",
    );
    await expect(recipient.execute(adjudicator, to(carol.address))).to.changeEtherBalance(ethers, carol, 60n);
  });

  it("keeps what a token did not pay", async () => {
    const { adjudicator, alice, carol, channelOf, signedByAll, ethers } = environment();
    const token = await ethers.deployContract("PartialToken");
    const asset = (await token.getAddress()) as Hex;
    await token.mint(alice, 100n);
    await token.connect(alice).approve(adjudicator, 100n);
    const channel = channelOf();
    await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 100n);
    const deposited = await adjudicator.depositedOf(channel.id, asset);
    const outcome = outcomeOf(asset, [carol.address, deposited]);
    await token.setHalving(true);
    await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { turnNum: 1n, isFinal: true, outcome }));
    const [paid, waiting] = [await token.balanceOf(carol), await adjudicator.credit(carol, asset)];
    expect(paid + waiting).to.equal(deposited);
    expect(waiting).to.be.greaterThan(0n);
    await adjudicator.claimCredit(carol, asset);
    const [later, rest] = [await token.balanceOf(carol), await adjudicator.credit(carol, asset)];
    expect([later + rest, later > paid]).to.deep.equal([deposited, true]);
  });
});
