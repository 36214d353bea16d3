// The memory tree (docs/machine.md, section 2.2) from pages of 4 KiB upwards, brought up to date where something changed.
import { keccak256 } from "../keccak/index";
import { DIRTY, LIST, MEMORY, NODES, PAGE_BITS, PAGE_COUNT, SCRATCH } from "./layout";

// Bits of a page's dirty byte.
/** It is not hashed yet. */
const UNHASHED: u8 = 1;
/** It changed since `takeChanged`. */
const CHANGED: u8 = 2;
const EACH_UNHASHED: u64 = 0x0101010101010101;
const EACH_CHANGED: u64 = 0x0202020202020202;

/** Marks the page of a byte, given by its place in the WebAssembly memory. */
export function mark(at: usize): void {
  store<u8>(((at - MEMORY) >> PAGE_BITS) + DIRTY, UNHASHED | CHANGED);
}

/** Marks all pages from the first to the last byte. */
export function markRange(first: usize, last: usize): void {
  for (let at = first & ~((1 << PAGE_BITS) - 1); at <= last; at += 1 << PAGE_BITS) mark(at);
}

/** The node over 64 bytes; they may overlap the place where it goes. */
function join(from: usize, to: usize): void {
  const first = load<u64>(from) | load<u64>(from, 8) | load<u64>(from, 16) | load<u64>(from, 24);
  if (first | load<u64>(from, 32) | load<u64>(from, 40) | load<u64>(from, 48) | load<u64>(from, 56)) {
    keccak256(from, 64, to);
  } else {
    store<u64>(to, 0);
    store<u64>(to, 0, 8);
    store<u64>(to, 0, 16);
    store<u64>(to, 0, 24);
  }
}

/** The node over the 2^height leaves at `from`, to `to`; 1 <= height <= 7. */
export function subtree(from: usize, height: u32, to: usize): void {
  for (let count: u32 = 1 << (height - 1), source = from; count > 0; count >>= 1, source = SCRATCH) {
    for (let i: usize = 0; i < count; i++) join(source + 64 * i, SCRATCH + 32 * i);
  }
  for (let i: usize = 0; i < 32; i += 8) store<u64>(to + i, load<u64>(SCRATCH + i));
}

function node(index: u32): usize {
  return NODES + 32 * <usize>index;
}

/** Lists the pages with a bit, but at most so many, and takes it from them; returns how many they are. */
function takeMarked(bit: u8, each: u64, most: u32): u32 {
  let count: u32 = 0;
  for (let group: u32 = 0; group < PAGE_COUNT; group += 8) {
    if (!(load<u64>(DIRTY + group) & each)) continue;
    for (let page = group; page < group + 8; page++) {
      const marks = load<u8>(DIRTY + page);
      if (!(marks & bit)) continue;
      if (count == most) return count;
      store<u8>(DIRTY + page, marks & ~bit);
      store<u32>(LIST + 4 * count, page);
      count++;
    }
  }
  return count;
}

/** Pages that changed since the last call, in LIST; returns their number. */
export function takeChanged(): u32 {
  return takeMarked(CHANGED, EACH_CHANGED, PAGE_COUNT);
}

/** Hashes pages that changed, but at most so many. The nodes are those of the memory when it returns fewer. */
export function updateTree(most: u32): u32 {
  const pages = takeMarked(UNHASHED, EACH_UNHASHED, most);
  let count = pages;
  for (let i: u32 = 0; i < count; i++) {
    const page = load<u32>(LIST + 4 * i);
    const index = PAGE_COUNT + page;
    subtree(MEMORY + ((<usize>page) << PAGE_BITS), 7, node(index));
    store<u32>(LIST + 4 * i, index);
  }
  for (let first = PAGE_COUNT; first > 1; first >>= 1) {
    let parents: u32 = 0;
    for (let i: u32 = 0; i < count; i++) {
      const parent = load<u32>(LIST + 4 * i) >> 1;
      if (parents > 0 && load<u32>(LIST + 4 * (parents - 1)) == parent) continue;
      join(node(2 * parent), node(parent));
      store<u32>(LIST + 4 * parents, parent);
      parents++;
    }
    count = parents;
  }
  return pages;
}
