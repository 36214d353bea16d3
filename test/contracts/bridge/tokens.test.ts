import { expect } from "chai";
import type { Addressable } from "ethers";
import { MaxUint256, parseEther, ZeroAddress, ZeroHash } from "ethers";

import type { MockERC20 } from "../../../typechain-types/index.js";
import type { BridgeEnvironment } from "./support.js";
import { at, useBridge } from "./support.js";

/** How one row's token is set up for alice, who deposits 1,000 of it and withdraws what arrived. */
interface Case {
  token: Addressable;
  beforeDeposit?: () => Promise<unknown>;
  /** Deposits in another way than `depositERC20`. */
  deposit?: () => Promise<unknown>;
  beforeWithdrawal?: () => Promise<unknown>;
  /** What must hold afterwards, beyond what every row is asked. */
  afterwards?: () => Promise<unknown>;
}

interface Row {
  behaviour: string;
  prepare: (env: BridgeEnvironment) => Promise<Case>;
  /** What a deposit of 1,000 brings, or how it is refused. */
  deposit: { arrives: bigint } | { refused: string };
  /** What a withdrawal of all that arrived gives, or how it is refused. */
  withdrawal?: { paid: bigint; credit: bigint } | { refused: string };
  /** The token itself took from its holders, so the bridge cannot hold it all. */
  insolvent?: true;
}

const ORDINARY = { deposit: { arrives: 1_000n }, withdrawal: { paid: 1_000n, credit: 0n } };

/** A row of a token that needs no setting up. */
const plain = (contract: string, ...args: unknown[]): Row["prepare"] => {
  return async ({ ethers }) => ({ token: await ethers.deployContract(contract, args) });
};

