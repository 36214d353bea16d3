import type { SignedTransaction } from "../ledger/transaction.js";
import type { NodeReader, StateNode } from "../ledger/types.js";
import type { BatchClaim, Statement } from "../l1/poster.js";
import type { NodeCache } from "../store/cached-nodes.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import type { BlockExecutor } from "./block-executor.js";
import type { Database } from "./database.js";
import type { AccountState, SenderTransaction } from "./mempool.js";
import type { L2Block } from "./records.js";
import type { Method } from "./rpc/context.js";
import type { Json } from "./rpc/format.js";

/** What an executor works with. */
export interface ExecutorParts {
  l2ChainId: bigint;
  bridge: Hex;
  database: Database;
  /** In front of the database. */
  nodes: NodeCache;
}

/** A block of a batch that somebody else posted. */
export interface AdoptableBlock {
  /** Seconds. */
  timestamp: bigint;
  /** Inbox messages consumed at its start. */
  messages: number;
  /** The block as the data of a batch of its own. */
  data: Uint8Array;
}

/** What the data of a batch say. */
export interface AdoptableBatch {
  coinbase: Hex;
  /** Wei per gas. */
  baseFee: bigint;
  blocks: AdoptableBlock[];
}

/** Where a batch goes. */
export interface BatchTarget {
  parent: BatchHeader;
  claim: BatchClaim;
  /** Inbox messages that it consumes. */
  messages: InboxMessage[];
}

export interface BatchContents {
  /** docs/protocol.md §6, or docs/validity.md §4. */
  data: Uint8Array;
  /** What L1 is shown besides. */
  statement?: Statement;
}

/** Puts blocks together into a batch. */
export interface BatchBuilder {
  /** Adds a block unless the batch would become too large; the first one is always added. @returns whether it was. */
  add(block: L2Block, before: L2Block, data: Uint8Array): boolean;
  readonly blocks: number;
  readonly transactions: number;
  finish(target: BatchTarget): BatchContents;
}

/** What a sequencer must know of the ledger that it runs; everything else is the same for all of them. */
export interface SequencerLedger {
  /** Nodes of the state in which nothing happened yet; the root comes first. */
  genesis: readonly StateNode[];
  /** Inbox messages, and transactions, that a block takes at most. */
  blockMessages: number;
  blockTransactions: number;
  /** Inbox messages that a batch takes at most. */
  maxBatchMessages: bigint;
  /** From how many on it may leave some that are due; docs/protocol.md §2. */
  fullBatchMessages: bigint;

  /** @throws TransactionError naming what is refused and what would be accepted. */
  parse(raw: Uint8Array): SignedTransaction;
  /** The transaction that an inbox message forces; undefined where it forces none. */
  forcedTransaction(message: InboxMessage): SignedTransaction | undefined;
  /** Checks the signature, by the last state where it holds the keys. @throws TransactionError when it is not right. */
  senderOf(transaction: SignedTransaction, nodes: NodeReader, root: Hex): Hex;
  /** Whose nonce a transaction uses, and what it takes of that balance at most. */
  payment(transaction: SignedTransaction, sender: Hex): { account: Hex; cost: bigint };
  /** Gas that a transaction uses. */
  gas(to: Hex, data: Uint8Array): bigint;

  /** An account, by what `payment` calls it; zeros when there is none. */
  account(nodes: NodeReader, root: Hex, account: Hex): AccountState;
  /** Key of the account among the leaves that `BlockExecutor` reports, 32 bytes. */
  accountKey(account: Hex): Uint8Array;
  /** Answers a view call of a token; undefined for every other call. */
  view(nodes: NodeReader, root: Hex, token: Hex, data: Uint8Array): Uint8Array | undefined;
  /** Shows a leaf to who knows the root alone. */
  prove(
    nodes: NodeReader,
    root: Hex,
    leaf: { account: Hex; token: Hex | undefined; spender: Hex | undefined },
  ): Record<string, Json>;

  /** JSON-RPC methods beside those that every sequencer has. */
  methods: Readonly<Record<string, Method>>;

  executor(parts: ExecutorParts): BlockExecutor;
  /** @param maxBytes Of the data, at most. */
  batch(maxBytes: number, nodes: NodeReader): BatchBuilder;
  /** What a batch on L1 says; data that are malformed say that one block consumed all messages. */
  contentOf(header: BatchHeader, data: Uint8Array): AdoptableBatch;
}

/** A transaction with everything that the mempool keeps of it. */
export function senderTransaction(
  ledger: Pick<SequencerLedger, "payment">,
  transaction: SignedTransaction,
  sender: Hex,
): SenderTransaction {
  return { ...transaction, sender, ...ledger.payment(transaction, sender) };
}
