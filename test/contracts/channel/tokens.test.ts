import { expect } from "chai";
import { type Addressable, id, MaxUint256, parseEther, ZeroAddress } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import type { MockERC20 } from "../../../typechain-types/index.js";
import { type ChannelEnvironment, ETH, outcomeOf, useAdjudicator } from "./support.js";

/** How one row's token is set up for alice, who puts 1,000 of it into a channel and is to have what arrived. */
interface Case {
  token: Addressable;
  beforeDeposit?: () => Promise<unknown>;
  /** Deposits in another way than alice's 1,000. */
  deposit?: (channelId: Hex) => Promise<unknown>;
  beforePayment?: () => Promise<unknown>;
  /** What must hold afterwards, beyond what every row is asked. */
  afterwards?: (channelId: Hex) => Promise<unknown>;
}

interface Row {
  behaviour: string;
  prepare: (env: ChannelEnvironment) => Promise<Case>;
  /** What a deposit of 1,000 brings, or how it is refused. */
  deposit: { arrives: bigint } | { refused: string };
  /** What the end of the channel gives, or how it is refused while the token is so. */
  payment?: { paid: bigint; credit: bigint } | { refused: string };
}

const ORDINARY = { deposit: { arrives: 1_000n }, payment: { paid: 1_000n, credit: 0n } };
const WAITS = { deposit: { arrives: 1_000n }, payment: { paid: 0n, credit: 1_000n } };
/** Nobody can say what a token that burns all it gets will need. */
const GAS = { gasLimit: 3_000_000n };
const FINAL = { turnNum: 5n, isFinal: true } as const;

