// One EIP-1559 transaction: who signed it, whether it may run, what it does (docs/protocol.md §7).
import {
  PAGE,
  copy20,
  copy32,
  isZero20,
  isZero32,
  keccakPage,
  recoverPage,
  storeAddress,
  storeWord,
  equal20,
  equal32,
} from "../sdk/host";
import {
  takeInteger,
  takeListHead,
  takeString,
  writeHead,
  writeInteger,
  writeString,
  itemLength,
  itemStart,
} from "../sdk/rlp";
import { atEnd, cursor, malformed, readingEnd, startReading, takeByte } from "../sdk/reader";
import { add, compare, isMax, multiplyAdd, subtract } from "../sdk/uint256";
import { addressOf, allowanceOf, balanceOf, charge, credit, move, nonceOf, setAllowance } from "./accounts";
import {
  baseFee,
  coinbase,
  txAmount,
  txData,
  txDataLength,
  txGasLimit,
  txKind,
  txMaxFee,
  txNonce,
  txParity,
  txPriorityFee,
  txSignature,
  txTo,
  txToIndex,
  txToIsIndex,
  txToken,
  txTokenIndex,
  txTokenIsIndex,
} from "./batch";
import { APPROVE, HALF_ORDER, L2_BRIDGE, TRANSFER, TRANSFER_FROM, WITHDRAW } from "./constants";
import { FAILED, SKIPPED, SUCCEEDED } from "./receipts";
import { addWithdrawal } from "./withdrawals";

const BASE_GAS: u64 = 21000;
const ZERO_BYTE_GAS: u64 = 4;
const NON_ZERO_BYTE_GAS: u64 = 16;
const ERC20_GAS: u64 = 20000;
const WITHDRAW_GAS: u64 = 40000;

const KIND_TOKEN_TRANSFER: u8 = 1;
const KIND_CALL: u8 = 2;
const TRANSFER_LENGTH: usize = 68;
const TRANSFER_FROM_LENGTH: usize = 100;

// The transaction at hand.
const nonceWord: usize = memory.data(32);
const gasLimitWord: usize = memory.data(32);
const priorityFee: usize = memory.data(32);
const maxFee: usize = memory.data(32);
const to: usize = memory.data(20);
const value: usize = memory.data(32);
let data: usize = 0;
let dataLength: usize = 0;
const parity: usize = memory.data(32);
const r: usize = memory.data(32);
const s: usize = memory.data(32);

const chainIdWord: usize = memory.data(32);
const readChainId: usize = memory.data(32);
const transferData: usize = memory.data(68);
// 21 bytes beyond the longest field list: 11 heads and integers, and the data or a whole raw transaction.
const rlpBuffer: usize = memory.data(4096);
const cost: usize = memory.data(32);
const balance: usize = memory.data(32);
const price: usize = memory.data(32);
// Base fee that applies to the transaction at hand.
const feeFloor: usize = memory.data(32);
const argument0: usize = memory.data(20);
const argument1: usize = memory.data(20);
const argumentAmount: usize = memory.data(32);
const allowance: usize = memory.data(32);
const eth: usize = memory.data(20);

/** Signer of the transaction executed last. */
export const sender: usize = memory.data(20);
/** What it paid. */
export const fee: usize = memory.data(32);
export let gasUsed: u64 = 0;

/** Sets the chain id that signatures must name. */
export function setChainId(word: usize): void {
  copy32(chainIdWord, word);
}

function clearResult(): void {
  memory.fill(sender, 0, 20);
  memory.fill(fee, 0, 32);
  gasUsed = 0;
}

