import type { Hex } from "../types.js";
import { OutcomeError, toDestination } from "./outcome.js";
import type { ChannelRecord, SessionKey, SignedWithdrawal } from "./record.js";
import {
  isSignedBy,
  type L1Sight,
  mayFollow,
  moverOf,
  nextTurn,
  POSTFUND_TURN,
  PREFUND_TURN,
  type Rules,
  standstill,
  withdrawalHash,
  withdrawalRefusal,
} from "./signing-rules.js";
import { type Content, contentOf, isComplete, type KnownState, knownState, sizeFault } from "./state.js";
import type { Outcome, SignedState } from "./types.js";
import { type Part, statePart } from "./wire.js";

// One channel as a pure state machine; docs/channels.md §9. What `step` returns is written down before anything of it is sent.
//
// INVARIANT: of each turn we sign one state at most: the one in `record.pending`, which only a supported state of its turn or a later
// one replaces; and turn t + 1 only when `record.supported` is turn t.

/** A change that somebody here wants. */
export interface Intent {
  /** Names it in notices. */
  id: number;
  /** What it wants behind `current`; a text says why it cannot be. Called again where another state came first. */
  change: (current: KnownState) => Wanted | string;
}

/** @param decoded The outcome, of whoever encoded it itself. */
export type Wanted = Content & { decoded?: Outcome };

type Queued = Intent & { /** Hash of the state that would be it. */ hash?: Hex };

/** A channel at work: what is kept, and what a restart may forget. */
export interface Channel {
  readonly record: ChannelRecord;
  /** Countersignatures that came before their state, by participant. */
  readonly early: readonly ({ stateHash: Hex; signature: Hex } | undefined)[];
  /** What others want us to propose next, by participant. */
  readonly requests: readonly (Content | undefined)[];
  readonly intents: readonly Queued[];
  readonly l1: L1Sight | undefined;
  /** Hash of a proposal that we did not sign. */
  readonly refused: Hex | undefined;
}

export type ChannelInput =
  /** Of one message of a participant, whose signature was checked where the message needs one. */
  | { kind: "parts"; from: number; parts: readonly Part[] }
  | { kind: "change"; intent: Intent }
  /** Nobody waits for the intent any more; where it was not signed or asked for it is forgotten. */
  | { kind: "forget"; intent: number }
  | { kind: "withdraw"; asset: Hex; total: bigint }
  | { kind: "l1"; sight: L1Sight; isFunded: boolean }
  | { kind: "session"; participant: number; session: SessionKey }
  /** Signatures of the pending state, found on L1. */
  | { kind: "checkpoint"; signatures: SignedState["signatures"] }
  | { kind: "shown"; turnNum: bigint; content: Content }
  | { kind: "wants"; wants: Partial<ChannelRecord["wants"]> }
  /** Something may have been lost, or we came back. */
  | { kind: "resend" };

export type Notice =
  | { kind: "supported"; signed: KnownState }
  | { kind: "settled"; intent: number; signed: KnownState }
  | { kind: "failed"; intent: number; reason: string }
  /** We do not sign, or do not propose, what a participant wants. */
  | { kind: "refusal"; participant: number; reason: string }
  /** A participant does not want what we sent. */
  | { kind: "refused"; by: number; hash: Hex; reason: string }
  /** What came is not as it should be. */
  | { kind: "rejected"; from: number; reason: string }
  /** A participant signed two states of one turn. */
  | { kind: "equivocation"; participant: number; states: readonly [SignedState, SignedState] }
  | { kind: "withdrawable"; asset: Hex; total: bigint }
  | { kind: "withdrawalRefused"; asset: Hex; total: bigint; reason: string };

/** A part for a participant, or for all others. */
export interface Send {
  to: number | "all";
  part: Part;
}

export interface Step {
  channel: Channel;
  /** In order; only after the record is on disk. */
  sends: readonly Send[];
  notices: readonly Notice[];
}

interface Draft extends Channel {
  record: ChannelRecord;
  early: Channel["early"];
  requests: Channel["requests"];
  intents: Channel["intents"];
  l1: Channel["l1"];
  refused: Channel["refused"];
  sends: Send[];
  notices: Notice[];
}

