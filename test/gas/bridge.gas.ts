import { AbiCoder, concat, id, keccak256, ZeroAddress } from "ethers";

import type { BatchHeader, Hex, InboxMessage, Withdrawal } from "../../plugin/types.js";
import { type StandardToken, StandardToken__factory } from "../../typechain-types/index.js";
import { encodeBalanceProof } from "../../plugin/escape/guest-state.js";
import { messageOf, postBatch } from "../support/batches.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { merkleProof, merkleRoot, withdrawalLeaf } from "../support/protocol.js";
import { passWindow, useWorld, type World } from "../support/world.js";

/** Withdrawals of one batch. */
const TREE_SIZE = 1_024;
/** Withdrawals that share a word of the claimed bitmap: their mean is that of the whole batch. */
const WORD_SIZE = 256;

/** A state root over one account and its token balance, each at the end of a path of 20 siblings. */
function pathTo(account: string, token: Hex) {
  const eth = { word0: (5n << 64n) | 1_234n, word1: 10n ** 18n };
  const leaf = { word0: 3n * 10n ** 17n, word1: 0n };
  const coder = AbiCoder.defaultAbiCoder();
  const hashOf = (key: string, { word0, word1 }: typeof eth) =>
    keccak256(
      coder.encode(["bytes32", "bytes32", "uint256", "uint256"], [id("hardhat-rollup.leaf.v1"), key, word0, word1]),
    );
  const ethKey = keccak256(coder.encode(["uint256", "address"], [1, account]));
  const tokenKey = keccak256(coder.encode(["uint256", "address", "address"], [3, account, token]));
  const up = (key: string, hash: string, siblings: string[]) =>
    siblings.reduce((node, sibling, i) => {
      const right = (BigInt(key) >> BigInt(256 - siblings.length + i)) & 1n;
      return keccak256(right === 0n ? concat([node, sibling]) : concat([sibling, node]));
    }, hash);
  // The two paths part at the root or further down; below that, siblings are anything.
  const parting = [...Array(20).keys()].find(
    (depth) => ((BigInt(ethKey) ^ BigInt(tokenKey)) >> BigInt(255 - depth)) & 1n,
  );
  if (parting === undefined) throw new Error("keys that share twenty bits");
  const own = Array.from({ length: 19 - parting }, (_, i) => id(`sibling ${i}`));
  const above = Array.from({ length: parting }, (_, i) => id(`above ${i}`));
  // The subtree of a path, from its leaf to below the parting.
  const subtree = (key: string, hash: string) => {
    const shifted = BigInt(key) << BigInt(parting + 1);
    return up(`0x${(shifted & ((1n << 256n) - 1n)).toString(16).padStart(64, "0")}`, hash, own);
  };
  const [ethTop, tokenTop] = [subtree(ethKey, hashOf(ethKey, eth)), subtree(tokenKey, hashOf(tokenKey, leaf))];
  const siblings = { eth: [...own, tokenTop, ...above], token: [...own, ethTop, ...above] };
  return { root: up(ethKey, hashOf(ethKey, eth), siblings.eth) as Hex, eth, token: leaf, siblings };
}

