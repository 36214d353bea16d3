import { expect } from "chai";
import { AbiCoder, getBytes, hexlify, keccak256 } from "ethers";

import {
  GENESIS_STATE_ROOT,
  META_KEY,
  MissingNodeError,
  StateProofError,
  accountKey,
  addressOfIndex,
  allowanceKey,
  indexKey,
  indexOf,
  proveLeaf,
  readAccount,
  readAllowance,
  readMeta,
  readTokenBalance,
  tokenBalanceKey,
  verifyProof,
  type StateProof,
} from "../../plugin/ledger/state.js";
import type { NodeReader } from "../../plugin/ledger/types.js";
import type { Hex } from "../../plugin/types.js";
import { naiveRoot, type Leaves } from "./naive-tree.js";
import { createRandom } from "./random.js";

const alice: Hex = `0x${"a1".repeat(20)}`;
const bob: Hex = `0x${"b0".repeat(20)}`;
const token: Hex = `0x${"70".repeat(20)}`;

function key(types: string[], values: (bigint | string)[]): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}

function build(leaves: Leaves): { root: Hex; nodes: NodeReader; stored: Map<string, Uint8Array> } {
  const stored = new Map<string, Uint8Array>();
  const root = naiveRoot(leaves, (hash, preimage) => stored.set(hash, getBytes(preimage))) as Hex;
  return { root, nodes: { get: (hash) => stored.get(hexlify(hash)) }, stored };
}

