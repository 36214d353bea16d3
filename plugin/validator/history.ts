import type { PlacedEvent } from "../l1/types.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";

export interface PostedHeader {
  header: BatchHeader;
  headerHash: Hex;
  transaction: Hex;
}

/** What L1 has now, as its events tell it. */
export interface History {
  messages: readonly InboxMessage[];
  /** Position 0 is batch 1. */
  batches: readonly PostedHeader[];
}

/** `history` after `events`; to undo events, start again from none. */
export function applyEvents(history: History, events: readonly PlacedEvent[]): History {
  if (events.length === 0) return history;
  const messages = [...history.messages];
  const batches = [...history.batches];
  for (const event of events) {
    if (event.kind === "message") messages.push(event.message);
    if (event.kind === "batch") {
      const { header, headerHash, transaction } = event;
      batches.push({ header, headerHash, transaction });
    }
    if (event.kind === "reverted") batches.length = Number(event.fromIndex) - 1;
  }
  return { messages, batches };
}

export const NO_HISTORY: History = { messages: [], batches: [] };
