import type { Blob } from "../ledger/types.js";
import type { Hex } from "../types.js";
import { fromHex, toHex } from "../ledger/bytes.js";
import { BLOB_LENGTH, versionedHashOf } from "./blob.js";

/** Which blob, and where L1 had it. */
export interface BlobRequest {
  versionedHash: Hex;
  /** Of the L1 block with its transaction, in seconds. */
  timestamp: bigint;
}

/** Somewhere that contents of blobs may be had. It is never trusted. */
export interface BlobSource {
  /** In log lines and errors: a folder, an address. */
  name: string;
  /**
   * The contents; undefined where it does not have them.
   * @throws Error when it cannot be asked.
   */
  read(request: BlobRequest, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}

/** No source has a blob: its data are withheld, or older than the sources keep them. */
export class BlobUnavailableError extends Error {
  override readonly name = "BlobUnavailableError";

  constructor(
    readonly versionedHash: Hex,
    /** What each source said, in the order in which they were asked. */
    readonly answers: readonly string[],
  ) {
    const said =
      answers.length === 0 ? "there is no source of blobs; name a beacon node or an archive" : answers.join("; ");
    super(`blob ${versionedHash} is not to be had: ${said}`);
  }
}

export interface ReadBlobOptions {
  sources: readonly BlobSource[];
  /** One line when a source gives something else than the blob. */
  warn?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The blob behind a versioned hash, from the first source that has it.
 * @throws {BlobUnavailableError}
 */
export async function readBlob(request: BlobRequest, { sources, warn, signal }: ReadBlobOptions): Promise<Blob> {
  const answers: string[] = [];
  for (const source of sources) {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await source.read(request, signal);
    } catch (error) {
      signal?.throwIfAborted();
      answers.push(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    if (bytes === undefined) {
      answers.push(`${source.name} does not have it`);
      continue;
    }
    const checked = await check(bytes, request.versionedHash);
    if (typeof checked !== "string") return checked;
    const answer = `${source.name} gives ${checked}`;
    warn?.(`blob ${request.versionedHash}: ${answer}`);
    answers.push(answer);
  }
  throw new BlobUnavailableError(request.versionedHash, answers);
}

/** The blob, or what is wrong with it. */
async function check(bytes: Uint8Array, expected: Hex): Promise<Blob | string> {
  if (bytes.length !== BLOB_LENGTH) return `${bytes.length} bytes, a blob has ${BLOB_LENGTH}`;
  // The curve's code is loaded by those who meet a blob only.
  const { loadKzg } = await import("./kzg.js");
  const kzg = await loadKzg();
  let commitment: Uint8Array;
  try {
    commitment = kzg.commit(bytes);
  } catch (error) {
    return `no blob: ${error instanceof Error ? error.message : String(error)}`;
  }
  const found = toHex(versionedHashOf(commitment));
  if (found !== expected) return `another blob, ${found}`;
  return { bytes, commitment, versionedHash: fromHex(expected, 32) };
}
