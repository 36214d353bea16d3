import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { encodeAppData, encodeMove, shownStateHash, type ShownState } from "../../../plugin/channel/wasm/move.js";
import { channelStateOf, type ChannelMove, moveFrom } from "../../../plugin/channel/wasm/move.js";
import { VALID } from "../../../plugin/channel/wasm/statement.js";
import { dataHash, headerHash } from "../../../plugin/ledger/hashes.js";
import { type BatchHeader, type Hex, ZERO_HASH } from "../../../plugin/types.js";
import {
  ArbitrationMock__factory,
  OneStepVerifier__factory,
  WasmForceMoveApp__factory,
} from "../../../typechain-types/index.js";
import { boardOf, EMPTY, encodeBoard, outcomeOf } from "../../channel/wasm/connect-four.js";
import { appParameters, connectFour, deployApp, GAME, WINDOW } from "../../channel/wasm/deploy.js";
import type { Connection } from "../../support/env.js";
import { actorsOf } from "../../support/suite.js";
import { useDeployed } from "../../support/world.js";

const [CHALLENGE, ARBITRATION, OPEN] = [1n, 2n, 0n];

async function deployScene(connection: Connection) {
  const actors = await actorsOf(connection);
  const adjudicator = await new ArbitrationMock__factory(actors.deployer).deploy();
  const deployed = await deployApp(actors, adjudicator);
  const domain = { l1ChainId: 31_337n, adjudicator: (await adjudicator.getAddress()) as Hex };
  const players = [actors.alice.address, actors.bob.address] as [Hex, Hex];
  const params = {
    participants: players,
    channelNonce: 1n,
    appDefinition: (await deployed.app.getAddress()) as Hex,
    challengeDuration: 1_000,
    appParamsHash: ZERO_HASH,
  };
  const base: ShownState = {
    turnNum: 0n,
    isFinal: false,
    appData: encodeAppData({ previous: ZERO_HASH, state: encodeBoard(EMPTY) }),
    outcome: outcomeOf(players, [[30n, 70n]]),
  };
  const after = { state: encodeBoard(boardOf([3])), outcome: outcomeOf(players, [[0n, 100n]]) };
  // Bob's.
  const move = moveFrom(domain, params, base, after);
  const candidateHash = shownStateHash(move.channelId, move.candidate);

  const challenge = () => adjudicator.set(move.channelId, CHALLENGE, candidateHash);
  /** Alice disputes. */
  async function open(): Promise<BatchHeader> {
    await challenge();
    await deployed.app.connect(actors.alice).dispute(argsOf(move).params, base, move.candidate);
    return lastHeader();
  }
  async function lastHeader(): Promise<BatchHeader> {
    const [log] = (await deployed.app.queryFilter(deployed.app.filters.MoveDisputed())).slice(-1);
    return (log!.args.header as unknown as { toObject: () => BatchHeader }).toObject();
  }
  const settle = (header: BatchHeader, state: ShownState) =>
    deployed.app.settle(header, argsOf(move).params, channelStateOf(state));
  /** A claim against the move, whatever is behind it. */
  const counter = async (header: BatchHeader) => {
    const list = Array.from({ length: 32 }, () => ZERO_HASH);
    const sent = await deployed.game
      .connect(actors.alice)
      .counterBatch(header, list, { value: await deployed.game.bond(1) });
    const [made] = await deployed.game.queryFilter(deployed.game.filters.ClaimMade(), sent.blockNumber!);
    return (
      made!.args.claim as unknown as { toObject: () => { parent: Hex; index: bigint; start: Hex; listHash: Hex } }
    ).toObject();
  };
  const pass = (seconds: bigint) => connection.networkHelpers.time.increase(seconds);
  return {
    ...deployed,
    actors,
    adjudicator,
    params,
    base,
    move,
    candidateHash,
    challenge,
    open,
    settle,
    counter,
    pass,
    lastHeader,
    connection,
  };
}

function argsOf({ params, base, candidate }: ChannelMove) {
  return { params: { ...params, participants: [...params.participants] }, base, candidate };
}