describe("gas of the bridge", () => {
  const measured: GasFigures = {};
  // A ring of eight is full after a few messages, so later ones use slots again.
  const world = useWorld(() => ({ inboxCapacity: 8n }));

  async function tokenOf(suite: World): Promise<StandardToken> {
    const { deployer, alice } = suite.actors;
    const token = await new StandardToken__factory(deployer).deploy();
    await token.mint(alice, 10n ** 24n);
    await token.connect(alice).approve(suite.bridge, 10n ** 24n);
    return token;
  }

  /** Messages went through the whole ring and were released: every slot of it has been written. */
  async function steady(suite: World, token: StandardToken): Promise<BatchHeader> {
    const { bridge, actors } = suite;
    const own = bridge.connect(actors.alice);
    let head = suite.genesis;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2; i++) await own.depositETH(actors.alice, { value: 10n ** 18n });
      for (let i = 0; i < 2; i++) await own.depositERC20(token, actors.alice, 10n ** 18n);
      head = await postBatch(suite, head, { claim: { inboxTo: await bridge.messageCount() } });
      await passWindow(suite);
      await suite.chain.finalize([head]);
    }
    return head;
  }

  it("deposits of the first lap, each into a new slot of the ring", async () => {
    const suite = world();
    const token = await tokenOf(suite);
    const { bridge, actors } = suite;
    const own = bridge.connect(actors.alice);
    await own.depositETH(actors.alice, { value: 10n ** 18n });

    measured["depositERC20, new slot, first of the token"] = await gasOf(
      await own.depositERC20(token, actors.bob, 123_456_789_012_345_678n),
    );
    const eth = await gasOf(await own.depositETH(actors.bob, { value: 123_456_789_012_345_678n }));
    expectAtMost("an ETH deposit into a new slot", eth, 60_000);
    measured["depositETH, new slot"] = eth;
    const erc20 = await gasOf(await own.depositERC20(token, actors.bob, 123_456_789_012_345_678n));
    measured["depositERC20, new slot"] = erc20;
  });

  it("deposits and forced messages, later ones", async () => {
    const suite = world();
    const token = await tokenOf(suite);
    await steady(suite, token);
    const { bridge, actors } = suite;
    const own = bridge.connect(actors.alice);

    const eth = await gasOf(await own.depositETH(actors.bob, { value: 123_456_789_012_345_678n }));
    expectAtMost("a later ETH deposit", eth, 60_000);
    measured["depositETH"] = eth;
    const erc20 = await gasOf(await own.depositERC20(token, actors.bob, 123_456_789_012_345_678n));
    expectAtMost("a later ERC-20 deposit", erc20, 85_000);
    measured["depositERC20"] = erc20;
    measured["forceWithdrawal"] = await gasOf(await own.forceWithdrawal(ZeroAddress, 10n ** 18n, actors.alice));
    measured["forceTransaction, 120 B"] = await gasOf(await own.forceTransaction(`0x${"5a".repeat(120)}`));
  });

  for (const [name, ceiling, ofToken] of [
    ["ETH", 75_000, false],
    ["ERC-20", 95_000, true],
  ] as const) {
    it(`withdraw ${name} to an existing account, mean over a batch of ${TREE_SIZE}`, async () => {
      const suite = world();
      const { bridge, chain, actors } = suite;
      const token = await tokenOf(suite);
      const head = await steady(suite, token);
      const withdrawals = Array.from({ length: TREE_SIZE }, (_, nonce): Withdrawal => ({
        nonce: BigInt(nonce),
        sender: actors.alice.address as Hex,
        target: actors.alice.address as Hex,
        token: (ofToken ? token.target : ZeroAddress) as Hex,
        amount: 1_234_567_890_123n + BigInt(nonce),
        data: "0x",
      }));
      const leaves = withdrawals.map(withdrawalLeaf);
      const header = await postBatch(suite, head, { claim: { withdrawalsRoot: merkleRoot(leaves) } });
      await passWindow(suite);
      await chain.finalize([header]);

      let total = 0;
      let dearest = 0;
      for (const [index, withdrawal] of withdrawals.slice(0, WORD_SIZE).entries()) {
        const gas = await gasOf(await bridge.withdraw(header, index, withdrawal, merkleProof(leaves, index)));
        total += gas;
        dearest = Math.max(dearest, gas);
      }
      const mean = Math.round(total / WORD_SIZE);
      expectAtMost(`the mean of ${name} withdrawals`, mean, ceiling);
      measured[`withdraw ${name}, mean`] = mean;
      measured[`withdraw ${name}, opens a word of the bitmap`] = dearest;
    });
  }

  it("leaving a frozen chain", async () => {
    const suite = world();
    const { bridge, chain, actors, parameters, connection } = suite;
    const token = await tokenOf(suite);
    const account = actors.alice.address;
    // Accounts as on a chain with a million: paths of about twenty.
    const state = pathTo(account, token.target as Hex);
    const head = await steady(suite, token);
    const last = await postBatch(suite, head, { claim: { stateRoot: state.root } });
    const own = bridge.connect(actors.alice);
    const left: InboxMessage[] = [];
    for (const deposit of [
      () => own.depositETH(actors.bob, { value: 7n * 10n ** 18n }),
      () => own.depositERC20(token, actors.bob, 7n * 10n ** 18n),
      () => own.depositETH(actors.bob, { value: 7n * 10n ** 18n }),
    ]) {
      left.push(await messageOf(suite, await deposit()));
    }
    const [first, second, third] = left;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three deposits");
    await passWindow(suite);
    await chain.finalize([last]);
    await connection.networkHelpers.time.increase(parameters.escapeDelay);

    measured["freeze"] = await gasOf(await chain.freeze(last, first));
    measured["escape ETH, 20 siblings"] = await gasOf(
      await bridge.escape(last, account, ZeroAddress, encodeBalanceProof(state.eth, state.siblings.eth as Hex[])),
    );
    measured["escape ERC-20, 20 siblings"] = await gasOf(
      await bridge.escape(last, account, token, encodeBalanceProof(state.token, state.siblings.token as Hex[])),
    );
    measured["refundDeposit ETH, opens a word of the bitmap"] = await gasOf(await bridge.refundDeposit(last, first));
    measured["refundDeposit ERC-20"] = await gasOf(await bridge.refundDeposit(last, second));
    measured["refundDeposit ETH"] = await gasOf(await bridge.refundDeposit(last, third));
  });

  it("costs what the snapshot says", () => checkGasSnapshot("bridge", measured));
});
