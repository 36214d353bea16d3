import type { Hex } from "../types.js";
import { ChannelRefusedError, UpdateFailedError } from "./errors.js";
import { ownEntitlement } from "./l1-steps.js";
import { encodeOutcome, toDestination } from "./outcome.js";
import type { Channel, Intent, Wanted } from "./protocol.js";
import { type Content, contentOf, entitlement, type KnownState } from "./state.js";
import type { Adjudicator, ChannelParams, ChannelState, ChannelStatus, Mined, Outcome, SignedState } from "./types.js";
import type { Worker } from "./worker.js";

/** An amount of one asset for somebody. */
export interface Payment {
  /** Index of a participant, an account, or a channel. */
  to: number | Hex;
  /** ERC-20, or the zero address for ETH, which is the default. */
  asset?: Hex | undefined;
  /** In the asset's smallest unit. */
  amount: bigint;
}

/** A next state, in the parts that change. */
export interface Change {
  outcome?: Outcome;
  appData?: Hex;
}

/** One channel, as its participant uses it. Promises reject with what `signal` was aborted with. */
export interface ChannelHandle {
  readonly id: Hex;
  readonly params: ChannelParams;
  /** Own index. */
  readonly me: number;
  /** The last state that everybody signed. */
  readonly latest: SignedState | undefined;
  /** Its outcome. */
  readonly outcome: Outcome | undefined;
  /** As L1 was seen last. */
  readonly status: ChannelStatus | undefined;
  /** A next state that we signed and somebody did not, yet. */
  readonly pending: SignedState | undefined;
  /** L1 has ended it, and we got all that it says. */
  readonly isEnded: boolean;
  /** A state of an earlier turn that came to us signed; undefined where there was none, and once the channel has ended. */
  past(turnNum: bigint): ChannelState | undefined;
  /** What a participant is entitled to; by default we. */
  balance(asset: Hex, participant?: number): bigint;

  /** Resolves once the channel is funded, and everybody said so. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Pays out of our own entitlement. Resolves once everybody signed, and it is on disk. @throws {UpdateFailedError} */
  pay(payment: Payment, signal?: AbortSignal): Promise<SignedState>;
  /**
   * A next state: proposed where the turn is ours, else asked for; made of the state that stands then, whatever came before it. An
   * abort takes back only what was not sent yet. @throws {UpdateFailedError}
   */
  update(
    change: Change | ((current: SignedState, outcome: Outcome) => Change),
    signal?: AbortSignal,
  ): Promise<SignedState>;
  /**
   * Ends the channel together: a final state, which L1 pays. Where the channel is not funded it ends just so.
   * @returns the transaction, or undefined where another one sent it. @throws {UpdateFailedError}
   */
  close(signal?: AbortSignal): Promise<Mined | undefined>;
  /** Takes out what everybody signs for while the channel is open. @param total In all since it was opened; default: everything. */
  withdraw(asset: Hex, total?: bigint, signal?: AbortSignal): Promise<Mined>;
  /** Begins a dispute with the last state that everybody signed. Posts the bond; the rest goes by itself. */
  challenge(signal?: AbortSignal): Promise<Mined>;
  /** Answers a challenge at our latest state by the move that we proposed and nobody signed; the app decides. */
  respond(signal?: AbortSignal): Promise<Mined>;
  /** Resolves once L1 has ended the channel, and we got all that it says. */
  ended(signal?: AbortSignal): Promise<void>;
}

export interface HandleOptions {
  id: Hex;
  worker: Worker;
  adjudicator: Adjudicator;
  isEnded: () => boolean;
  past: (turnNum: bigint) => ChannelState | undefined;
  /** Resolves with what `found` gives, as soon as it gives something; it is asked at every change. */
  until: <T>(found: () => T | undefined, signal: AbortSignal | undefined) => Promise<T>;
  /** Hands in an intent, and resolves once it is signed by all. */
  want: (change: Intent["change"], signal: AbortSignal | undefined) => Promise<SignedState>;
  /** Resolves with our next move of the kind on L1. */
  moved: (kind: "challenge" | "concludeAndPay" | "withdraw", signal: AbortSignal | undefined) => Promise<Mined>;
  /** Rejects when somebody refuses the withdrawal. */
  withdrawal: (asset: Hex, total: bigint, signal: AbortSignal | undefined) => Promise<void>;
}

export const ETH: Hex = `0x${"0".repeat(40)}`;

