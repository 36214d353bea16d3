import { abiWords, concat } from "../plugin/ledger/bytes.js";
import { accountKey, indexKey, META_KEY, type Leaf } from "../plugin/ledger/state.js";
import { keccak256 } from "../plugin/machine/keccak.js";
import type { PreimageMap } from "../plugin/machine/preimage-map.js";
import type { Hex } from "../plugin/types.js";

const LEAF_DOMAIN = keccak256(new TextEncoder().encode("hardhat-rollup.leaf.v1"));

/** State of a chain whose accounts, with indices from 1 on, hold the same balance; the root. */
export function buildState(addresses: Hex[], balance: bigint, nodes: PreimageMap): Uint8Array {
  const leaves: Leaf[] = [{ key: META_KEY, word0: BigInt(addresses.length), word1: 0n }];
  addresses.forEach((address, i) => {
    const index = BigInt(i + 1);
    leaves.push({ key: accountKey(address), word0: index, word1: balance });
    leaves.push({ key: indexKey(index), word0: BigInt(address), word1: 0n });
  });
  leaves.sort((a, b) => Buffer.compare(a.key, b.key));
  const add = (preimage: Uint8Array): Uint8Array => {
    const hash = keccak256(preimage);
    nodes.set(hash, preimage);
    return hash;
  };
  const build = (from: number, to: number, depth: number): Uint8Array => {
    if (from === to) return new Uint8Array(32);
    if (to - from === 1) {
      const { key, word0, word1 } = leaves[from]!;
      return add(concat(LEAF_DOMAIN, key, abiWords(word0, word1)));
    }
    let middle = from;
    while (middle < to && ((leaves[middle]!.key[depth >> 3]! >> (7 - (depth & 7))) & 1) === 0) middle++;
    return add(concat(build(from, middle, depth + 1), build(middle, to, depth + 1)));
  };
  return build(0, leaves.length, 0);
}
