/**
 * Builds segments by hand, slot by slot, on a tree that holds whatever it is given: rules are kept by those who use this, so an
 * attacker can use it as well. Independent of the sequencer's executor.
 */
import { createRequire } from "node:module";

import type * as Eddsa from "@zk-kit/eddsa-poseidon";

import type { CircuitShape } from "../../../plugin/validity/circuit.js";
import {
  compareIds,
  FIRST_LEAF,
  hasKey,
  type Leaf,
  type LeafId,
  NO_KEY,
  type PublicKey,
} from "../../../plugin/validity/leaf.js";
import { FIELD_ORDER, p4 } from "../../../plugin/validity/poseidon.js";
import {
  type BatchContext,
  elementsOf,
  type Exit,
  OPERATION,
  type Operation,
  type Segment,
  segmentHash,
  type Statement,
  statementOf,
  txDomain,
} from "../../../plugin/validity/statement.js";
import type { LeafUpdate, SegmentTrace, SlotTrace, StateNumbers } from "../../../plugin/validity/trace.js";
import { capacityOf, emptyRoots, openTree, type Tree } from "../../../plugin/validity/tree.js";
import { type SegmentInputs, segmentInputs, type SignalValue } from "../../../plugin/validity/witness.js";

// Its CommonJS form: the other imports a name from blakejs that Node does not find there.
const { derivePublicKey, signMessage } = createRequire(import.meta.url)("@zk-kit/eddsa-poseidon") as typeof Eddsa;

export const CONTEXT: BatchContext = {
  l1ChainId: 31337n,
  l2ChainId: 901n,
  bridge: "0x00000000000000000000000000000000000b41d6",
  batchIndex: 7n,
  submitter: "0x000000000000000000000000000000000005e40e",
  inboxTo: 12n,
  inboxAcc: `0x${"5a".repeat(32)}`,
  l2BlockTo: 40n,
};
export const SEGMENT = 2;
export const TX_DOMAIN = txDomain(CONTEXT);

/** A user of L2: an address as an integer and a key for signing. */
export interface User {
  owner: bigint;
  secret: Buffer;
  key: PublicKey;
}

export function user(owner: bigint): User {
  const secret = Buffer.alloc(32, owner.toString(16).padStart(64, "0"), "hex");
  const [x, y] = derivePublicKey(secret);
  return { owner, secret, key: { x, y } };
}

/** A state, and the segment that is being executed on it. */
export interface Draft {
  tree: Tree;
  leafCount: number;
  withdrawalNonce: bigint;
  before: StateNumbers;
  slots: SlotTrace[];
}

/** What is done to one leaf; `before` only where it is not what stands there. */
export interface Change {
  index: number;
  before?: Leaf | undefined;
  after: Leaf | undefined;
}

/** A state of leaf 0 and these, with their places in the list filled in. */
export function draftOn(levels: number, leaves: readonly Omit<Leaf, "next">[], withdrawalNonce = 0n): Draft {
  const tree = openTree(levels, emptyRoots(levels)[levels]!, { get: () => undefined });
  const all = [FIRST_LEAF, ...leaves];
  const sorted = [...all].sort(compareIds);
  all.forEach((leaf, index) => {
    const next: LeafId = sorted[sorted.indexOf(leaf) + 1] ?? FIRST_LEAF.next;
    tree.set(index, { ...leaf, next: { owner: next.owner, token: next.token } });
  });
  return begin({ tree, leafCount: all.length, withdrawalNonce });
}

/** The next segment on the state that another led to. */
export function begin({ tree, leafCount, withdrawalNonce }: Omit<Draft, "before" | "slots">): Draft {
  const before = { treeRoot: tree.root(), leafCount, withdrawalNonce };
  return { tree, leafCount, withdrawalNonce, before, slots: [] };
}

export function leafOf(
  account: Pick<User, "owner"> & { key?: PublicKey },
  token: bigint,
  balance: bigint,
  nonce = 0n,
): Omit<Leaf, "next"> {
  return { owner: account.owner, token, nonce, balance, key: account.key ?? NO_KEY };
}

/** Index of the leaf of this pair, or of the one before it. */
export function find({ tree, leafCount }: Draft, id: LeafId): { index: number; leaf: Leaf; exists: boolean } {
  for (let index = 0; index < leafCount; index++) {
    const leaf = tree.get(index)!;
    if (compareIds(leaf, id) <= 0 && compareIds(id, leaf.next) < 0)
      return { index, leaf, exists: compareIds(leaf, id) === 0 };
  }
  throw new Error(`the list has no place for owner ${id.owner}, token ${id.token}`);
}

