import { type Signer, type TransactionReceipt } from "ethers";

import type { Hex } from "../types.js";
import { ask, pause } from "./ask.js";
import { type Broadcast, createBroadcaster } from "./broadcaster.js";
import type { Intent, SenderEvent, SenderProvider } from "./intent.js";
import { type Attempt, type Journal, memoryJournal, readSlot, type Slot } from "./journal.js";
import { DisplacedError } from "./sender-errors.js";
import { takeTurns } from "./turns.js";

export interface Mined {
  receipt: TransactionReceipt;
  /** It had been mined before this call looked; what it did may have been undone since. */
  earlier: boolean;
}

export interface SenderOptions {
  provider: SenderProvider;
  signer: Signer;
  /** Default: memory. A process that must survive `kill -9` gives one on disk, and an account that only it uses. */
  journal?: Journal | undefined;
  /** Blocks on top of the one that mined it; default 0. */
  confirmations?: number | undefined;
  /** Never pay more per gas, in wei; default 1,000 gwei. */
  maxFeePerGas?: bigint | undefined;
  /** Milliseconds without being mined after which the fees rise; default 60,000. */
  bumpAfter?: number | undefined;
  /** Milliseconds between looks at L1; default 1,000. */
  pollInterval?: number | undefined;
  log?: ((event: SenderEvent) => void) | undefined;
}

export interface Sender {
  readonly address: Hex;
  /**
   * Gets the transaction mined, at most once per key. Calls take turns.
   * @throws {InsufficientFundsError | GasLimitError | L1RevertError | DisplacedError | RejectedError | L1UnavailableError}
   */
  send(intent: Intent, signal?: AbortSignal): Promise<Mined>;
  /** What its last transaction is, as long as that is not mined: it can be replaced only by one of the same kind. */
  pending(signal?: AbortSignal): Promise<"plain" | "blobs" | undefined>;
}

/** 1,000 gwei. */
const DEFAULT_CAP = 1_000_000_000_000n;
/** First wait between two looks at L1, in milliseconds; it doubles up to `pollInterval`. */
const FIRST_WAIT = 25;
/** Looks in a row that must agree before an odd answer is believed: nodes behind a balancer disagree for a while. */
const STEADY_LOOKS = 5;

type Outcome =
  | { kind: "mined"; attempt: Attempt; receipt: TransactionReceipt }
  | { kind: "open" }
  /** The nonce is used, by none of ours that has a receipt. */
  | { kind: "taken" }
  /** Lower nonces are unused: a reorg dropped their transactions, so this nonce cannot come. */
  | { kind: "unreachable" };

/**
 * Sends the transactions of one account, one after the other. Each nonce has one slot in the journal, written before
 * anything is broadcast; all attempts for a purpose share the nonce, so at most one of them is ever mined.
 */
