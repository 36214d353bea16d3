import { hexOf, objectOf, WireError } from "../../da/committee/wire.js";
import { fromHex, toHex } from "../../ledger/bytes.js";
import { keccak256 } from "../../machine/keccak.js";
import type { Hex } from "../../types.js";

/** Paths of a tower's server. */
export const PATHS = { tower: "/v1/tower", blobs: "/v1/blobs" } as const;

/** Bytes of a blob; a checkpoint of 32 participants has 2,855. */
export const MAX_BLOB_LENGTH = 4_096;
/** Blobs of a request. */
export const MAX_BLOBS = 256;
/** Blobs in hex, and the rest of a request. */
export const MAX_BODY = MAX_BLOBS * (2 * MAX_BLOB_LENGTH + 128) + 1_024;

/** What a tower is to hold. */
export interface HeldBlob {
  hint: Hex;
  blob: Uint8Array;
  blobHash: Hex;
}

/** A client's request. */
export interface Upload {
  blobs: readonly HeldBlob[];
  /** Seconds. */
  until: bigint;
  /** Of the WatchUpload, by the client's key. */
  signature: Hex;
}

/** What a tower says of itself. */
export interface TowerInfo {
  /** Whose key signs the receipts. */
  tower: Hex;
  l1ChainId: bigint;
  adjudicator: Hex;
  /** Longest promise, in seconds. */
  maxRetention: bigint;
  /** Bytes that it holds for a client at most. */
  maxClientBytes: bigint;
}

/** A blob and its hash. */
export function heldBlob(hint: Hex, blob: Uint8Array): HeldBlob {
  return { hint, blob, blobHash: toHex(keccak256(blob)) };
}

export function encodeUpload({ blobs, until, signature }: Upload): string {
  return JSON.stringify({
    until: until.toString(),
    signature,
    blobs: blobs.map(({ hint, blob }) => ({ hint, blob: toHex(blob) })),
  });
}

/** The inverse of `encodeUpload`. @throws {WireError} naming the first field that is wrong. */
export function decodeUpload(text: string): Upload {
  const fields = objectOf(text);
  const { blobs } = fields;
  if (!Array.isArray(blobs) || blobs.length === 0 || blobs.length > MAX_BLOBS)
    throw new WireError(`blobs must be a list of 1 to ${MAX_BLOBS}`);
  return {
    until: integerOf(fields, "until"),
    signature: hexOf(fields, "signature", 64),
    blobs: blobs.map((each: unknown) => {
      const entry = typeof each === "object" && each !== null ? (each as Record<string, unknown>) : {};
      const blob = hexOf(entry, "blob");
      if (blob.length > 2 + 2 * MAX_BLOB_LENGTH)
        throw new WireError(`a blob has at most ${MAX_BLOB_LENGTH} bytes, one has ${(blob.length - 2) / 2}`);
      return heldBlob(hexOf(entry, "hint", 32), fromHex(blob));
    }),
  };
}

/** Signatures of an answer, one for each blob. @throws {WireError} */
export function decodeReceipts(text: string, count: number): Hex[] {
  const { receipts } = objectOf(text);
  if (!Array.isArray(receipts) || receipts.length !== count)
    throw new WireError(`the answer must have ${count} receipts`);
  return receipts.map((receipt: unknown) => hexOf({ receipt }, "receipt", 64));
}

export function encodeInfo(info: TowerInfo): object {
  return Object.fromEntries(
    Object.entries(info).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
  );
}

/** @throws {WireError} */
export function decodeInfo(text: string): TowerInfo {
  const fields = objectOf(text);
  return {
    tower: hexOf(fields, "tower", 20),
    adjudicator: hexOf(fields, "adjudicator", 20),
    l1ChainId: integerOf(fields, "l1ChainId"),
    maxRetention: integerOf(fields, "maxRetention"),
    maxClientBytes: integerOf(fields, "maxClientBytes"),
  };
}

function integerOf(fields: Record<string, unknown>, name: string): bigint {
  const value = fields[name];
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value) || BigInt(value) >> 64n !== 0n)
    throw new WireError(`${name} must be a decimal number below 2^64, in quotes`);
  return BigInt(value);
}
