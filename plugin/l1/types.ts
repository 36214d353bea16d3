import type { DisputeClaim } from "../dispute/types.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";

export interface L1Block {
  number: number;
  hash: Hex;
  timestamp: bigint;
}

/** What the suite did on L1, in order. */
export type L1Event =
  | { kind: "message"; message: InboxMessage }
  | { kind: "batch"; header: BatchHeader; headerHash: Hex; transaction: Hex }
  | { kind: "finalized"; index: bigint; headerHash: Hex }
  | { kind: "reverted"; fromIndex: bigint; toIndex: bigint }
  | { kind: "claimed"; batchIndex: bigint; leafIndex: bigint }
  | GameEvent;

/** What happened in dispute games; docs/dispute.md. */
export type GameEvent =
  /** The first claim against a batch comes right before it. */
  | { kind: "gameOpened"; headerHash: Hex; index: bigint }
  | { kind: "claimMade"; id: Hex; claimant: Hex; claim: DisputeClaim; list: Hex[] }
  | { kind: "claimStepped"; id: Hex; index: number; state: Hex; winner: Hex }
  | { kind: "claimResolved"; id: Hex; isRefuted: boolean; payee: Hex; amount: bigint }
  /** `winner` is zero where the batch stands. */
  | { kind: "gameResolved"; headerHash: Hex; index: bigint; winner: Hex }
  | { kind: "creditPaid"; account: Hex; to: Hex; amount: bigint }
  /** Data of a batch were demanded and withheld; it falls when its game is over. */
  | { kind: "batchUnavailable"; headerHash: Hex; demandId: Hex; claimant: Hex }
  | DemandEvent;

/** What happened to demands for data that members attested; docs/data-availability.md §4. */
export type DemandEvent =
  | {
      kind: "chunkDemanded";
      id: Hex;
      batchIndex: bigint;
      claimant: Hex;
      chunk: ChunkId;
      dataHash: Hex;
      /** L1 time in seconds from which on it is too late. */
      answerBy: bigint;
    }
  /** The chunk stands in the log. */
  | { kind: "chunkAnswered"; id: Hex; answerer: Hex }
  | { kind: "demandClosed"; id: Hex; isUpheld: boolean };

/** Which chunk of which batch. */
export interface ChunkId {
  headerHash: Hex;
  /** Of the data's chunks. */
  root: Hex;
  /** Of the data, in bytes. */
  length: bigint;
  index: number;
}

export type PlacedEvent = L1Event & { block: L1Block; logIndex: number };

/** One step of following L1. `rollbackTo`: blocks above it that were reported before are gone; then come new events. */
export interface L1Update {
  rollbackTo?: number;
  events: PlacedEvent[];
  /** Everything up to here has been reported. */
  head: L1Block;
}

/** Follows the suite's events from a block on. */
export interface L1Follower {
  /** Reads what is new; never reports the same thing twice unless a rollback came between. */
  poll(signal?: AbortSignal): Promise<L1Update>;
}
