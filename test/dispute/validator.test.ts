import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import { parseEther } from "ethers";

import { loadLedger } from "../../plugin/hardhat/ledger.js";
import { guestLedger } from "../../plugin/sequencer/guest-ledger.js";
import { sequencerOf } from "../../plugin/hardhat/sequencer.js";
import type { Json } from "../../plugin/sequencer/rpc/format.js";
import { openLevelStore } from "../../plugin/store/level.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { ZERO_HASH } from "../../plugin/types.js";
import type { ValidatorEvent } from "../../plugin/validator/types.js";
import { walletOf } from "../l1/support/l1.js";
import { callsOf, openScene, playerOf, playOut, type Scene } from "./support/scene.js";

const STANDS = undefined;
const ledger = loadLedger();

describe("a validator that plays", () => {
  let scene: Scene;
  let events: ValidatorEvent[];
  const log = (event: ValidatorEvent): void => void events.push(event);

  beforeEach(async () => {
    scene = await openScene();
    events = [];
  });
  afterEach(() => scene.connection.close());

  it("defends an honest batch, and wins the attacker's bonds", async () => {
    const { chain, honest, liar, connection } = scene;
    await chain.sequencer.post();
    const { disputeBond } = chain.deployment.parameters;
    const before = await connection.ethers.provider.getBalance(liar);
    const { games, won } = await chain.dispute({ attack: "balance", by: liar });
    expect(games).to.deep.equal([{ index: 2n, winner: STANDS }]);
    // Ten levels: bonds of 1 to 10 times the last one's, every second of them the attacker's.
    expect(won).to.equal(55n * disputeBond);
    const lost = before - (await connection.ethers.provider.getBalance(liar));
    expect(lost > 30n * disputeBond && lost < 31n * disputeBond).to.equal(true);
    expect(await connection.ethers.provider.getBalance(chain.contracts.game)).to.equal(0n);
    expect(await chain.finalize()).to.equal(2n);
    expect(await chain.contracts.registry.rewardOf(honest)).to.equal(0n);
  });

  it("plays all games at once: two attacks on honest batches, and a false batch on top", async () => {
    const { chain, honest, liar, spare, connection } = scene;
    const [first, second] = spare;
    if (!first || !second) throw new Error("too few accounts");
    await chain.sequencer.post();
    await chain.deposit(honest, { amount: 1n });
    await chain.sequencer.post({ fault: "state", by: liar });

    const players = [
      await playerOf(scene, honest, { log }),
      await playerOf(scene, first, { lie: { about: 1n, fault: "state" } }),
      await playerOf(scene, second, { lie: { about: 2n, fault: "withdrawals" } }),
      await playerOf(scene, liar, { lie: { about: 3n, fault: "state" } }),
    ];
    await playOut(scene, players);
    const over = events.flatMap((event) => (event.kind === "game over" ? [[event.index, event.winner]] : []));
    const nobody = `0x${"00".repeat(20)}`;
    expect(over.sort()).to.deep.equal([
      [1n, nobody],
      [2n, nobody],
      [3n, honest.address],
    ]);
    expect(await chain.contracts.chain.heads()).to.deep.equal([2n, 0n]);
    expect(await connection.ethers.provider.getBalance(chain.contracts.game)).to.equal(0n);
    expect(await chain.contracts.registry.bondOf(liar)).to.equal(0n);
    expect(events.filter(({ kind }) => kind === "refused" || kind === "unplayable")).to.deep.equal([]);
  });

  it("is killed and started anew at every look, and between sending and mining, and sends nothing twice", async () => {
    const { chain, honest, liar, connection } = scene;
    const { provider } = connection;
    await chain.sequencer.post({ fault: "drop", by: liar });
    const folder = await mkdtemp(join(tmpdir(), "rollup-dispute-"));
    try {
      // It sends its first claim, and is killed before L1 has it.
      await provider.request({ method: "evm_setAutomine", params: [false] });
      for (let life = 0; life < 2; life++) {
        const store = await openLevelStore(folder);
        const controller = new AbortController();
        const player = await playerOf(scene, honest, { store });
        const running = player.run({ watch: true, signal: controller.signal }).catch(() => undefined);
        while ((await connection.ethers.provider.getTransactionCount(honest, "pending")) === 0) await sleep(10);
        await sleep(50);
        controller.abort(new Error("killed by the test"));
        await running;
        await store.close();
        expect(await connection.ethers.provider.getTransactionCount(honest, "pending")).to.equal(1);
      }
      await provider.request({ method: "evm_setAutomine", params: [true] });
      await provider.request({ method: "evm_mine", params: [] });

      const opponent = await playerOf(scene, liar, { lie: { about: 2n, fault: "drop" } });
      for (let quiet = 0; quiet < 2;) {
        const store = await openLevelStore(folder);
        const { moves, games } = await (await playerOf(scene, honest, { store })).run({ watch: false });
        await store.close();
        const answered = (await opponent.run({ watch: false })).moves;
        const [game] = games;
        if (moves + answered > 0) continue;
        quiet++;
        if (game !== undefined) await connection.networkHelpers.time.increaseTo(game.endsAt);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(await chain.contracts.chain.heads()).to.deep.equal([1n, 0n]);
    expect(await callsOf(scene, honest)).to.deep.equal([
      "counterBatch",
      ...["counter", "counter", "counter", "counter"],
      ...["step", "resolve", "resolveBatch", "claimCredit"],
      chain.deployment.contracts.SequencerRegistry.address,
    ]);
  });

  it("lets a sequencer that only runs by itself go on after the revert, with all that its users did", async () => {
    const { chain, honest, liar, connection } = scene;
    await chain.sequencer.post({ fault: "withdrawals", by: liar });
    await chain.sequencer.stop();
    const [operator] = await connection.ethers.getSigners();
    if (!operator) throw new Error("too few accounts");
    const sequencer = await sequencerOf(scene.as(operator), guestLedger(ledger.execute), memoryStore(), {
      ...{ blocks: "auto", batches: { bytes: 1, age: 0 }, pollInterval: 20 },
    });
    const receiptOf = (hash: Json) => sequencer.request({ method: "eth_getTransactionReceipt", params: [hash] });
    await sequencer.start();
    try {
      // What was in the false batch, deposits and transactions, is in blocks on the last good one.
      while (sequencer.status().head.inboxTo < 4n || (await receiptOf(scene.payment)) === null) await sleep(10);
      const raw = await alicePays(scene);
      const payment = await sequencer.request({ method: "eth_sendRawTransaction", params: [raw] });
      while ((await receiptOf(payment)) === null) await sleep(10);
      await sleep(1_000);
      expect(sequencer.status().falseBatch?.index).to.equal(2n);
      expect(await chain.contracts.chain.heads()).to.deep.equal([2n, 0n]);

      await playOut(scene, [await playerOf(scene, honest)]);
      while ((await chain.contracts.chain.headerHash(2n)) === ZERO_HASH) await sleep(20);
      for (const hash of [scene.payment, payment]) expect(await receiptOf(hash)).to.include({ status: "0x1" });
      expect(await (await playerOf(scene, honest)).run({ watch: false })).to.include({ batches: 2n, agreed: 2n });
      expect(sequencer.status().falseBatch).to.equal(undefined);
    } finally {
      await sequencer.stop();
    }
  });

  it("only watches where that is asked for: it raises the alarm and sends nothing", async () => {
    const { chain, honest, liar, spare, connection } = scene;
    await chain.sequencer.post({ fault: "withdrawals", by: liar });
    const watcher = await playerOf(scene, honest, { watchOnly: true, log });
    const { disagreement, moves } = await watcher.run({ watch: false });
    expect(disagreement).to.deep.include({ index: 2n, kind: "disagree" });
    expect(moves).to.equal(0);
    expect(await connection.ethers.provider.getTransactionCount(honest)).to.equal(0);
    const [other] = spare;
    if (!other) throw new Error("too few accounts");
    await (await playerOf(scene, other)).run({ watch: false });
    await watcher.run({ watch: false });
    expect(events.map(({ kind }) => kind)).to.deep.equal(["agree", "disagree", "claimed"]);
  });

  it("says once that its money does not cover the next bond, and plays when it does", async () => {
    const { chain, honest, liar, connection } = scene;
    await connection.networkHelpers.setBalance(honest.address, parseEther("0.005"));
    const player = await playerOf(scene, honest, { log });
    await chain.sequencer.post({ fault: "state", by: liar });
    for (let look = 0; look < 3; look++) expect((await player.run({ watch: false })).moves).to.equal(0);
    const alarms = events.filter((event) => event.kind === "poor");
    expect(alarms).to.have.length(1);
    expect(alarms[0]).to.include({ address: honest.address, present: parseEther("0.005") });
    await connection.networkHelpers.setBalance(honest.address, parseEther("1"));
    expect((await player.run({ watch: false })).moves).to.equal(1);
    expect(events.at(-1)).to.include({ kind: "countered", index: 2n, depth: 0 });
  });
});

/** The next transaction of the first user, as its wallet signs it. */
function alicePays({ chain, users }: Scene): Promise<string> {
  const [, bob] = users;
  if (!bob) throw new Error("too few accounts");
  const { l2ChainId } = chain.deployment.parameters;
  const fees = { maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n, gasLimit: 21_000n };
  return walletOf(1).signTransaction({ type: 2, chainId: l2ChainId, nonce: 1, to: bob.address, value: 9n, ...fees });
}
