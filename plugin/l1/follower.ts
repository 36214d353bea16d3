import type { Hex } from "../types.js";
import { L1InconsistentError } from "./ask.js";
import { takeTurns } from "./turns.js";
import type { L1Block, L1Follower, L1Update, PlacedEvent } from "./types.js";

/** What the contracts themselves count, to hold against the events that a provider gave. */
export interface L1Counts {
  /** Messages ever enqueued. */
  messages: bigint;
  /** Index of the last batch. */
  head: bigint;
  /** Index of the last finalized batch. */
  finalizedHead: bigint;
}

/** All that the follower needs of L1. */
export interface L1Source {
  /** A canonical block; undefined when the chain is not that long. */
  block(at: number | "latest", signal?: AbortSignal): Promise<L1Block | undefined>;
  /** The suite's events in canonical blocks `from` to `to`, inclusive, in order. */
  events(from: number, to: number, signal?: AbortSignal): Promise<PlacedEvent[]>;
  /** The contracts' own counters after block `at`. */
  counts(at: number, signal?: AbortSignal): Promise<L1Counts>;
}

/** A block that was reported, and what the contracts counted after it. */
export interface Checkpoint extends L1Counts {
  block: L1Block;
}

/** Where a follower stands: recent checkpoints, oldest first. Save it together with the effects of the update. */
export type FollowerCursor = readonly Checkpoint[];

/** A cursor as text for a store. */
export function cursorToText(cursor: FollowerCursor): string {
  return JSON.stringify(
    cursor.map(({ block, messages, head, finalizedHead }) => [
      block.number,
      block.hash,
      ...[block.timestamp, messages, head, finalizedHead].map(String),
    ]),
  );
}

/** The inverse of `cursorToText`. */
export function cursorFromText(text: string): FollowerCursor {
  const rows = JSON.parse(text) as [number, Hex, string, string, string, string][];
  return rows.map(([number, hash, timestamp, messages, head, finalizedHead]) => ({
    block: { number, hash, timestamp: BigInt(timestamp) },
    messages: BigInt(messages),
    head: BigInt(head),
    finalizedHead: BigInt(finalizedHead),
  }));
}

export interface FollowerOptions {
  source: L1Source;
  /** First block with an event of the suite (`deployment.fromBlock`). */
  fromBlock: number;
  /** Blocks on top of a block before it is reported; default 0. Behind a load balancer at least 2. */
  confirmations?: number | undefined;
  /** Blocks below the head whose hashes are kept; a deeper reorg is followed from `fromBlock` again. Default 256. */
  depth?: number | undefined;
  /** Where an earlier follower stopped. */
  cursor?: FollowerCursor | undefined;
}

export interface ResumableFollower extends L1Follower {
  /** Where it stands after the last poll that succeeded. */
  cursor(): FollowerCursor;
}

const DEFAULT_DEPTH = 256;

/**
 * Follows L1. A poll either succeeds as a whole or changes nothing, so it can simply be tried again.
 * `poll` throws `L1UnavailableError` when the node is down, `L1InconsistentError` when its answers do not fit together.
 */
export function createFollower(options: FollowerOptions): ResumableFollower {
  let cursor = options.cursor ?? [];
  // Polls take turns: two at once would report the same events.
  const inTurn = takeTurns();
  const poll = async (signal?: AbortSignal): Promise<L1Update> => {
    const step = await follow(options, cursor, signal);
    cursor = step.cursor;
    return step.update;
  };
  return {
    poll: (signal) => inTurn(() => poll(signal)),
    cursor: () => cursor,
  };
}

/** One step from `cursor`: what to report, and where it leads. */
async function follow(
  options: FollowerOptions,
  cursor: FollowerCursor,
  signal?: AbortSignal,
): Promise<{ update: L1Update; cursor: FollowerCursor }> {
  const { source, fromBlock, confirmations = 0, depth = DEFAULT_DEPTH } = options;
  // The new head is read before the old checkpoints are: a reorg in between then shows in the head's own hash.
  const latest = await existing(source, "latest", signal);
  const head = await existing(source, Math.max(0, latest.number - confirmations), signal);
  const kept = await stillCanonical(source, cursor, signal);
  const base = kept.at(-1) ?? origin(fromBlock);
  const rollback = kept.length < cursor.length ? { rollbackTo: base.block.number } : {};

  if (head.number <= base.block.number || head.number < fromBlock) {
    return { update: { ...rollback, events: [], head: kept.at(-1)?.block ?? head }, cursor: kept };
  }

  const events = await source.events(base.block.number + 1, head.number, signal);
  const checkpoints = advance(base, events, head);
  checkCounts(checkpoints.at(-1) ?? base, await source.counts(head.number, signal));
  const again = await source.block(head.number, signal);
  if (again?.hash !== head.hash) {
    throw new L1InconsistentError(`block ${head.number} was replaced while its events were read`);
  }
  return {
    update: { ...rollback, events, head },
    cursor: prune([...kept, ...checkpoints], head.number - depth),
  };
}

