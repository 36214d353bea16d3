import type { Store } from "../store/types.js";
import type { Hex } from "../types.js";
import { ChannelRefusedError, ClientStoppedError, UnknownChannelError, UpdateFailedError } from "./errors.js";
import { groupCommit } from "./group-commit.js";
import { type ChannelHandle, createHandle } from "./handle.js";
import { channelDigests, channelIdOf } from "./hashes.js";
import { createInbox } from "./inbox.js";
import { createL1Watch } from "./l1-watch.js";
import { type Accept, acceptNothingToDeposit, createOpening } from "./opening.js";
import { encodeOutcome } from "./outcome.js";
import { createOutbox } from "./outbox.js";
import { normalParams } from "./params.js";
import { paymentPolicy, type Policy } from "./policy.js";
import { type Intent, isWaiting, type Notice, openChannel, type Send } from "./protocol.js";
import { channelRecords, newRecord, type ChannelRecord } from "./record.js";
import type { ChannelReport } from "./report.js";
import { isMessageOf, type Rules } from "./signing-rules.js";
import type { KeySigner } from "./signing.js";
import { type Settle, settled } from "./settle.js";
import type { Content } from "./state.js";
import type { Transport } from "./transport.js";
import type { Adjudicator, ChannelDomain, ChannelParams, Mined, Outcome, SignedState } from "./types.js";
import {
  decodeMessage,
  encodeMessage,
  MalformedMessageError,
  MAX_MESSAGE_BYTES,
  MAX_PARTS,
  needsSignature,
  type Part,
  type Received,
} from "./wire.js";
import { createWorker, type Worker } from "./worker.js";

export interface ChannelClientOptions {
  domain: ChannelDomain;
  /** Signs states: the participant's own key, or its session key. */
  signer: KeySigner;
  /** The participant; default the signer's address. */
  account?: Hex | undefined;
  /** Only this client writes to it. */
  store: Store;
  transport: Transport;
  /** Of an account that only this client uses; with a journal on disk, so that after a crash nothing is deposited twice. */
  adjudicator: Adjudicator;
  /** What is countersigned; default `paymentPolicy`. */
  policy?: Policy | undefined;
  /**
   * Why an offered channel is not taken; undefined takes it, and our share is deposited. Default: taken where its app is one of
   * `apps` and nothing is to be deposited by us.
   */
  accept?: Accept | undefined;
  /** Apps whose rules we know. An unknown one could give everything to anybody. */
  apps?: readonly Hex[] | undefined;
  log?: ((report: ChannelReport) => void) | undefined;
  /** Ends the client, like `close`. */
  signal?: AbortSignal | undefined;
  /** Seconds; shorter challenges are refused. Default: an hour. */
  minChallengeDuration?: number | undefined;
  /** Blocks on top of a deposit or session key before it counts; default 2. */
  confirmations?: number | undefined;
  /** Block from which on session keys are looked for; default 0. */
  startBlock?: number | undefined;
  /** Milliseconds between looks at L1, default 4,000; or `manual`: only `sync` looks. */
  pollInterval?: number | "manual" | undefined;
  /** Milliseconds after which what is not answered is sent again, doubling up to a minute; default 1,000. */
  resendInterval?: number | undefined;
  /** Seconds that a session key must outlive the longest dispute by; default an hour. */
  keyMargin?: number | undefined;
  /** Seconds that a transaction may take to get onto L1; default 600, and never more than a third of a challenge. */
  answerMargin?: number | undefined;
  /** Milliseconds for which whoever closed a channel is left to conclude it; default 600,000. */
  concludeGrace?: number | undefined;
  /** Most channels; more are refused. Default 10,000. */
  maxChannels?: number | undefined;
  /** Milliseconds; default `Date.now`. */
  clock?: (() => number) | undefined;
}

