/** The hashes of docs/protocol.md, written a second time so that tests do not judge the contracts by themselves. */
import { AbiCoder, concat, dataLength, dataSlice, id, keccak256 } from "ethers";

import { genesisHeader } from "../../plugin/ledger/header.js";
import { type BatchHeader, type Hex, type InboxMessage, type Withdrawal, ZERO_HASH } from "../../plugin/types.js";

const CHUNK_SIZE = 4096;

const hash = (data: string): Hex => keccak256(data) as Hex;

/** keccak256 of static ABI words. */
function hashWords(types: string[], values: readonly unknown[]): Hex {
  return hash(AbiCoder.defaultAbiCoder().encode(types, values));
}

/** A header of which only these fields matter. */
export function headerWith(fields: Partial<BatchHeader>): BatchHeader {
  return { ...genesisHeader(0n, ZERO_HASH), ...fields };
}

/** Hash that stands for a header on L1 (§1). */
export function headerHash(header: BatchHeader): Hex {
  const uint64s = Array<string>(7).fill("uint64");
  return hashWords(
    [...uint64s, "address", "address", ...Array<string>(6).fill("bytes32")],
    [
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
    ],
  );
}

/** Hash of an inbox message (§2). */
export function messageHash(message: InboxMessage): Hex {
  return hashWords(
    ["bytes32", "uint8", "uint64", "uint64", "address", "address", "address", "uint256", "bytes32"],
    [
      id("hardhat-rollup.message.v1"),
      message.kind,
      message.index,
      message.timestamp,
      message.sender,
      message.target,
      message.token,
      message.amount,
      keccak256(message.data),
    ],
  );
}

/** Accumulator after `messages`, from `acc` on (§2). */
export function accumulate(acc: Hex, messages: InboxMessage[]): Hex {
  return messages.reduce((last, message) => hash(concat([last, messageHash(message)])), acc);
}

/** All levels of a tree over `leaves`, padded with zero words to a power of two; the last one is the root alone. */
function merkleLevels(leaves: Hex[]): Hex[][] {
  const size = 2 ** Math.ceil(Math.log2(leaves.length));
  let level = [...leaves, ...Array<Hex>(size - leaves.length).fill(ZERO_HASH)];
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, i) => hash(concat(below.slice(2 * i, 2 * i + 2))));
    levels.push(level);
  }
  return levels;
}

/** Root over `leaves`; zero when there is none (§3, §4). */
export function merkleRoot(leaves: Hex[]): Hex {
  return leaves.length === 0 ? ZERO_HASH : (merkleLevels(leaves).at(-1)?.[0] ?? ZERO_HASH);
}

/** Siblings of the leaf at `index`, from the leaf upwards (§4). */
export function merkleProof(leaves: Hex[], index: number): Hex[] {
  return merkleLevels(leaves)
    .slice(0, -1)
    .map((level, height) => level[(index >> height) ^ 1] ?? ZERO_HASH);
}

/** What a header binds of its data (§3). */
export function dataHash(data: Hex): Hex {
  const length = dataLength(data);
  const leaves: Hex[] = [];
  for (let from = 0; from < length; from += CHUNK_SIZE) {
    leaves.push(hash(dataSlice(data, from, Math.min(from + CHUNK_SIZE, length))));
  }
  return dataHashOfRoot(BigInt(length), merkleRoot(leaves));
}

/** The same of data whose root somebody attests. */
export function dataHashOfRoot(length: bigint, root: Hex): Hex {
  return hashWords(["bytes32", "uint256", "bytes32"], [id("hardhat-rollup.data.v1"), length, root]);
}

/** Leaf of a withdrawal (§4). */
export function withdrawalLeaf(withdrawal: Withdrawal): Hex {
  return hashWords(
    ["bytes32", "uint64", "address", "address", "address", "uint256", "bytes32"],
    [
      id("hardhat-rollup.withdrawal.v1"),
      withdrawal.nonce,
      withdrawal.sender,
      withdrawal.target,
      withdrawal.token,
      withdrawal.amount,
      keccak256(withdrawal.data),
    ],
  );
}