/** Changes a leaf and keeps the path to it. An `after` of undefined leaves it as it is. */
export function update({ tree }: Draft, { index, before = tree.get(index), after = before }: Change): LeafUpdate {
  const siblings = tree.siblings(index);
  if (after !== undefined) tree.set(index, after);
  return { index, before, after, siblings };
}

/** An operation with the effects that it is given; the second change is that of a created leaf. */
export function forceOperation(draft: Draft, operation: Operation, first: Change, second?: Change, exit?: Exit): void {
  const a = update(draft, first);
  const b = update(draft, second ?? { index: first.index, after: undefined });
  if (exit !== undefined) draft.withdrawalNonce++;
  if (second !== undefined) draft.leafCount++;
  draft.slots.push({ type: "operation", operation, exists: second === undefined, succeeded: true, a, b, exit });
}

/** An operation, executed as the rules say. */
export function operate(draft: Draft, operation: Operation): void {
  const { kind, owner, token, e3, e4 } = operation;
  const { index, leaf, exists } = find(draft, operation);
  const { deposit, withdraw, withdrawAll, register, changeKey, create } = OPERATION;
  const out = (amount: bigint): Exit => ({ owner, target: e3, token, amount });
  if (!exists) {
    if (kind !== deposit && kind !== create) return forceOperation(draft, operation, { index, after: leaf });
    if (draft.leafCount === capacityOf(draft.tree.levels))
      return forceOperation(
        draft,
        operation,
        { index, after: leaf },
        undefined,
        kind === deposit ? out(e4) : undefined,
      );
    const balance = kind === deposit ? e4 : 0n;
    const created = { owner, token, nonce: 0n, balance, key: NO_KEY, next: leaf.next };
    const before = { ...leaf, next: { owner, token } };
    return forceOperation(draft, operation, { index, after: before }, { index: draft.leafCount, after: created });
  }
  const amount = kind === withdraw ? e4 : kind === withdrawAll && leaf.balance > 0n ? leaf.balance : undefined;
  if (kind === deposit) forceOperation(draft, operation, { index, after: { ...leaf, balance: leaf.balance + e4 } });
  else if (amount !== undefined && amount <= leaf.balance)
    forceOperation(
      draft,
      operation,
      { index, after: { ...leaf, balance: leaf.balance - amount } },
      undefined,
      out(amount),
    );
  else if ((kind === register && !hasKey(leaf)) || kind === changeKey)
    forceOperation(draft, operation, { index, after: { ...leaf, key: { x: e3, y: e4 } } });
  else forceOperation(draft, operation, { index, after: leaf });
}

/** A transfer as its data have it, and what is not in them. Unset: what the rules say. */
export interface TransferRequest {
  from: number;
  /** 0: withdrawal. */
  to: number;
  amountCode: number;
  feeCode?: number;
  secret: Buffer;
  /** L1 target of a withdrawal. */
  target?: bigint;
  /** Changes of what is signed. */
  signed?: Partial<{
    owner: bigint;
    token: bigint;
    nonce: bigint;
    amountCode: number;
    feeCode: number;
    isWithdrawal: boolean;
    recipient: bigint;
    domain: bigint;
  }>;
  /** Changes of what happens. */
  sender?: Partial<Leaf>;
  receiver?: Partial<Leaf>;
  exit?: Exit | undefined;
}

