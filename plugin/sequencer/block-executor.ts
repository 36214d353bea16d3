import {
  decodeBatch,
  encodeBatch,
  encodedSize,
  feeKey,
  resolveTransaction,
  stripTransaction,
} from "../ledger/batch.js";
import { abiWords, fromHex, toHex } from "../ledger/bytes.js";
import { transactionGas } from "../ledger/gas.js";
import { messageHash } from "../ledger/hashes.js";
import { addressOfIndex, indexOf, readAccount } from "../ledger/state.js";
import {
  parseTransaction,
  rebuildTransaction,
  TransactionError,
  type SignedTransaction,
} from "../ledger/transaction.js";
import type { ExecuteOptions } from "../ledger/execute.js";
import type { BatchTransaction, LedgerInput, LedgerOutput, NodeReader, ReceiptStatus } from "../ledger/types.js";
import type { StoreOperation } from "../store/types.js";
import { ZERO_ADDRESS, ZERO_HASH, type Hex, type InboxMessage } from "../types.js";
import { rememberSignatures } from "./signatures.js";
import { packLeaves } from "./account-cache.js";
import { put, remove, type StoredWithdrawal } from "./database.js";
import { isWithdrawal, logsOf, type Action } from "./effects.js";
import type { ExecutorParts } from "./ledger.js";
import type { BlockEntry, L2Block } from "./records.js";
import { writeBlock } from "./write-block.js";

/** The ledger guest, loaded; see `executeLedger`. */
export type ExecuteLedger = (input: LedgerInput, nodes: NodeReader, options?: ExecuteOptions) => LedgerOutput;

/** A transaction to execute, and where it stands in the mempool. */
export interface BlockCandidate {
  sequence: bigint;
  hash: Hex;
  sender: Hex;
  raw: Uint8Array;
}

export interface BlockHead {
  timestamp: bigint;
  coinbase: Hex;
  baseFee: bigint;
  messages: InboxMessage[];
}

export interface BuildJob extends BlockHead {
  /** The block before. */
  previous: L2Block;
  candidates: BlockCandidate[];
  /** Bytes that the block may take in a batch. */
  maxBytes: number;
}

export interface BuildResult {
  /** undefined when there was nothing that the ledger did not skip. */
  block: L2Block | undefined;
  /** How many candidates were executed or skipped; the rest did not fit. */
  considered: number;
  /** Positions among the candidates. */
  skipped: number[];
  /** Nonces that were used, by forced transactions too. */
  used: UsedNonce[];
  /** What changed in the state; see `packLeaves`. */
  leaves: Uint8Array;
}

export type CommittedBlock = Pick<BuildResult, "used" | "leaves"> & { block: L2Block };

export interface UsedNonce {
  account: Hex;
  nonce: bigint;
}

/** A block out of a batch that somebody else posted. */
export interface AdoptJob extends BlockHead {
  previous: L2Block;
  /** The block as the data of a batch of its own. */
  data: Uint8Array;
}

/** A call that is tried out. */
export interface SimulatedCall {
  from: Hex;
  to: Hex;
  /** Wei. */
  value: bigint;
  data: Uint8Array;
}

export interface BlockExecutorOptions extends ExecutorParts {
  execute: ExecuteLedger;
}

/** Executes blocks and writes them, each with everything that belongs to it, at once. */
export interface BlockExecutor {
  /** Executes what is pending on top of a block. When it resolves, block and state are on disk. */
  build(job: BuildJob): Promise<BuildResult>;
  adopt(job: AdoptJob): Promise<CommittedBlock>;
  /** What the ledger would make of an unsigned call after a block, free of fees; nothing is written. */
  simulate(previous: L2Block, call: SimulatedCall): Promise<ReceiptStatus>;
  /** Runs a whole batch again, without writing. */
  run(input: LedgerInput): Promise<Pick<LedgerOutput, "stateRoot" | "withdrawalsRoot" | "inboxAcc" | "l2BlockTo">>;
}

/** The guest trapped, or its answers do not fit together: a fault of this machine or of the guest, never a result. */
export class ExecutorFaultError extends Error {
  override readonly name = "ExecutorFaultError";
}

/** Those of the last few batches: each transaction runs in its block and once more in its batch. */
const REMEMBERED_SIGNATURES = 20_000;
const CACHED_INDEXES = 200_000;
/** Bytes of a batch that are neither transactions nor fee entries, for one block. */
const BATCH_OVERHEAD = 80;
/** Most bytes of a fee entry. */
const FEE_ENTRY_BYTES = 48;