/** Executes the transaction that takeTransaction read; returns its status. */
export function executeBatchTransaction(): u8 {
  clearResult();
  storeWord(nonceWord, txNonce);
  storeWord(gasLimitWord, txGasLimit);
  copy32(priorityFee, txPriorityFee);
  copy32(maxFee, txMaxFee);
  copy32(feeFloor, baseFee);
  storeWord(parity, txParity);
  copy32(r, txSignature);
  copy32(s, txSignature + 32);
  if (txToIsIndex && !addressOf(txToIndex, txTo)) return SKIPPED;
  if (txKind == KIND_TOKEN_TRANSFER) {
    if (txTokenIsIndex && !addressOf(txTokenIndex, txToken)) return SKIPPED;
    copy20(to, txToken);
    memory.fill(value, 0, 32);
    store<u32>(transferData, TRANSFER);
    storeAddress(transferData + 4, txTo);
    copy32(transferData + 36, txAmount);
    data = transferData;
    dataLength = TRANSFER_LENGTH;
  } else {
    copy20(to, txTo);
    copy32(value, txAmount);
    data = txData;
    dataLength = txKind == KIND_CALL ? txDataLength : 0;
  }
  return execute();
}

/** Executes a raw signed transaction; one that does not decode is skipped. */
export function executeRaw(start: usize, length: usize): u8 {
  clearResult();
  // Else whoever posts could price a forced transaction out.
  memory.fill(feeFloor, 0, 32);
  // The batch is read at the same time.
  const at = cursor();
  const end = readingEnd();
  startReading(start, length);
  const decoded = decodeRaw(start + length);
  startReading(at, end - at);
  return decoded ? execute() : SKIPPED;
}

/** Strictly decodes the transaction that ends at `end` (EIP-1559, EIP-2718). */
function decodeRaw(end: usize): bool {
  if (takeByte() != 2) return false;
  const listLength = takeListHead();
  if (malformed() || cursor() + listLength != end) return false;
  takeInteger(readChainId, 32);
  takeInteger(nonceWord, 8);
  takeInteger(priorityFee, 16);
  takeInteger(maxFee, 16);
  takeInteger(gasLimitWord, 8);
  takeString();
  if (malformed() || itemLength != 20 || !equal32(readChainId, chainIdWord)) return false;
  copy20(to, itemStart);
  takeInteger(value, 32);
  takeString();
  data = itemStart;
  dataLength = itemLength;
  const accessList = takeByte();
  takeInteger(parity, 1);
  takeInteger(r, 32);
  takeInteger(s, 32);
  if (malformed() || !atEnd() || accessList != 0xc0 || load<u8>(parity, 31) > 1) return false;
  return true;
}

/** Finds the signer over the EIP-1559 signing hash; false when there is none. */
function recover(): bool {
  if (compare(s, HALF_ORDER) > 0) return false;
  const content = rlpBuffer + 8;
  let end = writeInteger(content, chainIdWord);
  end = writeInteger(end, nonceWord);
  end = writeInteger(end, priorityFee);
  end = writeInteger(end, maxFee);
  end = writeInteger(end, gasLimitWord);
  end = writeString(end, to, 20);
  end = writeInteger(end, value);
  end = writeString(end, data, dataLength);
  store<u8>(end++, 0xc0);
  const length = end - content;
  store<u8>(PAGE, 2);
  const start = writeHead(PAGE + 1, length, 0xc0);
  memory.copy(start, content, length);
  keccakPage(PAGE, <i32>(start + length - PAGE));
  storeWord(PAGE + 32, 27 + <u64>load<u8>(parity, 31));
  copy32(PAGE + 64, r);
  copy32(PAGE + 96, s);
  return recoverPage(sender);
}

function selector(): u32 {
  return dataLength < 4 ? 0 : load<u32>(data);
}

function gasOf(): u64 {
  let gas = BASE_GAS;
  for (let i: usize = 0; i < dataLength; i++) gas += load<u8>(data + i) == 0 ? ZERO_BYTE_GAS : NON_ZERO_BYTE_GAS;
  const called = selector();
  if (equal20(to, L2_BRIDGE)) return called == WITHDRAW ? gas + WITHDRAW_GAS : gas;
  return called == TRANSFER || called == APPROVE || called == TRANSFER_FROM ? gas + ERC20_GAS : gas;
}

