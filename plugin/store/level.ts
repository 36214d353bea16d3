import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { ClassicLevel } from "classic-level";

import { StoreError, StoreLockedError } from "./errors.js";
import type { Store } from "./types.js";

const BLOCK_CACHE_BYTES = 64 << 20;
const WRITE_BUFFER_BYTES = 64 << 20;

/**
 * A store in a directory, created when missing. Exactly one caller at a time has it, in whatever process.
 * @throws {StoreLockedError} when it is open elsewhere; {@link StoreError} for everything else that goes wrong.
 */
export async function openLevelStore(path: string): Promise<Store> {
  // The data can be opened by several threads of one process, so it does not keep a second caller out; this does.
  const lock = new ClassicLevel(join(path, "lock"));
  try {
    await mkdir(path, { recursive: true });
    await lock.open();
  } catch (error) {
    if (hasCode(error, "LEVEL_LOCKED")) throw new StoreLockedError(path, { cause: error });
    throw new StoreError(`the store at ${path} cannot be opened: ${rootMessage(error)}`, { cause: error });
  }
  try {
    const store = await attachLevelStore(path);
    return {
      ...store,
      async close() {
        await store.close();
        await lock.close();
      },
    };
  } catch (error) {
    await lock.close();
    throw error;
  }
}

/**
 * The store that another thread of this process opened.
 * @throws {StoreError}
 */
export async function attachLevelStore(path: string): Promise<Store> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(join(path, "data"), {
    keyEncoding: "view",
    valueEncoding: "view",
    // Hashes and signatures do not compress.
    compression: false,
    cacheSize: BLOCK_CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
    multithreading: true,
  });
  try {
    await level.open();
  } catch (error) {
    throw new StoreError(`the store at ${path} cannot be opened: ${rootMessage(error)}`, { cause: error });
  }
  return {
    get: (key) => level.getSync(key),
    async write(operations, { sync }) {
      if (operations.length === 0) return;
      try {
        await level.batch(operations, { sync });
      } catch (error) {
        throw new StoreError(`the store at ${path} cannot be written: ${rootMessage(error)}`, { cause: error });
      }
    },
    entries: ({ from, to, reverse = false, limit = -1 }) => level.iterator({ gte: from, lt: to, reverse, limit }),
    close: () => level.close(),
  };
}

function hasCode(error: unknown, code: string): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && cause.code === code) return true;
  }
  return false;
}

function rootMessage(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}
