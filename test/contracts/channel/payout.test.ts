import { expect } from "chai";
import { AbiCoder } from "ethers";

import { hashOf } from "../../../plugin/channel/hashes.js";
import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Outcome } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { type Channel, ETH, Mode, outcomeOf, stateOf, useAdjudicator } from "./support.js";

const FORMAT =
  "tuple(address, tuple(uint8, bytes), tuple(bytes32 destination, uint256 amount, uint8 kind, bytes metadata)[])[]";

describe("ChannelAdjudicator.payout", () => {
  const environment = useAdjudicator();

  /** A channel with `deposited` wei that is final with an outcome, by a conclusion. */
  async function ended(deposited: bigint, outcome: Outcome, channelNonce = 1n) {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const channel = channelOf([alice, bob], { channelNonce });
    if (deposited > 0n) await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: deposited });
    const signed = signedByAll(channel, { turnNum: 9n, isFinal: true, outcome });
    await adjudicator.conclude(channel.params, signed);
    const payout = (indices: number[] = [], assetIndex = 0) =>
      adjudicator.payout(channel.id, signed.state, signed.outcome, assetIndex, indices);
    return { channel, signed, payout };
  }

  const paidTo = ({ id }: Channel, account: string) =>
    environment().adjudicator.paidOf(id, ETH, toDestination(account as Hex));

  it("pays after a challenge that timed out", async () => {
    const { adjudicator, alice, bob, channelOf, challengeWith, passDispute, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 10n });
    const outcome = outcomeOf(ETH, [alice.address, 4n], [bob.address, 6n]);
    const { state, outcome: encoded } = await challengeWith(channel, { turnNum: 5n, outcome });
    const early = adjudicator.payout(channel.id, state, encoded, 0, []);
    await expect(early)
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.challenge);
    await passDispute();
    await expect(adjudicator.payout(channel.id, state, encoded, 0, [])).to.changeEtherBalances(
      ethers,
      [alice, bob, adjudicator],
      [4n, 6n, -10n],
    );
    await expect(adjudicator.payout(channel.id, state, encoded, 0, []))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay")
      .withArgs(channel.id);
  });

  it("pays the same in the end in every order", async () => {
    const { alice, bob, carol } = environment();
    const outcome = outcomeOf(ETH, [alice.address, 5n], [bob.address, 4n], [carol.address, 3n]);
    for (const [nonce, order] of [[[0, 1, 2]], [[2], [1], [0]], [[1, 1], [0], [2]], [[2, 0], [1]]].entries()) {
      const { channel, payout } = await ended(12n, outcome, BigInt(nonce));
      for (const indices of order) await payout(indices);
      const paid = await Promise.all([alice, bob, carol].map(({ address }) => paidTo(channel, address)));
      expect(paid).to.deep.equal([5n, 4n, 3n]);
    }
  });

  it("covers allocations in their order where there is too little, whoever is paid first", async () => {
    const { adjudicator, alice, bob, carol, ethers } = environment();
    const outcome = outcomeOf(ETH, [alice.address, 5n], [bob.address, 4n], [carol.address, 3n]);
    const { channel, payout } = await ended(7n, outcome);
    await expect(payout([2])).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
    await expect(payout([1])).to.changeEtherBalance(ethers, bob, 2n);
    await adjudicator.connect(alice).depositETH(channel.id, 7n, { value: 10n });
    await expect(payout()).to.changeEtherBalances(ethers, [alice, bob, carol], [5n, 2n, 3n]);
    expect(await adjudicator.holdingsOf(channel.id, ETH)).to.equal(5n);
  });

  it("adds up allocations of one destination", async () => {
    const { adjudicator, alice, bob, ethers } = environment();
    const outcome = outcomeOf(ETH, [alice.address, 2n], [bob.address, 1n], [alice.address, 3n]);
    const { payout } = await ended(5n, outcome);
    await expect(payout([2])).to.changeEtherBalance(ethers, alice, 4n);
    await expect(payout([0])).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
    await expect(payout()).to.changeEtherBalance(ethers, bob, 1n);
  });

  it("counts what was withdrawn before", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, digests, sign, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 10n });
    const withdrawal = { asset: ETH, destination: toDestination(alice.address as Hex), total: 3n };
    const signatures = sign(digests.withdrawal(channel.id, withdrawal), channel.wallets);
    await adjudicator.withdraw(channel.params, ETH, withdrawal.destination, 3n, signatures);
    const outcome = outcomeOf(ETH, [alice.address, 4n], [bob.address, 6n]);
    const conclusion = adjudicator.concludeAndPay(
      channel.params,
      signedByAll(channel, { turnNum: 9n, isFinal: true, outcome }),
    );
    await expect(conclusion).to.changeEtherBalances(ethers, [alice, bob], [1n, 6n]);
  });

  it("lets a guarantee wait at its place", async () => {
    const { adjudicator, alice, bob, carol, channelOf, ethers } = environment();
    const target = channelOf([alice, bob], { channelNonce: 77n });
    const promise = guarantee(target.id, 6n, alice.address as Hex, bob.address as Hex);
    const [simple] = outcomeOf(ETH, [carol.address, 5n]);
    const outcome = [{ asset: ETH, allocations: [promise, ...(simple?.allocations ?? [])] }];
    const { channel, payout } = await ended(8n, outcome);
    await expect(payout([0])).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
    await expect(payout()).to.changeEtherBalances(ethers, [alice, bob, carol], [0n, 0n, 2n]);
    expect(await adjudicator.holdingsOf(channel.id, ETH)).to.equal(6n);
  });

  it("does not fund itself", async () => {
    const { adjudicator, bob, channelOf, alice } = environment();
    const { id } = channelOf([alice, bob], { channelNonce: 1n });
    const { channel, payout } = await ended(8n, outcomeOf(ETH, [id, 3n], [bob.address, 5n]));
    expect(channel.id).to.equal(id);
    await payout();
    expect([await adjudicator.depositedOf(id, ETH), await adjudicator.holdingsOf(id, ETH)]).to.deep.equal([8n, 3n]);
    await expect(payout([0])).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
  });

  it("does not let a broken token stop the other assets", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, ethers } = environment();
    const token = await ethers.deployContract("FeeOnSenderToken");
    await token.mint(alice, 100n);
    await token.connect(alice).approve(adjudicator, 100n);
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 10n });
    await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 100n);
    const asset = (await token.getAddress()) as Hex;
    const outcome = [
      ...outcomeOf(ETH, [bob.address, 10n]),
      ...outcomeOf(asset, [bob.address, 40n], [alice.address, 60n]),
    ];
    const signed = signedByAll(channel, { turnNum: 9n, isFinal: true, outcome });
    await token.setCharging(true);
    await expect(adjudicator.concludeAndPay(channel.params, signed)).to.be.revertedWithCustomError(
      adjudicator,
      "TokenTransferOverdebit",
    );
    await adjudicator.conclude(channel.params, signed);
    const payout = (assetIndex: number, indices: number[]) =>
      adjudicator.payout(channel.id, signed.state, signed.outcome, assetIndex, indices);
    await expect(payout(0, [])).to.changeEtherBalance(ethers, bob, 10n);
    await expect(payout(1, [1])).to.be.revertedWithCustomError(adjudicator, "TokenTransferOverdebit");
    await token.setCharging(false);
    await expect(payout(1, [])).to.changeTokenBalances(ethers, token, [bob, alice], [40n, 60n]);
  });

  it("refuses another state, another outcome, and parts that there are not", async () => {
    const { adjudicator, bob, stateHashOf } = environment();
    const { channel, signed, payout } = await ended(5n, outcomeOf(ETH, [bob.address, 5n]));
    const other = stateOf({ turnNum: 9n, isFinal: true });
    await expect(adjudicator.payout(channel.id, other.state, other.outcome, 0, []))
      .to.be.revertedWithCustomError(adjudicator, "ChannelStateMismatch")
      .withArgs(stateHashOf(channel, signed), stateHashOf(channel, other));
    await expect(adjudicator.payout(channel.id, signed.state, other.outcome, 0, []))
      .to.be.revertedWithCustomError(adjudicator, "ChannelPreimage")
      .withArgs(hashOf(signed.outcome), hashOf(other.outcome));
    await expect(payout([], 1)).to.be.revertedWithCustomError(adjudicator, "ChannelNoAllocation").withArgs(1n, 0n);
    await expect(payout([1]))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoAllocation")
      .withArgs(0n, 1n);
  });

  it("refuses outcomes of other types, in another order, and without an end", async () => {
    const { adjudicator, alice, channelOf, signedBy, tokenAddress } = environment();
    const to = toDestination(alice.address as Hex);
    const part = (asset: Hex, allocations: unknown[], kind = 0, metadata = "0x") => [
      asset,
      [kind, metadata],
      allocations,
    ];
    const half = 1n << 247n;
    const cases: [error: string, parts: unknown[]][] = [
      ["ChannelOutcomeType", [part(ETH, [], 1)]],
      ["ChannelOutcomeType", [part(ETH, [], 0, "0x00")]],
      ["ChannelOutcomeType", [part(ETH, [[to, 1n, 1, "0x"]])]],
      ["ChannelOutcomeType", [part(ETH, [[to, 1n, 0, "0x00"]])]],
      ["ChannelOutcomeType", [part(ETH, [[to, 1n, 2, to]])]],
      ["ChannelAssetOrder", [part(ETH, []), part(ETH, [])]],
      ["ChannelAssetOrder", [part(tokenAddress, []), part(ETH, [])]],
      [
        "ChannelOutcomeSum",
        [
          part(
            ETH,
            [half, half].map((amount) => [to, amount, 0, "0x"]),
          ),
        ],
      ],
    ];
    for (const [index, [error, parts]] of cases.entries()) {
      const channel = channelOf(undefined, { channelNonce: BigInt(index) });
      const outcome = AbiCoder.defaultAbiCoder().encode([FORMAT], [parts]) as Hex;
      const { state } = stateOf({ turnNum: 9n, isFinal: true });
      const signed = signedBy(channel, [0, 1], {
        state: { ...state, outcomeHash: hashOf(outcome) },
        appData: "0x",
        outcome,
      });
      await expect(adjudicator.concludeAndPay(channel.params, signed), `case ${index}`).to.be.revertedWithCustomError(
        adjudicator,
        error,
      );
    }
  });

  it("is over for a channel that is closed", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 5n });
    const signed = signedByAll(channel, { turnNum: 9n, isFinal: true, outcome: outcomeOf(ETH, [bob.address, 5n]) });
    await adjudicator.concludeAndPay(channel.params, signed);
    await expect(adjudicator.payout(channel.id, signed.state, signed.outcome, 0, []))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.closed);
  });
});
