import { pause } from "../../l1/ask.js";
import { L1RevertError } from "../../l1/errors.js";
import { DisplacedError, GasLimitError, InsufficientFundsError, RejectedError } from "../../l1/sender-errors.js";
import { ActionError } from "../../l1/transact.js";
import { StoreError } from "../../store/errors.js";
import type { Hex } from "../../types.js";
import type { ConnectedAdjudicator } from "../adjudicator.js";
import type { Revealed } from "../revealed.js";
import type { ChannelEvent, ChannelStatus } from "../types.js";
import { provesStale } from "./reward.js";
import { hintOf } from "./seal.js";
import type { Vault } from "./vault.js";
import { type Found, walk } from "./walk.js";

export interface WatchOptions {
  adjudicator: ConnectedAdjudicator;
  vault: Vault;
  /** L1 block of the adjudicator's creation, or any before the first channel that is watched. */
  fromBlock: number;
  /** Answers only what the bond pays for; default false. */
  paidOnly?: boolean | undefined;
  log?: ((event: WatchEvent) => void) | undefined;
}

export type WatchEvent =
  /** A challenge was answered; `reward` is 0 where it was not proven stale. Wei. */
  | { kind: "answered"; channelId: Hex; turnNum: bigint; transaction: Hex; reward: bigint; cost: bigint }
  /** A challenge could be answered and is not, because nothing is paid for it. */
  | { kind: "unpaid"; channelId: Hex; turnNum: bigint }
  /** The next look tries again, unless somebody else was first. */
  | { kind: "refused"; channelId: Hex; reason: string }
  | { kind: "poor"; needed: bigint; present: bigint }
  /** A transaction of the tower was taken out by a reorganisation of L1. */
  | { kind: "undone"; transaction: Hex }
  /** L1 could not be read; the next look tries again. */
  | { kind: "unavailable"; reason: string };

/** Blocks that are read again: a reorganisation may have put others into their place. */
export const REORG_DEPTH = 64;

/** Answers stale challenges. */
export interface Watch {
  /** Looks at L1 once. @returns how many challenges it answered. @throws {L1UnavailableError} */
  look(signal?: AbortSignal): Promise<number>;
  /** L1's time, in seconds, as of the last look and the time since. */
  now(): bigint;
}

/** A channel that was in a dispute lately. */
interface Dispute {
  channelId: Hex;
  /** First and last block that told of it. */
  first: number;
  last: number;
  /** L1 time (seconds) from which on it may be over, as far as events tell. */
  until: bigint;
  /** States that L1 told of. */
  revealed: Map<Hex, Revealed>;
  /** Those of them that are moves, behind states that were read from their transactions. */
  moves: Set<Hex>;
  /** States that L1 does not take for their signatures: a session key that is over. */
  useless: Set<Hex>;
}

