import type { Hex } from "../types.js";
import { assetsToLookAt, finalState, isFunded, isOver, type L1Move, type L1View, nextMove } from "./l1-steps.js";
import { decodeOutcome, toDestination } from "./outcome.js";
import type { ChannelRecord } from "./record.js";
import type { ChannelReport } from "./report.js";
import { contentOf, isComplete, type KnownState } from "./state.js";
import type { Adjudicator, ChannelEvent, Mined, SignedState } from "./types.js";
import type { Worker } from "./worker.js";

/** Follows the channels on L1 and does there what is to be done. */
export interface L1Watch {
  /** Looks at everything that happened since the last time, and begins what follows; resolves when that is mined. */
  sync(signal: AbortSignal): Promise<void>;
  /** The same, but what it began goes on by itself: nothing that is slow to be mined keeps it from looking again. */
  look(signal: AbortSignal): Promise<void>;
  isEnded(channelId: Hex): boolean;
}

export interface L1WatchOptions {
  adjudicator: Adjudicator;
  workers: ReadonlyMap<Hex, Worker>;
  /** Signs a challenge for the channel. */
  signChallenge(record: ChannelRecord, signed: SignedState): Hex;
  /** The last block whose events were all looked at. */
  cursor: number | undefined;
  setCursor(block: number): Promise<void>;
  /** Blocks on top of a deposit or a session key before it counts. */
  confirmations: number;
  /** Milliseconds between looks at every channel, whether something happened or not. */
  sweepInterval: number;
  /** Milliseconds for which the one who closed a channel is left to conclude it. */
  concludeGrace: number;
  /** Seconds. */
  keyMargin: bigint;
  clock: () => number;
  report: (report: ChannelReport) => void;
  /** A state of a turn that we signed. */
  past: (record: ChannelRecord, turnNum: bigint) => KnownState | undefined;
  /** A move was mined, or refused. */
  onMove: (channelId: Hex, move: L1Move, result: { mined: Mined } | { error: unknown }) => void;
  onEnded: (channelId: Hex) => void;
}

/** What one look leads to at most: a deposit for each of some assets. */
const MAX_MOVES = 64;

interface Sight {
  height: number;
  now: bigint;
}

