import { expect } from "chai";

import { toBigInt, toBytes, toHex } from "../../plugin/ledger/bytes.js";
import { MissingNodeError } from "../../plugin/ledger/state.js";
import type { StateNode } from "../../plugin/ledger/types.js";
import { type Leaf, leafHash, type LeafId } from "../../plugin/validity/leaf.js";
import { EMPTY_INDEX, openLeafIndex } from "../../plugin/validity/leaf-index.js";
import { p4 } from "../../plugin/validity/poseidon.js";
import { capacityOf, emptyRoots, openTree, rootOfPath, TreeError } from "../../plugin/validity/tree.js";
import { createRandom } from "../ledger/random.js";

function nodeStore() {
  const stored = new Map<string, Uint8Array>();
  return {
    get: (hash: Uint8Array) => stored.get(toHex(hash)),
    add: (nodes: StateNode[]) => nodes.forEach(({ hash, preimage }) => stored.set(toHex(hash), preimage)),
    size: () => stored.size,
  };
}

describe("tree of leaves", () => {
  const levels = 3;
  const random = createRandom(0x7e);
  const empty = emptyRoots(levels)[levels]!;

  function randomLeaf(): Leaf {
    return {
      owner: random.bits(160),
      token: random.bits(160),
      nonce: random.bits(64),
      balance: random.bits(252),
      key: { x: random.bits(253), y: random.bits(253) },
      next: { owner: random.chance(0.2) ? 1n << 160n : random.bits(160), token: random.bits(160) },
    };
  }

  function naiveRoot(leaves: readonly (Leaf | undefined)[]): bigint {
    let nodes = Array.from({ length: capacityOf(levels) }, (_, i) => {
      const leaf = leaves[i];
      return leaf === undefined ? 0n : leafHash(leaf);
    });
    while (nodes.length > 1) {
      const at = (i: number): bigint => nodes[i]!;
      nodes = Array.from({ length: nodes.length / 4 }, (_, i) =>
        p4(at(4 * i), at(4 * i + 1), at(4 * i + 2), at(4 * i + 3)),
      );
    }
    return nodes[0]!;
  }

  it("has the root of its leaves, and each leaf's siblings lead to it", () => {
    const tree = openTree(levels, empty, nodeStore());
    const leaves: (Leaf | undefined)[] = Array.from({ length: capacityOf(levels) }, () => undefined);
    expect(tree.root()).to.equal(naiveRoot(leaves));
    for (let i = 0; i < 12; i++) {
      const index = random.int(capacityOf(levels));
      leaves[index] = randomLeaf();
      tree.set(index, leaves[index]);
      const asked = random.int(capacityOf(levels));
      const known = leaves[asked];
      expect(tree.get(asked)).to.deep.equal(known);
      const siblings = tree.siblings(asked);
      expect(siblings).to.have.length(3 * levels);
      expect(rootOfPath(asked, known === undefined ? 0n : leafHash(known), siblings)).to.equal(tree.root());
    }
    expect(tree.root()).to.equal(naiveRoot(leaves));
  });

  it("is read back from its nodes, old states too", () => {
    const store = nodeStore();
    const leaves: (Leaf | undefined)[] = [];
    const states: { root: bigint; leaves: (Leaf | undefined)[] }[] = [];
    let root = empty;
    for (let round = 0; round < 5; round++) {
      const tree = openTree(levels, root, store);
      for (let i = 0; i < 3; i++) {
        const index = random.int(capacityOf(levels));
        leaves[index] = randomLeaf();
        tree.set(index, leaves[index]);
      }
      store.add(tree.takeNodes());
      expect(tree.takeNodes(), "taken once").to.deep.equal([]);
      root = tree.root();
      states.push({ root, leaves: [...leaves] });
    }
    for (const state of states) {
      const tree = openTree(levels, state.root, store);
      for (let index = 0; index < capacityOf(levels); index++)
        expect(tree.get(index)).to.deep.equal(state.leaves[index]);
      expect(tree.takeNodes(), "nothing changed").to.deep.equal([]);
    }
  });

  it("gives only the nodes above what changed", () => {
    const store = nodeStore();
    const tree = openTree(levels, empty, store);
    tree.set(5, randomLeaf());
    expect(tree.takeNodes()).to.have.length(levels + 1);
    tree.set(5, randomLeaf());
    tree.set(6, randomLeaf());
    expect(tree.takeNodes(), "a path, and one more leaf").to.have.length(levels + 2);
  });

  it("refuses places outside and hashes of something else", () => {
    const store = nodeStore();
    const tree = openTree(levels, empty, store);
    for (const index of [-1, 64, 0.5, NaN]) {
      expect(() => tree.get(index)).to.throw(RangeError, "0 to 63");
      expect(() => tree.set(index, randomLeaf())).to.throw(RangeError);
      expect(() => tree.siblings(index)).to.throw(RangeError);
    }
    expect(() => openTree(0, 0n, store)).to.throw(RangeError);
    expect(() => openTree(17, 0n, store)).to.throw(RangeError);
    expect(() => openTree(levels, 5n, store).get(0)).to.throw(MissingNodeError);
    tree.set(0, randomLeaf());
    store.add(tree.takeNodes());
    expect(() => openTree(levels + 1, tree.root(), store).get(0), "too high").to.throw(TreeError);
    expect(() => openTree(levels - 1, tree.root(), store).get(0), "too low").to.throw(TreeError);
  });
});

