import { concat, equal, word } from "./bytes.js";
import { WitnessMalformedError } from "./errors.js";
import type { BlobElement, Oracle } from "./hostCalls.js";
import { keccak256 } from "./hostCalls.js";
import { CODE_DEPTH, decodeInstruction, END_SLOT, MAX_CODE, MEMORY_DEPTH } from "./isa.js";
import { fromLittleEndian, toLittleEndian } from "./machine.js";
import type { MerkleSource } from "./merkleMemory.js";
import { hashNode, subtreeRoot } from "./merkleMemory.js";
import type { Registers, StepMemory } from "./reference.js";
import { execute } from "./reference.js";
import type { MachineState } from "./state.js";
import { encodeState, hashState, haltedState, Status, TRAPPED_STATE } from "./state.js";
import { MAX_PAGES } from "./wasm.js";

// One-step witnesses (docs/machine.md §6). A step runs on a cache of the leaves it touches. `Feed` says where leaves,
// siblings and host data come from: a machine's memory when a witness is made, the witness when it is checked.
// So both directions share one order by construction.

const HALF_HEIGHT = MEMORY_DEPTH - 1;
const PAGE_HEIGHT = 7;
const LEAF = 32;

interface Feed extends Oracle {
  /** `count` leaves from `first` on. */
  leaves(first: number, count: number): Uint8Array;
  node(height: number, index: number): Uint8Array;
}

interface CachedNode {
  index: number;
  before: Uint8Array;
  after: Uint8Array;
}

/** Memory of one step: every first touch takes leaves from the feed, `finish` folds what was touched to both roots. */
class StepCache implements StepMemory {
  /** Leaves of the half with globals, table and frames. */
  readonly #slots: CachedNode[] = [];
  /** Nodes of the half with linear memory: leaves, or one subtree at the begin of a host page. */
  readonly #linear: CachedNode[] = [];
  #linearHeight = 0;

  constructor(readonly feed: Feed) {}

  slot(index: number): bigint {
    const { after } = this.#leaf(this.#slots, Math.floor(index / 4));
    return fromLittleEndian(after.subarray(8 * (index % 4), 8 * (index % 4) + 8));
  }

  setSlot(index: number, value: bigint): void {
    this.#leaf(this.#slots, Math.floor(index / 4)).after.set(toLittleEndian(value, 8), 8 * (index % 4));
  }

  load(address: number, size: number): bigint {
    const parts = this.#parts(address, size).map(({ node, from, count }) => node.after.slice(from, from + count));
    return fromLittleEndian(concat(parts));
  }

  store(address: number, size: number, value: bigint): void {
    const bytes = toLittleEndian(value, size);
    let done = 0;
    for (const { node, from, count } of this.#parts(address, size)) {
      node.after.set(bytes.subarray(done, done + count), from);
      done += count;
    }
  }

  readHead(page: number, length: number): Uint8Array {
    return this.#head(page, length).after.slice(0, length);
  }

  writeHead(page: number, word32: Uint8Array): void {
    this.#head(page, LEAF).after.set(word32);
  }

  writePage(page: number, bytes: Uint8Array): void {
    const node = this.#head(page, LEAF);
    let index = node.index;
    for (let height = 0; height < PAGE_HEIGHT; height++, index = Math.floor(index / 2)) {
      node.before = hashNode(node.before, this.feed.node(height, index + 1));
    }
    node.index = index;
    node.after = subtreeRoot(bytes);
    this.#linearHeight = PAGE_HEIGHT;
  }

  /** Roots before and after the step; undefined when it touched nothing. */
  finish(): { before: Uint8Array; after: Uint8Array } | undefined {
    if (this.#slots.length === 0) return undefined;
    const right = this.#fold(this.#slots, 0);
    const left = this.#linear.length > 0 ? this.#fold(this.#linear, this.#linearHeight) : this.#untouched();
    return { before: hashNode(left.before, right.before), after: hashNode(left.after, right.after) };
  }

  #untouched(): CachedNode {
    const node = this.feed.node(HALF_HEIGHT, 0);
    return { index: 0, before: node, after: node };
  }

