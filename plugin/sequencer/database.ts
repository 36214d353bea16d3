import { fromHex, toBytes } from "../ledger/bytes.js";
import type { NodeReader } from "../ledger/types.js";
import type { PlacedEvent } from "../l1/types.js";
import type { Store, StoreOperation } from "../store/types.js";
import type { Hex, InboxMessage, Withdrawal } from "../types.js";
import {
  decodeEntries,
  decodeJson,
  decodeLocation,
  decodePending,
  encodeEntries,
  encodeJson,
  encodeLocation,
  encodePending,
  type BlockEntry,
  type L2Block,
  type Location,
} from "./records.js";

/** An inbox message as L1 has it. */
export interface StoredMessage {
  message: InboxMessage;
  /** Accumulator after it. */
  acc: Hex;
  /** L1 block that enqueued it. */
  l1Block: number;
}

/** Where a withdrawal was asked for. */
export interface StoredWithdrawal {
  withdrawal: Withdrawal;
  location: Location;
}

/** A batch that was decided on; written before it is sent anywhere. */
export interface BatchPlan {
  /** Header hash of the batch that it extends. */
  parentHash: Hex;
  /** Its last L2 block. */
  l2BlockTo: bigint;
}

/** Single values by name. */
export interface Singles {
  /** Number of the last L2 block. */
  head: bigint;
  /** What this store belongs to. */
  identity: { l2ChainId: bigint; bridge: Hex; genesis: Hex };
  plan: BatchPlan;
  /** After a revert on L1: blocks above this one are to be made again. */
  rebuildFrom: bigint;
  /** Where the L1 follower stands; its own format. */
  cursor: unknown;
}

const TABLE = {
  node: 0x6e,
  block: 0x62,
  entries: 0x65,
  blockHash: 0x68,
  location: 0x78,
  pending: 0x70,
  message: 0x6d,
  event: 0x6c,
  withdrawal: 0x77,
  data: 0x64,
  token: 0x74,
  single: 0x73,
  journal: 0x6a,
} as const;

function key(table: number, id: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + id.length);
  bytes[0] = table;
  bytes.set(id, 1);
  return bytes;
}

const number = (table: number, value: bigint): Uint8Array => key(table, toBytes(value, 8));
const name = (table: number, text: string): Uint8Array => key(table, new TextEncoder().encode(text));
const eventKey = ({ block, logIndex }: Pick<PlacedEvent, "block" | "logIndex">): Uint8Array =>
  key(TABLE.event, new Uint8Array([...toBytes(BigInt(block.number), 8), ...toBytes(BigInt(logIndex), 4)]));

/** Writes, to be made at once; see `Store.write`. */
export const put = {
  node: (hash: Uint8Array, preimage: Uint8Array): StoreOperation => ({
    type: "put",
    key: key(TABLE.node, hash),
    value: preimage,
  }),
  block: (block: L2Block, entries: BlockEntry[]): StoreOperation[] => [
    { type: "put", key: number(TABLE.block, block.number), value: encodeJson(block) },
    { type: "put", key: number(TABLE.entries, block.number), value: encodeEntries(entries) },
    { type: "put", key: key(TABLE.blockHash, fromHex(block.hash)), value: toBytes(block.number, 8) },
    ...entries.map((entry, position) => ({
      type: "put" as const,
      key: key(TABLE.location, fromHex(entry.hash)),
      value: encodeLocation({ block: block.number, position }),
    })),
  ],
  data: (block: bigint, data: Uint8Array): StoreOperation => ({
    type: "put",
    key: number(TABLE.data, block),
    value: data,
  }),
  pending: (sequence: bigint, sender: Hex, raw: Uint8Array): StoreOperation => ({
    type: "put",
    key: number(TABLE.pending, sequence),
    value: encodePending(sender, raw),
  }),
  message: (stored: StoredMessage): StoreOperation => ({
    type: "put",
    key: number(TABLE.message, stored.message.index),
    value: encodeJson(stored),
  }),
  event: (event: PlacedEvent): StoreOperation => ({ type: "put", key: eventKey(event), value: encodeJson(event) }),
  withdrawal: (stored: StoredWithdrawal): StoreOperation => ({
    type: "put",
    key: number(TABLE.withdrawal, stored.withdrawal.nonce),
    value: encodeJson(stored),
  }),
  token: (address: Hex): StoreOperation => ({
    type: "put",
    key: key(TABLE.token, fromHex(address, 20)),
    value: new Uint8Array(),
  }),
  single: <Name extends keyof Singles>(which: Name, value: Singles[Name]): StoreOperation => ({
    type: "put",
    key: name(TABLE.single, which),
    value: encodeJson(value),
  }),
};

