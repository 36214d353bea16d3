import { toBytes, toHex } from "../ledger/bytes.js";
import { inboxAcc, withdrawalsRoot } from "../ledger/hashes.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import { packTransfer } from "./amounts.js";
import { type BatchSegment, checkLimits, DataMismatchError, type ShownSegment } from "./batch.js";
import { operationOfBatch, operationOfMessage } from "./operations.js";
import { withdrawalOf } from "./run.js";
import {
  type Domain,
  elementsOfParts,
  OPERATION,
  type Operation,
  type SegmentParts,
  type Statement,
  statementOf,
} from "./statement.js";
import { isRegistrationSigned } from "./transfer.js";

/*
 * What the contract StatementDA makes of batch data; docs/validity.md §4.
 */

/** What the statements of a batch depend on besides its data. */
export interface CommitInput {
  domain: Domain;
  header: Omit<BatchHeader, "dataHash" | "resolver" | "parentHash" | "timestamp" | "finalizesAt">;
  /** Accumulator at inboxFrom; undefined for who takes L1's word that the messages lead to the header's. */
  prevInboxAcc: Hex | undefined;
  /** Inbox messages from inboxFrom to inboxTo. */
  consumed: readonly InboxMessage[];
}

/**
 * The public inputs of the proof of each segment.
 * @param segments As L1 sees them: with their transfers, or with hTx.
 * @throws DataMismatchError where L1 refuses the batch.
 */
export function statementsOfData(
  { domain, header, prevInboxAcc, consumed }: CommitInput,
  segments: readonly BatchSegment[] | readonly ShownSegment[],
): Statement[] {
  checkLimits(segments, {
    messages: header.inboxTo - header.inboxFrom,
    segments: header.l2BlockTo - header.l2BlockFrom,
    stateRoot: BigInt(header.stateRoot),
  });
  if (prevInboxAcc !== undefined && inboxAcc(prevInboxAcc, [...consumed]) !== header.inboxAcc.toLowerCase())
    throw new DataMismatchError("the messages do not lead to the header's inbox accumulator");
  checkRegistrations(domain, segments);
  checkWithdrawals(header.withdrawalsRoot, segments);

  const context = { ...domain, ...header, batchIndex: header.index };
  let first = 0;
  let prevStateRoot = BigInt(header.prevStateRoot);
  return segments.map((segment, i) => {
    const messages = consumed.slice(first, first + segment.messages);
    const elements = elementsOfParts(context, i, partsOf(segment, messages, prevStateRoot));
    first += segment.messages;
    prevStateRoot = segment.stateRoot;
    return statementOf(elements, segment.h);
  });
}

function partsOf(
  segment: BatchSegment | ShownSegment,
  messages: readonly InboxMessage[],
  prevStateRoot: bigint,
): SegmentParts {
  const { stateRoot, withdrawalNonce, feeLeaf, exits } = segment;
  const forced = messages.flatMap((message): Operation | [] => operationOfMessage(message) ?? []);
  const operations = [...forced, ...segment.operations.map(operationOfBatch)];
  const onL1 = "hTx" in segment ? segment.hTx : segment.transfers.map(packTransfer);
  const transferCount = "hTx" in segment ? segment.transferCount : segment.transfers.length;
  return { prevStateRoot, stateRoot, withdrawalNonce, feeLeaf, operations, transferCount, transfers: onL1, exits };
}

function checkRegistrations(domain: Domain, segments: readonly (BatchSegment | ShownSegment)[]): void {
  for (const operation of segments.flatMap(({ operations }) => operations))
    if (operation.kind === OPERATION.register && !isRegistrationSigned(operation, operation.signature, domain))
      throw new DataMismatchError(`a registration is not signed by its owner ${toHex(toBytes(operation.owner, 20))}`);
}

function checkWithdrawals(root: Hex, segments: readonly (BatchSegment | ShownSegment)[]): void {
  const withdrawals = segments.flatMap(({ exits, withdrawalNonce }) =>
    exits.map((exit, i) => withdrawalOf(exit, withdrawalNonce + BigInt(i))),
  );
  const found = withdrawalsRoot(withdrawals);
  if (found !== root.toLowerCase()) throw new DataMismatchError(`withdrawals hash to ${found}, not to ${root}`);
}
