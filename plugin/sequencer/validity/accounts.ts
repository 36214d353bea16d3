import { keccak256 } from "../../machine/keccak.js";
import { concat, fromHex, toBytes } from "../../ledger/bytes.js";
import type { NodeReader } from "../../ledger/types.js";
import { fromAddress, hasKey, type LeafId, toAddress } from "../../validity/leaf.js";
import { openState, type State } from "../../validity/state.js";
import type { Hex } from "../../types.js";
import type { AccountState } from "../mempool.js";

/*
 * Every leaf has a nonce and a balance of its own, so the mempool has an account for each: the owner's address, with the token's
 * behind it where that is not ETH. What registers the key of a leaf waits for the leaf and can be done once: an account too, whose
 * nonce is 1 afterwards, with a balance of 1 as soon as there is a leaf.
 */

const REGISTRATION_SUFFIX = "01";
const OWNER_DIGITS = 42;
const LEAF_DIGITS = 82;

/** The account of the leaf that `id` names. */
export function leafAccount({ owner, token }: LeafId): Hex {
  return token === 0n ? toAddress(owner) : `${toAddress(owner)}${toAddress(token).slice(2)}`;
}

/** The account of the registration of its key. */
export function registrationAccount({ owner, token }: LeafId): Hex {
  return `${toAddress(owner)}${toAddress(token).slice(2)}${REGISTRATION_SUFFIX}`;
}

function leafOf(account: Hex): LeafId {
  const owner = fromAddress(account.slice(0, OWNER_DIGITS) as Hex);
  const token = account.length === OWNER_DIGITS ? 0n : fromAddress(`0x${account.slice(OWNER_DIGITS, LEAF_DIGITS)}`);
  return { owner, token };
}

/** An account of the mempool; zeros when there is no leaf. */
export function accountIn(state: State, account: Hex): AccountState {
  const { exists, leaf } = state.find(leafOf(account));
  if (!exists) return { nonce: 0n, balance: 0n };
  if (account.length > LEAF_DIGITS) return { nonce: hasKey(leaf) ? 1n : 0n, balance: 1n };
  return { nonce: leaf.nonce, balance: leaf.balance };
}

/** The same, in the state with this root. */
export function readAccountOf(levels: number, nodes: NodeReader, root: Hex, account: Hex): AccountState {
  return accountIn(openState(levels, root, nodes), account);
}

/** Key of an account among reported leaves; 32 bytes. */
export function accountKeyOf(account: Hex): Uint8Array {
  return keccak256(fromHex(account));
}

/** Accounts after a block as `packLeaves` has those of the guest's ledger: key, nonce · 2^64, balance. */
export function packAccounts(state: State, touched: Iterable<LeafId>): Uint8Array {
  const accounts = new Set<Hex>();
  for (const id of touched) accounts.add(leafAccount(id)).add(registrationAccount(id));
  return concat(
    ...[...accounts].map((account) => {
      const { nonce, balance } = accountIn(state, account);
      return concat(accountKeyOf(account), toBytes(nonce << 64n, 32), toBytes(balance, 32));
    }),
  );
}
