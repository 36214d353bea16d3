import { keccak256 } from "../machine/keccak.js";
import { ZERO_HASH, type BatchHeader, type Hex, type InboxMessage, type Withdrawal } from "../types.js";
import { abiWords, concat, fromHex, toHex } from "./bytes.js";
import type { LedgerInput } from "./types.js";

function domain(name: string): Uint8Array {
  return keccak256(new TextEncoder().encode(`hardhat-rollup.${name}.v1`));
}

const INPUT_DOMAIN = domain("input");
const OUTPUT_DOMAIN = domain("output");
const DATA_DOMAIN = domain("data");
const BLOB_DOMAIN = domain("blob");
const WITHDRAWAL_DOMAIN = domain("withdrawal");
const MESSAGE_DOMAIN = domain("message");

const CHUNK_LENGTH = 4_096;
const ZERO_NODE = new Uint8Array(32);

/** Receives the preimage of every hash that a commitment is made of. */
export type PreimageSink = (hash: Uint8Array, preimage: Uint8Array) => void;

/** docs/protocol.md §1. */
export function headerHash(header: BatchHeader): Hex {
  return toHex(
    keccak256(
      abiWords(
        header.index,
        header.timestamp,
        header.finalizesAt,
        header.inboxFrom,
        header.inboxTo,
        header.l2BlockFrom,
        header.l2BlockTo,
        header.submitter,
        header.resolver,
        header.parentHash,
        header.prevStateRoot,
        header.stateRoot,
        header.withdrawalsRoot,
        header.inboxAcc,
        header.dataHash,
      ),
    ),
  );
}

/** What `inputHash` binds; docs/protocol.md §1. */
export interface InputCommitment {
  l2ChainId: bigint;
  bridge: Hex;
  index: bigint;
  timestamp: bigint;
  inboxFrom: bigint;
  inboxTo: bigint;
  l2BlockFrom: bigint;
  prevStateRoot: Hex;
  /** Accumulator at inboxTo. */
  inboxAcc: Hex;
  dataHash: Hex;
}

/** The 11 words whose hash is `inputHash`. */
export function inputWords(input: InputCommitment): Uint8Array {
  return abiWords(
    INPUT_DOMAIN,
    input.l2ChainId,
    input.bridge,
    input.index,
    input.timestamp,
    input.inboxFrom,
    input.inboxTo,
    input.l2BlockFrom,
    input.prevStateRoot,
    input.inboxAcc,
    input.dataHash,
  );
}

export function inputHash(input: InputCommitment): Hex {
  return toHex(keccak256(inputWords(input)));
}

export function outputHash(output: { stateRoot: Hex; withdrawalsRoot: Hex; l2BlockTo: bigint }): Hex {
  return toHex(keccak256(abiWords(OUTPUT_DOMAIN, output.stateRoot, output.withdrawalsRoot, output.l2BlockTo)));
}

/** The 9 words whose hash is `messageHash`; docs/protocol.md §2. */
export function messageWords(message: InboxMessage): Uint8Array {
  return abiWords(
    MESSAGE_DOMAIN,
    BigInt(message.kind),
    message.index,
    message.timestamp,
    message.sender,
    message.target,
    message.token,
    message.amount,
    keccak256(fromHex(message.data)),
  );
}

export function messageHash(message: InboxMessage): Hex {
  return toHex(keccak256(messageWords(message)));
}

/** The inbox accumulator after one more message. */
export function nextInboxAcc(acc: Hex, message: InboxMessage): Hex {
  return toHex(keccak256(concat(fromHex(acc, 32), fromHex(messageHash(message)))));
}

/** The inbox accumulator after `messages`. */
export function inboxAcc(acc: Hex, messages: InboxMessage[]): Hex {
  return messages.reduce(nextInboxAcc, acc);
}

/** Commitment to batch data; docs/protocol.md §3. The preimages open every chunk of it. */
export function dataHash(data: Uint8Array, onPreimage?: PreimageSink): Hex {
  return dataHashOfRoot(data.length, chunkRoot(data, onPreimage), onPreimage);
}

