import { BASE8, SUBGROUP_ORDER } from "./babyjubjub.js";
import type { CircuitShape } from "./circuit.js";
import { type Leaf, leafHash } from "./leaf.js";
import { p4, p5 } from "./poseidon.js";
import type { ProvableSegment } from "./seal.js";
import { OPERATION, type Operation } from "./statement.js";
import type { LeafUpdate, SegmentTrace, SlotTrace } from "./trace.js";
import { ARITY } from "./tree.js";

/** Values of a signal: a number, or arrays of them in the order of its indices. */
export type SignalValue = bigint | readonly SignalValue[];

/** All inputs of the circuit of segments by name (circuits/segment.circom). */
export type SegmentInputs = Record<string, SignalValue>;

const KINDS = 7;
const TRANSFER_KIND = 6;

/**
 * The inputs from which the circuit's witness is computed.
 * @param provable What the proof is to be about: the same segment.
 * @throws RangeError when the segment does not fit the circuit.
 */
export function segmentInputs(
  trace: SegmentTrace,
  { slots, levels }: Pick<CircuitShape, "slots" | "levels">,
  { elements, statement }: ProvableSegment,
): SegmentInputs {
  if (trace.levels !== levels) throw new RangeError(`the circuit has ${levels} levels, the state ${trace.levels}`);
  if (trace.slots.length > slots) throw new RangeError(`the circuit has ${slots} slots, got ${trace.slots.length}`);
  const idleS = idleSignature();
  const used = trace.slots.map((slot) => slotInputs(slot, idleS));
  const idle = { ...common({ a: trace.idle, b: trace.idle }), ...NO_OPERATION, ...noTransfer(idleS), kind: oneHot(-1) };
  const rows = Array.from({ length: slots }, (_, i) => used[i] ?? idle);
  const perSlot = Object.fromEntries(
    Object.keys(idle).map((name) => [name, rows.map((row) => row[name as keyof SlotInputs])]),
  );
  const fee = existing(trace.fee.before, trace.fee.index);
  const { h, r, y } = statement;
  const [context, txDomain] = elements as [bigint, bigint];
  return {
    h,
    r,
    y,
    context,
    txDomain,
    treeRoot: trace.before.treeRoot,
    leafCount: BigInt(trace.before.leafCount),
    withdrawalNonce: trace.before.withdrawalNonce,
    ...perSlot,
    feeIndex: BigInt(trace.fee.index),
    feeOwner: fee.owner,
    feeToken: fee.token,
    feeNonce: fee.nonce,
    feeBalance: fee.balance,
    feeAx: fee.key.x,
    feeAy: fee.key.y,
    feeNextOwner: fee.next.owner,
    feeNextToken: fee.next.token,
    feeChildren: childrenOf(trace.fee),
  };
}

type SlotInputs = ReturnType<typeof common> &
  typeof NO_OPERATION &
  ReturnType<typeof noTransfer> & { kind: readonly bigint[] };

function slotInputs(slot: SlotTrace, idleS: bigint): SlotInputs {
  if (slot.type === "operation") {
    const { kind, owner, token, e3, e4 } = slot.operation;
    const inputs = { ...common(slot), ...noTransfer(idleS), kind: oneHot(kindIndex(kind)), e3, e4 };
    return { ...inputs, owner, token };
  }
  const { parts, recipient, signature } = slot;
  return {
    ...common(slot),
    ...NO_OPERATION,
    kind: oneHot(TRANSFER_KIND),
    amountCode: BigInt(parts.amount40),
    feeCode: BigInt(parts.fee8),
    to: BigInt(parts.to),
    target: parts.to === 0 ? recipient : 0n,
    r8x: signature.r8.x,
    r8y: signature.r8.y,
    s: signature.s,
  };
}

/** What every slot has. `owner` and `token` are the first leaf's, unless an operation says otherwise. */
function common({ a, b }: Pick<SlotTrace, "a" | "b">) {
  const first = existing(a.before, a.index);
  // A leaf that is created counts as being there with nothing in it.
  const second = b.before ?? { ...existing(b.after, b.index), balance: 0n };
  const pair = (field: (leaf: Leaf) => bigint): [bigint, bigint] => [field(first), field(second)];
  return {
    owner: first.owner,
    token: first.token,
    index: BigInt(a.index),
    leafOwner: pair((leaf) => leaf.owner),
    leafToken: first.token,
    nonce: pair((leaf) => leaf.nonce),
    balance: pair((leaf) => leaf.balance),
    ax: pair((leaf) => leaf.key.x),
    ay: pair((leaf) => leaf.key.y),
    nextOwner: pair((leaf) => leaf.next.owner),
    nextToken: pair((leaf) => leaf.next.token),
    children: [childrenOf(a), childrenOf(b)],
  };
}

const NO_OPERATION = { e3: 0n, e4: 0n };

function noTransfer(s: bigint) {
  return { amountCode: 0n, feeCode: 0n, to: 0n, target: 0n, r8x: 0n, r8y: 1n, s };
}

/** S of the fixed signature in slots without a transfer (circuits/signature.circom): of message 0 by B8, with R8 = (0, 1). */
function idleSignature(): bigint {
  return (8n * p5([0n, 1n, BASE8.x, BASE8.y, 0n])) % SUBGROUP_ORDER;
}

function kindIndex(kind: Operation["kind"]): number {
  return kind - OPERATION.deposit;
}

function oneHot(index: number): bigint[] {
  return Array.from({ length: KINDS }, (_, i) => (i === index ? 1n : 0n));
}

/** The four children of each node on the way up from the leaf, before the update. */
function childrenOf({ index, before, siblings }: LeafUpdate): bigint[][] {
  let node = before === undefined ? 0n : leafHash(before);
  let place = index;
  const levels: bigint[][] = [];
  for (let i = 0; i < siblings.length; i += ARITY - 1) {
    const [a, b, c] = siblings.slice(i, i + ARITY - 1) as [bigint, bigint, bigint];
    const children = [a, b, c];
    children.splice(place % ARITY, 0, node);
    levels.push(children);
    node = p4(...(children as [bigint, bigint, bigint, bigint]));
    place = Math.floor(place / ARITY);
  }
  return levels;
}

function existing(leaf: Leaf | undefined, index: number): Leaf {
  if (leaf === undefined) throw new RangeError(`there is no leaf at index ${index}`);
  return leaf;
}
