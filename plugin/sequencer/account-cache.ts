import { toBigInt } from "../ledger/bytes.js";
import type { StateNode } from "../ledger/types.js";
import type { Hex } from "../types.js";
import type { AccountState } from "./mempool.js";

const LEAF_LENGTH = 128;
const PACKED_LENGTH = 96;

/** The new leaves of a state, one after the other: key and both words of each. */
export function packLeaves(nodes: StateNode[]): Uint8Array {
  const leaves = nodes.filter(({ preimage }) => preimage.length === LEAF_LENGTH);
  const packed = new Uint8Array(leaves.length * PACKED_LENGTH);
  leaves.forEach(({ preimage }, i) => packed.set(preimage.subarray(32), i * PACKED_LENGTH));
  return packed;
}

/** Accounts of the last state that were asked for, so that a busy one is not looked up in the tree again and again. */
export interface AccountCache {
  get(address: Hex): AccountState;
  /** Takes in what a block changed. */
  update(leaves: Uint8Array): void;
  /** Another state took the last one's place. */
  clear(): void;
}

/**
 * @param read Looks an account up in the last state.
 * @param keyOf Key of its leaf, 32 bytes.
 * @param capacity Most accounts kept; one takes about 300 bytes.
 */
export function createAccountCache(
  read: (account: Hex) => AccountState,
  keyOf: (account: Hex) => Uint8Array,
  capacity: number,
): AccountCache {
  const known = new Map<string, AccountState>();
  return {
    get(address) {
      const key = text(keyOf(address));
      const found = known.get(key);
      if (found !== undefined) return found;
      if (known.size >= capacity) known.clear();
      const account = read(address);
      known.set(key, account);
      return account;
    },
    update(leaves) {
      for (let at = 0; at < leaves.length; at += PACKED_LENGTH) {
        const key = text(leaves.subarray(at, at + 32));
        if (!known.has(key)) continue;
        // word0 is nonce << 64 | index, word1 the balance; docs/protocol.md §5.
        const nonce = toBigInt(leaves.subarray(at + 48, at + 56));
        known.set(key, { nonce, balance: toBigInt(leaves.subarray(at + 64, at + PACKED_LENGTH)) });
      }
    },
    clear: () => known.clear(),
  };
}

function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
