import {
  AbiCoder,
  concat,
  dataSlice,
  decodeRlp,
  encodeRlp,
  getBytes,
  hexlify,
  keccak256,
  recoverAddress,
  toBeArray,
  zeroPadValue,
} from "ethers";

import { decodeBatch } from "../../plugin/ledger/batch.js";
import { MalformedBatchError } from "../../plugin/ledger/reader.js";
import type { BatchContent, BatchTransaction, Receipt } from "../../plugin/ledger/types.js";
import type { Hex, InboxMessage, Withdrawal } from "../../plugin/types.js";
import { naiveRoot, type Leaves } from "./naive-tree.js";

// docs/protocol.md §7 in plain TypeScript, for tests alone: slow, and written without a look at the guest.

const ETH = `0x${"00".repeat(20)}` as const;
const L2_BRIDGE = "0x4c32000000000000000000000000000000000001";
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const WHOLE_BALANCE = 2n ** 256n - 1n;
const SELECTORS = {
  transfer: "0xa9059cbb",
  approve: "0x095ea7b3",
  transferFrom: "0x23b872dd",
  withdraw: "0xd9caed12",
};

export interface ModelState {
  accounts: Map<string, { nonce: bigint; index: bigint; balance: bigint }>;
  /** By account/token. */
  tokenBalances: Map<string, bigint>;
  /** By owner/spender/token. */
  allowances: Map<string, bigint>;
  withdrawalNonce: bigint;
}

export interface ModelInput {
  l2ChainId: bigint;
  timestamp: bigint;
  messages: InboxMessage[];
  data: Uint8Array;
}

export interface ModelOutput {
  blocks: number;
  receipts: Receipt[];
  withdrawals: Withdrawal[];
}

/** A transaction whose account indexes are resolved. */
type Transaction = Pick<
  BatchTransaction,
  "nonce" | "maxPriorityFeePerGas" | "maxFeePerGas" | "gasLimit" | "value" | "yParity"
> & { to: string; data: string; r: string; s: string };

export function createModel(): ModelState {
  return { accounts: new Map(), tokenBalances: new Map(), allowances: new Map(), withdrawalNonce: 0n };
}

/** State root of the model. */
export function modelRoot(state: ModelState): string {
  const leaves: Leaves = new Map();
  const put = (types: string[], values: unknown[], word0: bigint, word1: bigint) =>
    leaves.set(keccak256(AbiCoder.defaultAbiCoder().encode(types, values)), [word0, word1]);
  put(["uint256"], [0], BigInt(state.accounts.size), state.withdrawalNonce);
  for (const [address, { nonce, index, balance }] of state.accounts) {
    put(["uint256", "address"], [1, address], (nonce << 64n) | index, balance);
    put(["uint256", "uint256"], [2, index], BigInt(address), 0n);
  }
  for (const [key, amount] of state.tokenBalances)
    if (amount > 0n) put(["uint256", "address", "address"], [3, ...key.split("/")], amount, 0n);
  for (const [key, amount] of state.allowances)
    if (amount > 0n) put(["uint256", "address", "address", "address"], [4, ...key.split("/")], amount, 0n);
  return naiveRoot(leaves);
}

/** Applies a batch to `state`. */
export function runModel(state: ModelState, input: ModelInput): ModelOutput {
  const content = contentOf(input);
  const receipts: Receipt[] = [];
  const withdrawals: Withdrawal[] = [];
  const messages = [...input.messages];
  content.blocks.forEach((block, number) => {
    const context: Context = { state, content, withdrawals, chainId: input.l2ChainId };
    for (const message of messages.splice(0, block.messages))
      receipts.push({ source: "message", block: number, ...applyMessage(context, message) });
    for (const transaction of block.transactions)
      receipts.push({ source: "transaction", block: number, ...applyBatchTransaction(context, transaction) });
  });
  return { blocks: content.blocks.length, receipts, withdrawals };
}

interface Context {
  state: ModelState;
  content: BatchContent;
  withdrawals: Withdrawal[];
  chainId: bigint;
}

type Result = Omit<Receipt, "source" | "block">;

function contentOf(input: ModelInput): BatchContent {
  try {
    return decodeBatch(input.data, { messages: input.messages.length, timestamp: input.timestamp });
  } catch (error) {
    if (!(error instanceof MalformedBatchError)) throw error;
    return {
      coinbase: ETH,
      baseFee: 0n,
      blocks: [{ timestamp: 0n, messages: input.messages.length, transactions: [] }],
    };
  }
}

function applyMessage(context: Context, message: InboxMessage): Result {
  const { state } = context;
  const { sender, target, token, amount } = message;
  const receipt = (done: boolean): Result => ({
    sender,
    status: done ? "succeeded" : "failed",
    gasUsed: 0n,
    fee: 0n,
  });
  if (message.kind === 0) {
    credit(state, target, token, amount);
    if (token !== ETH) account(state, token);
    return receipt(true);
  }
  if (message.kind === 2) {
    const balance = balanceOf(state, sender, token);
    const wanted = amount === WHOLE_BALANCE ? balance : amount;
    if (wanted > balance || wanted === 0n) return receipt(false);
    withdraw(context, sender, target, token, wanted);
    return receipt(true);
  }
  const transaction = decodeRaw(message.data, context.chainId);
  return transaction === undefined ? SKIPPED : applyTransaction(context, transaction, 0n);
}

