import type { Store, StoreOperation } from "../store/types.js";

/**
 * Writes to a store so that the disk has them when the promise resolves. What comes while a write is under way goes together in
 * the next one: a disk takes as long for many channels as for one.
 */
export function groupCommit(store: Store): (operations: readonly StoreOperation[]) => Promise<void> {
  let gathered: StoreOperation[] = [];
  let next: Promise<void> | undefined;
  let current: Promise<void> = Promise.resolve();

  return (operations) => {
    gathered.push(...operations);
    next ??= current.then(() => {
      const all = gathered;
      gathered = [];
      next = undefined;
      const written = store.write(all, { sync: true });
      // A write that fails ends those who wait for it; who comes later tries again.
      current = written.catch(() => undefined);
      return written;
    });
    return next;
  };
}