/** What it knows it knows from L1 and the vault: it can be killed and made anew at any point. */
export function createWatch(options: WatchOptions): Watch {
  const { adjudicator, vault, fromBlock, paidOnly = false, log = () => undefined } = options;
  const { account } = adjudicator;
  const disputes = new Map<Hex, Dispute>();
  /** Where everything before is settled, as the vault has it; and up to where L1 was read by this process. */
  let settled = vault.cursor() ?? fromBlock;
  let read = settled;
  // This machine's until L1 is read.
  let clock = { time: BigInt(Math.floor(Date.now() / 1_000)), at: Date.now() };

  function remember({ channelId, blockNumber }: ChannelEvent, state: Revealed): Dispute {
    const place = { channelId, first: blockNumber, last: blockNumber, until: 0n };
    const dispute = disputes.get(channelId) ?? { ...place, revealed: new Map(), moves: new Set(), useless: new Set() };
    dispute.last = Math.max(dispute.last, blockNumber);
    dispute.revealed.set(state.stateHash, state);
    disputes.set(channelId, dispute);
    return dispute;
  }

  /** Reads what happened, and what may have happened in other blocks. */
  async function follow(to: number, signal?: AbortSignal): Promise<void> {
    const from = Math.max(fromBlock, Math.min(read, to) - REORG_DEPTH);
    const events = await adjudicator.events(from, to, undefined, signal);
    for (const event of events) {
      const known = disputes.get(event.channelId);
      if (known !== undefined && event.kind === "answered") known.until = event.finalizesAt;
      if (known !== undefined && (event.kind === "checkpointed" || event.kind === "concluded")) known.until = 0n;
      if (event.kind !== "challenged" && event.kind !== "moved" && event.kind !== "arbitrationClosed") continue;
      const { stateHash, turnNum, channelId, transaction } = event;
      const isNew = disputes.get(channelId)?.moves.has(stateHash) !== true;
      const dispute = remember(event, { stateHash, turnNum });
      const { moves } = dispute;
      if ("finalizesAt" in event) dispute.until = event.finalizesAt;
      if (event.kind !== "moved") continue;
      moves.add(stateHash);
      // What it follows may be known where it is not.
      if (isNew)
        for (const each of await adjudicator.statesShown(channelId, transaction, signal)) remember(event, each);
    }
    await settleEarnings(events, from, to, signal);
    read = to;
  }

  /** What was earned is what L1 says was earned. */
  async function settleEarnings(
    events: readonly ChannelEvent[],
    from: number,
    to: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const known = new Set<Hex>();
    for (const earning of await vault.earnings(from)) {
      if (earning.block > to) continue;
      const event = events.find(({ transaction }) => transaction === earning.transaction);
      if (event?.blockNumber === earning.block) known.add(earning.transaction);
      else {
        await vault.removeEarning(earning);
        if (event === undefined) log({ kind: "undone", transaction: earning.transaction });
        else if (earning.reward === 0n) await vault.addEarning({ ...earning, block: event.blockNumber });
      }
    }
    for (const event of events) {
      if (event.kind !== "bondPaid" || !event.isReward || event.to !== account) continue;
      const { transaction, blockNumber: block, channelId } = event;
      if (!known.has(transaction)) await record(transaction, block, channelId, true, signal);
    }
  }

  async function record(transaction: Hex, block: number, channelId: Hex, isPaid: boolean, signal?: AbortSignal) {
    const cost = (await adjudicator.costOf(transaction, signal)) ?? 0n;
    const reward = isPaid ? await adjudicator.challengeBond(signal) : 0n;
    await vault.addEarning({ transaction, block, channelId, reward, cost });
    return { reward, cost };
  }

  /** Whether something follows a state that L1 told of. */
  async function isHeld({ revealed }: Dispute): Promise<boolean> {
    for (const stateHash of revealed.keys()) if ((await vault.blobs(hintOf(stateHash))).length > 0) return true;
    return false;
  }

  async function findAnswer(
    { channelId, revealed, useless }: Dispute,
    { turnNum, agreedTurnNum, stateHash }: ChannelStatus,
    signal?: AbortSignal,
  ): Promise<Found | undefined> {
    const from = [...revealed.values(), ...(revealed.has(stateHash) ? [] : [{ stateHash, turnNum }])];
    const sessionKeyOf = async (participant: Hex): Promise<Hex | undefined> =>
      (await adjudicator.sessionKeyOf(channelId, participant, signal))?.key;
    const { domain } = adjudicator;
    const found = await walk({ domain, vault, channelId, from, sessionKeyOf, except: useless, signal });
    return found !== undefined && found.signed.state.turnNum > agreedTurnNum ? found : undefined;
  }

  async function answer(dispute: Dispute, status: ChannelStatus, signal?: AbortSignal): Promise<boolean> {
    const { channelId } = dispute;
    const found = await findAnswer(dispute, status, signal);
    if (found === undefined) return false;
    const { turnNum } = found.signed.state;
    if (paidOnly && !provesStale(status, found.params, found.signed.state)) {
      log({ kind: "unpaid", channelId, turnNum });
      return false;
    }
    try {
      const { transaction, blockNumber } = await adjudicator.checkpoint(found.params, found.signed, signal);
      const events = await adjudicator.events(blockNumber, blockNumber, channelId, signal);
      const isPaid = events.some(
        (event) =>
          event.kind === "bondPaid" && event.transaction === transaction && event.isReward && event.to === account,
      );
      const { reward, cost } = await record(transaction, blockNumber, channelId, isPaid, signal);
      log({ kind: "answered", channelId, turnNum, transaction, reward, cost });
      return true;
    } catch (error) {
      if (error instanceof InsufficientFundsError) {
        log({ kind: "poor", needed: error.needed, present: error.present });
      } else if (isRefusal(error)) {
        if (error instanceof L1RevertError && error.revert?.name === "ChannelSignature")
          dispute.useless.add(found.stateHash);
        log({ kind: "refused", channelId, reason: error.message });
      } else throw error;
      return false;
    }
  }

  return {
    async look(signal) {
      const to = await adjudicator.height(signal);
      clock = { time: await adjudicator.now(signal), at: Date.now() };
      await follow(to, signal);
      const due: { dispute: Dispute; status: ChannelStatus }[] = [];
      let open = to;
      for (const dispute of disputes.values()) {
        if (clock.time < dispute.until && !(await isHeld(dispute))) {
          // Somebody else's; what is held of it may still come.
          open = Math.min(open, dispute.first);
          continue;
        }
        const status = await adjudicator.statusOf(dispute.channelId, signal);
        if (status.mode === "challenge" || status.mode === "arbitration") {
          due.push({ dispute, status });
          open = Math.min(open, dispute.first);
        } else if (dispute.last < to - REORG_DEPTH) disputes.delete(dispute.channelId);
      }
      // The least time first: answers of one account wait for each other.
      due.sort((a, b) => Number(a.status.finalizesAt - b.status.finalizesAt));
      let count = 0;
      for (const { dispute, status } of due) if (await answer(dispute, status, signal)) count++;
      if (open !== settled) await vault.setCursor((settled = open));
      await vault.sweep(clock.time);
      return count;
    },
    now: () => clock.time + BigInt(Math.floor((Date.now() - clock.at) / 1_000)),
  };
}

/**
 * Answers challenges until `signal` is aborted; L1 may be down for a while.
 * @param pollInterval Milliseconds between looks at L1; default 4,000.
 */
export async function watchChallenges(
  watch: Watch,
  { signal, log, pollInterval = 4_000 }: { signal: AbortSignal; log?: WatchOptions["log"]; pollInterval?: number },
): Promise<void> {
  while (!isAborted(signal)) {
    try {
      await watch.look(signal);
      await pause(pollInterval, signal);
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof Error) || error instanceof StoreError) throw error;
      // Whatever L1 does: who stops looking breaks its promises.
      log?.({ kind: "unavailable", reason: error.message });
      await pause(pollInterval);
    }
  }
}

function isRefusal(error: unknown): error is Error {
  return [L1RevertError, GasLimitError, RejectedError, DisplacedError, ActionError].some(
    (kind) => error instanceof kind,
  );
}

/** A signal is aborted while others work, whatever was known of it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
