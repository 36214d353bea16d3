import type { Hex } from "../types.js";
import { toDestination } from "./outcome.js";
import type { ChannelRecord, SignedWithdrawal } from "./record.js";
import { entitlement, isComplete, type KnownState } from "./state.js";
import type { ChannelStatus, Outcome } from "./types.js";

// What a participant does on L1, as a pure function of what it keeps and what it sees there: after a crash the same is seen again,
// and the same is done.

/** What L1 says of a channel. Amounts by asset, in lower case; only those that `assetsToLookAt` names are there. */
export interface L1View {
  status: ChannelStatus;
  /** L1 time in seconds. */
  now: bigint;
  deposited: ReadonlyMap<Hex, bigint>;
  holdings: ReadonlyMap<Hex, bigint>;
  /** What we got. */
  paid: ReadonlyMap<Hex, bigint>;
}

/** One transaction. */
export type L1Move =
  | { kind: "deposit"; asset: Hex; amount: bigint; expectedDeposited: bigint }
  | { kind: "challenge"; signed: KnownState }
  | { kind: "checkpoint"; signed: KnownState }
  | { kind: "concludeAndPay"; signed: KnownState }
  | { kind: "payout"; final: KnownState; assetIndex: number }
  | { kind: "withdraw"; withdrawal: SignedWithdrawal }
  | { kind: "returnBond" };

/** The next transaction of ours; undefined where there is nothing to do, or not yet. */
export function nextMove(record: ChannelRecord, view: L1View, isConcludeDue: boolean): L1Move | undefined {
  const { supported, wants } = record;
  const { status } = view;
  switch (status.mode) {
    case "open":
      if (supported === undefined) return undefined;
      if (supported.state.isFinal) return isConcludeDue ? { kind: "concludeAndPay", signed: supported } : undefined;
      if (wants.challenge && supported.state.turnNum >= status.turnNum) return { kind: "challenge", signed: supported };
      return dueDeposit(record, view) ?? dueWithdrawal(record, view);
    case "challenge":
      // A checkpoint first even before the end: it takes the bond of whoever showed an old state.
      if (supported === undefined) return undefined;
      if (isLater(supported, status)) return { kind: "checkpoint", signed: supported };
      return supported.state.isFinal && supported.hash === status.stateHash
        ? { kind: "concludeAndPay", signed: supported }
        : undefined;
    case "finalized":
      return duePayment(record, view);
    case "arbitration":
    case "closed":
      return undefined;
  }
}

/** Whether a state that everybody signed overrides the one of a challenge: also what moves made of an older one. */
function isLater({ state, hash }: KnownState, { agreedTurnNum, stateHash }: ChannelStatus): boolean {
  return state.turnNum > agreedTurnNum && hash !== stateHash;
}

/** Whether L1 owes us nothing any more. */
export function isOver(record: ChannelRecord, view: L1View): boolean {
  const { mode } = view.status;
  return (
    mode === "closed" || (mode === "finalized" && finalState(record, view) !== undefined && !duePayment(record, view))
  );
}

/** Assets whose amounts decide about the next move. */
export function assetsToLookAt({ initial, final }: { initial: Outcome; final: Outcome | undefined }): Hex[] {
  return [...new Set([...initial, ...(final ?? [])].map(({ asset }) => asset))];
}

/** The state with which L1 ended the channel; undefined when we do not know it. */
export function finalState({ supported, pending, shown }: ChannelRecord, { status }: L1View): KnownState | undefined {
  return [supported, pending, shown].find((known) => known?.hash === status.stateHash);
}

/** Whether all of turn 0's allocations are there. */
export function isFunded(outcome: Outcome, deposited: ReadonlyMap<Hex, bigint>): boolean {
  return outcome.every(({ asset, allocations }) => {
    const sum = allocations.reduce((total, { amount }) => total + amount, 0n);
    return (deposited.get(asset) ?? 0n) >= sum;
  });
}

/** Our share, once all that stands before it in the order of the allocations is there. */
function dueDeposit(record: ChannelRecord, { deposited }: L1View): L1Move | undefined {
  const { supported, isFunded, params, me } = record;
  // Turn 0 signed by all is what brings the money back, whatever the others do; without it nothing is deposited.
  if (supported === undefined || isFunded) return undefined;
  const own = toDestination(params.participants[me]!);
  for (const { asset, allocations } of supported.decoded) {
    const there = deposited.get(asset) ?? 0n;
    let before = 0n;
    for (const { destination, amount } of allocations) {
      if (destination === own && there >= before && there < before + amount) {
        return { kind: "deposit", asset, amount: before + amount - there, expectedDeposited: there };
      }
      before += amount;
    }
  }
  return undefined;
}

function dueWithdrawal({ withdrawals, me }: ChannelRecord, { paid }: L1View): L1Move | undefined {
  const due = withdrawals.find(
    (entry) => entry.participant === me && isComplete(entry) && (paid.get(entry.asset) ?? 0n) < entry.total,
  );
  return due && { kind: "withdraw", withdrawal: due };
}

function duePayment(record: ChannelRecord, view: L1View): L1Move | undefined {
  const final = finalState(record, view);
  const { status, holdings, paid } = view;
  const own = toDestination(record.params.participants[record.me]!);
  const assetIndex =
    final?.decoded.findIndex(({ asset, allocations }) => {
      const there = view.deposited.get(asset) ?? 0n;
      const hasLeft = (holdings.get(asset) ?? 0n) > 0n;
      return hasLeft && payable(allocations, own, there) > (paid.get(asset) ?? 0n);
    }) ?? -1;
  if (final !== undefined && assetIndex >= 0) return { kind: "payout", final, assetIndex };
  return status.bondHeld && status.challenger === record.me ? { kind: "returnBond" } : undefined;
}

/** What covers a destination's simple allocations, in their order, of what was deposited; guarantees keep their place. */
function payable(allocations: Outcome[number]["allocations"], destination: Hex, deposited: bigint): bigint {
  let [left, sum] = [deposited, 0n];
  for (const { amount, allocationType, destination: to } of allocations) {
    const covered = amount < left ? amount : left;
    left -= covered;
    if (to === destination && allocationType === 0) sum += covered;
  }
  return sum;
}

/** What we are entitled to of an asset by the state that everybody signed last. */
export function ownEntitlement({ supported, params, me }: ChannelRecord, asset: Hex): bigint {
  return supported === undefined ? 0n : entitlement(supported.decoded, asset, params.participants[me]!);
}
