import type { L1Client } from "../l1/client.js";
import type { L1Source } from "../l1/follower.js";
import type { NodeReader } from "../ledger/types.js";
import type { Store } from "../store/types.js";
import { type BatchHeader, type Hex, type InboxMessage, type Withdrawal, ZERO_ADDRESS } from "../types.js";
import { applyEvents, NO_HISTORY, type PostedHeader } from "../validator/history.js";
import { openRecords } from "../validator/records.js";
import { describe, type Program, type StateReader, type Summary } from "../validator/types.js";
import { createValidator, withGenesis } from "../validator/validator.js";
import { GUEST_STATE } from "./guest-state.js";
import { resumableSource } from "./resumable-source.js";

export type ReconstructionEvent =
  /** The events of L1 up to `block` are read; `last` is the last block there is. */
  | { kind: "read"; block: number; last: number }
  /** A batch was executed and left the roots that L1 has. */
  | { kind: "executed"; index: bigint; last: bigint; messages: number; transactions: number };

export interface ReconstructOptions {
  client: Pick<L1Client, "deployment" | "batchData" | "heads">;
  /** L1 as a follower reads it: `createSource(client)`. */
  source: L1Source;
  program: Program;
  /** Its own; what it holds is continued. */
  store: Store;
  log?: ((event: ReconstructionEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A withdrawal of a final batch that nobody claimed. */
export interface UnclaimedWithdrawal {
  posted: PostedHeader;
  leafIndex: number;
  /** All of its batch, in order. */
  withdrawals: Withdrawal[];
}

/** The L2 as L1 alone has it. */
export interface Reconstruction {
  /** L1 block up to which it was read. */
  block: number;
  /** The last final batch, or genesis: its state is what a frozen chain pays. */
  header: BatchHeader;
  /** Index of the last batch; those above `header.index` are not final. */
  head: bigint;
  /** Nodes of every state from genesis to the last right batch. */
  nodes: NodeReader;
  /** Reads them. */
  state: StateReader;
  /** Inbox messages that the last final batch left, from `header.inboxTo` on. */
  left: readonly InboxMessage[];
  /** ETH (the zero address) and every token that was ever deposited. */
  tokens: readonly Hex[];
  unclaimed(): UnclaimedWithdrawal[];
}

/** A final batch is false: what L1 pays by is not what the batches lead to, and nobody knows the state behind it. */
export class FalseFinalBatchError extends Error {
  override readonly name = "FalseFinalBatchError";
  constructor(readonly summary: Summary) {
    super(
      `${summary.disagreement === undefined ? "a batch is false" : describe(summary.disagreement)}; it became final all the same, so nobody can prove a balance of the state it claims`,
    );
  }
}

/**
 * Rebuilds the whole state from L1: reads every event, executes every batch that was not executed before, compares
 * every root.
 * @throws {FalseFinalBatchError | L1UnavailableError | L1InconsistentError | BatchDataError}
 */
export async function reconstruct(options: ReconstructOptions): Promise<Reconstruction> {
  const { client, program, store, log = () => undefined, signal } = options;
  const source = resumableSource(options.source, store, (block, last) => {
    log({ kind: "read", block, last });
  });
  const { head: last } = await client.heads(signal);
  const validator = await createValidator({
    client,
    source,
    program,
    store,
    log(event) {
      if (event.kind !== "agree") return;
      const { index, messages, transactions } = event;
      log({ kind: "executed", index, last: index > last ? index : last, messages, transactions });
    },
  });
  const summary = await validator.run({ watch: false, signal });
  // The validator has the events on disk now.
  await source.forget();
  return stateOf(client.deployment.genesis, summary, store, program.state ?? GUEST_STATE);
}

async function stateOf(
  genesis: BatchHeader,
  summary: Summary,
  store: Store,
  state: StateReader,
): Promise<Reconstruction> {
  const records = openRecords(store);
  const events = await records.events();
  const { messages, batches } = applyEvents(NO_HISTORY, events);
  const finalCount = events.filter(({ kind }) => kind === "finalized").length;
  if (summary.disagreement !== undefined && summary.disagreement.index <= BigInt(finalCount)) {
    throw new FalseFinalBatchError(summary);
  }
  const header = batches[finalCount - 1]?.header ?? genesis;
  const tokens = new Set<Hex>([ZERO_ADDRESS]);
  for (const { kind, token } of messages) if (kind === 0) tokens.add(token);

  function unclaimed(): UnclaimedWithdrawal[] {
    const claimed = new Set<string>();
    for (const event of events) if (event.kind === "claimed") claimed.add(`${event.batchIndex}:${event.leafIndex}`);
    return batches.slice(0, finalCount).flatMap((posted) => {
      const withdrawals = records.withdrawals(posted.headerHash);
      return withdrawals.flatMap((_, leafIndex) =>
        claimed.has(`${posted.header.index}:${leafIndex}`) ? [] : [{ posted, leafIndex, withdrawals }],
      );
    });
  }

  return {
    block: summary.block,
    header,
    head: summary.batches,
    nodes: withGenesis(records.nodes, state.genesis),
    state,
    left: messages.slice(Number(header.inboxTo)),
    tokens: [...tokens],
    unclaimed,
  };
}

/** Every account of the last final state. */
export function accountsOf({
  nodes,
  header,
  state,
}: Pick<Reconstruction, "nodes" | "header" | "state">): Iterable<Hex> {
  return state.accounts(nodes, header.stateRoot);
}