describe("ledger state", () => {
  const leaves: Leaves = new Map([
    [key(["uint256"], [0n]), [2n, 9n]],
    [key(["uint256", "address"], [1n, alice]), [(7n << 64n) | 1n, 10n ** 20n]],
    [key(["uint256", "address"], [1n, bob]), [((2n ** 64n - 1n) << 64n) | 2n, 2n ** 256n - 1n]],
    [key(["uint256", "uint256"], [2n, 1n]), [BigInt(alice), 0n]],
    [key(["uint256", "uint256"], [2n, 2n]), [BigInt(bob), 0n]],
    [key(["uint256", "address", "address"], [3n, alice, token]), [55n, 0n]],
    [key(["uint256", "address", "address", "address"], [4n, alice, bob, token]), [66n, 0n]],
  ]);
  const { root, nodes, stored } = build(leaves);

  it("derives the keys of the protocol page", () => {
    const keys = [
      META_KEY,
      accountKey(alice),
      accountKey(bob),
      indexKey(1n),
      indexKey(2n),
      tokenBalanceKey(alice, token),
      allowanceKey(alice, bob, token),
    ];
    expect(keys.map((bytes) => hexlify(bytes))).to.deep.equal([...leaves.keys()]);
  });

  it("starts from the genesis root", () => {
    const genesis = build(new Map([[key(["uint256"], [0n]), [0n, 0n]]]));
    expect(GENESIS_STATE_ROOT).to.equal(genesis.root);
    expect(readMeta(genesis.nodes, GENESIS_STATE_ROOT)).to.deep.equal({ accountCount: 0n, withdrawalNonce: 0n });
    expect(readAccount(genesis.nodes, GENESIS_STATE_ROOT, alice)).to.equal(undefined);
  });

  it("reads accounts, indexes, balances and allowances", () => {
    expect(readMeta(nodes, root)).to.deep.equal({ accountCount: 2n, withdrawalNonce: 9n });
    expect(readAccount(nodes, root, alice)).to.deep.equal({ nonce: 7n, index: 1n, balance: 10n ** 20n });
    expect(readAccount(nodes, root, bob)).to.deep.equal({ nonce: 2n ** 64n - 1n, index: 2n, balance: 2n ** 256n - 1n });
    expect(readAccount(nodes, root, token)).to.equal(undefined);
    expect(addressOfIndex(nodes, root, 2n)).to.equal(bob);
    expect(addressOfIndex(nodes, root, 3n)).to.equal(undefined);
    expect(indexOf(nodes, root, bob)).to.equal(2n);
    expect(indexOf(nodes, root, token)).to.equal(undefined);
    expect(readTokenBalance(nodes, root, alice, token)).to.equal(55n);
    expect(readTokenBalance(nodes, root, bob, token)).to.equal(0n);
    expect(readAllowance(nodes, root, alice, bob, token)).to.equal(66n);
    expect(readAllowance(nodes, root, bob, alice, token)).to.equal(0n);
  });

  it("names the node that is missing", () => {
    const none: NodeReader = { get: () => undefined };
    expect(() => readAccount(none, root, alice)).to.throw(MissingNodeError, root);
    expect(() => readMeta({ get: () => new Uint8Array(65) }, root)).to.throw(
      StateProofError,
      /no node of a state tree/,
    );
  });

  it("proves leaves and their absence in random trees, and nothing else", () => {
    const random = createRandom(3);
    for (const count of [0, 1, 2, 3, 10, 100]) {
      const tree: Leaves = new Map(
        Array.from({ length: count }, () => [hexlify(random.bytes(32)), [random.sized(256), random.sized(256)]]),
      );
      // Neighbours that differ in their last bit alone: the longest path there is.
      const [deep] = tree.keys();
      if (deep !== undefined && count > 2) tree.set(`${deep.slice(0, -1)}${deep.endsWith("0") ? "1" : "0"}`, [1n, 2n]);
      const { root: treeRoot, nodes: reader } = build(tree);
      for (const [leafKey, [word0, word1]] of tree) {
        const proof = proveLeaf(reader, treeRoot, getBytes(leafKey));
        expect(verifyProof(treeRoot, getBytes(leafKey), proof)).to.deep.equal({ key: getBytes(leafKey), word0, word1 });
        expectUseless(treeRoot, getBytes(leafKey), { ...proof, leaf: undefined });
        expectUseless(treeRoot, getBytes(leafKey), { ...proof, leaf: { ...proof.leaf!, word0: word0 ^ 1n } });
        expectUseless(treeRoot, getBytes(leafKey), { ...proof, siblings: [...proof.siblings, new Uint8Array(32)] });
        expectUseless(treeRoot, getBytes(leafKey), { ...proof, leaf: { ...proof.leaf!, key: random.bytes(32) } });
        if (proof.siblings.length > 0)
          expectUseless(treeRoot, getBytes(leafKey), { ...proof, siblings: proof.siblings.slice(1) });
      }
      for (let i = 0; i < 50; i++) {
        const absent = random.bytes(32);
        const proof = proveLeaf(reader, treeRoot, absent);
        expect(verifyProof(treeRoot, absent, proof)).to.equal(undefined);
        expectUseless(treeRoot, absent, { ...proof, leaf: { key: absent, word0: 1n, word1: 1n } });
      }
    }
  });

  it("does not take one key's leaf for another key's absence", () => {
    for (const leafKey of leaves.keys()) {
      const foreign = proveLeaf(nodes, root, getBytes(leafKey));
      for (const other of leaves.keys()) if (other !== leafKey) expectUseless(root, getBytes(other), foreign);
    }
    expect(stored.size).to.be.above(leaves.size);
  });

  it("refuses proofs of the wrong shape", () => {
    const proof = proveLeaf(nodes, root, accountKey(alice));
    expectUseless(root, accountKey(alice).subarray(1), proof);
    expectUseless(root, accountKey(alice), {
      ...proof,
      siblings: Array.from({ length: 257 }, () => new Uint8Array(32)),
    });
    expectUseless(root, accountKey(alice), { ...proof, siblings: proof.siblings.map((node) => node.subarray(1)) });
    expectUseless(root, accountKey(alice), { ...proof, leaf: { ...proof.leaf!, key: new Uint8Array(31) } });
  });
});

function expectUseless(root: Hex, key: Uint8Array, proof: StateProof): void {
  expect(() => verifyProof(root, key, proof)).to.throw(StateProofError);
}
