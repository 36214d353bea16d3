import { expect } from "chai";

import { levelsOf } from "../../plugin/dispute/rules.js";
import type { Hex } from "../../plugin/types.js";
import { createRandom } from "../machine/support/random.js";
import { playSybilAttack } from "./support/sybil.js";
import { createTable } from "./support/table.js";
import { toyBatch } from "./support/toy.js";

const account = (i: number): Hex => `0x${String(i).padStart(40, "0")}`;

describe("an attack by hundreds of accounts", function () {
  this.timeout(60_000);
  const rules = { bits: 4, levels: levelsOf(4), clock: 302_400n, extension: 21_600n, baseBond: 10n ** 17n };
  const [honest, resolver, liars] = [account(1), account(2), Array.from({ length: 250 }, (_, i) => account(100 + i))];

  it("of 500 dishonest claims at all depths loses to one honest account, whose work is bounded by it", async () => {
    const { run, batch } = toyBatch({ isTrue: true, length: 2 ** 35 });
    const table = createTable(rules, { ...batch, finalizesAt: 10n ** 6n }, run);
    const report = await playSybilAttack(table, { honest, liars, resolver }, createRandom(4), 500);
    const { model, tree } = table;

    expect(Object.values(report.lies).every((count) => count > 50)).to.equal(true);
    const depths = new Set([...tree.nodes()].map(({ depth }) => depth));
    expect(depths.size).to.equal(1 + rules.levels);
    expect(model.outcome).to.deep.equal({ winner: undefined });
    const own = [...model.claims.values()].filter(({ claimant }) => claimant === honest);
    expect(own.every(({ outcome }) => outcome === "standing")).to.equal(true);

    // One answer for each lie that starts from a true state, and none for the others.
    expect(report.steps).to.be.greaterThan(0);
    expect(report.answers).to.equal(own.length);
    expect(report.answers + report.steps).to.be.at.most(500 - report.lies.offTrace);
    // What it is asked of the trace are the states of those lies and of their answers.
    expect(report.states).to.be.at.most(1 + 16 * (500 - report.lies.offTrace + report.answers));
    expect(report.locked.honest < report.locked.liars).to.equal(true);
  });
});
