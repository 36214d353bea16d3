import type { LedgerLog } from "../../ledger/erc20.js";
import type { SignedTransaction } from "../../ledger/transaction.js";
import type { Hex, InboxMessage } from "../../types.js";
import type { Chain } from "../chain.js";
import type { Database } from "../database.js";
import { logsOf } from "../effects.js";
import type { L1View } from "../l1-view.js";
import type { SequencerLedger } from "../ledger.js";
import type { BlockEntry, L2Block } from "../records.js";
import { RPC_CODES, RpcError } from "../errors.js";
import type { BlockId } from "./params.js";

/** An executed transaction or message with everything that clients ask about it. */
export interface FullEntry {
  block: L2Block;
  position: number;
  entry: BlockEntry;
  /** Of the mempool, or forced through the inbox; undefined for deposits and forced withdrawals. */
  transaction: SignedTransaction | undefined;
  /** The inbox message that caused it, if one did. */
  message: InboxMessage | undefined;
  /** Wei per gas that it paid. */
  gasPrice: bigint;
  /** Gas of the block up to and with it. */
  cumulativeGas: bigint;
  logs: LedgerLog[];
  /** Position of its first log in the block. */
  logIndex: number;
  /** Nonce of the withdrawal that it appended. */
  withdrawal: bigint | undefined;
}

/** Looks blocks up and works out what they do not store. */
export interface BlockReader {
  block(id: BlockId): L2Block | undefined;
  /** @throws {RpcError} when there is no such block. */
  existing(id: BlockId): L2Block;
  entries(block: L2Block): FullEntry[];
  entry(hash: Hex): FullEntry | undefined;
}

const RECENT_BLOCKS = 16;

export function createBlockReader(
  chain: Chain,
  ledger: SequencerLedger,
  database: Database,
  view: () => L1View,
): BlockReader {
  function numberOf(id: BlockId): bigint | undefined {
    if ("number" in id) return id.number;
    if ("hash" in id) return database.blockNumber(id.hash);
    const { batches, finalizedIndex } = view();
    switch (id.tag) {
      case "earliest":
        return 0n;
      case "safe":
        return batches.at(-1)!.header.l2BlockTo;
      case "finalized":
        return batches[Number(finalizedIndex)]!.header.l2BlockTo;
      default:
        return chain.head.number;
    }
  }

  function block(id: BlockId): L2Block | undefined {
    const number = numberOf(id);
    if (number === undefined || number > chain.head.number) return undefined;
    return number === chain.head.number ? chain.head : database.block(number);
  }

  /** Clients ask for every receipt of a block, one after the other. */
  const recent = new Map<Hex, FullEntry[]>();

  function entries(of: L2Block): FullEntry[] {
    const known = recent.get(of.hash);
    if (known !== undefined) return known;
    const found = expand(of);
    recent.set(of.hash, found);
    if (recent.size > RECENT_BLOCKS) recent.delete(recent.keys().next().value!);
    return found;
  }

  function expand(of: L2Block): FullEntry[] {
    if (of.size === 0) return [];
    let nonce = database.block(of.number - 1n)!.withdrawals;
    let logIndex = 0;
    let cumulativeGas = 0n;
    return database.entries(of.number).map((entry, position) => {
      const message = entry.source === "message" ? database.message(entry.index)!.message : undefined;
      const transaction =
        entry.source === "transaction" ? ledger.parse(entry.raw) : message && ledger.forcedTransaction(message);
      const next = database.withdrawal(nonce);
      const isItsOwn = next?.location.block === of.number && next.location.position === position;
      const withdrawal = isItsOwn ? nonce++ : undefined;
      const action = transaction ?? { message: message! };
      const logs = entry.succeeded ? logsOf(action, entry.sender, isItsOwn ? next.withdrawal : undefined) : [];
      cumulativeGas += entry.gasUsed;
      const full: FullEntry = {
        block: of,
        position,
        entry,
        transaction,
        message,
        gasPrice: transaction === undefined ? 0n : effectiveGasPrice(transaction, of.baseFee),
        cumulativeGas,
        logs,
        logIndex,
        withdrawal,
      };
      logIndex += logs.length;
      return full;
    });
  }

  return {
    block,
    existing(id) {
      const found = block(id);
      if (found !== undefined) return found;
      const wanted = "tag" in id ? id.tag : "number" in id ? `number ${id.number}` : id.hash;
      throw new RpcError(
        RPC_CODES.rejected,
        `header not found: no block ${wanted}, the last one is ${chain.head.number}`,
      );
    },
    entries,
    entry(hash) {
      const location = database.location(hash);
      if (location === undefined) return undefined;
      const found = database.block(location.block);
      return found && entries(found)[location.position];
    },
  };
}

export function effectiveGasPrice({ maxFeePerGas, maxPriorityFeePerGas }: SignedTransaction, baseFee: bigint): bigint {
  const wished = baseFee + maxPriorityFeePerGas;
  return wished < maxFeePerGas ? wished : maxFeePerGas;
}