/** Root of the tree over the chunks of batch data. */
export function chunkRoot(data: Uint8Array, onPreimage?: PreimageSink): Hex {
  const leaves: Uint8Array[] = [];
  for (let start = 0; start < data.length; start += CHUNK_LENGTH)
    leaves.push(hashOf(data.subarray(start, start + CHUNK_LENGTH), onPreimage));
  return toHex(treeRoot(leaves, onPreimage));
}

/** Commitment to `length` bytes whose chunks have this root. */
export function dataHashOfRoot(length: number, root: Hex, onPreimage?: PreimageSink): Hex {
  return toHex(hashOf(abiWords(DATA_DOMAIN, BigInt(length), root), onPreimage));
}

/** Commitment to `length` bytes of batch data in blobs; docs/data-availability.md §2. */
export function blobDataHash(length: number, versionedHashes: readonly Uint8Array[], onPreimage?: PreimageSink): Hex {
  return toHex(hashOf(abiWords(BLOB_DOMAIN, BigInt(length), ...versionedHashes), onPreimage));
}

/** Commitment to batch data where they stand. */
export function dataHashOf({ data, blobs }: Pick<LedgerInput, "data" | "blobs">, onPreimage?: PreimageSink): Hex {
  if (blobs === undefined) return dataHash(data, onPreimage);
  const versionedHashes = blobs.map(({ versionedHash }) => versionedHash);
  return blobDataHash(data.length, versionedHashes, onPreimage);
}

/** docs/protocol.md §4. */
export function withdrawalLeaf(withdrawal: Withdrawal): Hex {
  return toHex(
    keccak256(
      abiWords(
        WITHDRAWAL_DOMAIN,
        withdrawal.nonce,
        withdrawal.sender,
        withdrawal.target,
        withdrawal.token,
        withdrawal.amount,
        keccak256(fromHex(withdrawal.data)),
      ),
    ),
  );
}

/** Root over the withdrawals of a batch; zero when there is none. */
export function withdrawalsRoot(withdrawals: Withdrawal[]): Hex {
  return toHex(treeRoot(withdrawals.map((withdrawal) => fromHex(withdrawalLeaf(withdrawal)))));
}

/**
 * Merkle path of a withdrawal, from the leaf upwards.
 * @param withdrawals All of the batch, in order.
 * @param leafIndex Position of the withdrawal among them.
 */
export function withdrawalProof(withdrawals: Withdrawal[], leafIndex: number): Hex[] {
  if (!Number.isInteger(leafIndex) || leafIndex < 0 || leafIndex >= withdrawals.length)
    throw new RangeError(`leafIndex must be 0 to ${withdrawals.length - 1}, got ${leafIndex}`);
  const leaves = withdrawals.map((withdrawal) => fromHex(withdrawalLeaf(withdrawal)));
  return treeLevels(leaves)
    .slice(0, -1)
    .map((level, height) => toHex(level.nodes[(leafIndex >> height) ^ 1] ?? level.padding));
}

interface TreeLevel {
  nodes: Uint8Array[];
  /** Root of an all-zero subtree of this height: what stands right of the last node. */
  padding: Uint8Array;
}

/** The levels of a non-empty tree, leaves first, without what is only padding. */
function treeLevels(leaves: Uint8Array[], onPreimage?: PreimageSink): TreeLevel[] {
  let level: TreeLevel = { nodes: leaves, padding: ZERO_NODE };
  const levels = [level];
  while (level.nodes.length > 1) {
    const { nodes, padding } = level;
    const parents: Uint8Array[] = [];
    for (let i = 0; i < nodes.length; i += 2)
      parents.push(hashOf(concat(nodes[i]!, nodes[i + 1] ?? padding), onPreimage));
    level = { nodes: parents, padding: hashOf(concat(padding, padding), onPreimage) };
    levels.push(level);
  }
  return levels;
}

function treeRoot(leaves: Uint8Array[], onPreimage?: PreimageSink): Uint8Array {
  if (leaves.length === 0) return fromHex(ZERO_HASH);
  return treeLevels(leaves, onPreimage).at(-1)!.nodes[0]!;
}

function hashOf(preimage: Uint8Array, onPreimage: PreimageSink | undefined): Uint8Array {
  const hash = keccak256(preimage);
  onPreimage?.(hash, preimage);
  return hash;
}
