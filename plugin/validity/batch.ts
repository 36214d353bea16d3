import { concat, toBigInt, toBytes } from "../ledger/bytes.js";
import { packTransfer, TRANSFER_LENGTH, type TransferElement, unpackTransfer } from "./amounts.js";
import type { LeafId, PublicKey } from "./leaf.js";
import { FIELD_ORDER } from "./poseidon.js";
import { type Exit, OPERATION, transfersHash } from "./statement.js";

/** An operation that a batch carries itself: the others are inbox messages. */
export type FurtherOperation = RegisterOperation | CreateOperation;

/** Kind 4. */
export interface RegisterOperation extends LeafId {
  kind: typeof OPERATION.register;
  key: PublicKey;
  /** The owner's, 64 bytes (EIP-2098). */
  signature: Uint8Array;
}

/** Kind 6. */
export interface CreateOperation extends LeafId {
  kind: typeof OPERATION.create;
}

/** A segment but for its transfers; docs/validity.md §4. */
export interface SegmentHead {
  /** Inbox messages consumed. */
  messages: number;
  operations: FurtherOperation[];
  exits: Exit[];
  /** Before the segment. */
  withdrawalNonce: bigint;
  feeLeaf: number;
  /** After the segment. */
  stateRoot: bigint;
  h: bigint;
}

export interface BatchSegment extends SegmentHead {
  transfers: TransferElement[];
}

/** A segment as L1 is shown it when its transfers are with a committee. */
export interface ShownSegment extends SegmentHead {
  transferCount: number;
  hTx: bigint;
}

/** Batch data that L1 does not accept. */
export class MalformedDataError extends Error {
  override readonly name = "MalformedDataError";
  constructor(
    readonly reason: string,
    /** Where in the data, in bytes. */
    readonly offset: number,
  ) {
    super(`malformed batch data: ${reason} at byte ${offset}`);
  }
}

/** Batch data that belong to another header, or transfers that belong to another batch. */
export class DataMismatchError extends Error {
  override readonly name = "DataMismatchError";
}

/** What the header of a batch says about its data. */
export interface DataLimits {
  /** inboxTo − inboxFrom. */
  messages: bigint;
  /** l2BlockTo − l2BlockFrom. */
  segments: bigint;
  stateRoot: bigint;
}

/** Inbox messages that a batch takes at most, and with which it is full; docs/validity.md §5. */
export const VALIDITY_BATCH_MESSAGES = { maxBatchMessages: 64n, fullBatchMessages: 32n } as const;

export const DATA_VERSION = 2;
/** Most segments of a batch, and most of anything in a segment. */
export const MAX_COUNT = 0xffff;

/** Batch data as they stand in calldata or with a committee's members. */
export function encodeBatch(segments: readonly BatchSegment[]): Uint8Array {
  return encode(segments, ({ transfers }) => ({
    transferCount: transfers.length,
    tail: transfers.map((transfer) => toBytes(packTransfer(transfer), TRANSFER_LENGTH)),
  }));
}

/** What L1 is shown of the data that a committee holds. */
export function encodeShown(segments: readonly ShownSegment[]): Uint8Array {
  return encode(segments, ({ transferCount, hTx }) => ({ transferCount, tail: [toBytes(hTx, 32)] }));
}

/** The shown form of a batch. */
export function showBatch(segments: readonly BatchSegment[]): ShownSegment[] {
  return segments.map(({ transfers, ...head }) => ({
    ...head,
    transferCount: transfers.length,
    hTx: transfersHash(transfers.map(packTransfer)),
  }));
}

/**
 * The batch that L1 was shown, with the transfers that a committee's member gave.
 * @throws DataMismatchError when they are not those that L1 was shown the hash of.
 */
export function fillShown(shown: readonly ShownSegment[], held: readonly BatchSegment[]): BatchSegment[] {
  return shown.map(({ transferCount, hTx, ...head }, i) => {
    const transfers = held[i]?.transfers ?? [];
    if (transfers.length !== transferCount || transfersHash(transfers.map(packTransfer)) !== hTx)
      throw new DataMismatchError(`the transfers of segment ${i} are not those that L1 was shown the hash of`);
    return { ...head, transfers };
  });
}

/** @throws MalformedDataError exactly when L1 refuses such data. */
export function decodeBatch(data: Uint8Array): BatchSegment[] {
  return decode(data, (reader, head, transferCount) => {
    const transfers: TransferElement[] = [];
    for (let i = 0; i < transferCount; i++) transfers.push(unpackTransfer(reader.integer(TRANSFER_LENGTH)));
    return { ...head, transfers };
  });
}

/** @throws MalformedDataError exactly when L1 refuses to be shown this. */
export function decodeShown(data: Uint8Array): ShownSegment[] {
  return decode(data, (reader, head, transferCount) => ({ ...head, transferCount, hTx: reader.element("hTx") }));
}

/**
 * Checks the data against their header, as L1 does.
 * @throws DataMismatchError
 */
export function checkLimits(segments: readonly SegmentHead[], limits: DataLimits): void {
  const messages = segments.reduce((sum, segment) => sum + segment.messages, 0);
  if (BigInt(messages) !== limits.messages)
    throw new DataMismatchError(`${messages} messages instead of the header's ${limits.messages}`);
  if (BigInt(segments.length) !== limits.segments)
    throw new DataMismatchError(`${segments.length} segments instead of the header's ${limits.segments}`);
  const stateRoot = segments.at(-1)?.stateRoot;
  if (stateRoot !== limits.stateRoot)
    throw new DataMismatchError(`state root ${stateRoot} instead of the header's ${limits.stateRoot}`);
}