export function createHandle(options: HandleOptions): ChannelHandle {
  const { id, worker, adjudicator, isEnded, until, want, moved } = options;
  const { params, me } = worker.channel.record;
  const now = (): Channel => worker.channel;

  return {
    id,
    params,
    me,
    get latest() {
      return now().record.supported;
    },
    get outcome() {
      return now().record.supported?.decoded;
    },
    get status() {
      return now().l1?.status;
    },
    get pending() {
      const { pending } = now().record;
      return pending?.signatures[me] === undefined ? undefined : pending;
    },
    get isEnded() {
      return isEnded();
    },
    past: (turnNum) => options.past(turnNum),
    balance(asset, participant = me) {
      const { supported } = now().record;
      const lower = asset.toLowerCase() as Hex;
      return supported === undefined ? 0n : entitlement(supported.decoded, lower, params.participants[participant]!);
    },
    async ready(signal) {
      await until(() => ((now().record.supported?.state.turnNum ?? 0n) > 0n ? true : undefined), signal);
    },
    pay: (payment, signal) => want((current) => paid(current, params, me, payment), signal),
    update: (change, signal) => want((current) => changed(current, change), signal),
    async close(signal) {
      if (now().record.supported?.state.isFinal !== true) {
        try {
          await want((current) => ({ ...contentOf(current), isFinal: true }), signal);
        } catch (error) {
          // Somebody else wanted the same.
          if (!(error instanceof UpdateFailedError) || now().record.supported?.state.isFinal !== true) throw error;
        }
      }
      const mined = moved("concludeAndPay", signal);
      worker.push({ kind: "wants", wants: { conclude: true } });
      return await Promise.race([mined, until(() => (isEnded() ? null : undefined), signal).then(() => undefined)]);
    },
    async withdraw(asset, total, signal) {
      const lower = asset.toLowerCase() as Hex;
      const wanted = total ?? ownEntitlement(now().record, lower);
      const mined = moved("withdraw", signal);
      // It may reject while nobody looks yet.
      mined.catch(() => undefined);
      await options.withdrawal(lower, wanted, signal);
      return await mined;
    },
    async challenge(signal) {
      if (now().record.supported === undefined) throw new ChannelRefusedError("no state is signed by everybody yet");
      const mined = moved("challenge", signal);
      worker.push({ kind: "wants", wants: { challenge: true } });
      return await mined;
    },
    async respond(signal) {
      const { supported, pending } = now().record;
      if (supported === undefined || pending?.signatures[me] === undefined) {
        throw new ChannelRefusedError("there is no move of ours that nobody signed; propose one by update");
      }
      return await adjudicator.respond(params, [supported, pending], signal);
    },
    async ended(signal) {
      await until(() => (isEnded() ? true : undefined), signal);
    },
  };
}

/** What stands behind a payment; a text where it cannot be. */
function paid(
  current: KnownState,
  { participants }: ChannelParams,
  me: number,
  { to, asset = ETH, amount }: Payment,
): Wanted | string {
  if (amount <= 0n) return `a payment is more than nothing, not ${amount}`;
  const recipient = typeof to === "number" ? participants[to] : to;
  if (recipient === undefined) return `there is no participant ${to}`;
  const destination = (recipient.length === 42 ? toDestination(recipient) : recipient).toLowerCase() as Hex;
  const own = toDestination(participants[me]!);
  const lower = asset.toLowerCase();
  const has = entitlement(current.decoded, lower as Hex, own);
  if (has < amount) return `${amount} of ${lower} is more than the ${has} that we are entitled to`;
  let [left, isCredited] = [amount, false];
  const outcome = current.decoded.map((entry) => {
    if (entry.asset !== lower) return entry;
    const allocations = entry.allocations.map((allocation) => {
      if (allocation.allocationType !== 0) return allocation;
      const taken = allocation.destination === own ? (allocation.amount < left ? allocation.amount : left) : 0n;
      left -= taken;
      const given = allocation.destination === destination && !isCredited ? amount : 0n;
      isCredited ||= given > 0n;
      return { ...allocation, amount: allocation.amount - taken + given };
    });
    if (!isCredited) allocations.push({ destination, amount, allocationType: 0, metadata: "0x" });
    return { ...entry, allocations };
  });
  return { ...contentOf(current), outcome: encodeOutcome(outcome), decoded: outcome };
}

function changed(
  current: KnownState,
  change: Change | ((current: SignedState, outcome: Outcome) => Change),
): Content | string {
  try {
    const { outcome, appData } = typeof change === "function" ? change(current, current.decoded) : change;
    return {
      isFinal: false,
      appData: appData ?? current.appData,
      outcome: outcome === undefined ? current.outcome : encodeOutcome(outcome),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
