import type { ClaimRequest } from "../l1/actions.js";
import type { BalanceProof } from "../l1/escape-actions.js";
import { withdrawalProof } from "../ledger/hashes.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import type { Reconstruction } from "./reconstruct.js";

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

function proveBalance({ nodes, header, state }: Reconstruction, account: Hex, token: Hex): BalanceProof | undefined {
  const found = state.proveBalance(nodes, header.stateRoot, account, token);
  return found && { account, token, ...found };
}
