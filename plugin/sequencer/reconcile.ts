import { withdrawalsRoot } from "../ledger/hashes.js";
import { ZERO_HASH, type BatchHeader, type Hex, type InboxMessage, type Withdrawal } from "../types.js";
import type { Chain } from "./chain.js";
import type { Database } from "./database.js";
import { FalseBlockError } from "./errors.js";
import type { KnownBatch, L1View } from "./l1-view.js";
import type { SequencerLedger } from "./ledger.js";
import type { L2Block } from "./records.js";

/** The last batch on L1 is not what the ledger makes of its data: it waits to be disputed, and nothing can follow it. */
export interface FalseBatch {
  index: bigint;
  headerHash: Hex;
  reason: string;
}

export type ReconcileEvent =
  | { kind: "rolled-back"; from: bigint; to: bigint; reason: "inbox" | "batches" | "reverted" }
  | { kind: "adopted"; index: bigint; blocks: number };

export interface ReconcileOptions {
  chain: Chain;
  ledger: SequencerLedger;
  database: Database;
  view: L1View;
  /** What the last call returned: it is not tried again. */
  known: FalseBatch | undefined;
  /** Data of a batch, checked against its header. */
  batchData: (batch: BatchHeader, signal?: AbortSignal) => Promise<Uint8Array>;
  onEvent: (event: ReconcileEvent) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Makes the L2 blocks agree with L1: undoes those that applied messages which L1 dropped, and those that a batch on L1 left
 * out, and applies batches of others. Can be stopped and repeated anywhere.
 * @returns the batch on L1 that is false, if one is.
 */
export async function reconcile(options: ReconcileOptions): Promise<FalseBatch | undefined> {
  const { chain, ledger, database, view, known, batchData, onEvent, signal } = options;
  const stillFalse = known !== undefined && view.batches[Number(known.index)]?.headerHash === known.headerHash;
  const batches = stillFalse ? view.batches.slice(0, Number(known.index)) : view.batches;
  const shared = batches.findLastIndex(({ header }) => isOurs(database, header));
  const byInbox = lastOnInbox(chain.head, database, view);
  const diverged = shared < batches.length - 1;
  const byBatches = diverged ? batches[shared]!.header.l2BlockTo : chain.head.number;
  const rebuildFrom = database.single("rebuildFrom") ?? chain.head.number;
  const to = [byBatches, byInbox, rebuildFrom].reduce((a, b) => (a < b ? a : b));
  if (to < chain.head.number) {
    const reason = to === byInbox ? "inbox" : to === rebuildFrom ? "reverted" : "batches";
    onEvent({ kind: "rolled-back", from: chain.head.number, to, reason });
    await chain.rollback(database.block(to)!);
  }
  if (!diverged) return stillFalse ? known : undefined;

  for (const batch of batches.slice(shared + 1)) {
    const start = chain.head;
    const data = await batchData(batch.header, signal);
    const fault = await adopt(chain, ledger, database, batch, data);
    if (fault !== undefined) {
      await chain.rollback(start);
      return { index: batch.header.index, headerHash: batch.headerHash, reason: fault };
    }
    onEvent({ kind: "adopted", index: batch.header.index, blocks: Number(chain.head.number - start.number) });
  }
  return undefined;
}

/** Whether our own blocks claim what the batch claims. */
function isOurs(database: Database, header: BatchHeader): boolean {
  const [before, after] = [database.block(header.l2BlockFrom), database.block(header.l2BlockTo)];
  if (before === undefined || after === undefined) return false;
  const ours = { ...after, withdrawalsRoot: withdrawalsRoot(readWithdrawals(database, before, after)) };
  return (["stateRoot", "withdrawalsRoot", "inboxTo", "inboxAcc"] as const).every(
    (field) => ours[field] === header[field],
  );
}

/** Number of the last block whose messages are all on L1. */
function lastOnInbox(head: L2Block, database: Database, { messageCount }: L1View): bigint {
  const holds = ({ inboxTo, inboxAcc }: L2Block): boolean =>
    inboxTo <= messageCount && inboxAcc === (inboxTo === 0n ? ZERO_HASH : database.message(inboxTo - 1n)!.acc);
  if (holds(head)) return head.number;
  // What one block applied, all later ones build on: the blocks that hold come first.
  let [good, bad] = [0n, head.number];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    if (holds(database.block(middle)!)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Applies a batch. @returns what is false about it. */
async function adopt(
  chain: Chain,
  ledger: SequencerLedger,
  database: Database,
  { header }: KnownBatch,
  data: Uint8Array,
): Promise<string | undefined> {
  const content = ledger.contentOf(header, data);
  const expected = header.l2BlockFrom + BigInt(content.blocks.length);
  if (header.l2BlockTo !== expected) return `it ends at L2 block ${header.l2BlockTo}, its data at ${expected}`;
  let next = header.inboxFrom;
  for (const block of content.blocks) {
    const messages = readMessages(database, next, next + BigInt(block.messages));
    next += BigInt(block.messages);
    try {
      await chain.adopt(block, content, messages);
    } catch (error) {
      if (error instanceof FalseBlockError) return error.message;
      throw error;
    }
  }
  const withdrawals = readWithdrawals(database, database.block(header.l2BlockFrom)!, chain.head);
  const ours = { stateRoot: chain.head.stateRoot, withdrawalsRoot: withdrawalsRoot(withdrawals) };
  for (const field of ["stateRoot", "withdrawalsRoot"] as const)
    if (ours[field] !== header[field]) return `its ${field} is ${header[field]}, the ledger's ${ours[field]}`;
  return undefined;
}

/** Inbox messages [from, to), which must be stored. */
export function readMessages(database: Database, from: bigint, to: bigint): InboxMessage[] {
  const messages: InboxMessage[] = [];
  for (let index = from; index < to; index++) messages.push(database.message(index)!.message);
  return messages;
}

/** Withdrawals asked for after block `before`, up to block `last`. */
export function readWithdrawals(
  database: Database,
  before: Pick<L2Block, "withdrawals">,
  last: Pick<L2Block, "withdrawals">,
): Withdrawal[] {
  const withdrawals: Withdrawal[] = [];
  for (let nonce = before.withdrawals; nonce < last.withdrawals; nonce++)
    withdrawals.push(database.withdrawal(nonce)!.withdrawal);
  return withdrawals;
}
