import type { Hex } from "../types.js";

/** Where a sender writes down what it is about to send. `put` must be on disk when it resolves. */
export interface Journal {
  get(key: string): Promise<string | undefined>;
  put(key: string, value: string): Promise<void>;
}

/** One signed (or, by a node, to be signed) transaction. */
export interface Attempt {
  /** What it is for; see `Intent.key`. */
  key: string;
  /** Unknown only between the sending by a node's own account and its answer. */
  hash?: Hex;
  /** The signed transaction; absent when a node signs. */
  raw?: Hex;
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  /** Of a transaction with blobs. */
  maxFeePerBlobGas?: bigint;
  gasLimit: bigint;
}

/** All attempts for one nonce: at most one of them is ever mined. */
export interface Slot {
  nonce: number;
  attempts: readonly Attempt[];
}

/** A journal that forgets with the process: for transactions that a person sends and sees. */
export function memoryJournal(): Journal {
  const entries = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(entries.get(key)),
    put: (key, value) => {
      entries.set(key, value);
      return Promise.resolve();
    },
  };
}

export async function readSlot(journal: Journal, account: string): Promise<Slot | undefined> {
  const text = await journal.get(slotKey(account));
  if (text === undefined) return undefined;
  const { nonce, attempts } = JSON.parse(text) as { nonce: number; attempts: Record<string, string>[] };
  return {
    nonce,
    attempts: attempts.map(
      ({ key = "", hash, raw, maxFeePerBlobGas, maxFeePerGas = "0", maxPriorityFeePerGas = "0", gasLimit = "0" }) => ({
        key,
        ...(hash === undefined ? {} : { hash: hash as Hex }),
        ...(raw === undefined ? {} : { raw: raw as Hex }),
        ...(maxFeePerBlobGas === undefined ? {} : { maxFeePerBlobGas: BigInt(maxFeePerBlobGas) }),
        maxFeePerGas: BigInt(maxFeePerGas),
        maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
        gasLimit: BigInt(gasLimit),
      }),
    ),
  };
}

export async function writeSlot(journal: Journal, account: string, slot: Slot): Promise<void> {
  const text = JSON.stringify(slot, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  await journal.put(slotKey(account), text);
}

function slotKey(account: string): string {
  return `l1-transaction:${account.toLowerCase()}`;
}
