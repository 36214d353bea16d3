import { keccak256 } from "../machine/keccak.js";
import { ZERO_HASH, type Hex } from "../types.js";
import { abiWords, concat, equal, fromHex, toBigInt, toHex } from "./bytes.js";
import type { Account, NodeReader, StateNode } from "./types.js";

const LEAF_DOMAIN = keccak256(new TextEncoder().encode("hardhat-rollup.leaf.v1"));
const LEAF_LENGTH = 128;
const NODE_LENGTH = 64;
const KEY_BITS = 256;
const MASK_64 = (1n << 64n) - 1n;

/** Keys of the state tree's leaves; docs/protocol.md §5. 32 bytes each. */
export const META_KEY = keccak256(abiWords(0n));

export function accountKey(address: Hex): Uint8Array {
  return keccak256(abiWords(1n, address));
}

export function indexKey(index: bigint): Uint8Array {
  return keccak256(abiWords(2n, index));
}

export function tokenBalanceKey(account: Hex, token: Hex): Uint8Array {
  return keccak256(abiWords(3n, account, token));
}

export function allowanceKey(owner: Hex, spender: Hex, token: Hex): Uint8Array {
  return keccak256(abiWords(4n, owner, spender, token));
}

/** A leaf of the state tree. `key` has 32 bytes. */
export interface Leaf {
  key: Uint8Array;
  word0: bigint;
  word1: bigint;
}

/** The 128 bytes whose hash is the leaf in the tree. */
export function leafPreimage({ key, word0, word1 }: Leaf): Uint8Array {
  return concat(LEAF_DOMAIN, key, abiWords(word0, word1));
}

const genesisPreimage = leafPreimage({ key: META_KEY, word0: 0n, word1: 0n });

/** The one node of a ledger to which nothing has happened. */
export const GENESIS_NODE: StateNode = { hash: keccak256(genesisPreimage), preimage: genesisPreimage };

/** Its state root. */
export const GENESIS_STATE_ROOT: Hex = toHex(GENESIS_NODE.hash);

/** What shows a key's leaf, or that it has none, to someone who knows the root alone. */
export interface StateProof {
  /** Hashes beside the path, from the root downwards. */
  siblings: Uint8Array[];
  /** Where the path ends: the key's leaf, another key's leaf, or undefined for an empty subtree. */
  leaf: Leaf | undefined;
}

/** A node or leaf that the reader should know and does not. */
export class MissingNodeError extends Error {
  override readonly name = "MissingNodeError";
  constructor(
    readonly hash: Hex,
    readonly root: Hex,
  ) {
    super(`node ${hash} of state ${root} is not stored; the state is incomplete`);
  }
}

/** A proof that does not lead to the root. */
export class StateProofError extends Error {
  override readonly name = "StateProofError";
}

/** How many accounts and withdrawals there have been. */
export function readMeta(nodes: NodeReader, root: Hex): { accountCount: bigint; withdrawalNonce: bigint } {
  const leaf = readLeaf(nodes, root, META_KEY);
  if (leaf === undefined) throw new StateProofError(`${root} is no ledger state: it has no meta leaf`);
  return { accountCount: leaf.word0, withdrawalNonce: leaf.word1 };
}

/** The account of `address`, or undefined when there is none. */
export function readAccount(nodes: NodeReader, root: Hex, address: Hex): Account | undefined {
  const leaf = readLeaf(nodes, root, accountKey(address));
  return leaf && { nonce: leaf.word0 >> 64n, index: leaf.word0 & MASK_64, balance: leaf.word1 };
}

/** Balance of `account` in the token's smallest unit. */
export function readTokenBalance(nodes: NodeReader, root: Hex, account: Hex, token: Hex): bigint {
  return readLeaf(nodes, root, tokenBalanceKey(account, token))?.word0 ?? 0n;
}

/** What `spender` may still move of `owner`'s `token`. */
export function readAllowance(nodes: NodeReader, root: Hex, owner: Hex, spender: Hex, token: Hex): bigint {
  return readLeaf(nodes, root, allowanceKey(owner, spender, token))?.word0 ?? 0n;
}

