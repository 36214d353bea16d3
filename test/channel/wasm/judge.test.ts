import { expect } from "chai";

import { encodeAppData, type ChannelMove, moveFrom, shownStateHash } from "../../../plugin/channel/wasm/move.js";
import { wasmRules, type WasmRules } from "../../../plugin/channel/wasm/rules.js";
import { VALID_OUTPUT } from "../../../plugin/channel/wasm/statement.js";
import { canonicalWasm } from "../../../plugin/machine/instrument.js";
import { type Hex, ZERO_HASH } from "../../../plugin/types.js";
import { ArbitrationMock__factory, type DisputeGame, type WasmForceMoveApp } from "../../../typechain-types/index.js";
import type { Connection } from "../../support/env.js";
import { actorsOf } from "../../support/suite.js";
import { useDeployed } from "../../support/world.js";
import { wat } from "../../machine/support/modules.js";
import { boardOf, drop, encodeBoard, outcomeOf } from "./connect-four.js";
import { connectFour, deployApp, GAME, WINDOW } from "./deploy.js";
import { judgeOf, lieAbout, playOut } from "./play.js";

const [OPEN, CHALLENGE] = [0n, 1n];

const text = (hex: string): string => hex.slice(2).replaceAll(/../g, "\\$&");

/**
 * A rule that divides by what is said, which is a byte: zero traps, all else is allowed. It finds the byte where it stands in the one
 * chunk of such a move (docs/wasm-apps.md §3): behind seven words, and two lengths with 33 bytes and with 32.
 */
const dividing = wasmRules(
  canonicalWasm(
    wat(`
      (import "host" "input" (func $input (param i32)))
      (import "host" "output" (func $output (param i32)))
      (import "host" "preimage" (func $preimage (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 4096) "${text(VALID_OUTPUT)}")
      (func $copy (param $from i32) (local $i i32)
        (loop $next
          (i64.store (local.get $i) (i64.load (i32.add (local.get $from) (local.get $i))))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 32)))))
      (func (export "run")
        (call $input (i32.const 0))
        (drop (call $preimage (i32.const 0) (i32.const 0)))
        (call $copy (i32.const 320))
        (drop (call $preimage (i32.const 0) (i32.const 0)))
        (call $copy (i32.const 64))
        (drop (call $preimage (i32.const 0) (i32.const 0)))
        (drop (i32.div_u (i32.const 100) (i32.load8_u (i32.const ${7 * 32 + 32 + 33 + 32 + 32}))))
        (call $output (i32.const 4096)))`),
  ),
);

async function deployScene(connection: Connection, rules: WasmRules) {
  const actors = await actorsOf(connection);
  const mock = await new ArbitrationMock__factory(actors.deployer).deploy();
  const { app, game } = await deployApp(actors, mock, rules);
  const players = [actors.alice.address, actors.bob.address] as [Hex, Hex];
  const domain = { l1ChainId: 31_337n, adjudicator: (await mock.getAddress()) as Hex };
  const params = {
    participants: players,
    channelNonce: 1n,
    appDefinition: (await app.getAddress()) as Hex,
    challengeDuration: 1_000,
    appParamsHash: ZERO_HASH,
  };
  /** A move of Bob's from a state of the program to another. */
  function bobs(before: Uint8Array, after: Uint8Array, isFinal = false): ChannelMove {
    const appData = encodeAppData({ previous: ZERO_HASH, state: before });
    const base = { turnNum: 4n, isFinal: false, appData, outcome: outcomeOf(players, [[100n, 0n]]) };
    return moveFrom(domain, params, base, { state: after, isFinal, outcome: outcomeOf(players, [[0n, 100n]]) });
  }
  const force = (move: ChannelMove) =>
    mock.set(move.channelId, CHALLENGE, shownStateHash(move.channelId, move.candidate));
  return { connection, actors, mock, app, game, players, bobs, force };
}

type Lie = ReturnType<typeof lieAbout> | undefined;
type Scene = Awaited<ReturnType<typeof deployScene>>;

