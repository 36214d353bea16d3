import type { BatchSegment } from "./batch.js";
import type { SegmentResult } from "./segment.js";
import { type BatchContext, elementsOf, segmentHash, type Statement, statementOf } from "./statement.js";

/** What a proof of one segment is about. */
export interface ProvableSegment {
  /** d, in order. */
  elements: bigint[];
  statement: Statement;
}

/**
 * Puts executed segments together into a batch, once it is known what its header says.
 * @param slotCount SLOTS of the circuit.
 */
export function sealBatch(context: BatchContext, results: readonly SegmentResult[], slotCount: number): BatchSegment[] {
  return results.map(({ content, messages, operations, transfers, exits }, i) => ({
    messages,
    operations,
    exits,
    withdrawalNonce: content.withdrawalNonce,
    feeLeaf: content.feeLeaf,
    stateRoot: content.stateRoot,
    h: segmentHash(context, i, content, slotCount),
    transfers,
  }));
}

/**
 * What is to be proved of each segment.
 * @param sealed From sealBatch, of the same context.
 * @param isOnL1 Whether the transfers stand on L1.
 */
export function provableSegments(
  context: BatchContext,
  results: readonly SegmentResult[],
  sealed: readonly BatchSegment[],
  isOnL1: boolean,
): ProvableSegment[] {
  return results.map(({ content }, i) => {
    const elements = elementsOf(context, i, content, isOnL1);
    return { elements, statement: statementOf(elements, sealed[i]!.h) };
  });
}