/** Address of the account with this index, or undefined when there is none. */
export function addressOfIndex(nodes: NodeReader, root: Hex, index: bigint): Hex | undefined {
  const leaf = readLeaf(nodes, root, indexKey(index));
  return leaf && toHex(abiWords(leaf.word0).subarray(12));
}

/** Index of the account of `address`, or undefined when there is none. */
export function indexOf(nodes: NodeReader, root: Hex, address: Hex): bigint | undefined {
  return readAccount(nodes, root, address)?.index;
}

/** The leaf of `key`, or undefined when there is none. */
export function readLeaf(nodes: NodeReader, root: Hex, key: Uint8Array): Leaf | undefined {
  return ownLeaf(descend(nodes, root, key), key);
}

/** Proves the leaf of `key`, or its absence. */
export function proveLeaf(nodes: NodeReader, root: Hex, key: Uint8Array): StateProof {
  const siblings: Uint8Array[] = [];
  const leaf = descend(nodes, root, key, siblings);
  return { siblings, leaf };
}

/**
 * What `proof` shows about `key` in the state `root`: its leaf, or undefined for its absence.
 * @throws StateProofError when the proof does not lead to the root.
 */
export function verifyProof(root: Hex, key: Uint8Array, proof: StateProof): Leaf | undefined {
  const { siblings, leaf } = proof;
  if (key.length !== 32) throw new StateProofError(`a key has 32 bytes, got ${key.length}`);
  if (siblings.length > KEY_BITS)
    throw new StateProofError(`a path has at most ${KEY_BITS} steps, got ${siblings.length}`);
  if (siblings.some((sibling) => sibling.length !== 32)) throw new StateProofError("a sibling has 32 bytes");
  if (leaf !== undefined) {
    if (leaf.key.length !== 32) throw new StateProofError(`a key has 32 bytes, got ${leaf.key.length}`);
    for (let depth = 0; depth < siblings.length; depth++)
      if (bitAt(key, depth) !== bitAt(leaf.key, depth)) throw new StateProofError("the leaf is not on the key's path");
  }

  let hash = leaf === undefined ? fromHex(ZERO_HASH) : keccak256(leafPreimage(leaf));
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth]!;
    hash = keccak256(bitAt(key, depth) === 0 ? concat(hash, sibling) : concat(sibling, hash));
  }
  if (toHex(hash) !== root.toLowerCase())
    throw new StateProofError(`the proof leads to ${toHex(hash)}, not to ${root}`);
  return ownLeaf(leaf, key);
}

/** Follows `key` from the root to the leaf or empty subtree at the end of its path. */
function descend(nodes: NodeReader, root: Hex, key: Uint8Array, siblings?: Uint8Array[]): Leaf | undefined {
  let hash = fromHex(root, 32);
  for (let depth = 0; ; depth++) {
    if (hash.every((byte) => byte === 0)) return undefined;
    const preimage = nodes.get(hash);
    if (preimage === undefined) throw new MissingNodeError(toHex(hash), root);
    if (preimage.length === LEAF_LENGTH)
      return {
        key: preimage.subarray(32, 64),
        word0: toBigInt(preimage.subarray(64, 96)),
        word1: toBigInt(preimage.subarray(96, 128)),
      };
    if (preimage.length !== NODE_LENGTH || depth === KEY_BITS)
      throw new StateProofError(`${toHex(hash)} is no node of a state tree`);
    const right = bitAt(key, depth) === 1;
    siblings?.push(right ? preimage.subarray(0, 32) : preimage.subarray(32, 64));
    hash = right ? preimage.subarray(32, 64) : preimage.subarray(0, 32);
  }
}

function ownLeaf(leaf: Leaf | undefined, key: Uint8Array): Leaf | undefined {
  return leaf !== undefined && equal(leaf.key, key) ? leaf : undefined;
}

/** Bit 0 is the most significant: it chooses at the root. */
function bitAt(key: Uint8Array, depth: number): 0 | 1 {
  return ((key[depth >> 3]! >> (7 - (depth & 7))) & 1) as 0 | 1;
}
