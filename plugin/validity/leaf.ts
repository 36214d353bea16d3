import { concat, fromHex, toBigInt, toBytes, toHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { p4 } from "./poseidon.js";

/** A point of BabyJubjub, or (0, 0) for none. */
export interface PublicKey {
  x: bigint;
  y: bigint;
}

/** What a leaf belongs to. Both are addresses as integers; `owner` may be 2^160, the end of the sorted list. */
export interface LeafId {
  owner: bigint;
  /** 0 = ETH. */
  token: bigint;
}

/** The balance of one owner in one token; docs/validity.md §1. */
export interface Leaf extends LeafId {
  /** Transfers that the owner signed. */
  nonce: bigint;
  /** In the token's smallest unit. */
  balance: bigint;
  key: PublicKey;
  /** The least pair above this one in the whole tree. */
  next: LeafId;
}

export const NO_KEY: PublicKey = { x: 0n, y: 0n };
/** What the last leaf names as its next. */
export const LIST_END: LeafId = { owner: 1n << 160n, token: 0n };
/** Leaf 0 at genesis, which nobody owns. */
export const FIRST_LEAF: Leaf = { owner: 0n, token: 0n, nonce: 0n, balance: 0n, key: NO_KEY, next: LIST_END };

const ADDRESS_LENGTH = 20;
const WORD = 32;
const ENCODED_LENGTH = 7 * WORD;
const TOKEN_MASK = (1n << 160n) - 1n;

export function leafHash(leaf: Leaf): bigint {
  return p4(leaf.owner, leafWord(leaf), leaf.balance, leafAux(leaf));
}

/** `token + nonce · 2^160`. */
export function leafWord({ token, nonce }: Pick<Leaf, "token" | "nonce">): bigint {
  return token + (nonce << 160n);
}

export function leafAux({ key, next }: Pick<Leaf, "key" | "next">): bigint {
  return p4(key.x, key.y, next.owner, next.token);
}

export function hasKey({ key }: Leaf): boolean {
  return key.x !== 0n || key.y !== 0n;
}

/** Negative, zero or positive as `a` is below, at or above `b` in the sorted list. */
export function compareIds(a: LeafId, b: LeafId): number {
  if (a.owner !== b.owner) return a.owner < b.owner ? -1 : 1;
  if (a.token !== b.token) return a.token < b.token ? -1 : 1;
  return 0;
}

/** What is stored under a leaf's hash: seven words. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const { owner, balance, key, next } = leaf;
  const words = [owner, leafWord(leaf), balance, key.x, key.y, next.owner, next.token];
  return concat(...words.map((word) => toBytes(word, WORD)));
}

/** The leaf of stored bytes, or undefined when they are none. */
export function decodeLeaf(bytes: Uint8Array): Leaf | undefined {
  if (bytes.length !== ENCODED_LENGTH) return undefined;
  const word = (i: number): bigint => toBigInt(bytes.subarray(i * WORD, (i + 1) * WORD));
  return {
    owner: word(0),
    token: word(1) & TOKEN_MASK,
    nonce: word(1) >> 160n,
    balance: word(2),
    key: { x: word(3), y: word(4) },
    next: { owner: word(5), token: word(6) },
  };
}

/** An address as the integer that the circuit works with. */
export function fromAddress(address: Hex): bigint {
  return toBigInt(fromHex(address, ADDRESS_LENGTH));
}

/** The address, in lower case, that an integer below 2^160 stands for. */
export function toAddress(value: bigint): Hex {
  return toHex(toBytes(value, ADDRESS_LENGTH));
}
