import type { Hex, InboxMessage, Withdrawal } from "../types.js";
import type { FurtherOperation } from "./batch.js";
import type { Move, Refusal } from "./engine.js";
import { hasKey, toAddress } from "./leaf.js";
import { operationOfBatch, operationOfMessage } from "./operations.js";
import { type Executed, type Outcome, outcomeOf, startRun, withdrawalOf } from "./run.js";
import type { Exit, Operation } from "./statement.js";
import type { State } from "./state.js";
import type { SegmentTrace, SlotTrace } from "./trace.js";
import { isSignedBy, type SignedTransfer, type Transfer } from "./transfer.js";

export interface SegmentOptions {
  /** SLOTS of the circuit. */
  slotCount: number;
  /** Index of the leaf that takes the fees; 0 burns them. */
  feeLeaf: number;
  /** txDomain of the rollup. */
  domain: bigint;
  /** Whether the result holds what a prover needs. */
  trace?: boolean;
}

/** What became of an inbox message, a further operation or a transfer, in order of execution. */
export type Receipt = MessageReceipt | OperationReceipt | TransferReceipt;

export interface MessageReceipt {
  source: "message";
  /** Of the message in the inbox. */
  index: bigint;
  /** Undefined for a message that takes no slot. */
  operation: Operation | undefined;
  outcome: Outcome;
  withdrawal: Withdrawal | undefined;
}

export interface OperationReceipt {
  source: "operation";
  operation: Operation;
  outcome: Outcome;
}

export interface TransferReceipt {
  source: "transfer";
  hash: Hex;
  transfer: Transfer;
  /** In the token's smallest unit. */
  amount: bigint;
  fee: bigint;
  withdrawal: Withdrawal | undefined;
}

export interface SegmentResult extends Executed {
  /** Inbox messages consumed. */
  messages: number;
  operations: FurtherOperation[];
  receipts: Receipt[];
  trace?: SegmentTrace;
}