/** Whether the transaction may run; then `fee` and `gasUsed` are known. */
function admissible(): bool {
  if (compare(maxFee, priorityFee) < 0 || compare(maxFee, feeFloor) < 0) return false;
  if (!recover()) return false;
  if (nonceOf(sender) != bswap<u64>(load<u64>(nonceWord, 24))) return false;
  const gas = gasOf();
  const gasLimit = bswap<u64>(load<u64>(gasLimitWord, 24));
  if (gasLimit < gas) return false;
  // maxFee is below 2^128 and gasLimit below 2^64: only adding the value can overflow.
  multiplyAdd(cost, maxFee, gasLimit, 0);
  if (add(cost, cost, value)) return false;
  balanceOf(sender, eth, balance);
  if (compare(balance, cost) < 0) return false;
  add(price, feeFloor, priorityFee);
  if (compare(price, maxFee) > 0) copy32(price, maxFee);
  multiplyAdd(fee, price, gas, 0);
  gasUsed = gas;
  return true;
}

function execute(): u8 {
  if (!admissible()) {
    clearResult();
    return SKIPPED;
  }
  charge(sender, fee);
  if (!isZero32(fee)) credit(coinbase, eth, fee);
  return act() ? SUCCEEDED : FAILED;
}

/** Address argument `i` of the call, to `target`; false when its upper bytes are not clean. */
function addressArgument(i: usize, target: usize): bool {
  const word = data + 4 + (i << 5);
  if ((load<u64>(word) | (<u64>load<u32>(word, 8))) != 0) return false;
  copy20(target, word + 12);
  return true;
}

/** The action; false when it fails, and then nothing has changed. */
function act(): bool {
  // Zero names ETH among tokens, so it may not be called as one.
  if (isZero20(to)) return false;
  if (dataLength == 0) return move(sender, to, eth, value);
  const called = selector();
  if (equal20(to, L2_BRIDGE)) return called == WITHDRAW && withdraw();
  if (!isZero32(value)) return false;
  if (called == TRANSFER) return transfer();
  if (called == APPROVE) return approve();
  return called == TRANSFER_FROM && transferFrom();
}

function withdraw(): bool {
  if (dataLength != TRANSFER_FROM_LENGTH || !addressArgument(0, argument0) || !addressArgument(1, argument1))
    return false;
  copy32(argumentAmount, data + 68);
  if (isZero20(argument1)) return false;
  const isEth = isZero20(argument0);
  if (isEth ? !equal32(value, argumentAmount) : !isZero32(value)) return false;
  return addWithdrawal(sender, argument1, argument0, argumentAmount);
}

function transfer(): bool {
  if (dataLength != TRANSFER_LENGTH || !addressArgument(0, argument0) || isZero20(argument0)) return false;
  copy32(argumentAmount, data + 36);
  return move(sender, argument0, to, argumentAmount);
}

function approve(): bool {
  if (dataLength != TRANSFER_LENGTH || !addressArgument(0, argument0) || isZero20(argument0)) return false;
  copy32(argumentAmount, data + 36);
  setAllowance(sender, argument0, to, argumentAmount);
  return true;
}

function transferFrom(): bool {
  if (dataLength != TRANSFER_FROM_LENGTH || !addressArgument(0, argument0) || !addressArgument(1, argument1))
    return false;
  copy32(argumentAmount, data + 68);
  allowanceOf(argument0, sender, to, allowance);
  if (isZero20(argument1) || compare(allowance, argumentAmount) < 0) return false;
  if (!move(argument0, argument1, to, argumentAmount)) return false;
  if (isMax(allowance)) return true;
  subtract(allowance, allowance, argumentAmount);
  setAllowance(argument0, sender, to, allowance);
  return true;
}
