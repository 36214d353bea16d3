import { toBytes, toHex } from "../ledger/bytes.js";
import type { InboxMessage } from "../types.js";
import type { BatchSegment } from "./batch.js";
import { hasKey } from "./leaf.js";
import { operationOfBatch, operationOfMessage } from "./operations.js";
import { outcomeOf, startRun, withdrawalOf } from "./run.js";
import type { Receipt, SegmentResult } from "./segment.js";
import type { Exit } from "./statement.js";
import type { State } from "./state.js";
import { transferHash } from "./transfer.js";

/** Batch data that do not lead where they say: nobody can prove them. */
export class UnprovableSegmentError extends Error {
  override readonly name = "UnprovableSegmentError";
}

/**
 * Executes a segment as its data say, without signatures: that there was one for each transfer is what its proof is for.
 * @param messages The inbox messages that it consumes.
 * @returns Everything but a trace.
 * @throws UnprovableSegmentError, SegmentFullError, FeeLeafError: nobody can prove it, and the state is not to be used any more.
 */
export function replaySegment(
  state: State,
  segment: BatchSegment,
  messages: readonly InboxMessage[],
  slotCount: number,
): SegmentResult {
  const { operations, transfers, exits, feeLeaf } = segment;
  if (messages.length !== segment.messages)
    throw new UnprovableSegmentError(`${segment.messages} messages are consumed, but ${messages.length} are given`);
  if (state.withdrawalNonce() !== segment.withdrawalNonce)
    throw new UnprovableSegmentError(
      `the first withdrawal has nonce ${state.withdrawalNonce()}, not ${segment.withdrawalNonce}`,
    );
  const run = startRun(state, slotCount, feeLeaf, false);
  const receipts: Receipt[] = [];
  const lastWithdrawal = (exit: Exit | undefined) => exit && withdrawalOf(exit, state.withdrawalNonce() - 1n);

  for (const message of messages) {
    const operation = operationOfMessage(message);
    const slot = operation && run.operation(operation);
    const outcome = slot === undefined ? "nothing" : outcomeOf(slot);
    const withdrawal = lastWithdrawal(slot?.exit);
    receipts.push({ source: "message", index: message.index, operation, outcome, withdrawal });
  }
  for (const further of operations) {
    const operation = operationOfBatch(further);
    receipts.push({ source: "operation", operation, outcome: outcomeOf(run.operation(operation)) });
  }
  // A withdrawal's target stands in the list of what left for L1: the last ones are those of transfers.
  const leaving = transfers.filter(({ to }) => to === 0).length;
  const targets = exits.slice(exits.length - leaving).map(({ target }) => target);
  for (const parts of transfers) {
    const isWithdrawal = parts.to === 0;
    const recipient = isWithdrawal ? targets.shift() : state.get(parts.to)?.owner;
    const sender = state.get(parts.from);
    const move = { parts, recipient: recipient ?? 0n };
    const refusal = run.refusal(move);
    if (refusal !== undefined) throw new UnprovableSegmentError(`a transfer cannot be executed: ${refusal.message}`);
    if (sender === undefined || !hasKey(sender))
      throw new UnprovableSegmentError(`a transfer leaves leaf ${parts.from}, which has no key`);
    const { amount, fee, exit } = run.transfer(move);
    const { owner, token, nonce } = sender;
    const { amount40, fee8 } = parts;
    const transfer = { owner, token, nonce, amount40, fee8, isWithdrawal, recipient: move.recipient };
    const withdrawal = lastWithdrawal(exit);
    receipts.push({ source: "transfer", hash: transferHash(transfer), transfer, amount, fee, withdrawal });
  }
  const { executed } = run.finish();
  if (!equalExits(executed.exits, exits))
    throw new UnprovableSegmentError("the withdrawals are not those of its execution");
  if (executed.content.stateRoot !== segment.stateRoot)
    throw new UnprovableSegmentError(
      `execution leads to state root ${toHex(toBytes(executed.content.stateRoot, 32))}, not ${toHex(toBytes(segment.stateRoot, 32))}`,
    );
  return { ...executed, messages: messages.length, operations, receipts };
}

function equalExits(a: readonly Exit[], b: readonly Exit[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ owner, target, token, amount }, i) => {
      const other = b[i]!;
      return owner === other.owner && target === other.target && token === other.token && amount === other.amount;
    })
  );
}
