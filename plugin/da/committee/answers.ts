import { ask, L1UnavailableError, pause } from "../../l1/ask.js";
import { answerIntent } from "../../l1/availability.js";
import type { L1Client } from "../../l1/client.js";
import { decodeLog, TOPICS } from "../../l1/decode.js";
import { L1RevertError } from "../../l1/errors.js";
import { readLogs } from "../../l1/logs.js";
import type { Sender } from "../../l1/sender.js";
import { DisplacedError, GasLimitError, InsufficientFundsError, RejectedError } from "../../l1/sender-errors.js";
import type { DemandEvent } from "../../l1/types.js";
import type { Hex } from "../../types.js";
import type { ProvenChunk } from "./chunks.js";

export interface AnsweringOptions {
  client: Pick<L1Client, "provider" | "addresses" | "deployment" | "now">;
  /** Pays, and has the bonds; with a journal on disk it sends nothing twice. */
  sender: Sender;
  /** What it holds. @throws {RangeError} when the data have no such chunk. */
  chunkOf: (dataHash: Hex, index: number) => ProvenChunk | undefined;
  /** How long it leaves a demand to others, in seconds; default not at all. See {@link patienceOf}. */
  patience?: ((demandId: Hex) => bigint) | undefined;
  log?: ((event: AnswerEvent) => void) | undefined;
}

export type AnswerEvent =
  /** It published a chunk, and has the bond of who demanded it. */
  | { kind: "published"; batchIndex: bigint; chunk: number; gasUsed: bigint }
  /** L1 does not take the answer: most often somebody else was first. */
  | { kind: "refused"; reason: string }
  | { kind: "poor"; needed: bigint; present: bigint }
  | { kind: "unavailable"; reason: string };

type Demanded = Extract<DemandEvent, { kind: "chunkDemanded" }>;

/** Blocks that are read again: a reorganisation may have put other demands into them. */
const REORG_DEPTH = 64;
/** Seconds between two members at most. */
const LONGEST_TURN = 600n;

/** Publishes chunks that are demanded on L1. */
export interface Answering {
  /** Looks at L1 once. @returns how many chunks it published. @throws {L1UnavailableError} */
  look(signal?: AbortSignal): Promise<number>;
}

/**
 * Members take turns, another one first for each demand, so that only one pays gas for it: all have had theirs after a quarter
 * of the time to answer.
 * @param position Of `count` members.
 * @param answerTime In seconds.
 */
export function patienceOf(position: number, count: number, answerTime: bigint): (demandId: Hex) => bigint {
  const quarter = answerTime / (4n * BigInt(count));
  const turn = quarter < LONGEST_TURN ? quarter : LONGEST_TURN;
  return (demandId) => turn * ((BigInt(position) + BigInt(demandId)) % BigInt(count));
}

/** What it knows it knows from L1: it can be killed and made anew anywhere. */
export function createAnswering(options: AnsweringOptions): Answering {
  const { client, sender, chunkOf, patience = () => 0n, log = () => undefined } = options;
  const { provider, deployment } = client;
  const { availability } = client.addresses;
  const open = new Map<Hex, Demanded>();
  /** Not to be tried again. */
  const refused = new Set<Hex>();
  let from = Number(deployment.fromBlock);

  async function follow(address: Hex, signal?: AbortSignal): Promise<void> {
    const to = await ask("block number", () => provider.getBlockNumber(), { signal });
    const topics = [[TOPICS.demanded, TOPICS.answered, TOPICS.demandClosed]];
    for await (const logs of readLogs(provider, { addresses: [address], topics, from, to }, "forward", { signal })) {
      for (const each of logs) {
        const event = decodeLog(each);
        if (event.kind === "chunkDemanded") open.set(event.id, event);
        if (event.kind === "chunkAnswered" || event.kind === "demandClosed") open.delete(event.id);
      }
    }
    from = Math.max(Number(deployment.fromBlock), to - REORG_DEPTH);
  }

  function held({ dataHash, chunk }: Demanded): ProvenChunk | undefined {
    try {
      return chunkOf(dataHash, chunk.index);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  return {
    async look(signal) {
      if (availability === undefined) return 0;
      await follow(availability, signal);
      const now = await client.now(signal);
      let count = 0;
      for (const demand of [...open.values()]) {
        const begin = demand.answerBy - deployment.parameters.answerTime;
        if (now >= demand.answerBy || now < begin + patience(demand.id) || refused.has(demand.id)) continue;
        const proven = held(demand);
        if (proven === undefined) continue;
        try {
          const { receipt } = await sender.send(answerIntent(availability, demand, proven), signal);
          open.delete(demand.id);
          if (receipt.status !== 1) continue;
          const { batchIndex, chunk } = demand;
          log({ kind: "published", batchIndex, chunk: chunk.index, gasUsed: receipt.gasUsed });
          count++;
        } catch (error) {
          if (error instanceof InsufficientFundsError) {
            log({ kind: "poor", needed: error.needed, present: error.present });
          } else if (isRefusal(error)) {
            if (error instanceof L1RevertError) refused.add(demand.id);
            log({ kind: "refused", reason: error.message });
          } else throw error;
        }
      }
      return count;
    },
  };
}

/**
 * Answers demands until `signal` is aborted; L1 may be down for a while.
 * @param pollInterval Milliseconds between looks at L1; default 12,000.
 */
export async function answerDemands(
  options: AnsweringOptions & { pollInterval?: number | undefined; signal: AbortSignal },
): Promise<void> {
  const { log, signal, pollInterval = 12_000 } = options;
  const answering = createAnswering(options);
  while (!signal.aborted) {
    try {
      await answering.look(signal);
      await pause(pollInterval, signal);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof L1UnavailableError)) throw error;
      log?.({ kind: "unavailable", reason: error.message });
      await pause(pollInterval);
    }
  }
}

function isRefusal(error: unknown): error is Error {
  return [L1RevertError, GasLimitError, RejectedError, DisplacedError].some((kind) => error instanceof kind);
}

/** A signal is aborted while others work, whatever was known of it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
