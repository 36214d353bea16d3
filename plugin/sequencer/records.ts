import { abiWords, concat, fromHex, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";

/** An L2 block, without its contents. */
export interface L2Block {
  number: bigint;
  hash: Hex;
  parentHash: Hex;
  /** Seconds. */
  timestamp: bigint;
  coinbase: Hex;
  /** Wei per gas. */
  baseFee: bigint;
  /** State after the block. */
  stateRoot: Hex;
  /** First inbox message that the block and those before it leave. */
  inboxTo: bigint;
  /** Inbox accumulator at inboxTo. */
  inboxAcc: Hex;
  /** Withdrawals of the whole chain, this block included. */
  withdrawals: bigint;
  gasUsed: bigint;
  /** How many entries it has; see {@link BlockEntry}. */
  size: number;
  /** Addresses that emitted events in it. */
  emitters: Hex[];
}

/** What a block executed, in order. What the ledger skipped is not in it. */
export type BlockEntry = MessageEntry | TransactionEntry;

interface Executed {
  /** Transaction hash; for deposits and forced withdrawals the message hash. */
  hash: Hex;
  sender: Hex;
  succeeded: boolean;
  gasUsed: bigint;
}

/** An inbox message. */
export interface MessageEntry extends Executed {
  source: "message";
  index: bigint;
}

/** A transaction of the mempool. */
export interface TransactionEntry extends Executed {
  source: "transaction";
  raw: Uint8Array;
}

export interface Location {
  block: bigint;
  /** Position among the block's entries. */
  position: number;
}

const HEAD_LENGTH = 1 + 1 + 8 + 20 + 32;

/** Blocks are written once and read seldom: an entry keeps what cannot be derived, and nothing else. */
export function encodeEntries(entries: BlockEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const head = Buffer.allocUnsafe(HEAD_LENGTH + 4);
    head[0] = entry.source === "message" ? 0 : 1;
    head[1] = entry.succeeded ? 1 : 0;
    head.writeBigUInt64BE(entry.gasUsed, 2);
    head.write(entry.sender.slice(2), 10, "hex");
    head.write(entry.hash.slice(2), 30, "hex");
    const body = entry.source === "message" ? toBytes(entry.index, 8) : entry.raw;
    head.writeUInt32BE(body.length, HEAD_LENGTH);
    parts.push(head, body);
  }
  return concat(...parts);
}

export function decodeEntries(bytes: Uint8Array): BlockEntry[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: BlockEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const executed = {
      succeeded: view[at + 1] === 1,
      gasUsed: view.readBigUInt64BE(at + 2),
      sender: toHex(bytes.subarray(at + 10, at + 30)),
      hash: toHex(bytes.subarray(at + 30, at + 62)),
    };
    const start = at + HEAD_LENGTH + 4;
    const end = start + view.readUInt32BE(at + HEAD_LENGTH);
    const body = bytes.subarray(start, end);
    entries.push(
      view[at] === 0
        ? { source: "message", ...executed, index: toBigInt(body) }
        : { source: "transaction", ...executed, raw: body },
    );
    at = end;
  }
  return entries;
}

/** Hash of a block over everything that it fixes. Local to the sequencer: L1 knows batches, not blocks. */
export function blockHash(block: Omit<L2Block, "hash">, entries: BlockEntry[]): Hex {
  const hashes = keccak256(concat(...entries.map(({ hash }) => fromHex(hash))));
  const { number, parentHash, timestamp, coinbase, baseFee, stateRoot, inboxTo, inboxAcc } = block;
  return toHex(
    keccak256(abiWords(number, parentHash, timestamp, coinbase, baseFee, stateRoot, inboxTo, inboxAcc, hashes)),
  );
}

/** A pending transaction: its sender, so that no signature is recovered twice, and itself. */
export function encodePending(sender: Hex, raw: Uint8Array): Uint8Array {
  return concat(fromHex(sender, 20), raw);
}

export function decodePending(bytes: Uint8Array): { sender: Hex; raw: Uint8Array } {
  return { sender: toHex(bytes.subarray(0, 20)), raw: bytes.subarray(20) };
}

export function encodeLocation({ block, position }: Location): Uint8Array {
  return concat(toBytes(block, 8), toBytes(BigInt(position), 4));
}

export function decodeLocation(bytes: Uint8Array): Location {
  return { block: toBigInt(bytes.subarray(0, 8)), position: Number(toBigInt(bytes.subarray(8))) };
}

/** JSON with bigints written as `"123n"`; for records that are few. */
export function encodeJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? `${field}n` : field));
  return new TextEncoder().encode(text);
}

/** The reader names the type that it wrote. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes), (_, field: unknown) =>
    typeof field === "string" && /^\d+n$/.test(field) ? BigInt(field.slice(0, -1)) : field,
  );
}