describe("WasmForceMoveApp", () => {
  const scene = useDeployed(deployScene);

  describe("the constructor", () => {
    it("makes a game that judges by the program, on this chain, for the app alone", async () => {
      const { app, game, adjudicator } = scene();
      const found = await game.parameters();
      const at = await app.getAddress();
      expect([found.chain, found.bridge, found.availability]).to.deep.equal([at, at, ZeroAddress]);
      expect([found.l2ChainId, found.machineHash]).to.deep.equal([31_337n, connectFour.machineHash]);
      expect([found.clock, found.extension, found.baseBond]).to.deep.equal([GAME.clock, GAME.extension, GAME.baseBond]);
      expect(await app.adjudicator()).to.equal(await adjudicator.getAddress());
      expect(await app.window()).to.equal(WINDOW);
      expect(await app.maxDuration()).to.equal(WINDOW + 2n * GAME.clock + 8n * GAME.extension);
      expect(await app.heads()).to.deep.equal([0n, 0n]);
    });

    it("refuses no adjudicator, a window below the extension, and what a game refuses", async () => {
      const { app, actors, adjudicator, game } = scene();
      const verifier = await new OneStepVerifier__factory(actors.deployer).deploy();
      const factory = new WasmForceMoveApp__factory(actors.deployer);
      const parameters = appParameters(verifier);
      await expect(factory.deploy(ZeroAddress, WINDOW, parameters)).to.be.revertedWithCustomError(
        app,
        "WasmAppZeroAdjudicator",
      );
      await expect(factory.deploy(adjudicator, 59n, parameters))
        .to.be.revertedWithCustomError(app, "WasmAppWindow")
        .withArgs(59n, 60n);
      await expect(factory.deploy(adjudicator, WINDOW, { ...parameters, baseBond: 0n })).to.be.revertedWithCustomError(
        game,
        "DisputeZeroParameter",
      );
    });
  });

  describe("stateIsSupported", () => {
    type Support = ReturnType<typeof supportOf>;
    function supportOf({ base, candidate, channelId }: ChannelMove) {
      return [base, candidate].map((state, i) => ({
        ...state,
        stateHash: shownStateHash(channelId, state),
        signedBy: i === 0 ? 3n : 2n,
      }));
    }
    const isSupported = (support: Support, move = scene().move) =>
      scene().app.stateIsSupported(move.channelId, argsOf(move).params, support);

    it("takes a move of who is to move, from a state that binds everybody", async () => {
      const { move } = scene();
      expect(await isSupported(supportOf(move))).to.equal(true);
    });

    it("refuses everything else", async () => {
      const { move, params, actors } = scene();
      const [base, candidate] = supportOf(move) as [Support[number], Support[number]];
      const wrong: Record<string, Support> = {
        "one state": [candidate],
        "three states": [base, base, candidate],
        "a base that one signed": [{ ...base, signedBy: 1n }, candidate],
        "a move that the other signed": [base, { ...candidate, signedBy: 1n }],
        "a move that nobody signed": [base, { ...candidate, signedBy: 0n }],
        "a turn left out": [base, { ...candidate, turnNum: 2n, signedBy: 1n }],
        "the same turn": [{ ...base, turnNum: 1n }, candidate],
        "a turn after the last": [
          { ...base, turnNum: 2n ** 64n - 1n },
          { ...candidate, turnNum: 0n, signedBy: 1n },
        ],
        "a base that is final": [{ ...base, isFinal: true }, candidate],
        "another base": [{ ...base, stateHash: ZERO_HASH }, candidate],
        "no hash before the move": [base, { ...candidate, appData: "0x00" }],
        "no hash before the base": [{ ...base, appData: "0x00" }, candidate],
        "more than can be disputed": [base, { ...candidate, outcome: `0x${"00".repeat(65_536)}` }],
      };
      for (const [what, support] of Object.entries(wrong)) expect(await isSupported(support), what).to.equal(false);
      const three = {
        ...move,
        params: { ...params, participants: [...params.participants, actors.third.address as Hex] },
      };
      expect(await isSupported(supportOf(move), three), "three participants").to.equal(false);
    });
  });

  describe("dispute", () => {
    const dispute = (by: "alice" | "bob" | "third", move: ChannelMove = scene().move) => {
      const { params, base, candidate } = argsOf(move);
      return scene().app.connect(scene().actors[by]).dispute(params, base, candidate);
    };

    it("stops the clocks and states that the program takes the move", async () => {
      const { app, move, adjudicator, challenge, lastHeader, actors, game, candidateHash, base } = scene();
      await challenge();
      const sent = dispute("alice");
      await expect(sent).to.emit(app, "MoveDisputed").and.to.emit(adjudicator, "Opened").withArgs(move.channelId);
      const header = await lastHeader();
      const { timestamp } = (await (await sent).getBlock())!;
      expect(header).to.deep.equal({
        index: 1n,
        timestamp: BigInt(timestamp),
        finalizesAt: BigInt(timestamp) + WINDOW,
        ...{ inboxFrom: 0n, inboxTo: 0n, l2BlockFrom: 0n, l2BlockTo: 0n },
        submitter: actors.alice.address,
        resolver: await game.getAddress(),
        parentHash: move.channelId,
        prevStateRoot: shownStateHash(move.channelId, base),
        stateRoot: VALID,
        withdrawalsRoot: ZERO_HASH,
        inboxAcc: candidateHash,
        dataHash: dataHash(encodeMove(move)),
      });
      expect(await app.headerHash(1n)).to.equal(headerHash(header));
      expect(await app.heads()).to.deep.equal([1n, 0n]);
      expect(await app.disputeOf(move.channelId)).to.equal(1n);
    });

    it("commits to long moves chunk by chunk", async () => {
      const { move, base, params, adjudicator, lastHeader } = scene();
      const domain = { l1ChainId: 31_337n, adjudicator: (await adjudicator.getAddress()) as Hex };
      for (const length of [4_096, 9_000, 60_000]) {
        const long = moveFrom(domain, params, base, { state: new Uint8Array(length).fill(7), outcome: "0x0102" });
        await adjudicator.set(move.channelId, CHALLENGE, shownStateHash(move.channelId, long.candidate));
        await dispute("alice", long);
        expect((await lastHeader()).dataHash).to.equal(dataHash(encodeMove(long)));
      }
    });

    it("is for who did not make the move, or its session key until that expires", async () => {
      const { app, actors, adjudicator, move, challenge, connection } = scene();
      await challenge();
      for (const by of ["bob", "third"] as const) {
        await expect(dispute(by))
          .to.be.revertedWithCustomError(app, "WasmAppNotDisputer")
          .withArgs(actors.alice, actors[by]);
      }
      const expiry = BigInt(await connection.networkHelpers.time.latest()) + 50n;
      await adjudicator.setSessionKey(move.channelId, actors.alice, actors.third, expiry);
      await connection.networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
      await expect(dispute("third")).to.be.revertedWithCustomError(app, "WasmAppNotDisputer");
      await adjudicator.setSessionKey(move.channelId, actors.alice, actors.third, expiry + 60n);
      await dispute("third");
    });

    it("is about the move that the channel is challenged with", async () => {
      const { app, adjudicator, move, candidateHash } = scene();
      const { channelId } = move;
      await expect(dispute("alice"))
        .to.be.revertedWithCustomError(app, "WasmAppNotChallenged")
        .withArgs(channelId, candidateHash);
      for (const mode of [OPEN, ARBITRATION, 3n, 4n]) {
        await adjudicator.set(channelId, mode, candidateHash);
        await expect(dispute("alice")).to.be.revertedWithCustomError(app, "WasmAppNotChallenged");
      }
      await adjudicator.set(channelId, CHALLENGE, ZERO_HASH);
      await expect(dispute("alice")).to.be.revertedWithCustomError(app, "WasmAppNotChallenged");
    });

    it("refuses two states that are no move, more than two participants, and what is too long", async () => {
      const { app, move, challenge, actors } = scene();
      await challenge();
      const { base, candidate, params } = move;
      for (const wrong of [
        { ...move, base: { ...base, outcome: "0x" as Hex } },
        { ...move, base: { ...base, isFinal: true } },
        { ...move, candidate: { ...candidate, turnNum: 3n } },
        { ...move, candidate: { ...candidate, appData: "0x" as Hex } },
      ]) {
        await expect(dispute("alice", wrong)).to.be.revertedWithCustomError(app, "WasmAppNotAMove");
      }
      const third = actors.third.address as Hex;
      await expect(dispute("alice", { ...move, params: { ...params, participants: [...params.participants, third] } }))
        .to.be.revertedWithCustomError(app, "WasmAppNotTwo")
        .withArgs(3n);
      const long: ChannelMove = { ...move, candidate: { ...candidate, outcome: `0x${"00".repeat(65_536)}` } };
      await expect(dispute("alice", long)).to.be.revertedWithCustomError(app, "WasmAppTooLong");
    });
  });

  describe("settle", () => {
    it("lets a move stand that nobody countered, after the window", async () => {
      const { app, adjudicator, open, settle, move, candidateHash, pass } = scene();
      const header = await open();
      await expect(settle(header, move.candidate))
        .to.be.revertedWithCustomError(app, "WasmAppUndecided")
        .withArgs(1n, header.finalizesAt);
      await pass(WINDOW);
      // Alice loses: it is her turn.
      await expect(settle(header, move.candidate))
        .to.emit(app, "MoveJudged")
        .withArgs(1n, move.channelId, 0n)
        .and.to.emit(adjudicator, "Closed")
        .withArgs(move.channelId, candidateHash, 0n);
      expect([await app.headerHash(1n), await app.disputeOf(move.channelId)]).to.deep.equal([ZERO_HASH, 0n]);
      await expect(settle(header, move.candidate)).to.be.revertedWithCustomError(app, "WasmAppUnknownDispute");
    });

    it("takes a move back that a claim stands against, and not before the game is over", async () => {
      const { app, game, adjudicator, open, settle, counter, move, base, pass } = scene();
      const header = await open();
      const claim = await counter(header);
      await pass(WINDOW + GAME.clock);
      await expect(settle(header, base)).to.be.revertedWithCustomError(app, "WasmAppUndecided");
      await game.resolve([claim]);
      await game.resolveBatch(header);
      await expect(settle(header, move.candidate)).to.be.revertedWithCustomError(app, "WasmAppStateMismatch");
      await expect(settle(header, base))
        .to.emit(app, "MoveJudged")
        .withArgs(1n, move.channelId, 1n)
        .and.to.emit(adjudicator, "Closed")
        .withArgs(move.channelId, shownStateHash(move.channelId, base), 1n);
    });

    it("refuses another header, another channel and another state", async () => {
      const { app, open, settle, move, base, params, pass } = scene();
      const header = await open();
      await pass(WINDOW);
      for (const wrong of [
        { ...header, index: 2n },
        { ...header, submitter: params.participants[1] },
        { ...header, finalizesAt: header.finalizesAt - 1n },
      ]) {
        await expect(settle(wrong, move.candidate)).to.be.revertedWithCustomError(app, "WasmAppUnknownDispute");
      }
      await expect(settle(header, base)).to.be.revertedWithCustomError(app, "WasmAppStateMismatch");
      await expect(
        app.settle(header, { ...argsOf(move).params, channelNonce: 2n }, channelStateOf(move.candidate)),
      ).to.be.revertedWithCustomError(app, "WasmAppStateMismatch");
    });

    it("ends what is moot at once, without a word to the adjudicator, and lets the game settle its bonds", async () => {
      const { app, game, adjudicator, open, settle, counter, move, base, pass, actors } = scene();
      const header = await open();
      const claim = await counter(header);
      await adjudicator.set(move.channelId, OPEN, ZERO_HASH);
      await expect(settle(header, base))
        .to.emit(app, "MoveJudged")
        .withArgs(1n, move.channelId, 2n)
        .and.not.to.emit(adjudicator, "Closed");
      // Nothing can be claimed against it any more.
      await expect(counter(header)).to.be.revertedWithCustomError(game, "DisputeNotPending");
      await pass(WINDOW + GAME.clock);
      await game.resolve([claim]);
      await game.resolveBatch(header);
      expect(await game.creditOf(actors.alice)).to.be.greaterThan(0n);
    });

    it("does not end a later dispute of the channel by an earlier one", async () => {
      const { app, adjudicator, open, settle, move, pass } = scene();
      const first = await open();
      const second = await open();
      await pass(WINDOW);
      await expect(settle(first, move.candidate))
        .to.emit(app, "MoveJudged")
        .withArgs(1n, move.channelId, 2n)
        .and.not.to.emit(adjudicator, "Closed");
      expect(await app.disputeOf(move.channelId)).to.equal(2n);
      await expect(settle(second, move.candidate)).to.emit(adjudicator, "Closed");
    });
  });

  describe("the game's part", () => {
    it("is the game's alone", async () => {
      const { app, open, actors } = scene();
      const header = await open();
      const calls = [app.openDispute(header), app.closeDispute(header), app.revertBatches(header, actors.alice)];
      for (const call of calls) {
        await expect(call).to.be.revertedWithCustomError(app, "WasmAppUnauthorized").withArgs(actors.deployer);
      }
    });

    it("hears of no dispute that is not under way", async () => {
      const { app, counter, open, connection } = scene();
      const header = await open();
      await expect(counter({ ...header, index: 5n })).to.be.revertedWithCustomError(app, "WasmAppUnknownDispute");
      const game = await app.game();
      await connection.networkHelpers.impersonateAccount(game);
      await connection.networkHelpers.setBalance(game, 10n ** 18n);
      const asGame = app.connect(await connection.ethers.getSigner(game));
      await expect(asGame.revertBatches({ ...header, index: 5n }, ZeroAddress)).to.be.revertedWithCustomError(
        app,
        "WasmAppUnknownDispute",
      );
      await asGame.closeDispute({ ...header, index: 5n });
    });

    it("lets a move stand where no claim does", async () => {
      const { app, open, settle, counter, move, connection, game, pass } = scene();
      const header = await open();
      await counter(header);
      await connection.networkHelpers.impersonateAccount(await game.getAddress());
      await connection.networkHelpers.setBalance(await game.getAddress(), 10n ** 18n);
      await app.connect(await connection.ethers.getSigner(await game.getAddress())).closeDispute(header);
      await pass(1n);
      await expect(settle(header, move.candidate)).to.emit(app, "MoveJudged").withArgs(1n, move.channelId, 0n);
    });
  });
});
