import { expect } from "chai";

import {
  type Claim,
  counter,
  counterBatch,
  type GameWorld,
  lieFrom,
  passGame,
  postFalseBatch,
  resolve,
  sceneOf,
  step,
  truthOf,
  useGame,
} from "../support/dispute.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";

/** The figures of docs/dispute.md: a false batch is countered over the full height of 2^40 instructions. */
const [MAX_MOVES, MOVE_CEILING, GAME_CEILING] = [12, 150_000, 2_500_000];

/** Gas of a game's parts; `winner` and `loser` have the moves, the step is the winner's. */
interface GameGas {
  moves: number[];
  winner: number;
  loser: number;
  step: number;
  resolve: number;
  resolveBatch: number;
}

/** Plays one game from the false batch to its revert. */
async function playGame(world: GameWorld): Promise<GameGas> {
  const { alice, bob } = world.actors;
  const header = await postFalseBatch(world, world.genesis);
  const truth = await truthOf(world, header);
  // The liar's machine goes astray where it reads its input.
  const lie = lieFrom(truth.stateAt, 6n);

  const first = await counterBatch(world, header, truth, truth.stateAt, alice);
  const claims: Claim[] = [first];
  const moves = [await gasOf(first.sent)];
  for (let last: Claim = first; last.depth < world.levels;) {
    const isHonest = last.depth % 2 === 0;
    const next = await counter(world, last, isHonest ? truth.stateAt : lie, isHonest ? alice : bob);
    moves.push(await gasOf(next.sent));
    claims.push((last = next));
  }
  const sum = (rest: number): number => moves.reduce((total, gas, i) => total + (i % 2 === rest ? gas : 0), 0);
  const [deepest] = claims.slice(-1);
  if (deepest === undefined) throw new Error("no claims");
  // Where the number of levels is odd, the last claim is true: the liar cannot step, and the game ends without.
  const stepGas = deepest.claimant === bob ? await gasOf(await step(world, deepest, truth, alice)) : 0;

  await passGame(world, header);
  const gas: GameGas = {
    moves,
    winner: sum(0) + stepGas,
    loser: sum(1),
    step: stepGas,
    resolve: await gasOf(await resolve(world, claims)),
    resolveBatch: await gasOf(await world.game.resolveBatch(header)),
  };
  expect(await world.registry.rewardOf(alice), "the honest one wins").to.be.above(0n);
  return gas;
}

describe("gas of the dispute game", () => {
  const measured: GasFigures = {};

  for (const dissectionBits of [1, 2, 3, 4, 5]) {
    const k = 1 << dissectionBits;
    describe(`k = ${k}`, () => {
      const world = useGame({ dissectionBits });

      it("plays 2^40 instructions down to one", async () => {
        const { moves, winner, loser, step: stepGas, resolve: resolveGas, resolveBatch } = await playGame(world());
        const [first = 0, ...others] = moves;
        const total = winner + loser + resolveGas + resolveBatch;
        measured[`k = ${k}, counterBatch`] = first;
        measured[`k = ${k}, counter, dearest`] = Math.max(...others);
        if (stepGas > 0) measured[`k = ${k}, step`] = stepGas;
        measured[`k = ${k}, resolve, per claim`] = Math.round(resolveGas / moves.length);
        measured[`k = ${k}, resolveBatch`] = resolveBatch;
        measured[`k = ${k}, winner's moves and step`] = winner;
        measured[`k = ${k}, loser's moves`] = loser;
        measured[`k = ${k}, whole game`] = total;
        console.log(
          `      ${moves.length} moves, counter ${Math.max(...others)}, step ${stepGas}, whole game ${total} gas`,
        );
        if (dissectionBits !== 4) return;
        expect(moves.length + 1).to.be.at.most(MAX_MOVES);
        for (const [i, gas] of moves.entries()) expectAtMost(`move ${i + 1}`, gas, MOVE_CEILING);
        expectAtMost("whole game", total, GAME_CEILING);
      });
    });
  }

  describe("who resolves what others left", () => {
    const world = useGame();

    it("is paid by tips", async () => {
      const suite = world();
      const { game, actors, baseBond } = suite;
      const { header, truth, honest, lie } = await sceneOf(suite, "true");
      const first = await counterBatch(suite, header, truth, lie, actors.bob);
      const second = await counter(suite, first, honest, actors.alice);
      await passGame(suite, header);
      const stranger = game.connect(actors.third);
      const gas = {
        "k = 16, resolve, a claim alone": await gasOf(await stranger.resolve([second.claim])),
        "k = 16, resolve, another alone": await gasOf(await stranger.resolve([first.claim])),
        "k = 16, resolveBatch, defended": await gasOf(await stranger.resolveBatch(header)),
      };
      // The base bond pays 300,000 gas.
      const paid = Number((300_000n * (await game.tip())) / baseBond);
      for (const [name, spent] of Object.entries(gas)) expectAtMost(name, spent, paid);
      Object.assign(measured, gas);
    });
  });

  // Tests of a block come before those of the blocks in it.
  describe("of every k", () => {
    it("costs what the snapshot says", () => checkGasSnapshot("dispute", measured));
  });
});
