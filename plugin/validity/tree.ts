import { concat, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import { MissingNodeError } from "../ledger/state.js";
import type { NodeReader, StateNode } from "../ledger/types.js";
import { decodeLeaf, encodeLeaf, type Leaf, leafHash } from "./leaf.js";
import { p4 } from "./poseidon.js";

/** Children of an inner node. */
export const ARITY = 4;
/** Deepest tree: the index of a leaf has 32 bits. */
export const MAX_LEVELS = 16;

const WORD = 32;
const NODE_LENGTH = ARITY * WORD;

type Quad<T> = [T, T, T, T];

/** A subtree, loaded as far as it was needed. `hash` is missing where something below it changed. */
interface Node {
  hash: bigint | undefined;
  /** Inner nodes, once loaded. */
  children?: Quad<Node>;
  /** Leaves, once loaded. */
  leaf?: Leaf;
  /** Made here, not read. */
  fresh: boolean;
}

/**
 * A 4-ary Merkle tree of leaves (docs/validity.md §1) that is changed in place. Nodes are read when they are needed and hashed
 * when somebody asks, so that many changes cost one hash per node that they share.
 */
export interface Tree {
  readonly levels: number;
  root(): bigint;
  /** The leaf at `index`, or undefined when that place is empty. */
  get(index: number): Leaf | undefined;
  set(index: number, leaf: Leaf): void;
  /** The siblings of the leaf at `index` and of each node above it, from the leaf up: three per level, from left to right. */
  siblings(index: number): bigint[];
  /** Nodes and leaves of this tree that were made since it was opened or since this was called last. */
  takeNodes(): StateNode[];
}

/** A tree of another height than it was written with, or a hash that leads to something else. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

/** `emptyRoots(levels)[h]`: the root of a subtree of height h without leaves. */
export function emptyRoots(levels: number): bigint[] {
  const roots = [0n];
  for (let height = 0; height < levels; height++) {
    const child = roots[height]!;
    roots.push(p4(child, child, child, child));
  }
  return roots;
}

/** How many leaves a tree holds. */
export function capacityOf(levels: number): number {
  return ARITY ** levels;
}

/** The root that a leaf's hash and its siblings lead to. */
export function rootOfPath(index: number, hash: bigint, siblings: readonly bigint[]): bigint {
  let node = hash;
  for (let height = 0; height * 3 < siblings.length; height++) {
    const children = siblings.slice(3 * height, 3 * height + 3);
    children.splice(positionOf(index, height), 0, node);
    node = p4(...(children as Quad<bigint>));
  }
  return node;
}

/**
 * The tree with this root.
 * @param reader Nodes (128 bytes, four words) and leaves (224 bytes) by their Poseidon hash, 32 bytes big-endian.
 * @throws MissingNodeError from its functions, when a node is not stored.
 */
export function openTree(levels: number, root: bigint, reader: NodeReader): Tree {
  if (!Number.isInteger(levels) || levels < 1 || levels > MAX_LEVELS)
    throw new RangeError(`a tree has 1 to ${MAX_LEVELS} levels, got ${levels}`);
  const capacity = capacityOf(levels);
  const empty = emptyRoots(levels);
  const top: Node = { hash: root, fresh: false };

  function checkIndex(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= capacity)
      throw new RangeError(`a leaf's index is 0 to ${capacity - 1}, got ${index}`);
  }

  function read(hash: bigint): Uint8Array {
    const key = toBytes(hash, WORD);
    const bytes = reader.get(key);
    if (bytes === undefined) throw new MissingNodeError(toHex(key), toHex(toBytes(root, WORD)));
    return bytes;
  }

  /** Loads the children of a node of height above 0. */
  function childrenOf(node: Node, height: number): Quad<Node> {
    if (node.children !== undefined) return node.children;
    const child = empty[height - 1]!;
    const hashes = node.hash === empty[height] ? [child, child, child, child] : decodeNode(read(node.hash!));
    const children = hashes.map((hash): Node => ({ hash, fresh: false })) as Quad<Node>;
    node.children = children;
    return children;
  }

  /** The nodes from the root down to the leaf at `index`. */
  function descend(index: number): Node[] {
    checkIndex(index);
    const path = [top];
    for (let height = levels; height > 0; height--)
      path.push(childrenOf(path.at(-1)!, height)[positionOf(index, height - 1)]!);
    return path;
  }

  function hashOf(node: Node): bigint {
    if (node.hash !== undefined) return node.hash;
    node.hash = node.leaf === undefined ? p4(...hashesOf(node.children!)) : leafHash(node.leaf);
    return node.hash;
  }

  function hashesOf(children: Quad<Node>): Quad<bigint> {
    return children.map(hashOf) as Quad<bigint>;
  }

  function loadLeaf(node: Node): Leaf | undefined {
    if (node.leaf !== undefined || node.hash === 0n) return node.leaf;
    const leaf = decodeLeaf(read(node.hash!));
    if (leaf === undefined) throw new TreeError(`${node.hash} is no leaf of a tree with ${levels} levels`);
    node.leaf = leaf;
    return leaf;
  }

  return {
    levels,
    root: () => hashOf(top),
    get: (index) => loadLeaf(descend(index).at(-1)!),
    set(index, leaf) {
      const path = descend(index);
      for (const node of path) {
        node.hash = undefined;
        node.fresh = true;
      }
      path.at(-1)!.leaf = leaf;
    },
    siblings(index) {
      const path = descend(index);
      const siblings: bigint[] = [];
      for (let height = 0; height < levels; height++) {
        const children = childrenOf(path[levels - 1 - height]!, height + 1);
        const own = positionOf(index, height);
        children.forEach((child, position) => {
          if (position !== own) siblings.push(hashOf(child));
        });
      }
      return siblings;
    },
    takeNodes() {
      const nodes: StateNode[] = [];
      const collect = (node: Node): void => {
        if (!node.fresh) return;
        node.fresh = false;
        const { leaf, children } = node;
        const preimage = leaf === undefined ? encodeNode(hashesOf(children!)) : encodeLeaf(leaf);
        nodes.push({ hash: toBytes(hashOf(node), WORD), preimage });
        children?.forEach(collect);
      };
      collect(top);
      return nodes;
    },
  };
}

/** Where among its siblings the node of this height stands that is above the leaf at `index`. */
function positionOf(index: number, height: number): number {
  return Math.floor(index / ARITY ** height) % ARITY;
}

function encodeNode(hashes: Quad<bigint>): Uint8Array {
  return concat(...hashes.map((hash) => toBytes(hash, WORD)));
}

function decodeNode(bytes: Uint8Array): Quad<bigint> {
  if (bytes.length !== NODE_LENGTH) throw new TreeError(`a node has ${NODE_LENGTH} bytes, got ${bytes.length}`);
  const word = (i: number): bigint => toBigInt(bytes.subarray(i * WORD, (i + 1) * WORD));
  return [word(0), word(1), word(2), word(3)];
}
