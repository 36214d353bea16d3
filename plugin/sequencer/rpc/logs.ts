import type { Hex } from "../../types.js";
import { RPC_CODES, RpcError } from "../errors.js";
import type { BlockReader } from "./blocks.js";
import { formatLog, type Json } from "./format.js";
import { address, blockId, fields, hash, invalid, optional } from "./params.js";

/** Blocks that one request may search. */
const MAX_RANGE = 10_000n;
const MAX_RESULTS = 10_000;

export interface LogFilter {
  /** Of any of these; undefined for all. */
  addresses: readonly Hex[] | undefined;
  /** By position: any of these; undefined for all. */
  topics: readonly (readonly Hex[] | undefined)[];
}

/** eth_getLogs. */
export function getLogs(value: unknown, blocks: BlockReader): Json[] {
  const given = fields(value, "filter");
  const filter: LogFilter = {
    addresses: optional(given.address, (each) => oneOrMore(each, (item) => address(item))),
    topics: optional(given.topics, readTopics) ?? [],
  };
  const { from, to } = range(given, blocks);
  if (to - from >= MAX_RANGE)
    throw new RpcError(
      RPC_CODES.limitExceeded,
      `block range too large: ${to - from + 1n} blocks, limit ${MAX_RANGE}; ask in parts`,
    );
  const found: Json[] = [];
  for (let number = from; number <= to; number++) {
    const block = blocks.existing({ number });
    const { addresses } = filter;
    const { emitters } = block;
    if (emitters.length === 0 || (addresses && !addresses.some((each) => emitters.includes(each)))) continue;
    for (const entry of blocks.entries(block))
      entry.logs.forEach((log, i) => {
        if (matches(log, filter)) found.push(formatLog(entry, log, i));
      });
    if (found.length > MAX_RESULTS)
      throw new RpcError(RPC_CODES.limitExceeded, `query returned more than ${MAX_RESULTS} results; ask in parts`);
  }
  return found;
}

export function matches(log: { address: Hex; topics: readonly Hex[] }, { addresses, topics }: LogFilter): boolean {
  if (addresses !== undefined && !addresses.includes(log.address)) return false;
  return topics.every(
    (wanted, i) => wanted === undefined || (log.topics[i] !== undefined && wanted.includes(log.topics[i])),
  );
}

function range(given: Record<string, unknown>, blocks: BlockReader): { from: bigint; to: bigint } {
  if (given.blockHash !== undefined && given.blockHash !== null) {
    if (given.fromBlock !== undefined || given.toBlock !== undefined)
      throw invalid("filter has blockHash and a block range; give one of them");
    const { number } = blocks.existing({ hash: hash(given.blockHash, "blockHash") });
    return { from: number, to: number };
  }
  const last = blocks.existing({ tag: "latest" }).number;
  const end = (value: unknown, name: string): bigint => {
    const id = blockId(value, name);
    const number = "number" in id ? id.number : blocks.existing(id).number;
    return number > last ? last : number;
  };
  const from = blockId(given.fromBlock, "fromBlock");
  // Nothing can be found past the end; an empty answer is what clients that follow the chain expect.
  if ("number" in from && from.number > last) return { from: last + 1n, to: last };
  return { from: end(given.fromBlock, "fromBlock"), to: end(given.toBlock, "toBlock") };
}

function readTopics(value: unknown): (readonly Hex[] | undefined)[] {
  if (!Array.isArray(value) || value.length > 4) throw invalid("topics must be a list of at most 4");
  return value.map((each) => optional(each, (given) => oneOrMore(given, (item) => hash(item, "topic"))));
}

/** An empty list filters nothing. */
function oneOrMore(value: unknown, read: (item: unknown) => Hex): readonly Hex[] | undefined {
  if (!Array.isArray(value)) return [read(value)];
  return value.length === 0 ? undefined : value.map(read);
}
