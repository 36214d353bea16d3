import { getBytes, type Provider } from "ethers";

import { IStateCommitmentChain__factory } from "../../typechain-types/index.js";
import type { BatchHeader, Hex } from "../types.js";
import { ask, type AskOptions } from "./ask.js";
import { blobCount, unpackBlobs } from "../da/blob.js";
import { decodeDaInput } from "../da/input.js";
import { type BlobSource, readBlob } from "../da/source.js";
import { fromHex, toHex } from "../ledger/bytes.js";
import { blobDataHash, dataHash, dataHashOfRoot } from "../ledger/hashes.js";
import type { Blob } from "../ledger/types.js";
import { type CommitteeSource, readCommitteeData } from "./committee-data.js";
import type { Domain } from "../validity/statement.js";
import { blobHashesOf } from "./rpc.js";
import {
  type CommittedData,
  committedOnL1,
  committedWithCommittee,
  decodeValidityInput,
  type ValidityInput,
} from "./validity-data.js";

/** The data of a batch is not where its header says it was posted. */
export class BatchDataError extends Error {
  override readonly name = "BatchDataError";

  constructor(
    readonly index: bigint,
    readonly transaction: Hex,
    readonly reason: string,
  ) {
    super(`data of batch ${index} not found in transaction ${transaction}: ${reason}`);
  }
}

/** A committee holds the data of a batch, and none of its servers is known. */
export class NoMemberKnownError extends Error {
  override readonly name = "NoMemberKnownError";
  constructor(readonly index: bigint) {
    super(`the data of batch ${index} are with a committee; name the servers of its members by --members`);
  }
}

/** The data of a batch, and where they stand. */
export interface BatchData {
  /** docs/protocol.md §6. */
  bytes: Uint8Array;
  /** Those that carry them, when the batch was posted in blobs. */
  blobs?: readonly Blob[] | undefined;
  /** On a chain of validity proofs: what is to be proved, and from which data hash below. */
  committed?: Pick<CommittedData, "belowHash" | "isOnL1" | "statements"> | undefined;
}

export interface BatchDataOptions extends AskOptions {
  /** Where contents of blobs may be had, in the order to ask. */
  blobSources?: readonly BlobSource[] | undefined;
  /** Data that members of a committee hold. */
  committee?: CommitteeSource | undefined;
  /** For a chain of validity proofs: which one. */
  validity?: Domain | undefined;
  /** A line when one of them gives something false. */
  warn?: ((line: string) => void) | undefined;
}

/**
 * The data of a batch, from the transaction that posted it or from its blobs. A batch is only taken straight from an account
 * without code, so what says where its data stand is always in that transaction's own calldata.
 * @throws {BatchDataError} when it is not, or does not fit the header's data hash: the node is wrong;
 * {BlobUnavailableError} when no source has a blob; {DataWithheldError} when no member gives the data of a committee.
 */
export async function readBatchData(
  provider: Provider,
  header: BatchHeader,
  transaction: Hex,
  options: BatchDataOptions,
): Promise<BatchData> {
  const found = await ask(`transaction ${transaction}`, () => provider.getTransaction(transaction), options);
  if (found === null) throw new BatchDataError(header.index, transaction, "the node does not know it");
  const daInput = daInputOf(getBytes(found.data));
  if (daInput === undefined) throw new BatchDataError(header.index, transaction, "it is no call of appendBatch");
  if (options.validity !== undefined)
    return readCommitted(header, transaction, decodeValidityInput(daInput), options.validity, options);
  const place = decodeDaInput(daInput);
  if (place === undefined) throw new BatchDataError(header.index, transaction, "it says where in no known form");
  const check = (hash: Hex): void => {
    if (hash === header.dataHash) return;
    throw new BatchDataError(header.index, transaction, `its data hash is ${hash}, expected ${header.dataHash}`);
  };
  if (place.form === "calldata") {
    check(dataHash(place.data));
    return { bytes: place.data };
  }
  if (place.form === "committee") {
    const { committee } = options;
    if (committee === undefined) throw new NoMemberKnownError(header.index);
    const { certificate } = place;
    const attested = { header, certificate, block: found.blockNumber ?? 0 };
    const bytes = await readCommitteeData(provider, attested, committee, options);
    check(dataHash(bytes));
    return { bytes };
  }
  const { length, first } = place;
  const all = await ask(`blobs of ${transaction}`, () => blobHashesOf(provider, transaction), options);
  const hashes = all.slice(first, first + blobCount(length)).map((hash) => fromHex(hash, 32));
  check(blobDataHash(length, hashes));
  const { blobSources: sources = [], warn, signal } = options;
  const { timestamp } = header;
  const blobs: Blob[] = [];
  for (const hash of hashes) {
    blobs.push(await readBlob({ versionedHash: toHex(hash), timestamp }, { sources, warn, signal }));
  }
  const contents = blobs.map(({ bytes }) => bytes);
  return { bytes: unpackBlobs(contents, length), blobs };
}

/** On a chain of validity proofs L1 was shown more, and knows the data by what is to be proved of them. */
async function readCommitted(
  header: BatchHeader,
  transaction: Hex,
  { consumed, shown, below }: ValidityInput,
  domain: Domain,
  { committee, signal }: BatchDataOptions,
): Promise<BatchData> {
  const place = decodeDaInput(below);
  const input = { domain, header, consumed };
  let committed: CommittedData;
  if (place?.form === "calldata") committed = committedOnL1(input, place.data);
  else if (place?.form !== "committee")
    throw new BatchDataError(header.index, transaction, "it says where in no known form");
  else if (committee === undefined) throw new NoMemberKnownError(header.index);
  else {
    const hash = dataHashOfRoot(Number(place.certificate.length), place.certificate.root);
    committed = committedWithCommittee(input, shown, await committee.data(hash, signal));
  }
  if (committed.dataHash !== header.dataHash)
    throw new BatchDataError(
      header.index,
      transaction,
      `its data hash is ${committed.dataHash}, expected ${header.dataHash}`,
    );
  return { bytes: committed.bytes, committed };
}

const SELECTOR = getBytes(IStateCommitmentChain__factory.createInterface().getFunction("appendBatch").selector);
const WORD = 32;
/** Arguments: 15 words of header, 5 of claim, the offset of nextMessage, the offset of daInput. */
const OFFSET_WORD = 21;

/**
 * The daInput of a call of appendBatch; undefined when there is none. Read by hand: the contract never looks into
 * `nextMessage` when it needs none, so a hostile sequencer can put there what a strict decoder refuses.
 */
export function daInputOf(calldata: Uint8Array): Uint8Array | undefined {
  if (!SELECTOR.every((byte, i) => calldata[i] === byte)) return undefined;
  const parameters = calldata.subarray(SELECTOR.length);
  const offset = readLength(parameters, OFFSET_WORD * WORD);
  if (offset === undefined) return undefined;
  const length = readLength(parameters, offset);
  if (length === undefined || offset + WORD + length > parameters.length) return undefined;
  return parameters.slice(offset + WORD, offset + WORD + length);
}

/** A word that must be below the size of `bytes`. */
function readLength(bytes: Uint8Array, at: number): number | undefined {
  if (at + WORD > bytes.length) return undefined;
  const value = bytes.subarray(at, at + WORD).reduce((sum, byte) => sum * 256 + byte, 0);
  return value <= bytes.length ? value : undefined;
}