/** A channel as it was kept. */
export function openChannel(record: ChannelRecord): Channel {
  const none = record.params.participants.map(() => undefined);
  return { record, early: none, requests: none, intents: [], l1: undefined, refused: undefined };
}

/** What an input makes of a channel. Never throws for what others sent. */
export function step(channel: Channel, input: ChannelInput, rules: Rules): Step {
  const draft: Draft = { ...channel, sends: [], notices: [] };
  take(draft, input, rules);
  advance(draft, rules);
  const { sends, notices, ...next } = draft;
  return { channel: next, sends, notices };
}

/** Whether something is on its way that a lost message would stop. */
export function isWaiting({ record }: Channel): boolean {
  return (
    record.supported === undefined ||
    record.pending !== undefined ||
    record.asked !== undefined ||
    record.withdrawals.some((entry) => entry.participant === record.me && entry.signatures.includes(undefined))
  );
}

function take(draft: Draft, input: ChannelInput, rules: Rules): void {
  switch (input.kind) {
    case "parts":
      // All before anything is done about the first: a proposal comes behind the countersignature that it needs.
      for (const part of input.parts) takePart(draft, input.from, part, rules);
      return;
    case "change":
      draft.intents = [...draft.intents, input.intent];
      return;
    case "forget":
      draft.intents = draft.intents.filter(({ id, hash }) => id !== input.intent || hash !== undefined);
      return;
    case "withdraw":
      return wantWithdrawal(draft, input, rules);
    case "l1":
      draft.l1 = input.sight;
      if (input.isFunded && !draft.record.isFunded) amend(draft, { isFunded: true });
      return;
    case "session": {
      const { participant, session } = input;
      // A key is registered once; L1 refuses another one.
      if (draft.record.sessions[participant] !== undefined) return;
      amend(draft, { sessions: draft.record.sessions.with(participant, session) });
      return;
    }
    case "checkpoint": {
      const { pending } = draft.record;
      if (pending === undefined) return;
      const part = { turnNum: pending.state.turnNum, content: contentOf(pending), signatures: input.signatures };
      return takeState(draft, draft.record.me, { kind: "state", ...part }, rules);
    }
    case "shown":
      amend(draft, { shown: knownState(draft.record.id, input.turnNum, input.content, []) });
      return;
    case "wants":
      amend(draft, { wants: { ...draft.record.wants, ...input.wants } });
      return;
    case "resend":
      return resend(draft);
  }
}

function takePart(draft: Draft, from: number, part: Part, rules: Rules): void {
  const { record } = draft;
  if (from === record.me || record.params.participants[from] === undefined) {
    return reject(draft, from, "it says that it comes from somebody who is no other participant");
  }
  switch (part.kind) {
    case "state":
      return takeState(draft, from, part, rules);
    case "sign":
      return takeSignature(draft, from, part, rules);
    case "sync":
      return takeSync(draft, from, part.turnNum);
    case "request":
      return takeRequest(draft, from, part);
    case "refuse":
      return takeRefusal(draft, from, part, rules);
    case "open":
      // It has not heard that we agreed.
      return takeSync(draft, from, -1n);
    case "withdraw":
      return takeWithdrawal(draft, from, part, rules);
    case "withdrawn":
      return takeWithdrawn(draft, from, part, rules);
  }
}

