import { WireError } from "../../da/committee/wire.js";
import { pause } from "../../l1/ask.js";
import type { Store } from "../../store/types.js";
import type { Hex } from "../../types.js";
import { stateHash } from "../hashes.js";
import { keySigner, signerOf } from "../signing.js";
import type { ChannelDomain, ChannelParams, ChannelState, SignedState } from "../types.js";
import { type ChannelBlob, openOutbox, type WaitingBlob } from "./outbox.js";
import { encodeCheckpoint } from "./payload.js";
import { hintOf, seal } from "./seal.js";
import { blobsHash, watchDigests, type WatchReceipt } from "./signing.js";
import { decodeInfo, decodeReceipts, encodeUpload, heldBlob, MAX_BLOBS, PATHS } from "./wire.js";

/** How a tower is asked: by `fetch`, unless it is in this process. Rejects when the signal is aborted. */
export type AskTower = (url: string, request: RequestInit & { signal: AbortSignal }) => Promise<Response>;

export interface WatchClientOptions {
  domain: ChannelDomain;
  /** Of the tower's server. */
  url: string;
  /** Whose receipts count. Default: whoever answers first at the URL. */
  tower?: Hex | undefined;
  /** What waits, and the receipts; the client's alone, and the caller's to close. */
  store: Store;
  /** Seconds that the tower is to act for; receipts that come near their end are renewed. Default 30 days. */
  retention?: bigint | undefined;
  /** L1's time, in seconds; default this machine's. */
  now?: (() => bigint) | undefined;
  /** Milliseconds that states wait for others to go along; default 50. */
  gather?: number | undefined;
  /** Milliseconds between attempts at most; default 30,000. */
  maxBackoff?: number | undefined;
  log?: ((event: WatchClientEvent) => void) | undefined;
  ask?: AskTower | undefined;
}

export type WatchClientEvent =
  | { kind: "uploaded"; count: number }
  /** Tried again by itself. */
  | { kind: "failed"; reason: string; retryIn: number };

/** Hands states to a watchtower, beside the channel and never in its way. */
export interface WatchClient {
  /**
   * Has the tower answer a challenge at `previous` by `signed`. Returns at once; it is uploaded as soon as can be, also after an
   * outage or a restart. Giving the same again does no harm.
   * @param previous Any earlier state that somebody could show L1: the one before, signed by everybody or not.
   * @throws {UnwatchableError} when a checkpoint could not show it.
   */
  hand(channelId: Hex, previous: ChannelState, signed: SignedState, params: ChannelParams): void;
  /** The highest turn of a `previous` that was handed and written down, also before a restart; undefined for none. */
  answered(channelId: Hex): bigint | undefined;
  /** Resolves once the tower has signed a receipt for all that was handed. */
  settled(signal?: AbortSignal): Promise<void>;
  /** The tower's promises for a channel. */
  receipts(channelId: Hex): Promise<WatchReceipt[]>;
  /** Forgets a channel that is final; the tower does when its promise ends. */
  forget(channelId: Hex): Promise<void>;
  /** Writes down what waits, and stops. */
  close(): Promise<void>;
}

/** A state that no checkpoint can show. */
export class UnwatchableError extends Error {
  override readonly name = "UnwatchableError";
}

const DAY = 86_400n;
const DEFAULT_RETENTION = 30n * DAY;
const DEFAULT_GATHER = 50;
const DEFAULT_BACKOFF = 30_000;
const FIRST_BACKOFF = 250;
const TIMEOUT = 30_000;
/** Bytes of an answer. */
const MAX_ANSWER = 256 * MAX_BLOBS;

interface Handed {
  channelId: Hex;
  previous: ChannelState;
  signed: SignedState;
  params: ChannelParams;
}

