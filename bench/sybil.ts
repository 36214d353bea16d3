// A dispute about one true batch under attack by many accounts at all depths at once: gas of both sides, and the honest
// side's CPU time. Run: npx tsx bench/sybil.ts [claims]
import { formatTable } from "@nomicfoundation/hardhat-utils/format";

import { levelsOf } from "../plugin/dispute/rules.js";
import type { Hex } from "../plugin/types.js";
import { playSybilAttack } from "../test/dispute/support/sybil.js";
import { createTable, type Mirror, type Table } from "../test/dispute/support/table.js";
import { decideRun, deployWorld, sendPlay } from "../test/dispute/support/world.js";
import { createRandom } from "../test/machine/support/random.js";
import { createConnection } from "../test/support/env.js";

const BLOCK_GAS = 60_000_000;
const [ETHER, GWEI] = [10n ** 18n, 10n ** 9n];
const count = Number(process.argv[2] ?? 500);

const connection = await createConnection({ allowBlocksWithSameTimestamp: true });
const { ethers, networkHelpers } = connection;
const rules = { bits: 4, levels: levelsOf(4), clock: 302_400n, extension: 21_600n, baseBond: ETHER / 10n };
const world = await deployWorld(connection, rules);
const { run, batch } = await decideRun(world, { isTrue: true, length: 2 ** 35 });
const signers = await ethers.getSigners();
const byAddress = new Map(signers.map((signer) => [signer.address.toLowerCase(), signer]));
const [resolver, honest, ...liars] = [...byAddress.keys()].slice(4) as Hex[];
if (resolver === undefined || honest === undefined) throw new Error("the network has too few accounts");

const gas = { honest: 0, liars: 0, resolver: 0 };
const mirror: Mirror = async (by, play, now, reasons) => {
  if (reasons.length > 0) return;
  await networkHelpers.time.setNextBlockTimestamp(now);
  const sent = await sendPlay(world, table, byAddress.get(by)!, play);
  gas[by === honest ? "honest" : by === resolver ? "resolver" : "liars"] += Number((await sent.wait())!.gasUsed);
};
const table: Table = createTable(rules, batch, run, mirror);
for (const signer of signers) await networkHelpers.setBalance(signer.address, 10_000n * ETHER);
const report = await playSybilAttack(table, { honest, liars, resolver }, createRandom(4), count);

const won = (await world.game.creditOf(honest)) - bondsOf(honest);
const tips = await world.game.creditOf(resolver);
const claims = table.model.claims.size;
const answered = report.answers + report.steps;
const number = (value: number): string => Math.round(value).toLocaleString("en");
console.log(
  formatTable([
    { type: "title", text: `${count} dishonest claims about a true batch, full height, k = 16` },
    { type: "header", cells: ["", "figure"] },
    { type: "row", cells: ["lies against the batch", number(report.lies.batch)] },
    { type: "row", cells: ["lies against honest claims", number(report.lies.honest)] },
    { type: "row", cells: ["false siblings of honest claims", number(report.lies.sibling)] },
    { type: "row", cells: ["claims that start off the trace", number(report.lies.offTrace)] },
    { type: "row", cells: ["honest answers, of them steps", `${number(answered)}, ${number(report.steps)}`] },
    { type: "row", cells: ["gas of the attackers", number(gas.liars)] },
    { type: "row", cells: ["gas of the answers", number(gas.honest)] },
    { type: "row", cells: ["gas of an answer per gas of an attack", (gas.honest / gas.liars).toFixed(2)] },
    {
      type: "row",
      cells: ["gas of resolving everything, per claim", `${number(gas.resolver)}, ${number(gas.resolver / claims)}`],
    },
    {
      type: "row",
      cells: [
        "answers at once, share of a block of 60M gas",
        `${report.burst}, ${((report.burst * gas.honest) / answered / BLOCK_GAS).toFixed(2)}`,
      ],
    },
    {
      type: "row",
      cells: [
        "CPU ms of the strategy, in all and at most per look",
        `${number(report.cpu)}, ${number(report.longestLook)}`,
      ],
    },
    { type: "row", cells: ["states that the trace was asked for", number(report.states)] },
    {
      type: "row",
      cells: [
        "bonds locked, honest and attackers, in base bonds",
        `${report.locked.honest / rules.baseBond}, ${report.locked.liars / rules.baseBond}`,
      ],
    },
    { type: "row", cells: ["bonds that the honest account won, in base bonds", `${won / rules.baseBond}`] },
    {
      type: "row",
      cells: ["gas price at which that pays the answers, gwei", number(Number(won / BigInt(gas.honest) / GWEI))],
    },
    { type: "row", cells: ["tips for resolving, in base bonds", `${tips / rules.baseBond}`] },
    {
      type: "row",
      cells: ["gas price at which they pay the resolution, gwei", number(Number(tips / BigInt(gas.resolver) / GWEI))],
    },
  ]),
);
await connection.close();

/** Bonds that an account posted. */
function bondsOf(account: Hex): bigint {
  let sum = 0n;
  for (const { claimant, depth } of table.tree.nodes())
    if (claimant === account) sum += rules.baseBond * BigInt(rules.levels + 1 - depth);
  return sum;
}
