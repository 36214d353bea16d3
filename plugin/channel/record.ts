import { StoreError } from "../store/errors.js";
import type { Journal } from "../l1/journal.js";
import type { Store, StoreOperation } from "../store/types.js";
import { fromHex, toBytes } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { type Content, contentOf, type KnownState, knownState } from "./state.js";
import type { ChannelParams } from "./types.js";

/** A change that we asked the mover for: we sign it when it comes, and nothing makes us forget that we asked. */
export interface Asked {
  turnNum: bigint;
  /** Struct hash of the state that it would be. */
  hash: Hex;
  content: Content;
}

/** A payment out of the open channel that we signed: no later state may give its destination less. */
export interface SignedWithdrawal {
  asset: Hex;
  destination: Hex;
  total: bigint;
  /** Who asked; only for itself. */
  participant: number;
  /** By participant; of another's withdrawal only ours is kept. */
  signatures: readonly (Hex | undefined)[];
}

/** Key that L1 takes for a participant's. */
export interface SessionKey {
  key: Hex;
  /** L1 time in seconds. */
  expiry: bigint;
}

/** All that is kept of a channel. What is signed is in here, and on disk, before its signature leaves. */
export interface ChannelRecord {
  readonly id: Hex;
  /** Addresses in lower case. */
  readonly params: ChannelParams;
  /** Own index. */
  readonly me: number;
  /** Whether we proposed the channel. */
  readonly isOpener: boolean;
  /** Turn 0, to which we agreed. */
  readonly initial: Content;
  /** The last state that everybody signed. */
  readonly supported: KnownState | undefined;
  /** The next one: signed by its mover, and perhaps by us. There is never another one of its turn that we sign. */
  readonly pending: KnownState | undefined;
  readonly asked: Asked | undefined;
  /** The deposits of turn 0 were seen on L1. */
  readonly isFunded: boolean;
  readonly withdrawals: readonly SignedWithdrawal[];
  readonly sessions: readonly (SessionKey | undefined)[];
  /** A state that L1 showed, which the app allows; never a later one of L1's is paid without it. */
  readonly shown: KnownState | undefined;
  /** What we want on L1. */
  readonly wants: { challenge: boolean; conclude: boolean };
}

export function newRecord(fixed: Pick<ChannelRecord, "id" | "params" | "me" | "isOpener" | "initial">): ChannelRecord {
  return {
    ...fixed,
    supported: undefined,
    pending: undefined,
    asked: undefined,
    isFunded: false,
    withdrawals: [],
    sessions: fixed.params.participants.map(() => undefined),
    shown: undefined,
    wants: { challenge: false, conclude: false },
  };
}

/** Where a client keeps its channels. */
export interface ChannelRecords {
  /** All channels, as they were written last. */
  load(): Promise<ChannelRecord[]>;
  /**
   * What writes a channel. What states say has a place of its own, by turn, and stays there: should L1 end the channel with an old
   * one, it is needed to be paid.
   * @param before As it was written last; nothing for the first time.
   * @param between States that everybody signed since then.
   */
  operations(record: ChannelRecord, before?: ChannelRecord, between?: readonly KnownState[]): StoreOperation[];
  /** The last state of a turn that came to us signed, without signatures. */
  past(record: ChannelRecord, turnNum: bigint): KnownState | undefined;
  /** What forgets the past of a channel that is over. */
  forget(record: ChannelRecord): Promise<StoreOperation[]>;
  /** The last block whose events were all looked at. */
  cursor(): number | undefined;
  cursorOperation(block: number): StoreOperation;
}

const FIXED = "channel:";
/** After all ids behind the prefix. */
const FIXED_END = "channel;";
const NOW = "channel-now:";
const PAST = "channel-past:";
const JOURNAL = "journal:";
const CURSOR = Buffer.from("channel-l1-cursor");