/** Channels of one participant. */
export interface ChannelClient {
  readonly address: Hex;
  /**
   * Opens a channel: everybody signs turn 0, deposits in the order of the allocations, and signs turn 1. Resolves once it can be
   * used. The same channel again waits for the same. @throws {ChannelRefusedError}
   */
  open(
    params: ChannelParams,
    outcome: Outcome,
    options?: { appData?: Hex; signal?: AbortSignal },
  ): Promise<ChannelHandle>;
  list(): ChannelHandle[];
  /** @throws {UnknownChannelError} */
  channel(id: Hex): ChannelHandle;
  /** Looks at L1 now, does what is due there, and waits until that is mined. */
  sync(signal?: AbortSignal): Promise<void>;
  /** Resolves once everything that came was taken and written down. */
  idle(): Promise<void>;
  /** Signs nothing more; writes under way are done when it resolves. The store stays open. */
  close(): Promise<void>;
}

const HOUR = 3_600;
const LONGEST_RESEND = 60_000;
const SWEEP_INTERVAL = 600_000;
const INBOX = {
  ...{ perSource: 512, sources: 1_024 },
  // Bytes.
  size: { perSource: 4 << 20, all: 64 << 20 },
  sizeOf: ({ bytes }: { bytes: Uint8Array }): number => bytes.length,
};
/** Offers that are looked at, at once. */
const MAX_OFFERS = 16;

