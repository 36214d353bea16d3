import { ZERO_ADDRESS, type Hex } from "../types.js";
import { abiWords, concat, equal, fromHex, toBigInt, toHex } from "./bytes.js";
import { BatchReader } from "./reader.js";
import { MAX_DATA_LENGTH, type SignedTransaction } from "./transaction.js";
import type { BatchBlock, BatchContent, BatchTransaction } from "./types.js";
import { ByteWriter } from "./writer.js";

/** Most bytes of batch data. */
export const MAX_BATCH_LENGTH = 1 << 20;
/** Most blocks of a batch. */
export const MAX_BATCH_BLOCKS = 65_535;
/** Most inbox messages of a batch; the chain refuses more. */
export const MAX_BATCH_MESSAGES = 8_192n;
/** A batch with as many may leave messages that are due. */
export const FULL_BATCH_MESSAGES = 4_096n;
/** Most distinct (priority fee, maximum fee, gas limit) triples of a batch. */
export const MAX_FEE_ENTRIES = 255;
/** How far, in seconds, a block's timestamp may lie past the batch's L1 time. */
export const MAX_TIMESTAMP_DRIFT = 900n;

const VERSION = 1;
const MAX_SUM = 1n << 63n;
const EMPTY = new Uint8Array(0);

/** Selector of `transfer(address,uint256)` and the zero bytes before the address. */
const TRANSFER_HEAD = fromHex("0xa9059cbb000000000000000000000000");
const TRANSFER_LENGTH = 68;

const KIND_ETH = 0;
const KIND_TOKEN = 1;
const KIND_CALL = 2;
const FLAG_PARITY = 1 << 2;
const FLAG_TO_ADDRESS = 1 << 3;
const FLAG_TOKEN_ADDRESS = 1 << 4;

/** What the rest of the header says about the data; docs/protocol.md §6. */
export interface BatchLimits {
  /** Inbox messages that the batch consumes. */
  messages: number;
  /** The header's timestamp, seconds. */
  timestamp: bigint;
}

/** Content that no batch data can carry. */
export class BatchContentError extends Error {
  override readonly name = "BatchContentError";
}

/**
 * What a batch keeps of a signed transaction.
 * @param indexOf Account index of an address, or undefined while it has none before the transaction runs.
 */
export function stripTransaction(
  transaction: SignedTransaction,
  indexOf: (address: Hex) => bigint | undefined,
): BatchTransaction {
  const { nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, yParity, r, s } = transaction;
  const toIndex = indexOf(to);
  const transfer = decodeTransfer(transaction);
  const recipientIndex = transfer === undefined ? undefined : indexOf(toHex(transfer.recipient));
  return {
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit,
    to,
    value,
    data,
    yParity,
    r,
    s,
    ...(toIndex === undefined ? {} : { toIndex }),
    ...(recipientIndex === undefined ? {} : { recipientIndex }),
  };
}

/**
 * Puts the addresses behind the account indexes back into a decoded transaction.
 * @returns undefined when an index belongs to no account: the ledger skips such a transaction.
 */
export function resolveTransaction(
  transaction: BatchTransaction,
  addressOf: (index: bigint) => Hex | undefined,
): BatchTransaction | undefined {
  const { toIndex, recipientIndex } = transaction;
  const to = toIndex === undefined ? transaction.to : addressOf(toIndex);
  if (to === undefined) return undefined;
  if (recipientIndex === undefined) return { ...transaction, to };
  const recipient = addressOf(recipientIndex);
  if (recipient === undefined) return undefined;
  const amount = toBigInt(transaction.data.subarray(36));
  return { ...transaction, to, data: encodeTransfer(fromHex(recipient, 20), amount) };
}

/**
 * Batch data, docs/protocol.md §6.
 * @throws BatchContentError when the content does not fit the format.
 */
