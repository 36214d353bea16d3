import { abiWords, concat, toBigInt, toBytes, toHex, fromHex } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import { FIELD_ORDER, p2, p5, p10 } from "./poseidon.js";

/*
 * What a proof states; docs/validity.md §3. Addresses are integers here.
 */

export const OPERATION = { deposit: 1, withdraw: 2, withdrawAll: 3, register: 4, changeKey: 5, create: 6 } as const;

export type OperationKind = (typeof OPERATION)[keyof typeof OPERATION];

/** Something that L1 authorised; docs/validity.md §2. */
export interface Operation {
  kind: OperationKind;
  owner: bigint;
  token: bigint;
  e3: bigint;
  e4: bigint;
}

/** What leaves for L1: the four elements `w`. */
export interface Exit {
  owner: bigint;
  target: bigint;
  token: bigint;
  amount: bigint;
}

/** What one slot adds to the statement. An unused slot is empty. */
export interface SlotElements {
  operation?: Operation | undefined;
  /** The 14 bytes of a transfer as an integer. */
  transfer?: bigint | undefined;
  exit?: Exit | undefined;
}

/** What says for which rollup something was signed. */
export interface Domain {
  l1ChainId: bigint;
  l2ChainId: bigint;
  bridge: Hex;
}

/** What the header of a batch gives to the statements of its segments. */
export interface BatchContext extends Domain {
  batchIndex: bigint;
  submitter: Hex;
  inboxTo: bigint;
  inboxAcc: Hex;
  l2BlockTo: bigint;
}

/** A segment as its statement sees it. */
export interface Segment {
  prevStateRoot: bigint;
  /** After it. */
  stateRoot: bigint;
  /** Operations, then transfers. */
  slots: readonly SlotElements[];
  /** Before it. */
  withdrawalNonce: bigint;
  feeLeaf: number;
}

/** The public inputs of a proof. */
export interface Statement {
  h: bigint;
  r: bigint;
  y: bigint;
}

const ascii = (name: string): Uint8Array => keccak256(new TextEncoder().encode(`hardhat-rollup.validity.${name}.v1`));
const CONTEXT_DOMAIN = ascii("context");
const TX_DOMAIN = ascii("tx");
const STATEMENT_DOMAIN = ascii("statement");

const TRANSFER_BITS = 112n;

/** d0 of the segment with this number in its batch. */
export function contextElement(context: BatchContext, segment: number): bigint {
  const { l1ChainId, l2ChainId, bridge, batchIndex, submitter, inboxTo, inboxAcc, l2BlockTo } = context;
  return short(
    abiWords(
      CONTEXT_DOMAIN,
      l1ChainId,
      l2ChainId,
      bridge,
      batchIndex,
      BigInt(segment),
      submitter,
      inboxTo,
      inboxAcc,
      l2BlockTo,
    ),
  );
}

/** d1, which every signature of a transfer holds. */
export function txDomain({ l1ChainId, l2ChainId, bridge }: Domain): bigint {
  return short(abiWords(TX_DOMAIN, l1ChainId, l2ChainId, bridge));
}

/** The elements e1 to e4. */
export function operationElements({ kind, owner, token, e3, e4 }: Operation): [bigint, bigint, bigint, bigint] {
  return [owner + (BigInt(kind) << 160n), token, e3, e4];
}

/** The elements w1 to w4. */
export function exitElements({ owner, target, token, amount }: Exit): [bigint, bigint, bigint, bigint] {
  return [owner, target, token, amount];
}

/**
 * The elements d of a segment, in order.
 * @param segment Its number in the batch.
 * @param isOnL1 Whether its transfers stand on L1, or only their hash.
 */
export function elementsOf(context: BatchContext, segment: number, content: Segment, isOnL1: boolean): bigint[] {
  const parts = partsOf(content);
  const { transfers } = parts;
  return elementsOfParts(context, segment, { ...parts, transfers: isOnL1 ? transfers : transfersHash(transfers) });
}

