import { getBytes, type Provider } from "ethers";

import { IAvailabilityChallenge__factory, IDisputeGame__factory } from "../../typechain-types/index.js";
import { chunkCount } from "../da/committee/chunks.js";
import { DataWithheldError } from "../da/committee/client.js";
import type { Certificate } from "../da/input.js";
import { concat } from "../ledger/bytes.js";
import { dataHash, headerHash } from "../ledger/hashes.js";
import { type BatchHeader, type Hex, ZERO_ADDRESS } from "../types.js";
import { ask, type AskOptions, L1UnavailableError } from "./ask.js";
import { demandIdOf } from "./availability.js";
import { readLogs } from "./logs.js";

/** Who holds what members attested. Both check all that they give. */
export interface CommitteeSource {
  /** The data with this hash. @throws {DataWithheldError} */
  data(dataHash: Hex, signal?: AbortSignal): Promise<Uint8Array>;
  /** Those of these chunks that somebody gives, by their index. */
  chunks(dataHash: Hex, indexes: readonly number[], signal?: AbortSignal): Promise<Map<number, Uint8Array>>;
}

/** Where the data of a batch should be. */
export interface Attested {
  header: BatchHeader;
  /** What it was posted with. */
  certificate: Certificate;
  /** Of its posting. */
  block: number;
}

const challenge = IAvailabilityChallenge__factory.createInterface();
const ANSWERED = challenge.getEvent("ChunkAnswered").topicHash;

/**
 * Data that members attested: from any of them, else chunk by chunk from them and from what was published on L1.
 * @throws {DataWithheldError} naming the chunks that nobody gives.
 */
export async function readCommitteeData(
  provider: Provider,
  attested: Attested,
  source: CommitteeSource,
  options: AskOptions,
): Promise<Uint8Array> {
  const { header, certificate } = attested;
  const { signal } = options;
  try {
    return await source.data(header.dataHash, signal);
  } catch (error) {
    if (!(error instanceof DataWithheldError)) throw error;
    const chunks = await publishedChunks(provider, attested, options);
    const indexes = [...Array(chunkCount(Number(certificate.length))).keys()];
    const unpublished = indexes.filter((index) => !chunks.has(index));
    if (unpublished.length > 0)
      for (const [index, chunk] of await source.chunks(header.dataHash, unpublished, signal)) chunks.set(index, chunk);
    const missing = indexes.filter((index) => !chunks.has(index));
    const bytes = concat(...indexes.map((index) => chunks.get(index) ?? new Uint8Array()));
    if (missing.length === 0 && dataHash(bytes) === header.dataHash) return bytes;
    // With something behind the last chunk the tree is of no data: on L1 that chunk has no answer.
    const wanted = missing.length === 0 ? indexes.slice(-1) : missing;
    throw new DataWithheldError(header.dataHash, error.faults, { certificate, chunks: wanted });
  }
}

/** Chunks that somebody demanded on L1 and somebody published there; L1 checked them. */
async function publishedChunks(
  provider: Provider,
  { header, certificate, block }: Attested,
  options: AskOptions,
): Promise<Map<number, Uint8Array>> {
  const chunks = new Map<number, Uint8Array>();
  const address = await availabilityOf(provider, header.resolver, options);
  if (address === undefined) return chunks;
  const hash = headerHash(header);
  const count = chunkCount(Number(certificate.length));
  const indexes = new Map(Array.from({ length: count }, (_, index) => [demandIdOf(hash, certificate, index), index]));
  const to = await ask("block number", () => provider.getBlockNumber(), options);
  const query = { addresses: [address], topics: [ANSWERED, [...indexes.keys()]], from: block, to };
  for await (const logs of readLogs(provider, query, "forward", options)) {
    for (const { topics, data } of logs) {
      const index = indexes.get(topics[1] as Hex);
      const chunk = challenge.decodeEventLog("ChunkAnswered", data, topics).getValue("chunk") as string;
      if (index !== undefined) chunks.set(index, getBytes(chunk));
    }
  }
  return chunks;
}

/** The challenge whose word the judge of a batch takes; undefined where it takes nobody's. */
async function availabilityOf(provider: Provider, resolver: Hex, options: AskOptions): Promise<Hex | undefined> {
  try {
    const game = IDisputeGame__factory.connect(resolver, provider);
    const found = await ask("the availability challenge", () => game.availability(), options);
    return found === ZERO_ADDRESS ? undefined : (found as Hex);
  } catch (error) {
    // The node is there: the judge is no dispute game.
    if (error instanceof L1UnavailableError || options.signal?.aborted === true) throw error;
    return undefined;
  }
}
