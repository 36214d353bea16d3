import type { FollowerCursor, ResumableFollower } from "../l1/follower.js";
import { L1RevertError } from "../l1/errors.js";
import { BatchConflictError, ParentMissingError } from "../l1/poster.js";
import { takeTurns } from "../l1/turns.js";
import { OverdueMessageError, type Batcher, type PreparedBatch } from "./batcher.js";
import type { Chain } from "./chain.js";
import { put, type Database } from "./database.js";
import { updateView, viewOf, type L1View } from "./l1-view.js";
import type { SequencerLedger } from "./ledger.js";
import type { Log } from "./log.js";
import type { PostResult, SequencerOptions } from "./options.js";
import { readMessages, reconcile, type FalseBatch } from "./reconcile.js";
import type { L2Block } from "./records.js";

export interface OperatorOptions extends Pick<SequencerOptions, "l1" | "genesis"> {
  chain: Chain;
  ledger: SequencerLedger;
  database: Database;
  batcher: Batcher;
  /** Accepted transactions up to this sequence number are on disk. */
  durable: () => bigint;
  /** Inbox messages that a block may consume. */
  blockMessages: number;
  log: Log;
}

/** What a sequencer does, one thing at a time; when to do it is decided elsewhere. */
export interface Operator {
  /** What L1 says, as far as the L2 blocks agree with it. */
  readonly view: L1View;
  readonly falseBatch: FalseBatch | undefined;
  /** Takes in what is new on L1 and makes the L2 blocks agree with it. */
  sync(signal?: AbortSignal): Promise<void>;
  /** Makes one block; undefined when there is nothing to put into one. */
  seal(signal?: AbortSignal): Promise<L2Block | undefined>;
  /** The batch that would be posted next; undefined when all blocks are on L1. */
  prepare(signal?: AbortSignal): Promise<PreparedBatch | undefined>;
  /** Posts the next batch; undefined when all blocks are on L1. */
  post(signal?: AbortSignal): Promise<PostResult | undefined>;
  /** Whether a block could be made. */
  hasWork(): boolean;
  /** Runs something while nothing else changes the chain. */
  exclusively<T>(action: () => Promise<T>): Promise<T>;
}

/** Nothing can be posted on top of a batch that is false. */
export class FalseBatchError extends Error {
  override readonly name = "FalseBatchError";
  constructor(readonly batch: FalseBatch) {
    super(`batch ${batch.index} on L1 is false: ${batch.reason}; nothing can follow it until it is reverted`);
  }
}

const POST_ATTEMPTS = 3;