/** A segment as L1 sees it: what it holds, but not in which slot. */
export interface SegmentParts extends Omit<Segment, "slots"> {
  operations: readonly Operation[];
  transferCount: number;
  /** hTx where the transfers are with a committee. */
  transfers: readonly bigint[] | bigint;
  exits: readonly Exit[];
}

/** The elements d of a segment, in order. */
export function elementsOfParts(context: BatchContext, segment: number, parts: SegmentParts): bigint[] {
  const { operations, transfers, exits } = parts;
  return [
    ...headOf(context, segment, parts),
    ...operations.flatMap(operationElements),
    ...(typeof transfers === "bigint" ? [transfers] : pairsOf(transfers)),
    ...exits.flatMap(exitElements),
  ];
}

function partsOf({ slots, ...content }: Segment): SegmentParts & { transfers: bigint[] } {
  const transfers = slots.flatMap(({ transfer }) => transfer ?? []);
  return {
    ...content,
    operations: slots.flatMap(({ operation }) => operation ?? []),
    transferCount: transfers.length,
    transfers,
    exits: slots.flatMap(({ exit }) => exit ?? []),
  };
}

/** d0 to d4. */
function headOf(context: BatchContext, segment: number, parts: SegmentParts): [bigint, bigint, bigint, bigint, bigint] {
  const { operations, transferCount, exits, withdrawalNonce, feeLeaf } = parts;
  const counts =
    BigInt(operations.length) +
    (BigInt(transferCount) << 16n) +
    (BigInt(exits.length) << 32n) +
    (withdrawalNonce << 48n) +
    (BigInt(feeLeaf) << 112n);
  return [contextElement(context, segment), txDomain(context), parts.prevStateRoot, parts.stateRoot, counts];
}

function pairsOf(transfers: readonly bigint[]): bigint[] {
  const pairs: bigint[] = [];
  for (let i = 0; i < transfers.length; i += 2) pairs.push((transfers[i]! << TRANSFER_BITS) + (transfers[i + 1] ?? 0n));
  return pairs;
}

/** hTx: what stands on L1 for transfers that are with a committee. */
export function transfersHash(transfers: readonly bigint[]): bigint {
  return transfers.reduce((hash, transfer) => p2(hash, transfer), 0n);
}

/**
 * h of a segment.
 * @param slotCount SLOTS of the circuit.
 */
export function segmentHash(context: BatchContext, segment: number, content: Segment, slotCount: number): bigint {
  const { slots } = content;
  if (slots.length > slotCount) throw new RangeError(`a segment has ${slotCount} slots, got ${slots.length}`);
  let hash = p5(headOf(context, segment, partsOf(content)));
  for (let i = 0; i < slotCount; i++) {
    const { operation, transfer = 0n, exit } = slots[i] ?? {};
    const e = operation === undefined ? NONE : operationElements(operation);
    const w = exit === undefined ? NONE : exitElements(exit);
    hash = p10([hash, ...e, transfer, ...w]);
  }
  return hash;
}

const NONE: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];

/** The public inputs that belong to elements and their hash h. */
export function statementOf(elements: readonly bigint[], h: bigint): Statement {
  const r = toBigInt(keccak256(concat(...[...elements, h].map((element) => toBytes(element, 32))))) % FIELD_ORDER;
  const y = elements.reduce((sum, element) => (sum * r + element) % FIELD_ORDER, 0n);
  return { h, r, y };
}

/** What StatementDA returns. */
export function statementHash(belowHash: Hex, isOnL1: boolean, statements: readonly Statement[]): Hex {
  const inputs = keccak256(abiWords(...statements.flatMap(({ h, r, y }) => [h, r, y])));
  return toHex(keccak256(abiWords(STATEMENT_DOMAIN, belowHash, isOnL1 ? 1n : 0n, inputs)));
}

/** The root that a committee certifies. */
export function certifiedRoot(chunkRoot: Hex, transferHashes: readonly bigint[]): Hex {
  return toHex(keccak256(concat(fromHex(chunkRoot, 32), keccak256(abiWords(...transferHashes)))));
}

/** The hash without its last byte, so that it is a field element. */
function short(words: Uint8Array): bigint {
  return toBigInt(keccak256(words)) >> 8n;
}
