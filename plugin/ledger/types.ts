import type { Hex, InboxMessage, Withdrawal } from "../types.js";

/** Reads tree nodes and leaves (64 or 128 bytes) by their keccak256 hash. Synchronous: a guest cannot wait. */
export interface NodeReader {
  get(hash: Uint8Array): Uint8Array | undefined;
}

/** A node (64 bytes) or leaf (128 bytes) of the state tree with its keccak256 hash. */
export interface StateNode {
  hash: Uint8Array;
  preimage: Uint8Array;
}

/** What a signed EIP-1559 transaction says, but for its chain. */
export interface TransactionFields {
  nonce: bigint;
  /** Wei per gas. */
  maxPriorityFeePerGas: bigint;
  /** Wei per gas. */
  maxFeePerGas: bigint;
  gasLimit: bigint;
  to: Hex;
  /** Wei. */
  value: bigint;
  data: Uint8Array;
  yParity: 0 | 1;
  /** 32 bytes. */
  r: Uint8Array;
  /** 32 bytes. */
  s: Uint8Array;
}

/** A transaction as batches carry it; docs/protocol.md §6. */
export interface BatchTransaction extends TransactionFields {
  /** Account index of `to` when it was known before the block; else the address is written out. */
  toIndex?: bigint;
  /** For a token transfer: account index of the recipient inside `data`. */
  recipientIndex?: bigint;
}

export interface BatchBlock {
  /** Seconds. */
  timestamp: bigint;
  /** Inbox messages consumed at its start. */
  messages: number;
  transactions: BatchTransaction[];
}

/** Everything that batch data says. */
export interface BatchContent {
  coinbase: Hex;
  /** Wei per gas. */
  baseFee: bigint;
  blocks: BatchBlock[];
}

/** What a run of the ledger starts from: what L1 binds in `inputHash`, with the contents behind its hashes. */
export interface LedgerInput {
  l2ChainId: bigint;
  bridge: Hex;
  index: bigint;
  timestamp: bigint;
  inboxFrom: bigint;
  l2BlockFrom: bigint;
  prevStateRoot: Hex;
  /** Accumulator at inboxFrom. */
  prevInboxAcc: Hex;
  messages: InboxMessage[];
  data: Uint8Array;
  /** Where `data` stand, when that is in blobs: the whole contents, in order. */
  blobs?: readonly Blob[] | undefined;
}

/** A blob (EIP-4844) that holds batch data; docs/data-availability.md §2. */
export interface Blob {
  /** 4,096 field elements of 32 bytes, big-endian. */
  bytes: Uint8Array;
  /** KZG commitment to them, 48 bytes. */
  commitment: Uint8Array;
  /** What L1 calls the blob, 32 bytes. */
  versionedHash: Uint8Array;
}

export type ReceiptStatus = "failed" | "succeeded" | "skipped";

/** What became of one message or transaction, in order of execution. */
export interface Receipt {
  source: "message" | "transaction";
  status: ReceiptStatus;
  /** 0-based block within the run. */
  block: number;
  sender: Hex;
  gasUsed: bigint;
  /** Wei paid to the coinbase. */
  fee: bigint;
}

/** What a batch leads to. */
export interface BatchOutput {
  stateRoot: Hex;
  withdrawalsRoot: Hex;
  l2BlockTo: bigint;
  /** Accumulator after the messages. */
  inboxAcc: Hex;
  withdrawals: Withdrawal[];
  receipts: Receipt[];
  /** Nodes and leaves of the new tree: all that the old one lacked, and some that it had. */
  nodes: StateNode[];
}

/** What a run of the guest leads to; docs/protocol.md §1. */
export interface LedgerOutput extends BatchOutput {
  inputHash: Hex;
  outputHash: Hex;
}

/** An account as the state tree holds it. */
export interface Account {
  nonce: bigint;
  index: bigint;
  /** Wei. */
  balance: bigint;
}
