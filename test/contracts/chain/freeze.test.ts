import { expect } from "chai";

import type { BatchHeader, InboxMessage } from "../../../plugin/types.js";
import { enqueueMessage, postBatch, sendBatch } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { timestampOf } from "../../support/suite.js";
import { nextBlockAt, passWindow, useWorld, type World } from "../../support/world.js";

describe("StateCommitmentChain.freeze", () => {
  const world = useWorld();

  /** One final batch, and a message that nobody consumes, enqueued after it. */
  async function silent(suite: World): Promise<{ head: BatchHeader; message: InboxMessage; from: bigint }> {
    await enqueueMessage(suite, suite.actors.alice);
    const head = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    const message = await enqueueMessage(suite, suite.actors.bob);
    await passWindow(suite);
    await suite.chain.finalize([head]);
    return { head, message, from: message.timestamp + suite.parameters.escapeDelay };
  }

  async function frozen(suite: World): Promise<{ head: BatchHeader; message: InboxMessage }> {
    const { head, message, from } = await silent(suite);
    await nextBlockAt(suite, from);
    await suite.chain.freeze(head, message);
    return { head, message };
  }

  it("ends the chain from the second on at which the message waited long enough, for anyone who asks", async () => {
    const suite = world();
    const { head, message, from } = await silent(suite);
    const chain = suite.chain.connect(suite.actors.alice);

    await nextBlockAt(suite, from - 1n);
    await expect(chain.freeze(head, message)).to.be.revertedWithCustomError(chain, "ChainNotSilent").withArgs(from);
    expect([await chain.isFrozen(), await chain.isFrozenAt(head)]).to.deep.equal([false, false]);

    await nextBlockAt(suite, from);
    await expect(chain.freeze(head, message)).to.emit(chain, "Frozen").withArgs(1n, headerHash(head));
    expect([await chain.isFrozen(), await chain.isFrozenAt(head)]).to.deep.equal([true, true]);
  });

  it("ends a chain that never had a batch", async () => {
    const suite = world();
    const message = await enqueueMessage(suite, suite.actors.alice);
    await nextBlockAt(suite, message.timestamp + suite.parameters.escapeDelay);
    await suite.chain.freeze(suite.genesis, message);
    expect(await suite.chain.isFrozenAt(suite.genesis)).to.equal(true);
  });

  it("counts from the last posting, when that is later than the message", async () => {
    const suite = world();
    const message = await enqueueMessage(suite, suite.actors.alice);
    const head = await postBatch(suite, suite.genesis, { nextMessage: message });
    await passWindow(suite);
    await suite.chain.finalize([head]);
    const from = head.timestamp + suite.parameters.escapeDelay;
    await nextBlockAt(suite, from - 1n);
    await expect(suite.chain.freeze(head, message))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotSilent")
      .withArgs(from);
    await nextBlockAt(suite, from);
    await suite.chain.freeze(head, message);
  });

  it("counts from the last revert: a false batch over an old message freezes nothing", async () => {
    const suite = world();
    const { chain, actors, parameters } = suite;
    const { head, message, from } = await silent(suite);
    await suite.registry.connect(actors.second).register({ value: parameters.sequencerBond });
    await nextBlockAt(suite, from - 1n);
    const liar = await postBatch(suite, head, { claim: { inboxTo: 2n } });
    await chain.connect(actors.resolver).openDispute(liar);
    const reverted = await timestampOf(await chain.connect(actors.resolver).revertBatches(liar, actors.alice));
    await expect(chain.freeze(head, message))
      .to.be.revertedWithCustomError(chain, "ChainNotSilent")
      .withArgs(reverted + parameters.escapeDelay);
    // Meanwhile others go on.
    await postBatch(suite, head, { claim: { inboxTo: 2n }, submitter: actors.second });
  });

  it("leaves a chain alone that has pending batches", async () => {
    const suite = world();
    const { head, message, from } = await silent(suite);
    const pending = await postBatch(suite, head, { claim: { inboxTo: 2n } });
    await nextBlockAt(suite, from + suite.parameters.escapeDelay);
    for (const header of [head, pending]) {
      await expect(suite.chain.freeze(header, message))
        .to.be.revertedWithCustomError(suite.chain, "ChainPending")
        .withArgs(1n, 2n);
    }
  });

  it("wants the last batch, as it is", async () => {
    const suite = world();
    const { head, message, from } = await silent(suite);
    await nextBlockAt(suite, from);
    await expect(suite.chain.freeze(suite.genesis, message))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotNext")
      .withArgs(1n, 0n);
    const forged = { ...head, inboxTo: 0n };
    await expect(suite.chain.freeze(forged, message))
      .to.be.revertedWithCustomError(suite.chain, "ChainHeaderMismatch")
      .withArgs(1n, headerHash(head), headerHash(forged));
  });

  it("wants the first message left, as it is", async () => {
    const suite = world();
    const { head, message, from } = await silent(suite);
    const later = await enqueueMessage(suite, suite.actors.alice);
    await nextBlockAt(suite, from + suite.parameters.escapeDelay);
    for (const wrong of [later, { ...message, timestamp: 0n }, { ...message, index: 0n }]) {
      await expect(suite.chain.freeze(head, wrong))
        .to.be.revertedWithCustomError(suite.chain, "ChainMessageMismatch")
        .withArgs(1n);
    }
    await suite.chain.freeze(head, message);
  });

  it("leaves a chain alone on which nothing waits", async () => {
    const suite = world();
    const message = await enqueueMessage(suite, suite.actors.alice);
    const head = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    await suite.connection.networkHelpers.time.increase(10n * suite.parameters.escapeDelay);
    await suite.chain.finalize([head]);
    for (const shown of [message, { ...message, index: 1n }]) {
      await expect(suite.chain.freeze(head, shown))
        .to.be.revertedWithCustomError(suite.chain, "ChainMessageMismatch")
        .withArgs(1n);
    }
  });

  it("happens once", async () => {
    const suite = world();
    const { head, message } = await frozen(suite);
    await expect(suite.chain.freeze(head, message)).to.be.revertedWithCustomError(suite.chain, "ChainFrozen");
  });

  it("lets no batch follow", async () => {
    const suite = world();
    const { head } = await frozen(suite);
    await expect(sendBatch(suite, head, { claim: { inboxTo: 2n } })).to.be.revertedWithCustomError(
      suite.chain,
      "ChainFrozen",
    );
    expect(await suite.chain.heads()).to.deep.equal([1n, 1n]);
  });

  it("closes the inbox", async () => {
    const suite = world();
    const { alice } = suite.actors;
    await frozen(suite);
    await expect(suite.bridge.connect(alice).depositETH(alice, { value: 1n })).to.be.revertedWithCustomError(
      suite.bridge,
      "InboxFrozen",
    );
    await expect(enqueueMessage(suite, alice)).to.be.revertedWithCustomError(suite.bridge, "InboxFrozen");
  });

  it("names one header, and no final one before it", async () => {
    const suite = world();
    const { head } = await frozen(suite);
    expect(await suite.chain.isFrozenAt(suite.genesis)).to.equal(false);
    expect(await suite.chain.isFrozenAt({ ...head, withdrawalsRoot: headerHash(head) })).to.equal(false);
    expect(await suite.chain.isFrozenAt({ ...head, index: 2n })).to.equal(false);
    expect(await suite.chain.isFinalized(suite.genesis)).to.equal(true);
    expect(await suite.chain.isFinalized(head)).to.equal(true);
  });

  it("stands when a dispute about a batch that fell is closed afterwards", async () => {
    const suite = world();
    const { chain, actors, parameters } = suite;
    const judge = chain.connect(actors.resolver);
    const message = await enqueueMessage(suite, actors.alice);
    const first = await postBatch(suite, suite.genesis, { nextMessage: message });
    const second = await postBatch(suite, first, { nextMessage: message });
    await judge.openDispute(first);
    await judge.openDispute(second);
    const reverted = await timestampOf(await judge.revertBatches(first, actors.alice));
    await nextBlockAt(suite, reverted + parameters.escapeDelay);
    await chain.freeze(suite.genesis, message);
    await judge.closeDispute(second);
    expect([await chain.isFrozen(), await chain.openDisputes()]).to.deep.equal([true, 0n]);
  });

  it("costs the sequencer nothing but its turn: who is bonded leaves with the bond", async () => {
    const suite = world();
    await frozen(suite);
    const registry = suite.registry.connect(suite.actors.sequencer);
    await registry.exit();
    await suite.connection.networkHelpers.time.increase(suite.parameters.bondWithdrawalDelay);
    await registry.withdrawBond(suite.actors.sequencer);
    expect(await registry.bondOf(suite.actors.sequencer)).to.equal(0n);
  });
});