const ROWS: Row[] = [
  { behaviour: "an ordinary token", prepare: plain("MockERC20"), ...ORDINARY },
  {
    behaviour: "calls back into a deposit while it is transferred",
    prepare: async ({ bridge, ethers }) => {
      const token = await ethers.deployContract("ReentrantToken");
      const inner = bridge.interface.encodeFunctionData("depositERC20", [await token.getAddress(), ZeroAddress, 1n]);
      return {
        token,
        beforeDeposit: () => token.setCall(bridge, inner, 1n),
        afterwards: async () => expect(await token.successes()).to.equal(0n),
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "calls back into a credit's claim while it is transferred",
    prepare: async ({ bridge, alice, ethers }) => {
      const token = await ethers.deployContract("ReentrantToken");
      const inner = bridge.interface.encodeFunctionData("claimCredit", [alice.address, await token.getAddress()]);
      return {
        token,
        beforeWithdrawal: () => token.setCall(bridge, inner, 1n),
        afterwards: async () => {
          const locked = bridge.interface.encodeErrorResult("ReentrancyGuardReentrantCall");
          expect([await token.successes(), await token.lastAnswer()]).to.deep.equal([0n, locked]);
        },
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "forces a message while it is transferred",
    prepare: async ({ bridge, ethers }) => {
      const token = await ethers.deployContract("ReentrantToken");
      const inner = bridge.interface.encodeFunctionData("forceTransaction", ["0x02"]);
      return {
        token,
        beforeDeposit: () => token.setCall(bridge, inner, 1n),
        afterwards: async () => expect(await token.successes()).to.equal(1n),
      };
    },
    ...ORDINARY,
  },
  { behaviour: "returns nothing", prepare: plain("MissingReturnToken", false), ...ORDINARY },
  { behaviour: "returns nothing from transfer only", prepare: plain("MissingReturnToken", true), ...ORDINARY },
  { behaviour: "returns false although it moved the amount", prepare: plain("ReturnsFalseToken"), ...ORDINARY },
  {
    behaviour: "returns false instead of reverting, from transferFrom",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("NoRevertToken");
      return { token, beforeDeposit: () => token.setRefusing(true) };
    },
    deposit: { refused: "InboxAmount" },
  },
  {
    behaviour: "returns false instead of reverting, from transfer",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("NoRevertToken");
      return {
        token,
        beforeWithdrawal: () => token.setRefusing(true),
        afterwards: async () => {
          await token.setRefusing(false);
          await bridge.claimCredit(alice, token);
          expect(await bridge.credit(alice, token)).to.equal(0n);
        },
      };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
  },
  {
    behaviour: "takes a fee from what arrives",
    prepare: plain("FeeOnTransferToken"),
    deposit: { arrives: 900n },
    withdrawal: { paid: 810n, credit: 0n },
  },
  {
    behaviour: "takes a fee from the sender on top",
    prepare: async ({ ethers, bridge }) => {
      const token = await ethers.deployContract("FeeOnSenderToken");
      return {
        token,
        beforeWithdrawal: () => token.setCharging(true),
        afterwards: async () => expect(await token.balanceOf(bridge)).to.equal(2_000n),
      };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { refused: "TokenTransferOverdebit" },
  },
  {
    behaviour: "transfers less than asked, on the way in",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("PartialToken");
      return { token, beforeDeposit: () => token.setHalving(true), beforeWithdrawal: () => token.setHalving(false) };
    },
    deposit: { arrives: 500n },
    withdrawal: { paid: 500n, credit: 0n },
  },
  {
    behaviour: "transfers less than asked, on the way out",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("PartialToken");
      return { token, beforeWithdrawal: () => token.setHalving(true) };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 500n, credit: 500n },
  },
  {
    behaviour: "transfers the whole balance when asked for the largest amount",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("WholeBalanceToken");
      return { token, deposit: () => bridge.connect(alice).depositERC20(token, alice, MaxUint256) };
    },
    deposit: { refused: "InboxAmount" },
  },
  {
    behaviour: "rebases upwards",
    prepare: async ({ ethers, bridge }) => {
      const token = await ethers.deployContract("RebasingToken");
      return { token, beforeWithdrawal: () => token.rebase(bridge, 1_000_000n) };
    },
    ...ORDINARY,
  },
  {
    behaviour: "rebases downwards: what is missing waits as a credit",
    prepare: async ({ ethers, bridge }) => {
      const token = await ethers.deployContract("RebasingToken");
      return { token, beforeWithdrawal: () => token.rebase(bridge, 999n) };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
    insolvent: true,
  },
  {
    behaviour: "is upgraded between deposit and withdrawal",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("UpgradableToken", [await ethers.deployContract("MockERC20")]);
      const upgraded = await ethers.deployContract("FeeOnTransferToken");
      return {
        token,
        beforeWithdrawal: () => token.upgradeTo(upgraded),
        afterwards: async () => {
          await expect(bridge.connect(alice).depositERC20(token, alice, 1n)).to.be.revertedWithCustomError(
            bridge,
            "L1EscrowBridgeTokenChanged",
          );
        },
      };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 900n, credit: 0n },
  },
  {
    behaviour: "can be flash-minted: what is deposited cannot be given back",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("FlashMintToken");
      const recipient = await ethers.deployContract("MockRecipient");
      const address = await token.getAddress();
      const approve = token.interface.encodeFunctionData("approve", [await bridge.getAddress(), MaxUint256]);
      await recipient.execute(token, approve);
      const deposit = bridge.interface.encodeFunctionData("depositERC20", [address, alice.address, 10n ** 30n]);
      const inner = recipient.interface.encodeFunctionData("execute", [await bridge.getAddress(), deposit]);
      const flash = token.interface.encodeFunctionData("flash", [10n ** 30n, await recipient.getAddress(), inner]);
      return {
        token,
        deposit: async () => {
          await expect(recipient.execute(token, flash)).to.be.revertedWithCustomError(token, "MockBalance");
          await bridge.connect(alice).depositERC20(token, alice, 1_000n);
        },
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "blocks the recipient, who is paid elsewhere",
    prepare: async ({ ethers, bridge, alice, carol }) => {
      const token = await ethers.deployContract("BlocklistToken");
      return {
        token,
        beforeWithdrawal: () => token.setBlocked(alice, true),
        afterwards: async () => {
          await bridge.connect(alice).claimCreditTo(token, carol);
          expect(await token.balanceOf(carol)).to.equal(1_000n);
        },
      };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
  },
  {
    behaviour: "blocks the bridge: everybody's claim waits",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("BlocklistToken");
      return {
        token,
        beforeWithdrawal: () => token.setBlocked(bridge, true),
        afterwards: async () => {
          await token.setBlocked(bridge, false);
          await bridge.claimCredit(alice, token);
        },
      };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
  },
  {
    behaviour: "is paused, and paid out when it runs again",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("PausableToken");
      return {
        token,
        beforeWithdrawal: () => token.setPaused(true),
        afterwards: async () => {
          await token.setPaused(false);
          await bridge.claimCredit(alice, token);
          expect(await bridge.credit(alice, token)).to.equal(0n);
        },
      };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
  },
  {
    behaviour: "is particular about approvals, of which the bridge makes none",
    prepare: plain("ApprovalToken"),
    ...ORDINARY,
  },
  { behaviour: "refuses transfers of zero", prepare: plain("RevertZeroToken"), ...ORDINARY },
  { behaviour: "refuses transfers to the zero address", prepare: plain("RevertToZeroToken"), ...ORDINARY },
  {
    behaviour: "has a second address, whose deposits are another token's",
    prepare: async ({ ethers, bridge, alice, claimOne }) => {
      const token = await ethers.deployContract("TwoAddressToken");
      const second = await ethers.deployContract("SecondAddress", [token]);
      return {
        token,
        beforeDeposit: async () => {
          await token.mint(alice, 300n);
          await second.connect(alice).approve(bridge, MaxUint256);
          await expect(bridge.connect(alice).depositERC20(second, alice, 300n)).to.emit(bridge, "DepositEnqueued");
        },
        afterwards: async () => {
          expect(await token.balanceOf(bridge)).to.equal(1_300n);
          await claimOne({ token: await second.getAddress(), amount: 300n, target: alice.address });
          expect(await token.balanceOf(bridge)).to.equal(1_000n);
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
  {
    behaviour: "counts in 96 bits, and is asked for more",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("Uint96Token");
      return {
        token,
        deposit: async () => {
          await expect(bridge.connect(alice).depositERC20(token, alice, 1n << 96n)).to.be.revertedWithCustomError(
            token,
            "MockAllowance",
          );
          await bridge.connect(alice).depositERC20(token, alice, 1_000n);
        },
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "has DAI's permit in place of ERC-2612's",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("DaiPermitToken");
      return {
        token,
        deposit: () =>
          bridge.connect(alice).depositERC20WithPermit(token, alice, 1_000n, MaxUint256, 27, ZeroHash, ZeroHash),
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "swallows a permit in its fallback, with an allowance",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("PhantomPermitToken");
      return {
        token,
        deposit: () =>
          bridge.connect(alice).depositERC20WithPermit(token, alice, 1_000n, MaxUint256, 27, ZeroHash, ZeroHash),
        afterwards: async () => expect(await token.swallowed()).to.equal(1n),
      };
    },
    ...ORDINARY,
  },
  {
    behaviour: "swallows a permit in its fallback, without an allowance",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("PhantomPermitToken");
      return {
        token,
        beforeDeposit: () => token.connect(alice).approve(bridge, 0n),
        deposit: () =>
          expect(
            bridge.connect(alice).depositERC20WithPermit(token, alice, 1_000n, MaxUint256, 27, ZeroHash, ZeroHash),
          ).to.be.revertedWithCustomError(token, "MockAllowance"),
      };
    },
    deposit: { arrives: 0n },
  },
  {
    behaviour: "is the native currency under another name",
    prepare: async ({ ethers, alice }) => {
      const token = await ethers.deployContract("NativeAliasToken");
      return { token, beforeDeposit: () => alice.sendTransaction({ to: token, value: 1_000n }) };
    },
    deposit: { refused: "TokenTransferNativeAlias" },
  },
  {
    behaviour: "answers a transfer with a return bomb",
    prepare: plain("ReturnBombToken"),
    ...ORDINARY,
  },
  {
    behaviour: "refuses a transfer with a return bomb",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("ReturnBombToken");
      return { token, beforeWithdrawal: () => token.setRefusing(true) };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
  },
  {
    behaviour: "burns all the gas of a transfer",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("GasBurnerToken");
      return { token, beforeWithdrawal: () => token.setBurning(true) };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { paid: 0n, credit: 1_000n },
  },
  {
    behaviour: "does not say its balances, on the way in",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("LyingToken");
      return { token, beforeDeposit: () => token.setSilent(true), afterwards: () => token.setSilent(false) };
    },
    deposit: { refused: "TokenTransferBalanceUnreadable" },
  },
  {
    behaviour: "does not say its balances, on the way out: the claim stays open",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("LyingToken");
      return { token, beforeWithdrawal: () => token.setSilent(true), afterwards: () => token.setSilent(false) };
    },
    deposit: { arrives: 1_000n },
    withdrawal: { refused: "TokenTransferBalanceUnreadable" },
  },
  {
    behaviour: "always tells the same balance: nothing arrives",
    prepare: async ({ ethers }) => {
      const token = await ethers.deployContract("LyingToken");
      return { token, beforeDeposit: () => token.setLie(10n ** 30n) };
    },
    deposit: { refused: "InboxAmount" },
  },
];

describe("L1EscrowBridge with tokens of every behaviour", () => {
  const environment = useBridge();

  for (const row of ROWS) {
    it(row.behaviour, async () => {
      const env = environment();
      const { bridge, token: bystander, alice, bob, ethers, withdrawal, finalBatch } = env;

      // Bob's funds in other currencies, which nothing below may touch.
      await bridge.connect(bob).depositETH(bob, { value: parseEther("5") });
      await bridge.connect(bob).depositERC20(bystander, bob, 5_000n);

      const { token: subject, ...steps } = await row.prepare(env);
      const token: MockERC20 = await ethers.getContractAt("MockERC20", await subject.getAddress());
      const address = await token.getAddress();
      for (const user of [alice, bob]) {
        await token.mint(user, 1_000n);
        await token.connect(user).approve(bridge, MaxUint256);
      }

      await steps.beforeDeposit?.();
      const held = await heldByBridge(token, bridge);
      const deposit = steps.deposit ?? (() => bridge.connect(alice).depositERC20(token, alice, 1_000n));
      if ("refused" in row.deposit) {
        await expect(deposit()).to.be.revertedWithCustomError(bridge, row.deposit.refused);
        await steps.afterwards?.();
      } else {
        await deposit();
        const { arrives } = row.deposit;
        expect((await heldByBridge(token, bridge)) - held, "what arrived").to.equal(arrives);
        if (arrives > 0n) {
          const messages = await bridge.queryFilter(bridge.filters.DepositEnqueued());
          const { args } = at(
            messages.filter((message) => message.args.token === address),
            -1,
          );
          expect([args.amount, args.sender, args.target]).to.deep.equal([arrives, alice.address, alice.address]);
        }
        // Bob holds the same token in the bridge, where it lets him.
        const bobs = row.withdrawal ? await depositOfBob(env, token) : 0n;

        if (row.withdrawal) {
          await steps.beforeWithdrawal?.();
          const { claims } = await finalBatch([withdrawal({ token: address, amount: arrives, target: alice.address })]);
          const claim = at(claims, 0);
          if ("refused" in row.withdrawal) {
            await expect(bridge.withdraw(...claim)).to.be.revertedWithCustomError(bridge, row.withdrawal.refused);
            expect(await bridge.isClaimed(claim[0].index, 0n)).to.equal(false);
          } else {
            const before = await token.balanceOf(alice);
            const receipt = await (await bridge.withdraw(...claim)).wait();
            expect(receipt?.gasUsed).to.be.lessThan(600_000n);
            expect((await token.balanceOf(alice)) - before, "what was paid").to.equal(row.withdrawal.paid);
            expect(await bridge.credit(alice, token), "what was credited").to.equal(row.withdrawal.credit);
            if (!row.insolvent) {
              const owed = bobs + row.withdrawal.credit;
              expect(await token.balanceOf(bridge), "escrow").to.be.greaterThanOrEqual(owed);
            }
          }
        }
        await steps.afterwards?.();
      }

      const { claims } = await finalBatch([
        withdrawal({ target: bob.address, amount: parseEther("5") }),
        withdrawal({ target: bob.address, amount: 5_000n, token: await bystander.getAddress() }),
      ]);
      await expect(bridge.withdraw(...at(claims, 0))).to.changeEtherBalance(ethers, bob, parseEther("5"));
      await bridge.withdraw(...at(claims, 1));
      expect(await bystander.balanceOf(bob)).to.equal(10n ** 24n);
      expect([await bystander.balanceOf(bridge), await ethers.provider.getBalance(bridge)]).to.deep.equal([0n, 0n]);
    });
  }
});

/** The bridge's balance; zero while the token does not say. */
async function heldByBridge(token: MockERC20, bridge: Addressable): Promise<bigint> {
  return token.balanceOf(bridge).catch(() => 0n);
}

async function depositOfBob({ bridge, bob }: BridgeEnvironment, token: MockERC20): Promise<bigint> {
  const before = await token.balanceOf(bridge);
  await bridge.connect(bob).depositERC20(token, bob, 1_000n);
  return (await token.balanceOf(bridge)) - before;
}
