// The sparse Merkle tree of docs/protocol.md §5: loaded lazily by preimages, changed in memory, hashed where it changed.
import { PAGE, copy32, equal32, isZero32, keccakPage, preimage, zero32 } from "./host";
import { allocate, mark, release } from "./memory";

/** Offsets in a leaf: its key, then two words. */
export const LEAF_WORD0: usize = 32;
export const LEAF_WORD1: usize = 64;

// Nodes are made when they are first looked at. An inner node keeps the hashes of its children; a child that was looked at
// also has an address there, and its hash is out of date while it is dirty. No hash and no address: an empty subtree.
// inner: type 1 | dirty 1 | – | left address 4 | right address 4 | left hash 32 | right hash 32
// leaf:  type 1 | dirty 1 | – | key 32 | word0 32 | word1 32, from LEAF_KEY on
const INNER: u8 = 1;
const LEAF: u8 = 2;
const CHILDREN: usize = 8;
const HASHES: usize = 16;
const INNER_LENGTH: usize = 80;
const LEAF_KEY: usize = 8;
const LEAF_LENGTH: usize = 104;

/** Bytes of nodes after which boundTree lets go of them. */
const MAX_NODES: usize = 64 << 20;

const leafDomain: usize = memory.data(32);
// An inner node whose left child is the tree.
const above: usize = memory.data(80);
// Inner nodes on the way to a key, from the root down.
const path: usize = memory.data(257 * 4);
// Hash of a leaf that is on its way to another place.
const moved: usize = memory.data(32);
let start: usize = 0;

function typeOf(node: usize): u8 {
  return load<u8>(node);
}

function isDirty(node: usize): bool {
  return load<u8>(node, 1) != 0;
}

function markDirty(node: usize): void {
  store<u8>(node, 1, 1);
}

function childOf(node: usize, side: u32): usize {
  return <usize>load<u32>(node + (side << 2), CHILDREN);
}

function hashOf(node: usize, side: u32): usize {
  return node + HASHES + (side << 5);
}

/** Puts a child in its place. */
function setChild(node: usize, side: u32, child: usize): void {
  store<u32>(node + (side << 2), <u32>child, CHILDREN);
}

function clearChild(node: usize, side: u32): void {
  setChild(node, side, 0);
  zero32(hashOf(node, side));
}

function createInner(): usize {
  const node = allocate(INNER_LENGTH);
  store<u64>(node, INNER);
  store<u64>(node, 0, CHILDREN);
  return node;
}

function createLeaf(): usize {
  const node = allocate(LEAF_LENGTH);
  store<u64>(node, LEAF);
  return node;
}

/** Address of a child, loaded if need be; 0 when the subtree is empty. */
function open(parent: usize, side: u32): usize {
  let node = childOf(parent, side);
  if (node != 0) return node;
  const hash = hashOf(parent, side);
  if (isZero32(hash)) return 0;
  if (preimage(hash) == 64) {
    node = createInner();
    copy32(node + HASHES, PAGE);
    copy32(node + HASHES + 32, PAGE + 32);
  } else {
    node = createLeaf();
    copy32(node + LEAF_KEY, PAGE + 32);
    copy32(node + LEAF_KEY + LEAF_WORD0, PAGE + 64);
    copy32(node + LEAF_KEY + LEAF_WORD1, PAGE + 96);
  }
  setChild(parent, side, node);
  return node;
}

function bitOf(key: usize, depth: u32): u32 {
  return ((<u32>load<u8>(key + (depth >> 3))) >> (7 - (depth & 7))) & 1;
}

/** Starts from a state root; `domain` is the leaf domain. All other memory must be allocated before. */
export function openTree(stateRoot: usize, domain: usize): void {
  copy32(leafDomain, domain);
  store<u64>(above, INNER);
  setChild(above, 0, 0);
  copy32(hashOf(above, 0), stateRoot);
  start = mark();
}

/** Address of the leaf with this key, or 0. It stays until the leaf is removed or the tree bounded. */
export function find(key: usize): usize {
  let node = open(above, 0);
  for (let depth: u32 = 0; node != 0; depth++) {
    if (typeOf(node) == LEAF) return equal32(node + LEAF_KEY, key) ? node + LEAF_KEY : 0;
    node = open(node, bitOf(key, depth));
  }
  return 0;
}

