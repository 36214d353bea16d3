import { expect } from "chai";
import { getBytes, hexlify, toBeHex } from "ethers";

import { naiveRoot, type Leaves } from "../ledger/naive-tree.js";
import { createRandom, type Random } from "../ledger/random.js";
import { compileSdk, peek, poke, startSdk, type Sdk } from "./support/sdk.js";
import { domain } from "./support/wire.js";

const EMPTY = `0x${"00".repeat(32)}`;

describe("sparse Merkle tree of guests", () => {
  let plain: WebAssembly.Module;
  let bound: WebAssembly.Module;

  before(async () => {
    plain = await compileSdk();
    bound = await compileSdk(true);
  });

  /** A tree in an instance, and the leaves that it must have. */
  function start(module: WebAssembly.Module, leaves: Leaves = new Map<string, readonly [bigint, bigint]>()) {
    const { sdk, preimages, loads } = startSdk(module);
    const [root, key, leafDomain] = [sdk.area(), sdk.area() + 32, sdk.area() + 64];
    poke(
      sdk,
      root,
      naiveRoot(leaves, (hash, preimage) => preimages.set(getBytes(hash), getBytes(preimage))),
    );
    poke(sdk, leafDomain, domain("leaf"));
    sdk.openTree(root, leafDomain);
    const at = (of: string) => {
      poke(sdk, key, of);
      return key;
    };
    return {
      loads,
      bound: () => sdk.boundTree(),
      get: (of: string) => readWords(sdk, sdk.find(at(of))),
      set(of: string, words: readonly [bigint, bigint]) {
        const leaf = sdk.touch(at(of));
        words.forEach((word, i) => poke(sdk, leaf + 32 + 32 * i, toBeHex(word, 32)));
        leaves.set(of, words);
      },
      remove(of: string) {
        sdk.remove(at(of));
        leaves.delete(of);
      },
      root() {
        sdk.commitTree(root);
        return hexlify(peek(sdk, root, 32));
      },
      check(what: string) {
        expect(this.root(), what).to.equal(naiveRoot(leaves));
      },
    };
  }

  function readWords(sdk: Sdk, leaf: number): [bigint, bigint] | undefined {
    if (leaf === 0) return undefined;
    return [BigInt(hexlify(peek(sdk, leaf + 32, 32))), BigInt(hexlify(peek(sdk, leaf + 64, 32)))];
  }

  /** Keys of which many share long beginnings, as nobody's hashes would. */
  function keysOf(random: Random, count: number): string[] {
    const keys = new Set<string>();
    while (keys.size < count) {
      const parent = keys.size > 0 && random.chance(0.6) ? random.pick([...keys]) : undefined;
      const fresh = random.bits(256);
      const shared = BigInt(random.int(256));
      const value = parent === undefined ? fresh : BigInt(parent) ^ (1n << shared) ^ (fresh & ((1n << shared) - 1n));
      keys.add(toBeHex(value, 32));
    }
    return [...keys];
  }

  for (const [name, isBound] of [
    ["kept in memory", false],
    ["let go after each change", true],
  ] as const) {
    describe(name, () => {
      const module = () => (isBound ? bound : plain);

      it("has the naive tree's root after random inserts, updates and removals", () => {
        for (let seed = 1; seed <= 8; seed++) {
          const random = createRandom(seed);
          const keys = keysOf(random, 3 + random.int(40));
          const known: Leaves = new Map(
            keys.filter(() => random.chance(0.4)).map((key) => [key, [random.bits(256), 1n]]),
          );
          const tree = start(module(), known);
          for (let step = 0; step < 60; step++) {
            const key = random.pick(keys);
            expect(tree.get(key), `seed ${seed}, step ${step}`).to.deep.equal(known.get(key)?.slice());
            if (random.chance(0.45)) tree.remove(key);
            else tree.set(key, [random.sized(256), random.sized(256)]);
            if (isBound) tree.bound();
            if (random.chance(0.2)) tree.check(`seed ${seed}, step ${step}`);
          }
          tree.check(`seed ${seed}`);
          for (const key of keys) tree.remove(key);
          expect(tree.root()).to.equal(EMPTY);
        }
      });

      it("holds two keys that differ in their last bit alone, and collapses when one goes", () => {
        const [left, right] = [toBeHex(2n, 32), toBeHex(3n, 32)];
        const tree = start(module());
        tree.set(left, [1n, 2n]);
        const alone = tree.root();
        tree.set(right, [3n, 4n]);
        tree.check("both");
        if (isBound) tree.bound();
        tree.remove(right);
        expect(tree.root()).to.equal(alone);
        tree.set(right, [3n, 4n]);
        tree.remove(left);
        tree.check("the other");
      });

      it("does nothing when an absent key is removed", () => {
        const tree = start(module(), new Map([[toBeHex(5n, 32), [1n, 1n]]]));
        const before = tree.root();
        tree.remove(toBeHex(4n, 32));
        tree.remove(toBeHex(1n << 255n, 32));
        expect(tree.root()).to.equal(before);
      });
    });
  }

  it("loads each node once, and none that is not on the way", () => {
    const random = createRandom(9);
    const leaves: Leaves = new Map(Array.from({ length: 256 }, () => [toBeHex(random.bits(256), 32), [1n, 1n]]));
    const tree = start(plain, leaves);
    const [key] = leaves.keys();
    tree.get(key!);
    const path = tree.loads();
    expect(path).to.be.within(3, 30);
    tree.get(key!);
    tree.set(key!, [2n, 2n]);
    tree.check("one leaf changed");
    expect(tree.loads()).to.equal(path);
  });
});
