import { concat, keccak256, toBeHex, id } from "ethers";

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