export function transfer(draft: Draft, request: TransferRequest): void {
  const { from, to, amountCode, feeCode = 0, secret, target = 0n } = request;
  const [amount, fee] = [valueOf(amountCode), valueOf(feeCode)];
  const sender = draft.tree.get(from)!;
  const isWithdrawal = to === 0;
  const recipient = isWithdrawal ? target : (draft.tree.get(to)?.owner ?? 0n);
  const fields = { ...sender, amountCode, feeCode, isWithdrawal, recipient, domain: TX_DOMAIN, ...request.signed };
  const [x, y, s] = sign(secret, messageOf(fields));

  const a = update(draft, {
    index: from,
    after: { ...sender, nonce: sender.nonce + 1n, balance: sender.balance - amount - fee, ...request.sender },
  });
  const receiver = draft.tree.get(isWithdrawal ? from : to);
  const credited = isWithdrawal ? receiver : receiver && { ...receiver, balance: receiver.balance + amount };
  const b = update(draft, { index: isWithdrawal ? from : to, after: credited && { ...credited, ...request.receiver } });
  const own = isWithdrawal ? { owner: sender.owner, target, token: sender.token, amount } : undefined;
  const exit = "exit" in request ? request.exit : own;
  if (exit !== undefined) draft.withdrawalNonce++;
  const parts = { from, to, amount40: amountCode, fee8: feeCode };
  const t = (BigInt(from) << 80n) + (BigInt(to) << 48n) + (BigInt(amountCode) << 8n) + BigInt(feeCode);
  const signature = { r8: { x, y }, s };
  draft.slots.push({ type: "transfer", transfer: t, parts, recipient, amount, fee, signature, a, b, exit });
}

function messageOf(fields: Required<NonNullable<TransferRequest["signed"]>>): bigint {
  const { owner, token, nonce, amountCode, feeCode, isWithdrawal, recipient, domain } = fields;
  const packed = owner + (BigInt(amountCode) << 160n) + (BigInt(feeCode) << 200n) + (isWithdrawal ? 1n << 208n : 0n);
  return p4(domain, packed, token + (nonce << 160n), recipient);
}

export function sign(secret: Buffer, message: bigint): [bigint, bigint, bigint] {
  const { R8, S } = signMessage(secret, message % FIELD_ORDER);
  return [R8[0], R8[1], S];
}

/** m · 10^e as data have it. */
export function code(mantissa: number, exponent = 0): number {
  return mantissa * 32 + exponent;
}

export function valueOf(float: number): bigint {
  return BigInt(Math.floor(float / 32)) * 10n ** BigInt(float % 32);
}

/** A segment with its statement, ready for the circuit. */
export interface Finished {
  trace: SegmentTrace;
  content: Segment;
  statement: Statement;
  inputs: SegmentInputs;
}

/** Pays the fees to a leaf and ends the segment. `fees`: other than the sum of them. */
export function finish(draft: Draft, shape: CircuitShape, feeLeaf = 0, fees?: bigint): Finished {
  const idle = update(draft, { index: 0, after: undefined });
  const paid = draft.slots.reduce((sum, slot) => sum + (slot.type === "transfer" ? slot.fee : 0n), 0n);
  const leaf = draft.tree.get(feeLeaf)!;
  const fee = update(draft, { index: feeLeaf, after: { ...leaf, balance: leaf.balance + (fees ?? paid) } });
  const after = { treeRoot: draft.tree.root(), leafCount: draft.leafCount, withdrawalNonce: draft.withdrawalNonce };
  const trace = { levels: draft.tree.levels, slots: draft.slots, idle, fee, before: draft.before, after };
  return finishTrace(trace, shape);
}

export function finishTrace(trace: SegmentTrace, shape: CircuitShape): Finished {
  const content: Segment = {
    prevStateRoot: rootOf(trace.before),
    stateRoot: rootOf(trace.after),
    slots: trace.slots.map((slot) => ({
      operation: slot.type === "operation" ? slot.operation : undefined,
      transfer: slot.type === "transfer" ? slot.transfer : undefined,
      exit: slot.exit,
    })),
    withdrawalNonce: trace.before.withdrawalNonce,
    feeLeaf: trace.fee.index,
  };
  const h = segmentHash(CONTEXT, SEGMENT, content, shape.slots);
  const elements = elementsOf(CONTEXT, SEGMENT, content, shape.isOnL1);
  const statement = statementOf(elements, h);
  return { trace, content, statement, inputs: segmentInputs(trace, shape, { elements, statement }) };
}

export function rootOf({ treeRoot, leafCount, withdrawalNonce }: StateNumbers): bigint {
  return p4(treeRoot, BigInt(leafCount), withdrawalNonce, 0n);
}

/** The inputs with one value changed: the signal's name, then indices. */
export function withInput(inputs: SegmentInputs, path: readonly (string | number)[], value: bigint): SegmentInputs {
  const [name, ...indices] = path as [string, ...number[]];
  const change = (signal: SignalValue, [index, ...rest]: number[]): SignalValue =>
    index === undefined ? value : (signal as SignalValue[]).map((part, i) => (i === index ? change(part, rest) : part));
  return { ...inputs, [name]: change(inputs[name]!, indices) };
}
