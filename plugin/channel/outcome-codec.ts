import { fromHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import type { Allocation, AssetOutcome, Outcome } from "./types.js";

// Written out by hand: a channel encodes and decodes an outcome for each of thousands of updates a second, and a general ABI
// coder takes half a millisecond for each.

/** Lengths in hex digits. */
const WORD = 64;
const GUARANTEE = 2 * WORD;

const word = (value: number | bigint): string => value.toString(16).padStart(WORD, "0");
const [W0, W20, W40, W60, W80] = [0x00, 0x20, 0x40, 0x60, 0x80].map(word) as [string, string, string, string, string];

/** The ABI encoding of an outcome in the exit format; the caller has checked it. @throws RangeError for malformed hex. */
export function writeOutcome(outcome: Outcome): Hex {
  return `0x${W20}${writeList(outcome.map(writeAsset))}`.toLowerCase() as Hex;
}

function writeAsset({ asset, allocations }: AssetOutcome): string {
  // Behind the three words of the head stand the metadata, which are always the same three words.
  const head = `${sized(asset, 20).padStart(WORD, "0")}${W60}${word(6 * 32)}`;
  return `${head}${W0}${W40}${W0}${writeList(allocations.map(writeAllocation))}`;
}

function writeAllocation({ destination, amount, allocationType, metadata }: Allocation): string {
  const data = sized(metadata);
  const tail = `${W80}${word(data.length / 2)}${data.padEnd(Math.ceil(data.length / WORD) * WORD, "0")}`;
  return `${sized(destination, 32)}${word(amount)}${word(allocationType)}${tail}`;
}

/** An array of dynamic elements: how many, where each begins, and they. */
function writeList(elements: readonly string[]): string {
  let at = elements.length * 32;
  let offsets = "";
  for (const element of elements) {
    offsets += word(at);
    at += element.length / 2;
  }
  return word(elements.length) + offsets + elements.join("");
}

function sized(hex: Hex, length?: number): string {
  fromHex(hex, length);
  return hex.slice(2);
}

/** The outcome that bytes are, in lower case; undefined unless they are its one encoding, with assets of type 0 alone. */
export function readOutcome(bytes: Hex): Outcome | undefined {
  if (!/^0x([0-9a-f]{64})+$/i.test(bytes)) return undefined;
  const reader = { digits: bytes.slice(2).toLowerCase(), at: 0 };
  if (next(reader) !== W20) return undefined;
  const outcome = readList(reader, readAsset);
  return reader.at === reader.digits.length ? outcome : undefined;
}

/**
 * The same as `readOutcome`, at once where the bytes differ from those of a known outcome in amounts alone, as a payment's do;
 * undefined where they differ in more.
 */
export function readAmounts(bytes: Hex, known: Outcome, knownBytes: Hex): Outcome | undefined {
  if (bytes.length !== knownBytes.length) return undefined;
  // Behind 0x, the offset of the list, its length and its offsets.
  let at = 2 + (2 + known.length) * WORD;
  let same = 0;
  const outcome: AssetOutcome[] = [];
  for (const { asset, allocations } of known) {
    const next: Allocation[] = [];
    at += (6 + 1 + allocations.length) * WORD;
    for (const allocation of allocations) {
      const from = at + WORD;
      if (bytes.slice(same, from) !== knownBytes.slice(same, from)) return undefined;
      same = from + WORD;
      const digits = bytes.slice(from, same);
      next.push(
        digits === knownBytes.slice(from, same) ? allocation : { ...allocation, amount: BigInt(`0x${digits}`) },
      );
      at += 5 * WORD + allocation.metadata.length - 2;
    }
    outcome.push({ asset, allocations: next });
  }
  return bytes.slice(same) === knownBytes.slice(same) ? outcome : undefined;
}

interface Reader {
  digits: string;
  /** Of the next digit. */
  at: number;
}

/** The next word; at the end none, which equals nothing. */
function next(reader: Reader): string {
  const found = reader.digits.slice(reader.at, reader.at + WORD);
  reader.at += WORD;
  return found;
}

function readList<T>(reader: Reader, read: (reader: Reader) => T | undefined): T[] | undefined {
  const length = small(next(reader));
  const base = reader.at;
  if (length === undefined || base + length * WORD > reader.digits.length) return undefined;
  reader.at += length * WORD;
  const elements: T[] = [];
  for (let i = 0; i < length; i++) {
    const offset = base + i * WORD;
    if (reader.digits.slice(offset, offset + WORD) !== word((reader.at - base) / 2)) return undefined;
    const element = read(reader);
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
}

function readAsset(reader: Reader): AssetOutcome | undefined {
  const asset = next(reader);
  if (!asset.startsWith("0".repeat(24))) return undefined;
  const rest = [next(reader), next(reader), next(reader), next(reader), next(reader)].join("");
  if (rest !== `${W60}${word(6 * 32)}${W0}${W40}${W0}`) return undefined;
  const allocations = readList(reader, readAllocation);
  return allocations && { asset: `0x${asset.slice(24)}`, allocations };
}

function readAllocation(reader: Reader): Allocation | undefined {
  const [destination, amount, type, offset, length] = [1, 2, 3, 4, 5].map(() => next(reader)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const allocationType = small(type);
  if (length.length !== WORD || offset !== W80 || allocationType === undefined) return undefined;
  if (length !== W0 && length !== W40) return undefined;
  const metadata = length === W0 ? "" : reader.digits.slice(reader.at, reader.at + GUARANTEE);
  reader.at += metadata.length;
  if (metadata.length !== (length === W0 ? 0 : GUARANTEE)) return undefined;
  return { destination: `0x${destination}`, amount: BigInt(`0x${amount}`), allocationType, metadata: `0x${metadata}` };
}

/** A number that an array's length or an allocation's type can be. */
function small(digits: string): number | undefined {
  return digits.length === WORD && digits.startsWith("0".repeat(56)) ? parseInt(digits.slice(56), 16) : undefined;
}