describe("index of leaves", () => {
  const random = createRandom(0x1d);
  const value = ({ owner, token }: LeafId): bigint => (owner << 160n) + token;
  /** Pairs that are often near to each other, or share an owner. */
  const pair = (): LeafId => ({
    owner: random.chance(0.5) ? BigInt(random.int(6)) : random.bits(160),
    token: random.chance(0.5) ? BigInt(random.int(6)) : random.bits(160),
  });

  it("finds every pair or the one below it, as a sorted list does", () => {
    const store = nodeStore();
    const known = new Map<bigint, number>();
    const snapshots: { root: Uint8Array; known: Map<bigint, number> }[] = [];
    let root: Uint8Array = EMPTY_INDEX;
    for (let round = 0; round < 30; round++) {
      const index = openLeafIndex(root, store);
      for (let i = 0; i < 10; i++) {
        const id = pair();
        if (known.has(value(id))) {
          expect(() => index.add({ ...id, index: 1 })).to.throw(RangeError, "already");
        } else {
          index.add({ ...id, index: known.size });
          known.set(value(id), known.size);
        }
        check(index, known, pair());
        check(index, known, id);
      }
      store.add(index.takeNodes());
      expect(index.takeNodes(), "taken once").to.deep.equal([]);
      root = index.root();
      snapshots.push({ root, known: new Map(known) });
    }
    for (const snapshot of snapshots) {
      const index = openLeafIndex(snapshot.root, store);
      for (let i = 0; i < 10; i++) check(index, snapshot.known, pair());
    }
  });

  function check(index: ReturnType<typeof openLeafIndex>, known: ReadonlyMap<bigint, number>, id: LeafId): void {
    const below = [...known.keys()].filter((key) => key <= value(id));
    const best = below.reduce<bigint | undefined>(
      (found, key) => (found === undefined || key > found ? key : found),
      undefined,
    );
    const entry = index.floor(id);
    expect(entry && value(entry)).to.equal(best);
    expect(entry?.index).to.equal(best === undefined ? undefined : known.get(best));
  }

  it("is empty at first, and says when a node is not stored", () => {
    const index = openLeafIndex(EMPTY_INDEX, nodeStore());
    expect(index.floor({ owner: 1n, token: 1n })).to.equal(undefined);
    expect(index.root()).to.deep.equal(EMPTY_INDEX);
    expect(index.takeNodes()).to.deep.equal([]);
    const missing = openLeafIndex(toBytes(1n, 32), nodeStore());
    expect(() => missing.floor({ owner: 1n, token: 1n })).to.throw(MissingNodeError);
    expect(toBigInt(EMPTY_INDEX)).to.equal(0n);
  });

  it("does not depend on the order in which pairs came", () => {
    const ids = Array.from({ length: 20 }, (_, index) => ({ owner: random.bits(160), token: 0n, index }));
    const roots = [ids, [...ids].reverse()].map((order) => {
      const index = openLeafIndex(EMPTY_INDEX, nodeStore());
      order.forEach((entry) => index.add(entry));
      return toHex(index.root());
    });
    expect(roots[0]).to.equal(roots[1]);
  });
});
