// docs/protocol.md §1-§6 written out by hand, apart from the package's own codec.
import { concat, encodeRlp, getBytes, hexlify, SigningKey, toBeArray, toBeHex, zeroPadValue } from "ethers";
import { keccak_256 } from "@noble/hashes/sha3.js";

export const CHAIN_ID = 77_001n;
const text = new TextEncoder();

export function keccak(...parts: (Uint8Array | string)[]): string {
  return hexlify(keccak_256(getBytes(concat(parts))));
}

/** keccak256 of a name of the protocol. */
export function domain(name: string): string {
  return keccak(text.encode(`hardhat-rollup.${name}.v1`));
}

/** ABI words: numbers, addresses and hashes. */
export function words(...values: (bigint | number | string)[]): string {
  return concat(values.map((value) => (typeof value === "string" ? zeroPadValue(value, 32) : toBeHex(value, 32))));
}

/** Unsigned LEB128 in its shortest form, or in `length` bytes. */
export function varint(value: bigint | number, length = 0): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); rest > 0n || bytes.length === 0; rest >>= 7n) bytes.push(Number(rest & 0x7fn));
  while (bytes.length < length) bytes.push(0);
  return bytes.map((byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte));
}

export interface Fee {
  priority: bigint;
  max: bigint;
  gasLimit: bigint;
}

export interface Block {
  timestamp: bigint;
  messages?: number;
  /** As written; the number of transactions given to this block if absent. */
  count?: bigint;
  transactions?: number[][];
}

export interface Batch {
  version?: number;
  coinbase?: string;
  baseFee?: bigint;
  fees?: Fee[];
  blocks: Block[];
  /** Bytes behind the last transaction. */
  tail?: number[];
}

export function writeBatch({ version = 1, coinbase, baseFee = 0n, fees = [], blocks, tail = [] }: Batch): Uint8Array {
  const head = [version, ...getBytes(coinbase ?? ADDRESS(0xc0)), ...varint(baseFee), ...varint(fees.length)];
  for (const { priority, max, gasLimit } of fees) head.push(...varint(priority), ...varint(max), ...varint(gasLimit));
  head.push(...varint(blocks.length));
  let before = 0n;
  for (const { timestamp, messages = 0, transactions = [], count } of blocks) {
    head.push(...varint(timestamp - before), ...varint(messages), ...varint(count ?? transactions.length));
    before = timestamp;
  }
  const bodies = blocks.flatMap(({ transactions = [] }) => transactions);
  return Uint8Array.from([...head, ...bodies.flat(), ...tail]);
}

/** An address that ends in a number. */
export function ADDRESS(number: number): string {
  return `0x${"a0".repeat(16)}${number.toString(16).padStart(8, "0")}`;
}

export interface Signed {
  yParity: 0 | 1;
  r: string;
  s: string;
}

export interface Fields {
  chainId?: bigint;
  nonce?: bigint;
  priority?: bigint;
  max?: bigint;
  gasLimit?: bigint;
  to: string;
  value?: bigint;
  data?: string;
}

export interface Actor {
  address: string;
  sign(fields: Fields): Signed;
}

function integer(value: bigint): Uint8Array {
  return toBeArray(value);
}

/** The items that an EIP-1559 transaction signs. */
export function signedItems(fields: Fields): (string | Uint8Array | [])[] {
  const {
    chainId = CHAIN_ID,
    nonce = 0n,
    priority = 0n,
    max = 0n,
    gasLimit = 21_000n,
    to,
    value = 0n,
    data = "0x",
  } = fields;
  return [
    integer(chainId),
    integer(nonce),
    integer(priority),
    integer(max),
    integer(gasLimit),
    to,
    integer(value),
    data,
    [],
  ];
}

function rlp(items: (string | Uint8Array | [])[]): string {
  return encodeRlp(items.map((item) => (item instanceof Uint8Array ? hexlify(item) : item)));
}

export function actor(number: number): Actor {
  const key = new SigningKey(toBeHex(number + 1, 32));
  return {
    address: hexlify(getBytes(keccak(getBytes(key.publicKey).subarray(1))).subarray(12)),
    sign(fields) {
      const { r, s, yParity } = key.sign(keccak("0x02", rlp(signedItems(fields))));
      return { r, s, yParity };
    },
  };
}

/** A raw EIP-1559 transaction. */
export function rawTransaction(from: Actor, fields: Fields): string {
  const { yParity, r, s } = from.sign(fields);
  return concat([
    "0x02",
    rlp([...signedItems(fields), integer(BigInt(yParity)), integer(BigInt(r)), integer(BigInt(s))]),
  ]);
}

export interface Written {
  kind: number;
  nonce?: bigint;
  /** Index into the batch's fees. */
  fee?: number;
  to: string | bigint;
  token?: string | bigint;
  amount?: readonly [exponent: number, mantissa: bigint];
  data?: string;
  signed: Signed;
  /** Flag bits set besides those that follow from the rest. */
  flags?: number;
}

/** A transaction as a batch carries it. */
export function writeTransaction(transaction: Written): number[] {
  const { kind, nonce = 0n, fee = 0, to, token, amount = [0, 0n], data, signed, flags = 0 } = transaction;
  const isAddress = (account: string | bigint | undefined) => typeof account === "string";
  const account = (value: string | bigint) => (typeof value === "string" ? [...getBytes(value)] : varint(value));
  return [
    kind | (signed.yParity << 2) | (isAddress(to) ? 8 : 0) | (isAddress(token) ? 16 : 0) | flags,
    ...varint(nonce),
    fee,
    ...(token === undefined ? [] : account(token)),
    ...account(to),
    amount[0],
    ...varint(amount[1]),
    ...(data === undefined ? [] : [...varint(getBytes(data).length), ...getBytes(data)]),
    ...getBytes(signed.r),
    ...getBytes(signed.s),
  ];
}

const selectors = { transfer: "a9059cbb", approve: "095ea7b3", transferFrom: "23b872dd", withdraw: "d9caed12" };

/** Call data of one of the four calls. */
export function call(name: keyof typeof selectors, ...values: (bigint | string)[]): string {
  return concat([`0x${selectors[name]}`, words(...values)]);
}
