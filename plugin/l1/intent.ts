import type { Provider } from "ethers";

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
}

/** What a sender tells of its work. */
export type SenderEvent =
  | {
      kind: "sent" | "replaced" | "rebroadcast";
      what: string;
      nonce: number;
      hash: Hex | undefined;
      maxFeePerGas: bigint;
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
