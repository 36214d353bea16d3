// Batch data (docs/protocol.md §6): a scan decides whether it is well-formed before anything is applied.
import { copy20, copy32, isZero32 } from "../sdk/host";
import {
  atEnd,
  cursor,
  malformed,
  readingEnd,
  reject,
  seek,
  startReading,
  take,
  takeByte,
  takeVarint,
  takeVarint64,
} from "../sdk/reader";
import { multiplyAdd } from "../sdk/uint256";

const VERSION: u8 = 1;
const MAX_FEES: u64 = 255;
const MAX_BLOCKS: u64 = 65535;
const MAX_TIMESTAMP: u64 = ((<u64>1) << 63) - 1;
/** How far, in seconds, L2 time may be ahead of the L1 time of posting. */
const MAX_AHEAD: u64 = 900;
const MAX_DATA: u64 = 1024;
const MAX_EXPONENT: u8 = 77;

const KIND_TRANSFER: u8 = 0;
const KIND_TOKEN_TRANSFER: u8 = 1;
const KIND_CALL: u8 = 2;

/** Receives the fees; 20 bytes. */
export const coinbase: usize = memory.data(20);
/** Wei per gas. */
export const baseFee: usize = memory.data(32);
// Per entry: maxPriorityFeePerGas 32, maxFeePerGas 32, gasLimit 8.
const fees: usize = memory.data(255 * 72);
let feeCount: u32 = 0;
// Per block: messages 4, transactions 4.
const blocks: usize = memory.data(65535 * 8);
/** Number of L2 blocks in the batch. */
export let blockCount: u32 = 0;
/** Number of transactions in all of them. */
export let transactionCount: u32 = 0;

// The transaction read last.
/** Address of its maxPriorityFeePerGas, maxFeePerGas (words) and gasLimit. */
export let txPriorityFee: usize = 0;
export let txMaxFee: usize = 0;
export let txGasLimit: u64 = 0;
export let txNonce: u64 = 0;
export let txKind: u8 = 0;
export let txParity: u8 = 0;
/** Whether txToIndex holds its recipient's account index, a word; else txTo holds the address. */
export let txToIsIndex: bool = false;
export const txToIndex: usize = memory.data(32);
export const txTo: usize = memory.data(20);
/** The same of the token. */
export let txTokenIsIndex: bool = false;
export const txTokenIndex: usize = memory.data(32);
export const txToken: usize = memory.data(20);
export const txAmount: usize = memory.data(32);
export let txData: usize = 0;
export let txDataLength: usize = 0;
/** Address of r and s. */
export let txSignature: usize = 0;

function feeAt(i: u32): usize {
  return fees + <usize>(i * 72);
}

/** Number of messages and of transactions of block `i`. */
export function messagesOf(i: u32): u32 {
  return load<u32>(blocks + ((<usize>i) << 3));
}

export function transactionsOf(i: u32): u32 {
  return load<u32>(blocks + ((<usize>i) << 3), 4);
}

function takeBelow128(to: usize): void {
  takeVarint(to);
  if ((load<u64>(to) | load<u64>(to, 8)) != 0) reject();
}

function takeAmount(): void {
  const exponent = takeByte();
  takeVarint(txAmount);
  if (exponent > MAX_EXPONENT) reject();
  if (malformed() || isZero32(txAmount)) return;
  for (let i: u8 = 0; i < exponent; i++) if (multiplyAdd(txAmount, txAmount, 10, 0)) return reject();
}

/** Reads the next transaction. */
export function takeTransaction(): void {
  const flags = takeByte();
  txKind = flags & 3;
  txParity = (flags >> 2) & 1;
  txToIsIndex = (flags & 8) == 0;
  txTokenIsIndex = txKind == KIND_TOKEN_TRANSFER && (flags & 16) == 0;
  if (txKind > KIND_CALL || flags >> 5 != 0 || (txKind != KIND_TOKEN_TRANSFER && (flags & 16) != 0)) return reject();
  txNonce = takeVarint64();
  const fee = <u32>takeByte();
  if (fee >= feeCount) return reject();
  txPriorityFee = feeAt(fee);
  txMaxFee = txPriorityFee + 32;
  txGasLimit = load<u64>(txPriorityFee, 64);
  if (txKind == KIND_TOKEN_TRANSFER) {
    if (txTokenIsIndex) takeVarint(txTokenIndex);
    else {
      const token = take(20);
      if (malformed()) return;
      copy20(txToken, token);
    }
  }
  if (txToIsIndex) takeVarint(txToIndex);
  else {
    const to = take(20);
    if (malformed()) return;
    copy20(txTo, to);
  }
  takeAmount();
  txDataLength = 0;
  if (txKind == KIND_CALL) {
    const length = takeVarint64();
    if (length > MAX_DATA) return reject();
    txDataLength = <usize>length;
    txData = take(txDataLength);
  }
  txSignature = take(64);
}

function scanBlocks(messages: u64, timestamp: u64): void {
  const count = takeVarint64();
  if (count == 0 || count > MAX_BLOCKS) return reject();
  blockCount = <u32>count;
  let time: u64 = 0;
  let remaining = messages;
  let transactions: u64 = 0;
  for (let i: u32 = 0; i < blockCount; i++) {
    const step = takeVarint64();
    // Neither term reaches 2^63 before the sum is checked.
    if (step > MAX_TIMESTAMP) reject();
    time += step;
    const consumed = takeVarint64();
    const included = takeVarint64();
    if (
      malformed() ||
      time > MAX_TIMESTAMP ||
      time > timestamp + MAX_AHEAD ||
      consumed > remaining ||
      included > <u64>(readingEnd() - cursor())
    ) {
      return reject();
    }
    remaining -= consumed;
    transactions += included;
    store<u32>(blocks + ((<usize>i) << 3), <u32>consumed);
    store<u32>(blocks + ((<usize>i) << 3), <u32>included, 4);
  }
  // A transaction takes a byte at least, so a larger sum ends in a truncated one.
  if (remaining != 0 || transactions > <u64>(readingEnd() - cursor())) return reject();
  transactionCount = <u32>transactions;
}

/** Whether the data is well-formed; if so, takeTransaction then reads its transactions from the first on. */
function scan(start: usize, length: usize, messages: u64, timestamp: u64): bool {
  startReading(start, length);
  if (takeByte() != VERSION) return false;
  const recipient = take(20);
  if (malformed()) return false;
  copy20(coinbase, recipient);
  takeVarint(baseFee);
  if ((load<u64>(baseFee) | load<u64>(baseFee, 8) | load<u64>(baseFee, 16)) != 0) return false;
  const count = takeVarint64();
  if (malformed() || count > MAX_FEES) return false;
  feeCount = <u32>count;
  for (let i: u32 = 0; i < feeCount; i++) {
    takeBelow128(feeAt(i));
    takeBelow128(feeAt(i) + 32);
    store<u64>(feeAt(i), takeVarint64(), 64);
  }
  scanBlocks(messages, timestamp);
  const first = cursor();
  for (let i: u32 = 0; i < transactionCount && !malformed(); i++) takeTransaction();
  if (malformed() || !atEnd()) return false;
  seek(first);
  return true;
}

/** Opens a batch; malformed data is one block that consumes all messages and has no transactions. */
export function openBatch(start: usize, length: usize, messages: u32, timestamp: u64): void {
  if (scan(start, length, messages, timestamp)) return;
  memory.fill(coinbase, 0, 20);
  memory.fill(baseFee, 0, 32);
  blockCount = 1;
  transactionCount = 0;
  store<u32>(blocks, messages);
  store<u32>(blocks, 0, 4);
}
