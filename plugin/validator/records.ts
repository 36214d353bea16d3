import { type FollowerCursor, cursorFromText, cursorToText } from "../l1/follower.js";
import type { Journal } from "../l1/journal.js";
import type { PlacedEvent } from "../l1/types.js";
import { fromHex } from "../ledger/bytes.js";
import type { NodeReader } from "../ledger/types.js";
import type { Store, StoreOperation } from "../store/types.js";
import type { Hex, Withdrawal } from "../types.js";
import type { Verdict } from "./types.js";

type Nodes = Iterable<{ hash: Uint8Array; preimage: Uint8Array }>;

/** What a validator keeps. Nodes and verdicts hang on hashes, so no reorg makes them wrong. */
export interface Records {
  nodes: NodeReader;
  cursor(): FollowerCursor;
  events(): Promise<PlacedEvent[]>;
  /** All events that are left when `from` of them are kept and `added` follow, with the cursor behind them; at once. */
  follow(from: number, added: readonly PlacedEvent[], dropped: number, cursor: FollowerCursor): Promise<void>;
  verdict(headerHash: Hex): Verdict | undefined;
  /** The verdict together with the state that it leads to, and what the batch withdrew; at once. */
  judge(verdict: Verdict, nodes: Nodes, withdrawals: readonly Withdrawal[]): Promise<void>;
  /** Batch data that are kept, by their hash. */
  data(dataHash: Hex): Uint8Array | undefined;
  keepData(dataHash: Hex, data: Uint8Array): Promise<void>;
  forgetData(dataHashes: readonly Hex[]): Promise<void>;
  /** What a batch withdrew that it agrees with. */
  withdrawals(headerHash: Hex): Withdrawal[];
  /** Of what it sends to L1. */
  journal: Journal;
}

const CURSOR = key("cursor");

export function openRecords(store: Store): Records {
  return {
    nodes: { get: (hash) => store.get(key("node", hash)) },
    cursor() {
      const text = store.get(CURSOR);
      return text === undefined ? [] : cursorFromText(Buffer.from(text).toString());
    },
    async events() {
      const events: PlacedEvent[] = [];
      const range = { from: eventKey(0), to: eventKey(Number.MAX_SAFE_INTEGER) };
      for await (const [, value] of store.entries(range)) events.push(parse(value) as PlacedEvent);
      return events;
    },
    async follow(from, added, dropped, cursor) {
      const operations: StoreOperation[] = [];
      for (let i = 0; i < dropped; i++) operations.push({ type: "del", key: eventKey(from + i) });
      for (const [i, event] of added.entries()) {
        operations.push({ type: "put", key: eventKey(from + i), value: serialize(event) });
      }
      operations.push({ type: "put", key: CURSOR, value: Buffer.from(cursorToText(cursor)) });
      await store.write(operations, { sync: true });
    },
    verdict(headerHash) {
      const value = store.get(verdictKey(headerHash));
      return value === undefined ? undefined : (parse(value) as Verdict);
    },
    async judge(verdict, nodes, withdrawals) {
      const operations: StoreOperation[] = [];
      for (const { hash, preimage } of nodes) operations.push({ type: "put", key: key("node", hash), value: preimage });
      const { headerHash } = verdict;
      if (withdrawals.length > 0) {
        operations.push({ type: "put", key: withdrawalsKey(headerHash), value: serialize(withdrawals) });
      }
      operations.push({ type: "put", key: verdictKey(headerHash), value: serialize(verdict) });
      await store.write(operations, { sync: true });
    },
    data: (dataHash) => store.get(dataKey(dataHash)),
    keepData: (hash, value) => store.write([{ type: "put", key: dataKey(hash), value }], { sync: false }),
    forgetData: (hashes) =>
      store.write(
        hashes.map((hash) => ({ type: "del", key: dataKey(hash) })),
        { sync: false },
      ),
    withdrawals(headerHash) {
      const value = store.get(withdrawalsKey(headerHash));
      return value === undefined ? [] : (parse(value) as Withdrawal[]);
    },
    journal: {
      get(id) {
        const value = store.get(key("journal", Buffer.from(id)));
        return Promise.resolve(value && Buffer.from(value).toString());
      },
      put(id, text) {
        const operation = { type: "put", key: key("journal", Buffer.from(id)), value: Buffer.from(text) } as const;
        return store.write([operation], { sync: true });
      },
    },
  };
}

function key(kind: string, rest: Uint8Array = new Uint8Array()): Uint8Array {
  return Buffer.concat([Buffer.from(`validator:${kind}:`), rest]);
}

function eventKey(position: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(position));
  return key("event", bytes);
}

function dataKey(dataHash: Hex): Uint8Array {
  return key("data", fromHex(dataHash, 32));
}

function withdrawalsKey(headerHash: Hex): Uint8Array {
  return key("withdrawals", fromHex(headerHash, 32));
}

function verdictKey(headerHash: Hex): Uint8Array {
  return key("verdict", fromHex(headerHash, 32));
}

/** JSON; bigints are written as decimals with an n, which no hex string looks like. */
export function serialize(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner)));
}

/** The inverse of `serialize`. */
export function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString(), (_, inner: unknown) =>
    typeof inner === "string" && /^\d+n$/.test(inner) ? BigInt(inner.slice(0, -1)) : inner,
  );
}
