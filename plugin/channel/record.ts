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
   * What writes a channel, and beside it each state that we signed: should L1 end the channel with an old one, what is behind
   * its hashes is needed to be paid.
   */
  operations(record: ChannelRecord, before?: ChannelRecord): StoreOperation[];
  /** The state of a turn that we signed. */
  past(record: ChannelRecord, turnNum: bigint): KnownState | undefined;
  /** What forgets the past of a channel that is over. */
  forget(record: ChannelRecord): Promise<StoreOperation[]>;
  /** The last block whose events were all looked at. */
  cursor(): number | undefined;
  cursorOperation(block: number): StoreOperation;
}

const PREFIX = "channel:";
/** After all ids behind the prefix. */
const END = "channel;";
const PAST = "channel-past:";
const CURSOR = Buffer.from("channel-l1-cursor");

export function channelRecords(store: Store): ChannelRecords {
  return {
    async load() {
      const records: ChannelRecord[] = [];
      const range = { from: Buffer.from(PREFIX), to: Buffer.from(END) };
      for await (const [, value] of store.entries(range)) records.push(decodeRecord(value));
      return records;
    },
    operations(record, before) {
      const key = Buffer.concat([Buffer.from(PREFIX), fromHex(record.id, 32)]);
      const known = new Set(signedStates(before).map(({ hash }) => hash));
      const fresh = signedStates(record).filter(({ hash }) => !known.has(hash));
      return [
        { type: "put", key, value: encodeRecord(record) },
        ...fresh.map((signed): StoreOperation => {
          const value = Buffer.from(JSON.stringify(contentOf(signed)));
          return { type: "put", key: pastKey(record.id, signed.state.turnNum), value };
        }),
      ];
    },
    past({ id }, turnNum) {
      const value = store.get(pastKey(id, turnNum));
      return value && knownState(id, turnNum, JSON.parse(Buffer.from(value).toString()) as Content, []);
    },
    async forget({ id, supported }) {
      const operations: StoreOperation[] = [];
      const range = { from: pastKey(id, 0n), to: pastKey(id, (supported?.state.turnNum ?? 0n) + 2n) };
      for await (const [key] of store.entries(range)) operations.push({ type: "del", key });
      return operations;
    },
    cursor() {
      const value = store.get(CURSOR);
      return value && Number(Buffer.from(value).toString());
    },
    cursorOperation: (block) => ({ type: "put", key: CURSOR, value: Buffer.from(`${block}`) }),
  };
}

function pastKey(id: Hex, turnNum: bigint): Uint8Array {
  return Buffer.concat([Buffer.from(PAST), fromHex(id, 32), toBytes(turnNum, 8)]);
}

/** States that may bind us. */
function signedStates(record: ChannelRecord | undefined): KnownState[] {
  if (record === undefined) return [];
  const { supported, pending, me } = record;
  return [supported, pending?.signatures[me] === undefined ? undefined : pending].filter((one) => one !== undefined);
}

/** A state without what follows from it; turns are below 2^53. */
interface StoredState extends Content {
  turn: number;
  signatures: (Hex | null)[];
}

interface Stored {
  id: Hex;
  params: Omit<ChannelParams, "channelNonce"> & { channelNonce: string };
  me: number;
  isOpener: boolean;
  initial: Content;
  supported: StoredState | null;
  pending: StoredState | null;
  asked: { turn: number; hash: Hex; content: Content } | null;
  isFunded: boolean;
  withdrawals: (Omit<SignedWithdrawal, "total" | "signatures"> & { total: string; signatures: (Hex | null)[] })[];
  sessions: ({ key: Hex; expiry: string } | null)[];
  shown: StoredState | null;
  wants: ChannelRecord["wants"];
}

const orNull = (signatures: readonly (Hex | undefined)[]): (Hex | null)[] => signatures.map((one) => one ?? null);

/** JSON, built by hand: it is written for each update. */
function encodeRecord(record: ChannelRecord): Uint8Array {
  const { params, supported, pending, asked, shown } = record;
  const stored: Stored = {
    ...record,
    params: { ...params, channelNonce: `${params.channelNonce}` },
    supported: stateOf(supported),
    pending: stateOf(pending),
    asked: asked ? { turn: Number(asked.turnNum), hash: asked.hash, content: asked.content } : null,
    withdrawals: record.withdrawals.map((entry) => ({
      ...entry,
      total: `${entry.total}`,
      signatures: orNull(entry.signatures),
    })),
    sessions: record.sessions.map((one) => (one ? { key: one.key, expiry: `${one.expiry}` } : null)),
    shown: stateOf(shown),
  };
  return Buffer.from(JSON.stringify(stored));
}

function stateOf(known: KnownState | undefined): StoredState | null {
  if (known === undefined) return null;
  const { state, appData, outcome, signatures } = known;
  return { turn: Number(state.turnNum), isFinal: state.isFinal, appData, outcome, signatures: orNull(signatures) };
}

function decodeRecord(bytes: Uint8Array): ChannelRecord {
  const stored = JSON.parse(Buffer.from(bytes).toString()) as Stored;
  const { id, params, asked } = stored;
  const orUndefined = (signatures: (Hex | null)[]): (Hex | undefined)[] => signatures.map((one) => one ?? undefined);
  const state = (one: StoredState | null): KnownState | undefined =>
    one === null ? undefined : knownState(id, BigInt(one.turn), one, orUndefined(one.signatures));
  return {
    ...stored,
    params: { ...params, channelNonce: BigInt(params.channelNonce) },
    supported: state(stored.supported),
    pending: state(stored.pending),
    asked: asked ? { turnNum: BigInt(asked.turn), hash: asked.hash, content: asked.content } : undefined,
    withdrawals: stored.withdrawals.map((entry) => ({
      ...entry,
      total: BigInt(entry.total),
      signatures: orUndefined(entry.signatures),
    })),
    sessions: stored.sessions.map((one) => (one ? { key: one.key, expiry: BigInt(one.expiry) } : undefined)),
    shown: state(stored.shown),
  };
}