/** A proposal, or a state that everybody signed. */
function takeState(draft: Draft, from: number, part: Extract<Part, { kind: "state" }>, rules: Rules): void {
  const { record } = draft;
  const { turnNum, content, signatures } = part;
  const turn = nextTurn(record);
  if (signatures.length !== record.params.participants.length) {
    return reject(draft, from, "a state has one signature, or none, for each participant");
  }
  const isWhole = signatures.every((one) => one !== undefined);
  if (turnNum < turn) return;
  if (turnNum > turn && !isWhole) {
    // It is ahead of us.
    draft.sends.push({ to: from, part: { kind: "sync", turnNum: turn - 1n } });
    return;
  }
  const state = tryKnown(record.id, turnNum, content, record.supported);
  if (typeof state === "string") return reject(draft, from, state);
  const known = record.pending?.hash === state.hash ? record.pending : undefined;
  const digest = rules.digests.ofStateHash(state.hash);
  for (const [i, signature] of signatures.entries()) {
    if (signature === undefined || signature === known?.signatures[i]) continue;
    if (!isSignedBy(draft, rules, i, digest, signature)) {
      return reject(draft, from, `the signature of participant ${i} under turn ${turnNum} is not its own`);
    }
  }
  const merged = signatures.map((signature, i) => known?.signatures[i] ?? signature);
  if (merged.every((one) => one !== undefined)) return support(draft, { ...state, signatures: merged });
  const mover = moverOf(record, turnNum);
  if (merged[mover] === undefined) return reject(draft, from, "a proposal needs the signature of its mover");
  if (record.pending !== undefined && known === undefined) {
    const states = [record.pending, { ...state, signatures: merged }] as const;
    draft.notices.push({ kind: "equivocation", participant: mover, states });
    return;
  }
  const early = draft.early.map((one) => (one?.stateHash === state.hash ? one.signature : undefined));
  const all = merged.map((signature, i) => signature ?? early[i]);
  if (known === undefined || all.some((signature, i) => signature !== known.signatures[i])) {
    const next = { ...state, signatures: all };
    if (isComplete(next)) support(draft, next);
    else amend(draft, { pending: next });
  }
}

function takeSignature(draft: Draft, from: number, part: Extract<Part, { kind: "sign" }>, rules: Rules): void {
  const { stateHash, signature } = part;
  const { pending, supported } = draft.record;
  if (supported?.hash === stateHash) return;
  if (pending?.hash === stateHash && pending.signatures[from] !== undefined) return;
  if (!isSignedBy(draft, rules, from, rules.digests.ofStateHash(stateHash), signature)) {
    return reject(draft, from, "the countersignature is not its own");
  }
  if (pending?.hash === stateHash) {
    const signed = { ...pending, signatures: pending.signatures.with(from, signature) };
    // At once: the next proposal may stand behind it in the same message.
    if (isComplete(signed)) support(draft, signed);
    else amend(draft, { pending: signed });
  } else {
    draft.early = draft.early.with(from, { stateHash, signature });
  }
}

/** Somebody came back, and tells where it stands. */
function takeSync(draft: Draft, from: number, turnNum: bigint): void {
  catchUp(draft, from, turnNum);
  sendAsked(draft, from);
  sendWithdrawals(draft, from);
}

/** Sends what somebody who stands at the turn lacks; or asks for what we lack. */
function catchUp(draft: Draft, to: number, turnNum: bigint): void {
  const { supported, pending } = draft.record;
  const own = nextTurn(draft.record) - 1n;
  if (supported !== undefined && own > turnNum) draft.sends.push({ to, part: statePart(supported) });
  if (own < turnNum) draft.sends.push({ to, part: { kind: "sync", turnNum: own } });
  else if (pending !== undefined) draft.sends.push({ to, part: statePart(pending) });
}

function takeRequest(draft: Draft, from: number, part: Extract<Part, { kind: "request" }>): void {
  const { record } = draft;
  const turn = nextTurn(record);
  // It asks again when it sees what came instead; or we are behind.
  if (part.turnNum !== turn) return catchUp(draft, from, part.turnNum - 1n);
  if (record.pending !== undefined) return catchUp(draft, from, turn - 1n);
  const state = tryKnown(record.id, turn, part.content, record.supported);
  if (typeof state === "string") return reject(draft, from, state);
  if (moverOf(record, turn) === record.me) draft.requests = draft.requests.with(from, part.content);
  else refuse(draft, from, state.hash, `turn ${turn} is not ours to propose`);
}

