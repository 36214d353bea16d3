import { abiWords, concat, fromHex, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import { MissingNodeError } from "../ledger/state.js";
import type { NodeReader, StateNode } from "../ledger/types.js";
import type { Hex } from "../types.js";
import { compareIds, FIRST_LEAF, type Leaf, leafAux, type LeafId, leafWord } from "./leaf.js";
import { EMPTY_INDEX, openLeafIndex } from "./leaf-index.js";
import { p4 } from "./poseidon.js";
import type { StateNumbers } from "./trace.js";
import { capacityOf, emptyRoots, openTree } from "./tree.js";

/** The leaf of a pair, or that of its predecessor in the sorted list when there is none. */
export interface Found {
  exists: boolean;
  index: number;
  leaf: Leaf;
}

/** A state of L2 that can be read, and changed in place. */
export interface State {
  readonly levels: number;
  leafCount(): number;
  withdrawalNonce(): bigint;
  /** The leaf at `index`, or undefined when there is none. */
  get(index: number): Leaf | undefined;
  find(id: LeafId): Found;
  /** Replaces a leaf by another one of the same pair. */
  set(index: number, leaf: Leaf): void;
  /** Adds a leaf behind the last one; its predecessor must name it already. @returns its index. */
  append(leaf: Leaf): number;
  countWithdrawal(): void;
  /** Siblings of a place and of each node above it, from the leaf up: three per level, from left to right. */
  siblings(index: number): bigint[];
  numbers(): StateNumbers;
  root(): Hex;
  /** What a store needs for this state and lacks: made since it was opened or since the last call. The root's comes first. */
  takeNodes(): StateNode[];
}

/** A state root whose stored content is no state. */
export class StateRootError extends Error {
  override readonly name = "StateRootError";
}

const WORD = 32;
/** Words before the list of siblings in an escape proof. */
const ESCAPE_HEAD = 7;

/** `P4(treeRoot, leafCount, withdrawalNonce, 0)`. */
export function stateRootOf({ treeRoot, leafCount, withdrawalNonce }: StateNumbers): bigint {
  return p4(treeRoot, BigInt(leafCount), withdrawalNonce, 0n);
}

/** Everything that a store must hold for the state with which a chain begins; the root's comes first. */
export function genesisNodes(levels: number): StateNode[] {
  const empty = { treeRoot: emptyRoots(levels)[levels]!, leafCount: 0, withdrawalNonce: 0n };
  const state = createState(levels, empty, EMPTY_INDEX, { get: () => undefined });
  state.append(FIRST_LEAF);
  return state.takeNodes();
}

/**
 * The state with this root.
 * @param reader Stored by 32-byte hashes: for a state root its four inputs and the root of the index of leaves (160 bytes), nodes and
 * leaves of the tree (see tree.ts) and of the index (see leaf-index.ts).
 * @throws MissingNodeError, now and from its functions, when a part of it is not stored; StateRootError.
 */
export function openState(levels: number, stateRoot: Hex, reader: NodeReader): State {
  const bytes = reader.get(fromHex(stateRoot, WORD));
  if (bytes === undefined) throw new MissingNodeError(stateRoot, stateRoot);
  const word = (i: number): Uint8Array => bytes.slice(i * WORD, (i + 1) * WORD);
  if (bytes.length !== 5 * WORD) throw new StateRootError(`${stateRoot} is no state root`);
  const [treeRoot, leafCount, withdrawalNonce] = [toBigInt(word(0)), Number(toBigInt(word(1))), toBigInt(word(2))];
  return createState(levels, { treeRoot, leafCount, withdrawalNonce }, word(4), reader);
}

function createState(levels: number, numbers: StateNumbers, indexRoot: Uint8Array, reader: NodeReader): State {
  let { leafCount, withdrawalNonce } = numbers;
  const tree = openTree(levels, numbers.treeRoot, reader);
  const index = openLeafIndex(indexRoot, reader);

  const state: State = {
    levels,
    leafCount: () => leafCount,
    withdrawalNonce: () => withdrawalNonce,
    get: (at) => (at < leafCount ? tree.get(at) : undefined),
    find(id) {
      const entry = index.floor(id)!; // leaf 0 is below everything
      return { exists: compareIds(entry, id) === 0, index: entry.index, leaf: tree.get(entry.index)! };
    },
    set: (at, leaf) => tree.set(at, leaf),
    append(leaf) {
      const at = leafCount;
      tree.set(at, leaf);
      index.add({ owner: leaf.owner, token: leaf.token, index: at });
      leafCount += 1;
      return at;
    },
    countWithdrawal() {
      withdrawalNonce += 1n;
    },
    siblings: (at) => tree.siblings(at),
    numbers: () => ({ treeRoot: tree.root(), leafCount, withdrawalNonce }),
    root: () => toHex(toBytes(stateRootOf(state.numbers()), WORD)),
    takeNodes() {
      const { treeRoot } = state.numbers();
      const inputs = abiWords(treeRoot, BigInt(leafCount), withdrawalNonce, 0n);
      const root = { hash: fromHex(state.root()), preimage: concat(inputs, index.root()) };
      return [root, ...tree.takeNodes(), ...index.takeNodes()];
    },
  };
  return state;
}

/** Whether no leaf can be created any more. */
export function isFull(state: State): boolean {
  return state.leafCount() >= capacityOf(state.levels);
}

/**
 * What L1's escape hatch takes for a leaf; docs/validity.md §5.
 * @returns undefined when the account has no leaf in this token.
 */
export function escapeProof(state: State, id: LeafId): Uint8Array | undefined {
  const { exists, index, leaf } = state.find(id);
  if (!exists) return undefined;
  const siblings = state.siblings(index);
  return abiWords(
    leafWord(leaf),
    leaf.balance,
    leafAux(leaf),
    BigInt(index),
    BigInt(ESCAPE_HEAD * WORD),
    BigInt(state.leafCount()),
    state.withdrawalNonce(),
    BigInt(siblings.length),
    ...siblings,
  );
}
