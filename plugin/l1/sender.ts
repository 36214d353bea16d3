import { keccak256, type Provider, type Signer, type TransactionReceipt, type TransactionRequest } from "ethers";

import type { Hex } from "../types.js";
import { ask, causes, L1UnavailableError, pause } from "./ask.js";
import { decodeRevert, L1RevertError } from "./errors.js";
import { calldataFloor, cappedFees, type Fees, MAX_TRANSACTION_GAS, replacementFees } from "./fees.js";
import { type Attempt, type Journal, memoryJournal, readSlot, type Slot, writeSlot } from "./journal.js";
import { takeTurns } from "./turns.js";

/** A transaction to get mined. */
export interface Intent {
  /** Names the purpose: sending the same key again resumes or returns the first sending, also after a restart. */
  key: string;
  /** The purpose in words, for errors: "batch 7", "the deposit". */
  what: string;
  to: Hex;
  data: Hex;
  /** Wei; default 0. */
  value?: bigint;
}

export interface Mined {
  receipt: TransactionReceipt;
  /** It had been mined before this call looked; what it did may have been undone since. */
  earlier: boolean;
}

export type SenderEvent =
  | {
      kind: "sent" | "replaced" | "rebroadcast";
      what: string;
      nonce: number;
      hash: Hex | undefined;
      maxFeePerGas: bigint;
    }
  | { kind: "capped"; what: string; nonce: number; cap: bigint }
  | { kind: "vanished"; what: string; nonce: number; hash: Hex }
  | { kind: "mined"; what: string; nonce: number; hash: Hex; block: number; gasUsed: bigint };

export type SenderProvider = Pick<
  Provider,
  | "getNetwork"
  | "getTransactionCount"
  | "getFeeData"
  | "getBalance"
  | "getBlockNumber"
  | "estimateGas"
  | "call"
  | "broadcastTransaction"
  | "getTransactionReceipt"
>;

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
}

/** A slot after its last attempt was given to the node. */
interface Broadcast {
  slot: Slot;
  /** The node wants higher fees. */
  refused: boolean;
}

/** The account cannot pay for the transaction. */
export class InsufficientFundsError extends Error {
  override readonly name = "InsufficientFundsError";

  constructor(
    readonly what: string,
    readonly address: string,
    readonly needed: bigint,
    readonly present: bigint,
  ) {
    super(`${address} has ${present} wei on L1, ${what} needs ${needed} wei; send it ${needed - present} wei or more`);
  }
}

/** The transaction needs more gas than L1 allows to any. */
export class GasLimitError extends Error {
  override readonly name = "GasLimitError";

  constructor(
    readonly what: string,
    readonly needed: bigint,
  ) {
    super(`${what} needs ${needed} gas, L1 allows ${MAX_TRANSACTION_GAS} per transaction (EIP-7825); make it smaller`);
  }
}

/** Another transaction took the nonce: nothing of this sending was, or will be, mined. */
export class DisplacedError extends Error {
  override readonly name = "DisplacedError";

  constructor(
    readonly what: string,
    readonly address: string,
    readonly nonce: number,
    certain: boolean,
  ) {
    super(
      `nonce ${nonce} of ${address} was used by another transaction than the one for ${what}` +
        (certain
          ? "; try again"
          : " or by one whose hash the node never told; look at the account before trying again"),
    );
  }
}

/** The node does not take the transaction. */
export class RejectedError extends Error {
  override readonly name = "RejectedError";