export function encodeBatch(content: BatchContent): Uint8Array {
  const { blocks } = content;
  if (blocks.length === 0 || blocks.length > MAX_BATCH_BLOCKS)
    throw new BatchContentError(`a batch has 1 to ${MAX_BATCH_BLOCKS} blocks, got ${blocks.length}`);
  const fees = new Map<string, number>();
  const entries: BatchTransaction[] = [];
  for (const block of blocks) {
    for (const transaction of block.transactions) {
      const key = feeKey(transaction);
      if (fees.has(key)) continue;
      fees.set(key, entries.length);
      entries.push(transaction);
    }
  }
  if (entries.length > MAX_FEE_ENTRIES)
    throw new BatchContentError(`a batch has at most ${MAX_FEE_ENTRIES} fee entries, got ${entries.length}`);

  const writer = new ByteWriter();
  writer.byte(VERSION);
  writer.bytes(fromHex(content.coinbase, 20));
  writer.varint(bounded(content.baseFee, 64, "baseFee"));
  writer.varint(BigInt(entries.length));
  for (const entry of entries) {
    writer.varint(bounded(entry.maxPriorityFeePerGas, 128, "maxPriorityFeePerGas"));
    writer.varint(bounded(entry.maxFeePerGas, 128, "maxFeePerGas"));
    writer.varint(bounded(entry.gasLimit, 64, "gasLimit"));
  }
  writer.varint(BigInt(blocks.length));
  let previous = 0n;
  for (const block of blocks) {
    if (block.timestamp < previous)
      throw new BatchContentError(`block timestamps must not fall: ${block.timestamp} after ${previous}`);
    writer.varint(bounded(block.timestamp, 63, "timestamp") - previous);
    writer.varint(BigInt(block.messages));
    writer.varint(BigInt(block.transactions.length));
    previous = block.timestamp;
  }
  for (const block of blocks)
    for (const transaction of block.transactions) writeTransaction(writer, transaction, fees.get(feeKey(transaction))!);

  const data = writer.result();
  if (data.length > MAX_BATCH_LENGTH)
    throw new BatchContentError(`batch data may have ${MAX_BATCH_LENGTH} bytes, got ${data.length}`);
  return data;
}

/** Bytes that a transaction adds to a batch, without its fee entry. */
export function encodedSize(transaction: BatchTransaction): number {
  const writer = new ByteWriter();
  writeTransaction(writer, transaction, 0);
  return writer.result().length;
}

/** Transactions with the same key share a fee entry of the batch. */
export function feeKey({ maxPriorityFeePerGas, maxFeePerGas, gasLimit }: BatchTransaction): string {
  return `${maxPriorityFeePerGas}/${maxFeePerGas}/${gasLimit}`;
}

function writeTransaction(writer: ByteWriter, transaction: BatchTransaction, fee: number): void {
  const { nonce, to, value, data, yParity, toIndex, recipientIndex, r, s } = transaction;
  if (data.length > MAX_DATA_LENGTH)
    throw new BatchContentError(`data may have ${MAX_DATA_LENGTH} bytes, got ${data.length}`);
  const transfer = decodeTransfer(transaction);
  const parity = yParity === 1 ? FLAG_PARITY : 0;
  const target = { address: fromHex(to, 20), index: toIndex };

  if (transfer === undefined) {
    const kind = data.length === 0 ? KIND_ETH : KIND_CALL;
    writer.byte(kind | parity | (toIndex === undefined ? FLAG_TO_ADDRESS : 0));
  } else {
    const tokenForm = toIndex === undefined ? FLAG_TOKEN_ADDRESS : 0;
    writer.byte(KIND_TOKEN | parity | tokenForm | (recipientIndex === undefined ? FLAG_TO_ADDRESS : 0));
  }
  writer.varint(bounded(nonce, 64, "nonce"));
  writer.byte(fee);
  writeAccount(writer, target);
  if (transfer !== undefined) writeAccount(writer, { address: transfer.recipient, index: recipientIndex });
  writer.amount(bounded(transfer === undefined ? value : transfer.amount, 256, "amount"));
  if (transfer === undefined && data.length > 0) {
    writer.varint(BigInt(data.length));
    writer.bytes(data);
  }
  for (const scalar of [r, s]) {
    if (scalar.length !== 32) throw new BatchContentError(`r and s have 32 bytes each, got ${scalar.length}`);
    writer.bytes(scalar);
  }
}

function writeAccount(writer: ByteWriter, account: { address: Uint8Array; index: bigint | undefined }): void {
  if (account.index === undefined) writer.bytes(account.address);
  else writer.varint(bounded(account.index, 256, "account index"));
}

function bounded(value: bigint, bits: number, name: string): bigint {
  if (value < 0n || value >> BigInt(bits) !== 0n)
    throw new BatchContentError(`${name} must be at least 0 and below 2^${bits}, got ${value}`);
  return value;
}

/** The transfer that a transaction's canonical `transfer(address,uint256)` call asks for, if it is one without value. */
function decodeTransfer({ value, data }: Pick<BatchTransaction, "value" | "data">) {
  if (value !== 0n || data.length !== TRANSFER_LENGTH) return undefined;
  if (!equal(data.subarray(0, 16), TRANSFER_HEAD)) return undefined;
  return { recipient: data.subarray(16, 36), amount: toBigInt(data.subarray(36)) };
}

function encodeTransfer(recipient: Uint8Array, amount: bigint): Uint8Array {
  return concat(TRANSFER_HEAD.subarray(0, 4), abiWords(recipient, amount));
}