/** A transfer that was not asked about, or was refused. */
export class TransferRefusedError extends Error {
  override readonly name = "TransferRefusedError";
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** Messages, further operations and transfers come in this order. */
export class SegmentOrderError extends Error {
  override readonly name = "SegmentOrderError";
}

/**
 * Executes a segment step by step. If a function throws anything but a refusal, a full segment or a wrong order, the state is not to be
 * used any more.
 */
export interface SegmentBuilder {
  readonly freeSlots: number;
  /** @throws SegmentFullError; SegmentOrderError after anything but a message. */
  consume(message: InboxMessage): MessageReceipt;
  /** @throws SegmentFullError; SegmentOrderError after a transfer. */
  operate(operation: FurtherOperation): OperationReceipt;
  /** Why the transfer cannot be executed now; undefined when it can. */
  refusal(transfer: SignedTransfer): Refusal | undefined;
  /** @throws TransferRefusedError, and the state is as it was. */
  transfer(transfer: SignedTransfer): TransferReceipt;
  /** Gives the fees to their leaf, and ends the segment. @throws FeeLeafError */
  finish(): SegmentResult;
}

export function beginSegment(state: State, options: SegmentOptions): SegmentBuilder {
  const { slotCount, feeLeaf, domain, trace = false } = options;
  const run = startRun(state, slotCount, feeLeaf, trace);
  const operations: FurtherOperation[] = [];
  const receipts: Receipt[] = [];
  const traced: SlotTrace[] = [];
  let messages = 0;
  /** Was asked about last, and can be executed: its signature need not be checked again. */
  let allowed: SignedTransfer | undefined;

  function checkOrder(what: string, later: Receipt["source"][]): void {
    const last = receipts.at(-1)?.source;
    if (last !== undefined && later.includes(last)) throw new SegmentOrderError(`${what} comes before any ${last}`);
  }

  /** What leaves for L1 in the slot that was executed last. */
  function lastWithdrawal(exit: Exit | undefined): Withdrawal | undefined {
    return exit && withdrawalOf(exit, state.withdrawalNonce() - 1n);
  }

  function add<R extends Receipt>(receipt: R): R {
    receipts.push(receipt);
    return receipt;
  }

  function check(transfer: SignedTransfer): Refusal | undefined {
    const refusal = senderRefusal(state, transfer, domain);
    if (refusal !== undefined || hasReceiver(state, transfer)) return refusal ?? run.refusal(resolve(state, transfer));
    // Last of all, so that a leaf is created only for a transfer that will be executed then.
    const { recipient, token } = transfer;
    const message = `${toAddress(recipient)} has no leaf in token ${toAddress(token)} yet`;
    return run.refusal(resolve(state, { ...transfer, isWithdrawal: true })) ?? { fault: "recipient", message };
  }

  return {
    get freeSlots() {
      return run.freeSlots;
    },
    consume(message) {
      checkOrder("an inbox message", ["operation", "transfer"]);
      allowed = undefined;
      const operation = operationOfMessage(message);
      const slot = operation && run.operation(operation);
      if (slot !== undefined) traced.push(slot);
      messages += 1;
      const { index } = message;
      const outcome = slot === undefined ? "nothing" : outcomeOf(slot);
      return add({ source: "message", index, operation, outcome, withdrawal: lastWithdrawal(slot?.exit) });
    },
    operate(further) {
      checkOrder("an operation", ["transfer"]);
      allowed = undefined;
      const operation = operationOfBatch(further);
      const slot = run.operation(operation);
      traced.push(slot);
      operations.push(further);
      return add({ source: "operation", operation, outcome: outcomeOf(slot) });
    },
    refusal(transfer) {
      const refusal = check(transfer);
      allowed = refusal === undefined ? transfer : undefined;
      return refusal;
    },
    transfer(transfer) {
      const refusal = transfer === allowed ? undefined : check(transfer);
      allowed = undefined;
      if (refusal !== undefined) throw new TransferRefusedError(refusal);
      const slot = run.transfer(resolve(state, transfer));
      traced.push({ ...slot, signature: transfer.signature });
      const { amount, fee, exit } = slot;
      const { hash } = transfer;
      return add({ source: "transfer", hash, transfer, amount, fee, withdrawal: lastWithdrawal(exit) });
    },
    finish() {
      const { executed, fee, idle } = run.finish();
      const { before } = run;
      const { levels } = state;
      const slotTrace = { levels, slots: traced, idle, fee, before, after: state.numbers() };
      return { ...executed, messages, operations, receipts, ...(trace ? { trace: slotTrace } : {}) };
    },
  };
}

/** Where a transfer will be executed; the leaves must exist. */
function resolve(state: State, transfer: Transfer): Move {
  const { token, recipient, amount40, fee8, isWithdrawal } = transfer;
  const from = state.find(transfer).index;
  const to = isWithdrawal ? 0 : state.find({ owner: recipient, token }).index;
  return { parts: { from, to, amount40, fee8 }, recipient };
}

/** What the sender's leaf says against a transfer, but for its balance. */
function senderRefusal(state: State, transfer: SignedTransfer, domain: bigint): Refusal | undefined {
  const { exists, leaf } = state.find(transfer);
  const { owner, token, nonce } = transfer;
  if (!exists)
    return {
      fault: "sender",
      message: `${toAddress(owner)} has no leaf in token ${toAddress(token)}: a deposit makes one`,
    };
  if (!hasKey(leaf))
    return { fault: "key", message: `${toAddress(owner)} has registered no key for token ${toAddress(token)}` };
  if (nonce !== leaf.nonce)
    return {
      fault: nonce < leaf.nonce ? "nonce-low" : "nonce-high",
      message: `nonce is ${nonce}, the next one of ${toAddress(owner)} in token ${toAddress(token)} is ${leaf.nonce}`,
    };
  if (!isSignedBy(transfer, domain, leaf.key))
    return { fault: "signature", message: `the transfer is not signed with the key of ${toAddress(owner)}` };
  return undefined;
}

/** Whether there is a leaf to receive a transfer, or none is needed. */
function hasReceiver(state: State, { token, recipient, isWithdrawal }: Transfer): boolean {
  return isWithdrawal || state.find({ owner: recipient, token }).exists;
}
