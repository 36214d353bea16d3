import { setTimeout as idle } from "node:timers/promises";

import { pause } from "../l1/ask.js";
import { L1RevertError, time } from "../l1/errors.js";
import type { Chain } from "./chain.js";
import type { Database } from "./database.js";
import type { Log } from "./log.js";
import type { Operator } from "./operator.js";
import type { SequencerOptions } from "./options.js";

export interface LoopOptions {
  blocks: NonNullable<SequencerOptions["blocks"]>;
  batches: NonNullable<SequencerOptions["batches"]>;
  pollInterval: NonNullable<SequencerOptions["pollInterval"]>;
  operator: Operator;
  chain: Chain;
  database: Database;
  clock: () => number;
  log: Log;
  signal: AbortSignal;
}

/** Does everything in its time, until the signal is aborted. */
export interface Loops {
  /** Something came that may be put into a block. */
  wake(): void;
  /** Why L1 cannot be followed at the moment. */
  readonly l1Error: string | undefined;
  /** Resolves once all loops have ended. */
  ended: Promise<void>;
}

const EXPIRY_INTERVAL = 60_000;
const POST_CHECK_INTERVAL = 500;
const TURN_INTERVAL = 5_000;
const FIRST_RETRY = 500;
/**
 * A few transactions get their block at once. From so many on they are a flood, and a block waits for more of it: larger blocks
 * cost less per transaction, for they share what they change in the state tree.
 */
const FLOOD = { from: 50, upTo: 1_500, wait: 100 };
const LAST_RETRY = 30_000;

export function startLoops(options: LoopOptions): Loops {
  const { blocks, batches, pollInterval, operator, chain, database, clock, log, signal } = options;
  let l1Error: string | undefined;
  let wakeUp: () => void = () => undefined;
  let awake = true;
  /** Since when on it may post, when it last tried too early. */
  let turn: bigint | undefined;

  const wake = (): void => {
    awake = true;
    wakeUp();
  };

  /** Repeats a step until the end; after a failure it waits, longer each time. */
  async function repeat(what: string, step: () => Promise<void>): Promise<void> {
    let retry = FIRST_RETRY;
    while (!signal.aborted) {
      try {
        await step();
        retry = FIRST_RETRY;
      } catch (error) {
        if (signal.aborted) return;
        log({ level: "error", event: `${what} failed`, error, retryAfterMs: retry });
        await sleep(retry, signal);
        retry = Math.min(2 * retry, LAST_RETRY);
      }
    }
  }

  async function poll(interval: number): Promise<void> {
    try {
      await operator.sync(signal);
      if (l1Error !== undefined) log({ level: "info", event: "L1 is followed again" });
      l1Error = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      // Once: an outage is one event, however often it is tried.
      if (l1Error === undefined) log({ level: "warn", event: "L1 cannot be followed", error });
      l1Error = message;
    }
    if (blocks === "auto" && operator.hasWork()) wake();
    await sleep(interval, signal);
  }

  async function sealWhenWoken(): Promise<void> {
    if (!awake) await new Promise<void>((resolve) => (wakeUp = resolve));
    awake = false;
    while (operator.hasWork() && !signal.aborted) {
      const { readyCount } = chain.mempool;
      if (readyCount >= FLOOD.from && readyCount < FLOOD.upTo) await sleep(FLOOD.wait, signal);
      if ((await operator.seal(signal)) === undefined) break;
    }
  }

  async function sealEvery(interval: number): Promise<void> {
    await sleep(interval, signal);
    if (operator.hasWork()) await operator.seal(signal);
  }

  async function postWhenDue(due: { bytes: number; age: number }): Promise<void> {
    await sleep(POST_CHECK_INTERVAL, signal);
    try {
      while (isDue(due) && !signal.aborted) if ((await operator.post(signal)) === undefined) break;
    } catch (error) {
      const from = turnOf(error);
      if (from === undefined) throw error;
      // Once per turn: to wait for it is no fault.
      if (from !== turn) log({ level: "info", event: "another sequencer's turn to post", ownTurnFrom: time(from) });
      turn = from;
      // Its own clock may be wrong, and the others' last batch may fall.
      const wait = Number(from) * 1000 - clock();
      await sleep(Math.min(TURN_INTERVAL, Math.max(POST_CHECK_INTERVAL, wait)), signal);
    }
  }

  function isDue({ bytes, age }: { bytes: number; age: number }): boolean {
    if (operator.falseBatch !== undefined || operator.view.head === undefined) return false;
    const posted = operator.view.batches.at(-1)!.header.l2BlockTo;
    const oldest = database.block(posted + 1n);
    if (oldest === undefined) return false;
    const isOld = BigInt(Math.floor(clock() / 1000)) >= oldest.timestamp + BigInt(Math.ceil(age / 1000));
    return isOld || hasBytes(posted, bytes);
  }

  function hasBytes(after: bigint, wanted: number): boolean {
    let bytes = 0;
    for (let number = after + 1n; number <= chain.head.number && bytes < wanted; number++)
      bytes += database.data(number)!.length;
    return bytes >= wanted;
  }

  async function expire(): Promise<void> {
    // Alone it must not keep a process alive: scripts and tests may end without stopping their sequencer.
    await idle(EXPIRY_INTERVAL, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!signal.aborted) await operator.exclusively(() => chain.expire());
  }

  signal.addEventListener("abort", wake, { once: true });
  const ended = Promise.all([
    ...(pollInterval === "manual" ? [] : [repeat("following L1", () => poll(pollInterval))]),
    ...(blocks === "auto" ? [repeat("making a block", sealWhenWoken)] : []),
    ...(typeof blocks === "object" ? [repeat("making a block", () => sealEvery(blocks.every))] : []),
    ...(batches === "manual" ? [] : [repeat("posting a batch", () => postWhenDue(batches))]),
    repeat("dropping old transactions", expire),
  ]).then(() => undefined);

  return {
    wake,
    get l1Error() {
      return l1Error;
    },
    ended,
  };
}

/** Waits; an abort ends it early, without an error. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** From when on this sequencer may post, when L1 refused a batch because it is another's turn; in seconds. */
function turnOf(error: unknown): bigint | undefined {
  if (!(error instanceof L1RevertError) || error.revert?.name !== "RegistryNotYourTurn") return undefined;
  const { from } = error.revert.args;
  return typeof from === "bigint" ? from : undefined;
}
