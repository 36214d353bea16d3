import { id } from "ethers";

import type { L1Counts, L1Source } from "../../../plugin/l1/follower.js";
import type { L1Block, L1Event, L1Update, PlacedEvent } from "../../../plugin/l1/types.js";
import { genesisHeader } from "../../../plugin/ledger/header.js";
import { type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../../plugin/types.js";

interface FakeBlock {
  block: L1Block;
  events: PlacedEvent[];
  counts: L1Counts;
}

/** Deterministic random numbers below `limit` (xorshift), so that a failing run can be repeated from its seed. */
export type Random = (limit: number) => number;

export function random(seed: number): Random {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** An L1 in memory that can be mined and reorganised. */
export interface FakeChain extends L1Source {
  mine(...events: L1Event[]): void;
  /** Drops the last `depth` blocks. */
  drop(depth: number): void;
  /** Mines a block with a few random events that are valid there. */
  mineRandom(pick: Random): void;
  readonly height: number;
  canonical(): PlacedEvent[];
}

export function fakeChain(): FakeChain {
  const blocks: FakeBlock[] = [];
  let forks = 0;

  const latest = (): FakeBlock => {
    const last = blocks.at(-1);
    if (last === undefined) throw new Error("the fake chain has a genesis block");
    return last;
  };

  function mine(...events: L1Event[]): void {
    const number = blocks.length;
    const block = { number, hash: id(`${number}:${forks++}`) as Hex, timestamp: BigInt(1_000 + number * 12) };
    const counts = events.reduce(apply, blocks.at(-1)?.counts ?? { messages: 0n, head: 0n, finalizedHead: 0n });
    blocks.push({ block, counts, events: events.map((event, logIndex) => ({ ...event, block, logIndex })) });
  }
  mine();

  return {
    mine,
    drop(depth) {
      blocks.splice(Math.max(1, blocks.length - depth));
    },
    mineRandom(pick) {
      const events: L1Event[] = [];
      let { counts } = latest();
      for (let n = pick(4); n > 0; n--) {
        const event = randomEvent(counts, pick);
        counts = apply(counts, event);
        events.push(event);
      }
      mine(...events);
    },
    get height() {
      return blocks.length - 1;
    },
    canonical: () => blocks.flatMap(({ events }) => events),
    block: (at) => Promise.resolve((at === "latest" ? latest() : blocks[at])?.block),
    events: (from, to) => Promise.resolve(blocks.slice(from, to + 1).flatMap(({ events }) => events)),
    counts: (at) => {
      const found = blocks[at];
      return found === undefined ? Promise.reject(new Error(`no block ${at}`)) : Promise.resolve(found.counts);
    },
  };
}

function apply(counts: L1Counts, event: L1Event): L1Counts {
  switch (event.kind) {
    case "message":
      return { ...counts, messages: event.message.index + 1n };
    case "batch":
      return { ...counts, head: event.header.index };
    case "finalized":
      return { ...counts, finalizedHead: event.index };
    case "reverted":
      return { ...counts, head: event.fromIndex - 1n };
    default:
      return counts;
  }
}

function randomEvent({ messages, head, finalizedHead }: L1Counts, pick: Random): L1Event {
  const pending = Number(head - finalizedHead);
  const choice = pick(5);
  if (choice === 0 && pending > 0) {
    return { kind: "finalized", index: finalizedHead + 1n, headerHash: ZERO_HASH };
  }
  if (choice === 1 && pending > 0) {
    return { kind: "reverted", fromIndex: head - BigInt(pick(pending)), toIndex: head };
  }
  if (choice === 2) return { kind: "claimed", batchIndex: finalizedHead, leafIndex: BigInt(pick(100)) };
  return choice === 3 ? batch(head + 1n) : message(messages);
}

export function message(index: bigint): L1Event {
  return {
    kind: "message",
    message: {
      kind: 0,
      index,
      timestamp: 1n,
      sender: ZERO_ADDRESS,
      target: ZERO_ADDRESS,
      token: ZERO_ADDRESS,
      amount: 1n,
      data: "0x",
    },
  };
}

export function batch(index: bigint): L1Event {
  return { kind: "batch", header: { ...EMPTY_HEADER, index }, headerHash: ZERO_HASH, transaction: ZERO_HASH };
}

const EMPTY_HEADER = genesisHeader(0n, ZERO_HASH);

/** What somebody knows who applied `update` to what `known` was before. */
export function applyUpdate(known: readonly PlacedEvent[], update: L1Update): PlacedEvent[] {
  const floor = update.rollbackTo ?? Number.POSITIVE_INFINITY;
  return [...known.filter(({ block }) => block.number <= floor), ...update.events];
}