/**
 * Reads batch data, docs/protocol.md §6. Where an account index stands for `to` or for a transfer's recipient, `toIndex` or
 * `recipientIndex` is set and the address itself is zero; see resolveTransaction.
 * @throws MalformedBatchError exactly when §6 calls the data malformed; L2 then treats the batch as empty.
 */
export function decodeBatch(data: Uint8Array, limits: BatchLimits): BatchContent {
  const reader = new BatchReader(data);
  if (data.length > MAX_BATCH_LENGTH) throw reader.malformed(`more than ${MAX_BATCH_LENGTH} bytes`);
  const version = reader.byte();
  if (version !== VERSION) throw reader.malformed(`version is ${version}, not ${VERSION}`);
  const coinbase = toHex(reader.bytes(20));
  const baseFee = reader.varint(64);

  const feeCount = reader.count(MAX_FEE_ENTRIES, "fee entries");
  const fees: FeeEntry[] = [];
  for (let i = 0; i < feeCount; i++)
    fees.push({
      maxPriorityFeePerGas: reader.varint(128),
      maxFeePerGas: reader.varint(128),
      gasLimit: reader.varint(64),
    });

  const blockCount = reader.count(MAX_BATCH_BLOCKS, "blocks");
  if (blockCount === 0) throw reader.malformed("no block");
  const blocks: BatchBlock[] = [];
  const counts: bigint[] = [];
  let timestamp = 0n;
  let messages = 0n;
  for (let i = 0; i < blockCount; i++) {
    timestamp += reader.varint(256);
    // Timestamps never fall, so the bound of each is the bound of all sums.
    if (timestamp >= MAX_SUM || timestamp > limits.timestamp + MAX_TIMESTAMP_DRIFT)
      throw reader.malformed(`block timestamp ${timestamp} is too far past the batch's ${limits.timestamp}`);
    const consumed = reader.varint(256);
    messages += consumed;
    if (messages > BigInt(limits.messages)) throw reader.malformed(`more messages than the batch's ${limits.messages}`);
    counts.push(reader.varint(256));
    blocks.push({ timestamp, messages: Number(consumed), transactions: [] });
  }
  if (messages !== BigInt(limits.messages))
    throw reader.malformed(`${messages} messages instead of the batch's ${limits.messages}`);

  blocks.forEach((block, i) => {
    // A count beyond the data ends in "truncated" after at most as many steps as there are bytes.
    for (let left = counts[i]!; left > 0n; left--) block.transactions.push(readTransaction(reader, fees));
  });
  if (!reader.atEnd) throw reader.malformed("trailing bytes");
  return { coinbase, baseFee, blocks };
}

type FeeEntry = Pick<BatchTransaction, "maxPriorityFeePerGas" | "maxFeePerGas" | "gasLimit">;

function readTransaction(reader: BatchReader, fees: FeeEntry[]): BatchTransaction {
  const flags = reader.byte();
  const kind = flags & 3;
  const known = FLAG_PARITY | FLAG_TO_ADDRESS | (kind === KIND_TOKEN ? FLAG_TOKEN_ADDRESS : 0);
  if (kind > KIND_CALL || (flags & ~3 & ~known) !== 0) throw reader.malformed(`flags ${flags}`);
  const nonce = reader.varint(64);
  const feeIndex = reader.byte();
  const fee = fees[feeIndex];
  if (fee === undefined) throw reader.malformed(`fee entry ${feeIndex} of ${fees.length}`);
  const token = kind === KIND_TOKEN ? readAccount(reader, (flags & FLAG_TOKEN_ADDRESS) !== 0) : undefined;
  const target = readAccount(reader, (flags & FLAG_TO_ADDRESS) !== 0);
  const amount = reader.amount();
  const callData = kind === KIND_CALL ? reader.bytes(reader.count(MAX_DATA_LENGTH, "bytes of data")) : EMPTY;
  const signature = {
    yParity: (flags & FLAG_PARITY) === 0 ? (0 as const) : (1 as const),
    r: reader.bytes(32),
    s: reader.bytes(32),
  };
  if (token === undefined)
    return {
      nonce,
      ...fee,
      to: target.address,
      value: amount,
      data: callData,
      ...signature,
      ...(target.index === undefined ? {} : { toIndex: target.index }),
    };
  return {
    nonce,
    ...fee,
    to: token.address,
    value: 0n,
    data: encodeTransfer(fromHex(target.address), amount),
    ...signature,
    ...(token.index === undefined ? {} : { toIndex: token.index }),
    ...(target.index === undefined ? {} : { recipientIndex: target.index }),
  };
}

function readAccount(reader: BatchReader, isAddress: boolean): { address: Hex; index?: bigint } {
  return isAddress ? { address: toHex(reader.bytes(20)) } : { address: ZERO_ADDRESS, index: reader.varint(256) };
}
