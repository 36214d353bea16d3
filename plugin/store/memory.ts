import type { Store, StoreOperation, StoreRange } from "./types.js";

/** A store that ends with the process, for tests and for rollups inside tests. */
export function memoryStore(): Store {
  const map = new Map<string, Uint8Array>();

  function list({ from, to, reverse = false, limit = Infinity }: StoreRange): [Uint8Array, Uint8Array][] {
    const [low, high] = [text(from), text(to)];
    const keys = [...map.keys()].filter((key) => key >= low && key < high).sort();
    if (reverse) keys.reverse();
    return keys.slice(0, limit).map((key) => [Buffer.from(key, "latin1"), map.get(key)!]);
  }

  return {
    get: (key) => map.get(text(key)),
    write(operations) {
      for (const operation of operations) {
        const key = text(operation.key);
        if (operation.type === "put") map.set(key, operation.value);
        else map.delete(key);
      }
      return Promise.resolve();
    },
    async *entries(range) {
      yield* await Promise.resolve(list(range));
    },
    close: () => Promise.resolve(),
  };
}

/** After every key there is. */
const END = new Uint8Array(64).fill(0xff);

/** A store in memory with what `store` has now. */
export async function copyInMemory(store: Store): Promise<Store> {
  const copy = memoryStore();
  const operations: StoreOperation[] = [];
  for await (const [key, value] of store.entries({ from: new Uint8Array(), to: END })) {
    operations.push({ type: "put", key, value });
  }
  await copy.write(operations, { sync: false });
  return copy;
}

/** Latin-1 keeps the order of bytes. */
function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
