import { isError, type Log, type Provider, type Signer, toBeHex, type TopicFilter, zeroPadValue } from "ethers";

import {
  type IL1EscrowBridge,
  IL1EscrowBridge__factory,
  type ISequencerRegistry,
  ISequencerRegistry__factory,
  type IStateCommitmentChain,
  IStateCommitmentChain__factory,
} from "../../typechain-types/index.js";
import { type BatchHeader, type Deployment, type Hex, type InboxMessage, type RollupParameters } from "../types.js";
import { ask, L1InconsistentError } from "./ask.js";
import { type BatchData, BatchDataError, type BatchDataOptions, readBatchData } from "./batch-data.js";
import { decodeLog, TOPICS } from "./decode.js";
import type { L1Counts } from "./follower.js";
import { headerHash } from "../ledger/hashes.js";
import { readLogs } from "./logs.js";

export interface PostedBatch {
  header: BatchHeader;
  headerHash: Hex;
  /** The transaction that posted it; for genesis the one that created the chain. */
  transaction: Hex;
  /** L1 block number. */
  block: number;
}

export interface L1Heads {
  /** Index of the last batch. */
  head: bigint;
  /** Index of the last final batch. */
  finalizedHead: bigint;
}

/** A batch that L1 does not have (any more). */
export class UnknownBatchError extends Error {
  override readonly name = "UnknownBatchError";

  constructor(
    readonly index: bigint,
    readonly head: bigint,
  ) {
    super(`batch ${index} is not on L1; the last one is ${head}`);
  }
}

export interface L1Contracts {
  bridge: IL1EscrowBridge;
  chain: IStateCommitmentChain;
  registry: ISequencerRegistry;
}

/** One deployed suite, typed. Every read may throw `L1UnavailableError`. */
export interface L1Client extends L1Contracts {
  readonly provider: Provider;
  readonly signer: Signer | undefined;
  readonly deployment: Deployment;
  readonly parameters: RollupParameters;
  /** `game`: of a suite with fraud proofs. `availability`: where data with its committee can be demanded. */
  readonly addresses: { bridge: Hex; chain: Hex; registry: Hex; game: Hex | undefined; availability: Hex | undefined };
  /** Inbox messages `from` (inclusive) to `to` (exclusive). */
  inboxMessages(from: bigint, to: bigint, signal?: AbortSignal): Promise<InboxMessage[]>;
  /** The batch that L1 has at `index` now. @throws {UnknownBatchError} */
  batch(index: bigint, signal?: AbortSignal): Promise<PostedBatch>;
  /** The batches that L1 has now at `from` to `to`, both inclusive. @throws {UnknownBatchError} */
  batches(from: bigint, to: bigint, signal?: AbortSignal): Promise<PostedBatch[]>;
  /** Header of the batch that L1 has at `index` now. @throws {UnknownBatchError} */
  batchHeader(index: bigint, signal?: AbortSignal): Promise<BatchHeader>;
  /**
   * Data of a batch on L1, checked against its data hash.
   * @param transaction The one that posted it, when it is known; else it is looked for.
   * @throws {BatchDataError | BlobUnavailableError}
   */
  batchData(header: BatchHeader, signal?: AbortSignal, transaction?: Hex): Promise<BatchData>;
  heads(signal?: AbortSignal): Promise<L1Heads>;
  /** Hash of the header that L1 has at `index` now; the zero hash when there is none. */
  headerHash(index: bigint, signal?: AbortSignal): Promise<Hex>;
  /** The contracts' own counters, after block `at`. */
  counts(at: number | "latest", signal?: AbortSignal): Promise<L1Counts>;
  /** Timestamp of the last L1 block, in seconds. */
  now(signal?: AbortSignal): Promise<bigint>;
}

export interface L1ClientOptions extends Omit<BatchDataOptions, "signal" | "validity"> {
  /** Blocks per eth_getLogs; halved whenever the provider refuses. Default 10,000. */
  maxRange?: number;
}