/** A row of a token that needs no setting up. */
const plain = (contract: string, ...args: unknown[]): Row["prepare"] => {
  return async ({ ethers }) => ({ token: await ethers.deployContract(contract, args) });
};

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
  { behaviour: "an ordinary token", prepare: plain("MockERC20"), ...ORDINARY },
  reentrant("deposit", "depositERC20"),
  reentrant("deposit", "claimCredit"),
  reentrant("payment", "depositERC20"),
  reentrant("payment", "claimCredit"),
  reentrant("payment", "claimCreditTo"),
  { behaviour: "returns nothing", prepare: plain("MissingReturnToken", false), ...ORDINARY },
  { behaviour: "returns nothing from transfer only", prepare: plain("MissingReturnToken", true), ...ORDINARY },
  { behaviour: "returns false although it moved the amount", prepare: plain("ReturnsFalseToken"), ...ORDINARY },
  {
    behaviour: "returns false instead of reverting, from transferFrom",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("NoRevertToken");
      return { token, beforeDeposit: () => token.setRefusing(true) };
    },
    deposit: { refused: "ChannelAmount" },
  },
  {
    behaviour: "returns false instead of reverting, from transfer",
    prepare: async ({ ethers, adjudicator, alice }) => {
      const token = await ethers.deployContract("NoRevertToken");
      return {
        token,
        beforePayment: () => token.setRefusing(true),
        afterwards: async () => {
          await token.setRefusing(false);
          await adjudicator.claimCredit(alice, token);
          expect(await token.balanceOf(alice)).to.equal(1_000n);
        },
      };
    },
    ...WAITS,
  },
  {
    behaviour: "takes a fee from what arrives",
    prepare: plain("FeeOnTransferToken"),
    deposit: { arrives: 900n },
    payment: { paid: 810n, credit: 0n },
  },
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
    behaviour: "transfers less than asked, on the way in",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("PartialToken");
      return { token, beforeDeposit: () => token.setHalving(true), beforePayment: () => token.setHalving(false) };
    },
    deposit: { arrives: 500n },
    payment: { paid: 500n, credit: 0n },
  },
  {
    behaviour: "transfers less than asked, on the way out",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("PartialToken");
      return { token, beforePayment: () => token.setHalving(true) };
    },
    deposit: { arrives: 1_000n },
    payment: { paid: 500n, credit: 500n },
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
    behaviour: "rebases upwards",
    prepare: async ({ ethers, adjudicator }) => {
      const token = await ethers.deployContract("RebasingToken");
      return { token, beforePayment: () => token.rebase(adjudicator, 1_000_000n) };
    },
    ...ORDINARY,
  },
  {
    behaviour: "rebases downwards: what is missing waits as a credit",
    prepare: async ({ ethers, adjudicator }) => {
      const token = await ethers.deployContract("RebasingToken");
      return { token, beforePayment: () => token.rebase(adjudicator, 999n) };
    },
    ...WAITS,
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
    behaviour: "blocks the recipient, who is paid elsewhere",
    prepare: async ({ ethers, adjudicator, alice, carol }) => {
      const token = await ethers.deployContract("BlocklistToken");
      return {
        token,
        beforePayment: () => token.setBlocked(alice, true),
        afterwards: async () => {
          await adjudicator.connect(alice).claimCreditTo(token, carol);
          expect(await token.balanceOf(carol)).to.equal(1_000n);
        },
      };
    },
    ...WAITS,
  },
  {
    behaviour: "blocks the adjudicator: the payment waits",
    prepare: async ({ ethers, adjudicator, alice }) => {
      const token = await ethers.deployContract("BlocklistToken");
      return {
        token,
        beforePayment: () => token.setBlocked(adjudicator, true),
        afterwards: async () => {
          await token.setBlocked(adjudicator, false);
          await adjudicator.claimCredit(alice, token);
        },
      };
    },
    ...WAITS,
  },
  {
    behaviour: "is paused, and paid when it runs again",
    prepare: async ({ ethers, adjudicator, alice }) => {
      const token = await ethers.deployContract("PausableToken");
      return {
        token,
        beforePayment: () => token.setPaused(true),
        afterwards: async () => {
          await token.setPaused(false);
          await adjudicator.claimCredit(alice, token);
          expect(await adjudicator.credit(alice, token)).to.equal(0n);
        },
      };
    },
    ...WAITS,
  },
  { behaviour: "is particular about approvals, of which there are none", prepare: plain("ApprovalToken"), ...ORDINARY },
  { behaviour: "refuses transfers of zero", prepare: plain("RevertZeroToken"), ...ORDINARY },
  { behaviour: "refuses transfers to the zero address", prepare: plain("RevertToZeroToken"), ...ORDINARY },
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
  ...[0, 2, 6, 18, 24].map((decimals): Row => ({
    behaviour: `has ${decimals} decimals, which L1 does not scale`,
    prepare: plain("DecimalsToken", decimals),
    ...ORDINARY,
  })),
  { behaviour: "lets nobody transferFrom itself", prepare: plain("TransferFromSelfToken"), ...ORDINARY },
  { behaviour: "has a bytes32 name", prepare: plain("Bytes32MetadataToken"), ...ORDINARY },
  { behaviour: "has code in its name", prepare: plain("InjectedNameToken"), ...ORDINARY },
  { behaviour: "counts in 96 bits", prepare: plain("Uint96Token"), ...ORDINARY },
  { behaviour: "has DAI's permit, for which nobody asks", prepare: plain("DaiPermitToken"), ...ORDINARY },
  { behaviour: "swallows every call in its fallback", prepare: plain("PhantomPermitToken"), ...ORDINARY },
  {
    behaviour: "is the native currency under another name",
    prepare: async ({ ethers, alice }) => {
      const token = await ethers.deployContract("NativeAliasToken");
      return { token, beforeDeposit: () => alice.sendTransaction({ to: token, value: 1_000n }) };
    },
    deposit: { refused: "TokenTransferNativeAlias" },
  },
  { behaviour: "answers a transfer with a return bomb", prepare: plain("ReturnBombToken"), ...ORDINARY },
  {
    behaviour: "refuses a transfer with a return bomb",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("ReturnBombToken");
      return { token, beforePayment: () => token.setRefusing(true) };
    },
    ...WAITS,
  },
  {
    behaviour: "burns all the gas of a transfer",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("GasBurnerToken");
      return { token, beforePayment: () => token.setBurning(true) };
    },
    ...WAITS,
  },
  {
    behaviour: "does not say its balances, on the way in",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("LyingToken");
      return { token, beforeDeposit: () => token.setSilent(true) };
    },
    deposit: { refused: "TokenTransferBalanceUnreadable" },
  },
  {
    behaviour: "does not say its balances, on the way out: the rest of the channel is paid without it",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("LyingToken");
      return { token, beforePayment: () => token.setSilent(true) };
    },
    deposit: { arrives: 1_000n },
    payment: { refused: "TokenTransferBalanceUnreadable" },
  },
  {
    behaviour: "always tells the same balance: nothing arrives",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("LyingToken");
      return { token, beforeDeposit: () => token.setLie(10n ** 30n) };
    },
    deposit: { refused: "ChannelAmount" },
  },
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