export function channelRecords(store: Store): ChannelRecords {
  function past(id: Hex, turnNum: bigint): Content | undefined {
    const value = store.get(pastKey(id, turnNum));
    return value && (parse(value) as Content);
  }

  function decode(fixed: Fixed): ChannelRecord {
    const { id, params } = fixed;
    const value = store.get(key(NOW, id));
    if (value === undefined) throw new StoreError(`the store has no state of channel ${id}, which is in it`);
    const now = parse(value) as Now;
    const state = (one: Stand | null): KnownState | undefined => {
      if (one === null) return undefined;
      const content = past(id, BigInt(one.turn));
      if (content === undefined) throw new StoreError(`the store lacks turn ${one.turn} of channel ${id}`);
      return knownState(id, BigInt(one.turn), content, orUndefined(one.signatures));
    };
    const { asked, shown } = now;
    return {
      ...fixed,
      ...now,
      params: { ...params, channelNonce: BigInt(params.channelNonce) },
      supported: state(now.supported),
      pending: state(now.pending),
      asked: asked ? { turnNum: BigInt(asked.turn), hash: asked.hash, content: asked.content } : undefined,
      withdrawals: now.withdrawals.map((entry) => ({
        ...entry,
        total: BigInt(entry.total),
        signatures: orUndefined(entry.signatures),
      })),
      sessions: now.sessions.map((one) => (one ? { key: one.key, expiry: BigInt(one.expiry) } : undefined)),
      shown: shown ? knownState(id, BigInt(shown.turn), shown.content, []) : undefined,
    };
  }

  return {
    async load() {
      const records: ChannelRecord[] = [];
      const range = { from: Buffer.from(FIXED), to: Buffer.from(FIXED_END) };
      for await (const [, value] of store.entries(range)) records.push(decode(parse(value) as Fixed));
      return records;
    },
    operations(record, before, between = []) {
      const { id, supported, pending } = record;
      const operations: StoreOperation[] = [{ type: "put", key: key(NOW, id), value: encodeNow(record) }];
      if (before === undefined) operations.push({ type: "put", key: key(FIXED, id), value: encodeFixed(record) });
      const written = new Set([before?.supported?.hash, before?.pending?.hash]);
      for (const one of [...between, supported, pending]) {
        if (one === undefined || written.has(one.hash)) continue;
        written.add(one.hash);
        operations.push({ type: "put", key: pastKey(id, one.state.turnNum), value: serialize(contentOf(one)) });
      }
      return operations;
    },
    past({ id }, turnNum) {
      const content = past(id, turnNum);
      return content && knownState(id, turnNum, content, []);
    },
    async forget({ id, supported }) {
      const operations: StoreOperation[] = [];
      const range = { from: pastKey(id, 0n), to: pastKey(id, supported?.state.turnNum ?? 0n) };
      for await (const [found] of store.entries(range)) operations.push({ type: "del", key: found });
      return operations;
    },
    cursor() {
      const value = store.get(CURSOR);
      return value && Number(Buffer.from(value).toString());
    },
    cursorOperation: (block) => ({ type: "put", key: CURSOR, value: Buffer.from(`${block}`) }),
  };
}

function key(prefix: string, id: Hex): Uint8Array {
  return Buffer.concat([Buffer.from(prefix), fromHex(id, 32)]);
}

function pastKey(id: Hex, turnNum: bigint): Uint8Array {
  return Buffer.concat([key(PAST, id), toBytes(turnNum, 8)]);
}

const serialize = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

/** What never changes. */
interface Fixed extends Pick<ChannelRecord, "id" | "me" | "isOpener" | "initial"> {
  params: Omit<ChannelParams, "channelNonce"> & { channelNonce: string };
}

/** A state without what it says; turns are below 2^53. */
interface Stand {
  turn: number;
  signatures: (Hex | null)[];
}

/** What changes with each update; it is short. */
interface Now extends Pick<ChannelRecord, "isFunded" | "wants"> {
  supported: Stand | null;
  pending: Stand | null;
  asked: { turn: number; hash: Hex; content: Content } | null;
  withdrawals: (Omit<SignedWithdrawal, "total" | "signatures"> & { total: string; signatures: (Hex | null)[] })[];
  sessions: ({ key: Hex; expiry: string } | null)[];
  shown: { turn: number; content: Content } | null;
}

const orNull = (signatures: readonly (Hex | undefined)[]): (Hex | null)[] => signatures.map((one) => one ?? null);
const orUndefined = (signatures: (Hex | null)[]): (Hex | undefined)[] => signatures.map((one) => one ?? undefined);

function encodeFixed({ id, params, me, isOpener, initial }: ChannelRecord): Uint8Array {
  const fixed: Fixed = { id, params: { ...params, channelNonce: `${params.channelNonce}` }, me, isOpener, initial };
  return serialize(fixed);
}

function encodeNow({ supported, pending, asked, shown, isFunded, wants, ...record }: ChannelRecord): Uint8Array {
  const stand = (known: KnownState | undefined): Stand | null =>
    known ? { turn: Number(known.state.turnNum), signatures: orNull(known.signatures) } : null;
  const now: Now = {
    supported: stand(supported),
    pending: stand(pending),
    asked: asked ? { turn: Number(asked.turnNum), hash: asked.hash, content: asked.content } : null,
    isFunded,
    withdrawals: record.withdrawals.map((entry) => ({
      ...entry,
      total: `${entry.total}`,
      signatures: orNull(entry.signatures),
    })),
    sessions: record.sessions.map((one) => (one ? { key: one.key, expiry: `${one.expiry}` } : null)),
    shown: shown ? { turn: Number(shown.state.turnNum), content: contentOf(shown) } : null,
    wants,
  };
  return serialize(now);
}

/** Where an account writes down what it sends to L1, beside its channels. */
export function channelJournal(store: Store): Journal {
  const at = (name: string): Uint8Array => Buffer.from(`${JOURNAL}${name}`);
  return {
    get(name) {
      const found = store.get(at(name));
      return Promise.resolve(found && Buffer.from(found).toString());
    },
    put: (name, value) => store.write([{ type: "put", key: at(name), value: Buffer.from(value) }], { sync: true }),
  };
}
