import { headerHash, nextInboxAcc } from "../ledger/hashes.js";
import type { L1Block, L1Update, PlacedEvent } from "../l1/types.js";
import type { StoreOperation } from "../store/types.js";
import { ZERO_HASH, type BatchHeader, type Hex, type InboxMessage } from "../types.js";
import { put, remove, type StoredMessage } from "./database.js";

/** A batch as L1 has it now. */
export interface KnownBatch {
  header: BatchHeader;
  headerHash: Hex;
  /** The L1 transaction that posted it; undefined for genesis. */
  transaction: Hex | undefined;
  /** L1 block that has it; undefined for genesis. */
  l1Block: L1Block | undefined;
}

/** What L1 says, as far as it was followed. A value: updates make a new one. */
export interface L1View {
  /** Undefined before the first update. */
  head: L1Block | undefined;
  /** Inbox messages enqueued. */
  messageCount: bigint;
  /** Batches by index. */
  batches: readonly KnownBatch[];
  /** Index of the last final batch. */
  finalizedIndex: bigint;
  /** Keys of claimed withdrawals; see {@link claimKey}. */
  claimed: ReadonlySet<string>;
  /** Everything but messages, in L1 order. */
  events: readonly PlacedEvent[];
}

export interface ViewChange {
  view: L1View;
  operations: StoreOperation[];
  /** L2 block to which the batches on L1 were cut back by a revert. */
  revertedTo: bigint | undefined;
}

export function claimKey(batchIndex: bigint, leafIndex: bigint): string {
  return `${batchIndex}/${leafIndex}`;
}

/** What the events of a chain that began with `genesis` add up to. */
export function viewOf(
  genesis: BatchHeader,
  events: readonly PlacedEvent[],
  rest: Pick<L1View, "head" | "messageCount">,
): L1View {
  const batches: KnownBatch[] = [
    { header: genesis, headerHash: headerHash(genesis), transaction: undefined, l1Block: undefined },
  ];
  const claimed = new Set<string>();
  let finalizedIndex = 0n;
  for (const event of events) {
    switch (event.kind) {
      case "message":
        break;
      case "batch": {
        const { header, headerHash: hash, transaction, block } = event;
        batches.length = Number(header.index);
        batches.push({ header, headerHash: hash, transaction, l1Block: block });
        break;
      }
      case "reverted":
        batches.length = Number(event.fromIndex);
        break;
      case "finalized":
        finalizedIndex = event.index;
        break;
      case "claimed":
        claimed.add(claimKey(event.batchIndex, event.leafIndex));
    }
  }
  return { ...rest, batches, claimed, finalizedIndex, events };
}

/**
 * Takes in what the follower reports.
 * @param message Reads a message that was stored.
 */
export function updateView(
  view: L1View,
  update: L1Update,
  message: (index: bigint) => StoredMessage | undefined,
): ViewChange {
  const operations: StoreOperation[] = [];
  const { rollbackTo, head } = update;
  let { messageCount } = view;
  let events = view.events;
  if (rollbackTo !== undefined) {
    while (messageCount > 0n && message(messageCount - 1n)!.l1Block > rollbackTo) {
      messageCount--;
      operations.push(remove.message(messageCount));
    }
    operations.push(...events.filter(({ block }) => block.number > rollbackTo).map(remove.event));
    events = events.filter(({ block }) => block.number <= rollbackTo);
  }

  let acc = messageCount === 0n ? ZERO_HASH : message(messageCount - 1n)!.acc;
  const added: PlacedEvent[] = [];
  for (const event of update.events) {
    if (event.kind !== "message") {
      added.push(event);
      operations.push(put.event(event));
      continue;
    }
    const { block } = event;
    const lower = lowerCase(event.message);
    acc = nextInboxAcc(acc, lower);
    messageCount++;
    operations.push(put.message({ message: lower, acc, l1Block: block.number }));
  }

  const genesis = view.batches[0]!.header;
  const changed = added.length > 0 || events.length < view.events.length;
  const next = changed
    ? viewOf(genesis, [...events, ...added], { head, messageCount })
    : { ...view, head, messageCount };
  const reverted = added.some(({ kind }) => kind === "reverted");
  return { view: next, operations, revertedTo: reverted ? next.batches.at(-1)!.header.l2BlockTo : undefined };
}

/** Addresses are compared as text everywhere else. */
function lowerCase(message: InboxMessage): InboxMessage {
  const { sender, target, token } = message;
  return {
    ...message,
    sender: sender.toLowerCase() as Hex,
    target: target.toLowerCase() as Hex,
    token: token.toLowerCase() as Hex,
  };
}
