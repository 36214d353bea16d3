import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import { abiWords, toBigInt, toHex } from "./bytes.js";
import { readAllowance, readTokenBalance } from "./state.js";
import type { NodeReader } from "./types.js";

function signatureHash(signature: string): Uint8Array {
  return keccak256(new TextEncoder().encode(signature));
}

/** The four bytes that name a function in call data. */
export function functionSelector(signature: string): Hex {
  return toHex(signatureHash(signature).subarray(0, 4));
}

/** Function selectors that the ledger knows at every token address; docs/protocol.md §7. */
export const ERC20_SELECTORS = {
  transfer: functionSelector("transfer(address,uint256)"),
  approve: functionSelector("approve(address,uint256)"),
  transferFrom: functionSelector("transferFrom(address,address,uint256)"),
  balanceOf: functionSelector("balanceOf(address)"),
  allowance: functionSelector("allowance(address,address)"),
} as const;

const TRANSFER_TOPIC = toHex(signatureHash("Transfer(address,address,uint256)"));
const APPROVAL_TOPIC = toHex(signatureHash("Approval(address,address,uint256)"));

/** A call that the ledger executes at a token's address. Amounts in the token's smallest unit. */
export type Erc20Call =
  | { name: "transfer"; to: Hex; amount: bigint }
  | { name: "approve"; spender: Hex; amount: bigint }
  | { name: "transferFrom"; from: Hex; to: Hex; amount: bigint };

/** An event as an ERC-20 on L1 would emit it. */
export interface LedgerLog {
  address: Hex;
  topics: Hex[];
  data: Hex;
}

/** The ERC-20 call that `data` is, or undefined when it is none in its canonical form. */
export function decodeErc20Call(data: Uint8Array): Erc20Call | undefined {
  const name = toHex(data.subarray(0, 4));
  if (name === ERC20_SELECTORS.transferFrom) {
    const [from, to] = addressArguments(data, 2);
    if (from === undefined || to === undefined || data.length !== 100) return undefined;
    return { name: "transferFrom", from, to, amount: toBigInt(data.subarray(68)) };
  }
  if (name !== ERC20_SELECTORS.transfer && name !== ERC20_SELECTORS.approve) return undefined;
  const [first] = addressArguments(data, 1);
  if (first === undefined || data.length !== 68) return undefined;
  const amount = toBigInt(data.subarray(36));
  return name === ERC20_SELECTORS.transfer
    ? { name: "transfer", to: first, amount }
    : { name: "approve", spender: first, amount };
}

/**
 * Events of a transaction that succeeded: Transfer for `transfer` and `transferFrom`, Approval for `approve`.
 * @param to The token.
 */
export function erc20Logs(sender: Hex, to: Hex, data: Uint8Array): LedgerLog[] {
  const call = decodeErc20Call(data);
  switch (call?.name) {
    case undefined:
      return [];
    case "transfer":
      return [log(to, TRANSFER_TOPIC, sender, call.to, call.amount)];
    case "transferFrom":
      return [log(to, TRANSFER_TOPIC, call.from, call.to, call.amount)];
    case "approve":
      return [log(to, APPROVAL_TOPIC, sender, call.spender, call.amount)];
  }
}

/**
 * Answers a view call at a token's address: `balanceOf` or `allowance`.
 * @param token The address called.
 * @returns The ABI-encoded amount; undefined for every other call.
 */
export function callErc20View(nodes: NodeReader, root: Hex, token: Hex, data: Uint8Array): Uint8Array | undefined {
  return answerErc20View(data, {
    balanceOf: (account) => readTokenBalance(nodes, root, account, token),
    allowance: (owner, spender) => readAllowance(nodes, root, owner, spender, token),
  });
}

/** Where the answers of a token come from. */
export interface Erc20Views {
  balanceOf(account: Hex): bigint;
  allowance(owner: Hex, spender: Hex): bigint;
}

/** The ABI-encoded answer to `balanceOf` or `allowance`; undefined for every other call. */
export function answerErc20View(data: Uint8Array, views: Erc20Views): Uint8Array | undefined {
  const name = toHex(data.subarray(0, 4));
  if (name === ERC20_SELECTORS.balanceOf && data.length === 36) {
    const [account] = addressArguments(data, 1);
    return account && abiWords(views.balanceOf(account));
  }
  if (name === ERC20_SELECTORS.allowance && data.length === 68) {
    const [owner, spender] = addressArguments(data, 2);
    return owner && spender && abiWords(views.allowance(owner, spender));
  }
  return undefined;
}

/** The first `count` arguments of a call, as addresses; empty when one is missing or no address. */
function addressArguments(data: Uint8Array, count: number): Hex[] {
  const addresses: Hex[] = [];
  for (let start = 4; start < 4 + 32 * count; start += 32) {
    const word = data.subarray(start, start + 32);
    if (word.length < 32 || word.subarray(0, 12).some((byte) => byte !== 0)) return [];
    addresses.push(toHex(word.subarray(12)));
  }
  return addresses;
}

function log(token: Hex, topic: Hex, first: Hex, second: Hex, amount: bigint): LedgerLog {
  return {
    address: token,
    topics: [topic, toHex(abiWords(first)), toHex(abiWords(second))],
    data: toHex(abiWords(amount)),
  };
}
