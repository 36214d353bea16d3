import { expect } from "chai";
import { concat, id, keccak256, ZeroAddress, ZeroHash } from "ethers";

import { at, headerOf, proofOf, rootOf, treeOf, useBridge, withdrawalLeaf } from "./support.js";

/** What MockRecipient does when it is paid. */
const REJECT = 1;
const BURN_GAS = 2;
const RETURN_BOMB = 3;

describe("L1EscrowBridge.withdraw", () => {
  const environment = useBridge();

  beforeEach(async () => {
    const { bridge, token, alice } = environment();
    await bridge.connect(alice).depositETH(alice, { value: 10n ** 18n });
    await bridge.connect(alice).depositERC20(token, alice, 10n ** 18n);
  });

  describe("pays", () => {
    it("ETH and tokens to the target, whoever claims", async () => {
      const { bridge, token, bob, liar, ethers, withdrawal, finalBatch } = environment();
      const tokenAddress = await token.getAddress();
      const { header, claims } = await finalBatch([
        withdrawal({ target: bob.address, amount: 7n }),
        withdrawal({ target: bob.address, amount: 5n, token: tokenAddress }),
      ]);
      const [eth, erc20] = [at(claims, 0), at(claims, 1)];

      const paidEth = bridge.connect(liar).withdraw(...eth);
      await expect(paidEth).to.changeEtherBalances(ethers, [bob, bridge], [7n, -7n]);
      await expect(paidEth)
        .to.emit(bridge, "WithdrawalClaimed")
        .withArgs(header.index, 0n, bob.address, ZeroAddress, 7n, 0n);
      const before = await token.balanceOf(bob);
      await expect(bridge.connect(liar).withdraw(...erc20))
        .to.emit(bridge, "WithdrawalClaimed")
        .withArgs(header.index, 1n, bob.address, tokenAddress, 5n, 0n);
      expect((await token.balanceOf(bob)) - before).to.equal(5n);
    });

    it("every leaf of batches of any size, once each", async () => {
      const { bridge, bob, ethers, withdrawal, finalBatch } = environment();
      for (const size of [1, 2, 3, 7, 9]) {
        const { header, claims } = await finalBatch(
          Array.from({ length: size }, () => withdrawal({ target: bob.address, amount: 3n })),
        );
        const before = await ethers.provider.getBalance(bob);
        for (const [index, claim] of claims.entries()) {
          expect(await bridge.isClaimed(header.index, index)).to.equal(false);
          await bridge.withdraw(...claim);
          expect(await bridge.isClaimed(header.index, index)).to.equal(true);
          await expect(bridge.withdraw(...claim))
            .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeAlreadyClaimed")
            .withArgs(header.index, index);
        }
        expect((await ethers.provider.getBalance(bob)) - before).to.equal(BigInt(3 * size));
      }
    });

    it("leaves whose bits lie in different words", async () => {
      const { bridge, bob, withdrawal, finalBatch } = environment();
      const { header, claims } = await finalBatch(
        Array.from({ length: 514 }, () => withdrawal({ target: bob.address, amount: 1n })),
      );
      for (const index of [0, 255, 256, 511, 512]) {
        const claim = at(claims, index);
        await bridge.withdraw(...claim);
        expect(await bridge.isClaimed(header.index, index)).to.equal(true);
        expect(await bridge.isClaimed(header.index, index + 1)).to.equal(false);
      }
    });

    it("the same leaf of another batch", async () => {
      const { bridge, bob, ethers, withdrawal, finalBatch } = environment();
      const before = await ethers.provider.getBalance(bob);
      const twice = [withdrawal({ target: bob.address, amount: 1n })];
      for (const batch of [await finalBatch(twice), await finalBatch(twice)]) {
        for (const claim of batch.claims) await bridge.withdraw(...claim);
      }
      expect((await ethers.provider.getBalance(bob)) - before).to.equal(2n);
    });

    it("nothing for an amount of zero, which is claimed all the same", async () => {
      const { bridge, alice, ethers, claimOne } = environment();
      const token = await ethers.deployContract("RevertZeroToken");
      for (const address of [ZeroAddress, await token.getAddress()]) {
        await expect(claimOne({ token: address, amount: 0n, target: alice.address })).to.emit(
          bridge,
          "WithdrawalClaimed",
        );
        expect(await bridge.credit(alice, address)).to.equal(0n);
      }
    });

    it("for leaves that carry data, which it binds and does not execute", async () => {
      const { bridge, bob, ethers, withdrawal, finalBatch } = environment();
      const { claims } = await finalBatch([withdrawal({ target: bob.address, amount: 2n, data: "0xc0ffee" })]);
      const [header, index, leaf, proof] = at(claims, 0);
      const before = await ethers.provider.getBalance(bob);
      await expect(bridge.withdraw(header, index, { ...leaf, data: "0x" }, proof)).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeProof",
      );
      await bridge.withdraw(header, index, leaf, proof);
      expect((await ethers.provider.getBalance(bob)) - before).to.equal(2n);
    });
  });

  describe("refuses", () => {
    it("a batch that is not final, unknown, or altered in any field", async () => {
      const { bridge, chain, withdrawal, finalBatch } = environment();
      const { header, claims } = await finalBatch([withdrawal({})]);
      const [, index, leaf, proof] = at(claims, 0);
      for (const key of Object.keys(header) as (keyof typeof header)[]) {
        const value = header[key];
        const altered = {
          ...header,
          [key]: typeof value === "bigint" ? value + 1n : `${value.slice(0, -1)}${value.endsWith("7") ? "8" : "7"}`,
        };
        await expect(bridge.withdraw(altered, index, leaf, proof), key)
          .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNotFinalized")
          .withArgs(altered.index);
      }
      await chain.setFinalized(header, false);
      await expect(bridge.withdraw(header, index, leaf, proof)).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeNotFinalized",
      );
    });

    it("any leaf under a zero root, and a batch without withdrawals", async () => {
      const { bridge, withdrawal, finalBatch } = environment();
      const leaf = withdrawal({});
      const { header } = await finalBatch([]);
      expect(header.withdrawalsRoot).to.equal(ZeroHash);
      for (const proof of [[], [ZeroHash], [ZeroHash, ZeroHash]]) {
        await expect(bridge.withdraw(header, 0n, leaf, proof)).to.be.revertedWithCustomError(
          bridge,
          "L1EscrowBridgeProof",
        );
      }
    });

    it("a withdrawal altered in any field", async () => {
      const { bridge, token, bob, withdrawal, finalBatch } = environment();
      const { claims } = await finalBatch([withdrawal({}), withdrawal({})]);
      const [header, index, leaf, proof] = at(claims, 0);
      const altered = [
        { nonce: leaf.nonce + 1n },
        { sender: bob.address },
        { target: bob.address },
        { token: await token.getAddress() },
        { amount: leaf.amount + 1n },
        { data: "0x00" },
      ];
      for (const change of altered) {
        await expect(
          bridge.withdraw(header, index, { ...leaf, ...change }, proof),
          Object.keys(change).join(),
        ).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeProof");
      }
    });

    it("another index for the same leaf: one leaf has one nullifier", async () => {
      const { bridge, withdrawal, finalBatch } = environment();
      const { claims } = await finalBatch([withdrawal({}), withdrawal({}), withdrawal({})]);
      const claim = at(claims, 1);
      const [header, , leaf, proof] = claim;
      for (const index of [5n, 1n << 64n, (1n << 255n) + 1n]) {
        await expect(bridge.withdraw(header, index, leaf, proof))
          .to.be.revertedWithCustomError(bridge, "MerkleTreeIndexOutOfRange")
          .withArgs(index, 2n);
      }
      for (const index of [0n, 2n, 3n]) {
        await expect(bridge.withdraw(header, index, leaf, proof)).to.be.revertedWithCustomError(
          bridge,
          "L1EscrowBridgeProof",
        );
      }
    });

    it("a path with a sibling too many, too few, or altered", async () => {
      const { bridge, withdrawal, finalBatch } = environment();
      const { claims } = await finalBatch([withdrawal({}), withdrawal({}), withdrawal({})]);
      const [header, index, leaf, proof] = at(claims, 0);
      for (const bad of [[...proof, ZeroHash], [ZeroHash, ...proof], proof.slice(0, 1), [], [...proof].reverse()]) {
        await expect(bridge.withdraw(header, index, leaf, bad)).to.be.revertedWithCustomError(
          bridge,
          "L1EscrowBridgeProof",
        );
      }
    });

    it("a padding leaf, and an inner node in place of a leaf", async () => {
      const { bridge, withdrawal, finalBatch } = environment();
      const { header, levels } = await finalBatch([withdrawal({}), withdrawal({}), withdrawal({})]);
      const nothing = {
        nonce: 0n,
        sender: ZeroAddress,
        target: ZeroAddress,
        token: ZeroAddress,
        amount: 0n,
        data: "0x",
      };
      await expect(bridge.withdraw(header, 3n, nothing, proofOf(levels, 3))).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeProof",
      );
      // The only leaf that hashes to an inner node would have 64 bytes; a leaf has 224 whatever it says.
      const [left, right] = [at(at(levels, 0), 0), at(at(levels, 0), 1)];
      const node = keccak256(concat([left, right]));
      expect(at(at(levels, 1), 0)).to.equal(node);
      const disguised = { ...nothing, data: concat([left, right]) };
      expect(withdrawalLeaf(disguised)).not.to.equal(node);
      await expect(bridge.withdraw(header, 0n, disguised, proofOf(levels, 0).slice(1))).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeProof",
      );
    });

    it("calldata with dirty upper bits", async () => {
      const { bridge, alice, ethers, withdrawal, finalBatch } = environment();
      const { claims } = await finalBatch([withdrawal({})]);
      const call = bridge.interface.encodeFunctionData("withdraw", at(claims, 0));
      // The first word after the selector is header.index, a uint64.
      const dirty = `${call.slice(0, 10)}01${call.slice(12)}`;
      await expect(alice.sendTransaction({ to: bridge, data: dirty })).to.revert(ethers);
      await alice.sendTransaction({ to: bridge, data: call });
    });

    it("a header that only claims to be of this chain", async () => {
      const { bridge, liar, withdrawal } = environment();
      const leaf = withdrawal({ target: liar.address, amount: 10n ** 18n });
      const levels = treeOf([withdrawalLeaf(leaf)]);
      const forged = { ...headerOf(1n, rootOf(levels)), parentHash: id("forged") };
      await expect(bridge.connect(liar).withdraw(forged, 0n, leaf, [])).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeNotFinalized",
      );
    });
  });

  describe("turns into a credit", () => {
    it("ETH that the target rejects, burns gas over, or answers with a return bomb", async () => {
      const { bridge, ethers, claimOne } = environment();
      for (const manner of [REJECT, BURN_GAS, RETURN_BOMB]) {
        const recipient = await ethers.deployContract("MockRecipient");
        await recipient.setManner(manner);
        const tx = await claimOne({ target: await recipient.getAddress(), amount: 9n });
        await expect(tx).to.emit(bridge, "WithdrawalClaimed");
        expect(await bridge.credit(recipient, ZeroAddress), `manner ${manner}`).to.equal(9n);
        expect((await tx.wait())?.gasUsed).to.be.lessThan(260_000n);
      }
    });

    it("ETH to a target that reenters", async () => {
      const { bridge, ethers, withdrawal, finalBatch } = environment();
      const recipient = await ethers.deployContract("MockRecipient");
      const target = await recipient.getAddress();
      const { claims } = await finalBatch([withdrawal({ target, amount: 4n }), withdrawal({ target, amount: 4n })]);
      const [first, second] = [at(claims, 0), at(claims, 1)];
      for (const [i, inner] of [first, second].entries()) {
        await recipient.setCall(bridge, bridge.interface.encodeFunctionData("withdraw", inner));
        await bridge.withdraw(...(i === 0 ? first : second));
        expect(await recipient.lastAnswer()).to.equal(
          bridge.interface.encodeErrorResult("ReentrancyGuardReentrantCall"),
        );
        expect(await ethers.provider.getBalance(recipient)).to.equal(BigInt(4 * (i + 1)));
      }
    });

    it("what a target of the suite itself cannot take", async () => {
      const { bridge, chain, token, claimOne } = environment();
      const tokenAddress = await token.getAddress();
      for (const target of [await bridge.getAddress(), await chain.getAddress()]) {
        await claimOne({ target, amount: 3n });
        expect(await bridge.credit(target, ZeroAddress)).to.equal(3n);
      }
      await claimOne({ target: await bridge.getAddress(), token: tokenAddress, amount: 3n });
      expect(await bridge.credit(bridge, tokenAddress)).to.equal(3n);
      expect(await token.balanceOf(bridge)).to.equal(10n ** 18n);
    });
  });

  describe("names no suite contract as a token to any effect", () => {
    it("reverts, and changes nothing", async () => {
      const { bridge, chain, ethers, claimOne } = environment();
      for (const token of [bridge, chain]) {
        await expect(claimOne({ token: await token.getAddress(), amount: 5n }))
          .to.be.revertedWithCustomError(bridge, "TokenTransferBalanceUnreadable")
          .withArgs(await token.getAddress());
      }
      expect(await ethers.provider.getBalance(bridge)).to.equal(10n ** 18n);
    });
  });

  describe("never mistakes want of gas for a verdict", () => {
    for (const kind of ["ETH", "an ERC-20"] as const) {
      it(`of ${kind}, at any gas limit`, async () => {
        const { bridge, token, ethers, withdrawal, finalBatch } = environment();
        const recipient = await ethers.deployContract("MockRecipient");
        const target = await recipient.getAddress();
        const address = kind === "ETH" ? ZeroAddress : await token.getAddress();
        const { header, claims } = await finalBatch([withdrawal({ target, amount: 6n, token: address })]);
        const claim = at(claims, 0);
        let refused = 0;
        for (let gasLimit = 70_000n; ; gasLimit += 10_000n) {
          const receipt = await bridge.withdraw
            .send(...claim, { gasLimit })
            .then((tx) => tx.wait())
            .catch(() => null);
          expect(await bridge.credit(target, address)).to.equal(0n);
          if (receipt?.status === 1) break;
          refused++;
          expect(await bridge.isClaimed(header.index, 0n)).to.equal(false);
          expect(gasLimit).to.be.lessThan(600_000n);
        }
        expect(refused).to.be.greaterThan(0);
        expect(await bridge.isClaimed(header.index, 0n)).to.equal(true);
      });

      it(`of ${kind}, and says what was missing`, async () => {
        const { bridge, token, alice, withdrawal, finalBatch } = environment();
        const address = kind === "ETH" ? ZeroAddress : await token.getAddress();
        const { claims } = await finalBatch([withdrawal({ target: alice.address, token: address })]);
        const claim = at(claims, 0);
        await expect(bridge.withdraw(...claim, { gasLimit: 130_000n })).to.be.revertedWithCustomError(
          bridge,
          "TokenTransferGas",
        );
      });
    }
  });
});
