// The ledger: accounts that hold ETH and ERC-20 tokens, moved by ordinary Ethereum transactions (docs/protocol.md).
import { PAGE, copy20, copy32, input, isZero20, keccakPage, output, preimage, storeWord } from "../sdk/host";
import { dataLength, dataStart, readData } from "../sdk/data";
import { loadMessage, openInbox } from "../sdk/inbox";
import { isMax } from "../sdk/uint256";
import { balanceOf, boundState, commitState, createAccount, credit, openState } from "./accounts";
import { blockCount, messagesOf, openBatch, takeTransaction, transactionCount, transactionsOf } from "./batch";
import { LEAF_DOMAIN, OUTPUT_DOMAIN } from "./constants";
import { FAILED, FROM_MESSAGE, FROM_TRANSACTION, SUCCEEDED, addReceipt, openReceipts } from "./receipts";
import { executeBatchTransaction, executeRaw, fee, gasUsed, sender, setChainId } from "./transaction";
import { addWithdrawal, openWithdrawals, withdrawalsRoot } from "./withdrawals";

export { receiptCount, receipts } from "./receipts";

const MESSAGE_DEPOSIT: u64 = 0;
const MESSAGE_TRANSACTION: u64 = 1;
const MAX_RAW_LENGTH: i32 = 2048;

const hash: usize = memory.data(32);
const prevStateRoot: usize = memory.data(32);
const inboxAcc: usize = memory.data(32);
const dataHash: usize = memory.data(32);
const stateRoot: usize = memory.data(32);
const withdrawals: usize = memory.data(32);
const noFee: usize = memory.data(32);
const messageSender: usize = memory.data(20);
const target: usize = memory.data(20);
const token: usize = memory.data(20);
const amount: usize = memory.data(32);
const rawTransaction: usize = memory.data(2048);

function inputWord(i: usize): usize {
  return PAGE + (i << 5);
}

function number(word: usize): u64 {
  return bswap<u64>(load<u64>(word, 24));
}

/** Entry point: reads the input, runs the batch, sets the output. */
export function run(): void {
  input(hash);
  preimage(hash);
  setChainId(inputWord(1));
  const timestamp = number(inputWord(4));
  const messages = <u32>(number(inputWord(6)) - number(inputWord(5)));
  const l2BlockFrom = number(inputWord(7));
  copy32(prevStateRoot, inputWord(8));
  copy32(inboxAcc, inputWord(9));
  copy32(dataHash, inputWord(10));

  openInbox(inboxAcc, messages);
  const length: usize = readData(dataHash) ? <usize>dataLength : 0;
  openBatch(dataStart, length, messages, timestamp);
  openReceipts(messages + transactionCount);
  openWithdrawals(messages + transactionCount);
  openState(prevStateRoot, LEAF_DOMAIN);

  let message: u32 = 0;
  for (let block: u32 = 0; block < blockCount; block++) {
    for (let left = messagesOf(block); left > 0; left--) {
      boundState();
      applyMessage(message++, block);
    }
    for (let left = transactionsOf(block); left > 0; left--) {
      boundState();
      takeTransaction();
      const status = executeBatchTransaction();
      addReceipt(FROM_TRANSACTION, status, block, gasUsed, sender, fee);
    }
  }

  commitState(stateRoot);
  withdrawalsRoot(withdrawals);
  copy32(PAGE, OUTPUT_DOMAIN);
  copy32(PAGE + 32, stateRoot);
  copy32(PAGE + 64, withdrawals);
  storeWord(PAGE + 96, l2BlockFrom + blockCount);
  keccakPage(hash, 128);
  output(hash);
}

function applyMessage(i: u32, block: u32): void {
  loadMessage(i);
  const kind = number(PAGE + 32);
  copy20(messageSender, PAGE + 128 + 12);
  copy20(target, PAGE + 160 + 12);
  copy20(token, PAGE + 192 + 12);
  copy32(amount, PAGE + 224);
  if (kind == MESSAGE_TRANSACTION) {
    copy32(hash, PAGE + 256);
    const length = preimage(hash);
    memory.copy(rawTransaction, PAGE, MAX_RAW_LENGTH);
    // The inbox takes none that is longer.
    const status = executeRaw(rawTransaction, length > MAX_RAW_LENGTH ? 0 : <usize>length);
    addReceipt(FROM_MESSAGE, status, block, gasUsed, sender, fee);
    return;
  }
  const done = kind == MESSAGE_DEPOSIT ? deposit() : withdraw();
  addReceipt(FROM_MESSAGE, done ? SUCCEEDED : FAILED, block, 0, messageSender, noFee);
}

function deposit(): bool {
  credit(target, token, amount);
  if (!isZero20(token)) createAccount(token);
  return true;
}

function withdraw(): bool {
  if (isMax(amount)) balanceOf(messageSender, token, amount);
  return addWithdrawal(messageSender, target, token, amount);
}
