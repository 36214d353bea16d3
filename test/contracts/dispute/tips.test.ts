import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import { AvailabilityChallenge__factory, DataAvailabilityCommittee__factory } from "../../../typechain-types/index.js";
import { certificateOf, CHALLENGE_TIMES, DEMAND_BOND, deployChallenge } from "../../support/availability.js";
import { postBatch } from "../../support/batches.js";
import {
  bondsLess,
  type Claim,
  counter,
  counterBatch,
  type GameWorld,
  lieFrom,
  listOf,
  answer as planned,
  passGame,
  resolve,
  sceneOf,
  sendCounter,
  useGame,
} from "../../support/dispute.js";
import { gasOf } from "../../support/gas.js";
import { headerHash } from "../../support/protocol.js";
import { nextBlockAt, now } from "../../support/world.js";

/** Gas that a base bond pays for: docs/dispute.md §5. */
const GAS_OF_BASE_BOND = 300_000n;

describe("DisputeGame: who resolves", () => {
  const world = useGame({}, (suite) => deployChallenge(suite));

  /** A true batch with bob's false claim and alice's answer, and nonsense of bob's from states that nobody ever reached. */
  async function flooded(suite: GameWorld, count: number) {
    const { header, truth, honest, lie } = await sceneOf(suite, "true");
    const first = await counterBatch(suite, header, truth, lie, suite.actors.bob);
    const second = await counter(suite, first, honest, suite.actors.alice);
    const flood: Claim[] = [];
    for (let i = 0; i < count; i++) {
      const index = 1 + (i % 15);
      const list = listOf(suite, lieFrom(lie, 0n, `flood ${i}`), 2, 0n);
      await sendCounter(suite, first, index, list, suite.actors.bob);
      flood.push(planned(suite, first, index, list, suite.actors.bob));
    }
    await passGame(suite, header);
    return { header, first, second, flood };
  }

  /** Wei at the gas price that the base bond assumes. */
  const priceOf = async ({ baseBond }: GameWorld, sent: ContractTransactionResponse): Promise<bigint> =>
    (BigInt(await gasOf(sent)) * baseBond) / GAS_OF_BASE_BOND;

  it("has the tip of each claim", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { second, flood } = await flooded(suite, 2);
    const sent = await game.connect(actors.third).resolve([second, ...flood].map(({ claim }) => claim));
    const tips = 3n * (await game.tip());
    await expect(sent).to.emit(game, "TipsEarned").withArgs(actors.third.address, tips);
    expect(await game.creditOf(actors.third)).to.equal(tips);
    expect(await game.creditOf(actors.alice)).to.equal(await bondsLess(suite, [2], 1));
    expect(await game.creditOf(actors.bob)).to.equal(await bondsLess(suite, [2, 2], 2));
    expect(await game.tip()).to.equal(suite.baseBond / 2n);
  });

  it("and made the claim loses nothing", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { second } = await flooded(suite, 0);
    await game.connect(actors.alice).resolve([second.claim]);
    expect(await game.creditOf(actors.alice)).to.equal(await game.bond(2n));
  });

  it("earns nothing with what is resolved", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { second, flood } = await flooded(suite, 1);
    await resolve(suite, [second, ...flood]);
    for (const claims of [[second, ...flood], []]) {
      const sent = await game.connect(actors.third).resolve(claims.map(({ claim }) => claim));
      await expect(sent).not.to.emit(game, "TipsEarned");
    }
    expect(await game.creditOf(actors.third)).to.equal(0n);
    const twice = [...flood, ...flood].map(({ claim }) => claim);
    await game.connect(actors.third).resolve(twice);
    expect(await game.creditOf(actors.third)).to.equal(0n);
  });

  it("earns a claim once that is named twice", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { second } = await flooded(suite, 0);
    await game.connect(actors.third).resolve([second.claim, second.claim]);
    expect(await game.creditOf(actors.third)).to.equal(await game.tip());
  });

  it("the batch has the tip that the first claim against it left, whatever became of the others", async () => {
    const suite = world();
    const { game, actors, connection } = suite;
    const { header, truth, honest, lie } = await sceneOf(suite, "true");
    const claims: Claim[] = [];
    for (const name of ["early", "late"]) {
      expect(await now(suite)).to.be.below(header.finalizesAt);
      const first = await counterBatch(suite, header, truth, lieFrom(lie, 6n, name), actors.bob);
      const second = await counter(suite, first, honest, actors.alice);
      // The first ones are resolved while the batch can be countered: more may come.
      await connection.networkHelpers.time.increaseTo((await game.closesAt(second.claim)) + 1n);
      await resolve(suite, [first, second]);
      claims.push(first, second);
      expect((await game.claimState(headerHash(header))).holdsTip).to.equal(true);
    }
    expect(await game.creditOf(actors.alice)).to.equal(await bondsLess(suite, [1, 1, 2, 2], claims.length + 1));
    await passGame(suite, header);
    const sent = await game.connect(actors.third).resolveBatch(header);
    await expect(sent)
      .to.emit(game, "TipsEarned")
      .withArgs(actors.third.address, await game.tip());
    expect(await game.creditOf(actors.third)).to.equal(await game.tip());
  });

  it("a batch that was not countered, but whose data were withheld, has none: there is no bond", async () => {
    const suite = world();
    const { game, actors, genesis } = suite;
    const data = Uint8Array.of(1, 2, 3);
    const header = await postBatch(suite, genesis, { data: "0x010203" });
    const challenge = AvailabilityChallenge__factory.connect(await game.availability(), actors.alice);
    const { committee } = await challenge.parameters();
    const members = DataAvailabilityCommittee__factory.connect(committee, actors.alice);
    const certificate = await certificateOf(suite, members, data);
    await challenge.demand(header, certificate, 0, { value: DEMAND_BOND });
    await nextBlockAt(suite, (await now(suite)) + CHALLENGE_TIMES.answerTime);
    const { root, length } = certificate;
    await challenge.close(header, { headerHash: headerHash(header), root, length, index: 0 });
    await nextBlockAt(suite, header.finalizesAt);
    const sent = await game.connect(actors.third).resolveBatch(header);
    await expect(sent).not.to.emit(game, "TipsEarned");
    expect(await game.creditOf(actors.third)).to.equal(0n);
  });

  for (const count of [1, 2, 7, 40]) {
    it(`a flood of ${count} loses nothing at the gas price that the base bond assumes`, async () => {
      const suite = world();
      const { game, actors } = suite;
      const { flood } = await flooded(suite, count);
      expect(await game.creditOf(actors.third)).to.equal(0n);
      const sent = await game.connect(actors.third).resolve(flood.map(({ claim }) => claim));
      const tips = BigInt(count) * (await game.tip());
      expect(await game.creditOf(actors.third)).to.equal(tips);
      const taken = await game.connect(actors.third).claimCredit(actors.third);
      const price = (await priceOf(suite, sent)) + (await priceOf(suite, taken));
      expect(price <= tips, `${price} wei of gas, ${tips} of tips`).to.equal(true);
    });
  }

  it("a batch that liars attacked and defended among themselves loses nothing at that price", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { header, first, second } = await flooded(suite, 0);
    const resolved = await game.connect(actors.third).resolve([second.claim, first.claim]);
    const ended = await game.connect(actors.third).resolveBatch(header);
    const price = (await priceOf(suite, resolved)) + (await priceOf(suite, ended));
    const tips = await game.creditOf(actors.third);
    expect(tips).to.equal(3n * (await game.tip()));
    expect(price <= tips, `${price} wei of gas, ${tips} of tips`).to.equal(true);
    expect((await priceOf(suite, ended)) <= (await game.tip())).to.equal(true);
  });
});