/** The leaf with this key, made with zero words when absent, for its words to be written. */
export function touch(key: usize): usize {
  let parent = above;
  let side: u32 = 0;
  let depth: u32 = 0;
  let node = open(above, 0);
  while (node != 0 && typeOf(node) == INNER) {
    markDirty(node);
    parent = node;
    side = bitOf(key, depth++);
    node = open(parent, side);
  }
  if (node != 0 && equal32(node + LEAF_KEY, key)) {
    markDirty(node);
    return node + LEAF_KEY;
  }

  const leaf = createLeaf();
  markDirty(leaf);
  copy32(leaf + LEAF_KEY, key);
  zero32(leaf + LEAF_KEY + LEAF_WORD0);
  zero32(leaf + LEAF_KEY + LEAF_WORD1);
  if (node == 0) {
    setChild(parent, side, leaf);
    return leaf + LEAF_KEY;
  }
  // Another leaf stands here: inner nodes down to the first bit where the keys differ.
  const other = node + LEAF_KEY;
  copy32(moved, hashOf(parent, side));
  for (let same = true; same; depth++) {
    const inner = createInner();
    markDirty(inner);
    setChild(parent, side, inner);
    parent = inner;
    side = bitOf(key, depth);
    same = bitOf(other, depth) == side;
    clearChild(inner, side ^ 1);
  }
  setChild(parent, side, leaf);
  setChild(parent, side ^ 1, node);
  copy32(hashOf(parent, side ^ 1), moved);
  return leaf + LEAF_KEY;
}

/** Removes the leaf with this key; does nothing when it is absent. */
export function remove(key: usize): void {
  if (find(key) == 0) return;
  let depth: u32 = 0;
  let node = childOf(above, 0);
  store<u32>(path, <u32>above);
  while (typeOf(node) == INNER) {
    markDirty(node);
    store<u32>(path + ((depth + 1) << 2), <u32>node);
    node = childOf(node, bitOf(key, depth++));
  }
  // A subtree that is left with one leaf is that leaf, at whatever height.
  let left: usize = 0;
  for (; depth > 0; depth--) {
    const parent = <usize>load<u32>(path + (depth << 2));
    const side = bitOf(key, depth - 1) ^ 1;
    const sibling = open(parent, side);
    if (left == 0 && sibling != 0 && typeOf(sibling) == LEAF) {
      left = sibling;
      copy32(moved, hashOf(parent, side));
    } else if (sibling != 0) break;
  }
  const parent = <usize>load<u32>(path + (depth << 2));
  const side: u32 = depth == 0 ? 0 : bitOf(key, depth - 1);
  clearChild(parent, side);
  if (left != 0) {
    setChild(parent, side, left);
    copy32(hashOf(parent, side), moved);
  }
}

/** Brings the hash of a child up to date. */
function rehash(parent: usize, side: u32): void {
  const node = childOf(parent, side);
  if (node == 0 || !isDirty(node)) return;
  if (typeOf(node) == LEAF) {
    copy32(PAGE, leafDomain);
    copy32(PAGE + 32, node + LEAF_KEY);
    copy32(PAGE + 64, node + LEAF_KEY + LEAF_WORD0);
    copy32(PAGE + 96, node + LEAF_KEY + LEAF_WORD1);
    keccakPage(hashOf(parent, side), 128);
  } else {
    rehash(node, 0);
    rehash(node, 1);
    copy32(PAGE, node + HASHES);
    copy32(PAGE + 32, node + HASHES + 32);
    keccakPage(hashOf(parent, side), 64);
  }
  store<u8>(node, 0, 1);
}

/** Hashes what changed and writes the root to `to`. */
export function commitTree(to: usize): void {
  rehash(above, 0);
  copy32(to, hashOf(above, 0));
}

/** Lets go of the nodes in memory when there are many; they are loaded again by their new hashes. Leaf addresses end here. */
export function boundTree(): void {
  if (mark() - start < MAX_NODES) return;
  rehash(above, 0);
  setChild(above, 0, 0);
  release(start);
}
