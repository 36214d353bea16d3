import type { NodeReader, ReceiptStatus } from "../../ledger/types.js";
import type { Hex } from "../../types.js";
import type { SimulatedCall } from "../block-executor.js";
import type { Chain } from "../chain.js";
import type { Database } from "../database.js";
import type { L1View } from "../l1-view.js";
import type { SequencerLedger } from "../ledger.js";
import type { L2Block } from "../records.js";
import type { BlockReader } from "./blocks.js";
import type { Json } from "./format.js";

/** What a token says of itself on L1. */
export interface TokenMetadata {
  name?: string;
  symbol?: string;
  decimals?: number;
  /** In the token's smallest unit: what is in the bridge. */
  totalSupply?: bigint;
}

/** All that the methods need. */
export interface RpcContext {
  l2ChainId: bigint;
  /** Wei per gas. */
  baseFee: bigint;
  /** Wei per gas. */
  minPriorityFee: bigint;
  clientVersion: string;
  chain: Chain;
  ledger: SequencerLedger;
  database: Database;
  nodes: NodeReader;
  blocks: BlockReader;
  view: () => L1View;
  submit: (raw: Uint8Array) => Promise<Hex>;
  /** What the ledger would make of a call after a block, free of fees. */
  simulate: (block: L2Block, call: SimulatedCall) => Promise<ReceiptStatus>;
  /** undefined for what is no token. */
  tokenMetadata: (token: Hex) => Promise<TokenMetadata | undefined>;
  /** What `rollup_status` adds: how the loops are doing. */
  health: () => Record<string, unknown>;
}

/** Parameters as they came. */
export type Method = (params: readonly unknown[], context: RpcContext) => Json | Promise<Json>;
