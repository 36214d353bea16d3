import { expect } from "chai";
import type { Addressable } from "ethers";
import { MaxUint256, parseEther, ZeroAddress, ZeroHash } from "ethers";

import type { MockERC20 } from "../../../typechain-types/index.js";
import { ORDINARY, type TokenRow, tokenRows } from "../../support/tokens.js";
import type { BridgeEnvironment } from "./support.js";
import { at, useBridge } from "./support.js";

type Row = TokenRow<BridgeEnvironment>;

const ROWS: Row[] = [
  ...tokenRows<BridgeEnvironment>(({ bridge }) => bridge, "InboxAmount"),
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
        beforePayment: () => token.setCall(bridge, inner, 1n),
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
  {
    behaviour: "takes a fee from the sender on top",
    prepare: async ({ ethers, bridge }) => {
      const token = await ethers.deployContract("FeeOnSenderToken");
      return {
        token,
        beforePayment: () => token.setCharging(true),
        afterwards: async () => expect(await token.balanceOf(bridge)).to.equal(2_000n),
      };
    },
    deposit: { arrives: 1_000n },
    payment: { refused: "TokenTransferOverdebit" },
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
    behaviour: "is upgraded between deposit and withdrawal",
    prepare: async ({ ethers, bridge, alice }) => {
      const token = await ethers.deployContract("UpgradableToken", [await ethers.deployContract("MockERC20")]);
      const upgraded = await ethers.deployContract("FeeOnTransferToken");
      return {
        token,
        beforePayment: () => token.upgradeTo(upgraded),
        afterwards: async () => {
          await expect(bridge.connect(alice).depositERC20(token, alice, 1n)).to.be.revertedWithCustomError(
            bridge,
            "L1EscrowBridgeTokenChanged",
          );
        },
      };
    },
    deposit: { arrives: 1_000n },
    payment: { paid: 900n, credit: 0n },
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
        const bobs = row.payment ? await depositOfBob(env, token) : 0n;

        if (row.payment) {
          await steps.beforePayment?.();
          const { claims } = await finalBatch([withdrawal({ token: address, amount: arrives, target: alice.address })]);
          const claim = at(claims, 0);
          if ("refused" in row.payment) {
            await expect(bridge.withdraw(...claim)).to.be.revertedWithCustomError(bridge, row.payment.refused);
            expect(await bridge.isClaimed(claim[0].index, 0n)).to.equal(false);
          } else {
            const before = await token.balanceOf(alice);
            const receipt = await (await bridge.withdraw(...claim)).wait();
            expect(receipt?.gasUsed).to.be.lessThan(600_000n);
            expect((await token.balanceOf(alice)) - before, "what was paid").to.equal(row.payment.paid);
            expect(await bridge.credit(alice, token), "what was credited").to.equal(row.payment.credit);
            if (!row.insolvent) {
              const owed = bobs + row.payment.credit;
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
