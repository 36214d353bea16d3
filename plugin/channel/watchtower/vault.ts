import type { Journal } from "../../l1/journal.js";
import { takeTurns } from "../../l1/turns.js";
import { concat, equal, fromHex, toBigInt, toBytes, toHex } from "../../ledger/bytes.js";
import type { Store, StoreOperation } from "../../store/types.js";
import type { Hex } from "../../types.js";
import { randomKey } from "../signing.js";
import type { HeldBlob } from "./wire.js";

export interface VaultLimits {
  /** Bytes that are held for one client, and for all. */
  clientBytes: bigint;
  totalBytes: bigint;
}

/** What a tower got or paid by one transaction. */
export interface Earning {
  transaction: Hex;
  block: number;
  channelId: Hex;
  /** Wei. */
  reward: bigint;
  /** Of the gas, in wei. */
  cost: bigint;
}

/** What a tower keeps, on disk when a write resolves. */
export interface Vault {
  /** Private key of the receipts. */
  readonly receiptKey: Hex;
  /** Holds blobs for a client until a time (seconds), or longer where it promised that before. @throws {VaultFullError} */
  hold(client: Hex, blobs: readonly HeldBlob[], until: bigint): Promise<void>;
  /** What is held under a hint, whosoever's it is. */
  blobs(hint: Hex): Promise<Uint8Array[]>;
  /** Forgets blobs that were promised until before `now` (seconds). Returns how many. */
  sweep(now: bigint): Promise<number>;
  /** Bytes that are held. */
  readonly bytes: bigint;
  /** L1 block up to which everything is settled; undefined in the beginning. */
  cursor(): number | undefined;
  setCursor(block: number): Promise<void>;
  /** Earnings from a block on, oldest first. */
  earnings(fromBlock?: number): Promise<Earning[]>;
  addEarning(earning: Earning): Promise<void>;
  removeEarning(earning: Earning): Promise<void>;
  /** Where the tower writes down what it is about to send to L1. */
  readonly journal: Journal;
}

/** A client, or the tower, holds as much as it may. */
export class VaultFullError extends Error {
  override readonly name = "VaultFullError";
}

/** What is kept in a place is of another adjudicator. */
export class ForeignWatchError extends Error {
  override readonly name = "ForeignWatchError";
  constructor(readonly place: string) {
    super(`${place} holds blobs for another adjudicator, or of a chain that is gone; name another folder`);
  }
}

const TABLE = {
  blob: 0x62,
  cursor: 0x63,
  earning: 0x65,
  journal: 0x6a,
  key: 0x6b,
  owner: 0x6f,
  used: 0x75,
  expiry: 0x78,
};
/** What a blob costs beside its bytes. */
const OVERHEAD = 192n;
const SWEEP_AT_ONCE = 1_000;
const KEY_END = new Uint8Array(52).fill(0xff);
const NOTHING = new Uint8Array();

/**
 * Opens what a tower keeps in `store`, which stays the caller's to close.
 * @param owner Stands for the adjudicator.
 * @param place Where the store is, for the error.
 * @throws {ForeignWatchError} when it was kept for another one.
 */
