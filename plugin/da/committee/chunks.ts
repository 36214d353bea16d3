import { abiWords, concat, equal, fromHex, toHex } from "../../ledger/bytes.js";
import { keccak256 } from "../../machine/keccak.js";
import type { Hex } from "../../types.js";

/** Bytes of a chunk; the last may be shorter. docs/protocol.md §3. */
export const CHUNK_LENGTH = 4_096;
/** Longer data is malformed: docs/protocol.md §6. */
export const MAX_DATA_LENGTH = 1 << 20;

const DATA_DOMAIN = keccak256(new TextEncoder().encode("hardhat-rollup.data.v1"));
const ZERO_NODE = new Uint8Array(32);

/** A chunk of batch data and its place below their data hash. */
export interface ProvenChunk {
  chunk: Hex;
  /** Siblings from the leaf upwards. */
  path: Hex[];
  /** Of the whole data, in bytes. */
  length: number;
  root: Hex;
}

/** How many chunks `length` bytes have. */
export function chunkCount(length: number): number {
  return Math.ceil(length / CHUNK_LENGTH);
}

/** The chunks of data, in order; none for no data. */
export function chunksOf(data: Uint8Array): Uint8Array[] {
  return Array.from({ length: chunkCount(data.length) }, (_, i) =>
    data.subarray(i * CHUNK_LENGTH, (i + 1) * CHUNK_LENGTH),
  );
}

/** Root of the chunks' tree; zero for no data. */
export function chunkRoot(data: Uint8Array): Hex {
  return toHex(levelsOf(chunksOf(data)).at(-1)?.nodes[0] ?? ZERO_NODE);
}

/** Chunk `index` with its path. @throws {RangeError} when the data have no such chunk. */
export function proveChunk(data: Uint8Array, index: number): ProvenChunk {
  const chunks = chunksOf(data);
  const chunk = chunks[index];
  if (chunk === undefined) throw new RangeError(`chunk ${index} of ${chunks.length}; the first is 0`);
  const levels = levelsOf(chunks);
  const path = levels.slice(0, -1).map(({ nodes, padding }, height) => toHex(nodes[(index >> height) ^ 1] ?? padding));
  return { chunk: toHex(chunk), path, length: data.length, root: toHex(levels.at(-1)?.nodes[0] ?? ZERO_NODE) };
}

/** Whether `proven` is chunk `index` of what `dataHash` stands for. */
export function isChunkOf(dataHash: Hex, index: number, { chunk, path, length, root }: ProvenChunk): boolean {
  const expected = keccak256(abiWords(DATA_DOMAIN, BigInt(length), root));
  const count = chunkCount(length);
  if (!equal(expected, fromHex(dataHash)) || index < 0 || index >= count) return false;
  // No inner node passes for a chunk of 64 bytes: it does not stand at this depth.
  if (path.length !== Math.ceil(Math.log2(count))) return false;
  if (fromHex(chunk).length !== Math.min(CHUNK_LENGTH, length - index * CHUNK_LENGTH)) return false;
  let node = keccak256(fromHex(chunk));
  path.forEach((word, height) => {
    const sibling = fromHex(word, 32);
    node = keccak256((index >> height) & 1 ? concat(sibling, node) : concat(node, sibling));
  });
  return equal(node, fromHex(root));
}

interface Level {
  nodes: Uint8Array[];
  /** Root of a subtree of this height without chunks. */
  padding: Uint8Array;
}

/** Leaves first, without what is only padding. */
function levelsOf(chunks: Uint8Array[]): Level[] {
  let level: Level = { nodes: chunks.map((chunk) => keccak256(chunk)), padding: ZERO_NODE };
  const levels = [level];
  while (level.nodes.length > 1) {
    const { nodes, padding } = level;
    const parents: Uint8Array[] = [];
    for (let i = 0; i < nodes.length; i += 2)
      parents.push(keccak256(concat(nodes[i] ?? padding, nodes[i + 1] ?? padding)));
    level = { nodes: parents, padding: keccak256(concat(padding, padding)) };
    levels.push(level);
  }
  return levels;
}
