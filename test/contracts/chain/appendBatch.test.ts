import { expect } from "chai";
import { id, ZeroHash } from "ethers";

import type { BatchHeader, InboxMessage } from "../../../plugin/types.js";
import { claimAfter, enqueueMessage, postBatch, sendBatch, toHeader } from "../../support/batches.js";
import { accumulate, dataHash, headerHash } from "../../support/protocol.js";
import { HOUR, timestampOf } from "../../support/suite.js";
import { nextBlockAt, now, useWorld } from "../../support/world.js";

describe("StateCommitmentChain.appendBatch", () => {
  const world = useWorld();

  describe("a batch", () => {
    it("gets a header that follows from its parent, its claim, the inbox and its data", async () => {
      const suite = world();
      const message = await enqueueMessage(suite, suite.actors.alice);
      const sent = await sendBatch(suite, suite.genesis, {
        claim: { inboxTo: 1n, stateRoot: id("state"), withdrawalsRoot: id("withdrawals"), l2BlockTo: 5n },
        data: "0x123456",
      });
      const timestamp = await timestampOf(sent);
      const expected: BatchHeader = {
        index: 1n,
        timestamp,
        finalizesAt: timestamp + suite.parameters.challengeWindow,
        inboxFrom: 0n,
        inboxTo: 1n,
        l2BlockFrom: 0n,
        l2BlockTo: 5n,
        submitter: suite.actors.sequencer.address as BatchHeader["submitter"],
        resolver: suite.parameters.resolver as BatchHeader["resolver"],
        parentHash: headerHash(suite.genesis),
        prevStateRoot: suite.genesis.stateRoot,
        stateRoot: id("state") as BatchHeader["stateRoot"],
        withdrawalsRoot: id("withdrawals") as BatchHeader["withdrawalsRoot"],
        inboxAcc: accumulate(suite.genesis.inboxAcc, [message]),
        dataHash: dataHash("0x123456"),
      };

      await expect(sent)
        .to.emit(suite.chain, "BatchAppended")
        .withArgs(1n, headerHash(expected), Object.values(expected));
      expect(await suite.chain.headerHash(1n)).to.equal(headerHash(expected));
      expect(await suite.chain.heads()).to.deep.equal([1n, 0n]);
      expect(await suite.chain.lastActivity()).to.deep.equal([timestamp, 1n]);
    });

    it("returns the hash of its header", async () => {
      const suite = world();
      const { chain, genesis } = suite;
      const claim = await claimAfter(suite, genesis);
      await nextBlockAt(suite, (await now(suite)) + 12n);
      const sequencer = chain.connect(suite.actors.sequencer);
      const promised = await sequencer.appendBatch.staticCall(genesis, claim, [], "0x00", { blockTag: "pending" });
      expect(promised).to.equal(headerHash(await postBatch(suite, genesis)));
    });

    it("continues where its parent ended", async () => {
      const suite = world();
      await enqueueMessage(suite, suite.actors.alice);
      const first = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n, l2BlockTo: 3n } });
      const second = await postBatch(suite, first, { claim: { l2BlockTo: 4n } });

      expect(second).to.include({
        index: 2n,
        inboxFrom: 1n,
        inboxTo: 1n,
        l2BlockFrom: 3n,
        l2BlockTo: 4n,
        parentHash: headerHash(first),
        prevStateRoot: first.stateRoot,
        inboxAcc: first.inboxAcc,
      });
    });
  });

  describe("its parent", () => {
    it("must be the head, not a batch below it", async () => {
      const suite = world();
      const head = await postBatch(suite, suite.genesis);
      await expect(sendBatch(suite, suite.genesis))
        .to.be.revertedWithCustomError(suite.chain, "ChainParentMismatch")
        .withArgs(headerHash(head), headerHash(suite.genesis));
    });

    it("must be the head to the last field", async () => {
      const suite = world();
      const head = await postBatch(suite, suite.genesis);
      const forged: BatchHeader[] = [
        { ...head, index: 2n },
        { ...head, timestamp: head.timestamp - 1n },
        { ...head, finalizesAt: head.timestamp },
        { ...head, inboxFrom: 1n },
        { ...head, l2BlockFrom: 1n },
        { ...head, l2BlockTo: head.l2BlockTo - 1n },
        { ...head, submitter: suite.actors.alice.address as BatchHeader["submitter"] },
        { ...head, resolver: suite.actors.alice.address as BatchHeader["resolver"] },
        { ...head, parentHash: head.stateRoot },
        { ...head, prevStateRoot: head.stateRoot },
        { ...head, stateRoot: head.prevStateRoot },
        { ...head, withdrawalsRoot: head.stateRoot },
        { ...head, dataHash: head.stateRoot },
      ];
      for (const parent of forged) {
        await expect(sendBatch(suite, parent)).to.be.revertedWithCustomError(suite.chain, "ChainParentMismatch");
      }
    });

    it("cannot pass with dirty upper bits", async () => {
      const suite = world();
      const { chain, genesis, actors } = suite;
      const claim = await claimAfter(suite, genesis);
      const calldata = chain.interface.encodeFunctionData("appendBatch", [genesis, claim, [], "0x00"]);
      // The first word after the selector is the 64-bit index.
      const dirty = `${calldata.slice(0, 10)}80${calldata.slice(12)}`;
      await expect(actors.sequencer.sendTransaction({ to: chain, data: dirty })).to.be.revertedWithCustomError(
        chain,
        "ChainParentMismatch",
      );
    });

    it("is gone after a reorganisation that replaced it, so what was built on it reverts", async () => {
      const suite = world();
      const before = await suite.connection.networkHelpers.takeSnapshot();
      const orphaned = await postBatch(suite, suite.genesis);
      await before.restore();
      await nextBlockAt(suite, orphaned.timestamp + 12n);
      const replacement = await postBatch(suite, suite.genesis);
      expect(replacement.stateRoot).to.equal(orphaned.stateRoot);

      await expect(sendBatch(suite, orphaned))
        .to.be.revertedWithCustomError(suite.chain, "ChainParentMismatch")
        .withArgs(headerHash(replacement), headerHash(orphaned));
    });
  });

  describe("its claim", () => {
    it("must name a state root", async () => {
      const suite = world();
      await expect(sendBatch(suite, suite.genesis, { claim: { stateRoot: ZeroHash } })).to.be.revertedWithCustomError(
        suite.chain,
        "ChainZeroStateRoot",
      );
    });

    it("must have an L2 block", async () => {
      const suite = world();
      const parent = await postBatch(suite, suite.genesis, { claim: { l2BlockTo: 7n } });
      for (const l2BlockTo of [7n, 6n]) {
        await expect(sendBatch(suite, parent, { claim: { l2BlockTo } }))
          .to.be.revertedWithCustomError(suite.chain, "ChainL2BlockNotAfter")
          .withArgs(l2BlockTo, 7n);
      }
    });

    it("cannot consume a message again", async () => {
      const suite = world();
      await enqueueMessage(suite, suite.actors.alice);
      const parent = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
      await expect(sendBatch(suite, parent, { claim: { inboxTo: 0n } }))
        .to.be.revertedWithCustomError(suite.chain, "ChainInboxBackwards")
        .withArgs(0n, 1n);
    });

    it("cannot consume what is not there", async () => {
      const suite = world();
      await enqueueMessage(suite, suite.actors.alice);
      await expect(sendBatch(suite, suite.genesis, { claim: { inboxTo: 2n, inboxAcc: ZeroHash } }))
        .to.be.revertedWithCustomError(suite.bridge, "InboxIndexOutOfRange")
        .withArgs(2n, 0n, 1n);
    });

    it("must be made from the inbox that L1 has, so a reorganised inbox never makes an honest batch false", async () => {
      const suite = world();
      const { bridge, chain, genesis, actors } = suite;
      const before = await suite.connection.networkHelpers.takeSnapshot();
      await enqueueMessage(suite, actors.alice);
      const seen = await bridge.accumulator(1n);
      await before.restore();
      await enqueueMessage(suite, actors.bob);

      await expect(sendBatch(suite, genesis, { claim: { inboxTo: 1n, inboxAcc: seen } }))
        .to.be.revertedWithCustomError(chain, "ChainInboxMismatch")
        .withArgs(seen, await bridge.accumulator(1n));
    });
  });

  describe("a message that it leaves", () => {
    /** Two messages, both counted by the batch that is posted after them. */
    async function twoSeenMessages(): Promise<[InboxMessage, InboxMessage, BatchHeader]> {
      const suite = world();
      const first = await enqueueMessage(suite, suite.actors.alice);
      const second = await enqueueMessage(suite, suite.actors.bob);
      return [first, second, await postBatch(suite, suite.genesis, { nextMessage: first })];
    }

    it("must be shown when the last posting counted it", async () => {
      const suite = world();
      const [, second, parent] = await twoSeenMessages();
      await expect(sendBatch(suite, parent, { claim: { inboxTo: 1n } }))
        .to.be.revertedWithCustomError(suite.chain, "ChainMessageNotShown")
        .withArgs(1n);
      await sendBatch(suite, parent, { claim: { inboxTo: 1n }, nextMessage: second });
    });

    it("must be the one in the inbox, to the last field", async () => {
      const suite = world();
      const [first, second, parent] = await twoSeenMessages();
      const forged: InboxMessage[] = [
        second,
        { ...first, kind: 1 },
        { ...first, index: 1n },
        { ...first, timestamp: first.timestamp + 1n },
        { ...first, sender: second.sender },
        { ...first, target: second.target },
        { ...first, token: second.target },
        { ...first, amount: 2n },
        { ...first, data: "0x00" },
      ];
      for (const nextMessage of forged) {
        await expect(sendBatch(suite, parent, { nextMessage }))
          .to.be.revertedWithCustomError(suite.chain, "ChainMessageMismatch")
          .withArgs(0n);
      }
    });

    it("may be left until the second before it is due", async () => {
      const suite = world();
      const [first, , parent] = await twoSeenMessages();
      await nextBlockAt(suite, first.timestamp + suite.parameters.forceInclusionDelay - 1n);
      await sendBatch(suite, parent, { nextMessage: first });
    });

    it("makes the posting revert from the second on at which it is due, and names it", async () => {
      const suite = world();
      const [first, , parent] = await twoSeenMessages();
      const dueAt = first.timestamp + suite.parameters.forceInclusionDelay;
      await nextBlockAt(suite, dueAt);
      await expect(sendBatch(suite, parent, { nextMessage: first }))
        .to.be.revertedWithCustomError(suite.chain, "ChainMessageDue")
        .withArgs(0n, dueAt);
    });

    it("is consumed by the next batch that gets through, with everything behind it that is due", async () => {
      const suite = world();
      const [first, second, parent] = await twoSeenMessages();
      await nextBlockAt(suite, second.timestamp + suite.parameters.forceInclusionDelay);
      await expect(
        sendBatch(suite, parent, { claim: { inboxTo: 1n }, nextMessage: second }),
      ).to.be.revertedWithCustomError(suite.chain, "ChainMessageDue");
      const header = await postBatch(suite, parent, { claim: { inboxTo: 2n } });
      expect(header.inboxAcc).to.equal(accumulate(suite.genesis.inboxAcc, [first, second]));
    });

    it("need not be shown when it came after the last posting", async () => {
      const suite = world();
      const parent = await postBatch(suite, suite.genesis);
      await enqueueMessage(suite, suite.actors.alice);
      const header = await postBatch(suite, parent);
      expect(header.inboxTo).to.equal(0n);
    });

    it("must be shown again once the last posting is as old as the force-inclusion delay", async () => {
      const suite = world();
      const parent = await postBatch(suite, suite.genesis);
      const message = await enqueueMessage(suite, suite.actors.alice);
      const limit = parent.timestamp + suite.parameters.forceInclusionDelay;
      await nextBlockAt(suite, limit - 1n);
      const inTime = await suite.connection.networkHelpers.takeSnapshot();
      await sendBatch(suite, parent);
      await inTime.restore();

      await nextBlockAt(suite, limit);
      await expect(sendBatch(suite, parent))
        .to.be.revertedWithCustomError(suite.chain, "ChainMessageNotShown")
        .withArgs(0n);
      expect(message.timestamp + suite.parameters.forceInclusionDelay).to.equal(limit + 1n);
    });

    it("cannot be slipped in ahead of a batch that consumed everything, to make it revert", async () => {
      const suite = world();
      const { provider } = suite.connection;
      await enqueueMessage(suite, suite.actors.alice);
      const options = { claim: { inboxTo: 1n }, submitter: suite.actors.sequencer };
      const claim = await claimAfter(suite, suite.genesis, options.claim);

      await provider.request({ method: "evm_setAutomine", params: [false] });
      const ahead = await suite.bridge
        .connect(suite.actors.bob)
        .forceWithdrawal(suite.actors.bob, 1n, suite.actors.bob, { gasPrice: 10n ** 11n, gasLimit: 500_000n });
      const posted = await suite.chain
        .connect(suite.actors.sequencer)
        .appendBatch(suite.genesis, claim, [], "0x00", { gasPrice: 10n ** 10n, gasLimit: 500_000n });
      await provider.request({ method: "evm_setAutomine", params: [true] });
      await suite.connection.networkHelpers.mine();

      const [first, second] = await Promise.all([ahead.wait(), posted.wait()]);
      expect([first?.blockNumber, first?.index]).to.deep.equal([second?.blockNumber, 0]);
      expect(second?.status).to.equal(1);
      expect(await suite.chain.lastActivity()).to.deep.equal([await now(suite), 2n]);
    });
  });

  describe("its submitter", () => {
    it("must be bonded", async () => {
      const suite = world();
      await expect(sendBatch(suite, suite.genesis, { submitter: suite.actors.alice }))
        .to.be.revertedWithCustomError(suite.registry, "RegistryNotRegistered")
        .withArgs(suite.actors.alice.address);
    });

    it("must not have exited", async () => {
      const suite = world();
      await suite.registry.connect(suite.actors.sequencer).exit();
      await expect(sendBatch(suite, suite.genesis)).to.be.revertedWithCustomError(
        suite.registry,
        "RegistryNotRegistered",
      );
    });

    it("is the second in rank once the first was silent for the grace, counted from the last posting", async () => {
      const suite = world();
      const { second } = suite.actors;
      await suite.registry.connect(second).register({ value: suite.parameters.sequencerBond });
      const parent = await postBatch(suite, suite.genesis);
      const from = parent.timestamp + suite.parameters.sequencerGrace;

      await nextBlockAt(suite, from - 1n);
      await expect(sendBatch(suite, parent, { submitter: second }))
        .to.be.revertedWithCustomError(suite.registry, "RegistryNotYourTurn")
        .withArgs(second.address, suite.actors.sequencer.address, from);
      await nextBlockAt(suite, from);
      const header = await postBatch(suite, parent, { submitter: second });
      expect(header.submitter).to.equal(second.address);

      // Its posting ended the silence: it has to wait again, the first has not.
      await nextBlockAt(suite, from + HOUR - 1n);
      await expect(sendBatch(suite, header, { submitter: second })).to.be.revertedWithCustomError(
        suite.registry,
        "RegistryNotYourTurn",
      );
      await sendBatch(suite, header);
    });

    it("cannot post through a contract, where the data would not be the transaction's input", async () => {
      const suite = world();
      const { chain, genesis, actors, connection } = suite;
      const bonded = await connection.ethers.getImpersonatedSigner(await suite.factory.getAddress());
      await connection.networkHelpers.setBalance(bonded.address, 10n ** 20n);
      await suite.registry.connect(actors.sequencer).exit();
      await suite.registry.connect(bonded).register({ value: suite.parameters.sequencerBond });
      const claim = await claimAfter(suite, genesis);
      await expect(chain.connect(bonded).appendBatch(genesis, claim, [], "0x00")).to.be.revertedWithCustomError(
        suite.dataAvailability,
        "DataIndirectSubmitter",
      );
    });
  });

  it("decodes the header it emits into the one it stores", async () => {
    const suite = world();
    await postBatch(suite, suite.genesis);
    const [event] = await suite.chain.queryFilter(suite.chain.filters.BatchAppended());
    if (event === undefined) throw new Error("no event");
    expect(headerHash(toHeader(event.args.header))).to.equal(await suite.chain.headerHash(1n));
  });
});