export async function createSender(options: SenderOptions): Promise<Sender> {
  const { provider, signer, confirmations = 0, bumpAfter = 60_000, pollInterval = 1_000, log } = options;
  const journal = options.journal ?? memoryJournal();
  // With a journal on disk the account is the sender's alone, and what is pending at the next nonce may be replaced.
  const owned = options.journal !== undefined;
  const address = (await signer.getAddress()) as Hex;
  const cap = options.maxFeePerGas ?? DEFAULT_CAP;
  const { attempt, broadcast } = createBroadcaster({ provider, signer, address, journal, cap, log });

  async function send(intent: Intent, signal?: AbortSignal): Promise<Mined> {
    let slot = await readSlot(journal, address);
    const mine = slot?.attempts.at(-1)?.key === intent.key;
    if (slot !== undefined && (owned || mine)) {
      const found = await steadyLook(slot, signal);
      if (found.kind === "mined" && found.attempt.key === intent.key && found.receipt.status === 1) {
        const receipt = await settled(intent, slot, found.receipt, signal);
        if (receipt !== undefined) return { receipt, earlier: true };
      } else if (found.kind !== "open") slot = undefined;
    } else slot = undefined;

    if (slot === undefined) {
      const nonce = await count(owned ? "latest" : "pending", signal);
      return untilMined(intent, await attempt(intent, { nonce, attempts: [] }, signal), signal);
    }
    return untilMined(
      intent,
      mine ? await broadcast(intent, slot, "rebroadcast", signal) : await attempt(intent, slot, signal),
      signal,
    );
  }

  async function untilMined(intent: Intent, first: Broadcast, signal?: AbortSignal): Promise<Mined> {
    let { slot, refused } = first;
    let wait = FIRST_WAIT;
    let bumpAt = Date.now() + bumpAfter;
    for (;;) {
      const outcome = await steadyLook(slot, signal);
      if (outcome.kind === "mined" && outcome.attempt.key === intent.key) {
        const receipt = await settled(intent, slot, outcome.receipt, signal);
        if (receipt !== undefined) return { receipt, earlier: false };
        ({ slot, refused } = await broadcast(intent, slot, "rebroadcast", signal));
      } else if (outcome.kind === "mined" || outcome.kind === "taken") {
        const certain = slot.attempts.every(({ hash }) => hash !== undefined);
        throw new DisplacedError(intent.what, address, slot.nonce, certain);
      } else if (outcome.kind === "unreachable") {
        return await send(intent, signal);
      } else if (refused || Date.now() >= bumpAt) {
        ({ slot, refused } = await attempt(intent, slot, signal));
        bumpAt = Date.now() + bumpAfter;
      }
      await pause(wait, signal);
      wait = Math.min(wait * 2, pollInterval);
    }
  }

  /** Waits for the confirmations. Undefined when a reorg took the transaction out again. */
  async function settled(
    { what }: Intent,
    { nonce }: Slot,
    first: TransactionReceipt,
    signal?: AbortSignal,
  ): Promise<TransactionReceipt | undefined> {
    let receipt = first;
    for (;;) {
      const head = await ask("block number", () => provider.getBlockNumber(), { signal });
      if (head - receipt.blockNumber >= confirmations) break;
      await pause(pollInterval, signal);
      const again = await receiptOf(receipt.hash, signal);
      if (again === null) {
        log?.({ kind: "vanished", what, nonce, hash: receipt.hash as Hex });
        return undefined;
      }
      receipt = again;
    }
    const { blockNumber: block, gasUsed } = receipt;
    log?.({ kind: "mined", what, nonce, hash: receipt.hash as Hex, block, gasUsed });
    return receipt;
  }

  async function steadyLook(slot: Slot, signal?: AbortSignal): Promise<Outcome> {
    let outcome = await look(slot, signal);
    let wait = FIRST_WAIT;
    for (let looks = 1; looks < STEADY_LOOKS; looks++) {
      if (outcome.kind === "mined" || outcome.kind === "open") break;
      await pause(wait, signal);
      wait = Math.min(wait * 2, pollInterval);
      outcome = await look(slot, signal);
    }
    return outcome;
  }

  async function look(slot: Slot, signal?: AbortSignal): Promise<Outcome> {
    const next = await count("latest", signal);
    for (const attempt of [...slot.attempts].reverse()) {
      const receipt = attempt.hash === undefined ? null : await receiptOf(attempt.hash, signal);
      if (receipt !== null) return { kind: "mined", attempt, receipt };
    }
    if (next > slot.nonce) return { kind: "taken" };
    return { kind: owned && next < slot.nonce ? "unreachable" : "open" };
  }

  async function count(tag: "latest" | "pending", signal?: AbortSignal): Promise<number> {
    return ask("nonce", () => provider.getTransactionCount(address, tag), { signal });
  }

  async function receiptOf(hash: string, signal?: AbortSignal): Promise<TransactionReceipt | null> {
    return ask(`receipt of ${hash}`, () => provider.getTransactionReceipt(hash), { signal });
  }

  async function pending(signal?: AbortSignal): Promise<"plain" | "blobs" | undefined> {
    const slot = await readSlot(journal, address);
    if (slot === undefined || (await steadyLook(slot, signal)).kind !== "open") return undefined;
    return slot.attempts.at(-1)?.maxFeePerBlobGas === undefined ? "plain" : "blobs";
  }

  const inTurn = takeTurns();
  return {
    address,
    send: (intent, signal) => inTurn(() => send(intent, signal)),
    pending: (signal) => inTurn(() => pending(signal)),
  };
}
