import type { L1Source } from "../l1/follower.js";
import { MAX_LOG_RANGE } from "../l1/logs.js";
import type { L1Block, PlacedEvent } from "../l1/types.js";
import type { Store, StoreOperation } from "../store/types.js";
import { parse, serialize } from "../validator/records.js";

export interface ResumableSource extends L1Source {
  /** Drops what it kept: somebody else has it now. */
  forget(): Promise<void>;
}

/** Events of blocks `from` to the block with this hash. */
interface Window {
  hash: string;
  events: PlacedEvent[];
}

const KEY = "reconstruction:window:";

/**
 * A source that keeps the events it read, window by window, so that a long reading goes on where it was interrupted.
 * A window counts for as long as L1 has its last block.
 * @param onRead Called after each window with its last block and the last block of the reading.
 */
export function resumableSource(
  source: L1Source,
  store: Store,
  onRead: (block: number, last: number) => void = () => undefined,
  size: number = MAX_LOG_RANGE,
): ResumableSource {
  async function events(from: number, to: number, signal?: AbortSignal): Promise<PlacedEvent[]> {
    const all: PlacedEvent[] = [];
    for (let first = from; first <= to;) {
      // Windows end at multiples of their size, so that a later reading of more blocks has the same ones.
      const last = Math.min(to, first - (first % size) + size - 1);
      for (const event of await read(first, last, signal)) all.push(event);
      onRead(last, to);
      first = last + 1;
    }
    return all;
  }

  async function read(first: number, last: number, signal?: AbortSignal): Promise<PlacedEvent[]> {
    const end = await source.block(last, signal);
    const kept = store.get(keyOf(first, last));
    if (kept !== undefined) {
      const window = parse(kept) as Window;
      if (window.hash === end?.hash) return window.events;
    }
    const found = await source.events(first, last, signal);
    if (end !== undefined && isSame(end, await source.block(last, signal))) {
      const value = serialize({ hash: end.hash, events: found } satisfies Window);
      await store.write([{ type: "put", key: keyOf(first, last), value }], { sync: true });
    }
    return found;
  }

  async function forget(): Promise<void> {
    const operations: StoreOperation[] = [];
    for await (const [key] of store.entries({ from: Buffer.from(KEY), to: Buffer.from(`${KEY}~`) })) {
      operations.push({ type: "del", key });
    }
    await store.write(operations, { sync: false });
  }

  return {
    block: (at, signal) => source.block(at, signal),
    counts: (at, signal) => source.counts(at, signal),
    events,
    forget,
  };
}

function isSame(block: L1Block, other: L1Block | undefined): boolean {
  return block.hash === other?.hash;
}

function keyOf(first: number, last: number): Uint8Array {
  return Buffer.from(`${KEY}${first}-${last}`);
}
