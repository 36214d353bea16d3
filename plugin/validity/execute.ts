import { inboxAcc, withdrawalsRoot } from "../ledger/hashes.js";
import type { BatchOutput, LedgerInput, NodeReader, Receipt as LedgerReceipt, StateNode } from "../ledger/types.js";
import { toHex } from "../ledger/bytes.js";
import type { Hex, Withdrawal } from "../types.js";
import { type BatchSegment, decodeBatch } from "./batch.js";
import { toAddress } from "./leaf.js";
import { replaySegment, UnprovableSegmentError } from "./replay.js";
import { FeeLeafError, SegmentFullError } from "./run.js";
import type { Receipt, SegmentResult } from "./segment.js";
import { openState } from "./state.js";

/** The size of a circuit. */
export interface CircuitSize {
  /** SLOTS */
  slots: number;
  /** LEVELS */
  levels: number;
}

/** A segment that was executed again, and the nodes that its state has and the one before lacks. */
export interface Replayed {
  result: SegmentResult;
  stateRoot: Hex;
  nodes: StateNode[];
}

/**
 * Executes the segments of a batch from its data, without signatures.
 * @returns As far as they can be proved; all of them, if the batch is right.
 */
export function replayBatch(
  { slots, levels }: CircuitSize,
  segments: readonly BatchSegment[],
  { prevStateRoot, messages }: Pick<LedgerInput, "prevStateRoot" | "messages">,
  nodes: NodeReader,
): Replayed[] {
  const added = new Map<Hex, Uint8Array>();
  const reader: NodeReader = { get: (hash) => added.get(toHex(hash)) ?? nodes.get(hash) };
  const replayed: Replayed[] = [];
  let root = prevStateRoot;
  let next = 0;
  for (const segment of segments) {
    const state = openState(levels, root, reader);
    const consumed = messages.slice(next, next + segment.messages);
    next += segment.messages;
    let result: SegmentResult;
    try {
      result = replaySegment(state, segment, consumed, slots);
    } catch (error) {
      if (isUnprovable(error)) break;
      throw error;
    }
    root = state.root();
    const made = state.takeNodes();
    for (const { hash, preimage } of made) added.set(toHex(hash), preimage);
    replayed.push({ result, stateRoot: root, nodes: made });
  }
  return replayed;
}

/** Whether this says that no proof of a segment exists. */
export function isUnprovable(error: unknown): error is Error {
  return [UnprovableSegmentError, SegmentFullError, FeeLeafError].some((kind) => error instanceof kind);
}

/**
 * Executes a batch as validators and who rebuilds L2 do.
 * @returns Of a batch that nobody can prove: the state before its first false segment.
 * @throws MalformedDataError for data that L1 refuses.
 */
export function executeValidity(size: CircuitSize, input: LedgerInput, nodes: NodeReader): BatchOutput {
  const segments = decodeBatch(input.data);
  const replayed = replayBatch(size, segments, input, nodes);
  const withdrawals: Withdrawal[] = [];
  const receipts: LedgerReceipt[] = [];
  for (const [block, { result }] of replayed.entries()) {
    for (const receipt of result.receipts) {
      const shown = showReceipt(receipt, input.messages, block);
      if (shown !== undefined) receipts.push(shown);
      if (receipt.source !== "operation" && receipt.withdrawal !== undefined) withdrawals.push(receipt.withdrawal);
    }
  }
  return {
    stateRoot: replayed.at(-1)?.stateRoot ?? input.prevStateRoot,
    withdrawalsRoot: withdrawalsRoot(withdrawals),
    l2BlockTo: input.l2BlockFrom + BigInt(segments.length),
    inboxAcc: inboxAcc(input.prevInboxAcc, input.messages),
    withdrawals,
    receipts,
    nodes: replayed.flatMap(({ nodes: made }) => made),
  };
}

/** What the sequencer adds by itself has no receipt. */
function showReceipt(receipt: Receipt, messages: LedgerInput["messages"], block: number): LedgerReceipt | undefined {
  if (receipt.source === "operation") return undefined;
  if (receipt.source === "transfer") {
    const { transfer, fee } = receipt;
    const sender = toAddress(transfer.owner);
    return { source: "transaction", status: "succeeded", block, sender, gasUsed: 1n, fee };
  }
  const sender = messages.find(({ index }) => index === receipt.index)!.sender;
  const status = receipt.operation === undefined ? "skipped" : receipt.outcome === "nothing" ? "failed" : "succeeded";
  return { source: "message", status, block, sender, gasUsed: 0n, fee: 0n };
}
