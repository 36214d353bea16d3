import type { Withdrawal } from "../types.js";
import { decodeFee, type TransferElement } from "./amounts.js";
import { createEngine, type Move, type Refusal, type UnsignedSlot } from "./engine.js";
import { toAddress } from "./leaf.js";
import type { Exit, Operation, Segment, SlotElements } from "./statement.js";
import type { State } from "./state.js";
import type { LeafUpdate, OperationSlot, StateNumbers } from "./trace.js";

/** More slots than the circuit has. */
export class SegmentFullError extends Error {
  override readonly name = "SegmentFullError";
  constructor(readonly slotCount: number) {
    super(`a segment has ${slotCount} slots, and all are taken`);
  }
}

/** A leaf for fees that does not exist, or holds another token than the fees are paid in. */
export class FeeLeafError extends Error {
  override readonly name = "FeeLeafError";
  constructor(
    readonly feeLeaf: number,
    reason: string,
  ) {
    super(`leaf ${feeLeaf} cannot take the fees: ${reason}`);
  }
}

/** What a segment's execution came to. */
export interface Executed {
  /** What its statement is made of. */
  content: Segment;
  transfers: TransferElement[];
  exits: Exit[];
}

/** The slots of one segment, one after the other. */
export interface Run {
  readonly before: StateNumbers;
  readonly freeSlots: number;
  operation(operation: Operation): OperationSlot;
  /** Why a transfer cannot be executed now, whoever signed it; see Engine. */
  refusal(move: Move): Refusal | undefined;
  transfer(move: Move): UnsignedSlot;
  /** Gives the fees to their leaf. */
  finish(): { executed: Executed; fee: LeafUpdate; idle: LeafUpdate };
}

/**
 * @param feeLeaf Which leaf takes the fees; it must exist when the segment ends.
 * @param tracing See createEngine.
 */
export function startRun(state: State, slotCount: number, feeLeaf: number, tracing: boolean): Run {
  const engine = createEngine(state, tracing);
  const before = state.numbers();
  const prevStateRoot = BigInt(state.root());
  const slots: SlotElements[] = [];
  const transfers: TransferElement[] = [];
  let fees = 0n;

  function checkFree(): void {
    if (slots.length >= slotCount) throw new SegmentFullError(slotCount);
  }

  return {
    before,
    get freeSlots() {
      return slotCount - slots.length;
    },
    operation(operation) {
      checkFree();
      const slot = engine.operation(operation);
      slots.push({ operation, exit: slot.exit });
      return slot;
    },
    refusal(move) {
      if (slots.length >= slotCount)
        return { fault: "full", message: `all ${slotCount} slots of this block are taken` };
      const { from, fee8 } = move.parts;
      if (decodeFee(fee8) !== 0n && state.get(from)?.token !== state.get(feeLeaf)?.token)
        return { fault: "fee", message: "this block takes its fees in another token" };
      return engine.refusal(move);
    },
    transfer(move) {
      checkFree();
      const slot = engine.transfer(move);
      slots.push({ transfer: slot.transfer, exit: slot.exit });
      transfers.push(move.parts);
      fees += slot.fee;
      return slot;
    },
    finish() {
      if (state.get(feeLeaf) === undefined) throw new FeeLeafError(feeLeaf, "it does not exist");
      const idle = engine.idle();
      const fee = engine.fee(feeLeaf, fees);
      const stateRoot = BigInt(state.root());
      const { withdrawalNonce } = before;
      const content = { prevStateRoot, stateRoot, slots, withdrawalNonce, feeLeaf };
      const executed = { content, transfers, exits: slots.flatMap(({ exit }) => exit ?? []) };
      return { executed, fee, idle };
    },
  };
}

/** `returned`: a deposit that found no place in the tree and goes back to L1. */
export type Outcome = "succeeded" | "nothing" | "returned";

/** What became of an operation. */
export function outcomeOf({ succeeded, exit }: OperationSlot): Outcome {
  if (succeeded) return "succeeded";
  return exit === undefined ? "nothing" : "returned";
}

/** What L1 pays out for an exit. */
export function withdrawalOf({ owner, target, token, amount }: Exit, nonce: bigint): Withdrawal {
  return { nonce, sender: toAddress(owner), target: toAddress(target), token: toAddress(token), amount, data: "0x" };
}