/** Deletions, to be made together with other writes. */
export const remove = {
  block: (block: L2Block, entries: BlockEntry[]): StoreOperation[] =>
    [
      number(TABLE.block, block.number),
      number(TABLE.entries, block.number),
      number(TABLE.data, block.number),
      key(TABLE.blockHash, fromHex(block.hash)),
      ...entries.map((entry) => key(TABLE.location, fromHex(entry.hash))),
    ].map((stale) => ({ type: "del", key: stale })),
  pending: (sequence: bigint): StoreOperation => ({ type: "del", key: number(TABLE.pending, sequence) }),
  message: (index: bigint): StoreOperation => ({ type: "del", key: number(TABLE.message, index) }),
  event: (event: PlacedEvent): StoreOperation => ({ type: "del", key: eventKey(event) }),
  withdrawal: (nonce: bigint): StoreOperation => ({ type: "del", key: number(TABLE.withdrawal, nonce) }),
  single: (which: keyof Singles): StoreOperation => ({ type: "del", key: name(TABLE.single, which) }),
};

/** What the sequencer keeps, typed. */
export interface Database extends NodeReader {
  block(number: bigint): L2Block | undefined;
  blockNumber(hash: Hex): bigint | undefined;
  entries(number: bigint): BlockEntry[];
  /** A block of this sequencer as the data of a batch of its own. */
  data(number: bigint): Uint8Array | undefined;
  location(hash: Hex): Location | undefined;
  message(index: bigint): StoredMessage | undefined;
  /** How many messages are stored; they have no gaps. */
  messageCount(): Promise<bigint>;
  withdrawal(nonce: bigint): StoredWithdrawal | undefined;
  /** Whether the address was ever deposited as a token. */
  isToken(address: Hex): boolean;
  single<Name extends keyof Singles>(which: Name): Singles[Name] | undefined;
  /** All, in order of acceptance. */
  pending(): AsyncIterable<{ sequence: bigint; sender: Hex; raw: Uint8Array }>;
  /** All, in L1 order. */
  events(): AsyncIterable<PlacedEvent>;
  /** Texts that the L1 poster keeps; on disk when `put` resolves. */
  journal: { get(id: string): Promise<string | undefined>; put(id: string, text: string): Promise<void> };
  write(operations: StoreOperation[], options: { sync: boolean }): Promise<void>;
}

export function openDatabase(store: Store): Database {
  const json = (at: Uint8Array): unknown => {
    const bytes = store.get(at);
    return bytes && decodeJson(bytes);
  };
  const table = (which: number) => store.entries({ from: Uint8Array.of(which), to: Uint8Array.of(which + 1) });
  return {
    get: (hash) => store.get(key(TABLE.node, hash)),
    block: (at) => json(number(TABLE.block, at)) as L2Block | undefined,
    blockNumber(hash) {
      const bytes = store.get(key(TABLE.blockHash, fromHex(hash)));
      return bytes && Buffer.from(bytes).readBigUInt64BE();
    },
    entries(at) {
      const bytes = store.get(number(TABLE.entries, at));
      return bytes === undefined ? [] : decodeEntries(bytes);
    },
    data: (at) => store.get(number(TABLE.data, at)),
    location(hash) {
      const bytes = store.get(key(TABLE.location, fromHex(hash)));
      return bytes && decodeLocation(bytes);
    },
    message: (index) => json(number(TABLE.message, index)) as StoredMessage | undefined,
    async messageCount() {
      const [from, to] = [Uint8Array.of(TABLE.message), Uint8Array.of(TABLE.message + 1)];
      for await (const [at] of store.entries({ from, to, reverse: true, limit: 1 }))
        return Buffer.from(at).readBigUInt64BE(1) + 1n;
      return 0n;
    },
    withdrawal: (nonce) => json(number(TABLE.withdrawal, nonce)) as StoredWithdrawal | undefined,
    isToken: (address) => store.get(key(TABLE.token, fromHex(address, 20))) !== undefined,
    single: <Name extends keyof Singles>(which: Name) => json(name(TABLE.single, which)) as Singles[Name] | undefined,
    async *pending() {
      for await (const [at, value] of table(TABLE.pending))
        yield { sequence: Buffer.from(at).readBigUInt64BE(1), ...decodePending(value) };
    },
    async *events() {
      for await (const [, value] of table(TABLE.event)) yield decodeJson(value) as PlacedEvent;
    },
    journal: {
      get(id) {
        const bytes = store.get(name(TABLE.journal, id));
        return Promise.resolve(bytes && new TextDecoder().decode(bytes));
      },
      put: (id, text) =>
        store.write([{ type: "put", key: name(TABLE.journal, id), value: new TextEncoder().encode(text) }], {
          sync: true,
        }),
    },
    write: (operations, options) => store.write(operations, options),
  };
}