function takeRefusal(draft: Draft, from: number, part: Extract<Part, { kind: "refuse" }>, rules: Rules): void {
  const { record } = draft;
  const { hash, reason } = part;
  const fail = (): void => {
    const found = draft.intents.find((intent) => intent.hash === hash);
    if (found === undefined) return;
    draft.intents = draft.intents.filter((intent) => intent !== found);
    draft.notices.push({ kind: "failed", intent: found.id, reason: `participant ${from} refuses: ${reason}` });
  };
  if (record.asked?.hash === hash && moverOf(record, record.asked.turnNum) === from) {
    // What was refused must not come true later, when something else was done about it.
    if (record.pending?.hash !== hash) {
      amend(draft, { asked: undefined });
      fail();
    }
  } else if (record.pending?.hash === hash) {
    fail();
  } else if (hash !== record.id) {
    const found = record.withdrawals.find(
      (entry) => entry.participant === record.me && withdrawalHash(draft, rules, entry) === hash,
    );
    if (found === undefined) return;
    const { asset, total } = found;
    draft.notices.push({ kind: "withdrawalRefused", asset, total, reason: `participant ${from} refuses: ${reason}` });
  }
  draft.notices.push({ kind: "refused", by: from, hash, reason });
}

function wantWithdrawal(draft: Draft, { asset, total }: { asset: Hex; total: bigint }, rules: Rules): void {
  const { record } = draft;
  const reason = withdrawalRefusal(draft, record.me, { asset, total });
  if (reason !== undefined) {
    draft.notices.push({ kind: "withdrawalRefused", asset, total, reason });
    return;
  }
  const destination = toDestination(record.params.participants[record.me]!);
  const known = findWithdrawal(record, asset, destination);
  if (known !== undefined && known.total > total) {
    const withdrawalReason = `a withdrawal up to ${known.total} was asked for before`;
    draft.notices.push({ kind: "withdrawalRefused", asset, total, reason: withdrawalReason });
  } else if (known?.total === total) {
    if (isComplete(known)) draft.notices.push({ kind: "withdrawable", asset, total });
  } else {
    signWithdrawal(draft, record.me, { asset, destination, total }, rules);
  }
  draft.sends.push({ to: "all", part: { kind: "withdraw", asset, total } });
}

function takeWithdrawal(draft: Draft, from: number, part: Extract<Part, { kind: "withdraw" }>, rules: Rules): void {
  const { asset, total } = part;
  const destination = toDestination(draft.record.params.participants[from]!);
  const withdrawal = { asset, destination, total };
  const reason = withdrawalRefusal(draft, from, part);
  if (reason !== undefined) return refuse(draft, from, withdrawalHash(draft, rules, withdrawal), reason);
  const known = findWithdrawal(draft.record, asset, destination);
  // Of a smaller one nothing need be kept.
  if (known === undefined || known.total < total) signWithdrawal(draft, from, withdrawal, rules);
  const signature = rules.signer.sign(rules.digests.withdrawal(draft.record.id, withdrawal));
  draft.sends.push({ to: from, part: { kind: "withdrawn", asset, total, signature } });
}

function takeWithdrawn(draft: Draft, from: number, part: Extract<Part, { kind: "withdrawn" }>, rules: Rules): void {
  const { record } = draft;
  const { asset, total, signature } = part;
  const destination = toDestination(record.params.participants[record.me]!);
  const known = findWithdrawal(record, asset, destination);
  if (known?.total !== total || known.signatures[from] !== undefined) return;
  if (!isSignedBy(draft, rules, from, rules.digests.withdrawal(record.id, known), signature)) {
    return reject(draft, from, "its signature under the withdrawal is not its own");
  }
  const signed = { ...known, signatures: known.signatures.with(from, signature) };
  replaceWithdrawal(draft, signed);
  if (isComplete(signed)) draft.notices.push({ kind: "withdrawable", asset, total });
}

function findWithdrawal(record: ChannelRecord, asset: Hex, destination: Hex): SignedWithdrawal | undefined {
  return record.withdrawals.find((entry) => entry.asset === asset && entry.destination === destination);
}

function signWithdrawal(
  draft: Draft,
  participant: number,
  withdrawal: Pick<SignedWithdrawal, "asset" | "destination" | "total">,
  rules: Rules,
): void {
  const { id, params, me } = draft.record;
  const signature = rules.signer.sign(rules.digests.withdrawal(id, withdrawal));
  const signatures = params.participants.map((_, i) => (i === me ? signature : undefined));
  replaceWithdrawal(draft, { ...withdrawal, participant, signatures });
}

