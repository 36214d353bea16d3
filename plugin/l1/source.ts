import type { L1Client } from "./client.js";
import { ask, type AskOptions, L1InconsistentError } from "./ask.js";
import { decodeLog, TOPICS } from "./decode.js";
import type { L1Source } from "./follower.js";
import { readLogs } from "./logs.js";
import type { L1Block, PlacedEvent } from "./types.js";

/** Blocks asked for at once; providers batch or pipeline them. */
const BLOCKS_AT_ONCE = 50;

export interface SourceOptions extends Omit<AskOptions, "signal"> {
  /** Blocks per eth_getLogs; halved whenever the provider refuses. Default 10,000. */
  maxRange?: number;
  /** Whether the events of dispute games, and of demands for data, are among them; default false. */
  games?: boolean;
}

/** What a follower needs of L1, read through `client`. */
export function createSource(client: L1Client, { games = false, ...options }: SourceOptions = {}): L1Source {
  const { provider, addresses } = client;

  async function block(at: number | "latest", signal?: AbortSignal): Promise<L1Block | undefined> {
    const found = await ask(`block ${at}`, () => provider.getBlock(at), { ...options, signal });
    if (found === null || found.hash === null) return undefined;
    return { number: found.number, hash: found.hash as L1Block["hash"], timestamp: BigInt(found.timestamp) };
  }

  async function blocks(numbers: readonly number[], signal?: AbortSignal): Promise<Map<number, L1Block>> {
    const found = new Map<number, L1Block>();
    for (let start = 0; start < numbers.length; start += BLOCKS_AT_ONCE) {
      const some = await Promise.all(numbers.slice(start, start + BLOCKS_AT_ONCE).map((at) => block(at, signal)));
      for (const each of some) if (each !== undefined) found.set(each.number, each);
    }
    return found;
  }

  async function events(from: number, to: number, signal?: AbortSignal): Promise<PlacedEvent[]> {
    const query = {
      addresses: [
        addresses.bridge,
        addresses.chain,
        ...(games ? [addresses.game, addresses.availability].filter((address) => address !== undefined) : []),
      ],
      topics: [Object.values(TOPICS)],
      from,
      to,
    };
    const placed: PlacedEvent[] = [];
    for await (const logs of readLogs(provider, query, "forward", { ...options, signal })) {
      const byNumber = await blocks([...new Set(logs.map((log) => log.blockNumber))], signal);
      for (const log of logs) {
        const at = byNumber.get(log.blockNumber);
        if (at?.hash !== log.blockHash) {
          throw new L1InconsistentError(`block ${log.blockNumber} was replaced while its events were read`);
        }
        placed.push({ ...decodeLog(log), block: at, logIndex: log.index });
      }
    }
    return placed;
  }

  return { block, events, counts: (at, signal) => client.counts(at, signal) };
}
