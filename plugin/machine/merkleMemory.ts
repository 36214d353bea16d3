import { keccak256 } from "./keccak.js";

const PAGE = 4096;
const LEAF = 32;
const ZERO = new Uint8Array(LEAF);

/** keccak256(left ‖ right), or the zero word over two zero words: an all-zero subtree costs nothing (docs/machine.md §2.2). */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (isZero(left) && isZero(right)) return ZERO;
  const both = new Uint8Array(2 * LEAF);
  both.set(left);
  both.set(right, LEAF);
  return keccak256(both);
}

function isZero(word: Uint8Array): boolean {
  return word.every((byte) => byte === 0);
}

/** Root of a subtree given by its leaves' bytes: a power of two of leaves. */
export function subtreeRoot(bytes: Uint8Array): Uint8Array {
  if (bytes.length === LEAF) return bytes.slice();
  const middle = bytes.length / 2;
  return hashNode(subtreeRoot(bytes.subarray(0, middle)), subtreeRoot(bytes.subarray(middle)));
}

/** What a witness is made from: reads of a memory and of the code tree. */
export interface MerkleSource {
  leaf(index: number): Uint8Array;
  /** The node at `height` above the leaves, counted from the left. */
  node(height: number, index: number): Uint8Array;
}

/**
 * Byte memory under a Merkle tree of 2^depth raw 32-byte leaves. What was never written is zero and takes no space.
 * Hashes are brought up to date when a node is asked for.
 */
export class MerkleMemory {
  readonly #pages = new Map<number, { bytes: Uint8Array; view: DataView }>();
  readonly #nodes: Map<number, Uint8Array>[];
  readonly #dirty = new Set<number>();

  constructor(readonly depth: number) {
    this.#nodes = Array.from({ length: depth + 1 }, () => new Map<number, Uint8Array>());
  }

  /** A copy of `length` bytes from `address` on. */
  read(address: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.#eachPage(address, length, (page, from, count, done) => {
      const found = this.#pages.get(page);
      if (found !== undefined) out.set(found.bytes.subarray(from, from + count), done);
    });
    return out;
  }

  write(address: number, bytes: Uint8Array): void {
    this.#eachPage(address, bytes.length, (page, from, count, done) => {
      this.#page(page).bytes.set(bytes.subarray(done, done + count), from);
    });
    const last = Math.floor((address + bytes.length - 1) / LEAF);
    for (let leaf = Math.floor(address / LEAF); leaf <= last; leaf++) this.#dirty.add(leaf);
  }

  /** The little-endian u64 at an address that is a multiple of 8. */
  readWord(address: number): bigint {
    const from = address % PAGE;
    return this.#pages.get((address - from) / PAGE)?.view.getBigUint64(from, true) ?? 0n;
  }

  writeWord(address: number, value: bigint): void {
    const from = address % PAGE;
    this.#page((address - from) / PAGE).view.setBigUint64(from, value, true);
    this.#dirty.add(Math.floor(address / LEAF));
  }

  leaf(index: number): Uint8Array {
    return this.read(index * LEAF, LEAF);
  }

  /** The node at `height` above the leaves, counted from the left. */
  node(height: number, index: number): Uint8Array {
    if (height === 0) return this.leaf(index);
    this.#rehash();
    return this.#nodes[height]?.get(index) ?? ZERO;
  }

  root(): Uint8Array {
    return this.node(this.depth, 0);
  }

  #page(index: number): { bytes: Uint8Array; view: DataView } {
    const found = this.#pages.get(index);
    if (found !== undefined) return found;
    const bytes = new Uint8Array(PAGE);
    const page = { bytes, view: new DataView(bytes.buffer) };
    this.#pages.set(index, page);
    return page;
  }

  #rehash(): void {
    let level = this.#dirty as ReadonlySet<number>;
    for (let height = 1; height <= this.depth && level.size > 0; height++) {
      const parents = new Set<number>();
      for (const child of level) parents.add(Math.floor(child / 2));
      const below = this.#nodes[height - 1];
      const child = (index: number): Uint8Array => (height === 1 ? this.leaf(index) : (below?.get(index) ?? ZERO));
      for (const index of parents) this.#nodes[height]?.set(index, hashNode(child(2 * index), child(2 * index + 1)));
      level = parents;
    }
    this.#dirty.clear();
  }

  #eachPage(
    address: number,
    length: number,
    visit: (page: number, from: number, count: number, done: number) => void,
  ): void {
    for (let done = 0; done < length;) {
      const from = (address + done) % PAGE;
      const count = Math.min(PAGE - from, length - done);
      visit((address + done - from) / PAGE, from, count, done);
      done += count;
    }
  }
}
