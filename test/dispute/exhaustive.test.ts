import { expect } from "chai";

import {
  bondOf,
  closesAt,
  createModel,
  depthOf,
  type Identify,
  type Model,
  type ModelClaim,
  stateBefore,
} from "./model.js";

const isLong = process.env.ROLLUP_TEST_LONG === "1";

// Two states per list, eight instructions. A state is named by its world and number: "t3" is true, "f3" is not.
const rules = { bits: 1, levels: 3, clock: 7n, extension: 3n, baseBond: 4n };
const finalizesAt = 100n;
const begin = finalizesAt - rules.extension;
const identify: Identify = (parent, index, start, list) => `${parent}/${index}${start}:${list.join("")}`;

/** What the liars do next, after waiting: answer claim number `target` (0 is the batch), with a list or with a step. */
interface Lie {
  wait: bigint;
  target: number;
  index: number;
  list: string[] | undefined;
}

/** All that liars can do against one game, up to a number of moves, with the honest side as slow as it may be or at once. */
describe("every small dispute game", function () {
  this.timeout(60 * 60_000);

  const scopes = [
    { what: "any order and timing", moves: isLong ? 4 : 3, waits: [0n, rules.extension - 1n, rules.clock - 1n] },
    { what: "many claims at once", moves: isLong ? 5 : 4, waits: [0n] },
  ];
  for (const { what, moves, waits } of scopes) {
    for (const end of ["t8", "f8"]) {
      it(`about a ${end === "t8" ? "true" : "false"} batch keeps its promises: ${what}, ${moves} moves of liars`, () => {
        let games = 0;
        for (const delay of [0n, rules.extension - 1n]) games += search(end, delay, waits, moves, []);

        expect(games).to.be.greaterThan(1_000);
      });
    }
  }
});

function search(end: string, delay: bigint, waits: bigint[], left: number, lies: Lie[]): number {
  const game = replay(end, delay, lies);
  if (game === undefined) return 0;
  // The list of what may come next is of the game as it stands now, the checks are of its end.
  const next = left === 0 ? [] : options(game.model, waits);
  try {
    game.finish();
    checkPromises(game.model, end);
  } catch (error) {
    throw new Error(
      `${JSON.stringify(lies, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value))}`,
      {
        cause: error,
      },
    );
  }
  return next.reduce((games, lie) => games + search(end, delay, waits, left - 1, [...lies, lie]), 1);
}

function options(model: Model, waits: bigint[]): Lie[] {
  const found: Lie[] = [];
  const claims = [...model.claims.values()];
  for (const wait of waits) {
    for (const list of listsOf(8, 4)) found.push({ wait, target: 0, index: 0, list });
    claims.forEach((claim, i) => {
      for (const index of [0, 1]) {
        if (claim.outcome !== undefined) continue;
        if (depthOf(claim) === rules.levels) found.push({ wait, target: i + 1, index, list: undefined });
        else
          for (const list of listsOf(numberOf(claim, index), strideOf(claim) / 2))
            found.push({ wait, target: i + 1, index, list });
      }
    });
  }
  return found;
}

/** All lists whose last state is number `last`. */
function listsOf(last: number, stride: number): string[][] {
  return ["t", "f"].flatMap((a) => ["t", "f"].map((b) => [`${a}${last - stride}`, `${b}${last}`]));
}

/** The game after some lies; undefined when one of them was refused. */
function replay(end: string, delay: bigint, lies: Lie[]): { model: Model; finish: () => void } | undefined {
  const model = createModel(rules, { id: "batch", start: "t0", end, finalizesAt }, identify);
  let now = begin;
  // Answers are due `delay` after what they answer.
  function pass(until: bigint): void {
    for (let due = nextDue(); due !== undefined && due <= until; due = nextDue()) {
      now = due > now ? due : now;
      answer(model, now);
    }
    now = until;
  }
  function nextDue(): bigint | undefined {
    const unanswered = findUnanswered(model).map(({ claim }) => (claim?.postedAt ?? begin) + delay);
    return unanswered.length === 0 ? undefined : unanswered.reduce((a, b) => (a < b ? a : b));
  }
  for (const { wait, target, index, list } of lies) {
    pass(now + wait);
    const named = [...model.claims.values()][target - 1];
    const value = rules.baseBond * BigInt(rules.levels - (named === undefined ? 0 : depthOf(named)));
    const refused =
      named === undefined
        ? model.counterBatch({ by: "liar", list: list!, value, now })
        : list === undefined
          ? model.step({ by: "liar", named, index, next: nextState, now })
          : model.counter({ by: "liar", named, index, list, value, now });
    if (refused.length > 0) return undefined;
    if (delay === 0n) pass(now);
  }
  const finish = (): void => {
    const bound = finalizesAt + 2n * rules.clock + BigInt(rules.levels) * rules.extension;
    pass(bound);
    const deepestFirst = [...model.claims.values()].sort((a, b) => depthOf(b) - depthOf(a));
    // INVARIANT: at the bound everything is closed, so this is not refused.
    const ids = deepestFirst.map(({ id }) => id);
    expect(model.resolve({ by: "other", ids, now: bound })).to.deep.equal([]);
    if (ids.length > 0) expect(model.resolveBatch({ by: "other", now: bound })).to.deep.equal([]);
  };
  return { model, finish };
}