export async function openVault(
  store: Store,
  { owner, place, limits }: { owner: Hex; place: string; limits: VaultLimits },
): Promise<Vault> {
  const found = store.get(OWNER);
  if (found !== undefined && !equal(found, fromHex(owner))) throw new ForeignWatchError(place);
  if (found === undefined)
    await store.write([put(OWNER, fromHex(owner)), put(KEY, fromHex(randomKey()))], { sync: true });
  const receiptKey = toHex(store.get(KEY) ?? NOTHING);
  const inTurn = takeTurns();
  let total = numberAt(store, usedKey(NOTHING));

  async function hold(client: Hex, blobs: readonly HeldBlob[], until: bigint): Promise<void> {
    const owned = fromHex(client, 20);
    const operations: StoreOperation[] = [];
    let added = 0n;
    // The same blob twice in one request counts once.
    for (const { hint, blob, blobHash } of new Map(blobs.map((each) => [each.hint + each.blobHash, each])).values()) {
      const key = blobKey(fromHex(hint, 32), owned, fromHex(blobHash, 32));
      const old = store.get(key);
      const oldUntil = old && toBigInt(old.subarray(0, 8));
      if (oldUntil !== undefined && oldUntil >= until) continue;
      if (oldUntil === undefined) added += sizeOf(blob);
      else operations.push({ type: "del", key: expiryKey(oldUntil, key) });
      operations.push(put(key, concat(toBytes(until, 8), blob)), put(expiryKey(until, key), NOTHING));
    }
    const used = numberAt(store, usedKey(owned)) + added;
    if (added > 0n && used > limits.clientBytes)
      throw new VaultFullError(`the tower holds ${limits.clientBytes} bytes for a client, these would make ${used}`);
    if (added > 0n && total + added > limits.totalBytes)
      throw new VaultFullError("the tower is full; hand the blobs to another one");
    if (operations.length === 0) return;
    operations.push(put(usedKey(owned), toBytes(used, 8)), put(usedKey(NOTHING), toBytes(total + added, 8)));
    await store.write(operations, { sync: true });
    total += added;
  }

  /** @returns how many of {@link SWEEP_AT_ONCE}. */
  async function sweepSome(now: bigint): Promise<number> {
    const range = { from: expiryKey(0n, NOTHING), to: expiryKey(now, NOTHING), limit: SWEEP_AT_ONCE };
    const operations: StoreOperation[] = [];
    const freed = new Map<Hex, bigint>();
    let count = 0;
    for await (const [index] of store.entries(range)) {
      const key = index.slice(9);
      const held = store.get(key);
      operations.push({ type: "del", key: index }, { type: "del", key });
      const client = toHex(key.subarray(33, 53));
      freed.set(client, (freed.get(client) ?? 0n) + sizeOf(held?.subarray(8) ?? NOTHING));
      count++;
    }
    if (count === 0) return 0;
    let sum = 0n;
    for (const [client, size] of freed) {
      const key = usedKey(fromHex(client));
      operations.push(put(key, toBytes(numberAt(store, key) - size, 8)));
      sum += size;
    }
    operations.push(put(usedKey(NOTHING), toBytes(total - sum, 8)));
    await store.write(operations, { sync: true });
    total -= sum;
    return count;
  }

  return {
    receiptKey,
    hold: (client, blobs, until) => inTurn(() => hold(client, blobs, until)),
    async sweep(now) {
      for (let sum = 0; ;) {
        const count = await inTurn(() => sweepSome(now));
        sum += count;
        if (count < SWEEP_AT_ONCE) return sum;
      }
    },
    get bytes() {
      return total;
    },
    async blobs(hint) {
      const prefix = concat(Uint8Array.of(TABLE.blob), fromHex(hint, 32));
      const blobs: Uint8Array[] = [];
      for await (const [, value] of store.entries({ from: prefix, to: concat(prefix, KEY_END) }))
        blobs.push(value.subarray(8));
      return blobs;
    },
    cursor() {
      const bytes = store.get(CURSOR);
      return bytes && Number(toBigInt(bytes));
    },
    // Losing it means reading more.
    setCursor: (block) => store.write([put(CURSOR, toBytes(BigInt(block), 8))], { sync: false }),
    async earnings(fromBlock = 0) {
      const earnings: Earning[] = [];
      const range = { from: earningKey(fromBlock, NOTHING), to: Uint8Array.of(TABLE.earning + 1) };
      for await (const [key, value] of store.entries(range)) earnings.push(decodeEarning(key, value));
      return earnings;
    },
    addEarning: ({ transaction, block, channelId, reward, cost }) => {
      const value = concat(fromHex(channelId, 32), toBytes(reward, 16), toBytes(cost, 16));
      return store.write([put(earningKey(block, fromHex(transaction)), value)], { sync: true });
    },
    removeEarning: ({ transaction, block }) =>
      store.write([{ type: "del", key: earningKey(block, fromHex(transaction)) }], { sync: true }),
    journal: {
      get(name) {
        const text = store.get(journalKey(name));
        return Promise.resolve(text && Buffer.from(text).toString());
      },
      put: (name, text) => store.write([put(journalKey(name), Buffer.from(text))], { sync: true }),
    },
  };
}

const OWNER = Uint8Array.of(TABLE.owner);
const KEY = Uint8Array.of(TABLE.key);
const CURSOR = Uint8Array.of(TABLE.cursor);

const put = (key: Uint8Array, value: Uint8Array): StoreOperation => ({ type: "put", key, value });
const blobKey = (hint: Uint8Array, client: Uint8Array, blobHash: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(TABLE.blob), hint, client, blobHash);
const expiryKey = (until: bigint, key: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(TABLE.expiry), toBytes(until, 8), key);
/** Of a client; of all without one. */
const usedKey = (client: Uint8Array): Uint8Array => concat(Uint8Array.of(TABLE.used), client);
const earningKey = (block: number, transaction: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(TABLE.earning), toBytes(BigInt(block), 8), transaction);
const journalKey = (name: string): Uint8Array => concat(Uint8Array.of(TABLE.journal), Buffer.from(name));

function sizeOf(blob: Uint8Array): bigint {
  return BigInt(blob.length) + OVERHEAD;
}

function numberAt(store: Store, key: Uint8Array): bigint {
  return toBigInt(store.get(key) ?? NOTHING);
}

function decodeEarning(key: Uint8Array, value: Uint8Array): Earning {
  return {
    block: Number(toBigInt(key.slice(1, 9))),
    transaction: toHex(key.subarray(9)),
    channelId: toHex(value.subarray(0, 32)),
    reward: toBigInt(value.slice(32, 48)),
    cost: toBigInt(value.slice(48, 64)),
  };
}
