import { TypedDataEncoder } from "ethers";

import { abiWords, concat, fromHex } from "../../ledger/bytes.js";
import { keccak256 } from "../../machine/keccak.js";
import type { Hex } from "../../types.js";
import { channelDomain } from "../hashes.js";
import type { ChannelDomain } from "../types.js";

/** What a tower promises: it holds the blob and acts on it until then (seconds). */
export interface WatchPromise {
  hint: Hex;
  blobHash: Hex;
  until: bigint;
}

/** A promise with the tower's signature, 64 bytes (EIP-2098). */
export interface WatchReceipt extends WatchPromise {
  signature: Hex;
}

/** EIP-712 digests of what towers and their clients sign, in the domain of an adjudicator. */
export interface WatchDigests {
  receipt(promise: WatchPromise): Uint8Array;
  /** A client asks a tower to hold blobs. @param blobsHash See `blobsHash`. */
  upload(upload: { tower: Hex; blobsHash: Uint8Array; until: bigint }): Uint8Array;
}

const RECEIPT_TYPEHASH = keccak256(Buffer.from("WatchReceipt(bytes32 hint,bytes32 blobHash,uint64 until)"));
const UPLOAD_TYPEHASH = keccak256(Buffer.from("WatchUpload(address tower,bytes32 blobsHash,uint64 until)"));

/** Written out, because a channel has thousands of receipts. */
export function watchDigests(domain: ChannelDomain): WatchDigests {
  const prefix = concat(Uint8Array.of(0x19, 0x01), fromHex(TypedDataEncoder.hashDomain(channelDomain(domain)), 32));
  const digest = (...words: Parameters<typeof abiWords>): Uint8Array =>
    keccak256(concat(prefix, keccak256(abiWords(...words))));
  return {
    receipt: ({ hint, blobHash, until }) => digest(RECEIPT_TYPEHASH, hint, blobHash, until),
    upload: ({ tower, blobsHash, until }) => digest(UPLOAD_TYPEHASH, tower, blobsHash, until),
  };
}

/** Stands for a list of blobs: keccak256 over each one's hint and hash. */
export function blobsHash(blobs: readonly { hint: Hex; blobHash: Hex }[]): Uint8Array {
  return keccak256(concat(...blobs.flatMap(({ hint, blobHash }) => [fromHex(hint, 32), fromHex(blobHash, 32)])));
}
