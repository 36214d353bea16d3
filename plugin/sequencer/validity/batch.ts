import { chunkRoot, dataHash, dataHashOfRoot } from "../../ledger/hashes.js";
import type { NodeReader } from "../../ledger/types.js";
import type { Statement as ShownStatement } from "../../l1/poster.js";
import { encodeValidityInput, shownBytes } from "../../l1/validity-data.js";
import type { Hex, InboxMessage } from "../../types.js";
import { type BatchSegment, decodeBatch, encodeBatch, encodeShown, showBatch } from "../../validity/batch.js";
import { type CircuitSize, replayBatch } from "../../validity/execute.js";
import { provableSegments, sealBatch } from "../../validity/seal.js";
import type { SegmentResult } from "../../validity/segment.js";
import { type BatchContext, certifiedRoot, type Domain, statementHash } from "../../validity/statement.js";
import { ExecutorFaultError } from "../block-executor.js";
import type { BatchBuilder, BatchTarget } from "../ledger.js";

export interface ValidityBatchOptions {
  domain: Domain;
  size: CircuitSize;
  submitter: Hex;
  maxBytes: number;
  nodes: NodeReader;
}

/** One proof for each: together they must fit into one transaction of L1. */
const MAX_SEGMENTS = 32;

/** Puts the segments of blocks together into a batch. */
export function validityBatch({ domain, size, submitter, maxBytes, nodes }: ValidityBatchOptions): BatchBuilder {
  const segments: BatchSegment[] = [];
  let bytes = 0;
  return {
    add(_block, _before, data) {
      const fits = segments.length < MAX_SEGMENTS && bytes + data.length <= maxBytes;
      if (segments.length > 0 && !fits) return false;
      segments.push(decodeBatch(data)[0]!);
      bytes += data.length;
      return true;
    },
    get blocks() {
      return segments.length;
    },
    get transactions() {
      return segments.reduce(
        (sum, { transfers, operations }) => sum + transfers.length + operations.filter(({ kind }) => kind === 4).length,
        0,
      );
    },
    finish({ parent, claim, messages }: BatchTarget) {
      const replayed = replayBatch(size, segments, { prevStateRoot: parent.stateRoot, messages }, nodes);
      if (replayed.length < segments.length)
        throw new ExecutorFaultError(`L2 block ${parent.l2BlockTo + BigInt(replayed.length) + 1n} cannot be proved`);
      const results = replayed.map(({ result }) => result);
      const { inboxTo, inboxAcc, l2BlockTo } = claim;
      const context = { ...domain, batchIndex: parent.index + 1n, submitter, inboxTo, inboxAcc, l2BlockTo };
      const sealed = sealBatch(context, results, size.slots);
      return { data: encodeBatch(sealed), statement: shownStatement(context, results, sealed, messages) };
    },
  };
}

/** What L1 is shown with a batch, and what it makes of it; docs/validity.md §4. */
export function shownStatement(
  context: BatchContext,
  results: readonly SegmentResult[],
  sealed: readonly BatchSegment[],
  messages: readonly InboxMessage[],
): ShownStatement {
  const data = encodeBatch(sealed);
  const shown = showBatch(sealed);
  const root = chunkRoot(data);
  return {
    input(below, isOnL1) {
      const part = isOnL1 ? new Uint8Array() : shownBytes(root, encodeShown(shown));
      return encodeValidityInput({ consumed: [...messages], shown: part, below });
    },
    dataHash(isOnL1) {
      const below = isOnL1
        ? dataHash(data)
        : dataHashOfRoot(
            data.length,
            certifiedRoot(
              root,
              shown.map(({ hTx }) => hTx),
            ),
          );
      const statements = provableSegments(context, results, sealed, isOnL1).map(({ statement }) => statement);
      return statementHash(below, isOnL1, statements);
    },
  };
}