export function createL1Watch(options: L1WatchOptions): L1Watch {
  const { adjudicator, workers, confirmations, clock, report, onMove, onEnded } = options;
  let { cursor } = options;
  let sweptAt = -Infinity;
  /** Reported, and above the cursor. */
  const told = new Map<string, number>();
  const ended = new Set<Hex>();
  const working = new Map<Hex, Promise<void>>();
  /** First block at which the deposits were there, by channel. */
  const fundedAt = new Map<Hex, number>();
  /** When the final state was first there. */
  const finalSince = new Map<Hex, number>();

  async function look(signal: AbortSignal): Promise<void> {
    const [height, now] = [await adjudicator.height(signal), await adjudicator.now(signal)];
    const touched = await readEvents(height, signal);
    const isSweep = clock() - sweptAt >= options.sweepInterval;
    for (const [id, worker] of workers) {
      if (ended.has(id) || working.has(id)) continue;
      const { record, l1 } = worker.channel;
      if (l1 !== undefined && !isSweep && !touched.has(id) && isQuiet(record, l1.status.mode)) {
        // Nothing happened: where it stands is what was seen before.
        worker.push({ kind: "l1", sight: { ...l1, now, seenAt: clock() }, isFunded: record.isFunded });
        warnOfKeys(record, now);
        continue;
      }
      const work = serve(id, worker, { height, now }, signal)
        .catch((error: unknown) => {
          if (!signal.aborted) report({ kind: "l1Unseen", error });
        })
        .finally(() => working.delete(id));
      working.set(id, work);
    }
    if (isSweep) sweptAt = clock();
  }

  /** Nothing but an event changes what is to be done. */
  function isQuiet(record: ChannelRecord, mode: string): boolean {
    const { supported, isFunded: funded, wants, withdrawals, me } = record;
    const isPaid = !withdrawals.some((entry) => entry.participant === me && isComplete(entry));
    return mode === "open" && funded && supported?.state.isFinal === false && !wants.challenge && isPaid;
  }

  async function readEvents(height: number, signal: AbortSignal): Promise<Set<Hex>> {
    const touched = new Set<Hex>();
    const settled = Math.max(0, height - confirmations);
    // What a channel needs of the time before it is read when it is opened.
    const from = (cursor ?? settled) + 1;
    if (cursor === undefined) await moveCursor(settled);
    if (height < from) return touched;
    for (const event of await adjudicator.events(from, height, undefined, signal)) {
      const worker = workers.get(event.channelId);
      if (worker === undefined) continue;
      touched.add(event.channelId);
      takeEvent(worker, event, settled);
      if (event.kind === "checkpointed") takeCheckpoint(worker, event);
      const name = `${event.transaction}:${event.kind}:${JSON.stringify(event, (_, x: unknown) => (typeof x === "bigint" ? `${x}` : x))}`;
      if (told.has(name)) continue;
      told.set(name, event.blockNumber);
      report({ kind: "l1Event", channelId: event.channelId, event });
    }
    // What events taught is on disk before the cursor says that they were read.
    for (const id of touched) await workers.get(id)?.idle();
    // Blocks that may still be replaced are read again the next time.
    if (settled >= from) {
      await moveCursor(settled);
      for (const [name, block] of told) if (block <= settled) told.delete(name);
    }
    return touched;
  }

  /** A state that we signed, and whose other signatures somebody gave to L1 only: without them we could not go on. */
  function takeCheckpoint(worker: Worker, event: Extract<ChannelEvent, { kind: "checkpointed" }>): void {
    const { turnNum, signatures } = event;
    if (worker.channel.record.pending?.state.turnNum === turnNum) worker.push({ kind: "checkpoint", signatures });
  }

  async function moveCursor(block: number): Promise<void> {
    cursor = block;
    await options.setCursor(block);
  }

  async function serve(id: Hex, worker: Worker, { height, now }: Sight, signal: AbortSignal): Promise<void> {
    for (let i = 0; i < MAX_MOVES && !signal.aborted; i++) {
      const view = await viewOf(worker.channel.record, i === 0 ? now : await adjudicator.now(signal), signal);
      const at = i === 0 ? height : await adjudicator.height(signal);
      const funded = worker.channel.record.isFunded || isConfirmed(worker.channel.record, view, at);
      const sight = { status: view.status, now: view.now, seenAt: clock() };
      worker.push({ kind: "l1", sight, isFunded: funded });
      await worker.idle();
      const { record } = worker.channel;
      warnOfKeys(record, view.now);
      if (isOver(record, view)) {
        ended.add(id);
        report({ kind: "ended", channelId: id });
        onEnded(id);
        return;
      }
      if (view.status.mode === "finalized" && finalState(record, view) === undefined) {
        const { turnNum, stateHash } = view.status;
        const old = options.past(record, turnNum);
        if (old?.hash !== stateHash) {
          report({ kind: "endedUnknown", channelId: id, status: view.status });
          return;
        }
        worker.push({ kind: "shown", turnNum, content: contentOf(old) });
        await worker.idle();
        continue;
      }
      const move = nextMove(record, view, isConcludeDue(record));
      if (move === undefined) return;
      try {
        const mined = await run(record, move, signal);
        if (move.kind === "challenge") worker.push({ kind: "wants", wants: { challenge: false } });
        await worker.idle();
        report({ kind: "l1Move", channelId: id, move: move.kind, mined });
        onMove(id, move, { mined });
      } catch (error) {
        if (signal.aborted) return;
        report({ kind: "l1MoveFailed", channelId: id, move: move.kind, error });
        onMove(id, move, { error });
        return;
      }
    }
  }

  async function viewOf(record: ChannelRecord, now: bigint, signal: AbortSignal): Promise<L1View> {
    const { id, params, me, initial } = record;
    const status = await adjudicator.statusOf(id, signal);
    const final = [record.supported, record.pending, record.shown].find((known) => known?.hash === status.stateHash);
    const view = {
      status,
      now,
      deposited: new Map<Hex, bigint>(),
      holdings: new Map<Hex, bigint>(),
      paid: new Map<Hex, bigint>(),
    };
    const own = toDestination(params.participants[me]!);
    for (const asset of assetsToLookAt({ initial: decodeOutcome(initial.outcome), final: final?.decoded })) {
      view.deposited.set(asset, await adjudicator.depositedOf(id, asset, signal));
      view.holdings.set(asset, await adjudicator.holdingsOf(id, asset, signal));
      view.paid.set(asset, await adjudicator.paidOf(id, asset, own, signal));
    }
    return view;
  }

  function isConfirmed(record: ChannelRecord, view: L1View, height: number): boolean {
    if (!isFunded(decodeOutcome(record.initial.outcome), view.deposited)) {
      fundedAt.delete(record.id);
      return false;
    }
    const first = fundedAt.get(record.id) ?? height;
    fundedAt.set(record.id, first);
    return height - first >= confirmations;
  }

  function isConcludeDue({ id, supported, wants }: ChannelRecord): boolean {
    if (supported?.state.isFinal !== true) return false;
    const since = finalSince.get(id) ?? clock();
    finalSince.set(id, since);
    return wants.conclude || clock() - since >= options.concludeGrace;
  }

  function warnOfKeys({ id, sessions, params, supported }: ChannelRecord, now: bigint): void {
    if (supported === undefined) return;
    const longest = BigInt(params.participants.length * params.challengeDuration);
    for (const [participant, session] of sessions.entries()) {
      if (session === undefined || session.expiry > now + longest + options.keyMargin) continue;
      const name = `${id}:key:${participant}`;
      if (told.has(name)) continue;
      told.set(name, Infinity);
      report({ kind: "keyExpires", channelId: id, participant, expiry: session.expiry });
    }
  }

  /** What L1 refuses or cannot do at once is done in the smaller way. */
  async function run(record: ChannelRecord, move: L1Move, signal: AbortSignal): Promise<Mined> {
    const orElse = (first: () => Promise<Mined>, second: () => Promise<Mined>): Promise<Mined> =>
      first().catch((error: unknown) => {
        if (signal.aborted) throw error;
        return second();
      });
    const { id, params, me } = record;
    switch (move.kind) {
      case "deposit":
        return await adjudicator.deposit(id, move.asset, move.amount, move.expectedDeposited, signal);
      case "challenge":
        return await adjudicator.challenge(
          params,
          [bare(move.signed)],
          me,
          options.signChallenge(record, move.signed),
          signal,
        );
      case "checkpoint":
        return await adjudicator.checkpoint(params, bare(move.signed), signal);
      case "concludeAndPay": {
        const { outcome } = move.signed;
        return await orElse(
          () => adjudicator.concludeAndPay(params, { ...bare(move.signed), outcome }, signal),
          // What cannot be paid all at once is paid one by one.
          () => adjudicator.conclude(params, bare(move.signed), signal),
        );
      }
      case "payout": {
        const { state, outcome, decoded } = move.final;
        const own = toDestination(params.participants[me]!);
        const indices = decoded[move.assetIndex]!.allocations.flatMap(({ destination }, i) =>
          destination === own ? [i] : [],
        );
        const pay = (which: readonly number[]): Promise<Mined> =>
          adjudicator.payout(id, { state, outcome }, move.assetIndex, which, signal);
        return await orElse(
          () => pay([]),
          () => pay(indices),
        );
      }
      case "withdraw": {
        const { asset, destination, total, signatures } = move.withdrawal;
        const all = signatures.filter((signature) => signature !== undefined);
        return await adjudicator.withdraw(params, { asset, destination, total }, all, signal);
      }
      case "returnBond":
        return await adjudicator.returnBond(params, signal);
    }
  }

  return {
    look,
    async sync(signal) {
      await Promise.all(working.values());
      await look(signal);
      await Promise.all(working.values());
    },
    isEnded: (id) => ended.has(id),
  };
}

/** @param settled Last block that counts for what cannot be taken back. */
function takeEvent(worker: Worker, event: ChannelEvent, settled: number): void {
  const { record } = worker.channel;
  if (event.kind === "sessionKey" && event.blockNumber <= settled) {
    const participant = record.params.participants.indexOf(event.participant.toLowerCase() as Hex);
    const session = { key: event.key.toLowerCase() as Hex, expiry: event.expiry };
    if (participant >= 0) worker.push({ kind: "session", participant, session });
  } else if (event.kind === "moved") {
    const { turnNum, isFinal, appData, outcome } = event;
    worker.push({ kind: "shown", turnNum, content: { isFinal, appData, outcome } });
  }
}

/** What everybody signed needs no data on L1: no app is asked. */
function bare({ state, signatures }: SignedState): SignedState {
  return { state, signatures, appData: "0x", outcome: "0x" };
}
