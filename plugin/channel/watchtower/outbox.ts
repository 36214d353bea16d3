import { concat, fromHex, toBigInt, toBytes, toHex } from "../../ledger/bytes.js";
import type { Store, StoreOperation } from "../../store/types.js";
import type { Hex } from "../../types.js";
import { randomKey } from "../signing.js";
import type { WatchReceipt } from "./signing.js";
import { heldBlob, type HeldBlob } from "./wire.js";

/** A blob of a channel that a tower is to hold, or holds. */
export interface ChannelBlob extends HeldBlob {
  channelId: Hex;
}

export interface WaitingBlob extends ChannelBlob {
  /** In the queue. */
  position: bigint;
}

/** What a client keeps of its blobs: those that no tower has yet, and receipts for the others. */
export interface Outbox {
  /** Private key by which towers know the client. */
  readonly key: Hex;
  /**
   * Adds blobs that are to be uploaded, unless they have a receipt. Returns how many are new.
   * @param answered By channel the highest turn that a blob answers; written together with the blobs.
   */
  add(blobs: readonly ChannelBlob[], answered?: ReadonlyMap<Hex, bigint>): Promise<number>;
  /** The highest turn of a channel that was ever answered; undefined for none. */
  answered(channelId: Hex): bigint | undefined;
  /** Those that wait longest. */
  waiting(limit: number): Promise<WaitingBlob[]>;
  /** Files receipts, in the order of their blobs, which wait no longer. */
  file(blobs: readonly WaitingBlob[], receipts: readonly WatchReceipt[]): Promise<void>;
  receipts(channelId: Hex): Promise<WatchReceipt[]>;
  /** Lets blobs wait again whose receipts end before a time (seconds). Returns how many. */
  renew(before: bigint): Promise<number>;
  /** Forgets a channel. */
  forget(channelId: Hex): Promise<void>;
}

const TABLE = { answered: 0x61, key: 0x6b, receipt: 0x72, waiting: 0x77 };
const KEY = Uint8Array.of(TABLE.key);
const KEY_END = new Uint8Array(64).fill(0xff);
const SIGNATURE = 64;
const AT_ONCE = 1_000;

/** @param store The client's alone; it stays the caller's to close. */
export async function openOutbox(store: Store): Promise<Outbox> {
  if (store.get(KEY) === undefined) await store.write([put(KEY, fromHex(randomKey()))], { sync: true });
  let next = 0n;
  for await (const [key] of store.entries({ ...rangeOf(TABLE.waiting), reverse: true, limit: 1 }))
    next = toBigInt(key.slice(1)) + 1n;

  const wait = ({ channelId, hint, blob }: Omit<ChannelBlob, "blobHash">): StoreOperation =>
    put(waitingKey(next++), concat(fromHex(channelId, 32), fromHex(hint, 32), blob));

  function turnAt(channelId: Hex): bigint | undefined {
    const found = store.get(answeredKey(channelId));
    return found && toBigInt(found);
  }

  async function* receiptsOf(channelId: Hex): AsyncGenerator<WatchReceipt> {
    const prefix = concat(Uint8Array.of(TABLE.receipt), fromHex(channelId, 32));
    for await (const [key, value] of store.entries({ from: prefix, to: concat(prefix, KEY_END) })) {
      yield {
        hint: toHex(key.subarray(33, 65)),
        blobHash: toHex(key.subarray(65)),
        until: toBigInt(value.slice(0, 8)),
        signature: toHex(value.subarray(8, 8 + SIGNATURE)),
      };
    }
  }

  return {
    key: toHex(store.get(KEY) ?? new Uint8Array()),
    async add(blobs, answered = new Map()) {
      const fresh = blobs.filter((each) => store.get(receiptKey(each)) === undefined);
      const marks = [...answered]
        .filter(([channelId, turnNum]) => turnNum > (turnAt(channelId) ?? -1n))
        .map(([channelId, turnNum]) => put(answeredKey(channelId), toBytes(turnNum, 8)));
      // A process that dies loses nothing; a machine that does may, and then the channel hands those states again.
      await store.write([...fresh.map(wait), ...marks], { sync: false });
      return fresh.length;
    },
    answered: turnAt,
    async waiting(limit) {
      const found: WaitingBlob[] = [];
      for await (const [key, value] of store.entries({ ...rangeOf(TABLE.waiting), limit }))
        found.push({
          position: toBigInt(key.slice(1)),
          channelId: toHex(value.subarray(0, 32)),
          ...heldBlob(toHex(value.subarray(32, 64)), value.slice(64)),
        });
      return found;
    },
    async file(blobs, receipts) {
      const operations: StoreOperation[] = blobs.flatMap((each, i) => {
        const receipt = receipts[i];
        if (receipt === undefined) return [];
        const value = concat(toBytes(receipt.until, 8), fromHex(receipt.signature, SIGNATURE), each.blob);
        return [put(receiptKey(each), value), { type: "del", key: waitingKey(each.position) }];
      });
      await store.write(operations, { sync: false });
    },
    async receipts(channelId) {
      const found: WatchReceipt[] = [];
      for await (const receipt of receiptsOf(channelId)) found.push(receipt);
      return found;
    },
    async renew(before) {
      let count = 0;
      let operations: StoreOperation[] = [];
      for await (const [key, value] of store.entries(rangeOf(TABLE.receipt))) {
        if (toBigInt(value.slice(0, 8)) >= before) continue;
        const blob = value.subarray(8 + SIGNATURE);
        operations.push(wait({ channelId: toHex(key.subarray(1, 33)), hint: toHex(key.subarray(33, 65)), blob }));
        count++;
        if (operations.length < AT_ONCE) continue;
        await store.write(operations, { sync: false });
        operations = [];
      }
      await store.write(operations, { sync: false });
      return count;
    },
    async forget(channelId) {
      const id = fromHex(channelId, 32);
      const operations: StoreOperation[] = [{ type: "del", key: answeredKey(channelId) }];
      const prefix = concat(Uint8Array.of(TABLE.receipt), id);
      for await (const [key] of store.entries({ from: prefix, to: concat(prefix, KEY_END) }))
        operations.push({ type: "del", key });
      for await (const [key, value] of store.entries(rangeOf(TABLE.waiting)))
        if (toHex(value.subarray(0, 32)) === toHex(id)) operations.push({ type: "del", key });
      await store.write(operations, { sync: false });
    },
  };
}

const put = (key: Uint8Array, value: Uint8Array): StoreOperation => ({ type: "put", key, value });
const waitingKey = (position: bigint): Uint8Array => concat(Uint8Array.of(TABLE.waiting), toBytes(position, 8));
const answeredKey = (channelId: Hex): Uint8Array => concat(Uint8Array.of(TABLE.answered), fromHex(channelId, 32));
const receiptKey = ({ channelId, hint, blobHash }: ChannelBlob): Uint8Array =>
  concat(Uint8Array.of(TABLE.receipt), fromHex(channelId, 32), fromHex(hint, 32), fromHex(blobHash, 32));

function rangeOf(table: number): { from: Uint8Array; to: Uint8Array } {
  return { from: Uint8Array.of(table), to: Uint8Array.of(table + 1) };
}
