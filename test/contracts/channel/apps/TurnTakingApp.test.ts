import { expect } from "chai";

import { bindingSupport, moverOf } from "../../../../plugin/channel/apps/turn-taking.js";
import { type SingleAssetPaymentApp, SingleAssetPaymentApp__factory } from "../../../../typechain-types/index.js";
import { askApp, bits, divided, shown } from "./support.js";

const EVERYBODY = bits(0, 1, 2);

/** Turn, who signed, and whether it is final. */
type Turn = readonly [turnNum: bigint, signedBy: bigint, isFinal?: boolean];

describe("taking turns", () => {
  let bench: Awaited<ReturnType<typeof askApp>>;
  let app: SingleAssetPaymentApp;

  /** Asks about moves that pay nothing. */
  const ask = (...turns: Turn[]) =>
    app.stateIsSupported(
      bench.channelId,
      bench.params,
      turns.map(([turnNum, signedBy, isFinal = false]) =>
        shown(bench.channelId, { turnNum, isFinal, appData: "0x", outcome: divided([5n, 5n, 5n]) }, signedBy),
      ),
    );

  /** What the client would show of the same states. */
  const chosen = (...turns: Turn[]) =>
    bindingSupport(
      turns.map(([turnNum, signedBy, isFinal = false]) => ({
        turnNum,
        isFinal,
        signed: [0n, 1n, 2n].map((i) => ((signedBy >> i) & 1n) === 1n),
      })),
    )?.map(({ turnNum }) => turnNum);

  before(async () => {
    bench = await askApp();
    app = await new SingleAssetPaymentApp__factory(bench.deployer).deploy();
  });

  it("takes one move behind a state that everybody signed, and as many as there are", async () => {
    expect(await ask([6n, EVERYBODY], [7n, bits(1)])).to.equal(true);
    expect(await ask([6n, EVERYBODY], [7n, bits(1)], [8n, bits(2)], [9n, bits(0)], [10n, bits(1)])).to.equal(true);
  });

  it("takes a chain in which everybody moved once", async () => {
    expect(await ask([6n, bits(0)], [7n, bits(1)], [8n, bits(2)])).to.equal(true);
    expect(await ask([7n, bits(1)], [8n, bits(2)], [9n, bits(0)], [10n, bits(1)])).to.equal(true);
  });

  it("takes a shorter chain where who did not move signed as well", async () => {
    expect(await ask([6n, bits(0, 1)], [7n, bits(1)], [8n, bits(2)])).to.equal(true);
    expect(await ask([7n, bits(0, 1)], [8n, bits(2)])).to.equal(true);
  });

  it("takes a last state that is final", async () => {
    expect(await ask([6n, EVERYBODY], [7n, bits(1), true])).to.equal(true);
  });

  it("refuses a chain that leaves somebody out", async () => {
    for (const [turns, signedBy] of [
      [[[6n, bits(0)]], bits(0)],
      [
        [
          [6n, bits(0)],
          [7n, bits(1)],
        ],
        bits(0, 1),
      ],
      [
        [
          [7n, bits(1)],
          [8n, bits(2)],
        ],
        bits(1, 2),
      ],
      [[], 0n],
    ] as [Turn[], bigint][]) {
      await expect(ask(...turns))
        .to.be.revertedWithCustomError(app, "TurnTakingUnbound")
        .withArgs(EVERYBODY, signedBy);
    }
  });

  it("refuses signatures of nobody who participates", async () => {
    await expect(ask([6n, EVERYBODY | bits(3)], [7n, bits(1)])).to.be.revertedWithCustomError(app, "TurnTakingUnbound");
  });

  it("refuses a state that its mover did not sign, wherever it stands", async () => {
    for (const [turns, turnNum] of [
      [
        [
          [6n, EVERYBODY],
          [7n, bits(0, 2)],
        ],
        7n,
      ],
      [
        [
          [6n, EVERYBODY],
          [7n, bits(2)],
          [8n, bits(2)],
        ],
        7n,
      ],
      [
        [
          [6n, bits(1, 2)],
          [7n, bits(1)],
          [8n, EVERYBODY],
        ],
        6n,
      ],
    ] as [Turn[], bigint][]) {
      await expect(ask(...turns))
        .to.be.revertedWithCustomError(app, "TurnTakingNotMover")
        .withArgs(turnNum, moverOf(turnNum, 3), turns.find(([turn]) => turn === turnNum)?.[1]);
    }
  });

  it("refuses a chain that skips a turn, or stands still", async () => {
    await expect(ask([6n, EVERYBODY], [8n, bits(2)]))
      .to.be.revertedWithCustomError(app, "TurnTakingSkipped")
      .withArgs(7n, 8n);
    await expect(ask([7n, EVERYBODY], [7n, bits(1)]))
      .to.be.revertedWithCustomError(app, "TurnTakingSkipped")
      .withArgs(8n, 7n);
  });

  it("refuses a state after a final one", async () => {
    await expect(ask([6n, EVERYBODY, true], [7n, bits(1)]))
      .to.be.revertedWithCustomError(app, "TurnTakingAfterFinal")
      .withArgs(6n);
    await expect(ask([6n, EVERYBODY], [7n, bits(1), true], [8n, bits(2)]))
      .to.be.revertedWithCustomError(app, "TurnTakingAfterFinal")
      .withArgs(7n);
  });

  it("has no turn after the last", async () => {
    await expect(ask([2n ** 64n - 1n, EVERYBODY], [0n, bits(0)])).to.be.revertedWithPanic(0x11);
  });

  it("the client shows the shortest end that binds everybody", () => {
    expect(chosen([5n, EVERYBODY], [6n, EVERYBODY], [7n, bits(1)])).to.deep.equal([6n, 7n]);
    expect(chosen([5n, EVERYBODY], [6n, bits(0)], [7n, bits(1)], [8n, bits(2)])).to.deep.equal([6n, 7n, 8n]);
    expect(chosen([6n, bits(0)], [7n, bits(0, 1)], [8n, bits(2)])).to.deep.equal([7n, 8n]);
    expect(chosen([8n, EVERYBODY])).to.deep.equal([8n]);
  });

  it("the client shows nothing that would be refused", () => {
    expect(chosen()).to.equal(undefined);
    expect(chosen([6n, bits(0)], [7n, bits(1)])).to.equal(undefined);
    expect(chosen([6n, EVERYBODY], [7n, bits(2)])).to.equal(undefined);
    expect(chosen([6n, EVERYBODY], [8n, bits(2)])).to.equal(undefined);
    expect(chosen([6n, EVERYBODY, true], [7n, bits(1)])).to.equal(undefined);
  });
});