/** The checkpoints up to the first that is no longer on the chain. */
async function stillCanonical(
  source: L1Source,
  cursor: FollowerCursor,
  signal?: AbortSignal,
): Promise<readonly Checkpoint[]> {
  const isCanonical = async ({ block }: Checkpoint): Promise<boolean> =>
    (await source.block(block.number, signal))?.hash === block.hash;
  const last = cursor.at(-1);
  if (last === undefined || (await isCanonical(last))) return cursor;
  // Oldest first: should checkpoints of two forks ever stand side by side, everything above the first false one falls.
  for (const [position, checkpoint] of cursor.entries()) {
    if (!(await isCanonical(checkpoint))) return cursor.slice(0, position);
  }
  throw new L1InconsistentError(`block ${last.block.number} changed twice during one poll`);
}

/** The checkpoints that `events` and the head add on top of `base`. Throws when an event is missing between others. */
function advance(base: Checkpoint, events: readonly PlacedEvent[], head: L1Block): Checkpoint[] {
  const added: Checkpoint[] = [];
  let counts: L1Counts = base;
  for (const event of events) {
    counts = count(counts, event);
    if (added.at(-1)?.block.number === event.block.number) added.pop();
    added.push({ ...pick(counts), block: event.block });
  }
  if (added.at(-1)?.block.number !== head.number) added.push({ ...pick(counts), block: head });
  return added;
}

function count(counts: L1Counts, event: PlacedEvent): L1Counts {
  const { messages, head, finalizedHead } = counts;
  switch (event.kind) {
    case "message":
      expect(event, "message", event.message.index, messages);
      return { messages: messages + 1n, head, finalizedHead };
    case "batch":
      expect(event, "batch", event.header.index, head + 1n);
      return { messages, head: head + 1n, finalizedHead };
    case "finalized":
      expect(event, "finalized batch", event.index, finalizedHead + 1n);
      return { messages, head, finalizedHead: finalizedHead + 1n };
    case "reverted":
      expect(event, "last reverted batch", event.toIndex, head);
      return { messages, head: event.fromIndex - 1n, finalizedHead };
    default:
      return counts;
  }
}

function expect(event: PlacedEvent, what: string, got: bigint, next: bigint): void {
  if (got === next) return;
  throw new L1InconsistentError(
    `${what} ${got} in block ${event.block.number} where ${next} comes next; the provider left out events`,
  );
}

function checkCounts(seen: Checkpoint, counted: L1Counts): void {
  for (const name of ["messages", "head", "finalizedHead"] as const) {
    if (seen[name] === counted[name]) continue;
    throw new L1InconsistentError(
      `events up to block ${seen.block.number} give ${name} = ${seen[name]}, the contracts say ${counted[name]}`,
    );
  }
}

function pick({ messages, head, finalizedHead }: L1Counts): L1Counts {
  return { messages, head, finalizedHead };
}

/** Drops checkpoints at or below `floor`, except the highest of them. */
function prune(checkpoints: readonly Checkpoint[], floor: number): readonly Checkpoint[] {
  const below = checkpoints.findLastIndex(({ block }) => block.number <= floor);
  return below > 0 ? checkpoints.slice(below) : checkpoints;
}

/** Before everything; its block is never compared. */
function origin(fromBlock: number): Checkpoint {
  return { block: { number: fromBlock - 1, hash: "0x", timestamp: 0n }, messages: 0n, head: 0n, finalizedHead: 0n };
}

async function existing(source: L1Source, at: number | "latest", signal?: AbortSignal): Promise<L1Block> {
  const block = await source.block(at, signal);
  if (block === undefined) throw new L1InconsistentError(`the provider does not know block ${at}`);
  return block;
}
