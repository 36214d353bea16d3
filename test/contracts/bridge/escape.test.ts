import { expect } from "chai";
import { concat, dataLength, dataSlice, id, keccak256, toBeHex, ZeroAddress, ZeroHash } from "ethers";

import {
  at,
  type Balance,
  type Escape,
  encodedEscape,
  escapeBy,
  headerOf,
  keyOf,
  leafOf,
  useBridge,
} from "./support.js";

/** What MockRecipient does when it is paid. */
const REJECT = 1;
const BURN_GAS = 2;
const RETURN_BOMB = 3;

const LEAF_DOMAIN = id("hardhat-rollup.leaf.v1");
const FUNDS = 10n ** 18n;

describe("L1EscrowBridge.escape", () => {
  const environment = useBridge();

  beforeEach(async () => {
    const { bridge, token, alice } = environment();
    await bridge.connect(alice).depositETH(alice, { value: FUNDS });
    await bridge.connect(alice).depositERC20(token, alice, FUNDS);
  });

  /** Alice has ETH and tokens, Bob ETH, and there are accounts enough for paths of some length. */
  async function someState(): Promise<Balance[]> {
    const { token, alice, bob } = environment();
    const others = Array.from({ length: 30 }, (_, i) => ({
      account: toBeHex(0x1000 + i, 20),
      token: ZeroAddress,
      amount: 1n,
    }));
    return [
      { account: alice.address, token: ZeroAddress, amount: 600n },
      { account: alice.address, token: await token.getAddress(), amount: 70n },
      { account: bob.address, token: ZeroAddress, amount: 8n },
      ...others,
    ];
  }

  describe("pays", () => {
    it("the whole balance in ETH and tokens to its owner, whoever calls", async () => {
      const { bridge, token, alice, liar, ethers, freeze } = environment();
      const { escapes } = await freeze(await someState());
      const [eth, erc20] = [at(escapes, 0), at(escapes, 1)];
      expect(await bridge.isEscaped(alice, ZeroAddress)).to.equal(false);

      const paid = escapeBy(bridge.connect(liar), ...eth);
      await expect(paid).to.changeEtherBalances(ethers, [alice, bridge], [600n, -600n]);
      await expect(paid).to.emit(bridge, "Escaped").withArgs(alice.address, ZeroAddress, 600n, 0n);
      const before = await token.balanceOf(alice);
      await expect(escapeBy(bridge.connect(liar), ...erc20))
        .to.emit(bridge, "Escaped")
        .withArgs(alice.address, await token.getAddress(), 70n, 0n);
      expect((await token.balanceOf(alice)) - before).to.equal(70n);
      expect([await bridge.isEscaped(alice, ZeroAddress), await bridge.isEscaped(alice, token)]).to.deep.equal([
        true,
        true,
      ]);
    });

    it("every account of states of any size", async () => {
      const { bridge, ethers, freeze } = environment();
      const accounts = Array.from({ length: 40 }, (_, i) => toBeHex(0x2000 + i, 20));
      const { escapes } = await freeze(
        accounts.map((account, i) => ({ account, token: ZeroAddress, amount: BigInt(i) })),
      );
      expect(new Set(escapes.map(([, , , , siblings]) => siblings.length)).size, "several heights").to.be.greaterThan(
        3,
      );
      for (const escape of escapes) await escapeBy(bridge, ...escape);
      for (const [i, account] of accounts.entries()) {
        expect(await ethers.provider.getBalance(account)).to.equal(BigInt(i));
      }
    });

    it("nothing for a balance of zero, which has left all the same", async () => {
      const { bridge, bob, freeze } = environment();
      const { escapes } = await freeze([{ account: bob.address, token: ZeroAddress, amount: 0n }]);
      await expect(escapeBy(bridge, ...at(escapes, 0)))
        .to.emit(bridge, "Escaped")
        .withArgs(bob.address, ZeroAddress, 0n, 0n);
      expect(await bridge.credit(bob, ZeroAddress)).to.equal(0n);
    });

    it("with a guardian's pause in force", async () => {
      const { bridge, guardian, alice, ethers, freeze } = environment();
      await bridge.connect(guardian).pauseDeposits();
      const { escapes } = await freeze(await someState());
      await expect(escapeBy(bridge, ...at(escapes, 0))).to.changeEtherBalance(ethers, alice, 600n);
    });
  });

  describe("refuses", () => {
    it("everything before the freeze, though the batch is final", async () => {
      const { bridge, chain, liar } = environment();
      const [key, [word0, word1]] = leafOf({ account: liar.address, token: ZeroAddress, amount: FUNDS }, 1n);
      const leaf = keccak256(concat([LEAF_DOMAIN, key, toBeHex(word0, 32), toBeHex(word1, 32)]));
      const header = { ...headerOf(1n, ZeroHash), stateRoot: leaf };
      await chain.setFinalized(header, true);
      await expect(escapeBy(bridge, header, liar.address, ZeroAddress, { word0, word1 }, []))
        .to.be.revertedWithCustomError(bridge, "EscapeHatchNotFrozen")
        .withArgs(1n);
    });

    it("another header: one that is not of the chain, an old final one, or one altered in any field", async () => {
      const { bridge, chain, freeze } = environment();
      const old = { ...headerOf(1n, ZeroHash), index: 77n };
      await chain.setFinalized(old, true);
      const { header, escapes } = await freeze(await someState());
      const [, ...rest] = at(escapes, 0);
      for (const key of Object.keys(header) as (keyof typeof header)[]) {
        const value = header[key];
        const altered = {
          ...header,
          [key]: typeof value === "bigint" ? value + 1n : `${value.slice(0, -1)}${value.endsWith("7") ? "8" : "7"}`,
        };
        await expect(escapeBy(bridge, altered, ...rest), key)
          .to.be.revertedWithCustomError(bridge, "EscapeHatchNotFrozen")
          .withArgs(altered.index);
      }
      await expect(escapeBy(bridge, { ...old, stateRoot: header.stateRoot }, ...rest))
        .to.be.revertedWithCustomError(bridge, "EscapeHatchNotFrozen")
        .withArgs(77n);
      await expect(escapeBy(bridge, old, ...rest)).to.be.revertedWithCustomError(bridge, "EscapeHatchNotFrozen");
    });

    it("a balance that left", async () => {
      const { bridge, alice, freeze } = environment();
      const { escapes } = await freeze(await someState());
      await escapeBy(bridge, ...at(escapes, 0));
      await expect(escapeBy(bridge, ...at(escapes, 0)))
        .to.be.revertedWithCustomError(bridge, "EscapeHatchAlreadyEscaped")
        .withArgs(alice.address, ZeroAddress);
      await escapeBy(bridge, ...at(escapes, 1));
    });

    it("another's leaf, another token's, and one altered in any word", async () => {
      const { bridge, stateProof, token, alice, bob, liar, freeze } = environment();
      const { header, escapes } = await freeze(await someState());
      const [, , , eth, siblings] = at(escapes, 0);
      const [, , tokenAddress, erc20, tokenSiblings] = at(escapes, 1);
      const hostile: Escape[] = [
        [header, liar.address, ZeroAddress, eth, siblings],
        [header, bob.address, ZeroAddress, eth, siblings],
        [header, alice.address, tokenAddress, eth, siblings],
        [header, alice.address, ZeroAddress, erc20, tokenSiblings],
        [header, alice.address, await bridge.getAddress(), erc20, tokenSiblings],
        [header, liar.address, await token.getAddress(), erc20, tokenSiblings],
        [header, alice.address, ZeroAddress, { ...eth, word1: eth.word1 + 1n }, siblings],
        [header, alice.address, ZeroAddress, { ...eth, word0: eth.word0 + 1n }, siblings],
        [header, alice.address, ZeroAddress, { word0: eth.word1, word1: eth.word0 }, siblings],
        [header, alice.address, tokenAddress, { ...erc20, word1: 1n }, tokenSiblings],
      ];
      for (const [i, proof] of hostile.entries()) {
        await expect(escapeBy(bridge, ...proof), `hostile ${i}`).to.be.revertedWithCustomError(
          stateProof,
          "StateProofMismatch",
        );
      }
    });

    it("an account that the state does not have, by the empty subtree or the leaf at the end of its path", async () => {
      const { bridge, stateProof, liar, freeze } = environment();
      const { header, escapes } = await freeze(await someState());
      for (const [, , , leaf, siblings] of escapes) {
        for (const words of [leaf, { word0: 0n, word1: 0n }]) {
          await expect(
            escapeBy(bridge, header, liar.address, ZeroAddress, words, siblings),
          ).to.be.revertedWithCustomError(stateProof, "StateProofMismatch");
        }
      }
    });

    it("a path with a sibling too many, too few, altered, or in another order", async () => {
      const { bridge, stateProof, freeze } = environment();
      const { escapes } = await freeze(await someState());
      const [header, account, token, leaf, siblings] = at(escapes, 0);
      expect(siblings.length).to.be.greaterThan(2);
      const bad = [
        [...siblings, ZeroHash],
        [ZeroHash, ...siblings],
        siblings.slice(1),
        siblings.slice(0, -1),
        [],
        [...siblings].reverse(),
        [keccak256(at(siblings, 0)), ...siblings.slice(1)],
        [...siblings.slice(0, -1), keccak256(at(siblings, -1))],
      ];
      for (const path of bad) {
        await expect(escapeBy(bridge, header, account, token, leaf, path)).to.be.revertedWithCustomError(
          stateProof,
          "StateProofMismatch",
        );
      }
    });

    it("a path that is longer than any key", async () => {
      const { bridge, stateProof, freeze } = environment();
      const { escapes } = await freeze(await someState());
      const [header, account, token, leaf] = at(escapes, 0);
      const path = (length: number) => Array<string>(length).fill(ZeroHash);
      await expect(escapeBy(bridge, header, account, token, leaf, path(256)))
        .to.be.revertedWithCustomError(stateProof, "StateTreeTooDeep")
        .withArgs(256n);
      await expect(escapeBy(bridge, header, account, token, leaf, path(255))).to.be.revertedWithCustomError(
        stateProof,
        "StateProofMismatch",
      );
    });

    it("a node in the place of a leaf, and a leaf in the place of a node", async () => {
      const { bridge, stateProof, liar, freeze } = environment();
      const balance = { account: liar.address, token: ZeroAddress, amount: 5n };
      const { header, escapes } = await freeze([balance]);
      const [, , , leaf, siblings] = at(escapes, 0);
      const [key, words] = leafOf(balance, 1n);
      const own = keccak256(concat([LEAF_DOMAIN, key, ...words.map((word) => toBeHex(word, 32))]));
      // One step higher, the pair of children stands where the words of a leaf would: a leaf hashes 128 bytes, not 64.
      for (const [word0, word1] of [
        [own, at(siblings, 0)],
        [at(siblings, 0), own],
      ] as const) {
        const node = { word0: BigInt(word0), word1: BigInt(word1) };
        await expect(
          escapeBy(bridge, header, liar.address, ZeroAddress, node, siblings.slice(1)),
        ).to.be.revertedWithCustomError(stateProof, "StateProofMismatch");
      }
      // One step deeper, the leaf itself stands where its children would.
      for (const path of [[own, ...siblings], [header.stateRoot], [header.stateRoot, ...siblings]]) {
        await expect(escapeBy(bridge, header, liar.address, ZeroAddress, leaf, path)).to.be.revertedWithCustomError(
          stateProof,
          "StateProofMismatch",
        );
      }
    });

    it("a proof that is cut off", async () => {
      const { bridge, ethers, freeze } = environment();
      const { escapes } = await freeze(await someState());
      const [header, account, token, proof] = encodedEscape(...at(escapes, 0));
      for (const length of [0, 32, 96, 128, dataLength(proof) - 32]) {
        await expect(bridge.escape(header, account, token, dataSlice(proof, 0, length))).to.be.revertedWithoutReason(
          ethers,
        );
      }
    });

    it("leaves of other kinds whose words look like a balance", async () => {
      const { bridge, stateProof, liar, chain } = environment();
      // Index, allowance and meta leaves have keys of their own, so no account and token lead to them.
      for (const key of [keyOf(2n, 1n), keyOf(4n, liar.address, liar.address, liar.address), keyOf(0n)]) {
        const root = keccak256(concat([LEAF_DOMAIN, key, toBeHex(9n, 32), toBeHex(9n, 32)]));
        const header = { ...headerOf(9n, ZeroHash), stateRoot: root };
        await chain.freeze(bridge, header);
        for (const token of [ZeroAddress, liar.address]) {
          await expect(
            escapeBy(bridge, header, liar.address, token, { word0: 9n, word1: 9n }, []),
          ).to.be.revertedWithCustomError(stateProof, "StateProofMismatch");
        }
      }
    });

    it("calldata with dirty upper bits", async () => {
      const { bridge, alice, ethers, freeze } = environment();
      const { escapes } = await freeze(await someState());
      const call = bridge.interface.encodeFunctionData("escape", encodedEscape(...at(escapes, 0)));
      // The first word after the selector is header.index, a uint64.
      await expect(alice.sendTransaction({ to: bridge, data: `${call.slice(0, 10)}01${call.slice(12)}` })).to.revert(
        ethers,
      );
      await alice.sendTransaction({ to: bridge, data: call });
    });
  });

  describe("turns into a credit", () => {
    it("ETH that its owner rejects, burns gas over, or answers with a return bomb", async () => {
      const { bridge, ethers, freeze } = environment();
      const recipients = await Promise.all(
        [REJECT, BURN_GAS, RETURN_BOMB].map(async (manner) => {
          const recipient = await ethers.deployContract("MockRecipient");
          await recipient.setManner(manner);
          return recipient;
        }),
      );
      const state = await Promise.all(
        recipients.map(async (recipient) => ({
          account: await recipient.getAddress(),
          token: ZeroAddress,
          amount: 9n,
        })),
      );
      const { escapes } = await freeze(state);
      for (const [i, recipient] of recipients.entries()) {
        await expect(escapeBy(bridge, ...at(escapes, i)))
          .to.emit(bridge, "Escaped")
          .withArgs(await recipient.getAddress(), ZeroAddress, 9n, 9n);
        await recipient.setManner(0);
        await expect(bridge.claimCredit(recipient, ZeroAddress)).to.changeEtherBalance(ethers, recipient, 9n);
      }
    });

    it("a token that refuses, that is paused, or that pays a part", async () => {
      const { bridge, alice, ethers, freeze } = environment();
      const refusing = await ethers.deployContract("NoRevertToken");
      const paused = await ethers.deployContract("PausableToken");
      const partial = await ethers.deployContract("PartialToken");
      const state: Balance[] = [];
      for (const token of [refusing, paused, partial]) {
        await token.mint(alice, 1_000n);
        await token.connect(alice).approve(bridge, 1_000n);
        await bridge.connect(alice).depositERC20(token, alice, 1_000n);
        state.push({ account: alice.address, token: await token.getAddress(), amount: 1_000n });
      }
      await refusing.setRefusing(true);
      await paused.setPaused(true);
      await partial.setHalving(true);
      const { escapes } = await freeze(state);
      for (const escape of escapes) await escapeBy(bridge, ...escape);
      expect(await Promise.all([refusing, paused, partial].map((token) => bridge.credit(alice, token)))).to.deep.equal([
        1_000n,
        1_000n,
        500n,
      ]);
      await refusing.setRefusing(false);
      await paused.setPaused(false);
      await partial.setHalving(false);
      for (const token of [refusing, paused, partial]) {
        await bridge.claimCredit(alice, token);
        expect(await token.balanceOf(alice)).to.equal(1_000n);
      }
    });

    it("what belongs to the bridge itself, which nobody gains by", async () => {
      const { bridge, token, ethers, freeze } = environment();
      const account = await bridge.getAddress();
      const { escapes } = await freeze([
        { account, token: ZeroAddress, amount: 3n },
        { account, token: await token.getAddress(), amount: 4n },
      ]);
      for (const escape of escapes) await escapeBy(bridge, ...escape);
      expect([await bridge.credit(account, ZeroAddress), await bridge.credit(account, token)]).to.deep.equal([3n, 4n]);
      expect([await ethers.provider.getBalance(bridge), await token.balanceOf(bridge)]).to.deep.equal([FUNDS, FUNDS]);
    });
  });

  it("leaves a token open whose balances cannot be read, until they can", async () => {
    const { bridge, alice, ethers, freeze } = environment();
    const token = await ethers.deployContract("LyingToken");
    await token.mint(alice, 10n);
    await token.connect(alice).approve(bridge, 10n);
    await bridge.connect(alice).depositERC20(token, alice, 10n);
    const { escapes } = await freeze([{ account: alice.address, token: await token.getAddress(), amount: 10n }]);
    await token.setSilent(true);
    await expect(escapeBy(bridge, ...at(escapes, 0))).to.be.revertedWithCustomError(
      bridge,
      "TokenTransferBalanceUnreadable",
    );
    expect(await bridge.isEscaped(alice, token)).to.equal(false);
    await token.setSilent(false);
    await escapeBy(bridge, ...at(escapes, 0));
    expect(await token.balanceOf(alice)).to.equal(10n);
  });

  it("pays once an owner that calls back while it is paid", async () => {
    const { bridge, alice, ethers, freeze } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    const hooked = await ethers.deployContract("ReentrantToken");
    await hooked.mint(alice, 50n);
    await hooked.connect(alice).approve(bridge, 50n);
    await bridge.connect(alice).depositERC20(hooked, alice, 50n);
    const account = await recipient.getAddress();
    const { escapes } = await freeze([
      { account, token: ZeroAddress, amount: 4n },
      { account: alice.address, token: await hooked.getAddress(), amount: 50n },
    ]);
    const locked = bridge.interface.encodeErrorResult("ReentrancyGuardReentrantCall");
    await recipient.setCall(bridge, bridge.interface.encodeFunctionData("escape", encodedEscape(...at(escapes, 0))));
    await escapeBy(bridge, ...at(escapes, 0));
    expect(await recipient.lastAnswer()).to.equal(locked);
    expect(await ethers.provider.getBalance(recipient)).to.equal(4n);

    await hooked.setCall(bridge, bridge.interface.encodeFunctionData("escape", encodedEscape(...at(escapes, 1))), 1n);
    await escapeBy(bridge, ...at(escapes, 1));
    expect([await hooked.successes(), await hooked.lastAnswer()]).to.deep.equal([0n, locked]);
    expect(await hooked.balanceOf(alice)).to.equal(50n);
  });

  it("never mistakes want of gas for a verdict", async () => {
    const { bridge, ethers, freeze } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    const account = await recipient.getAddress();
    const { escapes } = await freeze([{ account, token: ZeroAddress, amount: 6n }]);
    let refused = 0;
    for (let gasLimit = 70_000n; ; gasLimit += 10_000n) {
      const receipt = await bridge.escape
        .send(...encodedEscape(...at(escapes, 0)), { gasLimit })
        .then((tx) => tx.wait())
        .catch(() => null);
      expect(await bridge.credit(account, ZeroAddress)).to.equal(0n);
      if (receipt?.status === 1) break;
      refused++;
      expect(await bridge.isEscaped(account, ZeroAddress)).to.equal(false);
      expect(gasLimit).to.be.lessThan(600_000n);
    }
    expect(refused).to.be.greaterThan(0);
    expect(await ethers.provider.getBalance(recipient)).to.equal(6n);
  });
});
