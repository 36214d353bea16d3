import { AbiCoder, keccak256 } from "ethers";

import { IAvailabilityChallenge__factory } from "../../typechain-types/index.js";
import type { ProvenChunk } from "../da/committee/chunks.js";
import type { Certificate } from "../da/input.js";
import type { BatchHeader, Hex } from "../types.js";
import type { Intent } from "./intent.js";
import type { ChunkId } from "./types.js";

const challenge = IAvailabilityChallenge__factory.createInterface();
const CHUNK_ID = ["tuple(bytes32 headerHash, bytes32 root, uint64 length, uint64 index)"];

/** Id of the demand for a chunk; `AvailabilityChallenge.demandId`. */
export function demandIdOf(
  headerHash: Hex,
  { root, length }: Pick<Certificate, "root" | "length">,
  index: number,
): Hex {
  return keccak256(AbiCoder.defaultAbiCoder().encode(CHUNK_ID, [[headerHash, root, length, index]])) as Hex;
}

/** The transaction that demands a chunk of a batch's data. `bond` in wei. */
export function demandIntent(to: Hex, id: Hex, wanted: DemandRequest, bond: bigint): Intent {
  const { header, certificate, chunk } = wanted;
  const data = challenge.encodeFunctionData("demand", [header, certificate, chunk]) as Hex;
  const what = `the demand for chunk ${chunk} of batch ${header.index}`;
  return { key: `availability:demand:${id}`, what, to, data, value: bond };
}

export interface DemandRequest {
  header: BatchHeader;
  /** What the batch was posted with. */
  certificate: Certificate;
  /** Its index. */
  chunk: number;
}

/** A demand, as transactions about it name it. */
export interface NamedDemand {
  id: Hex;
  batchIndex: bigint;
  chunk: ChunkId;
}

/** The transaction that publishes a demanded chunk. */
export function answerIntent(to: Hex, { id, batchIndex, chunk }: NamedDemand, proven: ProvenChunk): Intent {
  const data = challenge.encodeFunctionData("answer", [argument(chunk), proven.chunk, proven.path]) as Hex;
  const what = `publishing chunk ${chunk.index} of batch ${batchIndex}`;
  return { key: `availability:answer:${id}`, what, to, data };
}

/** The transaction that ends a demand without answer. */
export function closeIntent(to: Hex, header: BatchHeader, { id, batchIndex, chunk }: NamedDemand): Intent {
  const data = challenge.encodeFunctionData("close", [header, argument(chunk)]) as Hex;
  const what = `closing the demand for chunk ${chunk.index} of batch ${batchIndex}`;
  return { key: `availability:close:${id}`, what, to, data };
}

/** The transaction that takes the bonds that came back or were earned. `block`: when that was seen. */
export function demandCreditIntent(to: Hex, account: Hex, block: number): Intent {
  const data = challenge.encodeFunctionData("claimCredit", [account]) as Hex;
  return { key: `availability:credit:${block}`, what: "taking the bonds of demands", to, data };
}

function argument({ headerHash, root, length, index }: ChunkId) {
  return { headerHash, root, length, index };
}