export function createBlockExecutor(options: BlockExecutorOptions): BlockExecutor {
  const { l2ChainId, bridge, database, nodes, execute } = options;
  const signatures = rememberSignatures(REMEMBERED_SIGNATURES);

  function runBlock(
    { previous, timestamp, messages }: BlockHead & { previous: L2Block },
    data: Uint8Array,
    executeOptions: ExecuteOptions,
  ): LedgerOutput {
    const input = {
      l2ChainId,
      bridge,
      // Neither changes what the ledger does: the batch that will carry the block is not known yet.
      index: 0n,
      timestamp,
      inboxFrom: previous.inboxTo,
      l2BlockFrom: previous.number,
      prevStateRoot: previous.stateRoot,
      prevInboxAcc: previous.inboxAcc,
      messages,
      data,
    };
    return execute(input, nodes, executeOptions);
  }

  /** Writes what a run did; `transactions` are those of the block, in order. */
  async function commit(
    { previous, messages, ...head }: BlockHead & { previous: L2Block },
    output: LedgerOutput,
    transactions: CommittedTransaction[],
    extra: StoreOperation[],
  ): Promise<CommittedBlock> {
    const number = previous.number + 1n;
    const executed = [
      ...messages.map(fromMessage),
      ...transactions.map((transaction): Executed => {
        const { hash, nonce, raw } = transaction;
        return { hash, nonce, action: transaction, origin: { source: "transaction", raw } };
      }),
    ];
    if (output.receipts.length !== executed.length)
      throw new ExecutorFaultError(
        `${output.receipts.length} receipts for ${executed.length} messages and transactions`,
      );
    const entries: BlockEntry[] = [];
    const emitters = new Set<Hex>();
    const withdrawals: StoredWithdrawal[] = [];
    const used: UsedNonce[] = [];
    executed.forEach(({ hash, nonce, action, origin }, i) => {
      const { status, sender, gasUsed } = output.receipts[i]!;
      if (status === "skipped") return;
      const succeeded = status === "succeeded";
      const position = entries.length;
      entries.push({ hash, sender, succeeded, gasUsed, ...origin });
      if (nonce !== undefined) used.push({ account: sender, nonce });
      if (!succeeded) return;
      const withdrawal = isWithdrawal(action) ? output.withdrawals[withdrawals.length] : undefined;
      if (withdrawal !== undefined) withdrawals.push({ withdrawal, location: { block: number, position } });
      for (const { address } of logsOf(action, sender, withdrawal)) emitters.add(address);
    });
    if (withdrawals.length !== output.withdrawals.length)
      throw new ExecutorFaultError(`${output.withdrawals.length} withdrawals, but ${withdrawals.length} asked for one`);

    const { stateRoot, inboxAcc, nodes: made } = output;
    const result = { previous, head, messages, stateRoot, inboxAcc, entries, withdrawals, emitters, nodes: made };
    const block = await writeBlock({ database, nodes }, result, extra);
    return { block, used, leaves: packLeaves(output.nodes) };
  }

  /** Account indexes never change on one chain of blocks; on another they may. */
  const indexes = new Map<Hex, bigint>();
  let indexesAt: Hex | undefined;

  function indexesAfter({ hash, stateRoot }: L2Block): (address: Hex) => bigint | undefined {
    if (hash !== indexesAt || indexes.size >= CACHED_INDEXES) indexes.clear();
    indexesAt = hash;
    return (address) => {
      const known = indexes.get(address);
      if (known !== undefined) return known;
      const index = indexOf(nodes, stateRoot, address);
      if (index !== undefined) indexes.set(address, index);
      return index;
    };
  }

  async function build({ candidates, maxBytes, ...head }: BuildJob): Promise<BuildResult> {
    const { previous, messages, coinbase, baseFee, timestamp } = head;
    const accountIndex = indexesAfter(previous);
    const transactions: (CommittedTransaction & { stripped: BatchTransaction; sequence: bigint })[] = [];
    const fees = new Set<string>();
    let bytes = BATCH_OVERHEAD;
    for (const { raw, hash, sender, sequence } of candidates) {
      const parsed = parseTransaction(raw);
      const stripped = stripTransaction(parsed, accountIndex);
      fees.add(feeKey(stripped));
      bytes += encodedSize(stripped);
      if (bytes + fees.size * FEE_ENTRY_BYTES > maxBytes) break;
      transactions.push({ hash, nonce: parsed.nonce, to: parsed.to, data: parsed.data, raw, stripped, sequence });
      // Its signature was checked when it was accepted.
      signatures.add(parsed, fromHex(sender));
    }

    const encode = (included: typeof transactions): Uint8Array => {
      const block = { timestamp, messages: messages.length, transactions: included.map(({ stripped }) => stripped) };
      return encodeBatch({ coinbase, baseFee, blocks: [block] });
    };
    const data = encode(transactions);
    const output = runBlock(head, data, { recover: signatures.recover });
    const receipts = output.receipts.slice(messages.length);
    const included = transactions.filter((_, i) => receipts[i]?.status !== "skipped");
    const skipped = [...transactions.keys()].filter((i) => receipts[i]?.status === "skipped");
    const result = { considered: transactions.length, skipped };
    if (included.length === 0 && messages.length === 0)
      return { block: undefined, ...result, used: [], leaves: new Uint8Array() };
    // The state is the same without what was skipped, and so are the batch's bytes only then.
    const posted = skipped.length === 0 ? data : encode(included);
    const committed = await commit(head, output, transactions, [
      put.data(previous.number + 1n, posted),
      ...included.map(({ sequence }) => remove.pending(sequence)),
    ]);
    indexesAt = committed.block.hash;
    return { ...committed, ...result };
  }

  async function adopt({ data: given, ...head }: AdoptJob): Promise<CommittedBlock> {
    const { messages, coinbase, baseFee, timestamp } = head;
    const block = decodeBatch(given, { messages: messages.length, timestamp }).blocks[0]!;
    const { transactions } = block;
    const output = runBlock(head, given, {});
    const fresh = new Map(output.nodes.map(({ hash, preimage }) => [toHex(hash), preimage]));
    const after: NodeReader = { get: (hash) => fresh.get(toHex(hash)) ?? nodes.get(hash) };
    const receipts = output.receipts.slice(messages.length);
    const rebuilt = transactions.map((transaction): CommittedTransaction => {
      const resolved = resolveTransaction(transaction, (index) => addressOfIndex(after, output.stateRoot, index));
      // Only what the ledger skipped can name an account that does not exist.
      return resolved === undefined ? SKIPPED : rebuildTransaction(resolved, l2ChainId);
    });
    const included = transactions.filter((_, i) => receipts[i]!.status !== "skipped");
    const data = encodeBatch({ coinbase, baseFee, blocks: [{ ...block, transactions: included }] });
    return commit(head, output, rebuilt, [put.data(head.previous.number + 1n, data)]);
  }

  return {
    build,
    adopt,
    simulate(previous, { from, to, value, data }) {
      const transaction: BatchTransaction = {
        nonce: readAccount(nodes, previous.stateRoot, from)?.nonce ?? 0n,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: 0n,
        gasLimit: transactionGas(to, data),
        to,
        value,
        data,
        yParity: 0,
        r: ONE,
        s: ONE,
      };
      const { timestamp } = previous;
      const block = { timestamp, messages: 0, transactions: [transaction] };
      const content = encodeBatch({ coinbase: from, baseFee: 0n, blocks: [block] });
      const head = { previous, timestamp, coinbase: from, baseFee: 0n, messages: [] };
      const { receipts } = runBlock(head, content, { recover: () => fromHex(from) });
      return Promise.resolve(receipts[0]!.status);
    },
    run(input) {
      const { stateRoot, withdrawalsRoot, inboxAcc, l2BlockTo } = execute(input, nodes, {
        recover: signatures.recover,
      });
      return Promise.resolve({ stateRoot, withdrawalsRoot, inboxAcc, l2BlockTo });
    },
  };
}

