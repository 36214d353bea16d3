import { FULL_BATCH_MESSAGES, MAX_BATCH_MESSAGES } from "../../../plugin/ledger/batch.js";
import { genesisHeader } from "../../../plugin/ledger/header.js";
import { dataHash, headerHash, nextInboxAcc } from "../../../plugin/ledger/hashes.js";
import { keccak256 } from "../../../plugin/machine/keccak.js";
import { fromHex, toBytes, toHex } from "../../../plugin/ledger/bytes.js";
import { GENESIS_STATE_ROOT } from "../../../plugin/ledger/state.js";
import { L1UnavailableError } from "../../../plugin/l1/ask.js";
import type { PostedBatch } from "../../../plugin/l1/client.js";
import { createFollower, type L1Counts, type L1Source } from "../../../plugin/l1/follower.js";
import { BatchConflictError, ParentMissingError, type BatchToPost } from "../../../plugin/l1/poster.js";
import type { L1Block, L1Event, PlacedEvent } from "../../../plugin/l1/types.js";
import type { SequencerL1 } from "../../../plugin/sequencer/options.js";
import type { TokenMetadata } from "../../../plugin/sequencer/rpc/context.js";
import { ZERO_ADDRESS, ZERO_HASH, type BatchHeader, type Hex, type InboxMessage } from "../../../plugin/types.js";

export const L2_CHAIN_ID = 901n;
export const BRIDGE: Hex = `0x${"b1".repeat(20)}`;
export const SEQUENCER: Hex = `0x${"5e".repeat(20)}`;
export const FORCE_INCLUSION_DELAY = 3_600n;
export const START = 1_900_000_000n;
const BLOCK_TIME = 12n;
const CHALLENGE_WINDOW = 604_800n;

export const GENESIS = genesisHeader(START, GENESIS_STATE_ROOT);

/** A block, with the data of the batches in it by data hash. */
export interface FakeBlock extends L1Block {
  events: L1Event[];
  data: [Hex, Uint8Array][];
}

export interface FakeL1Options {
  genesis?: BatchHeader;
  /** Blocks that another process mined. */
  history?: FakeBlock[];
  /** Told of every block. */
  onMine?: (block: FakeBlock) => void;
}

/** An L1 in memory: the rules of the suite that a sequencer meets, blocks that can be undone, and outages. */
export interface FakeL1 {
  l1: SequencerL1;
  /** As a follower reads it. */
  source: L1Source;
  /** Unreachable while set. */
  down: boolean;
  /** Batches on the chain now, genesis first. */
  readonly batches: readonly BatchHeader[];
  /** How many transactions ever posted a batch. */
  readonly posts: number;
  readonly now: bigint;
  tokens: Map<Hex, TokenMetadata>;
  mine(events?: L1Event[], seconds?: bigint): void;
  deposit(target: Hex, amount: bigint, token?: Hex): InboxMessage;
  force(raw: Uint8Array): InboxMessage;
  forceWithdrawal(sender: Hex, amount: bigint, token?: Hex): InboxMessage;
  /** Somebody else posts a batch. */
  append(batch: Omit<BatchToPost, "nextMessage">): BatchHeader;
  finalize(index: bigint): void;
  revert(fromIndex: bigint): void;
  /** Undoes the last blocks. */
  reorg(depth: number): void;
  batchData(header: BatchHeader): Uint8Array;
}

