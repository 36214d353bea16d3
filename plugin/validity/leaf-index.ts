import { abiWords, concat, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import { MissingNodeError } from "../ledger/state.js";
import type { NodeReader, StateNode } from "../ledger/types.js";
import { keccak256 } from "../machine/keccak.js";
import type { LeafId } from "./leaf.js";

/*
 * Finds leaves by (owner, token). The state root does not bind it, whoever stores a state keeps it beside the tree: a crit-bit tree over
 * 320-bit keys, in order, whose nodes are stored by their keccak256 hash. So each state has its own, old and reverted ones too.
 *
 * leaf   key (40), index of the leaf in the state tree (4)
 * inner  the first bit in which the keys below differ (2; 0 is the highest), the hashes of those with 0 and with 1 (32 each)
 */

/** Where the leaf of (owner, token) is. */
export interface IndexEntry extends LeafId {
  index: number;
}

/** Changed in place; nodes are read when they are needed. */
export interface LeafIndex {
  /** The highest entry at or below `id`. */
  floor(id: LeafId): IndexEntry | undefined;
  /** Adds an entry that is not there yet. */
  add(entry: IndexEntry): void;
  /** Names its content; 32 bytes. */
  root(): Uint8Array;
  /** Nodes that were made since it was opened or since the last call. */
  takeNodes(): StateNode[];
}

interface EntryNode {
  key: bigint;
  index: number;
}

interface ForkNode {
  bit: number;
  children: [Reference, Reference];
}

/** A node, loaded once it was needed. */
interface Reference {
  hash: Uint8Array | undefined;
  node?: EntryNode | ForkNode;
  /** Made here, not read. */
  fresh: boolean;
}

const KEY_BITS = 320;
const KEY_LENGTH = 40;
const ENTRY_LENGTH = KEY_LENGTH + 4;
const TOKEN_MASK = (1n << 160n) - 1n;

/** What the root of an index without entries is called. */
export const EMPTY_INDEX = new Uint8Array(32);

export function openLeafIndex(root: Uint8Array, reader: NodeReader): LeafIndex {
  let top: Reference | undefined = root.every((byte) => byte === 0) ? undefined : { hash: root, fresh: false };

  function load(reference: Reference): EntryNode | ForkNode {
    if (reference.node !== undefined) return reference.node;
    const bytes = reader.get(reference.hash!);
    if (bytes === undefined) throw new MissingNodeError(toHex(reference.hash!), toHex(root));
    reference.node = decode(bytes);
    return reference.node;
  }

  /** The entry that shares the most bits with `key`. */
  function nearest(start: Reference, key: bigint): EntryNode {
    let node = load(start);
    while ("bit" in node) node = load(node.children[bitOf(key, node.bit)]);
    return node;
  }

  function highest(start: Reference): EntryNode {
    let node = load(start);
    while ("bit" in node) node = load(node.children[1]);
    return node;
  }

  function hashOf(reference: Reference): Uint8Array {
    reference.hash ??= keccak256(encode(reference.node!, hashOf));
    return reference.hash;
  }

  return {
    floor(id) {
      if (top === undefined) return undefined;
      const key = keyOf(id);
      const found = nearest(top, key);
      if (found.key === key) return entryOf(found);
      const difference = firstDifference(found.key, key);
      let reference = top;
      let below: Reference | undefined;
      for (let node = load(top); "bit" in node && node.bit < difference; node = load(reference)) {
        const side = bitOf(key, node.bit);
        if (side === 1) below = node.children[0];
        reference = node.children[side];
      }
      // Everything under `reference` is on the other side of the difference: all below the key, or all above it.
      const candidate = bitOf(key, difference) === 1 ? reference : below;
      return candidate && entryOf(highest(candidate));
    },
    add(entry) {
      const key = keyOf(entry);
      const added: Reference = { hash: undefined, node: { key, index: entry.index }, fresh: true };
      if (top === undefined) {
        top = added;
        return;
      }
      const found = nearest(top, key);
      if (found.key === key) throw new RangeError(`owner ${entry.owner}, token ${entry.token} is in the index already`);
      const bit = firstDifference(found.key, key);
      let reference = top;
      for (let node = load(top); "bit" in node && node.bit < bit; node = load(reference)) {
        reference.hash = undefined;
        reference.fresh = true;
        reference = node.children[bitOf(key, node.bit)];
      }
      // The place in the tree stays, what was there moves below it.
      const moved = { ...reference };
      reference.node = { bit, children: bitOf(key, bit) === 1 ? [moved, added] : [added, moved] };
      reference.hash = undefined;
      reference.fresh = true;
    },
    root: () => (top === undefined ? EMPTY_INDEX : hashOf(top)),
    takeNodes() {
      const nodes: StateNode[] = [];
      const collect = (reference: Reference): void => {
        if (!reference.fresh) return;
        reference.fresh = false;
        const node = reference.node!;
        nodes.push({ hash: hashOf(reference), preimage: encode(node, hashOf) });
        if ("bit" in node) node.children.forEach(collect);
      };
      if (top !== undefined) collect(top);
      return nodes;
    },
  };
}

function keyOf({ owner, token }: LeafId): bigint {
  return (owner << 160n) + token;
}

function entryOf({ key, index }: EntryNode): IndexEntry {
  return { owner: key >> 160n, token: key & TOKEN_MASK, index };
}

/** Bit 0 is the highest. */
function bitOf(key: bigint, bit: number): 0 | 1 {
  return (key >> BigInt(KEY_BITS - 1 - bit)) & 1n ? 1 : 0;
}

function firstDifference(a: bigint, b: bigint): number {
  return KEY_BITS - (a ^ b).toString(2).length;
}

function encode(node: EntryNode | ForkNode, hashOf: (reference: Reference) => Uint8Array): Uint8Array {
  if (!("bit" in node)) return concat(toBytes(node.key, KEY_LENGTH), toBytes(BigInt(node.index), 4));
  return concat(toBytes(BigInt(node.bit), 2), abiWords(...node.children.map(hashOf)));
}

function decode(bytes: Uint8Array): EntryNode | ForkNode {
  if (bytes.length === ENTRY_LENGTH)
    return { key: toBigInt(bytes.subarray(0, KEY_LENGTH)), index: Number(toBigInt(bytes.subarray(KEY_LENGTH))) };
  const child = (start: number): Reference => ({ hash: bytes.slice(start, start + 32), fresh: false });
  return { bit: Number(toBigInt(bytes.subarray(0, 2))), children: [child(2), child(34)] };
}
