import type { SnapshotRestorer } from "@nomicfoundation/hardhat-network-helpers/types";
import { expect } from "chai";

import { channelStateOf } from "../../../plugin/channel/wasm/move.js";
import { BOND, Mode } from "../../contracts/channel/support.js";
import { drop } from "./connect-four.js";
import { connectFour, WINDOW } from "./deploy.js";
import { lieAbout, playOut } from "./play.js";
import { ALICE, BOB, openTable, STAKE, type Table } from "./table.js";

const POT = 2n * STAKE;

describe("a game of Connect Four on a channel", function () {
  this.timeout(60_000);
  let table: Table;
  let snapshot: SnapshotRestorer;

  before(async () => {
    table = await openTable();
    snapshot = await table.connection.networkHelpers.takeSnapshot();
  });
  afterEach(() => snapshot.restore());

  it("needs L1 for deposits and the end alone while both agree", async () => {
    const { adjudicator, channel, next, played, agreed, alice, bob, connection } = table;
    const won = next(played([0, 1, 0, 1, 0, 1]), 0, true);
    expect(connectFour.refusal(won.move)).to.equal(undefined);
    const before = await connection.ethers.provider.getBalance(bob);
    await adjudicator.connect(alice).concludeAndPay(channel.params, agreed(won));
    expect((await connection.ethers.provider.getBalance(bob)) - before).to.equal(POT);
  });

  it("goes on by moves on L1 where one is silent, and to who moved last when the other stays so", async () => {
    const { challenge, force, next, played, payout, status, connection } = table;
    const agreed = played([3, 3, 4, 4]);
    await challenge(agreed, ALICE);
    const bobs = next(agreed, 2);
    await force(agreed, bobs);
    const alices = next(bobs, 5);
    await force(bobs, alices);
    await connection.networkHelpers.time.increase(1_000);
    expect((await status()).mode).to.equal(Mode.finalized);
    expect(await payout(alices)).to.deep.equal([POT, 0n]);
  });

  it("a cheat by force is judged by one instruction on L1, and loses by the state before, within the time", async () => {
    const { app, game, challenge, force, next, played, payout, status, judge, alice, bob, connection, channel } = table;
    const { provider } = connection.ethers;
    const agreed = played([3, 3, 4, 4]);
    await challenge(agreed, ALICE);
    const begun = await connection.networkHelpers.time.latest();
    const bobs = next(agreed, 2);
    await force(agreed, bobs);
    const alices = next(bobs, 0);
    await force(bobs, alices);
    // Two stones at once; L1 takes it on trust.
    const false_ = next(alices, drop(drop(alices.board, 1, BOB), 5, BOB));
    expect(connectFour.refusal(false_.move)).to.equal("the rules do not allow the move");
    await force(alices, false_);

    const lie = { ...false_.move, candidate: { ...false_.move.candidate, appData: next(alices, 6).state.appData } };
    const judges = [await judge(alice), await judge(bob, lieAbout(false_.move, lie))] as const;
    await judges[0].dispute(false_.move);
    expect((await status()).mode).to.equal(Mode.arbitration);
    await playOut(connection, judges);

    expect((await game.queryFilter(game.filters.ClaimStepped())).length).to.equal(1);
    expect((await game.queryFilter(game.filters.ClaimMade())).length).to.equal(8);
    expect((await status()).mode).to.equal(Mode.finalized);
    const bound = 2n * BigInt(channel.params.challengeDuration) + (await app.maxDuration());
    expect(BigInt((await connection.networkHelpers.time.latest()) - begun)).to.be.lessThan(bound);
    expect(await payout(alices)).to.deep.equal([POT, 0n]);
    expect(await provider.getBalance(game)).to.equal(0n);
  });

  it("a dispute that is not played is lost, and with it the game", async () => {
    const { challenge, force, next, played, payout, status, judge, alice, bob, connection } = table;
    const agreed = played([3, 3, 4, 4]);
    await challenge(agreed, ALICE);
    const bobs = next(agreed, 2);
    await force(agreed, bobs);
    await (await judge(alice)).dispute(bobs.move);
    await connection.networkHelpers.time.increase(WINDOW);
    await playOut(connection, [await judge(bob)]);
    const { mode, stateHash } = await status();
    expect([mode, stateHash]).to.deep.equal([
      Mode.finalized,
      table.environment.stateHashOf(table.channel, { state: channelStateOf(bobs.state) }),
    ]);
    expect(await payout(bobs)).to.deep.equal([0n, POT]);
  });

  it("a state that both signed is not judged, whatever the rules say", async () => {
    const { adjudicator, app, channel, challenge, next, played, alice } = table;
    const before = played([3, 3, 4, 4]);
    const odd = next(before, drop(drop(before.board, 1, BOB), 5, BOB));
    await challenge(odd, BOB);
    await expect(app.connect(alice).dispute(channel.params, before.state, odd.state))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNotByMove")
      .withArgs(channel.id);
  });

  it("both may agree while a move is judged: the game goes on, and the dispute ends for itself", async () => {
    const { adjudicator, app, channel, challenge, force, next, played, agreed, judge, alice, bob, connection, status } =
      table;
    const position = played([3, 3, 4, 4]);
    await challenge(position, ALICE);
    const false_ = next(position, drop(drop(position.board, 1, BOB), 5, BOB));
    await force(position, false_);
    const [alices, bobs] = [await judge(alice), await judge(bob)];
    await alices.dispute(false_.move);
    await alices.look();
    // Bob takes it back: of the same turn, and signed by both.
    const better = next(position, 2);
    await adjudicator.checkpoint(channel.params, agreed(better));
    expect((await status()).mode).to.equal(Mode.open);
    await playOut(connection, [alices, bobs]);
    expect(await app.disputeOf(channel.id)).to.equal(0n);
    const [judged] = await app.queryFilter(app.filters.MoveJudged());
    expect(judged!.args.verdict).to.equal(2n);
    // The next dispute is another one.
    await adjudicator.connect(bob).challenge(channel.params, [agreed(better)], BOB, "0x", { value: BOND });
    const reply = next(better, 2);
    await force(better, reply);
    await (await judge(bob)).dispute(reply.move);
    expect(await app.disputeOf(channel.id)).to.equal(2n);
  });
});