const SKIPPED: Result = { sender: ETH, status: "skipped", gasUsed: 0n, fee: 0n };

function applyBatchTransaction(context: Context, transaction: BatchTransaction): Result {
  const addresses = new Map([...context.state.accounts].map(([address, { index }]) => [index, address]));
  const { toIndex, recipientIndex } = transaction;
  const to = toIndex === undefined ? transaction.to : addresses.get(toIndex);
  if (to === undefined) return SKIPPED;
  let data = hexlify(transaction.data);
  if (recipientIndex !== undefined) {
    const recipient = addresses.get(recipientIndex);
    if (recipient === undefined) return SKIPPED;
    data = concat([SELECTORS.transfer, zeroPadValue(recipient, 32), dataSlice(data, 36)]);
  }
  const signed = { ...transaction, to, data, r: hexlify(transaction.r), s: hexlify(transaction.s) };
  return applyTransaction(context, signed, context.content.baseFee);
}

function applyTransaction(context: Context, transaction: Transaction, baseFee: bigint): Result {
  const { state, content } = context;
  const { nonce, maxFeePerGas, maxPriorityFeePerGas, gasLimit, to, value, data } = transaction;
  const sender = senderOf(transaction, context.chainId);
  const from = sender === undefined ? undefined : state.accounts.get(sender);
  const gas = gasOf(to, data);
  if (sender === undefined) return SKIPPED;
  if (maxFeePerGas < maxPriorityFeePerGas || maxFeePerGas < baseFee) return SKIPPED;
  if (nonce !== (from?.nonce ?? 0n) || gasLimit < gas) return SKIPPED;
  if ((from?.balance ?? 0n) < value + gasLimit * maxFeePerGas) return SKIPPED;

  const price = baseFee + maxPriorityFeePerGas;
  const fee = gas * (price < maxFeePerGas ? price : maxFeePerGas);
  const payer = account(state, sender);
  payer.nonce += 1n;
  payer.balance -= fee;
  if (fee > 0n) credit(state, content.coinbase, ETH, fee);
  const done = act(context, sender, to, value, data);
  return { sender: sender as Hex, status: done ? "succeeded" : "failed", gasUsed: gas, fee };
}

/** The action of a transaction; false when it fails, and then nothing has changed. */
function act(context: Context, sender: string, to: string, value: bigint, data: string): boolean {
  const { state } = context;
  if (to === ETH) return false;
  if (data === "0x") return move(state, sender, to, ETH, value);

  const selector = data.slice(0, 10);
  if (to === L2_BRIDGE) {
    const args = selector === SELECTORS.withdraw && decodeArguments(["address", "address", "uint256"], data);
    if (!args) return false;
    const [token, target, amount] = args;
    if (target === ETH || amount === 0n || balanceOf(state, sender, token) < amount) return false;
    if (value !== (token === ETH ? amount : 0n)) return false;
    withdraw(context, sender, target, token, amount);
    return true;
  }

  if (value !== 0n) return false;
  if (selector === SELECTORS.transfer) {
    const args = decodeArguments(["address", "uint256"], data);
    if (!args) return false;
    const [recipient, amount] = args;
    return recipient !== ETH && move(state, sender, recipient, to, amount);
  }
  if (selector === SELECTORS.approve) {
    const args = decodeArguments(["address", "uint256"], data);
    if (!args) return false;
    const [spender, amount] = args;
    if (spender === ETH) return false;
    state.allowances.set(`${sender}/${spender}/${to}`, amount);
    return true;
  }
  if (selector === SELECTORS.transferFrom) {
    const args = decodeArguments(["address", "address", "uint256"], data);
    if (!args) return false;
    const [owner, recipient, amount] = args;
    const key = `${owner}/${sender}/${to}`;
    const allowance = state.allowances.get(key) ?? 0n;
    if (recipient === ETH || allowance < amount || !move(state, owner, recipient, to, amount)) return false;
    if (allowance !== 2n ** 256n - 1n) state.allowances.set(key, allowance - amount);
    return true;
  }
  return false;
}

type Arguments<T extends readonly ("address" | "uint256")[]> = {
  [K in keyof T]: T[K] extends "address" ? string : bigint;
};

/** Canonical ABI arguments; undefined when they are not. */
function decodeArguments<const T extends readonly ("address" | "uint256")[]>(
  types: T,
  data: string,
): Arguments<T> | undefined {
  if (data.length !== 10 + 64 * types.length) return undefined;
  const words = types.map((type, i) => {
    const word = BigInt(dataSlice(data, 4 + 32 * i, 36 + 32 * i));
    if (type === "uint256") return word;
    return word < 2n ** 160n ? `0x${word.toString(16).padStart(40, "0")}` : undefined;
  });
  return words.includes(undefined) ? undefined : (words as Arguments<T>);
}

