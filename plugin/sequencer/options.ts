import type { PostedBatch } from "../l1/client.js";
import type { FollowerCursor, ResumableFollower } from "../l1/follower.js";
import type { Journal } from "../l1/journal.js";
import type { BatchPoster } from "../l1/poster.js";
import type { Store } from "../store/types.js";
import type { BatchHeader, Hex } from "../types.js";
import type { SequencerLedger } from "./ledger.js";
import type { Log } from "./log.js";
import type { MempoolLimits } from "./mempool.js";
import type { TokenMetadata } from "./rpc/context.js";

/** What the sequencer needs of L1. */
export interface SequencerL1 {
  /** A follower that continues where the cursor says, or at the first block of the suite. */
  follow: (cursor: FollowerCursor | undefined) => ResumableFollower;
  /** Data of a batch on L1, checked against its header. */
  batchData: (header: BatchHeader, signal?: AbortSignal) => Promise<Uint8Array>;
  /** Posts batches, with its journal in the sequencer's store. Called once, at the start. */
  poster: (journal: Journal) => Promise<BatchPoster>;
  /** What a token says of itself; undefined for what is no token. */
  tokenMetadata?: (token: Hex) => Promise<TokenMetadata | undefined>;
}

export interface SequencerOptions {
  l2ChainId: bigint;
  /** The bridge on L1. */
  bridge: Hex;
  genesis: BatchHeader;
  /** Seconds; the deployment's. */
  forceInclusionDelay: bigint;
  l1: SequencerL1;
  /** What is run: `guestLedger`, or that of validity proofs. */
  ledger: SequencerLedger;
  /** An open store, which stays the caller's to close. An executor must have the same. */
  store: Store;
  /** Receives the fees. */
  coinbase: Hex;
  /** Wei per gas; default 0.01 gwei. */
  baseFee?: bigint | undefined;
  /** Least priority fee, wei per gas; default 0. */
  minPriorityFee?: bigint | undefined;
  /**
   * When blocks are made: `auto` as soon as there is something to put into one (default), every so many milliseconds, or only
   * by `seal()`.
   */
  blocks?: "auto" | "manual" | { every: number } | undefined;
  /**
   * When batches are posted: by `post()` only (default), or when this many bytes are waiting or the oldest block is this
   * many milliseconds old.
   */
  batches?: "manual" | { bytes: number; age: number } | undefined;
  /** Milliseconds between looks at L1; default 1,000. `manual`: only by `sync()`. */
  pollInterval?: number | "manual" | undefined;
  /** Bytes of a batch at most; default 120,000. */
  maxBatchBytes?: number | undefined;
  mempool?: Partial<MempoolLimits> | undefined;
  /** Milliseconds since 1970; default the machine's. */
  clock?: (() => number) | undefined;
  log?: Log | undefined;
}

/** A batch that was posted. */
export interface PostResult extends PostedBatch {
  /** L2 blocks in it. */
  blocks: number;
  transactions: number;
  /** Bytes of its data. */
  bytes: number;
}
