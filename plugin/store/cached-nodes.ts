import type { NodeReader } from "../ledger/types.js";
import { PreimageMap } from "../machine/preimage-map.js";

export interface NodeCache extends NodeReader {
  /** Nodes that will be wanted soon; they are copied. */
  add(nodes: Iterable<{ hash: Uint8Array; preimage: Uint8Array }>): void;
}

/**
 * Keeps what was read or added last in front of a slower reader. Two generations: what is used moves to the young one, and
 * when that is full the old one is dropped. Nodes never change, so nothing is ever invalidated.
 * @param capacity Most nodes kept; one takes about 120 bytes.
 */
export function cacheNodes(reader: NodeReader, capacity: number): NodeCache {
  let young = new PreimageMap();
  let old = new PreimageMap();
  const keep = (hash: Uint8Array, preimage: Uint8Array): void => {
    if (young.size >= capacity / 2) {
      old = young;
      young = new PreimageMap();
    }
    young.set(hash, preimage);
  };
  return {
    get(hash) {
      const recent = young.get(hash);
      if (recent !== undefined) return recent;
      const preimage = old.get(hash) ?? reader.get(hash);
      if (preimage !== undefined) keep(hash, preimage);
      return preimage;
    },
    add(nodes) {
      for (const { hash, preimage } of nodes) keep(hash, preimage);
    },
  };
}
