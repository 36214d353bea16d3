// The sparse Merkle tree of docs/protocol.md §5: loaded lazily by preimages, changed in memory, hashed once at the end.
import { PAGE, copy32, equal32, isZero32, hashPair, keccakPage, preimage } from "./host";

/** Names the empty subtree. */
const EMPTY: u32 = 0;

const UNLOADED: u8 = 0;
const INNER: u8 = 1;
const LEAF: u8 = 2;

// A node: hash 32 | left or leaf address 4 | right 4 | type 1 | dirty 1, in 48 bytes.
const NODE_SHIFT: usize = 6;
const NODES_PER_BLOCK: u32 = 8192;

/** Offsets in a leaf: key, then two words. */
export const LEAF_WORD0: usize = 32;
export const LEAF_WORD1: usize = 64;

const leafDomain: usize = memory.data(32);
const newHash: usize = memory.data(32);
// Blocks of nodes, so that the table grows without moving. 32,768 blocks are far more than memory holds.
const blocks: usize = memory.data(32768 * 4);
let blockCount: u32 = 0;
let nodeCount: u32 = 1;
let root: u32 = EMPTY;
// Inner nodes on the way to a key.
const path: usize = memory.data(257 * 4);

function at(id: u32): usize {
  return <usize>load<u32>(blocks + ((id / NODES_PER_BLOCK) << 2)) + ((<usize>(id % NODES_PER_BLOCK)) << NODE_SHIFT);
}

function leftOf(node: usize): u32 {
  return load<u32>(node, 32);
}

function rightOf(node: usize): u32 {
  return load<u32>(node, 36);
}

function typeOf(node: usize): u8 {
  return load<u8>(node, 40);
}

function markDirty(node: usize): void {
  store<u8>(node, 1, 41);
}

function create(type: u8, left: u32, right: u32, dirty: bool): u32 {
  if (nodeCount / NODES_PER_BLOCK >= blockCount) {
    store<u32>(blocks + (blockCount << 2), <u32>heap.alloc((<usize>NODES_PER_BLOCK) << NODE_SHIFT));
    blockCount++;
  }
  const node = at(nodeCount);
  store<u32>(node, left, 32);
  store<u32>(node, right, 36);
  store<u8>(node, type, 40);
  store<u8>(node, <u8>dirty, 41);
  return nodeCount++;
}

function reference(hash: usize): u32 {
  if (isZero32(hash)) return EMPTY;
  const id = create(UNLOADED, 0, 0, false);
  copy32(at(id), hash);
  return id;
}

/** The node's address, its children or leaf known. */
function open(id: u32): usize {
  const node = at(id);
  if (typeOf(node) != UNLOADED) return node;
  if (preimage(node) == 64) {
    // reference() makes no host call, so PAGE stays.
    const left = reference(PAGE);
    const right = reference(PAGE + 32);
    store<u32>(node, left, 32);
    store<u32>(node, right, 36);
    store<u8>(node, INNER, 40);
  } else {
    const leaf = heap.alloc(96);
    copy32(leaf, PAGE + 32);
    copy32(leaf + 32, PAGE + 64);
    copy32(leaf + 64, PAGE + 96);
    store<u32>(node, <u32>leaf, 32);
    store<u8>(node, LEAF, 40);
  }
  return node;
}

function bitOf(key: usize, depth: u32): u32 {
  return ((<u32>load<u8>(key + (depth >> 3))) >> (7 - (depth & 7))) & 1;
}

/** Starts from a state root; `domain` is the leaf domain. */
export function openTree(stateRoot: usize, domain: usize): void {
  copy32(leafDomain, domain);
  root = reference(stateRoot);
}

/** Address of the leaf with this key (its words may be read until the next change), or 0. */
export function find(key: usize): usize {
  let id = root;
  for (let depth: u32 = 0; id != EMPTY; depth++) {
    const node = open(id);
    if (typeOf(node) == LEAF) {
      const leaf = <usize>leftOf(node);
      return equal32(leaf, key) ? leaf : 0;
    }
    id = bitOf(key, depth) ? rightOf(node) : leftOf(node);
  }
  return 0;
}

