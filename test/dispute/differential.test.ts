import { expect } from "chai";
import { getAddress, type Signer } from "ethers";

import { levelsOf } from "../../plugin/dispute/rules.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import { DisputeGame__factory, MockOneStepVerifier__factory } from "../../typechain-types/index.js";
import { createRandom } from "../machine/support/random.js";
import { type Connection, createConnection } from "../support/env.js";
import { closesAt, depthOf, type ModelClaim, type Reasons, usedBy } from "./model.js";
import { playRandomGame } from "./support/random-game.js";
import { createTable, type Mirror, type Play, type Table } from "./support/table.js";
import { contentOf, decideRun, deployWorld, type GameWorld, sendPlay } from "./support/world.js";

const GAMES = process.env.ROLLUP_TEST_LONG === "1" ? 500 : 30;
const STATUS = ["open", "standing", "refuted"];

describe("the model of the dispute game and the contract", function () {
  this.timeout(60 * 60_000);
  let connection: Connection;

  before(async () => {
    connection = await createConnection({ allowBlocksWithSameTimestamp: true });
  });
  after(() => connection.close());

  for (const bits of [5, 4, 3, 2, 1]) {
    it(`agree after every move of random games with lists of ${2 ** bits} states`, async () => {
      const rules = { bits, levels: levelsOf(bits), clock: 5_000n, extension: 600n, baseBond: 1_000_003n };
      const deployed = () => deployWorld(connection, rules);
      let [claims, deepest] = [0, 0];
      for (let seed = bits; seed <= GAMES; seed += 5) {
        const world = await connection.networkHelpers.loadFixture(deployed);
        try {
          const { model, tree } = await compare(world, seed);
          claims += model.claims.size;
          deepest = Math.max(deepest, ...[...tree.nodes()].map(({ depth }) => depth));
        } catch (error) {
          throw new Error(`game of seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
      expect(claims).to.be.greaterThan(2 * GAMES);
      expect(deepest).to.be.at.least(bits === 1 ? 24 : Math.ceil(40 / bits));
    });
  }
});

/** Plays a random game on both, and compares the whole at its end. */
async function compare(world: GameWorld, seed: number): Promise<Table> {
  const { game, connection, rules, actors, parameters, chain, registry } = world;
  const random = createRandom(seed);
  const signers = new Map(
    (await connection.ethers.getSigners()).map((signer) => [signer.address.toLowerCase(), signer]),
  );
  const accounts = [...signers.keys()].slice(4, 12) as Hex[];
  const length = 1 + Math.floor(2 ** (random.below(39) + 1) * 0.9);
  const { run, batch } = await decideRun(world, { isTrue: random.chance(0.5), length });
  const mirror: Mirror = (by, play, now, reasons) => check(world, table, signers.get(by)!, play, now, reasons);
  const table: Table = createTable(rules, batch, run, mirror);
  await playRandomGame(table, { honest: accounts.slice(0, 2), liars: accounts.slice(2) }, random, 120);

  for (const claim of table.model.claims.values()) await compareClaim(world, table, claim);
  await compareMoney(world, table, accounts);
  const winner = table.model.outcome?.winner;
  if (table.model.claims.size > 0) {
    expect(await game.winnerOf(batch.headerHash)).to.equal(addressOf(winner));
    expect(await chain.isDisputed(batch.headerHash)).to.equal(false);
    expect((await chain.heads()).head).to.equal(winner === undefined ? 1n : 0n);
    if (winner !== undefined) expect(await registry.rewardOf(winner)).to.equal(parameters.sequencerBond / 2n);
    expect(await registry.bondOf(actors.sequencer)).to.equal(winner === undefined ? parameters.sequencerBond : 0n);
  }
  for (const account of accounts) await game.connect(signers.get(account)).claimCredit(account).catch(noCredit);
  expect(await connection.ethers.provider.getBalance(game)).to.equal(0n);
  return table;
}

/** Sends the same move to the contract: it is made if the model made it, and refused for one of the model's reasons if not. */
async function check(
  world: GameWorld,
  table: Table,
  by: Signer,
  play: Play,
  now: bigint,
  reasons: Reasons,
): Promise<void> {
  await world.connection.networkHelpers.time.setNextBlockTimestamp(now);
  const refused = await sendPlay(world, table, by, play).then(() => undefined, reasonOf);
  const what = `${play.kind} at ${now}`;
  if (reasons.length > 0) expect(reasons, what).to.include(refused);
  else expect(refused, what).to.equal(undefined);
  const { claims } = table.model;
  if (play.kind === "counter" || play.kind === "counterBatch") {
    const made = [...claims.values()].at(-1);
    if (made !== undefined) await compareClaim(world, table, made);
  }
  if (play.kind === "counter" || play.kind === "step") {
    const claim = claims.get(play.named.id);
    if (claim !== undefined) await compareClaim(world, table, claim);
  }
  if (play.kind === "resolve" && reasons.length === 0) {
    for (const id of play.ids) await compareClaim(world, table, claims.get(id)!);
  }
  await compareMoney(world, table, [(await by.getAddress()) as Hex]);
}

async function compareClaim({ game, header }: GameWorld, { model, tree }: Table, claim: ModelClaim): Promise<void> {
  const found = await game.claimState(claim.id);
  expect({
    claimant: found.claimant.toLowerCase(),
    postedAt: found.postedAt,
    used: found.used,
    depth: Number(found.depth),
    openChildren: Number(found.openChildren),
    status: STATUS[Number(found.status)],
    holdsTip: found.holdsTip,
  }).to.deep.equal({
    claimant: claim.claimant,
    postedAt: claim.postedAt,
    used: usedBy(model.rules, claim),
    depth: depthOf(claim),
    openChildren: claim.children.filter(({ outcome }) => outcome === undefined).length,
    status: claim.outcome ?? "open",
    holdsTip: false,
  });
  const closing = closesAt(model.rules, claim);
  expect(await game.closesAt(contentOf(claim, claim.id, header))).to.equal(closing);
  const node = tree.get(claim.id as Hex);
  expect([node?.closesAt, node?.used, node?.status]).to.deep.equal([closing, found.used, claim.outcome ?? "open"]);
}

async function compareMoney({ game, connection }: GameWorld, { model }: Table, accounts: Hex[]): Promise<void> {
  expect(await connection.ethers.provider.getBalance(game)).to.equal(model.balance);
  for (const account of accounts) {
    expect(await game.creditOf(account)).to.equal(model.credits.get(account.toLowerCase()) ?? 0n);
  }
}

function addressOf(account: string | undefined): string {
  return getAddress(account ?? ZERO_ADDRESS);
}

/** Name of the error that a transaction failed with, as the model says it. */
function reasonOf(error: unknown): string {
  const data = revertData(error);
  if (data === undefined) throw error;
  if (data === "0x") return "without data";
  const selector = data.slice(0, 10);
  const names = [DisputeGame__factory.createInterface(), MockOneStepVerifier__factory.createInterface()];
  const name = names.map((abi) => abi.getError(selector)?.name).find((found) => found !== undefined);
  if (name === "OneStepVerifierWrongState") return "Witness";
  return name?.replace(/^Dispute/, "") ?? selector;
}

function revertData(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("data" in error && typeof error.data === "string") return error.data;
  return Object.values(error)
    .map(revertData)
    .find((data) => data !== undefined);
}

function noCredit(error: unknown): void {
  if (reasonOf(error) !== "NoCredit") throw error;
}