/** Connects to a deployed suite through any ethers 6 provider. Without `signer` it only reads. */
export function connectL1(
  provider: Provider,
  deployment: Deployment,
  signer?: Signer,
  options: L1ClientOptions = {},
): L1Client {
  const addresses = {
    bridge: deployment.contracts.L1EscrowBridge.address,
    chain: deployment.contracts.StateCommitmentChain.address,
    registry: deployment.contracts.SequencerRegistry.address,
    game: deployment.contracts.DisputeGame?.address,
    availability: deployment.contracts.AvailabilityChallenge?.address,
  };
  const { parameters, l1ChainId } = deployment;
  const { l2ChainId } = parameters;
  const validity = parameters.proof === "validity" ? { l1ChainId, l2ChainId, bridge: addresses.bridge } : undefined;
  const fromBlock = Number(deployment.fromBlock);
  const runner = signer ?? provider;
  const bridge = IL1EscrowBridge__factory.connect(addresses.bridge, runner);
  const chain = IStateCommitmentChain__factory.connect(addresses.chain, runner);
  const registry = ISequencerRegistry__factory.connect(addresses.registry, runner);

  /** Newest first: what is asked for is nearly always recent. */
  async function* logs(address: Hex, topics: TopicFilter, signal?: AbortSignal): AsyncGenerator<Log> {
    const to = await ask("block number", () => provider.getBlockNumber(), { ...options, signal });
    const query = { addresses: [address], topics, from: fromBlock, to };
    for await (const some of readLogs(provider, query, "backward", { ...options, signal })) yield* some.reverse();
  }

  async function heads(signal?: AbortSignal): Promise<L1Heads> {
    const { head, finalizedHead } = await ask("heads of the chain", () => chain.heads(), { ...options, signal });
    return { head, finalizedHead };
  }

  async function headerHashAt(index: bigint, signal?: AbortSignal): Promise<Hex> {
    return (await ask(`hash of batch ${index}`, () => chain.headerHash(index), { ...options, signal })) as Hex;
  }

  async function inboxMessages(from: bigint, to: bigint, signal?: AbortSignal): Promise<InboxMessage[]> {
    const found = new Map<bigint, InboxMessage>();
    if (from >= to) return [];
    for await (const log of logs(addresses.bridge, [[TOPICS.deposit, TOPICS.message]], signal)) {
      const event = decodeLog(log);
      if (event.kind !== "message" || event.message.index >= to) continue;
      found.set(event.message.index, event.message);
      if (event.message.index <= from) break;
    }
    const messages: InboxMessage[] = [];
    for (let index = from; index < to; index++) {
      const message = found.get(index);
      if (message === undefined) throw new L1InconsistentError(`inbox message ${index} has no event`);
      messages.push(message);
    }
    return messages;
  }

  async function batches(from: bigint, to: bigint, signal?: AbortSignal): Promise<PostedBatch[]> {
    if (from > to) return [];
    const { head } = await heads(signal);
    if (from < 0n || to > head) throw new UnknownBatchError(from < 0n ? from : to, head);
    const above = to === 0n ? [] : await walk(from, to, await headerHashAt(to, signal), signal);
    if (from > 0n) return above;
    const { genesis, contracts } = deployment;
    const { transaction } = contracts.StateCommitmentChain;
    return [{ header: genesis, headerHash: headerHash(genesis), transaction, block: fromBlock }, ...above];
  }

  /** Batches from `from` (genesis excepted) to `to`, found from the hash of the last one by the hashes of the parents. */
  async function walk(from: bigint, to: bigint, hash: Hex, signal?: AbortSignal): Promise<PostedBatch[]> {
    const lowest = from > 1n ? from : 1n;
    const topics = lowest === to ? [TOPICS.batch, zeroPadValue(toBeHex(to), 32), hash] : [TOPICS.batch];
    const found: PostedBatch[] = [];
    let wanted = hash;
    for await (const log of logs(addresses.chain, topics, signal)) {
      const event = decodeLog(log);
      if (event.kind !== "batch" || event.headerHash !== wanted) continue;
      const { header, transaction } = event;
      found.unshift({ header, headerHash: wanted, transaction, block: log.blockNumber });
      if (header.index === lowest) return found;
      wanted = header.parentHash;
    }
    throw new L1InconsistentError(`batch ${to - BigInt(found.length)} with header hash ${wanted} has no event`);
  }

  async function batch(index: bigint, signal?: AbortSignal): Promise<PostedBatch> {
    const [found] = await batches(index, index, signal);
    if (found === undefined) throw new UnknownBatchError(index, (await heads(signal)).head);
    return found;
  }

  async function batchData(header: BatchHeader, signal?: AbortSignal, transaction?: Hex): Promise<BatchData> {
    const from = transaction ?? (await postingOf(header, signal));
    return readBatchData(provider, header, from, { ...options, validity, signal });
  }

  async function postingOf(header: BatchHeader, signal?: AbortSignal): Promise<Hex> {
    const { index } = header;
    if (index === 0n) {
      throw new BatchDataError(index, deployment.contracts.StateCommitmentChain.transaction, "genesis has no data");
    }
    const [posted] = await walk(index, index, headerHash(header), signal);
    if (posted === undefined) throw new UnknownBatchError(index, (await heads(signal)).head);
    return posted.transaction;
  }

  async function counts(at: number | "latest", signal?: AbortSignal): Promise<L1Counts> {
    try {
      const [messages, both] = await ask(
        `counters at block ${at}`,
        () => Promise.all([bridge.messageCount({ blockTag: at }), chain.heads({ blockTag: at })]),
        { ...options, signal },
      );
      return { messages, head: both.head, finalizedHead: both.finalizedHead };
    } catch (error) {
      // An empty answer: the block is older than the suite.
      if (isError(error, "BAD_DATA") && error.value === "0x") return { messages: 0n, head: 0n, finalizedHead: 0n };
      throw error;
    }
  }

  async function now(signal?: AbortSignal): Promise<bigint> {
    const block = await ask("last block", () => provider.getBlock("latest"), { ...options, signal });
    if (block === null) throw new L1InconsistentError("the provider does not know its last block");
    return BigInt(block.timestamp);
  }

  return {
    provider,
    signer,
    deployment,
    parameters: deployment.parameters,
    addresses,
    bridge,
    chain,
    registry,
    inboxMessages,
    batch,
    batches,
    batchHeader: async (index, signal) => (await batch(index, signal)).header,
    batchData,
    headerHash: headerHashAt,
    heads,
    counts,
    now,
  };
}
