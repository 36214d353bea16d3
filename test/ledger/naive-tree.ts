import { concat, dataLength, dataSlice, keccak256, toBeHex, id } from "ethers";

const LEAF_DOMAIN = id("hardhat-rollup.leaf.v1");
const EMPTY = `0x${"00".repeat(32)}`;

/** Leaves by key (32 bytes of hex): two words. */
export type Leaves = Map<string, readonly [bigint, bigint]>;

/** Root of the state tree over `leaves`, straight from docs/protocol.md §5: everything is hashed anew. */
export function naiveRoot(leaves: Leaves, onNode?: (hash: string, preimage: string) => void): string {
  const bits = new Map([...leaves.keys()].map((key) => [key, BigInt(key).toString(2).padStart(256, "0")]));
  function hash(preimage: string): string {
    const digest = keccak256(preimage);
    onNode?.(digest, preimage);
    return digest;
  }
  function root(keys: string[], depth: number): string {
    const [only] = keys;
    if (only === undefined) return EMPTY;
    if (keys.length === 1)
      return hash(concat([LEAF_DOMAIN, only, ...leaves.get(only)!.map((word) => toBeHex(word, 32))]));
    const left = keys.filter((key) => bits.get(key)![depth] === "0");
    const right = keys.filter((key) => bits.get(key)![depth] === "1");
    return hash(concat([root(left, depth + 1), root(right, depth + 1)]));
  }
  return root([...leaves.keys()], 0);
}

/** Siblings of the leaf at `key`, from the leaf's height up to the root, as docs/escape.md §2 wants them. */
export function naiveSiblings(leaves: Leaves, key: string): string[] {
  const nodes = new Map<string, string>();
  const siblings: string[] = [];
  let at = naiveRoot(leaves, (hash, preimage) => nodes.set(hash, preimage));
  const path = BigInt(key).toString(2).padStart(256, "0");
  for (let depth = 0; ; depth++) {
    const preimage = nodes.get(at);
    if (preimage === undefined) throw new Error(`no leaf at ${key}`);
    const [left, right] = [dataSlice(preimage, 0, 32), dataSlice(preimage, 32, 64)];
    if (dataLength(preimage) !== 64) {
      if (right !== key) throw new Error(`no leaf at ${key}`);
      return siblings;
    }
    siblings.unshift(path[depth] === "0" ? right : left);
    at = path[depth] === "0" ? left : right;
  }
}
