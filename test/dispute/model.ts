/**
 * The rules of docs/dispute.md, written down a second time: for reading, not for speed, and from the page alone.
 * Nothing is kept that follows from something else; a refused move names every reason there is.
 */

/** State hashes, ids and accounts are opaque here. */
type Word = string;

export interface ModelRules {
  bits: number;
  levels: number;
  clock: bigint;
  extension: bigint;
  baseBond: bigint;
}

export interface ModelBatch {
  id: Word;
  start: Word;
  end: Word;
  finalizesAt: bigint;
}

export interface ModelClaim {
  id: Word;
  /** Undefined where it counters the batch. */
  parent?: ModelClaim;
  index: number;
  start: Word;
  list: readonly Word[];
  claimant: Word;
  postedAt: bigint;
  children: ModelClaim[];
  outcome?: "standing" | "refuted";
  /** Who got its bond, and how much of it. */
  payee?: Word;
  amount?: bigint;
}

/** How a move names a claim: nobody but the contract knows whether there is such a claim. */
export interface Named {
  id: Word;
  list: readonly Word[];
}

/** Names of the contract's errors, without the prefix. Empty: the move was made. */
export type Reasons = string[];

export interface Model {
  readonly rules: ModelRules;
  readonly batch: ModelBatch;
  readonly claims: ReadonlyMap<Word, ModelClaim>;
  readonly credits: ReadonlyMap<Word, bigint>;
  /** Wei that the contract holds. */
  readonly balance: bigint;
  /** Who won against the batch, or nobody; undefined while that is open. */
  readonly outcome: { winner: Word | undefined } | undefined;
  /** Wei that the first resolved claim against the batch left for resolving it. */
  readonly held: bigint;
  counterBatch(move: { by: Word; list: readonly Word[]; value: bigint; now: bigint }): Reasons;
  counter(move: { by: Word; named: Named; index: number; list: readonly Word[]; value: bigint; now: bigint }): Reasons;
  /** @param move.next What the verifier makes of the state before `index`; undefined where it takes no such witness. */
  step(move: { by: Word; named: Named; index: number; next: (state: Word) => Word | undefined; now: bigint }): Reasons;
  resolve(move: { by: Word; ids: readonly Word[]; now: bigint }): Reasons;
  resolveBatch(move: { by: Word; now: bigint }): Reasons;
  claimCredit(by: Word): Reasons;
}

export type Identify = (parent: Word, index: number, start: Word, list: readonly Word[]) => Word;