  /** The cached leaf; the cache is kept in ascending order. */
  #leaf(cache: CachedNode[], index: number): CachedNode {
    const found = cache.find((node) => node.index === index);
    if (found !== undefined) return found;
    const before = this.feed.leaves(index, 1);
    const node = { index, before, after: before.slice() };
    cache.push(node);
    cache.sort((a, b) => a.index - b.index);
    return node;
  }

  /** The one or two leaves under an access. */
  #parts(address: number, size: number): { node: CachedNode; from: number; count: number }[] {
    const from = address % LEAF;
    const count = Math.min(size, LEAF - from);
    const first = { node: this.#leaf(this.#linear, Math.floor(address / LEAF)), from, count };
    if (count === size) return [first];
    const second = this.#leaf(this.#linear, Math.floor(address / LEAF) + 1);
    return [first, { node: second, from: 0, count: size - count }];
  }

  /** The smallest subtree at the begin of a host page that has `length` bytes. */
  #head(page: number, length: number): CachedNode {
    const [cached] = this.#linear;
    if (cached !== undefined) return cached;
    let height = 0;
    while (LEAF << height < length) height++;
    const before = this.feed.leaves(page / LEAF, 1 << height);
    const node = { index: page / (LEAF << height), before, after: before.slice() };
    this.#linear.push(node);
    this.#linearHeight = height;
    return node;
  }

  /** Folds nodes of one height, in ascending order, to the root of their half. */
  #fold(nodes: CachedNode[], from: number): CachedNode {
    let level = nodes.map(({ index, before, after }) => ({
      index,
      before: before.length > LEAF ? subtreeRoot(before) : before,
      after: after.length > LEAF ? subtreeRoot(after) : after,
    }));
    for (let height = from; height < HALF_HEIGHT; height++) {
      const parents: CachedNode[] = [];
      for (let i = 0; i < level.length; i++) {
        const node = level[i];
        if (node === undefined) break;
        const next = level[i + 1];
        const isLeft = node.index % 2 === 0;
        const index = Math.floor(node.index / 2);
        if (isLeft && next?.index === node.index + 1) {
          parents.push({ index, before: hashNode(node.before, next.before), after: hashNode(node.after, next.after) });
          i++;
        } else {
          const sibling = this.feed.node(height, isLeft ? node.index + 1 : node.index - 1);
          const join = (own: Uint8Array): Uint8Array => (isLeft ? hashNode(own, sibling) : hashNode(sibling, own));
          parents.push({ index, before: join(node.before), after: join(node.after) });
        }
      }
      level = parents;
    }
    const [top] = level;
    if (top === undefined) throw new WitnessMalformedError("no leaf to fold");
    return top;
  }
}

/** Runs the instruction at `pc` of a running machine on what the feed gives. */
function stepOn(feed: Feed, state: MachineState, codeLeaf: Uint8Array): { root: Uint8Array; next: MachineState } {
  const registers: Registers = { ...state };
  const cache = new StepCache(feed);
  execute(registers, decodeInstruction(codeLeaf), cache, feed);
  const roots = cache.finish() ?? { before: state.memoryRoot, after: state.memoryRoot };
  switch (registers.status) {
    case Status.RUNNING:
      return { root: roots.before, next: { ...registers, memoryRoot: roots.after } };
    case Status.HALTED:
      return { root: roots.before, next: haltedState(registers.outputHash) };
    case Status.TRAPPED:
      return { root: roots.before, next: TRAPPED_STATE };
  }
}

/**
 * The witness of the step that `state` takes next, and the state after it.
 * @throws ExecutorFaultError when the step needs a preimage that the oracle lacks.
 */