export async function createWatchClient(options: WatchClientOptions): Promise<WatchClient> {
  const { domain, url, store, retention = DEFAULT_RETENTION, gather = DEFAULT_GATHER, log, ask = fetch } = options;
  const { now = machineTime, maxBackoff = DEFAULT_BACKOFF } = options;
  const outbox = await openOutbox(store);
  const key = keySigner(outbox.key);
  const digests = watchDigests(domain);
  const stop = new AbortController();
  const renewEvery = Number(retention < 4n * DAY ? retention / 4n : DAY) * 1_000;

  let handed: Handed[] = [];
  let pinned = options.tower?.toLowerCase() as Hex | undefined;
  let met: { tower: Hex; retention: bigint } | undefined;
  let isIdle = false;
  let wake: () => void = () => undefined;
  const idlers = new Set<() => void>();

  /** Seals what was handed, a few at a time: the channel goes on meanwhile. */
  async function stow(): Promise<void> {
    while (handed.length > 0) {
      const some = handed.slice(0, MAX_BLOBS);
      const answered = new Map<Hex, bigint>();
      for (const { channelId, previous } of some)
        if (previous.turnNum > (answered.get(channelId) ?? -1n)) answered.set(channelId, previous.turnNum);
      await outbox.add(some.map(sealed), answered);
      handed = handed.slice(some.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  function sealed({ channelId, previous, signed, params }: Handed): ChannelBlob {
    const before = stateHash(channelId, previous);
    return { channelId, ...heldBlob(hintOf(before), seal(before, encodeCheckpoint({ params, signed }))) };
  }

  async function request(path: string, init: RequestInit): Promise<string> {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT)]);
    const response = await ask(`${url.replace(/\/+$/, "")}${path}`, { ...init, signal });
    const text = await readText(response);
    if (response.ok) return text;
    throw new RefusedUpload(response.status, text, Number(response.headers.get("retry-after") ?? 0));
  }

  /** Asks a tower who it is, and how long it promises anything. */
  async function meet(): Promise<{ tower: Hex; retention: bigint }> {
    const info = decodeInfo(await request(PATHS.tower, {}));
    if (info.l1ChainId !== domain.l1ChainId || info.adjudicator !== domain.adjudicator.toLowerCase())
      throw new WireError(`the tower watches ${info.adjudicator} of chain ${info.l1ChainId}`);
    // Who answered first goes on answering.
    pinned ??= info.tower;
    if (info.tower !== pinned) throw new WireError(`tower ${info.tower} answers, ${pinned} is wanted`);
    return { tower: pinned, retention: info.maxRetention < retention ? info.maxRetention : retention };
  }

  async function upload(blobs: readonly WaitingBlob[]): Promise<void> {
    met ??= await meet();
    const { tower } = met;
    const until = now() + met.retention;
    const signature = key.sign(digests.upload({ tower, blobsHash: blobsHash(blobs), until }));
    const body = encodeUpload({ blobs, until, signature });
    const headers = { "content-type": "application/json" };
    const text = await request(PATHS.blobs, { method: "POST", headers, body });
    const receipts = decodeReceipts(text, blobs.length).map((each, i) => {
      const { hint, blobHash } = blobs[i] ?? { hint: "0x", blobHash: "0x" };
      return { hint, blobHash, until, signature: each };
    });
    for (const receipt of receipts) {
      const signer = signerOf(digests.receipt(receipt), receipt.signature);
      if (signer !== tower)
        throw new WireError(`a receipt is signed by ${signer ?? "nobody"}, not by the tower ${tower}`);
    }
    await outbox.file(blobs, receipts);
    log?.({ kind: "uploaded", count: blobs.length });
  }

  /** @returns whether there was anything to do. */
  async function work(): Promise<boolean> {
    await stow();
    const blobs = await outbox.waiting(MAX_BLOBS);
    if (blobs.length > 0) await upload(blobs);
    return blobs.length > 0;
  }

  async function rest(): Promise<void> {
    // What was handed while the outbox was looked through is not settled.
    if (handed.length > 0) return;
    isIdle = true;
    for (const resolve of idlers) resolve();
    idlers.clear();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(renewEvery, MAX_TIMER));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (handed.length > 0 || stop.signal.aborted) wake();
    });
    isIdle = false;
    if (handed.length > 0) await pause(gather, stop.signal);
    else await outbox.renew(now() + retention / 2n);
  }

  async function run(): Promise<void> {
    let backoff = FIRST_BACKOFF;
    await outbox.renew(now() + retention / 2n);
    while (!stop.signal.aborted) {
      try {
        if (!(await work())) await rest();
        backoff = FIRST_BACKOFF;
      } catch (error) {
        if (isAborted(stop.signal)) break;
        if (!(error instanceof Error)) throw error;
        met = undefined;
        const retryIn = Math.max(backoff, error instanceof RefusedUpload ? error.retryAfter * 1_000 : 0);
        log?.({ kind: "failed", reason: reasonOf(error), retryIn });
        backoff = Math.min(2 * backoff, maxBackoff);
        await pause(retryIn, stop.signal).catch(() => undefined);
      }
    }
    await stow();
  }

  const running = run();
  // Whoever waits is told; nobody else has to.
  running.catch(() => undefined);

  return {
    hand(channelId, previous, signed, params) {
      check(previous, signed, params);
      handed.push({ channelId, previous, signed, params });
      wake();
    },
    async settled(signal) {
      signal?.throwIfAborted();
      if (isIdle && handed.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        const done = (): void => {
          signal?.removeEventListener("abort", abort);
          resolve();
        };
        const abort = (): void => {
          idlers.delete(done);
          reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
        };
        signal?.addEventListener("abort", abort, { once: true });
        idlers.add(done);
        running.then(() => {
          reject(new Error("the watch client was closed before everything had a receipt"));
        }, reject);
      });
    },
    answered: (channelId) => outbox.answered(channelId),
    receipts: (channelId) => outbox.receipts(channelId),
    forget: (channelId) => outbox.forget(channelId),
    async close() {
      stop.abort(new Error("the watch client is closed"));
      wake();
      await running;
    },
  };
}

/** The tower did not hold them; the reason is its own. */
class RefusedUpload extends Error {
  override readonly name = "RefusedUpload";
  constructor(
    readonly status: number,
    text: string,
    /** Seconds. */
    readonly retryAfter: number,
  ) {
    super(`the tower refuses with HTTP status ${status}: ${text.slice(0, 500)}`);
  }
}

/** What setTimeout takes at most. */
const MAX_TIMER = 2 ** 31 - 1;

function check(previous: ChannelState, { state, signatures }: SignedState, { participants }: ChannelParams): void {
  if (state.turnNum <= previous.turnNum)
    throw new UnwatchableError(`turn ${state.turnNum} does not come after turn ${previous.turnNum}`);
  const missing = participants.findIndex((_, i) => signatures[i] === undefined);
  if (missing !== -1)
    throw new UnwatchableError(
      `participant ${missing} did not sign turn ${state.turnNum}; towers show states that everybody signed`,
    );
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_ANSWER) throw new WireError(`its answer is longer than ${MAX_ANSWER} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function machineTime(): bigint {
  return BigInt(Math.floor(Date.now() / 1_000));
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

/** A signal is aborted while others work, whatever was known of it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
