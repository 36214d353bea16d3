import { expect } from "chai";

import { bondOf, maxDuration } from "../../plugin/dispute/rules.js";
import { endsAt } from "../../plugin/dispute/tree.js";
import type { Hex } from "../../plugin/types.js";
import { createRandom } from "../machine/support/random.js";
import { bondOf as modelBond, closesAt, createModel, type ModelClaim, tipOf } from "./model.js";
import { playRandomGame, type RandomGame } from "./support/random-game.js";
import { createTable } from "./support/table.js";
import { hashOf, toyBatch } from "./support/toy.js";
import { firstFalse, isTrueNode, startsTrue } from "./support/truth.js";

const GAMES = process.env.ROLLUP_TEST_LONG === "1" ? 10_000 : 400;

const account = (name: string): Hex => hashOf(`0x${Buffer.from(name).toString("hex")}`).slice(0, 42) as Hex;
const cast = { honest: ["alice", "bob"].map(account), liars: ["mallory", "trudy", "eve", "oscar"].map(account) };

describe("properties of the dispute game over random games", function () {
  this.timeout(30 * 60_000);

  const games: { seed: number; game: RandomGame; isTrue: boolean }[] = [];

  before(async () => {
    for (let seed = 1; seed <= GAMES; seed++) games.push({ seed, ...(await randomGame(seed)) });
  });

  /** Checks every game, and says of which seed the one is that fails. */
  function each(check: (game: RandomGame, isTrue: boolean) => void): () => void {
    return () => {
      for (const { seed, game, isTrue } of games) {
        try {
          check(game, isTrue);
        } catch (error) {
          throw new Error(`game of seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    };
  }

  it(
    "a batch stands exactly if it is true",
    each(({ table }, isTrue) => {
      if (table.model.claims.size === 0) expect(isTrue).to.equal(true);
      else expect(table.model.outcome?.winner === undefined).to.equal(isTrue);
    }),
  );

  it(
    "whoever made the true claim against a false batch wins it",
    each(({ table: { tree, model, run } }, isTrue) => {
      if (isTrue) return;
      const truth = tree.root.children.find((child) => isTrueNode(run, child));
      expect(model.outcome?.winner).to.equal(truth?.claimant);
    }),
  );

  it(
    "no claim of an honest participant is refuted, and each answer wins a base bond at least, whoever resolves",
    each(({ table: { model }, cast }) => {
      const own = claims(model.claims).filter(({ claimant }) => cast.honest.includes(claimant as Hex));
      expect(own.map(({ outcome }) => outcome)).to.not.include("refuted");
      for (const claim of own) {
        const loss = modelBond(model.rules, claim) - claim.amount!;
        expect(claim.payee).to.equal(claim.claimant);
        if (claim.parent === undefined) {
          // The proposer's bond rewards it.
          expect(loss <= 2n * tipOf(model.rules)).to.equal(true);
        } else {
          expect(claim.parent.payee).to.equal(claim.claimant);
          expect(claim.parent.amount! - loss >= model.rules.baseBond).to.equal(true);
        }
      }
    }),
  );

  it(
    "every claim that is resolved pays a tip, and the first against the batch that for the batch",
    each(({ table: { model, tree } }) => {
      const isStepped = ({ children, outcome }: ModelClaim) =>
        outcome === "refuted" && !children.some((child) => child.outcome === "standing");
      const unstepped = claims(model.claims).filter((claim) => !isStepped(claim));
      const tips = claims(model.claims).map((claim) => modelBond(model.rules, claim) - claim.amount!);
      const paid = tips.filter((tip) => tip > 0n);
      expect(paid.length).to.equal(unstepped.length);
      expect(sum(paid)).to.equal(tipOf(tree.parameters) * BigInt(model.claims.size > 0 ? 1 + unstepped.length : 0));
      expect(model.held).to.equal(0n);
    }),
  );

  it(
    "the bond of every false claim that starts from a true state is its true child's, or the stepper's",
    each(({ table: { tree, model, run } }) => {
      for (const node of tree.nodes()) {
        if (node.depth === 0 || !startsTrue(run, node) || isTrueNode(run, node)) continue;
        expect(node.status).to.equal("refuted");
        if (node.depth === tree.parameters.levels) continue;
        const truth = node.children.find((child) => child.index === firstFalse(run, node) && isTrueNode(run, child));
        expect(node.payee).to.equal(truth?.claimant);
        expect(model.claims.get(node.id)?.payee).to.equal(truth?.claimant);
      }
    }),
  );

  it(
    "every true claim that starts from a true state stands",
    each(({ table: { tree, run } }) => {
      for (const node of tree.nodes()) {
        if (node.depth > 0 && startsTrue(run, node) && isTrueNode(run, node)) expect(node.status).to.equal("standing");
      }
    }),
  );

  it(
    "no claim closes after the bound, however many there are",
    each(({ table: { tree, model }, overAt }) => {
      // Two extensions of it are left for the transactions that resolve.
      const bound = tree.batch.finalizesAt + maxDuration(tree.parameters) - 2n * tree.parameters.extension;
      for (const claim of model.claims.values()) expect(closesAt(model.rules, claim) <= bound).to.equal(true);
      expect(endsAt(tree) <= bound && overAt >= tree.batch.finalizesAt).to.equal(true);
    }),
  );

  it(
    "no claim is countered out of time",
    each(({ table: { model } }) => {
      for (const claim of model.claims.values()) {
        const closed = claim.parent === undefined ? model.batch.finalizesAt : closesAt(model.rules, claim.parent);
        expect(claim.postedAt < closed).to.equal(true);
      }
    }),
  );

  it(
    "all bonds are paid out, to the wei, once",
    each(({ table: { model } }) => {
      const bonds = sum(claims(model.claims).map((claim) => modelBond(model.rules, claim)));
      expect(claims(model.claims).every(({ outcome }) => outcome !== undefined)).to.equal(true);
      expect(sum([...model.credits.values()])).to.equal(model.balance);
      expect(model.balance <= bonds).to.equal(true);
      for (const by of [...model.credits.keys()]) model.claimCredit(by);
      expect(model.balance).to.equal(0n);
    }),
  );

  it(
    "nothing moves after the game",
    each(({ table: { model, tree }, overAt }) => {
      const before = claims(model.claims).map(({ id, outcome, payee }) => [id, outcome, payee]);
      for (const node of [...tree.nodes()].slice(1)) {
        const list = [...node.list.slice(1), hashOf(7n)];
        const value = bondOf(tree.parameters, Math.min(node.depth + 1, tree.parameters.levels));
        expect(model.counter({ by: "x", named: node, index: 0, list, value, now: overAt })).to.include(
          "ClaimIsResolved",
        );
        const next = () => hashOf(7n);
        expect(model.step({ by: "x", named: node, index: 0, next, now: overAt })).to.include("ClaimIsResolved");
        expect(model.resolve({ by: "x", ids: [node.id], now: overAt })).to.deep.equal([]);
      }
      if (before.length > 0) expect(model.resolveBatch({ by: "x", now: overAt })).to.include("ClaimIsResolved");
      expect(claims(model.claims).map(({ id, outcome, payee }) => [id, outcome, payee])).to.deep.equal(before);
      expect(model.balance).to.equal(0n);
    }),
  );

  it("two lines that both wait to the last second end just before the bound, two extensions of it left", () => {
    for (const levels of [2, 3, 8, 10, 40]) {
      const [clock, extension] = [1_000n, 70n];
      const rules = { bits: 1, levels, clock, extension, baseBond: 1n };
      const model = createModel(rules, { id: "batch", start: "s", end: "e", finalizesAt: 5_000n }, (...parts) =>
        parts.join(),
      );
      const by = { by: "x", list: ["a", "b"] };
      expect(model.counterBatch({ ...by, value: BigInt(levels), now: 4_999n })).to.deep.equal([]);
      for (let depth = 1; depth < levels; depth++) {
        const named = claims(model.claims).at(-1)!;
        const move = { by: "x", named, index: 0, list: ["a", `b${depth}`], value: BigInt(levels - depth) };
        expect(model.counter({ ...move, now: closesAt(rules, named) })).to.include("ClaimClosed");
        expect(model.counter({ ...move, now: closesAt(rules, named) - 1n })).to.deep.equal([]);
      }
      const last = closesAt(rules, claims(model.claims).at(-1)!);
      // Each move but the last lets a second of its time go.
      expect(last).to.equal(5_000n - 1n + 2n * clock + BigInt(levels - 2) * extension - BigInt(levels - 1));
      expect(last <= 5_000n + maxDuration(rules) - 2n * extension).to.equal(true);
    }
  });

  it("who is cut off from L1 for less than CLOCK loses neither the batch nor a bond, if it answers what decides the batch", async () => {
    let late = 0;
    for (let seed = 1; seed <= GAMES; seed++) {
      const { game, isTrue } = await randomGame(seed, true);
      const { model } = game.table;
      if (model.claims.size > 0) expect(model.outcome?.winner === undefined, `seed ${seed}`).to.equal(isTrue);
      const own = claims(model.claims).filter(({ claimant }) => cast.honest.includes(claimant as Hex));
      expect(
        own.map(({ outcome }) => outcome),
        `seed ${seed}`,
      ).to.not.include("refuted");
      if (
        own.some(
          (claim) => claim.parent !== undefined && claim.postedAt - claim.parent.postedAt >= model.rules.extension,
        )
      )
        late++;
    }
    expect(late).to.be.greaterThan(GAMES / 10);
  });

  it("the games were not all alike", () => {
    const all = games.map(({ game }) => game);
    const refusals = new Set(all.flatMap((game) => [...game.refusals]));
    expect([...refusals]).to.include.members([
      ...["ClaimClosed", "ListLength", "WrongBond", "ClaimExists"].map((reason) => `counterBatch: ${reason}`),
      ...["UnknownClaim", "ClaimIsResolved", "ClaimClosed", "ClaimIsStep", "ListMismatch", "IndexOutOfRange"].map(
        (reason) => `counter: ${reason}`,
      ),
      ...["ListLength", "SameEnd", "WrongBond", "ClaimExists"].map((reason) => `counter: ${reason}`),
      ...["ClaimClosed", "ClaimIsNotStep", "StepAgrees", "Witness"].map((reason) => `step: ${reason}`),
      ...["UnknownClaim", "ClaimOpen"].map((reason) => `resolve: ${reason}`),
      ...["ClaimOpen"].map((reason) => `resolveBatch: ${reason}`),
    ]);
    const deepest = all.filter(({ table: { tree } }) =>
      [...tree.nodes()].some(({ depth }) => depth === tree.parameters.levels),
    );
    expect(deepest.length).to.be.greaterThan(GAMES / 4);
    expect(sum(all.map(({ steps }) => BigInt(steps)))).to.be.greaterThan(BigInt(GAMES));
    const isExtended = ({ table: { model } }: RandomGame) =>
      claims(model.claims).some((claim) => closesAt(model.rules, claim) - claim.postedAt === model.rules.extension);
    expect(all.filter(isExtended).length).to.be.greaterThan(GAMES / 4);
  });
});

/** @param isCutOff Nobody honest gets anything into L1 for nearly CLOCK. */
async function randomGame(seed: number, isCutOff = false): Promise<{ game: RandomGame; isTrue: boolean }> {
  const random = createRandom(seed);
  const isTrue = random.chance(0.5);
  const bits = 1 + random.below(3);
  // A real game has eight at least; with two, a claim against the batch has a bond of two base bonds and leaves two tips.
  const levels = 3 + random.below(bits === 3 ? 1 : 3);
  const extension = 20n + BigInt(random.below(80));
  const clock = extension * BigInt(1 + random.below(6));
  const { run, batch } = toyBatch({ isTrue, length: 1 + random.below(2 ** (bits * levels)) });
  const table = createTable({ bits, levels, clock, extension, baseBond: 8n }, { ...batch, finalizesAt: 10_000n }, run);
  const from = 10_000n - clock + BigInt(random.below(Number(clock)));
  const absence = isCutOff ? { absence: { from, until: from + clock - 1n } } : {};
  return { game: await playRandomGame(table, { ...cast, ...absence }, random, 10 + random.below(50)), isTrue };
}

function claims(map: ReadonlyMap<string, ModelClaim>): ModelClaim[] {
  return [...map.values()];
}

function sum(values: bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}
