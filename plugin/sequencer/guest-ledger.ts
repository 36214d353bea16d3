import {
  decodeBatch,
  encodeBatch,
  feeKey,
  FULL_BATCH_MESSAGES,
  MAX_BATCH_BLOCKS,
  MAX_BATCH_MESSAGES,
  MAX_FEE_ENTRIES,
} from "../ledger/batch.js";
import { callErc20View } from "../ledger/erc20.js";
import { transactionGas } from "../ledger/gas.js";
import { MalformedBatchError } from "../ledger/reader.js";
import { accountKey, allowanceKey, GENESIS_NODE, proveLeaf, readAccount, tokenBalanceKey } from "../ledger/state.js";
import { parseTransaction, recoverSender } from "../ledger/transaction.js";
import type { BatchContent } from "../ledger/types.js";
import { ZERO_ADDRESS, type BatchHeader, type Hex } from "../types.js";
import { createBlockExecutor, forcedTransaction, type BlockExecutor, type ExecuteLedger } from "./block-executor.js";
import type { AdoptableBatch, BatchBuilder, SequencerLedger } from "./ledger.js";
import type { L2Block } from "./records.js";
import { toJson } from "./rpc/format.js";

/**
 * The ledger of docs/protocol.md, whose rules are a guest program.
 * @param execute The guest, to run in this thread, or an executor that has its own; see `startExecutorThread`.
 */
export function guestLedger(execute: ExecuteLedger | BlockExecutor): SequencerLedger {
  return {
    genesis: [GENESIS_NODE],
    blockMessages: 1_000,
    blockTransactions: 2_000,
    maxBatchMessages: MAX_BATCH_MESSAGES,
    fullBatchMessages: FULL_BATCH_MESSAGES,

    parse: parseTransaction,
    forcedTransaction,
    senderOf: (transaction) => recoverSender(transaction),
    payment: ({ value, gasLimit, maxFeePerGas }, sender) => ({
      account: sender,
      cost: value + gasLimit * maxFeePerGas,
    }),
    gas: transactionGas,

    account: (nodes, root, account) => readAccount(nodes, root, account) ?? { nonce: 0n, balance: 0n },
    accountKey,
    view: callErc20View,
    prove(nodes, root, leaf) {
      const key = leafKey(leaf);
      const proof = proveLeaf(nodes, root, key);
      return { key: toJson(key), siblings: toJson(proof.siblings), leaf: toJson(proof.leaf) };
    },

    methods: {},
    executor: (parts) => (typeof execute === "function" ? createBlockExecutor({ ...parts, execute }) : execute),
    batch: guestBatch,
    contentOf,
  };
}

function leafKey({ account, token, spender }: Parameters<SequencerLedger["prove"]>[2]): Uint8Array {
  if (token === undefined) return accountKey(account);
  return spender === undefined ? tokenBalanceKey(account, token) : allowanceKey(account, spender, token);
}

/** Bytes of batch data before the blocks, and of one block and one fee entry at most. */
const HEAD_BYTES = 64;
const BLOCK_BYTES = 16;
const FEE_ENTRY_BYTES = 48;

/** One batch has one coinbase and one base fee. */
function guestBatch(maxBytes: number): BatchBuilder {
  const fees = new Set<string>();
  let content: BatchContent | undefined;
  let bytes = HEAD_BYTES;
  let first = new Uint8Array();

  return {
    add(block: L2Block, before: L2Block, data: Uint8Array): boolean {
      const messages = Number(block.inboxTo - before.inboxTo);
      const { coinbase, baseFee } = block;
      const [own] = decodeBatch(data, { messages, timestamp: block.timestamp }).blocks;
      for (const transaction of own!.transactions) fees.add(feeKey(transaction));
      bytes += data.length + BLOCK_BYTES;
      if (content === undefined) {
        content = { coinbase, baseFee, blocks: [own!] };
        first = Uint8Array.from(data);
        return true;
      }
      const fits =
        coinbase === content.coinbase &&
        baseFee === content.baseFee &&
        bytes + fees.size * FEE_ENTRY_BYTES <= maxBytes &&
        fees.size <= MAX_FEE_ENTRIES &&
        content.blocks.length < MAX_BATCH_BLOCKS;
      if (fits) content.blocks.push(own!);
      return fits;
    },
    get blocks() {
      return content?.blocks.length ?? 0;
    },
    get transactions() {
      return (content?.blocks ?? []).reduce((sum, { transactions }) => sum + transactions.length, 0);
    },
    // The data of a single block are the bytes that were executed.
    finish: () => ({ data: content?.blocks.length === 1 ? first : encodeBatch(content!) }),
  };
}

function contentOf({ inboxFrom, inboxTo, timestamp }: BatchHeader, data: Uint8Array): AdoptableBatch {
  const { coinbase, baseFee, blocks } = decode(data, { messages: Number(inboxTo - inboxFrom), timestamp });
  return {
    coinbase,
    baseFee,
    blocks: blocks.map((block) => ({
      timestamp: block.timestamp,
      messages: block.messages,
      data: encodeBatch({ coinbase, baseFee, blocks: [block] }),
    })),
  };
}

function decode(data: Uint8Array, limits: { messages: number; timestamp: bigint }): BatchContent {
  try {
    return decodeBatch(data, limits);
  } catch (error) {
    if (!(error instanceof MalformedBatchError)) throw error;
    const { messages, timestamp } = limits;
    const coinbase: Hex = ZERO_ADDRESS;
    return { coinbase, baseFee: 0n, blocks: [{ timestamp, messages, transactions: [] }] };
  }
}