function encode<S extends SegmentHead>(
  segments: readonly S[],
  tailOf: (segment: S) => { transferCount: number; tail: Uint8Array[] },
): Uint8Array {
  if (segments.length === 0) throw new RangeError("a batch has a segment at least");
  const parts = [Uint8Array.of(DATA_VERSION), count(segments.length, "segments")];
  for (const segment of segments) {
    const { messages, operations, exits, withdrawalNonce, feeLeaf, stateRoot, h } = segment;
    const { transferCount, tail } = tailOf(segment);
    parts.push(
      count(messages, "messages"),
      count(operations.length, "operations"),
      count(transferCount, "transfers"),
      count(exits.length, "withdrawals"),
      toBytes(withdrawalNonce, 8),
      toBytes(BigInt(feeLeaf), 4),
      toBytes(stateRoot, 32),
      toBytes(h, 32),
      ...operations.map(encodeOperation),
      ...exits.map(encodeExit),
      ...tail,
    );
  }
  return concat(...parts);
}

function count(value: number, what: string): Uint8Array {
  if (value > MAX_COUNT) throw new RangeError(`at most ${MAX_COUNT} ${what}, got ${value}`);
  return toBytes(BigInt(value), 2);
}

function encodeOperation(operation: FurtherOperation): Uint8Array {
  const { kind, owner, token } = operation;
  const head = concat(Uint8Array.of(kind), toBytes(owner, 20), toBytes(token, 20));
  if (operation.kind === OPERATION.create) return head;
  const { key, signature } = operation;
  if (signature.length !== 64) throw new RangeError(`a signature has 64 bytes, got ${signature.length}`);
  return concat(head, toBytes(key.x, 32), toBytes(key.y, 32), signature);
}

function encodeExit({ owner, target, token, amount }: Exit): Uint8Array {
  return concat(toBytes(owner, 20), toBytes(target, 20), toBytes(token, 20), toBytes(amount, 32));
}

function decode<S>(data: Uint8Array, tail: (reader: Reader, head: SegmentHead, transferCount: number) => S): S[] {
  const reader = readerOf(data);
  const version = reader.number(1);
  if (version !== DATA_VERSION) throw reader.malformed(`version ${version} instead of ${DATA_VERSION}`);
  const segmentCount = reader.number(2);
  if (segmentCount === 0) throw reader.malformed("no segment");
  const segments: S[] = [];
  for (let i = 0; i < segmentCount; i++) {
    const { head, transferCount } = decodeHead(reader);
    segments.push(tail(reader, head, transferCount));
  }
  if (!reader.atEnd()) throw reader.malformed("trailing bytes");
  return segments;
}

function decodeHead(reader: Reader): { head: SegmentHead; transferCount: number } {
  const messages = reader.number(2);
  const operationCount = reader.number(2);
  const transferCount = reader.number(2);
  const exitCount = reader.number(2);
  const withdrawalNonce = reader.integer(8);
  const feeLeaf = reader.number(4);
  const stateRoot = reader.element("stateRoot");
  const h = reader.element("h");
  const operations: FurtherOperation[] = [];
  for (let i = 0; i < operationCount; i++) operations.push(decodeOperation(reader));
  const exits: Exit[] = [];
  for (let i = 0; i < exitCount; i++)
    exits.push({
      owner: reader.integer(20),
      target: reader.integer(20),
      token: reader.integer(20),
      amount: reader.element("amount"),
    });
  const head = { messages, operations, exits, withdrawalNonce, feeLeaf, stateRoot, h };
  return { head, transferCount };
}

function decodeOperation(reader: Reader): FurtherOperation {
  const kind = reader.number(1);
  if (kind !== OPERATION.register && kind !== OPERATION.create) throw reader.malformed(`operation of kind ${kind}`);
  const id = { owner: reader.integer(20), token: reader.integer(20) };
  if (kind === OPERATION.create) return { kind, ...id };
  const key = { x: reader.element("Ax"), y: reader.element("Ay") };
  return { kind, ...id, key, signature: reader.bytes(64) };
}

interface Reader {
  bytes(length: number): Uint8Array;
  integer(length: number): bigint;
  number(length: number): number;
  /** 32 bytes below the field's order. */
  element(what: string): bigint;
  atEnd(): boolean;
  malformed(reason: string): MalformedDataError;
}

function readerOf(data: Uint8Array): Reader {
  let position = 0;
  const reader: Reader = {
    bytes(length) {
      if (length > data.length - position) throw reader.malformed("truncated");
      position += length;
      return data.subarray(position - length, position);
    },
    integer: (length) => toBigInt(reader.bytes(length)),
    number: (length) => Number(reader.integer(length)),
    element(what) {
      const value = reader.integer(32);
      if (value >= FIELD_ORDER) throw reader.malformed(`${what} is not below the field's order`);
      return value;
    },
    atEnd: () => position === data.length,
    malformed: (reason) => new MalformedDataError(reason, position),
  };
  return reader;
}