export function makeWitness(
  state: MachineState,
  code: MerkleSource,
  memory: MerkleSource,
  oracle: Oracle,
): { witness: Uint8Array; next: MachineState } {
  const parts = [encodeState(state)];
  const add = (bytes: Uint8Array): Uint8Array => {
    parts.push(bytes.slice());
    return bytes;
  };
  if (state.status !== Status.RUNNING) return { witness: concat(parts), next: state };

  const codeLeaf = add(code.leaf(state.pc));
  for (let height = 0; height < CODE_DEPTH; height++) add(code.node(height, (state.pc >> height) ^ 1));
  const feed: Feed = {
    leaves: (first, count) => add(concat(Array.from({ length: count }, (_, i) => memory.leaf(first + i)))),
    node: (height, index) => add(memory.node(height, index)),
    preimage: (hash) => {
      const preimage = oracle.preimage(hash);
      if (preimage !== undefined) {
        add(word(BigInt(preimage.length)));
        add(preimage);
      }
      return preimage;
    },
    blob: (hash, index) => {
      const element = oracle.blob?.(hash, index);
      if (element !== undefined) for (const bytes of [element.value, element.commitment, element.proof]) add(bytes);
      return element;
    },
  };
  const { next } = stepOn(feed, state, codeLeaf);
  return { witness: concat(parts), next };
}

/** Checks a point evaluation as the precompile of EIP-4844 does. */
export type BlobCheck = (versionedHash: Uint8Array, index: number, element: BlobElement) => boolean;

/**
 * What the one-step verifier on L1 does with a witness.
 * @returns the hash of the state after the step.
 * @throws WitnessMalformedError where the contract reverts.
 */
export function checkWitness(
  codeRoot: Uint8Array,
  stateHash: Uint8Array,
  witness: Uint8Array,
  checkBlob: BlobCheck = () => false,
): Uint8Array {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > witness.length) throw new WitnessMalformedError("it ends too early");
    at += length;
    return witness.slice(at - length, at);
  };
  const finish = (next: Uint8Array): Uint8Array => {
    if (at !== witness.length) throw new WitnessMalformedError("it has bytes too many");
    return next;
  };

  const header = take(128);
  if (!equal(keccak256(header), stateHash)) throw new WitnessMalformedError("the state is another");
  const state = decodeState(header);
  if (state.status !== Status.RUNNING) return finish(stateHash);

  const codeLeaf = take(LEAF);
  let code = codeLeaf;
  for (let height = 0; height < CODE_DEPTH; height++) {
    const sibling = take(LEAF);
    code = (state.pc >> height) % 2 === 0 ? hashNode(code, sibling) : hashNode(sibling, code);
  }
  if (!equal(code, codeRoot)) throw new WitnessMalformedError("the instruction is not in the program");

  const feed: Feed = {
    leaves: (_, count) => take(LEAF * count),
    node: () => take(LEAF),
    preimage: (hash) => {
      const length = Number(BigInt(`0x${Buffer.from(take(LEAF)).toString("hex")}`));
      const preimage = take(length);
      if (!equal(keccak256(preimage), hash)) throw new WitnessMalformedError("the preimage is another");
      return preimage;
    },
    blob: (hash, index) => {
      const element = { value: take(32), commitment: take(48), proof: take(48) };
      if (!checkBlob(hash, index, element)) throw new WitnessMalformedError("the blob element is not proven");
      return element;
    },
  };
  const { root, next } = stepOn(feed, state, codeLeaf);
  if (!equal(root, state.memoryRoot)) throw new WitnessMalformedError("the memory is another");
  return finish(hashState(next));
}

/** Reads the four words of a state; those that no machine can have are malformed. */
export function decodeState(header: Uint8Array): MachineState {
  const view = new DataView(header.buffer, header.byteOffset, 128);
  const status = view.getUint8(19);
  const state = { pc: view.getUint32(28), fp: view.getUint32(24), pages: view.getUint32(20) };
  const isClean = header.subarray(0, 19).every((byte) => byte === 0);
  const isKnown = status === Status.RUNNING || status === Status.HALTED || status === Status.TRAPPED;
  if (!isClean || !isKnown || state.pc >= MAX_CODE || state.fp >= END_SLOT || state.pages > MAX_PAGES) {
    throw new WitnessMalformedError("no machine has such a state");
  }
  return {
    status,
    ...state,
    memoryRoot: header.slice(32, 64),
    inputHash: header.slice(64, 96),
    outputHash: header.slice(96, 128),
  };
}
