import type { BaseWallet, Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { RollupChain } from "../../plugin/hardhat/types.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import type { Books } from "../demo/books.js";
import type { Output } from "../support/output.js";
import type { Severity, TokenReport } from "./types.js";

/** Who acts: accounts with fresh keys, which exist on the fork only. */
export interface People {
  /** Brings everything to L2. */
  alice: BaseWallet;
  /** Is paid on L2, and withdraws. */
  bob: BaseWallet;
  /** Dislikes an upgrade. */
  carol: BaseWallet;
  /** Is put on a token's blocklist while a withdrawal is on its way. */
  dave: BaseWallet;
  /** Has nothing, and gets what dave may not have. */
  erin: BaseWallet;
  /** Claims for others, and pays the gas. */
  payer: BaseWallet;
  sequencer: BaseWallet;
  validator: BaseWallet;
  liar: BaseWallet;
}

/** A token that takes part; ETH is one. */
export interface Actor extends TokenReport {
  /** Whether it is on L2. */
  isDeposited: boolean;
  /** Of a transfer less arrives than was sent, which was said once. */
  takesFee: boolean;
  /** It did not pay as asked, which was said: what is missing later may be its own doing. */
  isOdd: boolean;
}

/** Tokens that count in shares are off by so many of their smallest units. */
const ROUNDING = 10n;

/** What a lack of `missing` is: of ETH, and of a token that did all that was asked, money that somebody lost. */
export function lackOf(token: Actor, missing: bigint): Severity {
  if (token.address === ZERO_ADDRESS) return "essential";
  return token.isOdd || token.takesFee || missing <= ROUNDING ? "note" : "essential";
}

/** What the scenes of a rehearsal share. */
export interface Stage {
  connection: NetworkConnection;
  chain: RollupChain;
  /** L1 for an account; for reading without one. */
  l1(signer?: Signer): L1Client;
  people: People;
  tokens: Actor[];
  /** What each account must have on L2. */
  books: Books;
  /** Withdrawals that could not be claimed. */
  unclaimed: { token: Actor; amount: bigint }[];
  /** Who may have a credit. */
  creditors: Set<Hex>;
  output: Output;
  signal: AbortSignal;
}

/** Timestamp of the block that a transaction is in. */
export async function timeOf({ connection }: Pick<Stage, "connection">, transaction: string): Promise<bigint> {
  const { provider } = connection.ethers;
  const receipt = await provider.getTransactionReceipt(transaction);
  const block = receipt === null ? null : await provider.getBlock(receipt.blockNumber);
  if (block === null) throw new Error(`L1 does not have transaction ${transaction}`);
  return BigInt(block.timestamp);
}
