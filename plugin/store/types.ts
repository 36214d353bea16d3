export type StoreOperation = { type: "put"; key: Uint8Array; value: Uint8Array } | { type: "del"; key: Uint8Array };

export interface StoreRange {
  /** First key. */
  from: Uint8Array;
  /** Key after the last one. */
  to: Uint8Array;
  /** Highest key first. */
  reverse?: boolean;
  limit?: number;
}

/** An ordered map of byte strings that outlives the process. */
export interface Store {
  /** Synchronous: the guest cannot wait for its preimages. */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * All operations or none.
   * @param options.sync Wait until the disk has it: for everything that was acknowledged to somebody.
   */
  write(operations: StoreOperation[], options: { sync: boolean }): Promise<void>;
  /** Entries of a range in key order, as they were when the iteration began. */
  entries(range: StoreRange): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  /** Waits for writes under way. */
  close(): Promise<void>;
}
