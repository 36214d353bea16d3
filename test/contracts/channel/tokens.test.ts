import { expect } from "chai";
import { id, MaxUint256, parseEther, ZeroAddress } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import type { MockERC20 } from "../../../typechain-types/index.js";
import { ORDINARY, plain, type TokenRow, tokenRows } from "../../support/tokens.js";
import { type ChannelEnvironment, ETH, outcomeOf, useAdjudicator } from "./support.js";

type Row = TokenRow<ChannelEnvironment, Hex>;

/** Nobody can say what a token that burns all it gets will need. */
const GAS = { gasLimit: 3_000_000n };
const FINAL = { turnNum: 5n, isFinal: true } as const;

/** A row of a token that calls the adjudicator back in the middle of a transfer, and is locked out. */
const reentrant = (when: "deposit" | "payment", call: "depositERC20" | "claimCredit" | "claimCreditTo"): Row => ({
  behaviour: `calls back into ${call} in the middle of the ${when}`,
  prepare: async ({ adjudicator, alice, ethers }) => {
    const token = await ethers.deployContract("ReentrantToken");
    const address = await token.getAddress();
    const inner = {
      depositERC20: () => [address, `0x${"11".repeat(32)}`, 0n, 1n],
      claimCredit: () => [alice.address, address],
      claimCreditTo: () => [address, alice.address],
    }[call]();
    const data = adjudicator.interface.encodeFunctionData(call as "claimCredit", inner as [string, string]);
    const set = () => token.setCall(adjudicator, data, 1n);
    return {
      token,
      ...(when === "deposit" ? { beforeDeposit: set } : { beforePayment: set }),
      afterwards: async () => {
        const locked = adjudicator.interface.encodeErrorResult("ReentrancyGuardReentrantCall");
        expect([await token.successes(), await token.lastAnswer()]).to.deep.equal([0n, locked]);
      },
    };
  },
  ...ORDINARY,
});