function setChild(parentDepth: i32, key: usize, child: u32): void {
  if (parentDepth < 0) {
    root = child;
    return;
  }
  const parent = at(load<u32>(path + (parentDepth << 2)));
  if (bitOf(key, parentDepth)) store<u32>(parent, child, 36);
  else store<u32>(parent, child, 32);
}

/** The leaf with this key, made with zero words when absent; the caller writes its words at once. */
export function touch(key: usize): usize {
  let id = root;
  let depth: u32 = 0;
  while (id != EMPTY) {
    const node = open(id);
    markDirty(node);
    if (typeOf(node) == LEAF) break;
    store<u32>(path + (depth << 2), id);
    id = bitOf(key, depth) ? rightOf(node) : leftOf(node);
    depth++;
  }
  if (id != EMPTY) {
    const found = <usize>leftOf(at(id));
    if (equal32(found, key)) return found;
  }
  const leaf = heap.alloc(96);
  copy32(leaf, key);
  memory.fill(leaf + 32, 0, 64);
  let top = create(LEAF, <u32>leaf, 0, true);
  if (id != EMPTY) {
    // Another leaf stands here: inner nodes down to the first bit where the keys differ.
    const other = <usize>leftOf(at(id));
    let split = depth;
    while (bitOf(other, split) == bitOf(key, split)) split++;
    top = bitOf(key, split) ? create(INNER, id, top, true) : create(INNER, top, id, true);
    while (split > depth) {
      split--;
      top = bitOf(key, split) ? create(INNER, EMPTY, top, true) : create(INNER, top, EMPTY, true);
    }
  }
  setChild(<i32>depth - 1, key, top);
  return leaf;
}

/** Removes the leaf with this key; does nothing when it is absent. */
export function remove(key: usize): void {
  if (find(key) == 0) return;
  let id = root;
  let depth: i32 = 0;
  for (;;) {
    const node = at(id);
    if (typeOf(node) == LEAF) break;
    markDirty(node);
    store<u32>(path + (depth << 2), id);
    id = bitOf(key, depth) ? rightOf(node) : leftOf(node);
    depth++;
  }
  // A subtree that is left with one leaf is that leaf, at whatever height.
  let child = EMPTY;
  for (let d = depth - 1; d >= 0; d--) {
    const parent = at(load<u32>(path + (d << 2)));
    const sibling = bitOf(key, d) ? leftOf(parent) : rightOf(parent);
    if (child == EMPTY) {
      if (sibling != EMPTY && typeOf(open(sibling)) == LEAF) {
        child = sibling;
        continue;
      }
      if (sibling == EMPTY) continue;
    } else if (sibling == EMPTY) {
      continue;
    }
    setChild(d, key, child);
    return;
  }
  root = child;
}

function rehash(id: u32): void {
  const node = at(id);
  if (!load<u8>(node, 41)) return;
  if (typeOf(node) == LEAF) {
    const leaf = <usize>leftOf(node);
    copy32(PAGE, leafDomain);
    copy32(PAGE + 32, leaf);
    copy32(PAGE + 64, leaf + LEAF_WORD0);
    copy32(PAGE + 96, leaf + LEAF_WORD1);
    keccakPage(newHash, 128);
  } else {
    const left = leftOf(node);
    const right = rightOf(node);
    if (left != EMPTY) rehash(left);
    if (right != EMPTY) rehash(right);
    // Node 0, the empty one, keeps its zero hash.
    hashPair(newHash, at(left), at(right));
  }
  copy32(node, newHash);
  store<u8>(node, 0, 41);
}

/** Hashes what changed and writes the root to `to`. */
export function commitTree(to: usize): void {
  if (root == EMPTY) {
    memory.fill(to, 0, 32);
    return;
  }
  rehash(root);
  copy32(to, at(root));
}
