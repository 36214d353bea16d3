import { expect } from "chai";
import type { Signer, Signature } from "ethers";
import { AbiCoder, getBytes, keccak256, MaxUint256, SigningKey, toBeHex, ZeroAddress } from "ethers";

import type { NaiveEscrowBridge } from "../../../typechain-types/index.js";
import { at, headerOf, PAUSE_DURATION, rootOf, treeOf, useBridge, withdrawalLeaf } from "./support.js";

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const CHAIN_ID = 31_337n;

/** The key of the naive bridge's owner: all there is between its funds and the world. */
const OWNER_KEY = new SigningKey(keccak256(getBytes("0x01")));

function settlement(user: string, amount: bigint, withdrawalId: bigint): Signature {
  const digest = keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "uint256", "uint256"],
      [user, amount, withdrawalId, CHAIN_ID],
    ),
  );
  return OWNER_KEY.sign(digest);
}

/** r, s, v in one string. */
function packed({ r, s, v }: { r: string; s: string; v: number }): string {
  return `${r}${s.slice(2)}${toBeHex(v).slice(2)}`;
}

describe("The widely copied escrow bridge and ours, fault by fault", () => {
  const environment = useBridge();

  /** A naive bridge over `contract`, into which alice and bob have put 1,000 each; and the same deposits in ours. */
  async function both(contract: string, ...args: unknown[]) {
    const env = environment();
    const { ethers, networkHelpers, bridge, alice, bob } = env;
    const token = await ethers.getContractAt("MockERC20", await ethers.deployContract(contract, args));
    const ownerAddress = ethers.computeAddress(OWNER_KEY.publicKey);
    await networkHelpers.setBalance(ownerAddress, 10n ** 20n);
    const owner = new ethers.Wallet(OWNER_KEY, ethers.provider);
    const naive = await (await ethers.getContractFactory("NaiveEscrowBridge", owner)).deploy(token);
    for (const user of [alice, bob]) {
      await token.mint(user, 10_000n);
      await token.connect(user).approve(naive, MaxUint256);
      await token.connect(user).approve(bridge, MaxUint256);
    }
    return { ...env, token, owner, naive };
  }

  async function fill(naive: NaiveEscrowBridge, users: Signer[]) {
    for (const [nonce, user] of users.entries()) await naive.connect(user).depositAsset(1_000n, 10n, nonce);
  }

  describe("one owner key signs exits", () => {
    it("naive: whoever has the key has the funds", async () => {
      const { naive, token, alice, bob, liar } = await both("MockERC20");
      await fill(naive, [alice, bob]);
      await naive.connect(liar).settleWithdrawal(liar, 2_000n, 1n, packed(settlement(liar.address, 2_000n, 1n)));
      expect(await token.balanceOf(liar)).to.equal(2_000n);
    });

    it("ours: nobody's signature moves anything; a final batch does", async () => {
      const { bridge, token, alice, guardian, timelock, owner, withdrawal } = await both("MockERC20");
      await bridge.connect(alice).depositERC20(token, alice, 1_000n);
      const leaf = withdrawal({ token: await token.getAddress(), amount: 1_000n });
      const signature = packed(settlement(alice.address, 1_000n, 1n));
      for (const power of [guardian, timelock, owner]) {
        await expect(
          bridge.connect(power).claimCreditBySig(alice, token, power, MaxUint256, signature),
        ).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeSignature");
        const header = headerOf(1n, rootOf(treeOf([withdrawalLeaf(leaf)])));
        await expect(bridge.connect(power).withdraw(header, 0n, leaf, [])).to.be.revertedWithCustomError(
          bridge,
          "L1EscrowBridgeNotFinalized",
        );
      }
      expect(await token.balanceOf(bridge)).to.equal(1_000n);
    });
  });

  describe("the digest lacks contract and token", () => {
    it("naive: one settlement is paid by every bridge of the owner", async () => {
      const { ethers, naive, owner, alice, bob } = await both("MockERC20");
      const gold = await ethers.deployContract("MockERC20");
      const golden = await (await ethers.getContractFactory("NaiveEscrowBridge", owner)).deploy(gold);
      await gold.mint(bob, 1_000n);
      await gold.connect(bob).approve(golden, MaxUint256);
      await fill(naive, [alice]);
      await fill(golden, [bob]);
      const signature = packed(settlement(alice.address, 1_000n, 7n));
      await naive.settleWithdrawal(alice, 1_000n, 7n, signature);
      await golden.settleWithdrawal(alice, 1_000n, 7n, signature);
      expect(await gold.balanceOf(alice)).to.equal(1_000n);
    });

    it("ours: the leaf binds the token, and the batch belongs to the chain of one bridge", async () => {
      const { bridge, token, ethers, parameters, timelock, alice, withdrawal, finalBatch } = await both("MockERC20");
      const gold = await ethers.deployContract("MockERC20");
      await gold.mint(bridge, 1_000n);
      await bridge.connect(alice).depositERC20(token, alice, 1_000n);
      const { claims } = await finalBatch([withdrawal({ token: await token.getAddress(), amount: 1_000n })]);
      const [header, index, leaf, proof] = at(claims, 0);
      await expect(
        bridge.withdraw(header, index, { ...leaf, token: await gold.getAddress() }, proof),
      ).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeProof");

      // A second suite has a chain of its own, for which the batch is not final.
      const other = await ethers.deployContract("MockStateCommitmentChain");
      const implementation = await ethers.deployContract("L1EscrowBridge", [
        { ...parameters, chain: await other.getAddress() },
      ]);
      const proxy = await ethers.deployContract("TestProxy", [
        implementation,
        timelock,
        implementation.interface.encodeFunctionData("initialize"),
      ]);
      const second = await ethers.getContractAt("L1EscrowBridge", proxy);
      await token.mint(second, 1_000n);
      await bridge.withdraw(header, index, leaf, proof);
      await expect(second.withdraw(header, index, leaf, proof)).to.be.revertedWithCustomError(
        second,
        "L1EscrowBridgeNotFinalized",
      );
    });
  });

  describe("malleable signatures", () => {
    it("naive: the twin of a spent signature is paid again", async () => {
      const { naive, token, alice, bob } = await both("MockERC20");
      await fill(naive, [alice, bob]);
      const signature = settlement(alice.address, 1_000n, 1n);
      const twin = {
        r: signature.r,
        s: toBeHex(CURVE_ORDER - BigInt(signature.s), 32),
        v: signature.v === 27 ? 28 : 27,
      };
      await naive.settleWithdrawal(alice, 1_000n, 1n, packed(signature));
      await naive.settleWithdrawal(alice, 1_000n, 1n, packed(twin));
      expect(await token.balanceOf(naive)).to.equal(0n);
    });

    it("ours: a leaf is spent, not an encoding of its proof", async () => {
      const { bridge, token, alice, bob, withdrawal, finalBatch } = await both("MockERC20");
      for (const user of [alice, bob]) await bridge.connect(user).depositERC20(token, user, 1_000n);
      const { claims } = await finalBatch([withdrawal({ token: await token.getAddress(), amount: 1_000n })]);
      const [header, index, leaf, proof] = at(claims, 0);
      await bridge.withdraw(header, index, leaf, proof);
      const again = bridge.interface.encodeFunctionData("withdraw", [header, index, leaf, proof]);
      // The same call with bytes behind it that no decoder reads.
      await expect(alice.sendTransaction({ to: bridge, data: `${again}00ff` })).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeAlreadyClaimed",
      );
      expect(await token.balanceOf(bridge)).to.equal(1_000n);
    });
  });

  describe("the caller chooses the nonce", () => {
    it("naive: two deposits carry the same one, so a follower drops or doubles one", async () => {
      const { naive, alice, bob } = await both("MockERC20");
      await naive.connect(alice).depositAsset(1_000n, 10n, 5n);
      await naive.connect(bob).depositAsset(1_000n, 10n, 5n);
      const deposits = await naive.queryFilter(naive.filters.AssetDeposited());
      expect(deposits.map((deposit) => deposit.args.nonce)).to.deep.equal([5n, 5n]);
    });

    it("ours: the contract numbers messages, without gap or repetition", async () => {
      const { bridge, token, alice, bob } = await both("MockERC20");
      await bridge.connect(alice).depositERC20(token, alice, 1_000n);
      await bridge.connect(bob).depositETH(bob, { value: 1n });
      await bridge.connect(bob).forceWithdrawal(ZeroAddress, 1n, bob);
      const deposits = await bridge.queryFilter(bridge.filters.DepositEnqueued());
      const others = await bridge.queryFilter(bridge.filters.MessageEnqueued());
      expect([...deposits, ...others].map(({ args }) => args.index)).to.deep.equal([0n, 1n, 2n]);
    });
  });

  describe("an endless pause", () => {
    it("naive: the owner stops exits for ever", async () => {
      const { naive, alice, owner, networkHelpers } = await both("MockERC20");
      await fill(naive, [alice]);
      await naive.connect(owner).togglePause();
      await networkHelpers.time.increase(100n * 365n * 86_400n);
      await expect(
        naive.settleWithdrawal(alice, 1_000n, 1n, packed(settlement(alice.address, 1_000n, 1n))),
      ).to.be.revertedWith("paused");
    });

    it("ours: a pause leaves exits alone, and ends", async () => {
      const { bridge, token, alice, guardian, networkHelpers, claimOne } = await both("MockERC20");
      await bridge.connect(alice).depositERC20(token, alice, 1_000n);
      await bridge.connect(guardian).pauseDeposits();
      await claimOne({ token: await token.getAddress(), amount: 1_000n, target: alice.address });
      expect(await token.balanceOf(alice)).to.equal(10_000n);
      await networkHelpers.time.increase(PAUSE_DURATION);
      await bridge.connect(alice).depositERC20(token, alice, 1_000n);
    });
  });

  describe("tokens that return nothing or false", () => {
    it("naive: the first cannot be deposited, the second is settled without being paid", async () => {
      const first = await both("MissingReturnToken", false);
      await expect(first.naive.connect(first.alice).depositAsset(1_000n, 10n, 0n)).to.revert(first.ethers);

      const { naive, token, alice } = await both("NoRevertToken");
      await fill(naive, [alice]);
      const refusing = await environment().ethers.getContractAt("NoRevertToken", token);
      await refusing.setRefusing(true);
      await naive.settleWithdrawal(alice, 1_000n, 1n, packed(settlement(alice.address, 1_000n, 1n)));
      expect(await token.balanceOf(alice)).to.equal(9_000n);
    });

    it("ours: both are paid or credited", async () => {
      for (const [contract, ...args] of [["MissingReturnToken", false], ["NoRevertToken"]] as const) {
        const { bridge, token, alice, ethers, claimOne } = await both(contract, ...args);
        await bridge.connect(alice).depositERC20(token, alice, 1_000n);
        if (contract === "NoRevertToken") {
          await (await ethers.getContractAt("NoRevertToken", token)).setRefusing(true);
        }
        await claimOne({ token: await token.getAddress(), amount: 1_000n, target: alice.address });
        const paid = (await token.balanceOf(alice)) - 9_000n;
        expect(paid + (await bridge.credit(alice, token))).to.equal(1_000n);
      }
    });
  });

  describe("credits for more than arrived", () => {
    it("naive: a token with a fee is credited before the fee, at the others' cost", async () => {
      const { naive, token, alice, bob } = await both("FeeOnTransferToken");
      await fill(naive, [alice, bob]);
      const deposits = await naive.queryFilter(naive.filters.AssetDeposited());
      expect(deposits.map((deposit) => deposit.args.amount)).to.deep.equal([1_000n, 1_000n]);
      expect(await token.balanceOf(naive)).to.equal(1_800n);
      await naive.settleWithdrawal(alice, 1_000n, 1n, packed(settlement(alice.address, 1_000n, 1n)));
      await expect(
        naive.settleWithdrawal(bob, 1_000n, 2n, packed(settlement(bob.address, 1_000n, 2n))),
      ).to.be.revertedWithCustomError(token, "MockBalance");
    });

    it("ours: the message says what arrived", async () => {
      const { bridge, token, alice, bob } = await both("FeeOnTransferToken");
      for (const user of [alice, bob]) await bridge.connect(user).depositERC20(token, user, 1_000n);
      const deposits = await bridge.queryFilter(bridge.filters.DepositEnqueued());
      expect(deposits.map(({ args }) => args.amount)).to.deep.equal([900n, 900n]);
      expect(await token.balanceOf(bridge)).to.equal(1_800n);
    });
  });

  describe("reentrancy", () => {
    it("naive: a settlement is paid again while it is paid", async () => {
      const { naive, token, ethers, alice, bob } = await both("ReentrantToken");
      await fill(naive, [alice, bob]);
      const hooks = await ethers.getContractAt("ReentrantToken", token);
      const signature = packed(settlement(alice.address, 1_000n, 1n));
      await hooks.setCall(
        naive,
        naive.interface.encodeFunctionData("settleWithdrawal", [alice.address, 1_000n, 1n, signature]),
        1n,
      );
      await naive.settleWithdrawal(alice, 1_000n, 1n, signature);
      expect(await token.balanceOf(alice)).to.equal(9_000n + 2_000n);
      expect(await token.balanceOf(naive)).to.equal(0n);
    });

    it("ours: the leaf is spent and the bridge locked before the token is called", async () => {
      const { bridge, token, ethers, alice, bob, withdrawal, finalBatch } = await both("ReentrantToken");
      for (const user of [alice, bob]) await bridge.connect(user).depositERC20(token, user, 1_000n);
      const { claims } = await finalBatch([
        withdrawal({ token: await token.getAddress(), amount: 1_000n, target: alice.address }),
      ]);
      const hooks = await ethers.getContractAt("ReentrantToken", token);
      await hooks.setCall(bridge, bridge.interface.encodeFunctionData("withdraw", at(claims, 0)), 1n);
      await bridge.withdraw(...at(claims, 0));
      expect(await token.balanceOf(alice)).to.equal(10_000n);
      expect(await token.balanceOf(bridge)).to.equal(1_000n);
      expect(await hooks.lastAnswer()).to.equal(bridge.interface.encodeErrorResult("ReentrancyGuardReentrantCall"));
    });
  });
});
