import type { Signature } from "./babyjubjub.js";
import type { Leaf } from "./leaf.js";
import type { Exit, Operation } from "./statement.js";
import type { TransferElement } from "./amounts.js";

/** One leaf before and after, in a tree where nothing else changes. */
export interface LeafUpdate {
  index: number;
  /** undefined: the place is empty. */
  before: Leaf | undefined;
  after: Leaf | undefined;
  /** Of the leaf and of each node above it, from the leaf up: three per level, from left to right. */
  siblings: bigint[];
}

interface SlotUpdates {
  /**
   * Operation on a leaf that exists: that leaf. On one that does not: the leaf before it in the sorted list, whose `next` changes
   * when the leaf is created. Transfer: the sender's.
   */
  a: LeafUpdate;
  /** After `a`. A created leaf, or a transfer's receiver; else the leaf of `a` once more, unchanged. */
  b: LeafUpdate;
  /** What leaves for L1 in this slot. */
  exit: Exit | undefined;
}

export interface OperationSlot extends SlotUpdates {
  type: "operation";
  operation: Operation;
  /** The leaf of (owner, token) exists before. */
  exists: boolean;
  /** false: the operation did nothing, or sent a deposit back to L1. */
  succeeded: boolean;
}

export interface TransferSlot extends SlotUpdates {
  type: "transfer";
  /** t, and what it consists of. */
  transfer: bigint;
  parts: TransferElement;
  /** Owner of the receiving leaf, or the L1 target. */
  recipient: bigint;
  /** In the token's smallest unit. */
  amount: bigint;
  fee: bigint;
  signature: Signature;
}

export type SlotTrace = OperationSlot | TransferSlot;

/** Everything that a witness of one segment's circuit consists of. */
export interface SegmentTrace {
  levels: number;
  /** In order: operations, transfers. Never more than SLOTS. */
  slots: SlotTrace[];
  /** Leaf 0, unchanged, after the last slot: both updates of every slot that is not used. */
  idle: LeafUpdate;
  /** feeLeaf takes the fees, after the last slot. */
  fee: LeafUpdate;
  before: StateNumbers;
  after: StateNumbers;
}

/** The four inputs of a state root, but for the last one, 0. */
export interface StateNumbers {
  treeRoot: bigint;
  leafCount: number;
  withdrawalNonce: bigint;
}