export function createModel(rules: ModelRules, batch: ModelBatch, identify: Identify): Model {
  const claims = new Map<Word, ModelClaim>();
  const credits = new Map<Word, bigint>();
  const first: ModelClaim[] = [];
  let balance = 0n;
  let held = 0n;
  let outcome: { winner: Word | undefined } | undefined;

  /** Reasons why nobody can counter with this, whatever it counters; else makes the claim. */
  function post(
    reasons: Reasons,
    claim: Omit<ModelClaim, "id" | "children">,
    denied: Word | undefined,
    value: bigint,
    siblings: ModelClaim[],
  ): Reasons {
    const id = identify(claim.parent?.id ?? batch.id, claim.index, claim.start, claim.list);
    const made = { ...claim, id, children: [] };
    if (claim.list.length !== 2 ** rules.bits) reasons.push("ListLength");
    if (claim.list.at(-1) === denied) reasons.push("SameEnd");
    if (value !== bondOf(rules, made)) reasons.push("WrongBond");
    if (claims.has(id)) reasons.push("ClaimExists");
    if (reasons.length > 0) return reasons;
    claims.set(id, made);
    siblings.push(made);
    balance += value;
    return [];
  }

  /** Reasons why a claim cannot be answered at state `index`. */
  function unanswerable(claim: ModelClaim, { list }: Named, index: number, now: bigint): Reasons {
    const reasons: Reasons = [];
    if (claim.outcome !== undefined) reasons.push("ClaimIsResolved");
    if (now >= closesAt(rules, claim)) reasons.push("ClaimClosed");
    if (list.length !== claim.list.length || list.some((state, i) => state !== claim.list[i]))
      reasons.push("ListMismatch");
    if (index >= claim.list.length) reasons.push("IndexOutOfRange");
    return reasons;
  }

  function credit(account: Word, amount: bigint): void {
    if (amount > 0n) credits.set(account, (credits.get(account) ?? 0n) + amount);
  }

  function settle(claim: ModelClaim, isRefuted: boolean, payee: Word, tips: bigint): void {
    claim.outcome = isRefuted ? "refuted" : "standing";
    claim.payee = payee;
    claim.amount = bondOf(rules, claim) - tips;
    credit(payee, claim.amount);
  }

  return {
    rules,
    batch,
    claims,
    credits,
    get balance() {
      return balance;
    },
    get outcome() {
      return outcome;
    },
    get held() {
      return held;
    },

    counterBatch({ by, list, value, now }) {
      const reasons = now >= batch.finalizesAt ? ["ClaimClosed"] : [];
      const claim = { index: 0, start: batch.start, list, claimant: by, postedAt: now };
      return post(reasons, claim, batch.end, value, first);
    },

    counter({ by, named, index, list, value, now }) {
      const parent = claims.get(named.id);
      if (parent === undefined) return ["UnknownClaim"];
      const reasons = unanswerable(parent, named, index, now);
      if (depthOf(parent) === rules.levels) reasons.push("ClaimIsStep");
      const claim = { parent, index, start: stateBefore(parent, index), list, claimant: by, postedAt: now };
      return post(reasons, claim, parent.list[index], value, parent.children);
    },

    step({ by, named, index, next, now }) {
      const claim = claims.get(named.id);
      if (claim === undefined) return ["UnknownClaim"];
      const reasons = unanswerable(claim, named, index, now);
      if (depthOf(claim) !== rules.levels) reasons.push("ClaimIsNotStep");
      const state = next(stateBefore(claim, index));
      if (state === undefined) reasons.push("Witness");
      else if (state === claim.list[index]) reasons.push("StepAgrees");
      if (reasons.length === 0) settle(claim, true, by, 0n);
      return reasons;
    },

    resolve({ by, ids, now }) {
      const resolving = new Set<ModelClaim>();
      for (const id of ids) {
        const claim = claims.get(id);
        if (claim === undefined) return ["UnknownClaim"];
        if (claim.outcome !== undefined) continue;
        const reasons: Reasons = [];
        if (now < closesAt(rules, claim)) reasons.push("ClaimOpen");
        if (claim.children.some((child) => child.outcome === undefined && !resolving.has(child)))
          reasons.push("ChildrenOpen");
        if (reasons.length > 0) return reasons;
        resolving.add(claim);
      }
      for (const claim of resolving) {
        const winner = winnerAmong(claim.children);
        const isFirst = claim.parent === undefined && !first.some(({ amount }) => amount !== undefined);
        if (isFirst) held = tipOf(rules);
        settle(claim, winner !== undefined, (winner ?? claim).claimant, tipOf(rules) * (isFirst ? 2n : 1n));
        credit(by, tipOf(rules));
      }
      return [];
    },

    resolveBatch({ by, now }) {
      const reasons: Reasons = [];
      if (first.length === 0) reasons.push("UnknownClaim");
      if (outcome !== undefined) reasons.push("ClaimIsResolved");
      if (now < batch.finalizesAt) reasons.push("ClaimOpen");
      if (first.some((claim) => claim.outcome === undefined)) reasons.push("ChildrenOpen");
      if (reasons.length > 0) return reasons;
      outcome = { winner: winnerAmong(first)?.claimant };
      credit(by, held);
      held = 0n;
      return [];
    },

    claimCredit(by) {
      const amount = credits.get(by) ?? 0n;
      if (amount === 0n) return ["NoCredit"];
      credits.delete(by);
      balance -= amount;
      return [];
    },
  };
}

export function depthOf({ parent }: Pick<ModelClaim, "parent">): number {
  return parent === undefined ? 1 : depthOf(parent) + 1;
}

/** The state that an answer at `index` takes as given. */
export function stateBefore({ start, list }: ModelClaim, index: number): Word {
  return index === 0 ? start : (list[index - 1] ?? "none");
}

/** §5 */
export function bondOf({ levels, baseBond }: ModelRules, claim: Pick<ModelClaim, "parent">): bigint {
  return baseBond * BigInt(levels + 1 - depthOf(claim));
}

/** §5 */
export function tipOf({ baseBond }: ModelRules): bigint {
  return baseBond / 2n;
}

/** §3: used(D, countering C) */
export function usedBy(rules: ModelRules, claim: ModelClaim): bigint {
  const countered = claim.parent;
  if (countered === undefined) return 0n;
  const line = countered.parent === undefined ? 0n : usedBy(rules, countered.parent);
  return min(rules.clock, line + claim.postedAt - countered.postedAt);
}

/** §3: closes(C) */
export function closesAt(rules: ModelRules, { parent, postedAt }: ModelClaim): bigint {
  const used = parent === undefined ? 0n : usedBy(rules, parent);
  return postedAt + max(rules.clock - used, rules.extension);
}

/** §4: of those that stand, the lowest index; the earliest; the smallest first seven bytes of the id; the smallest claimant. */
function winnerAmong(siblings: ModelClaim[]): ModelClaim | undefined {
  const key = ({ index, postedAt, id, claimant }: ModelClaim) => [
    BigInt(index),
    postedAt,
    id.slice(0, 16),
    claimant.toLowerCase(),
  ];
  return siblings
    .filter(({ outcome }) => outcome === "standing")
    .sort((a, b) => {
      const [keyOfA, keyOfB] = [key(a), key(b)];
      const at = keyOfA.findIndex((part, i) => part !== keyOfB[i]);
      return at < 0 ? 0 : keyOfA[at]! < keyOfB[at]! ? -1 : 1;
    })[0];
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
