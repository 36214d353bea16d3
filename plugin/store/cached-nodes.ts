import type { NodeReader } from "../ledger/types.js";

export interface NodeCache extends NodeReader {
  /** Nodes that will be wanted soon. */
  add(nodes: Iterable<{ hash: Uint8Array; preimage: Uint8Array }>): void;
}

/**
 * Keeps what was read or added last in front of a slower reader. Two generations: what is used moves to the young one, and
 * when that is full the old one is dropped. Nodes never change, so nothing is ever invalidated.
 * @param capacity Most nodes kept; one takes about 250 bytes.
 */
export function cacheNodes(reader: NodeReader, capacity: number): NodeCache {
  let young = new Map<string, Uint8Array>();
  let old = new Map<string, Uint8Array>();
  const keep = (key: string, preimage: Uint8Array): void => {
    if (young.size >= capacity / 2) {
      old = young;
      young = new Map();
    }
    young.set(key, preimage);
  };
  return {
    get(hash) {
      const key = Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString("latin1");
      const recent = young.get(key);
      if (recent !== undefined) return recent;
      const preimage = old.get(key) ?? reader.get(hash);
      if (preimage !== undefined) keep(key, preimage);
      return preimage;
    },
    add(nodes) {
      for (const { hash, preimage } of nodes)
        keep(Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString("latin1"), preimage);
    },
  };
}
