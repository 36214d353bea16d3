import { AbiCoder } from "ethers";

import type { ClaimRequest } from "../l1/actions.js";
import type { BalanceProof } from "../l1/escape-actions.js";
import { toHex } from "../ledger/bytes.js";
import { withdrawalProof } from "../ledger/hashes.js";
import { accountKey, proveLeaf, tokenBalanceKey } from "../ledger/state.js";
import { type BatchHeader, type Hex, type InboxMessage, ZERO_ADDRESS } from "../types.js";
import type { Reconstruction } from "./reconstruct.js";

const BALANCE_PROOF = ["tuple(uint256 word0, uint256 word1)", "bytes32[]"];

/** Content of a leaf of the state. */
interface StateLeaf {
  word0: bigint;
  word1: bigint;
}

/** All that one account takes out of a frozen chain, ready for L1. */
export interface EscapeProofs {
  account: Hex;
  /** The last final batch; the chain must be frozen with it. */
  header: BatchHeader;
  /** Balances above zero. */
  balances: BalanceProof[];
  /** Deposits of the account that no batch consumed. */
  deposits: InboxMessage[];
  /** Withdrawals to the account that nobody claimed; they need no freeze. */
  withdrawals: ClaimRequest[];
}

/** Proves everything that `account` has in the last final state. */
export function escapeProofs(state: Reconstruction, account: Hex): EscapeProofs {
  const isAccount = (other: Hex) => other.toLowerCase() === account.toLowerCase();
  return {
    account,
    header: state.header,
    balances: state.tokens.flatMap((token) => proveBalance(state, account, token) ?? []),
    deposits: state.left.filter(({ kind, sender }) => kind === 0 && isAccount(sender)),
    withdrawals: state.unclaimed().flatMap(({ posted, leafIndex, withdrawals }) => {
      const withdrawal = withdrawals[leafIndex];
      if (withdrawal === undefined || !isAccount(withdrawal.target)) return [];
      const proof = withdrawalProof(withdrawals, leafIndex);
      return [{ header: posted.header, leafIndex: BigInt(leafIndex), withdrawal, proof }];
    }),
  };
}

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

function proveBalance({ nodes, header }: Reconstruction, account: Hex, token: Hex): BalanceProof | undefined {
  const isETH = token === ZERO_ADDRESS;
  const key = isETH ? accountKey(account) : tokenBalanceKey(account, token);
  const { leaf, siblings } = proveLeaf(nodes, header.stateRoot, key);
  // The path may end at another key's leaf.
  if (leaf === undefined || toHex(leaf.key) !== toHex(key)) return undefined;
  const { word0, word1 } = leaf;
  const amount = isETH ? word1 : word0;
  if (amount === 0n) return undefined;
  return {
    account,
    token,
    amount,
    proof: encodeBalanceProof(
      { word0, word1 },
      siblings.reverse().map((sibling) => toHex(sibling)),
    ),
  };
}