export function fakeL1({ genesis = GENESIS, history = [], onMine }: FakeL1Options = {}): FakeL1 {
  let chain: FakeBlock[] = [{ number: 0, hash: hashOf("genesis"), timestamp: START, events: [], data: [] }, ...history];
  const data = new Map<Hex, Uint8Array>(history.flatMap((block) => block.data));
  let posts = 0;
  let forks = 0;

  const events = (): L1Event[] => chain.flatMap((block) => block.events);
  const messages = (): InboxMessage[] => events().flatMap((event) => (event.kind === "message" ? [event.message] : []));
  function batches(upTo = chain.length): BatchHeader[] {
    const found = [genesis];
    for (const event of chain.slice(0, upTo).flatMap((block) => block.events)) {
      if (event.kind === "batch") found.push(event.header);
      if (event.kind === "reverted") found.length = Number(event.fromIndex);
    }
    return found;
  }

  function mine(added: L1Event[] = [], seconds = BLOCK_TIME, carried: FakeBlock["data"] = []): void {
    const { number, timestamp } = chain.at(-1)!;
    const hash = hashOf(`${forks}/${number + 1}/${timestamp + seconds}`);
    const block = { number: number + 1, hash, timestamp: timestamp + seconds, events: added, data: carried };
    onMine?.(block);
    chain.push(block);
  }

  function enqueue(fields: Omit<InboxMessage, "index" | "timestamp">): InboxMessage {
    const timestamp = chain.at(-1)!.timestamp + BLOCK_TIME;
    const message = { ...fields, index: BigInt(messages().length), timestamp };
    mine([{ kind: "message", message }]);
    return message;
  }

  /** Accumulators that were worked out before, by the message before them. */
  const known = new WeakMap<InboxMessage, Hex>();
  function accumulator(all: InboxMessage[], upTo: number): Hex {
    const last = all[upTo - 1];
    if (last === undefined) return ZERO_HASH;
    let start = upTo;
    while (start > 0 && !known.has(all[start - 1]!)) start--;
    let acc = start === 0 ? ZERO_HASH : known.get(all[start - 1]!)!;
    for (const message of all.slice(start, upTo)) {
      acc = nextInboxAcc(acc, message);
      known.set(message, acc);
    }
    return acc;
  }

  function append({ parent, claim, data: bytes }: Omit<BatchToPost, "nextMessage">): BatchHeader {
    const timestamp = chain.at(-1)!.timestamp + BLOCK_TIME;
    const all = messages();
    if (claim.inboxTo > BigInt(all.length)) throw new Error("the batch consumes messages that do not exist");
    const acc = accumulator(all, Number(claim.inboxTo));
    if (acc !== claim.inboxAcc) throw new Error("the batch was made from another inbox");
    const consumed = claim.inboxTo - parent.inboxTo;
    if (consumed > MAX_BATCH_MESSAGES) throw new Error(`the batch consumes ${consumed} messages`);
    const left = all[Number(claim.inboxTo)];
    if (left !== undefined && consumed < FULL_BATCH_MESSAGES && timestamp >= left.timestamp + FORCE_INCLUSION_DELAY)
      throw new Error(`the batch leaves message ${left.index}, which is due`);
    if (claim.l2BlockTo <= parent.l2BlockTo) throw new Error("the batch has no block");
    const header: BatchHeader = {
      index: parent.index + 1n,
      timestamp,
      finalizesAt: timestamp + CHALLENGE_WINDOW,
      inboxFrom: parent.inboxTo,
      l2BlockFrom: parent.l2BlockTo,
      submitter: SEQUENCER,
      resolver: ZERO_ADDRESS,
      parentHash: headerHash(parent),
      prevStateRoot: parent.stateRoot,
      ...claim,
      dataHash: dataHash(bytes),
    };
    data.set(header.dataHash, bytes);
    const hash = headerHash(header);
    const event: L1Event = { kind: "batch", header, headerHash: hash, transaction: hashOf(`post ${hash}`) };
    mine([event], BLOCK_TIME, [[header.dataHash, bytes]]);
    return header;
  }

  function place(block: FakeBlock): PlacedEvent[] {
    const { number, hash, timestamp } = block;
    return block.events.map((event, logIndex) => ({ ...event, block: { number, hash, timestamp }, logIndex }));
  }

  function check(): void {
    if (fake.down) throw new L1UnavailableError("fake L1", "it is down");
  }

  const source: L1Source = {
    block(at) {
      check();
      const found = at === "latest" ? chain.at(-1) : chain[at];
      return Promise.resolve(found && { number: found.number, hash: found.hash, timestamp: found.timestamp });
    },
    events(from, to) {
      check();
      return Promise.resolve(chain.slice(from, to + 1).flatMap(place));
    },
    counts(at): Promise<L1Counts> {
      check();
      const seen = chain.slice(0, at + 1).flatMap((block) => block.events);
      const finalized = seen.flatMap((event) => (event.kind === "finalized" ? [event.index] : []));
      return Promise.resolve({
        messages: BigInt(seen.filter(({ kind }) => kind === "message").length),
        head: batches(at + 1).at(-1)!.index,
        finalizedHead: finalized.at(-1) ?? 0n,
      });
    },
  };

  function post(batch: BatchToPost): Promise<PostedBatch> {
    check();
    const { parent } = batch;
    const known = batches();
    const head = known.at(-1)!;
    const onL1 = known[Number(parent.index)];
    if (onL1 === undefined || headerHash(onL1) !== headerHash(parent)) throw new ParentMissingError(parent, head.index);
    const next = known[Number(parent.index) + 1];
    if (next !== undefined && next.dataHash !== dataHash(batch.data))
      throw new BatchConflictError(next.index, "dataHash", next.dataHash, dataHash(batch.data));
    if (next === undefined) posts++;
    const header = next ?? append(batch);
    const hash = headerHash(header);
    return Promise.resolve({ header, headerHash: hash, transaction: hashOf(`post ${hash}`), block: chain.length - 1 });
  }

  const fake: FakeL1 = {
    source,
    down: false,
    tokens: new Map(),
    l1: {
      follow: (cursor) => createFollower({ source, fromBlock: 1, cursor }),
      poster: () => Promise.resolve({ post: async (batch) => post(batch) }),
      batchData: async (header) => {
        check();
        return Promise.resolve(data.get(header.dataHash)!);
      },
      tokenMetadata: async (token) => {
        check();
        return Promise.resolve(fake.tokens.get(token));
      },
    },
    get batches() {
      return batches();
    },
    get posts() {
      return posts;
    },
    get now() {
      return chain.at(-1)!.timestamp;
    },
    mine,
    deposit: (target, amount, token = ZERO_ADDRESS) =>
      enqueue({ kind: 0, sender: target, target, token, amount, data: "0x" }),
    force: (raw) =>
      enqueue({
        kind: 1,
        sender: SEQUENCER,
        target: ZERO_ADDRESS,
        token: ZERO_ADDRESS,
        amount: 0n,
        data: toHex(raw),
      }),
    forceWithdrawal: (sender, amount, token = ZERO_ADDRESS) =>
      enqueue({ kind: 2, sender, target: sender, token, amount, data: "0x" }),
    append,
    finalize(index) {
      mine([{ kind: "finalized", index, headerHash: headerHash(batches()[Number(index)]!) }]);
    },
    revert(fromIndex) {
      mine([{ kind: "reverted", fromIndex, toIndex: batches().at(-1)!.index }]);
    },
    reorg(depth) {
      chain = chain.slice(0, chain.length - depth);
      forks++;
    },
    batchData: (header) => data.get(header.dataHash)!,
  };
  return fake;
}

function hashOf(text: string): Hex {
  return toHex(keccak256(new TextEncoder().encode(text)));
}

/** A key made from a number. */
export function keyOf(index: number): Hex {
  return toHex(keccak256(toBytes(BigInt(index) + 1n, 32)));
}

export function rawBytes(raw: string): Uint8Array {
  return fromHex(raw);
}
