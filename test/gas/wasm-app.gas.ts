import { expect } from "chai";

import { channelStateOf } from "../../plugin/channel/wasm/move.js";
import { traceMove } from "../../plugin/channel/wasm/statement.js";
import type { BatchHeader } from "../../plugin/types.js";
import { drop } from "../channel/wasm/connect-four.js";
import { connectFour, WINDOW } from "../channel/wasm/deploy.js";
import { lieAbout, playOut } from "../channel/wasm/play.js";
import { ALICE, BOB, openTable, type Table } from "../channel/wasm/table.js";
import { checkGasSnapshot, type GasFigures, gasOf } from "../support/gas.js";

describe("gas of channels with rules of a program", function () {
  this.timeout(60_000);
  let table: Table;
  const measured: GasFigures = {};

  beforeEach(async () => {
    table = await openTable(100_000);
  });

  const headerOf = async (): Promise<BatchHeader> => {
    const [log] = (await table.app.queryFilter(table.app.filters.MoveDisputed())).slice(-1);
    return (log!.args.header as unknown as { toObject: () => BatchHeader }).toObject();
  };

  it("of a move by force, a dispute, and its end", async () => {
    const { app, channel, challenge, force, next, played, alice, connection } = table;
    const creation = await connection.ethers.provider.getTransactionReceipt(app.deploymentTransaction()!.hash);
    measured["deploying app and game"] = Number(creation!.gasUsed);
    const agreed = played([3, 3, 4, 4]);
    await challenge(agreed, ALICE);
    const right = next(agreed, 2);
    measured["a move by force"] = await gasOf(await force(agreed, right));
    const { params } = channel;
    measured["dispute, the app's first"] = await gasOf(
      await app.connect(alice).dispute(params, agreed.state, right.state),
    );
    const header = await headerOf();
    await connection.networkHelpers.time.increase(WINDOW);
    measured["settle, not countered"] = await gasOf(await app.settle(header, params, channelStateOf(right.state)));
  });

  it("of a whole dispute", async () => {
    const { channel, challenge, force, next, played, judge, alice, bob, connection } = table;
    const agreed = played([3, 3, 4, 4]);
    await challenge(agreed, ALICE);
    const wrong = next(agreed, drop(drop(agreed.board, 1, BOB), 5, BOB));
    await force(agreed, wrong);
    const lie = { ...wrong.move, candidate: { ...wrong.move.candidate, appData: next(agreed, 2).state.appData } };
    const judges = [await judge(alice), await judge(bob, lieAbout(wrong.move, lie))] as const;
    await judges[0].dispute(wrong.move);
    const header = await headerOf();
    await playOut(connection, judges);
    const told = judges.map(({ told }) => told.filter((event) => event.kind !== "refused"));
    const sum = (who: number, ...kinds: string[]): number =>
      told[who]!.reduce((total, event) => (kinds.includes(event.kind) ? total + Number(event.gasUsed) : total), 0);
    measured["who is right: moves and step, k = 32"] = sum(0, "countered", "stepped");
    measured["who is wrong: moves, k = 32"] = sum(1, "countered");
    measured["settle, countered"] = sum(0, "settled") + sum(1, "settled");

    const { length } = await traceMove(
      connectFour.program(),
      { header, move: wrong.move },
      {
        l1ChainId: 31_337n,
        app: channel.params.appDefinition,
      },
    );
    console.log(`      ${length} steps of the machine`);
    expect(length).to.be.lessThan(50_000);
  });

  describe("of all", () => {
    it("costs what the snapshot says", () => checkGasSnapshot("wasm-app", measured));
  });
});
