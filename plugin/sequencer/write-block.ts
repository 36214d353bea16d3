import type { StateNode } from "../ledger/types.js";
import type { StoreOperation } from "../store/types.js";
import { ZERO_ADDRESS, type Hex, type InboxMessage } from "../types.js";
import type { BlockHead } from "./block-executor.js";
import { put, type StoredWithdrawal } from "./database.js";
import type { ExecutorParts } from "./ledger.js";
import { blockHash, type BlockEntry, type L2Block } from "./records.js";

/** What an executed block leaves. */
export interface BlockResult {
  previous: L2Block;
  head: Omit<BlockHead, "messages">;
  messages: readonly InboxMessage[];
  stateRoot: Hex;
  /** Accumulator after the messages. */
  inboxAcc: Hex;
  entries: BlockEntry[];
  withdrawals: StoredWithdrawal[];
  /** Addresses that emitted events. */
  emitters: Iterable<Hex>;
  nodes: readonly StateNode[];
}

/** Writes a block with everything that belongs to it, at once; on disk when it resolves. */
export async function writeBlock(
  { database, nodes }: Pick<ExecutorParts, "database" | "nodes">,
  { previous, head, messages, stateRoot, inboxAcc, entries, withdrawals, emitters, nodes: made }: BlockResult,
  extra: StoreOperation[],
): Promise<L2Block> {
  const number = previous.number + 1n;
  const unhashed = {
    number,
    parentHash: previous.hash,
    ...head,
    stateRoot,
    inboxTo: previous.inboxTo + BigInt(messages.length),
    inboxAcc,
    withdrawals: previous.withdrawals + BigInt(withdrawals.length),
    gasUsed: entries.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    size: entries.length,
    emitters: [...emitters],
  };
  const block = { ...unhashed, hash: blockHash(unhashed, entries) };
  await database.write(
    [
      ...made.map(({ hash, preimage }) => put.node(hash, preimage)),
      ...put.block(block, entries),
      ...withdrawals.map(put.withdrawal),
      ...messages.flatMap(({ kind, token }) => (kind === 0 && token !== ZERO_ADDRESS ? [put.token(token)] : [])),
      ...extra,
      put.single("head", number),
    ],
    { sync: true },
  );
  nodes.add(made);
  return block;
}
