import { toHex } from "../ledger/bytes.js";
import type { NodeReader, StateNode } from "../ledger/types.js";
import type { StoreOperation } from "../store/types.js";
import { ZERO_ADDRESS, ZERO_HASH, type BatchHeader, type Hex, type InboxMessage } from "../types.js";
import { createAccountCache } from "./account-cache.js";
import type { BlockExecutor } from "./block-executor.js";
import { put, remove, type Database } from "./database.js";
import { senderTransaction, type AdoptableBlock, type SequencerLedger } from "./ledger.js";
import {
  createMempool,
  type AccountState,
  type DroppedTransaction,
  type Mempool,
  type MempoolLimits,
  type SenderTransaction,
} from "./mempool.js";
import { blockHash, type L2Block } from "./records.js";

/** What a block may hold at most. */
export interface BlockLimits {
  transactions: number;
  /** Inbox messages. */
  messages: number;
  /** Bytes in a batch. */
  bytes: number;
}

/** The store was made for another rollup. */
export class StoreMismatchError extends Error {
  override readonly name = "StoreMismatchError";
  constructor(
    readonly field: string,
    readonly stored: string,
    readonly given: string,
  ) {
    super(`the store belongs to another rollup: its ${field} is ${stored}, not ${given}; choose another directory`);
  }
}

export interface ChainOptions {
  l2ChainId: bigint;
  bridge: Hex;
  genesis: BatchHeader;
  database: Database;
  nodes: NodeReader;
  ledger: SequencerLedger;
  executor: BlockExecutor;
  limits: BlockLimits;
  mempool: MempoolLimits;
  /** Receives the fees. */
  coinbase: Hex;
  /** Wei per gas. */
  baseFee: bigint;
  /** Milliseconds. */
  clock: () => number;
  /** Told of transactions that were accepted and can never be executed. */
  onDropped: (dropped: DroppedTransaction[]) => void;
}

/** The chain of L2 blocks and what waits to get into it. Calls that change it must not overlap; see `sequencer.ts`. */
export interface Chain {
  readonly head: L2Block;
  readonly mempool: Mempool;
  /** An account after the last block; zeros when there is none. */
  account(account: Hex): AccountState;
  /** A number for the next transaction that is accepted. */
  nextSequence(): bigint;
  /**
   * Makes a block, on disk when this resolves.
   * @param l1Time Timestamp of the last L1 block that was seen.
   * @param upTo Only transactions up to this sequence number, which are on disk.
   * @returns undefined when there was nothing to put into one.
   */
  build(messages: InboxMessage[], l1Time: bigint, upTo: bigint): Promise<L2Block | undefined>;
  /** Undoes the blocks after `to`; their transactions are pending again, before all others. */
  rollback(to: L2Block): Promise<void>;
  /** Adds a block of a batch that somebody else posted. */
  adopt(block: AdoptableBlock, from: { coinbase: Hex; baseFee: bigint }, messages: InboxMessage[]): Promise<void>;
  /** Drops transactions that waited too long. */
  expire(): Promise<void>;
}

/** How far, in seconds, a block may be ahead of L1: well within the 900 that a batch allows. */
const MAX_AHEAD = 600n;
/** Raw transactions are larger than what a batch keeps of them; fewer would leave blocks half empty. */
const RAW_PER_BYTE = 2;
const FEE_ENTRIES = 250;
const CACHED_ACCOUNTS = 200_000;

