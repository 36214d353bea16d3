import type { Provider } from "ethers";

import type { Blob } from "../ledger/types.js";
import type { Hex } from "../types.js";

/** A transaction to get mined. */
export interface Intent {
  /** Names the purpose: sending the same key again resumes or returns the first sending, also after a restart. */
  key: string;
  /** The purpose in words, for errors: "batch 7", "the deposit". */
  what: string;
  to: Hex;
  data: Hex;
  /** Wei; default 0. */
  value?: bigint;
  /** Blobs that the transaction carries. */
  blobs?: readonly BlobWithProof[] | undefined;
  /**
   * What to estimate instead of `data`, and how much gas to add: not every node estimates a transaction that reads its blobs.
   */
  estimateBy?: { data: Hex; extraGas: bigint } | undefined;
}

/** A blob as it travels in a transaction. */
export interface BlobWithProof extends Blob {
  /** That the blob has the commitment, 48 bytes. */
  proof: Uint8Array;
}

/** What a sender tells of its work. */
export type SenderEvent =
  | {
      kind: "sent" | "replaced" | "rebroadcast";
      what: string;
      nonce: number;
      hash: Hex | undefined;
      maxFeePerGas: bigint;
      /** Of a transaction with blobs. */
      maxFeePerBlobGas?: bigint | undefined;
    }
  | { kind: "capped"; what: string; nonce: number; cap: bigint }
  | { kind: "vanished"; what: string; nonce: number; hash: Hex }
  | { kind: "mined"; what: string; nonce: number; hash: Hex; block: number; gasUsed: bigint };

/** What a sender needs of a node. */
export type SenderProvider = Pick<
  Provider,
  | "getNetwork"
  | "getTransactionCount"
  | "getFeeData"
  | "getBalance"
  | "getBlockNumber"
  | "estimateGas"
  | "call"
  | "broadcastTransaction"
  | "getTransactionReceipt"
>;
