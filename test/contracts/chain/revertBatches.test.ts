import { expect } from "chai";
import { ZeroHash } from "ethers";

import { type BatchHeader, type Hex, type Withdrawal, ZERO_ADDRESS } from "../../../plugin/types.js";
import { enqueueMessage, postBatch, postBatches, sendBatch } from "../../support/batches.js";
import { headerHash, withdrawalLeaf } from "../../support/protocol.js";
import { timestampOf } from "../../support/suite.js";
import { nextBlockAt, passWindow, useWorld, type World } from "../../support/world.js";

describe("StateCommitmentChain.revertBatches", () => {
  const world = useWorld();

  /** Asks for the revert of `header`, won by alice. */
  const askRevert = (suite: World, header: BatchHeader, caller = suite.actors.resolver) =>
    suite.chain.connect(caller).revertBatches(header, suite.actors.alice);

  /** Reverts `header` as the resolver does: opens a dispute, which alice wins. */
  async function revertBatches(suite: World, header: BatchHeader) {
    await suite.chain.connect(suite.actors.resolver).openDispute(header);
    return askRevert(suite, header);
  }

  /** Lets `second` post now: it registers and the first in rank stays silent for the grace. */
  async function letSecondPost(suite: World): Promise<void> {
    await suite.registry.connect(suite.actors.second).register({ value: suite.parameters.sequencerBond });
    await suite.connection.networkHelpers.time.increase(suite.parameters.sequencerGrace);
  }

  async function three(suite: World): Promise<[BatchHeader, BatchHeader, BatchHeader]> {
    const [first, second, third] = await postBatches(suite, suite.genesis, 3);
    if (first === undefined || second === undefined || third === undefined) throw new Error("three batches");
    return [first, second, third];
  }

  it("is for the resolver that the header names only, whatever header a stranger writes his name into", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    const { resolver, sequencer, deployer, upgrader } = suite.actors;
    await suite.chain.connect(resolver).openDispute(header);
    for (const caller of [sequencer, deployer, upgrader]) {
      await expect(askRevert(suite, header, caller))
        .to.be.revertedWithCustomError(suite.chain, "ChainUnauthorized")
        .withArgs(caller.address, resolver.address);
      const forged = { ...header, resolver: caller.address as Hex };
      await expect(askRevert(suite, forged, caller))
        .to.be.revertedWithCustomError(suite.chain, "ChainHeaderMismatch")
        .withArgs(1n, headerHash(header), headerHash(forged));
    }
  });

  it("takes a batch only while it is under dispute, and ends the dispute", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    const hash = headerHash(header);
    await expect(askRevert(suite, header))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotDisputed")
      .withArgs(1n, hash);
    await expect(revertBatches(suite, header)).to.emit(suite.chain, "DisputeClosed").withArgs(1n, hash);
    expect([await suite.chain.isDisputed(hash), await suite.chain.openDisputes()]).to.deep.equal([false, 0n]);
  });

  it("works after the window of the batch too", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    await suite.chain.connect(suite.actors.resolver).openDispute(header);
    await passWindow(suite);
    await askRevert(suite, header);
    expect(await suite.chain.heads()).to.deep.equal([0n, 0n]);
  });

  it("leaves disputes about later batches open: their resolver closes them", async () => {
    const suite = world();
    const [first, second] = await three(suite);
    const { chain, actors } = suite;
    const own = chain.connect(actors.resolver);
    await own.openDispute(second);
    await revertBatches(suite, first);
    expect(await chain.openDisputes()).to.equal(1n);
    await expect(askRevert(suite, second)).to.be.revertedWithCustomError(chain, "ChainNotPending");

    await own.closeDispute(second);
    expect([await chain.openDisputes(), await chain.isDisputed(headerHash(second))]).to.deep.equal([0n, false]);
  });

  it("takes the batch and every later one, down to its parent", async () => {
    const suite = world();
    const [first, second, third] = await three(suite);

    await expect(revertBatches(suite, second))
      .to.emit(suite.chain, "BatchesReverted")
      .withArgs(2n, 3n, headerHash(first));
    expect(await suite.chain.heads()).to.deep.equal([1n, 0n]);
    expect(await Promise.all([1n, 2n, 3n].map((index) => suite.chain.headerHash(index)))).to.deep.equal([
      headerHash(first),
      ZeroHash,
      ZeroHash,
    ]);
    await expect(sendBatch(suite, third)).to.be.revertedWithCustomError(suite.chain, "ChainParentMismatch");
  });

  it("can take everything but the genesis", async () => {
    const suite = world();
    const [first] = await three(suite);
    await revertBatches(suite, first);
    expect(await suite.chain.heads()).to.deep.equal([0n, 0n]);
    expect(await suite.chain.headerHash(0n)).to.equal(headerHash(suite.genesis));
    const { resolver } = suite.actors;
    await expect(askRevert(suite, suite.genesis))
      .to.be.revertedWithCustomError(suite.chain, "ChainUnauthorized")
      .withArgs(resolver.address, ZERO_ADDRESS);
    await expect(askRevert(suite, { ...suite.genesis, resolver: resolver.address as Hex }))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotPending")
      .withArgs(0n, 0n, 0n);
  });

  it("never takes what is final", async () => {
    const suite = world();
    const [first, second] = await three(suite);
    await suite.chain.connect(suite.actors.resolver).openDispute(second);
    await passWindow(suite);
    await suite.chain.finalize([first]);

    await expect(askRevert(suite, first))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotPending")
      .withArgs(1n, 1n, 3n);
    await askRevert(suite, second);
    expect(await suite.chain.heads()).to.deep.equal([1n, 1n]);
    expect(await suite.chain.isFinalized(first)).to.equal(true);
  });

  it("refuses what was never posted, what is reverted already, and a forged header", async () => {
    const suite = world();
    const [, second, third] = await three(suite);
    await expect(askRevert(suite, { ...third, index: 4n })).to.be.revertedWithCustomError(
      suite.chain,
      "ChainNotPending",
    );
    await expect(
      askRevert(suite, { ...second, submitter: suite.actors.bob.address as BatchHeader["submitter"] }),
    ).to.be.revertedWithCustomError(suite.chain, "ChainHeaderMismatch");
    await revertBatches(suite, second);
    for (const gone of [second, third]) {
      await expect(askRevert(suite, gone)).to.be.revertedWithCustomError(suite.chain, "ChainNotPending");
    }
  });

  it("slashes the submitter of the batch and rewards the winner", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    const bond = suite.parameters.sequencerBond;
    await expect(revertBatches(suite, header))
      .to.emit(suite.registry, "SequencerSlashed")
      .withArgs(suite.actors.sequencer.address, suite.actors.alice.address, bond / 2n, bond / 2n);
    expect(await suite.registry.bondOf(suite.actors.sequencer)).to.equal(0n);
    expect(await suite.registry.rewardOf(suite.actors.alice)).to.equal(bond / 2n);
  });

  it("slashes the submitter although it exited meanwhile", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    await suite.registry.connect(suite.actors.sequencer).exit();
    await revertBatches(suite, header);
    expect(await suite.registry.bondOf(suite.actors.sequencer)).to.equal(0n);
  });

  it("does not slash those who built on the false batch", async () => {
    const suite = world();
    const bad = await postBatch(suite, suite.genesis);
    await letSecondPost(suite);
    await postBatch(suite, bad, { submitter: suite.actors.second });
    await revertBatches(suite, bad);
    expect(await suite.registry.bondOf(suite.actors.second)).to.equal(suite.parameters.sequencerBond);
    expect(await suite.registry.activeSequencer()).to.equal(suite.actors.second.address);
  });

  it("works when the submitter has no bond left, so that an earlier false batch of his falls too", async () => {
    const suite = world();
    const [first, second] = await three(suite);
    await revertBatches(suite, second);
    await expect(revertBatches(suite, first)).not.to.emit(suite.registry, "SequencerSlashed");
    expect(await suite.chain.heads()).to.deep.equal([0n, 0n]);
  });

  it("gives the messages of reverted batches back to the inbox", async () => {
    const suite = world();
    await enqueueMessage(suite, suite.actors.alice);
    const bad = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    await letSecondPost(suite);
    await revertBatches(suite, bad);

    const good = await postBatch(suite, suite.genesis, {
      submitter: suite.actors.second,
      claim: { inboxTo: 1n },
    });
    expect(good).to.include({ index: 1n, inboxFrom: 0n, inboxTo: 1n, inboxAcc: bad.inboxAcc });
  });

  it("does not let a message be skipped longer because the batch that consumed it fell", async () => {
    const suite = world();
    const message = await enqueueMessage(suite, suite.actors.alice);
    const bad = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    await letSecondPost(suite);
    const dueAt = message.timestamp + suite.parameters.forceInclusionDelay;
    await nextBlockAt(suite, dueAt);
    await revertBatches(suite, bad);

    const { second } = suite.actors;
    await expect(sendBatch(suite, suite.genesis, { submitter: second })).to.be.revertedWithCustomError(
      suite.chain,
      "ChainMessageNotShown",
    );
    await expect(sendBatch(suite, suite.genesis, { submitter: second, nextMessage: message }))
      .to.be.revertedWithCustomError(suite.chain, "ChainMessageDue")
      .withArgs(0n, dueAt);
  });

  it("starts the count of silence anew, so that nobody jumps the queue after it", async () => {
    const suite = world();
    const { second, third } = suite.actors;
    const bad = await postBatch(suite, suite.genesis);
    for (const signer of [second, third]) {
      await suite.registry.connect(signer).register({ value: suite.parameters.sequencerBond });
    }
    await suite.connection.networkHelpers.time.increase(suite.parameters.permissionlessDelay);
    const revertedAt = await timestampOf(await revertBatches(suite, bad));
    expect(await suite.chain.lastActivity()).to.deep.equal([revertedAt, 0n]);

    await expect(sendBatch(suite, suite.genesis, { submitter: third }))
      .to.be.revertedWithCustomError(suite.registry, "RegistryNotYourTurn")
      .withArgs(third.address, second.address, revertedAt + suite.parameters.sequencerGrace);
    await sendBatch(suite, suite.genesis, { submitter: second });
  });

  it("lets a new batch overwrite the reverted one, while nothing believes the hashes left above it", async () => {
    const suite = world();
    const [first, second, third] = await three(suite);
    await letSecondPost(suite);
    await revertBatches(suite, second);
    const again = await postBatch(suite, first, { submitter: suite.actors.second });
    expect(again.index).to.equal(2n);
    expect(await suite.chain.headerHash(2n)).to.equal(headerHash(again));
    expect(await suite.chain.headerHash(3n)).to.equal(ZeroHash);

    await passWindow(suite);
    await expect(suite.chain.finalize([first, second])).to.be.revertedWithCustomError(
      suite.chain,
      "ChainHeaderMismatch",
    );
    // The hash of `third` still lies in its slot; no path reads it.
    await expect(suite.chain.finalize([first, again, third]))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotPending")
      .withArgs(3n, 2n, 2n);
    await suite.chain.finalize([first, again]);
    expect(await Promise.all([second, third].map((header) => suite.chain.isFinalized(header)))).to.deep.equal([
      false,
      false,
    ]);
    await expect(askRevert(suite, third)).to.be.revertedWithCustomError(suite.chain, "ChainNotPending");

    const after = await postBatch(suite, again, { submitter: suite.actors.second });
    expect(await suite.chain.headerHash(3n)).to.equal(headerHash(after));
    await expect(sendBatch(suite, third, { submitter: suite.actors.second })).to.be.revertedWithCustomError(
      suite.chain,
      "ChainParentMismatch",
    );
  });

  it("leaves no way to claim a withdrawal of a batch that fell, however long one waits", async () => {
    const suite = world();
    const { bridge, actors } = suite;
    const withdrawal: Withdrawal = {
      nonce: 0n,
      sender: actors.sequencer.address as Hex,
      target: actors.sequencer.address as Hex,
      token: ZERO_ADDRESS,
      amount: 10n ** 18n,
      data: "0x",
    };
    await bridge.connect(actors.bob).depositETH(actors.bob, { value: 10n ** 18n });
    const withdrawalsRoot = withdrawalLeaf(withdrawal);
    const bad = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n, withdrawalsRoot } });
    const later = await postBatch(suite, bad, { claim: { withdrawalsRoot } });
    await letSecondPost(suite);
    await revertBatches(suite, bad);
    const claims = async () => {
      for (const header of [bad, later]) {
        await expect(bridge.withdraw(header, 0, withdrawal, []))
          .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNotFinalized")
          .withArgs(header.index);
      }
    };

    await claims();
    const good = await postBatch(suite, suite.genesis, { submitter: actors.second, claim: { inboxTo: 1n } });
    const next = await postBatch(suite, good, { submitter: actors.second });
    await passWindow(suite);
    await suite.chain.finalize([good, next]);
    await claims();
    expect(await suite.connection.ethers.provider.getBalance(bridge)).to.equal(10n ** 18n);
  });

  it("costs the same however many batches fall", async () => {
    const suite = world();
    const [first, ...rest] = await postBatches(suite, suite.genesis, 20);
    const last = rest.at(-1);
    if (first === undefined || last === undefined) throw new Error("twenty batches");
    for (const header of [first, last]) await suite.chain.connect(suite.actors.resolver).openDispute(header);
    const estimate = (header: BatchHeader) =>
      suite.chain.connect(suite.actors.resolver).revertBatches.estimateGas(header, suite.actors.alice);
    const [all, one] = await Promise.all([estimate(first), estimate(last)]);
    expect(Number(all)).to.be.closeTo(Number(one), 200);
  });
});