export async function createOperator(options: OperatorOptions): Promise<Operator> {
  const { chain, ledger, database, batcher, l1, log, durable, blockMessages } = options;
  const exclusively = takeTurns();
  const posting = takeTurns();
  const follower: ResumableFollower = l1.follow(database.single("cursor") as FollowerCursor | undefined);
  let view = await storedView(options);
  let agreed = view;
  let falseBatch: FalseBatch | undefined;
  /** Whether the L2 blocks may disagree with the view. */
  let unsettled = true;

  async function settle(signal?: AbortSignal): Promise<void> {
    if (!unsettled) {
      agreed = { ...agreed, head: view.head };
      return;
    }
    const found = await reconcile({
      chain,
      ledger,
      database,
      view,
      known: falseBatch,
      batchData: l1.batchData,
      onEvent: ({ kind, ...fields }) =>
        log(
          kind === "adopted"
            ? { level: "info", event: "batch of another sequencer applied", ...fields }
            : { level: "warn", event: "L2 blocks undone, their transactions are pending again", ...fields },
        ),
      signal,
    });
    if (found !== undefined && found.headerHash !== falseBatch?.headerHash)
      log({ level: "error", event: "a batch on L1 is false", index: found.index, reason: found.reason });
    falseBatch = found;
    agreed = found === undefined ? view : { ...view, batches: view.batches.slice(0, Number(found.index)) };
    unsettled = false;
  }

  async function follow(signal?: AbortSignal): Promise<void> {
    const update = await follower.poll(signal);
    const { view: next, operations, revertedTo } = updateView(view, update, (index) => database.message(index));
    if (revertedTo !== undefined) operations.push(put.single("rebuildFrom", revertedTo));
    if (operations.length > 0) {
      operations.push(put.single("cursor", follower.cursor()));
      await database.write(operations, { sync: false });
      unsettled = true;
    }
    for (const { kind, ...fields } of update.events.filter((each) => each.kind !== "message"))
      log({ level: kind === "reverted" ? "error" : "info", event: `L1: batch ${kind}`, ...describe(fields) });
    view = next;
    await settle(signal);
  }

  async function seal(signal?: AbortSignal): Promise<L2Block | undefined> {
    await settle(signal);
    const { inboxTo } = chain.head;
    const limit = inboxTo + BigInt(blockMessages);
    const messages = readMessages(database, inboxTo, limit < view.messageCount ? limit : view.messageCount);
    const l1Time = view.head?.timestamp ?? options.genesis.timestamp;
    const block = await chain.build(messages, l1Time, durable());
    if (block !== undefined)
      log({
        level: "info",
        event: "block made",
        number: block.number,
        transactions: block.size,
        messages: messages.length,
        stateRoot: block.stateRoot,
      });
    return block;
  }

  /** Cuts the next batch; makes the blocks again where they cannot be posted as they are. */
  async function prepare(signal?: AbortSignal): Promise<PreparedBatch | undefined> {
    await settle(signal);
    if (falseBatch !== undefined) throw new FalseBatchError(falseBatch);
    try {
      return await batcher.prepare(view, chain.head);
    } catch (error) {
      if (!(error instanceof OverdueMessageError)) throw error;
      log({ level: "warn", event: "blocks are made again", reason: error.message });
      await chain.rollback(database.block(view.batches.at(-1)!.header.l2BlockTo)!);
      while (hasWork()) if ((await seal(signal)) === undefined) break;
      return batcher.prepare(view, chain.head);
    }
  }

  function hasWork(): boolean {
    return chain.mempool.readyCount > 0 || chain.head.inboxTo < view.messageCount;
  }

  async function post(signal?: AbortSignal): Promise<PostResult | undefined> {
    for (let attempt = 1; ; attempt++) {
      await exclusively(() => follow(signal));
      const batch = await exclusively(() => prepare(signal));
      if (batch === undefined) return undefined;
      const { blocks, transactions, data } = batch;
      try {
        // Blocks are made meanwhile: L1 takes its time.
        const posted = await batcher.send(batch, signal);
        await exclusively(() => follow(signal));
        log({
          level: "info",
          event: "batch posted",
          index: posted.header.index,
          blocks,
          transactions,
          bytes: data.length,
          l1Transaction: posted.transaction,
        });
        return { ...posted, blocks, transactions, bytes: data.length };
      } catch (error) {
        if (!isMoved(error) || attempt === POST_ATTEMPTS) throw error;
        log({ level: "warn", event: "L1 moved while a batch was on its way", reason: error.message });
      }
    }
  }

  return {
    get view() {
      return agreed;
    },
    get falseBatch() {
      return falseBatch;
    },
    sync: (signal) => exclusively(() => follow(signal)),
    seal: (signal) => exclusively(() => seal(signal)),
    prepare: (signal) => exclusively(() => prepare(signal)),
    post: (signal) => posting(() => post(signal)),
    hasWork,
    exclusively,
  };
}

/** What L1 refuses because it changed while the batch was made or waited; a batch made again may pass. */
const MOVED: ReadonlySet<string> = new Set(["ChainParentMismatch", "ChainInboxMismatch", "ChainMessageDue"]);

function isMoved(error: unknown): error is Error {
  if (error instanceof L1RevertError) return MOVED.has(error.revert?.name ?? "");
  return error instanceof BatchConflictError || error instanceof ParentMissingError;
}

async function storedView({ genesis, database }: OperatorOptions): Promise<L1View> {
  const events = [];
  for await (const event of database.events()) events.push(event);
  return viewOf(genesis, events, { head: undefined, messageCount: await database.messageCount() });
}

/** The numbers of an L1 event, for the log. */
function describe(fields: Record<string, unknown>): Record<string, unknown> {
  const { header, index, fromIndex, toIndex, batchIndex, leafIndex, transaction } = fields;
  const { index: posted } = (header ?? {}) as { index?: bigint };
  return { index: index ?? posted, fromIndex, toIndex, batchIndex, leafIndex, transaction };
}