function checkPromises(model: Model, end: string): void {
  const claims = [...model.claims.values()];
  if (end === "t8") expect(model.outcome?.winner).to.equal(undefined);
  else
    expect(model.outcome?.winner).to.equal(
      claims.find((claim) => claim.parent === undefined && isTrue(claim))?.claimant,
    );
  if (end === "f8") expect(model.outcome).to.not.equal(undefined);
  for (const claim of claims) {
    if (claim.claimant === "honest") expect(claim.outcome).to.equal("standing");
    if (claim.claimant === "honest" && claim.parent !== undefined) {
      expect(claim.amount! - bondOf(rules, claim) + claim.parent.amount! >= rules.baseBond).to.equal(true);
    }
    if (!startsTrue(claim)) continue;
    expect(claim.outcome).to.equal(isTrue(claim) ? "standing" : "refuted");
    const truth = claim.children.find((child) => child.index === firstFalse(claim.list) && isTrue(child));
    if (!isTrue(claim) && depthOf(claim) < rules.levels) expect(claim.payee).to.equal(truth?.claimant);
    const closed = claim.parent === undefined ? finalizesAt : closesAt(rules, claim.parent);
    expect(claim.postedAt < closed).to.equal(true);
  }
  const credits = [...model.credits.values()].reduce((a, b) => a + b, 0n);
  expect(credits).to.equal(model.balance);
}

/* THE HONEST SIDE, once more and without the plugin's tree */

function findUnanswered({ claims, outcome, batch }: Model): { claim?: ModelClaim; index: number }[] {
  const found: { claim?: ModelClaim; index: number }[] = [];
  if (outcome === undefined && batch.end === "f8" && !claims.has(identify("batch", 0, "t0", ["t4", "t8"])))
    found.push({ index: 0 });
  for (const claim of claims.values()) {
    if (claim.outcome !== undefined || !startsTrue(claim) || isTrue(claim)) continue;
    const index = firstFalse(claim.list);
    if (!claim.children.some((child) => child.index === index && isTrue(child))) found.push({ claim, index });
  }
  return found;
}

function answer(model: Model, now: bigint): void {
  for (const { claim, index } of findUnanswered(model)) {
    const by = "honest";
    if (claim === undefined) {
      expect(model.counterBatch({ by, list: ["t4", "t8"], value: 3n * rules.baseBond, now })).to.deep.equal([]);
    } else if (depthOf(claim) === rules.levels) {
      expect(model.step({ by, named: claim, index, next: nextState, now })).to.deep.equal([]);
    } else {
      const last = numberOf(claim, index);
      const list = [`t${last - strideOf(claim) / 2}`, `t${last}`];
      const value = rules.baseBond * BigInt(rules.levels - depthOf(claim));
      expect(model.counter({ by, named: claim, index, list, value, now })).to.deep.equal([]);
    }
  }
}

function nextState(state: string): string {
  return `${state[0]}${Number(state.slice(1)) + 1}`;
}

function strideOf(claim: ModelClaim): number {
  return 2 ** (rules.levels - depthOf(claim));
}

/** Number of state `index` of a claim's list. */
function numberOf(claim: ModelClaim, index: number): number {
  return Number(claim.list[index]!.slice(1));
}

function firstFalse(list: readonly string[]): number {
  return list.findIndex((state) => state.startsWith("f"));
}

function isTrue({ list }: ModelClaim): boolean {
  return firstFalse(list) < 0;
}

/** And so does everything above it. */
function startsTrue({ start, parent, index }: ModelClaim): boolean {
  if (parent === undefined) return true;
  expect(start).to.equal(stateBefore(parent, index));
  return start.startsWith("t") && startsTrue(parent);
}
