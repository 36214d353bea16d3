import { id, keccak256 } from "ethers";

import type { BatchHeader, Hex, InboxMessage } from "../../plugin/types.js";
import { enqueueMessage, postBatch, postBatches, sendBatch } from "../support/batches.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";
import { passWindow, useWorld, type World } from "../support/world.js";

/** Deterministic bytes that look random: batch data is mostly signatures. */
function noise(length: number): Hex {
  let [bytes, block] = ["", "0x"];
  while (bytes.length < 2 * length) {
    block = keccak256(block);
    bytes += block.slice(2);
  }
  return `0x${bytes.slice(0, 2 * length)}`;
}

describe("gas of the chain", () => {
  const measured: GasFigures = {};
  const world = useWorld();

  /** A chain with history: messages were consumed, one of three that the head counted is left. */
  async function steady(suite: World): Promise<{ first: BatchHeader; head: BatchHeader; left: InboxMessage }> {
    for (let i = 0; i < 2; i++) await enqueueMessage(suite, suite.actors.alice);
    const left = await enqueueMessage(suite, suite.actors.alice);
    const first = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    return { first, head: await postBatch(suite, first, { claim: { inboxTo: 2n }, nextMessage: left }), left };
  }

  it("appendBatch, 0 B: the fixed cost of a batch", async () => {
    const suite = world();
    const { head } = await steady(suite);
    const claim = { inboxTo: 3n, withdrawalsRoot: id("withdrawals") };
    const gas = await gasOf(await sendBatch(suite, head, { claim }));
    expectAtMost("a batch without data", gas, 100_000);
    measured["appendBatch, 0 B"] = gas;
  });

  it("appendBatch that shows the next message", async () => {
    const suite = world();
    const { head, left } = await steady(suite);
    const claim = { withdrawalsRoot: id("withdrawals") };
    measured["appendBatch, 0 B, next message shown"] = await gasOf(
      await sendBatch(suite, head, { claim, nextMessage: left }),
    );
  });

  for (const kilobytes of [10, 100]) {
    it(`appendBatch, ${kilobytes} kB`, async () => {
      const suite = world();
      const { head } = await steady(suite);
      const claim = { inboxTo: 3n, withdrawalsRoot: id("withdrawals") };
      const sent = await sendBatch(suite, head, { claim, data: noise(1000 * kilobytes) });
      measured[`appendBatch, ${kilobytes} kB`] = await gasOf(sent);
    });
  }

  it("appendBatch over a reverted batch", async () => {
    const suite = world();
    const { head } = await steady(suite);
    const claim = { inboxTo: 3n };
    const reverted = await postBatch(suite, head, { claim });
    const { registry, chain, actors, parameters } = suite;
    await registry.connect(actors.second).register({ value: parameters.sequencerBond });
    await chain.connect(actors.resolver).openDispute(reverted);
    const sent = await chain.connect(actors.resolver).revertBatches(reverted, actors.alice);
    measured["revertBatches"] = await gasOf(sent);
    const again = await sendBatch(suite, head, { claim, submitter: actors.second });
    measured["appendBatch, 0 B, over a reverted batch"] = await gasOf(again);
  });

  it("finalize", async () => {
    const suite = world();
    const { first, head } = await steady(suite);
    const third = await postBatch(suite, head, { claim: { inboxTo: 3n } });
    const more = await postBatches(suite, third, 10);
    await passWindow(suite);
    await suite.chain.finalize([first, head]);
    measured["finalize, 1 batch"] = await gasOf(await suite.chain.finalize([third]));
    const before = await suite.connection.networkHelpers.takeSnapshot();
    measured["finalize, 10 batches"] = await gasOf(await suite.chain.finalize(more));

    await before.restore();
    const disputed = await postBatch(suite, more.at(-1) ?? third);
    const judge = suite.chain.connect(suite.actors.resolver);
    measured["openDispute"] = await gasOf(await judge.openDispute(disputed));
    measured["finalize, 10 batches, one after them disputed"] = await gasOf(await suite.chain.finalize(more));
    measured["closeDispute"] = await gasOf(await judge.closeDispute(disputed));
  });

  it("the registry", async () => {
    const { registry, actors, parameters, connection } = world();
    const own = registry.connect(actors.second);
    measured["register"] = await gasOf(await own.register({ value: parameters.sequencerBond }));
    measured["exit"] = await gasOf(await own.exit());
    await connection.networkHelpers.time.increase(parameters.bondWithdrawalDelay);
    measured["withdrawBond"] = await gasOf(await own.withdrawBond(actors.second));
  });

  it("costs what the snapshot says", () => checkGasSnapshot("chain", measured));
});
