import { type BatchHeader, type Hex, type InboxMessage, ZERO_ADDRESS } from "../types.js";
import type { L1Client } from "./client.js";
import { type ActionOptions, type Done, done, type Request, senderFor, transact } from "./transact.js";

/** A balance of the last final state, and what shows it to L1. */
export interface BalanceProof {
  account: Hex;
  /** ERC-20 on L1; zero is ETH. */
  token: Hex;
  /** In the token's smallest unit. */
  amount: bigint;
  /** What the suite's IStateProof takes. */
  proof: Hex;
}

/**
 * Ends the chain with its last batch, which is final.
 * @param message The first inbox message that no batch consumed.
 */
export function freezeChain(
  l1: L1Client,
  head: BatchHeader,
  message: InboxMessage,
  options: ActionOptions = {},
): Promise<Done> {
  const data = l1.chain.interface.encodeFunctionData("freeze", [head, message]);
  return act(l1, { what: "the freeze", to: l1.addresses.chain, data }, options);
}

/** Takes a balance out of a frozen chain, to its owner. */
export function escapeBalance(
  l1: L1Client,
  header: BatchHeader,
  { account, token, proof }: BalanceProof,
  options: ActionOptions = {},
): Promise<Done> {
  const data = l1.bridge.interface.encodeFunctionData("escape", [header, account, token, proof]);
  return act(l1, { what: `the escape of ${nameOf(token)}`, data }, options);
}

/** Pays a deposit that never arrived on a frozen chain back to its sender. */
export function refundDeposit(
  l1: L1Client,
  header: BatchHeader,
  message: InboxMessage,
  options: ActionOptions = {},
): Promise<Done> {
  const data = l1.bridge.interface.encodeFunctionData("refundDeposit", [header, message]);
  return act(l1, { what: `the refund of deposit ${message.index}`, data }, options);
}

/** Pays an account its credit. */
export function claimCredit(l1: L1Client, account: Hex, token: Hex, options: ActionOptions = {}): Promise<Done> {
  const data = l1.bridge.interface.encodeFunctionData("claimCredit", [account, token]);
  return act(l1, { what: `the credit in ${nameOf(token)}`, data }, options);
}

async function act(l1: L1Client, request: Request, options: ActionOptions): Promise<Done> {
  return done(await transact(l1, await senderFor(l1, options), request, options));
}

function nameOf(token: Hex): string {
  return token === ZERO_ADDRESS ? "ETH" : `token ${token}`;
}