function replaceWithdrawal(draft: Draft, entry: SignedWithdrawal): void {
  const others = draft.record.withdrawals.filter(
    ({ asset, destination }) => asset !== entry.asset || destination !== entry.destination,
  );
  amend(draft, { withdrawals: [...others, entry] });
}

/** Does all that can be done now. */
function advance(draft: Draft, rules: Rules): void {
  for (;;) {
    const { record } = draft;
    const turn = nextTurn(record);
    if (record.supported?.state.isFinal === true) {
      failIntents(draft, "the channel has a final state");
      return;
    }
    if (standstill(draft, rules, turn) !== undefined) return;
    const goOn =
      record.pending !== undefined
        ? countersign(draft, record.pending, rules)
        : moverOf(record, turn) === record.me
          ? propose(draft, turn, rules)
          : ask(draft, turn, rules);
    if (!goOn) return;
  }
}

/** @returns whether there may be more to do. */
function countersign(draft: Draft, pending: KnownState, rules: Rules): boolean {
  const { me } = draft.record;
  if (pending.signatures[me] !== undefined) return false;
  const verdict = mayFollow(draft, rules, pending, { role: "countersign", asker: undefined });
  if (verdict.is === "yes") {
    const signature = rules.signer.sign(rules.digests.ofStateHash(pending.hash));
    const signed = { ...pending, signatures: pending.signatures.with(me, signature) };
    if (isComplete(signed)) support(draft, signed);
    else amend(draft, { pending: signed });
    draft.sends.push({ to: "all", part: { kind: "sign", stateHash: pending.hash, signature } });
    return true;
  }
  if (verdict.is === "no" && draft.refused !== pending.hash) {
    draft.refused = pending.hash;
    refuse(draft, moverOf(draft.record, pending.state.turnNum), pending.hash, verdict.reason);
  }
  return false;
}

function propose(draft: Draft, turn: bigint, rules: Rules): boolean {
  const { record } = draft;
  const next = choose(draft, turn, rules);
  if (next === undefined) return false;
  const signature = rules.signer.sign(rules.digests.ofStateHash(next.hash));
  const signatures = record.params.participants.map((_, i) => (i === record.me ? signature : undefined));
  const pending = { ...next, signatures };
  amend(draft, { pending });
  draft.sends.push({ to: "all", part: statePart(pending) });
  return true;
}

/** What we propose: the channel's beginning; then what we want ourselves; then what others want. */
function choose(draft: Draft, turn: bigint, rules: Rules): KnownState | undefined {
  const { record } = draft;
  const { id, supported, initial, me } = record;
  if (turn === PREFUND_TURN || supported === undefined) return knownState(id, PREFUND_TURN, initial, []);
  if (turn === POSTFUND_TURN && record.isFunded) return knownState(id, turn, contentOf(supported), []);
  const own = wanted(draft, turn, rules, { role: "propose", asker: me });
  if (own !== undefined) return own;
  const count = record.params.participants.length;
  for (let i = 1; i < count; i++) {
    const asker = (me + i) % count;
    const content = draft.requests[asker];
    if (content === undefined) continue;
    draft.requests = draft.requests.with(asker, undefined);
    const next = knownState(id, turn, content, []);
    const verdict = mayFollow(draft, rules, next, { role: "propose", asker });
    if (verdict.is === "yes") return next;
    refuse(draft, asker, next.hash, verdict.reason);
  }
  return undefined;
}

/** The first intent that may be, as a state; those before it fail. */
function wanted(
  draft: Draft,
  turn: bigint,
  rules: Rules,
  how: { role: "propose"; asker: number },
): KnownState | undefined {
  const { id, supported } = draft.record;
  for (;;) {
    const [intent, ...others] = draft.intents;
    if (intent === undefined || supported === undefined) return undefined;
    const content = intent.change(supported);
    const next = typeof content === "string" ? content : tryKnown(id, turn, content, content.decoded ?? supported);
    if (typeof next !== "string") {
      const verdict = mayFollow(draft, rules, next, how);
      if (verdict.is === "later") return undefined;
      if (verdict.is === "yes") {
        draft.intents = [{ ...intent, hash: next.hash }, ...others];
        return next;
      }
      draft.notices.push({ kind: "failed", intent: intent.id, reason: verdict.reason });
    } else {
      draft.notices.push({ kind: "failed", intent: intent.id, reason: next });
    }
    draft.intents = others;
  }
}

