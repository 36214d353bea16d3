import { expect } from "chai";
import { type AddressLike, ZeroHash } from "ethers";

import type { BatchHeader } from "../../../plugin/types.js";
import { HeaderHashDA__factory, StateCommitmentChain__factory } from "../../../typechain-types/index.js";
import { enqueueMessage, postBatch, postBatches } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { IMPLEMENTATION_SLOT } from "../../support/proxies.js";
import { now, nextBlockAt, passWindow, useWorld, type World } from "../../support/world.js";

const NEVER = 2n ** 64n - 1n;

/** The chain with its resolver as caller. */
const judge = ({ chain, actors }: World) => chain.connect(actors.resolver);

/** What an upgrade does to the chain, without its delay. */
async function upgrade(world: World, proofRequired: boolean, dataAvailability?: AddressLike): Promise<void> {
  const { chain, bridge, registry, parameters, actors, connection } = world;
  const code = await new StateCommitmentChain__factory(actors.deployer).deploy({
    ...parameters,
    ...{ inbox: bridge, registry, dataAvailability: dataAvailability ?? world.dataAvailability, proofRequired },
  });
  await connection.networkHelpers.setStorageAt(await chain.getAddress(), IMPLEMENTATION_SLOT, await code.getAddress());
}

describe("StateCommitmentChain.finalizeProven", () => {
  const world = useWorld(() => ({ proofRequired: true }));

  it("makes the oldest pending batch final at once, and releases what it consumed", async () => {
    const suite = world();
    await enqueueMessage(suite, suite.actors.alice);
    const header = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    expect(header.finalizesAt).to.equal(NEVER);
    expect(await suite.chain.NEVER()).to.equal(NEVER);

    await nextBlockAt(suite, header.timestamp + 1n);
    await expect(judge(suite).finalizeProven(header))
      .to.emit(suite.chain, "BatchFinalized")
      .withArgs(1n, headerHash(header));
    expect(await suite.chain.isFinalized(header)).to.equal(true);
    expect(await suite.chain.heads()).to.deep.equal([1n, 1n]);
    expect(await suite.bridge.releasedCount()).to.equal(1n);
  });

  it("is the only way: no time finalizes such a batch", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    for (const at of [header.timestamp + suite.parameters.challengeWindow, 1n << 35n]) {
      await nextBlockAt(suite, at);
      await expect(suite.chain.finalize([header]))
        .to.be.revertedWithCustomError(suite.chain, "ChainWindowOpen")
        .withArgs(1n, NEVER);
    }
    await judge(suite).finalizeProven(header);
  });

  it("is the resolver's that the header names, and nobody else's", async () => {
    const suite = world();
    const { chain, actors } = suite;
    const header = await postBatch(suite, suite.genesis);
    await expect(chain.connect(actors.sequencer).finalizeProven(header))
      .to.be.revertedWithCustomError(chain, "ChainUnauthorized")
      .withArgs(actors.sequencer.address, actors.resolver.address);
    const forged = { ...header, resolver: actors.sequencer.address } as BatchHeader;
    await expect(chain.connect(actors.sequencer).finalizeProven(forged))
      .to.be.revertedWithCustomError(chain, "ChainHeaderMismatch")
      .withArgs(1n, headerHash(header), headerHash(forged));
  });

  it("goes strictly in order: nothing skipped, nothing twice, nothing that is not posted, not the genesis", async () => {
    const suite = world();
    const [first, second] = await postBatches(suite, suite.genesis, 2);
    if (first === undefined || second === undefined) throw new Error("two batches");
    const own = judge(suite);

    await expect(own.finalizeProven(second)).to.be.revertedWithCustomError(own, "ChainNotNext").withArgs(1n, 2n);
    await own.finalizeProven(first);
    await expect(own.finalizeProven(first)).to.be.revertedWithCustomError(own, "ChainNotPending").withArgs(1n, 1n, 2n);
    await own.finalizeProven(second);
    await expect(own.finalizeProven({ ...second, index: 3n }))
      .to.be.revertedWithCustomError(own, "ChainNotPending")
      .withArgs(3n, 2n, 2n);
    await expect(own.finalizeProven({ ...suite.genesis, resolver: suite.actors.resolver.address }))
      .to.be.revertedWithCustomError(own, "ChainNotPending")
      .withArgs(0n, 2n, 2n);
  });

  it("is refused while the batch is under dispute, and after it fell", async () => {
    const suite = world();
    const [first, second] = await postBatches(suite, suite.genesis, 2);
    if (first === undefined || second === undefined) throw new Error("two batches");
    const own = judge(suite);
    await own.openDispute(first);
    await expect(own.finalizeProven(first))
      .to.be.revertedWithCustomError(own, "ChainDisputed")
      .withArgs(1n, headerHash(first));
    await own.closeDispute(first);
    await own.finalizeProven(first);

    await own.openDispute(second);
    await own.revertBatches(second, suite.actors.alice);
    await expect(own.finalizeProven(second)).to.be.revertedWithCustomError(own, "ChainNotPending").withArgs(2n, 1n, 1n);
  });

  it("is refused on a frozen chain, which has nothing pending", async () => {
    const suite = world();
    const { chain, parameters } = suite;
    const [first, second] = await postBatches(suite, suite.genesis, 2);
    if (first === undefined || second === undefined) throw new Error("two batches");
    const message = await enqueueMessage(suite, suite.actors.alice);
    const own = judge(suite);
    await own.finalizeProven(first);
    await nextBlockAt(suite, (await now(suite)) + parameters.escapeDelay);
    // A batch without a proof stands in the way of the freeze until its judge reverts it, which counts as activity.
    await expect(chain.freeze(first, message)).to.be.revertedWithCustomError(chain, "ChainPending").withArgs(1n, 2n);
    await own.openDispute(second);
    await own.revertBatches(second, suite.actors.alice);
    await expect(chain.freeze(first, message)).to.be.revertedWithCustomError(chain, "ChainNotSilent");
    await nextBlockAt(suite, (await now(suite)) + parameters.escapeDelay);
    await chain.freeze(first, message);
    await expect(own.finalizeProven(second))
      .to.be.revertedWithCustomError(chain, "ChainNotPending")
      .withArgs(2n, 1n, 1n);
  });

  it("tells the data-availability layer until when the batch is judged", async () => {
    const suite = world();
    await upgrade(suite, true, await new HeaderHashDA__factory(suite.actors.deployer).deploy());
    const header = await postBatch(suite, suite.genesis);
    const finalizesAt = header.timestamp + suite.parameters.challengeWindow;
    expect(header.finalizesAt).to.equal(NEVER);
    expect(header.dataHash).to.equal(
      headerHash({ ...header, finalizesAt, dataHash: ZeroHash as BatchHeader["dataHash"] }),
    );
  });

  it("holds whatever the other words of a header say", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    for (const forged of [
      { ...header, finalizesAt: header.timestamp },
      { ...header, stateRoot: `0x${"77".repeat(32)}` as const },
      { ...header, inboxTo: 2n ** 64n - 1n },
    ]) {
      await expect(judge(suite).finalizeProven(forged)).to.be.revertedWithCustomError(
        suite.chain,
        "ChainHeaderMismatch",
      );
    }
  });
});