function gasOf(to: string, data: string): bigint {
  let gas = 21_000n;
  for (const byte of getBytes(data)) gas += byte === 0 ? 4n : 16n;
  const selector = data.slice(0, 10);
  if (to === L2_BRIDGE) return selector === SELECTORS.withdraw ? gas + 40_000n : gas;
  const isErc20 = [SELECTORS.transfer, SELECTORS.approve, SELECTORS.transferFrom].includes(selector);
  return isErc20 ? gas + 20_000n : gas;
}

/** The account of an address; creates it when there is none. */
function account(state: ModelState, address: string) {
  let found = state.accounts.get(address);
  if (found === undefined) {
    found = { nonce: 0n, index: BigInt(state.accounts.size) + 1n, balance: 0n };
    state.accounts.set(address, found);
  }
  return found;
}

function balanceOf(state: ModelState, address: string, token: string): bigint {
  if (token === ETH) return state.accounts.get(address)?.balance ?? 0n;
  return state.tokenBalances.get(`${address}/${token}`) ?? 0n;
}

function credit(state: ModelState, address: string, token: string, amount: bigint): void {
  const credited = account(state, address);
  if (token === ETH) credited.balance += amount;
  else state.tokenBalances.set(`${address}/${token}`, balanceOf(state, address, token) + amount);
}

function debit(state: ModelState, address: string, token: string, amount: bigint): void {
  if (token === ETH) account(state, address).balance -= amount;
  else state.tokenBalances.set(`${address}/${token}`, balanceOf(state, address, token) - amount);
}

function move(state: ModelState, from: string, to: string, token: string, amount: bigint): boolean {
  if (balanceOf(state, from, token) < amount) return false;
  debit(state, from, token, amount);
  credit(state, to, token, amount);
  return true;
}

function withdraw(context: Context, sender: string, target: string, token: string, amount: bigint): void {
  debit(context.state, sender, token, amount);
  const nonce = context.state.withdrawalNonce++;
  context.withdrawals.push({
    nonce,
    sender: sender as Hex,
    target: target as Hex,
    token: token as Hex,
    amount,
    data: "0x",
  });
}

/** Who signed, or undefined. */
function senderOf(transaction: Transaction, chainId: bigint): string | undefined {
  if (BigInt(transaction.s) > HALF_ORDER) return undefined;
  const { nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data } = transaction;
  const integers = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit];
  const items = [...integers.map((field) => hexlify(toBeArray(field))), to, hexlify(toBeArray(value)), data, []];
  try {
    const { r, s, yParity } = transaction;
    return recoverAddress(keccak256(concat(["0x02", encodeRlp(items)])), { r, s, yParity }).toLowerCase();
  } catch {
    return undefined; // ethers throws when nobody signed
  }
}

/** A forced transaction, or undefined when it is no EIP-1559 transaction of this chain that a batch could carry. */
function decodeRaw(raw: string, chainId: bigint): Transaction | undefined {
  if (!raw.startsWith("0x02")) return undefined;
  let fields: unknown;
  try {
    fields = decodeRlp(dataSlice(raw, 1));
    // ethers is lenient; what is canonical comes back the same.
    if (concat(["0x02", encodeRlp(fields as string[])]) !== raw) return undefined;
  } catch {
    return undefined; // no RLP
  }
  if (!Array.isArray(fields) || fields.length !== 12) return undefined;
  const [accessList] = (fields as unknown[]).splice(8, 1);
  if (!Array.isArray(accessList) || accessList.length !== 0) return undefined;
  if (!fields.every((field): field is string => typeof field === "string")) return undefined;
  const [chain, nonce, priority, maxFee, gasLimit, to, value, data, yParity, r, s] = fields.map((field, i) =>
    i === 5 || i === 7 ? field : integer(field),
  );
  if (chain !== chainId || typeof to !== "string" || to.length !== 42 || typeof data !== "string") return undefined;
  if (yParity !== 0n && yParity !== 1n) return undefined;
  if (!isBelow(nonce, 64) || !isBelow(priority, 128) || !isBelow(maxFee, 128) || !isBelow(gasLimit, 64))
    return undefined;
  if (!isBelow(value, 256) || !isBelow(r, 256) || !isBelow(s, 256)) return undefined;
  return {
    nonce,
    maxPriorityFeePerGas: priority,
    maxFeePerGas: maxFee,
    gasLimit,
    to,
    value,
    data,
    yParity: yParity === 0n ? 0 : 1,
    r: zeroPadValue(hexlify(toBeArray(r)), 32),
    s: zeroPadValue(hexlify(toBeArray(s)), 32),
  };
}

function integer(field: string): bigint | undefined {
  if (field.startsWith("0x00")) return undefined;
  return field === "0x" ? 0n : BigInt(field);
}

function isBelow(value: string | bigint | undefined, bits: number): value is bigint {
  return typeof value === "bigint" && value >> BigInt(bits) === 0n;
}