  constructor(
    readonly what: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the L1 node rejects the transaction for ${what}: ${reason}`, options);
  }
}

const GWEI = 1_000_000_000n;
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
  const cap = options.maxFeePerGas ?? 1_000n * GWEI;
  const journal = options.journal ?? memoryJournal();
  // With a journal on disk the account is the sender's alone, and what is pending at the next nonce may be replaced.
  const owned = options.journal !== undefined;
  const address = (await signer.getAddress()) as Hex;
  let nodeSigns = false;

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

  /** One more attempt for `intent` in `slot`: a new transaction, or a replacement that pays more. */
  async function attempt(intent: Intent, slot: Slot, signal?: AbortSignal): Promise<Broadcast> {
    const last = slot.attempts.at(-1);
    const market = await marketFees(signal);
    const fees = last === undefined ? cappedFees(market, cap) : replacementFees(last, market, cap);
    if (fees === undefined) {
      log?.({ kind: "capped", what: intent.what, nonce: slot.nonce, cap });
      if (last?.key === intent.key) {
        return { ...(await broadcast(intent, slot, "rebroadcast", signal)), refused: false };
      }
      throw new RejectedError(
        intent.what,
        `replacing what is pending at nonce ${slot.nonce} would cost more than ${cap} wei per gas`,
      );
    }
    const gasLimit = last?.key === intent.key ? last.gasLimit : await estimate(intent, fees, signal);
    await checkFunds(intent, gasLimit * fees.maxFeePerGas, signal);
    const unsigned: Attempt = { key: intent.key, ...fees, gasLimit };
    const raw = await sign(await request(intent, slot.nonce, unsigned, signal));
    const added: Attempt = raw === undefined ? unsigned : { ...unsigned, raw, hash: keccak256(raw) as Hex };
    // Of older attempts only the hash matters: what was sent cannot be called back.
    const older = slot.attempts.map(({ raw: _, ...kept }) => kept);
    const grown: Slot = { nonce: slot.nonce, attempts: [...older, added] };
    await writeSlot(journal, address, grown);
    return broadcast(intent, grown, last === undefined ? "sent" : "replaced", signal);
  }

  /** Gives the last attempt of `slot` to the node, for the first time or again. The journal has it already. */
  async function broadcast(
    intent: Intent,
    slot: Slot,
    kind: "sent" | "replaced" | "rebroadcast",
    signal?: AbortSignal,
  ): Promise<Broadcast> {
    const last = slot.attempts.at(-1);
    if (last === undefined) throw new Error("a slot is broadcast after its first attempt");
    const { raw } = last;
    let result = slot;
    let refused = false;
    try {
      if (raw !== undefined) {
        await ask("eth_sendRawTransaction", () => provider.broadcastTransaction(raw), { signal });
      } else {
        // The same nonce and fees make the same transaction, so giving it to the node again does no harm.
        const transaction = await request(intent, slot.nonce, last, signal);
        const { hash } = await ask("eth_sendTransaction", () => signer.sendTransaction(transaction), { signal });
        result = { nonce: slot.nonce, attempts: [...slot.attempts.slice(0, -1), { ...last, hash: hash as Hex }] };
        await writeSlot(journal, address, result);
      }
    } catch (error) {
      const reason = messageOf(error);
      refused = UNDERPRICED.test(reason);
      if (!refused && !ON_ITS_WAY.test(reason)) throw await refusal(intent, last, error, signal);
    }
    const hash = result.attempts.at(-1)?.hash;
    log?.({ kind, what: intent.what, nonce: slot.nonce, hash, maxFeePerGas: last.maxFeePerGas });
    return { slot: result, refused };
  }

  async function request(
    { to, data, value = 0n }: Intent,
    nonce: number,
    { gasLimit, maxFeePerGas, maxPriorityFeePerGas }: Attempt,
    signal?: AbortSignal,
  ): Promise<TransactionRequest> {
    const { chainId } = await ask("chain id", () => provider.getNetwork(), { signal });
    return { type: 2, chainId, from: address, to, data, value, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
  }

  /** What to make of a refused broadcast that does not mean that the transaction is on its way. */
  async function refusal(intent: Intent, last: Attempt, error: unknown, signal?: AbortSignal): Promise<Error> {
    signal?.throwIfAborted();
    if (error instanceof L1UnavailableError) return error;
    if (/insufficient funds|enough funds/i.test(messageOf(error))) {
      const needed = last.gasLimit * last.maxFeePerGas + (intent.value ?? 0n);
      const present = await ask("balance", () => provider.getBalance(address), { signal });
      return new InsufficientFundsError(intent.what, address, needed, present);
    }
    const revert = decodeRevert(error);
    if (revert !== undefined) return new L1RevertError(intent.what, revert, { cause: error });
    return new RejectedError(intent.what, messageOf(error), { cause: error });
  }

  async function sign(transaction: TransactionRequest): Promise<Hex | undefined> {
    if (nodeSigns) return undefined;
    try {
      return (await signer.signTransaction(transaction)) as Hex;
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      nodeSigns = true;
      return undefined;
    }
  }

  async function estimate(intent: Intent, { maxFeePerGas }: Fees, signal?: AbortSignal): Promise<bigint> {
    const floor = calldataFloor(intent.data);
    if (floor > MAX_TRANSACTION_GAS) throw new GasLimitError(intent.what, floor);
    await checkFunds(intent, floor * maxFeePerGas, signal);
    const { to, data, value = 0n } = intent;
    let needed: bigint;
    try {
      needed = await ask("gas estimate", () => provider.estimateGas({ from: address, to, data, value }), { signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof L1UnavailableError) throw error;
      const revert = decodeRevert(error);
      if (revert !== undefined) throw new L1RevertError(intent.what, revert, { cause: error });
      if (isRevert(error)) throw new L1RevertError(intent.what, undefined, { cause: error });
      throw new RejectedError(intent.what, messageOf(error), { cause: error });
    }
    if (needed > MAX_TRANSACTION_GAS) throw new GasLimitError(intent.what, needed);
    // A quarter more: what is estimated now may cost more when it is mined.
    const roomy = (needed * 5n) / 4n;
    return roomy < MAX_TRANSACTION_GAS ? roomy : MAX_TRANSACTION_GAS;
  }

  async function checkFunds(intent: Intent, gasCost: bigint, signal?: AbortSignal): Promise<void> {
    const needed = gasCost + (intent.value ?? 0n);
    const present = await ask("balance", () => provider.getBalance(address), { signal });
    if (present < needed) throw new InsufficientFundsError(intent.what, address, needed, present);
  }

  async function marketFees(signal?: AbortSignal): Promise<Fees> {
    const { maxFeePerGas, maxPriorityFeePerGas } = await ask("fees", () => provider.getFeeData(), { signal });
    return { maxFeePerGas: maxFeePerGas ?? 2n * GWEI, maxPriorityFeePerGas: maxPriorityFeePerGas ?? GWEI };
  }

  async function count(tag: "latest" | "pending", signal?: AbortSignal): Promise<number> {
    return ask("nonce", () => provider.getTransactionCount(address, tag), { signal });
  }

  async function receiptOf(hash: string, signal?: AbortSignal): Promise<TransactionReceipt | null> {
    return ask(`receipt of ${hash}`, () => provider.getTransactionReceipt(hash), { signal });
  }

  const inTurn = takeTurns();
  return { address, send: (intent, signal) => inTurn(() => send(intent, signal)) };
}

/** The node has it, or its nonce is used: looking will tell. */
const ON_ITS_WAY =
  /already known|known transaction|already imported|nonce too low|nonce has already been used|NONCE_EXPIRED/i;

/** The node wants more, because of the base fee or of what is pending at the nonce. */
const UNDERPRICED = /underpriced|fee too low|less than block base fee|too low to compete|REPLACEMENT_UNDERPRICED/i;

function isUnsupported(error: unknown): boolean {
  return /not implemented|not supported|unsupported|not available|does not exist|method not found|unknown account/i.test(
    messageOf(error),
  );
}

function isRevert(error: unknown): boolean {
  return /revert|CALL_EXCEPTION/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  const parts = causes(error).flatMap((cause) => {
    const { message, shortMessage, code } = cause as Record<string, unknown>;
    return [shortMessage ?? message, code].filter((part) => typeof part === "string");
  });
  return [...new Set(parts)].join("; ");
}
