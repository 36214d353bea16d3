import type { Hex } from "../types.js";

const TWO_64 = 1n << 64n;

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** Bytes of a hex string; throws a RangeError when it is no hex or has another length than `length`. */
export function fromHex(hex: string, length?: number): Uint8Array {
  const bytes = Buffer.from(hex.slice(2), "hex");
  // Buffer stops silently at the first character that is no hex digit.
  if (!hex.startsWith("0x") || bytes.length * 2 + 2 !== hex.length) throw new RangeError(`not 0x-prefixed hex: ${hex}`);
  if (length !== undefined && bytes.length !== length)
    throw new RangeError(`expected ${length} bytes of hex, got ${bytes.length}: ${hex}`);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Big-endian unsigned integer; zero when `bytes` is empty. */
export function toBigInt(bytes: Uint8Array): bigint {
  if (bytes.length === 8) return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (bytes.length > 6) return BigInt(toHex(bytes));
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return BigInt(value);
}

/** `value` as `length` big-endian bytes; throws a RangeError when it does not fit. */
export function toBytes(value: bigint, length: number): Uint8Array {
  if (value >= 0n && value < TWO_64 && length >= 8) {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setBigUint64(length - 8, value);
    return bytes;
  }
  const hex = value.toString(16).padStart(2 * length, "0");
  if (value < 0n || hex.length > 2 * length) throw new RangeError(`${value} does not fit ${length} bytes`);
  return fromHex(`0x${hex}`);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A static ABI word: integers big-endian, addresses and shorter byte strings right-aligned. */
export type Word = bigint | Hex | Uint8Array;

/** Standard ABI encoding of static words, 32 bytes each. */
export function abiWords(...words: Word[]): Uint8Array {
  const bytes = new Uint8Array(32 * words.length);
  words.forEach((word, i) => {
    const content = typeof word === "bigint" ? toBytes(word, 32) : typeof word === "string" ? fromHex(word) : word;
    if (content.length > 32) throw new RangeError(`an ABI word has at most 32 bytes, got ${content.length}`);
    bytes.set(content, 32 * i + 32 - content.length);
  });
  return bytes;
}