describe("A chain that was upgraded while batches were pending", () => {
  const world = useWorld();

  it("finalizes each in the way that was fixed when it was posted, in order", async () => {
    const suite = world();
    const { chain } = suite;
    const own = judge(suite);
    const byTime = await postBatch(suite, suite.genesis);
    await upgrade(suite, true);
    const byProof = await postBatch(suite, byTime);
    await upgrade(suite, false);
    const last = await postBatch(suite, byProof);
    expect([byTime, byProof, last].map(({ finalizesAt }) => finalizesAt === NEVER)).to.deep.equal([false, true, false]);

    // A proof does not take the place of a window, nor of the batch before.
    await expect(own.finalizeProven(byTime))
      .to.be.revertedWithCustomError(chain, "ChainProofNotRequired")
      .withArgs(1n, byTime.finalizesAt);
    await expect(own.finalizeProven(byProof)).to.be.revertedWithCustomError(chain, "ChainNotNext").withArgs(1n, 2n);
    await passWindow(suite);
    await expect(chain.finalize([byTime, byProof, last]))
      .to.be.revertedWithCustomError(chain, "ChainWindowOpen")
      .withArgs(2n, NEVER);
    await chain.finalize([byTime]);
    await expect(chain.finalize([last]))
      .to.be.revertedWithCustomError(chain, "ChainNotNext")
      .withArgs(2n, 3n);
    await own.finalizeProven(byProof);
    await chain.finalize([last]);
    expect(await chain.heads()).to.deep.equal([3n, 3n]);
  });

  it("lets a proven batch fall with a false one before it", async () => {
    const suite = world();
    const { chain, registry, actors } = suite;
    const own = judge(suite);
    const byTime = await postBatch(suite, suite.genesis);
    await upgrade(suite, true);
    const byProof = await postBatch(suite, byTime);
    await own.openDispute(byTime);
    await own.revertBatches(byTime, actors.alice);
    await expect(own.finalizeProven(byProof))
      .to.be.revertedWithCustomError(chain, "ChainNotPending")
      .withArgs(2n, 0n, 0n);
    expect(await registry.bondOf(actors.sequencer)).to.equal(0n);
  });
});