const ROWS: Row[] = [
  ...tokenRows<ChannelEnvironment, Hex>(({ adjudicator }) => adjudicator, "ChannelAmount"),
  reentrant("deposit", "depositERC20"),
  reentrant("deposit", "claimCredit"),
  reentrant("payment", "depositERC20"),
  reentrant("payment", "claimCredit"),
  reentrant("payment", "claimCreditTo"),
  {
    behaviour: "takes a fee from the sender on top: the rest of the channel is paid without it",
    prepare: async ({ ethers, adjudicator, bob }) => {
      const token = await ethers.deployContract("FeeOnSenderToken");
      return {
        token,
        beforePayment: async () => {
          // The fee would be paid out of what is bob's.
          await adjudicator.connect(bob).depositERC20(token, id("another channel"), 0n, 1_000n);
          await token.setCharging(true);
        },
        afterwards: async () => expect(await token.balanceOf(adjudicator)).to.equal(2_000n),
      };
    },
    deposit: { arrives: 1_000n },
    payment: { refused: "TokenTransferOverdebit" },
  },
  {
    behaviour: "transfers the whole balance when asked for the largest amount: what arrived counts",
    prepare: async ({ ethers, adjudicator, alice }) => {
      const token = await ethers.deployContract("WholeBalanceToken");
      return {
        token,
        deposit: (channelId) => adjudicator.connect(alice).depositERC20(token, channelId, 0n, MaxUint256),
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "is upgraded between deposit and payment",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("UpgradableToken", [await ethers.deployContract("MockERC20")]);
      const upgraded = await ethers.deployContract("FeeOnTransferToken");
      return { token, beforePayment: () => token.upgradeTo(upgraded) };
    },
    deposit: { arrives: 1_000n },
    payment: { paid: 900n, credit: 0n },
  },
  {
    behaviour: "can be flash-minted: what is deposited cannot be given back",
    prepare: async ({ ethers, adjudicator, alice }) => {
      const token = await ethers.deployContract("FlashMintToken");
      const recipient = await ethers.deployContract("MockRecipient");
      const address = await token.getAddress();
      const approve = token.interface.encodeFunctionData("approve", [await adjudicator.getAddress(), MaxUint256]);
      await recipient.execute(token, approve);
      return {
        token,
        deposit: async (channelId) => {
          const deposit = adjudicator.interface.encodeFunctionData("depositERC20", [
            address,
            channelId,
            0n,
            10n ** 30n,
          ]);
          const inner = recipient.interface.encodeFunctionData("execute", [await adjudicator.getAddress(), deposit]);
          const flash = token.interface.encodeFunctionData("flash", [10n ** 30n, await recipient.getAddress(), inner]);
          await expect(recipient.execute(token, flash)).to.be.revertedWithCustomError(token, "MockBalance");
          await adjudicator.connect(alice).depositERC20(token, channelId, 0n, 1_000n);
        },
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "has a second address, whose deposits are another token's",
    prepare: async ({ ethers, adjudicator, alice }) => {
      const token = await ethers.deployContract("TwoAddressToken");
      const second = await ethers.deployContract("SecondAddress", [token]);
      return {
        token,
        beforeDeposit: async () => {
          await token.mint(alice, 300n);
          await second.connect(alice).approve(adjudicator, MaxUint256);
        },
        deposit: async (channelId) => {
          await adjudicator.connect(alice).depositERC20(second, channelId, 0n, 300n);
          await adjudicator.connect(alice).depositERC20(token, channelId, 0n, 1_000n);
        },
        afterwards: async (channelId) => {
          expect(await adjudicator.holdingsOf(channelId, second)).to.equal(300n);
          expect(await token.balanceOf(adjudicator)).to.equal(300n);
        },
      };
    },
    ...ORDINARY,
  },
  { behaviour: "has DAI's permit, for which nobody asks", prepare: plain("DaiPermitToken"), ...ORDINARY },
  { behaviour: "swallows every call in its fallback", prepare: plain("PhantomPermitToken"), ...ORDINARY },
];

describe("ChannelAdjudicator with tokens of every behaviour", () => {
  const environment = useAdjudicator();

  for (const row of ROWS) {
    it(row.behaviour, async () => {
      const env = environment();
      const { adjudicator, alice, bob, carol, channelOf, signedByAll, ethers, tokenAddress: bystander } = env;
      const { token: subject, ...steps } = await row.prepare(env);
      const token: MockERC20 = await ethers.getContractAt("MockERC20", await subject.getAddress());
      const asset = (await token.getAddress()).toLowerCase() as Hex;

      // Funds of others, which nothing below may touch: in other currencies, and where it lets them in the same one.
      const other = channelOf([carol, bob], { channelNonce: 2n });
      await adjudicator.connect(carol).depositETH(other.id, 0n, { value: parseEther("5") });
      await adjudicator.connect(carol).depositERC20(bystander, other.id, 0n, 5_000n);

      const channel = channelOf([alice, bob]);
      await adjudicator.connect(bob).depositETH(channel.id, 0n, { value: parseEther("3") });
      for (const user of [alice, bob]) {
        await token.mint(user, 1_000n);
        await token.connect(user).approve(adjudicator, MaxUint256);
      }
      await steps.beforeDeposit?.();
      const deposit =
        steps.deposit ?? ((channelId: Hex) => adjudicator.connect(alice).depositERC20(token, channelId, 0n, 1_000n));
      if ("refused" in row.deposit) {
        await expect(deposit(channel.id)).to.be.revertedWithCustomError(adjudicator, row.deposit.refused);
        expect(await adjudicator.depositedOf(channel.id, token)).to.equal(0n);
      } else {
        await deposit(channel.id);
        const { arrives } = row.deposit;
        expect(await adjudicator.depositedOf(channel.id, token), "what arrived").to.equal(arrives);
        await steps.beforePayment?.();
        const outcome = [
          ...outcomeOf(ETH, [bob.address, parseEther("3")]),
          ...outcomeOf(asset, [alice.address, arrives]),
        ];
        const signed = signedByAll(channel, { ...FINAL, outcome });
        if (row.payment !== undefined && "refused" in row.payment) {
          await expect(adjudicator.concludeAndPay(channel.params, signed)).to.be.revertedWithCustomError(
            adjudicator,
            row.payment.refused,
          );
          // Whoever has the other assets does not wait for this one.
          await adjudicator.conclude(channel.params, signed);
          const payout = (index: number) => adjudicator.payout(channel.id, signed.state, signed.outcome, index, []);
          await expect(payout(0)).to.changeEtherBalance(ethers, bob, parseEther("3"));
          await expect(payout(1)).to.be.revertedWithCustomError(adjudicator, row.payment.refused);
          expect(await adjudicator.holdingsOf(channel.id, token)).to.equal(arrives);
        } else {
          const before = await token.balanceOf(alice);
          const bobs = await ethers.provider.getBalance(bob);
          const receipt = await (await adjudicator.connect(carol).concludeAndPay(channel.params, signed, GAS)).wait();
          expect(receipt?.gasUsed).to.be.lessThan(650_000n);
          expect((await token.balanceOf(alice)) - before, "what was paid").to.equal(row.payment?.paid);
          expect(await adjudicator.credit(alice, token), "what was credited").to.equal(row.payment?.credit);
          expect((await ethers.provider.getBalance(bob)) - bobs).to.equal(parseEther("3"));
        }
      }
      await steps.afterwards?.(channel.id);

      const outcome = [
        ...outcomeOf(ETH, [bob.address, parseEther("5")]),
        ...outcomeOf(bystander, [bob.address, 5_000n]),
      ];
      const rest = adjudicator.concludeAndPay(other.params, signedByAll(other, { ...FINAL, outcome }));
      await expect(rest).to.changeEtherBalance(ethers, bob, parseEther("5"));
      await expect(rest).to.changeTokenBalance(ethers, env.token, bob, 5_000n);
    });
  }

  it("refuses an address without code, and ETH by its name as a token", async () => {
    const { adjudicator, alice, carol, channelOf } = environment();
    const channel = channelOf();
    for (const asset of [carol.address, ZeroAddress]) {
      await expect(adjudicator.connect(alice).depositERC20(asset, channel.id, 0n, 1n))
        .to.be.revertedWithCustomError(adjudicator, "ChannelAsset")
        .withArgs(asset);
    }
  });
});
