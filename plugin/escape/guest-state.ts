import { AbiCoder } from "ethers";

import { toHex } from "../ledger/bytes.js";
import { accountKey, addressOfIndex, GENESIS_NODE, proveLeaf, readMeta, tokenBalanceKey } from "../ledger/state.js";
import { type Hex, ZERO_ADDRESS } from "../types.js";
import type { StateReader } from "../validator/types.js";

const BALANCE_PROOF = ["tuple(uint256 word0, uint256 word1)", "bytes32[]"];

/** Content of a leaf of the state. */
interface StateLeaf {
  word0: bigint;
  word1: bigint;
}

/** States of the ledger guest; docs/protocol.md §5. */
export const GUEST_STATE: StateReader = {
  genesis: [GENESIS_NODE],

  proveBalance(nodes, root, account, token) {
    const isETH = token === ZERO_ADDRESS;
    const key = isETH ? accountKey(account) : tokenBalanceKey(account, token);
    const { leaf, siblings } = proveLeaf(nodes, root, key);
    // The path may end at another key's leaf.
    if (leaf === undefined || toHex(leaf.key) !== toHex(key)) return undefined;
    const { word0, word1 } = leaf;
    const amount = isETH ? word1 : word0;
    if (amount === 0n) return undefined;
    const upwards = siblings.reverse().map((sibling) => toHex(sibling));
    return { amount, proof: encodeBalanceProof({ word0, word1 }, upwards) };
  },

  accountCount: (nodes, root) => readMeta(nodes, root).accountCount,

  *accounts(nodes, root) {
    const { accountCount } = readMeta(nodes, root);
    for (let index = 1n; index <= accountCount; index++) {
      const account = addressOfIndex(nodes, root, index);
      if (account !== undefined) yield account;
    }
  },
};

/**
 * What KeccakStateProof takes: docs/escape.md §2.
 * @param siblings From the leaf's height up to the root.
 */
export function encodeBalanceProof({ word0, word1 }: StateLeaf, siblings: readonly Hex[]): Hex {
  return AbiCoder.defaultAbiCoder().encode(BALANCE_PROOF, [[word0, word1], siblings]) as Hex;
}

/** The opposite of {@link encodeBalanceProof}. */
export function decodeBalanceProof(proof: Hex): { leaf: StateLeaf; siblings: Hex[] } {
  const [words, siblings] = AbiCoder.defaultAbiCoder().decode(BALANCE_PROOF, proof) as unknown as [bigint[], Hex[]];
  const [word0 = 0n, word1 = 0n] = words;
  return { leaf: { word0, word1 }, siblings: [...siblings] };
}