interface CommittedTransaction {
  hash: Hex;
  nonce: bigint;
  to: Hex;
  data: Uint8Array;
  raw: Uint8Array;
}

/** One thing that a run has a receipt of. */
interface Executed {
  hash: Hex;
  /** Of transactions. */
  nonce: bigint | undefined;
  action: Action;
  origin: { source: "transaction"; raw: Uint8Array } | { source: "message"; index: bigint };
}

const ONE = abiWords(1n);
const SKIPPED: CommittedTransaction = {
  hash: ZERO_HASH,
  nonce: 0n,
  to: ZERO_ADDRESS,
  data: new Uint8Array(),
  raw: new Uint8Array(),
};

/** What a message does, and the hash under which wallets find it: a forced transaction's own, else the message's. */
function fromMessage(message: InboxMessage): Executed {
  const origin = { source: "message" as const, index: message.index };
  const plain = { hash: messageHash(message), nonce: undefined, action: { message }, origin };
  const forced = forcedTransaction(message);
  return forced === undefined ? plain : { hash: forced.hash, nonce: forced.nonce, action: forced, origin };
}

/** The transaction that a message forces; undefined where it is none that the ledger reads. */
export function forcedTransaction({ kind, data }: InboxMessage): SignedTransaction | undefined {
  if (kind !== 1) return undefined;
  try {
    return parseTransaction(fromHex(data));
  } catch (error) {
    if (error instanceof TransactionError) return undefined;
    throw error;
  }
}
