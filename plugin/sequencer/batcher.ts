import { MAX_TIMESTAMP_DRIFT } from "../ledger/batch.js";
import { withdrawalsRoot } from "../ledger/hashes.js";
import type { LedgerInput } from "../ledger/types.js";
import type { PostedBatch } from "../l1/client.js";
import type { BatchClaim, BatchPoster, BatchToPost } from "../l1/poster.js";
import { ZERO_HASH, type BatchHeader, type Hex } from "../types.js";
import { ExecutorFaultError, type BlockExecutor } from "./block-executor.js";
import { put, type Database } from "./database.js";
import type { L1View } from "./l1-view.js";
import type { BatchBuilder, SequencerLedger } from "./ledger.js";
import { readMessages, readWithdrawals } from "./reconcile.js";
import type { L2Block } from "./records.js";

/** A batch, ready to be posted. */
export interface PreparedBatch extends BatchToPost {
  claim: BatchClaim;
  /** What it is run on, but for the time at which L1 will have it. */
  input: LedgerInput;
  /** L2 blocks in it. */
  blocks: number;
  transactions: number;
}

/** Batches cannot be cut so that L1 takes them: an old message is consumed too late in the blocks. They must be made again. */
export class OverdueMessageError extends Error {
  override readonly name = "OverdueMessageError";
  constructor(
    readonly index: bigint,
    readonly dueAt: bigint,
  ) {
    super(`inbox message ${index} was due at ${dueAt} and the blocks that fit into a batch do not reach it`);
  }
}

/** The last block is further ahead of L1 than a batch may be. */
export class AheadOfL1Error extends Error {
  override readonly name = "AheadOfL1Error";
  constructor(
    readonly timestamp: bigint,
    readonly l1Time: bigint,
  ) {
    super(
      `the L2 blocks are at ${timestamp}, L1 at ${l1Time}; a batch may be ${MAX_TIMESTAMP_DRIFT} s ahead, wait for L1`,
    );
  }
}

export interface CutOptions {
  ledger: SequencerLedger;
  database: Database;
  view: L1View;
  /** Last L2 block to post. */
  head: L2Block;
  /** Bytes of batch data at most: one L1 transaction of 128 kB carries it. */
  maxBytes: number;
  /** Seconds; that of the deployment. */
  forceInclusionDelay: bigint;
  /** The batch that was decided on before a restart. */
  plan: { parentHash: Hex; l2BlockTo: bigint } | undefined;
}

interface Cut {
  parent: BatchHeader;
  parentHash: Hex;
  first: L2Block;
  last: L2Block;
  batch: BatchBuilder;
}

/** Seconds that L1 may need to mine a batch. */
const MINING_MARGIN = 120n;

/**
 * Takes as many blocks as fit from where the last batch on L1 ends.
 * @returns undefined when there is none.
 */
export function cutBatch(options: CutOptions): Cut | undefined {
  const { ledger, database, view, head, maxBytes, forceInclusionDelay, plan } = options;
  const { header: parent, headerHash: parentHash } = view.batches.at(-1)!;
  if (head.number <= parent.l2BlockTo) return undefined;
  const limit = plan?.parentHash === parentHash && plan.l2BlockTo <= head.number ? plan.l2BlockTo : head.number;
  const first = database.block(parent.l2BlockTo)!;
  const l1Time = view.head!.timestamp;

  const batch = ledger.batch(maxBytes, database);
  let last = first;
  for (let number = first.number + 1n; number <= limit; number++) {
    const block = database.block(number)!;
    const isAhead = block.timestamp > l1Time + MAX_TIMESTAMP_DRIFT;
    const isFirst = last === first;
    // A block alone was built to fit.
    if (isAhead && isFirst) throw new AheadOfL1Error(block.timestamp, l1Time);
    if (isAhead || (!isFirst && block.inboxTo - parent.inboxTo > ledger.maxBatchMessages)) break;
    if (!batch.add(block, last, database.data(number)!)) break;
    last = block;
  }

  // A full batch may leave whatever is due.
  if (last.inboxTo - parent.inboxTo >= ledger.fullBatchMessages) return { parent, parentHash, first, last, batch };
  const left = database.message(last.inboxTo)?.message;
  const dueAt = left === undefined ? undefined : left.timestamp + forceInclusionDelay;
  if (left !== undefined && dueAt !== undefined && l1Time + MINING_MARGIN >= dueAt) {
    if (limit < head.number) return cutBatch({ ...options, plan: undefined });
    throw new OverdueMessageError(left.index, dueAt);
  }
  return { parent, parentHash, first, last, batch };
}

