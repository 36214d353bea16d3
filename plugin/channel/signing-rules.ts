import { toHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import type { ChannelDigests } from "./hashes.js";
import { toDestination } from "./outcome.js";
import type { Policy, Proposed } from "./policy.js";
import type { ChannelRecord } from "./record.js";
import { type KeySigner, signerOf } from "./signing.js";
import { entitlement, type KnownState } from "./state.js";
import type { ChannelStatus } from "./types.js";

/** By what one client signs, in all of its channels. */
export interface Rules {
  digests: ChannelDigests;
  signer: KeySigner;
  policy: Policy;
  /** Seconds that a session key must outlive the longest dispute by. */
  keyMargin: bigint;
  /** Seconds before a challenge's end in which a checkpoint gets onto L1: no update is signed then. */
  answerMargin: bigint;
  /** Milliseconds. */
  clock: () => number;
}

/** Where the channel stands on L1, as it was seen last. */
export interface L1Sight {
  status: ChannelStatus;
  /** Time of L1's last block, in seconds. */
  now: bigint;
  /** When it was looked at, in milliseconds of the client's clock. */
  seenAt: number;
}

type View = { record: ChannelRecord; l1: L1Sight | undefined };
/** Whether a state is signed: yes; later, perhaps; or no. */
export type Verdict = { is: "yes" } | { is: "later" | "no"; reason: string };

const YES: Verdict = { is: "yes" };
const later = (reason: string): Verdict => ({ is: "later", reason });
const no = (reason: string): Verdict => ({ is: "no", reason });

/** Turns at which the channel is agreed to, and found funded: nothing is paid at either. */
export const [PREFUND_TURN, POSTFUND_TURN] = [0n, 1n];

export function nextTurn({ supported }: ChannelRecord): bigint {
  return supported === undefined ? PREFUND_TURN : supported.state.turnNum + 1n;
}

export function moverOf({ params }: ChannelRecord, turnNum: bigint): number {
  return Number(turnNum % BigInt(params.participants.length));
}

/** The longest that a dispute takes, in seconds. */
function longestDispute({ params }: ChannelRecord): bigint {
  return BigInt(params.participants.length) * BigInt(params.challengeDuration);
}

/** Whether the signature is one of the participant that L1 will take as long as a dispute can last. */
export function isSignedBy(view: View, rules: Rules, participant: number, digest: Uint8Array, signature: Hex): boolean {
  return isKeyOf(view, rules, participant, signerOf(digest, signature));
}

function isKeyOf({ record, l1 }: View, rules: Rules, participant: number, key: Hex | undefined): boolean {
  if (key === undefined) return false;
  if (record.params.participants[participant] === key) return true;
  const session = record.sessions[participant];
  if (session === undefined || session.key !== key) return false;
  return session.expiry > (l1?.now ?? 0n) + longestDispute(record) + rules.keyMargin;
}

/** Whether a message is signed by its sender. Nothing hangs on it later, so a session key may be about to expire. */
export function isMessageOf(
  { id, params, sessions }: ChannelRecord,
  rules: Rules,
  { from, body, signature }: { from: number; body: Uint8Array; signature: Hex },
): boolean {
  const key = signerOf(rules.digests.message(id, body), signature);
  return key !== undefined && (params.participants[from] === key || sessions[from]?.key === key);
}

/** Why nothing of the turn is signed now, whatever it is. */
export function standstill(view: View, rules: Rules, turnNum: bigint): string | undefined {
  const { record, l1 } = view;
  if (!isKeyOf(view, rules, record.me, rules.signer.address)) {
    return "our key is not the participant's, nor its session key for long enough";
  }
  if (record.supported?.state.isFinal === true) return "the channel has a final state";
  if (l1 === undefined) return turnNum === PREFUND_TURN ? undefined : "L1 was not looked at yet";
  const { status, now, seenAt } = l1;
  if (status.mode !== "open" && status.mode !== "challenge") return `the channel is ${status.mode} on L1`;
  if (turnNum > POSTFUND_TURN && rules.clock() - seenAt > (record.params.challengeDuration * 1000) / 2) {
    return "L1 was not seen for half of a challenge";
  }
  if (turnNum > PREFUND_TURN && status.turnNum >= turnNum) return `L1 has seen turn ${status.turnNum}`;
  if (status.mode === "challenge" && status.finalizesAt - now < rules.answerMargin) {
    return "the challenge on L1 is about to end";
  }
  const { me, params } = record;
  const isOurProposal = turnNum === status.turnNum + 1n && turnNum % BigInt(params.participants.length) === BigInt(me);
  if (status.mode === "challenge" && status.bondHeld && status.challenger === me && !isOurProposal) {
    return "our own challenge stands, and whoever shows L1 what we sign now would have its bond";
  }
  return undefined;
}

/** Whether a state may follow the one that everybody signed last. What L1 and signatures say was looked at. */
export function mayFollow(
  { record }: View,
  rules: Rules,
  next: KnownState,
  wanted: Pick<Proposed, "role" | "asker">,
): Verdict {
  const { turnNum, isFinal } = next.state;
  const { initial, supported: current, me, id, params } = record;
  if (turnNum === PREFUND_TURN || current === undefined) {
    const isAgreed = next.outcome === initial.outcome && next.appData === initial.appData && !isFinal;
    return isAgreed ? YES : no("the first state is not the one that was agreed to");
  }
  const isUnchanged = next.outcome === current.outcome && next.appData === current.appData;
  if (turnNum === POSTFUND_TURN) {
    const reason = "turn 1 says that the channel is funded; it changes nothing";
    if (!isUnchanged) return wanted.role === "propose" ? later(reason) : no(reason);
    return record.isFunded || isFinal ? YES : later("the channel is not funded");
  }
  const short = record.withdrawals.find(
    ({ asset, destination, total }) => entitlement(next.decoded, asset, destination) < total,
  );
  if (short !== undefined) {
    return no(`${short.destination} may have got ${short.total} of ${short.asset}, more than it would be entitled to`);
  }
  if (record.asked?.hash === next.hash) return YES;
  const refusal = askPolicy(rules.policy, { channelId: id, params, me, current, next, ...wanted });
  return refusal === undefined ? YES : no(refusal);
}

/** A policy is the caller's; where it fails, nothing is signed. */
function askPolicy(policy: Policy, proposed: Proposed): string | undefined {
  try {
    return policy(proposed);
  } catch (error) {
    return `the policy failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why a withdrawal is not signed. Whatever state may bind us, its destination must be entitled to the total. */
export function withdrawalRefusal(
  view: View,
  participant: number,
  { asset, total }: { asset: Hex; total: bigint },
): string | undefined {
  const { record, l1 } = view;
  const { supported, pending, asked, me } = record;
  if (supported === undefined || !record.isFunded) return "the channel is not funded";
  if (l1?.status.mode !== "open") return `the channel is ${l1?.status.mode ?? "not seen"} on L1`;
  if (supported.state.isFinal) return "the channel has a final state; it pays when it is concluded";
  const destination = toDestination(record.params.participants[participant]!);
  const least = [supported, ...(pending?.signatures[me] === undefined ? [] : [pending])]
    .map(({ decoded }) => entitlement(decoded, asset, destination))
    .reduce((a, b) => (a < b ? a : b));
  if (total > least) return `${total} of ${asset} is more than its entitlement, ${least}`;
  if (participant === me && asked !== undefined) return "we asked for another state; the answer comes first";
  return undefined;
}

/** What names a withdrawal in answers. */
export function withdrawalHash(
  { record }: View,
  rules: Rules,
  withdrawal: { asset: Hex; destination: Hex; total: bigint },
): Hex {
  return toHex(rules.digests.withdrawal(record.id, withdrawal));
}
