import { toHex } from "../../ledger/bytes.js";
import type { LedgerLog } from "../../ledger/erc20.js";
import type { SignedTransaction } from "../../ledger/transaction.js";
import { ZERO_ADDRESS, ZERO_HASH, type Hex } from "../../types.js";
import { logsBloom } from "../effects.js";
import type { L2Block } from "../records.js";
import { effectiveGasPrice, type FullEntry } from "./blocks.js";

/** Gas limit that blocks show; what bounds them is the size of a batch. */
const SHOWN_GAS_LIMIT = 1n << 30n;
/** Type of deposits and forced withdrawals, as other rollups mark transactions that nobody signed. */
const MESSAGE_TYPE = "0x7e";
/**
 * Messages have no nonce, but clients want one. Above all that accounts reach, else ethers takes a deposit for the
 * replacement of the depositor's own transaction; below 2^53, the largest number that clients hold.
 */
const FIRST_MESSAGE_NONCE = 1n << 52n;
const EMPTY_UNCLES: Hex = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** A JSON value of an answer. */
export type Json = string | number | boolean | null | Json[] | { [field: string]: Json };

export function formatBlock(block: L2Block, entries: FullEntry[], full: boolean): Json {
  return {
    number: toQuantity(block.number),
    hash: block.hash,
    parentHash: block.parentHash,
    nonce: "0x0000000000000000",
    mixHash: ZERO_HASH,
    sha3Uncles: EMPTY_UNCLES,
    logsBloom: logsBloom(entries.flatMap(({ logs }) => logs)),
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    stateRoot: block.stateRoot,
    miner: block.coinbase,
    difficulty: "0x0",
    totalDifficulty: "0x0",
    extraData: "0x",
    size: toQuantity(
      entries.reduce((sum, { entry }) => sum + (entry.source === "transaction" ? entry.raw.length : 0), 0),
    ),
    gasLimit: toQuantity(SHOWN_GAS_LIMIT),
    gasUsed: toQuantity(block.gasUsed),
    timestamp: toQuantity(block.timestamp),
    baseFeePerGas: toQuantity(block.baseFee),
    uncles: [],
    transactions: full ? entries.map(formatEntry) : entries.map(({ entry }) => entry.hash),
  };
}

export function gasUsedRatio({ gasUsed }: L2Block): number {
  return Number(gasUsed) / Number(SHOWN_GAS_LIMIT);
}

export function formatEntry({ block, position, entry, transaction, message, gasPrice }: FullEntry): Json {
  const place = {
    blockHash: block.hash,
    blockNumber: toQuantity(block.number),
    transactionIndex: toQuantity(position),
  };
  if (transaction !== undefined) return { ...formatSigned(transaction, entry.sender, gasPrice), ...place };
  const { target, token, amount, index } = message!;
  return {
    ...place,
    type: MESSAGE_TYPE,
    hash: entry.hash,
    from: entry.sender,
    to: target,
    value: toQuantity(token === ZERO_ADDRESS && message!.kind === 0 ? amount : 0n),
    input: "0x",
    nonce: toQuantity(FIRST_MESSAGE_NONCE + index),
    gas: "0x0",
    gasPrice: "0x0",
    v: "0x0",
    r: ZERO_HASH,
    s: ZERO_HASH,
  };
}

export function formatPending(transaction: SignedTransaction, sender: Hex, baseFee: bigint): Json {
  return {
    ...formatSigned(transaction, sender, effectiveGasPrice(transaction, baseFee)),
    blockHash: null,
    blockNumber: null,
    transactionIndex: null,
  };
}

function formatSigned(transaction: SignedTransaction, sender: Hex, gasPrice: bigint): Record<string, Json> {
  return {
    type: "0x2",
    hash: transaction.hash,
    chainId: toQuantity(transaction.chainId),
    nonce: toQuantity(transaction.nonce),
    from: sender,
    to: transaction.to,
    value: toQuantity(transaction.value),
    input: toHex(transaction.data),
    gas: toQuantity(transaction.gasLimit),
    gasPrice: toQuantity(gasPrice),
    maxFeePerGas: toQuantity(transaction.maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(transaction.maxPriorityFeePerGas),
    accessList: [],
    yParity: toQuantity(transaction.yParity),
    v: toQuantity(transaction.yParity),
    r: toHex(transaction.r),
    s: toHex(transaction.s),
  };
}

export function formatReceipt(full: FullEntry): Json {
  const { block, position, entry, transaction, message, gasPrice, cumulativeGas, logs } = full;
  return {
    type: transaction === undefined ? MESSAGE_TYPE : "0x2",
    transactionHash: entry.hash,
    transactionIndex: toQuantity(position),
    blockHash: block.hash,
    blockNumber: toQuantity(block.number),
    from: entry.sender,
    to: transaction?.to ?? message!.target,
    contractAddress: null,
    cumulativeGasUsed: toQuantity(cumulativeGas),
    gasUsed: toQuantity(entry.gasUsed),
    effectiveGasPrice: toQuantity(gasPrice),
    status: entry.succeeded ? "0x1" : "0x0",
    logs: logs.map((log, i) => formatLog(full, log, i)),
    logsBloom: logsBloom(logs),
  };
}

/** @param i Position of the log among those of its transaction. */
export function formatLog(
  { block, position, entry, logIndex }: FullEntry,
  { address, topics, data }: LedgerLog,
  i: number,
): Json {
  return {
    address,
    topics,
    data,
    blockHash: block.hash,
    blockNumber: toQuantity(block.number),
    transactionHash: entry.hash,
    transactionIndex: toQuantity(position),
    logIndex: toQuantity(logIndex + i),
    removed: false,
  };
}

/** Anything with bigints, as JSON: bigints become quantities. For the `rollup_` methods. */
export function toJson(value: unknown): Json {
  if (typeof value === "bigint") return toQuantity(value);
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[name, toJson(field)]])),
    );
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new TypeError(`a ${typeof value} has no JSON form`);
}