export interface Batcher {
  /** Cuts the next batch, runs it again and writes down that it will be sent; undefined when there is nothing to post. */
  prepare(view: L1View, head: L2Block): Promise<PreparedBatch | undefined>;
  /** Sends a prepared batch; the same one again changes nothing. */
  send(batch: PreparedBatch, signal?: AbortSignal): Promise<PostedBatch>;
}

export interface BatcherOptions {
  l2ChainId: bigint;
  bridge: Hex;
  ledger: SequencerLedger;
  database: Database;
  executor: BlockExecutor;
  poster: BatchPoster;
  /** Bytes of batch data at most: one L1 transaction of 128 kB carries it. */
  maxBytes: number;
  forceInclusionDelay: bigint;
}

export function createBatcher(options: BatcherOptions): Batcher {
  const { l2ChainId, bridge, ledger, database, executor, poster, maxBytes, forceInclusionDelay } = options;

  /** The batch as others will see it must give what the blocks gave. */
  async function check({ first, last, batch }: Cut, input: LedgerInput): Promise<void> {
    const run = await executor.run(input);
    const expected = { stateRoot: last.stateRoot, inboxAcc: last.inboxAcc, l2BlockTo: last.number };
    for (const field of ["stateRoot", "inboxAcc", "l2BlockTo"] as const) {
      if (run[field] === expected[field]) continue;
      throw new ExecutorFaultError(
        `as a batch, L2 blocks ${first.number + 1n} to ${last.number} (${batch.blocks}) give ${field} ${run[field]}, one by one ${expected[field]}`,
      );
    }
  }

  function inputOf(
    { parent, first }: Cut,
    data: Uint8Array,
    messages: LedgerInput["messages"],
    view: L1View,
  ): LedgerInput {
    return {
      l2ChainId,
      bridge,
      index: parent.index + 1n,
      timestamp: view.head!.timestamp,
      inboxFrom: first.inboxTo,
      l2BlockFrom: first.number,
      prevStateRoot: first.stateRoot,
      prevInboxAcc: first.inboxAcc,
      messages,
      data,
    };
  }

  return {
    async prepare(view, head) {
      const plan = database.single("plan");
      const cut = cutBatch({ ledger, database, view, head, maxBytes, forceInclusionDelay, plan });
      if (cut === undefined) return undefined;
      const { parent, parentHash, first, last, batch } = cut;
      const claim = {
        stateRoot: last.stateRoot,
        withdrawalsRoot: withdrawalsRoot(readWithdrawals(database, first, last)),
        inboxAcc: last.inboxTo === 0n ? ZERO_HASH : last.inboxAcc,
        inboxTo: last.inboxTo,
        l2BlockTo: last.number,
      };
      const messages = readMessages(database, first.inboxTo, last.inboxTo);
      const contents = batch.finish({ parent, claim, messages });
      const input = inputOf(cut, contents.data, messages, view);
      if (batch.blocks > 1) await check(cut, input);
      await database.write([put.single("plan", { parentHash, l2BlockTo: last.number })], { sync: true });
      return {
        parent,
        claim,
        nextMessage: database.message(last.inboxTo)?.message,
        ...contents,
        input,
        blocks: batch.blocks,
        transactions: batch.transactions,
      };
    },
    send: (batch, signal) => poster.post(batch, signal),
  };
}
