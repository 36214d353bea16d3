import { addressOf } from "./outcome.js";
import type { Hex } from "../types.js";
import type { KnownState } from "./state.js";
import type { Allocation, AssetOutcome, ChannelParams } from "./types.js";

/** A next state that somebody wants. */
export interface Proposed {
  channelId: Hex;
  params: ChannelParams;
  /** Own index. */
  me: number;
  /** What everybody signed last. */
  current: KnownState;
  /** Not signed by us yet. */
  next: KnownState;
  /**
   * `propose`: we would be the first to sign it, and a state that another one refuses brings the channel to a stand; so what is
   * proposed must suit everybody. `countersign`: its mover signed it; everybody looks after itself.
   */
  role: "propose" | "countersign";
  /** Who wants it, where we would propose it: we ourselves, or the participant whose request it is. */
  asker: number | undefined;
}

/** Why a next state is not signed, in one line; undefined when it is. What one asked for itself is signed without being asked. */
export type Policy = (proposed: Proposed) => string | undefined;

/**
 * Payments: amounts move between the allocations that there are, or to new ones at the end, the sum of each asset stays, and so do
 * app data, order, guarantees and allocations to anybody who is no participant. What we are entitled to does not fall; where we
 * propose, only what the asker is entitled to falls.
 */
export const paymentPolicy: Policy = ({ params, me, current, next, role, asker }) => {
  if (next.appData !== current.appData) return "a payment does not change the app data";
  const falling = new Set<Hex>();
  const [before, after] = [current.decoded, next.decoded];
  if (after.length !== before.length)
    return `the outcome has ${after.length} assets; it must keep its ${before.length}`;
  for (const [i, had] of before.entries()) {
    const refusal = checkAsset(had, after[i]!, falling);
    if (refusal !== undefined) return refusal;
  }
  for (const account of falling) {
    const loser = params.participants.indexOf(account);
    if (loser < 0) return `the entitlement of ${account} falls, who is no participant`;
    if (role === "propose" ? loser !== asker : loser === me) {
      return `the entitlement of participant ${loser} falls, who did not ask for it`;
    }
  }
  return undefined;
};

/** Of one asset: what is paid in one transaction, whatever recipients do with their gas. */
const MAX_ALLOCATIONS = 40;

/** Adds whoever gets less in the end. */
function checkAsset(had: AssetOutcome, has: AssetOutcome, falling: Set<Hex>): string | undefined {
  if (has.asset !== had.asset) return `asset ${had.asset} is replaced by ${has.asset}`;
  const change = new Map<Hex, bigint>();
  let [before, after] = [0n, 0n];
  for (const [i, allocation] of has.allocations.entries()) {
    const old = had.allocations[i];
    if (old === undefined && allocation.allocationType !== 0) return "a new guarantee is no payment";
    if (old !== undefined && !isSamePlace(old, allocation)) return `allocation ${i} of ${had.asset} is another one`;
    if (old !== undefined && old.allocationType !== 0 && old.amount !== allocation.amount) {
      return `guarantee ${i} of ${had.asset} changes`;
    }
    const { destination, amount } = allocation;
    if (old === undefined && amount === 0n) return "a new allocation of nothing is no payment";
    before += old?.amount ?? 0n;
    after += amount;
    change.set(destination, (change.get(destination) ?? 0n) + amount - (old?.amount ?? 0n));
  }
  if (has.allocations.length > Math.max(had.allocations.length, MAX_ALLOCATIONS)) {
    return `${has.allocations.length} allocations of ${had.asset} are too many to be paid at once`;
  }
  if (has.allocations.length < had.allocations.length) return `allocations of ${had.asset} are gone`;
  if (before !== after) return `the sum of ${had.asset} was ${before} and would be ${after}`;
  for (const [destination, delta] of change) if (delta < 0n) falling.add(addressOf(destination) ?? destination);
  return undefined;
}

function isSamePlace(a: Allocation, b: Allocation): boolean {
  return a.destination === b.destination && a.allocationType === b.allocationType && a.metadata === b.metadata;
}

/**
 * The rules of an app, as a function: a move is signed when the app allows it, and the end of the channel too.
 * @param isValid Whether `next` follows from `current` by the app's rules; a program for the machine, for example.
 */
export function appPolicy(isValid: (proposed: Proposed) => boolean): Policy {
  return (proposed) => (isValid(proposed) ? undefined : "the app's rules do not allow the move");
}