/** Asks the mover for what we want; once a turn, because what was asked for cannot be taken back. */
function ask(draft: Draft, turn: bigint, rules: Rules): boolean {
  const { record } = draft;
  if (record.asked !== undefined) return false;
  const next = wanted(draft, turn, rules, { role: "propose", asker: record.me });
  if (next === undefined) return false;
  const content = contentOf(next);
  amend(draft, { asked: { turnNum: turn, hash: next.hash, content } });
  draft.sends.push({ to: moverOf(record, turn), part: { kind: "request", turnNum: turn, content } });
  return false;
}

/** Everybody signed: from here on this is the state of the channel. */
function support(draft: Draft, signed: KnownState): void {
  const { record } = draft;
  amend(draft, { supported: signed, pending: undefined, asked: undefined });
  draft.notices.push({ kind: "supported", signed });
  draft.early = record.params.participants.map(() => undefined);
  draft.requests = record.params.participants.map(() => undefined);
  draft.refused = undefined;
  const [first, ...others] = draft.intents;
  if (first?.hash === signed.hash) {
    draft.intents = others;
    draft.notices.push({ kind: "settled", intent: first.id, signed });
  } else if (first?.hash !== undefined) {
    draft.intents = [{ id: first.id, change: first.change }, ...others];
  }
}

/** All that the others may have lost. */
function resend(draft: Draft): void {
  const { record } = draft;
  const { params, initial } = record;
  const turn = nextTurn(record);
  if (turn === PREFUND_TURN && record.isOpener)
    draft.sends.push({ to: "all", part: { kind: "open", params, initial } });
  if (record.pending !== undefined) draft.sends.push({ to: "all", part: statePart(record.pending) });
  draft.sends.push({ to: "all", part: { kind: "sync", turnNum: turn - 1n } });
  for (const i of params.participants.keys()) {
    if (i === record.me) continue;
    sendAsked(draft, i);
    sendWithdrawals(draft, i);
  }
}

function sendAsked(draft: Draft, to: number): void {
  const { asked, pending } = draft.record;
  if (asked === undefined || pending !== undefined || moverOf(draft.record, asked.turnNum) !== to) return;
  draft.sends.push({ to, part: { kind: "request", turnNum: asked.turnNum, content: asked.content } });
}

function sendWithdrawals(draft: Draft, to: number): void {
  const { withdrawals, me } = draft.record;
  for (const { participant, asset, total, signatures } of withdrawals) {
    if (participant === me && signatures[to] === undefined) {
      draft.sends.push({ to, part: { kind: "withdraw", asset, total } });
    }
  }
}

function failIntents(draft: Draft, reason: string): void {
  for (const { id } of draft.intents) draft.notices.push({ kind: "failed", intent: id, reason });
  draft.intents = [];
}

function amend(draft: Draft, change: Partial<ChannelRecord>): void {
  draft.record = { ...draft.record, ...change };
}

function refuse(draft: Draft, participant: number, hash: Hex, reason: string): void {
  draft.sends.push({ to: participant, part: { kind: "refuse", hash, reason } });
  draft.notices.push({ kind: "refusal", participant, reason });
}

function reject(draft: Draft, from: number, reason: string): void {
  draft.notices.push({ kind: "rejected", from, reason });
}

/** A state of what somebody sent or wants; a text says what is wrong with it. */
function tryKnown(
  channelId: Hex,
  turnNum: bigint,
  content: Content,
  near: KnownState | Outcome | undefined,
): KnownState | string {
  const fault = sizeFault(content);
  if (fault !== undefined) return fault;
  try {
    return knownState(channelId, turnNum, content, [], near);
  } catch (error) {
    if (error instanceof OutcomeError) return error.message;
    throw error;
  }
}