export async function openChain(options: ChainOptions): Promise<Chain> {
  const { l2ChainId, bridge, genesis, database, nodes, ledger, executor, limits, coinbase, baseFee, clock, onDropped } =
    options;
  await checkIdentity(database, { l2ChainId, bridge, genesis: genesis.stateRoot }, genesis, ledger.genesis);

  let head = database.block(database.single("head")!)!;
  let sequence = 0n;
  const accounts = createAccountCache(
    (asked) => ledger.account(nodes, head.stateRoot, asked),
    (asked) => ledger.accountKey(asked),
    CACHED_ACCOUNTS,
  );
  const account = (asked: Hex): AccountState => accounts.get(asked);
  let mempool = newMempool();

  function newMempool(): Mempool {
    return createMempool({ limits: options.mempool, account });
  }

  async function forget(dropped: DroppedTransaction[]): Promise<void> {
    if (dropped.length === 0) return;
    onDropped(dropped);
    const operations = dropped.map((each) => remove.pending(each.sequence));
    await database.write(operations, { sync: false });
  }

  const lost: DroppedTransaction[] = [];
  for await (const { sequence: at, sender, raw } of database.pending()) {
    const dropped = mempool.restore(senderTransaction(ledger, ledger.parse(raw), sender), at, clock());
    // What a block has by now was not lost; its record outlived a crash.
    if (dropped !== undefined) lost.push(dropped);
    sequence = at + 1n;
  }
  await database.write(
    lost.map((dropped) => remove.pending(dropped.sequence)),
    { sync: false },
  );
  const missing = lost.filter(({ transaction }) => database.location(transaction.hash) === undefined);
  if (missing.length > 0) onDropped(missing);

  return {
    get head() {
      return head;
    },
    get mempool() {
      return mempool;
    },
    account,
    nextSequence: () => sequence++,

    async build(messages, l1Time, upTo) {
      // A backlog of messages goes first, so that a batch can always reach those that are due.
      const backlog = messages.length >= limits.messages;
      const taken = mempool.take({
        transactions: backlog ? 0 : limits.transactions,
        bytes: limits.bytes * RAW_PER_BYTE,
        feeEntries: FEE_ENTRIES,
        upTo,
      });
      if (taken.length === 0 && messages.length === 0) return undefined;
      const timestamp = blockTime(head.timestamp, BigInt(Math.floor(clock() / 1000)), l1Time);
      const candidates = taken.map(({ transaction: { hash, sender, raw }, sequence: at }) => ({
        sequence: at,
        hash,
        sender,
        raw,
      }));
      const result = await executor
        .build({ previous: head, timestamp, coinbase, baseFee, messages, candidates, maxBytes: limits.bytes })
        .catch((error: unknown) => {
          mempool.release();
          throw error;
        });
      const skipped = new Set(result.skipped);
      const considered = taken.slice(0, result.considered).map(({ transaction }) => transaction);
      if (result.block !== undefined) head = result.block;
      accounts.update(result.leaves);
      const dropped = mempool.settle({
        used: result.used,
        skipped: considered.filter((_, i) => skipped.has(i)).map(({ hash }) => hash),
      });
      await forget(dropped);
      return result.block;
    },

    async rollback(to) {
      const operations: StoreOperation[] = [];
      const undone: SenderTransaction[] = [];
      for (let number = to.number + 1n; number <= head.number; number++) {
        const entries = database.entries(number);
        operations.push(...remove.block(database.block(number)!, entries));
        for (const entry of entries)
          if (entry.source === "transaction")
            undone.push(senderTransaction(ledger, ledger.parse(entry.raw), entry.sender));
      }
      for (let nonce = to.withdrawals; nonce < head.withdrawals; nonce++) operations.push(remove.withdrawal(nonce));
      const waiting = mempool.all();
      head = to;
      accounts.clear();
      mempool = newMempool();
      const dropped: DroppedTransaction[] = [];
      for (const transaction of [...undone, ...waiting.map((entry) => entry.transaction)]) {
        const at = sequence++;
        const refused = mempool.restore(transaction, at, clock());
        if (refused === undefined) operations.push(put.pending(at, transaction.sender, transaction.raw));
        else dropped.push(refused);
      }
      operations.push(...waiting.map((entry) => remove.pending(entry.sequence)));
      operations.push(put.single("head", to.number), remove.single("rebuildFrom"));
      await database.write(operations, { sync: true });
      if (dropped.length > 0) onDropped(dropped);
    },

    async adopt({ timestamp, data }, { coinbase, baseFee }, messages) {
      const job = { previous: head, timestamp, coinbase, baseFee, messages, data };
      const { block, used, leaves } = await executor.adopt(job);
      head = block;
      accounts.update(leaves);
      await forget(mempool.settle({ used, skipped: [] }));
    },

    expire: () => forget(mempool.expire(clock())),
  };
}

/** Time of the next block, in seconds: the clock's, but never before what came before it nor too far ahead of L1. */
export function blockTime(previous: bigint, clock: bigint, l1Time: bigint): bigint {
  const latest = l1Time + MAX_AHEAD;
  const now = clock < latest ? clock : latest;
  return [previous, now, l1Time].reduce((a, b) => (a > b ? a : b));
}

async function checkIdentity(
  database: Database,
  identity: { l2ChainId: bigint; bridge: Hex; genesis: Hex },
  genesis: BatchHeader,
  nodes: readonly StateNode[],
): Promise<void> {
  const stored = database.single("identity");
  if (stored !== undefined) {
    for (const field of ["l2ChainId", "bridge", "genesis"] as const)
      if (stored[field] !== identity[field])
        throw new StoreMismatchError(field, String(stored[field]), String(identity[field]));
    return;
  }
  const empty = toHex(nodes[0]!.hash);
  if (empty !== genesis.stateRoot)
    throw new RangeError(`the genesis state root must be ${empty}, the empty ledger, got ${genesis.stateRoot}`);
  const unhashed = {
    number: 0n,
    parentHash: ZERO_HASH,
    timestamp: genesis.timestamp,
    coinbase: ZERO_ADDRESS,
    baseFee: 0n,
    stateRoot: genesis.stateRoot,
    inboxTo: 0n,
    inboxAcc: ZERO_HASH,
    withdrawals: 0n,
    gasUsed: 0n,
    size: 0,
    emitters: [],
  };
  await database.write(
    [
      ...nodes.map(({ hash, preimage }) => put.node(hash, preimage)),
      ...put.block({ ...unhashed, hash: blockHash(unhashed, []) }, []),
      put.single("head", 0n),
      put.single("identity", identity),
    ],
    { sync: true },
  );
}
