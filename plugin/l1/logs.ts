import { type Log, type Provider, type TopicFilter } from "ethers";

import type { Hex } from "../types.js";
import { ask, type AskOptions, L1UnavailableError } from "./ask.js";

export interface LogQuery {
  addresses: Hex[];
  topics: TopicFilter;
  /** First and last block, inclusive. */
  from: number;
  to: number;
}

/** Blocks asked for at once; halved whenever the provider refuses. */
export const MAX_LOG_RANGE = 10_000;

/**
 * Logs of a block range, range by range in the asked direction, each range oldest log first. A range that the provider
 * refuses (too many blocks, too many results) is halved until a single block is refused.
 */
export async function* readLogs(
  provider: Provider,
  query: LogQuery,
  direction: "forward" | "backward",
  options: AskOptions & { maxRange?: number | undefined } = {},
): AsyncGenerator<Log[]> {
  let span = options.maxRange ?? MAX_LOG_RANGE;
  let { from, to } = query;
  while (from <= to) {
    const first = direction === "forward" ? from : Math.max(from, to - span + 1);
    const last = direction === "forward" ? Math.min(to, from + span - 1) : to;
    let logs: Log[];
    try {
      logs = await ask(
        `eth_getLogs of blocks ${first} to ${last}`,
        () => provider.getLogs({ address: query.addresses, topics: query.topics, fromBlock: first, toBlock: last }),
        options,
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof L1UnavailableError || first === last) throw error;
      span = Math.ceil((last - first + 1) / 2);
      continue;
    }
    yield logs.sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
    if (direction === "forward") from = last + 1;
    else to = first - 1;
  }
}