/** Opens what the store has, and goes on exactly there. */
export async function createChannelClient(options: ChannelClientOptions): Promise<ChannelClient> {
  const { domain, signer, store, transport, adjudicator, policy = paymentPolicy, confirmations = 2 } = options;
  const { minChallengeDuration = HOUR, pollInterval = 4_000, resendInterval = 1_000 } = options;
  const { clock = Date.now, maxChannels = 10_000, answerMargin = 600, keyMargin = HOUR } = options;
  const address = (options.account ?? signer.address).toLowerCase() as Hex;
  const report = options.log ?? (() => undefined);
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  const rules: Rules = {
    digests: channelDigests(domain),
    signer,
    policy,
    keyMargin: BigInt(keyMargin),
    answerMargin: BigInt(Math.min(answerMargin, Math.floor(minChallengeDuration / 3))),
    clock,
  };
  const opening = createOpening({
    ...{ domain, rules, address, adjudicator, confirmations, minChallengeDuration },
    accept: options.accept ?? acceptNothingToDeposit(options.apps ?? []),
    startBlock: options.startBlock ?? 0,
    fullness: () => (workers.size < maxChannels ? undefined : `there are ${maxChannels} channels already`),
  });
  const records = channelRecords(store);
  const commit = groupCommit(store);
  const workers = new Map<Hex, Worker>();
  const handles = new Map<Hex, ChannelHandle>();
  /** Offers that are being looked at. */
  const offers = new Map<Hex, Promise<void>>();
  /** Why an offer of ours was refused. */
  const refusals = new Map<Hex, string>();
  /** Asked at every change of a channel. */
  const watchers = new Map<Hex, Set<() => void>>();
  const intents = new Map<number, Settle<SignedState>>();
  const moves = new Map<string, Settle<Mined>[]>();
  const withdrawals = new Map<string, Settle<void>>();
  /** When to send again what was not answered, by channel. */
  const resends = new Map<Hex, { at: number; wait: number }>();
  let intentCount = 0;
  let wakeL1: () => void = () => undefined;

  const outbox = createOutbox(transport, signal, (participant, error) =>
    report({ kind: "unreachable", participant, error }),
  );

  const watch = createL1Watch({
    adjudicator,
    workers,
    signChallenge: (record, { state }) => signer.sign(rules.digests.challenge(record.id, state)),
    cursor: records.cursor(),
    setCursor: (block) => commit([records.cursorOperation(block)]),
    confirmations,
    sweepInterval: SWEEP_INTERVAL,
    concludeGrace: options.concludeGrace ?? 600_000,
    keyMargin: rules.keyMargin,
    clock,
    report,
    onMove(channelId, move, result) {
      const name = `${channelId}:${move.kind}`;
      // Another one may conclude first; then that is what is waited for.
      if ("error" in result && move.kind === "concludeAndPay") return;
      if ("error" in result && move.kind === "challenge") {
        workers.get(channelId)?.push({ kind: "wants", wants: { challenge: false } });
      }
      for (const waiter of moves.get(name) ?? []) {
        if ("mined" in result) waiter.resolve(result.mined);
        else waiter.reject(result.error);
      }
      moves.delete(name);
    },
    past: (record, turnNum) => records.past(record, turnNum),
    onEnded(id) {
      changed(id);
      const worker = workers.get(id);
      if (worker === undefined) return;
      records
        .forget(worker.channel.record)
        .then(commit)
        .catch((error: unknown) => report({ kind: "fault", channelId: id, error, isFatal: false }));
    },
  });

  function changed(id: Hex): void {
    for (const watcher of watchers.get(id) ?? []) watcher();
  }

  function addWorker(record: ChannelRecord): Worker {
    const { id, params, me } = record;
    const worker = createWorker(openChannel(record), {
      rules,
      write: (next, between) => commit(records.operations(next, worker.channel.record, between)),
      send: (sends) => sendAll(id, params, me, sends),
      notify: (notice) => takeNotice(id, notice),
      onChange: () => changed(id),
      onFault(error, isFatal) {
        report({ kind: "fault", channelId: id, error, isFatal });
        // What is in memory may not be on disk: nothing may follow it.
        if (isFatal)
          stopping.abort(new ClientStoppedError("the store failed; start again on a sound one", { cause: error }));
      },
    });
    workers.set(id, worker);
    handles.set(id, handleOf(id, worker));
    return worker;
  }

  function handleOf(id: Hex, worker: Worker): ChannelHandle {
    return createHandle({
      id,
      worker,
      adjudicator,
      isEnded: () => watch.isEnded(id),
      past: (turnNum) => records.past(worker.channel.record, turnNum)?.state,
      until: (found, own) => until(id, found, own),
      want: (change, own) => want(worker, change, own),
      moved: (kind, own) =>
        pending(own, (settle) => {
          const name = `${id}:${kind}`;
          moves.set(name, [...(moves.get(name) ?? []), settle]);
          // The wish behind it is handed in next.
          queueMicrotask(() => wakeL1());
          return () =>
            moves.set(
              name,
              (moves.get(name) ?? []).filter((one) => one !== settle),
            );
        }),
      withdrawal: (asset, total, own) =>
        pending<void>(own, (settle) => {
          const name = `${id}:${asset}:${total}`;
          withdrawals.set(name, settle);
          worker.push({ kind: "withdraw", asset, total });
          return () => withdrawals.delete(name);
        }),
    });
  }

  /** A promise that also ends with the client, or with `own`. */
  function pending<T>(own: AbortSignal | undefined, begin: (settle: Settle<T>) => () => unknown): Promise<T> {
    return settled(own ? AbortSignal.any([signal, own]) : signal, begin);
  }

  function until<T>(id: Hex, found: () => T | undefined, own: AbortSignal | undefined): Promise<T> {
    const first = found();
    if (first !== undefined) return Promise.resolve(first);
    return pending<T>(own, ({ resolve, reject }) => {
      const watcher = (): void => {
        try {
          const value = found();
          if (value !== undefined) resolve(value);
        } catch (error) {
          reject(error);
        }
      };
      const all = watchers.get(id) ?? new Set();
      watchers.set(id, all.add(watcher));
      return () => all.delete(watcher);
    });
  }

  function want(worker: Worker, change: Intent["change"], own: AbortSignal | undefined): Promise<SignedState> {
    return pending(own, (settle) => {
      const intent = ++intentCount;
      intents.set(intent, settle);
      const forget = (): void => void worker.push({ kind: "forget", intent });
      own?.addEventListener("abort", forget, { once: true });
      worker.push({ kind: "change", intent: { id: intent, change } });
      return () => {
        intents.delete(intent);
        own?.removeEventListener("abort", forget);
      };
    });
  }

  function takeNotice(id: Hex, notice: Notice): void {
    report({ ...notice, channelId: id });
    switch (notice.kind) {
      case "settled":
        intents.get(notice.intent)?.resolve(notice.signed);
        break;
      case "failed":
        intents.get(notice.intent)?.reject(new UpdateFailedError(id, notice.reason));
        break;
      case "withdrawable":
        withdrawals.get(`${id}:${notice.asset}:${notice.total}`)?.resolve();
        wakeL1();
        break;
      case "withdrawalRefused":
        withdrawals
          .get(`${id}:${notice.asset}:${notice.total}`)
          ?.reject(new UpdateFailedError(id, `the withdrawal is refused: ${notice.reason}`));
        break;
      case "refused":
        if (notice.hash === id) refusals.set(id, `participant ${notice.by}: ${notice.reason}`);
        break;
      case "supported":
        if (notice.signed.state.turnNum === 0n || notice.signed.state.isFinal) wakeL1();
        break;
      default:
    }
  }

  /** One message to each participant that something is for; the same bytes for all who get the same. */
  function sendAll(id: Hex, { participants }: ChannelParams, me: number, sends: readonly Send[]): void {
    const encode = (parts: readonly Part[]): Uint8Array[] => {
      const bytes = encodeMessage({ channelId: id, from: me, parts }, (body) =>
        signer.sign(rules.digests.message(id, body)),
      );
      if (parts.length === 1 || (parts.length <= MAX_PARTS && bytes.length <= MAX_MESSAGE_BYTES)) return [bytes];
      const half = Math.ceil(parts.length / 2);
      return [...encode(parts.slice(0, half)), ...encode(parts.slice(half))];
    };
    const toAll = sends.every(({ to }) => to === "all") ? encode(sends.map(({ part }) => part)) : undefined;
    for (const [i, participant] of participants.entries()) {
      if (i === me) continue;
      const parts = sends.filter(({ to }) => to === "all" || to === i).map(({ part }) => part);
      const messages = parts.length === 0 ? [] : (toAll ?? encode(parts));
      for (const bytes of messages) outbox.add(participant, bytes);
    }
    if (!resends.has(id)) resends.set(id, { at: clock() + resendInterval, wait: resendInterval });
  }

  /** Everything here judges what strangers sent. */
  function receive({ bytes, source }: { bytes: Uint8Array; source: string }): void {
    if (signal.aborted) return;
    let message: Received;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      return report({ kind: "malformed", source, reason: error.message });
    }
    const worker = workers.get(message.channelId);
    const offer = message.parts.find((part) => part.kind === "open");
    if (worker === undefined) {
      if (offer === undefined) {
        return report({ kind: "malformed", source, reason: `there is no channel ${message.channelId} here` });
      }
      return takeOffer(message, offer);
    }
    if (needsSignature(message.parts) && !isMessageOf(worker.channel.record, rules, message)) {
      return report({ kind: "malformed", source, reason: `participant ${message.from} did not sign it` });
    }
    worker.push({ kind: "parts", from: message.from, parts: message.parts });
    // It is there again: what waits for it is not left waiting.
    const resend = resends.get(message.channelId);
    if (resend !== undefined && resend.wait > resendInterval) {
      resends.set(message.channelId, { at: clock() + resendInterval, wait: resendInterval });
    }
  }

  function takeOffer(message: Received, offer: Extract<Part, { kind: "open" }>): void {
    const { channelId } = message;
    if (offers.has(channelId) || offers.size >= MAX_OFFERS) return;
    const work = considerOffer(message, offer)
      .catch((error: unknown) => {
        if (!signal.aborted) report({ kind: "fault", channelId, error, isFatal: false });
      })
      .finally(() => offers.delete(channelId));
    offers.set(channelId, work);
  }

  async function considerOffer(message: Received, offer: Extract<Part, { kind: "open" }>): Promise<void> {
    const { channelId, from } = message;
    const considered = await opening.consider(message, offer, signal);
    if (considered.is === "taken") {
      await begin(considered.record);
      return;
    }
    const { reason, answer } = considered;
    report({ kind: "openingRefused", channelId, reason });
    if (answer === undefined) return;
    sendAll(channelId, answer.params, answer.me, [{ to: from, part: { kind: "refuse", hash: channelId, reason } }]);
  }

  async function begin(record: ChannelRecord): Promise<Worker> {
    const known = workers.get(record.id);
    if (known !== undefined) return known;
    signal.throwIfAborted();
    // No other worker for it is made while this is written.
    const worker = addWorker(record);
    try {
      await commit(records.operations(record));
    } catch (error) {
      stopping.abort(new ClientStoppedError("the store failed; start again on a sound one", { cause: error }));
      throw error;
    }
    report({ kind: "opened", channelId: record.id, isOpener: record.isOpener });
    worker.push({ kind: "resend" });
    wakeL1();
    return worker;
  }

  /** Sends again what nobody answered. */
  function resendDue(): void {
    for (const [id, { at, wait }] of resends) {
      if (clock() < at) continue;
      const worker = workers.get(id);
      if (worker === undefined || watch.isEnded(id) || !isWaiting(worker.channel)) {
        resends.delete(id);
        continue;
      }
      const next = Math.min(2 * wait, LONGEST_RESEND);
      resends.set(id, { at: clock() + next, wait: next });
      worker.push({ kind: "resend" });
    }
  }

  async function followL1(interval: number): Promise<void> {
    let isBlind = false;
    while (!signal.aborted) {
      let isWoken = false;
      const woken = new Promise<void>((resolve) => {
        wakeL1 = () => {
          isWoken = true;
          resolve();
        };
      });
      try {
        await watch.look(signal);
        if (isBlind) report({ kind: "l1SeenAgain" });
        isBlind = false;
      } catch (error) {
        if (!signal.aborted && !isBlind) report({ kind: "l1Unseen", error });
        isBlind = true;
      }
      if (!isWoken || isBlind) await Promise.race([woken, sleep(interval, signal)]);
    }
  }

  for (const record of await records.load()) {
    if (channelIdOf(domain, record.params) !== record.id || record.params.participants[record.me] !== address) {
      throw new ChannelRefusedError(`the store has channel ${record.id}, of another adjudicator or participant`);
    }
    addWorker(record);
  }
  const inbox = createInbox(INBOX, receive);
  transport.onMessage((bytes, source) => !signal.aborted && inbox.add(source, { bytes, source }));
  const timer = setInterval(resendDue, Math.max(10, resendInterval / 2));
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  for (const worker of workers.values()) worker.push({ kind: "resend" });
  const following = pollInterval === "manual" ? Promise.resolve() : followL1(pollInterval);

  async function idle(): Promise<void> {
    for (;;) {
      await inbox.idle();
      await Promise.all(offers.values());
      const before = [...workers.values()].map(({ channel }) => channel);
      await Promise.all([...workers.values()].map((worker) => worker.idle()));
      if ([...workers.values()].every(({ channel }, i) => channel === before[i])) return;
    }
  }

  return {
    address,
    async open(given, outcome, { appData = "0x", signal: own } = {}) {
      const params = normalParams(given);
      const id = channelIdOf(domain, params);
      const initial: Content = {
        isFinal: false,
        appData: appData.toLowerCase() as Hex,
        outcome: encodeOutcome(outcome),
      };
      const known = workers.get(id);
      if (known === undefined) {
        const fresh = newRecord({ id, params, me: params.participants.indexOf(address), isOpener: true, initial });
        const fault = opening.fault(fresh);
        if (fault !== undefined) throw new ChannelRefusedError(`the channel cannot be opened: ${fault}`);
        await begin(await opening.withSessions(fresh, signal));
      } else if (known.channel.record.initial.outcome !== initial.outcome) {
        throw new ChannelRefusedError(`channel ${id} is open with another first outcome; take another nonce`);
      }
      const handle = handles.get(id)!;
      const opened = (): true | undefined => {
        const { supported } = workers.get(id)!.channel.record;
        const reason = supported === undefined ? refusals.get(id) : undefined;
        if (reason !== undefined) throw new ChannelRefusedError(`channel ${id} is refused: ${reason}`);
        return (supported?.state.turnNum ?? 0n) > 0n ? true : undefined;
      };
      await until(id, opened, own);
      return handle;
    },
    list: () => [...handles.values()],
    channel(id) {
      const handle = handles.get(id.toLowerCase() as Hex);
      if (handle === undefined) throw new UnknownChannelError(id);
      return handle;
    },
    async sync(own) {
      // What was wanted before is done now.
      await idle();
      await watch.sync(own ? AbortSignal.any([own, signal]) : signal);
      await idle();
    },
    idle,
    async close() {
      stopping.abort(new ClientStoppedError("the client was closed"));
      await Promise.all([following, idle()]);
    },
  };
}

/** Waits; an abort ends it early. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    timer.unref();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