/** The verdict, and what the adjudicator was told: state and loser. */
async function verdictOf({ app, mock }: { app: WasmForceMoveApp; mock: Scene["mock"] }) {
  const judged = await app.queryFilter(app.filters.MoveJudged());
  const closed = await mock.queryFilter(mock.filters.Closed());
  expect(judged).to.have.length(1);
  expect(closed).to.have.length.at.most(1);
  return {
    verdict: Number(judged[0]!.args.verdict),
    stateHash: closed[0]?.args.stateHash,
    loser: closed[0] && Number(closed[0].args.loser),
  };
}

async function steps(game: DisputeGame): Promise<number> {
  return (await game.queryFilter(game.filters.ClaimStepped())).length;
}

describe("disputes about moves of a program", function () {
  this.timeout(60_000);

  describe("of Connect Four", () => {
    const scene = useDeployed((connection) => deployScene(connection, connectFour));
    const before = boardOf([3, 3, 4, 4]);
    const right = drop(before, 2, 1);
    const wrong = drop(drop(before, 2, 1), 5, 1);

    const judges = async (oracles: [alice?: Lie, bob?: Lie] = []) => {
      const { connection, actors, app } = scene();
      const at = (await app.getAddress()) as Hex;
      const alice = await judgeOf(connection, actors.alice, at, connectFour, oracles[0]);
      const bob = await judgeOf(connection, actors.bob, at, connectFour, oracles[1]);
      return { alice, bob };
    };

    it("take back a false move by one instruction on L1, whatever its author claims", async () => {
      const { app, game, mock, bobs, force, connection, actors } = scene();
      const [truth, lie] = [
        bobs(encodeBoard(before), encodeBoard(wrong)),
        bobs(encodeBoard(before), encodeBoard(right)),
      ];
      expect(connectFour.refusal(lie)).to.equal(undefined);
      expect(connectFour.refusal(truth)).to.equal("the rules do not allow the move");
      const { alice, bob } = await judges([undefined, lieAbout(truth, lie)]);
      await force(truth);
      await alice.dispute(truth);
      const balance = await connection.ethers.provider.getBalance(actors.alice);
      await playOut(connection, [alice, bob]);
      const base = shownStateHash(truth.channelId, truth.base);
      expect(await verdictOf({ app, mock })).to.deep.equal({ verdict: 1, stateHash: base, loser: 1 });
      expect(await steps(game)).to.equal(1);
      expect(alice.told.map(({ kind }) => kind)).to.include.members(["countered", "stepped"]);
      // Her bonds came back, and a bond of each of Bob's claims.
      expect(await connection.ethers.provider.getBalance(actors.alice)).to.be.greaterThan(balance);
      expect(await connection.ethers.provider.getBalance(game)).to.equal(0n);
    });

    it("leave a right move, and cost the bonds of who lies about it", async () => {
      const { app, game, mock, bobs, force, connection, actors } = scene();
      const balance = await connection.ethers.provider.getBalance(actors.alice);
      const [truth, lie] = [
        bobs(encodeBoard(before), encodeBoard(right)),
        bobs(encodeBoard(before), encodeBoard(wrong)),
      ];
      const { alice, bob } = await judges([lieAbout(truth, lie)]);
      await force(truth);
      await alice.dispute(truth);
      await playOut(connection, [alice, bob]);
      const candidate = shownStateHash(truth.channelId, truth.candidate);
      expect(await verdictOf({ app, mock })).to.deep.equal({ verdict: 0, stateHash: candidate, loser: 0 });
      // The claims of the last depth are Bob's, at which she finds no false instruction.
      expect(await steps(game)).to.equal(0);
      expect(bob.told.filter(({ kind }) => kind === "countered")).to.have.length(4);
      expect(await connection.ethers.provider.getBalance(actors.alice)).to.be.lessThan(balance - 10n * GAME.baseBond);
    });

    it("leave a claim that takes millions of instructions to see through", async () => {
      const { app, game, mock, bobs, force, connection } = scene();
      const columns = [4, 1, 4, 0, 3, 1, 3, 3, 3];
      const of = (how: number) =>
        bobs(encodeBoard(boardOf(columns.slice(0, -1))), encodeBoard(boardOf(columns), how), true);
      const [truth, lie] = [of(4), of(3)];
      expect([truth, lie].map((move) => connectFour.refusal(move) === undefined)).to.deep.equal([true, false]);
      const { alice, bob } = await judges([lieAbout(truth, lie)]);
      await force(truth);
      await alice.dispute(truth);
      await playOut(connection, [alice, bob]);
      expect((await verdictOf({ app, mock })).verdict).to.equal(0);
      expect((await game.queryFilter(game.filters.ClaimMade())).length).to.equal(8);
    });

    it("leave a move, also a false one, that is disputed and not countered in time", async () => {
      const { app, game, mock, bobs, force, connection } = scene();
      const truth = bobs(encodeBoard(before), encodeBoard(wrong));
      const { alice, bob } = await judges([undefined, lieAbout(truth, bobs(encodeBoard(before), encodeBoard(right)))]);
      await force(truth);
      await alice.dispute(truth);
      expect((await bob.look()).moves).to.equal(0);
      await connection.networkHelpers.time.increase(WINDOW);
      await playOut(connection, [bob]);
      const candidate = shownStateHash(truth.channelId, truth.candidate);
      expect(await verdictOf({ app, mock })).to.deep.equal({ verdict: 0, stateHash: candidate, loser: 0 });
      expect(await steps(game)).to.equal(0);
    });

    it("end where both signed another state meanwhile, and pay the bonds of the game", async () => {
      const { app, game, mock, bobs, force, connection } = scene();
      const truth = bobs(encodeBoard(before), encodeBoard(wrong));
      const { alice, bob } = await judges();
      await force(truth);
      await alice.dispute(truth);
      expect((await alice.look()).moves).to.equal(1);
      await mock.set(truth.channelId, OPEN, ZERO_HASH);
      await playOut(connection, [alice, bob]);
      expect(await verdictOf({ app, mock })).to.deep.equal({ verdict: 2, stateHash: undefined, loser: undefined });
      expect(await connection.ethers.provider.getBalance(game)).to.equal(0n);
    });

    it("are of no interest to others, and find by themselves what they began before they were killed", async () => {
      const { app, mock, bobs, force, connection, actors } = scene();
      const truth = bobs(encodeBoard(before), encodeBoard(wrong));
      const { alice } = await judges();
      const at = (await app.getAddress()) as Hex;
      await force(truth);
      await alice.dispute(truth);
      const stranger = await judgeOf(connection, actors.third, at, connectFour);
      expect(await stranger.look()).to.deep.equal({ moves: 0, open: [] });
      for (let moves = 1; moves > 0;) {
        const again = await judgeOf(connection, actors.alice, at, connectFour);
        ({ moves } = await again.look());
      }
      await playOut(connection, [await judgeOf(connection, actors.alice, at, connectFour)]);
      expect((await verdictOf({ app, mock })).verdict).to.equal(1);
    });

    it("are played for the app's own program only", async () => {
      const { app, actors, connection } = scene();
      const message = await judgeOf(connection, actors.alice, (await app.getAddress()) as Hex, dividing).then(
        () => "",
        (error: Error) => error.message,
      );
      expect(message).to.equal(
        `the app judges by the program ${connectFour.machineHash}, the rules are ${dividing.machineHash}`,
      );
    });
  });

  describe("of a program that traps", () => {
    const scene = useDeployed((connection) => deployScene(connection, dividing));

    it("hold a move that makes it trap for false", async () => {
      const { app, game, mock, bobs, force, connection, actors } = scene();
      const [truth, lie] = [bobs(Uint8Array.of(1), Uint8Array.of(0)), bobs(Uint8Array.of(1), Uint8Array.of(1))];
      expect(dividing.refusal(lie)).to.equal(undefined);
      expect(dividing.refusal(truth)).to.include("divide by zero");
      const at = (await app.getAddress()) as Hex;
      const alice = await judgeOf(connection, actors.alice, at, dividing);
      const bob = await judgeOf(connection, actors.bob, at, dividing, lieAbout(truth, lie));
      await force(truth);
      await alice.dispute(truth);
      await playOut(connection, [alice, bob]);
      const base = shownStateHash(truth.channelId, truth.base);
      expect(await verdictOf({ app, mock })).to.deep.equal({ verdict: 1, stateHash: base, loser: 1 });
      expect(await steps(game)).to.equal(1);
    });
  });
});
