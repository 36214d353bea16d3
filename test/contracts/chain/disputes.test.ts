import { expect } from "chai";

import { type BatchHeader, type Hex, ZERO_ADDRESS } from "../../../plugin/types.js";
import { StateCommitmentChain__factory } from "../../../typechain-types/index.js";
import { postBatch, postBatches } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { announceUpgrade } from "../../support/proxies.js";
import { nextBlockAt, passWindow, useWorld, type World } from "../../support/world.js";

/** The chain as the resolver calls it. */
const judge = ({ chain, actors }: World) => chain.connect(actors.resolver);

async function two(suite: World): Promise<[BatchHeader, BatchHeader]> {
  const [first, second] = await postBatches(suite, suite.genesis, 2);
  if (first === undefined || second === undefined) throw new Error("two batches");
  return [first, second];
}

describe("StateCommitmentChain.openDispute", () => {
  const world = useWorld();

  it("keeps the batch and every later one from becoming final, not those before it", async () => {
    const suite = world();
    const { chain } = suite;
    const [first, second] = await two(suite);
    const third = await postBatch(suite, second);
    const hash = headerHash(second);
    await expect(judge(suite).openDispute(second)).to.emit(chain, "DisputeOpened").withArgs(2n, hash);
    expect([await chain.isDisputed(hash), await chain.openDisputes()]).to.deep.equal([true, 1n]);

    await passWindow(suite);
    for (const headers of [
      [first, second],
      [first, second, third],
    ]) {
      await expect(chain.finalize(headers)).to.be.revertedWithCustomError(chain, "ChainDisputed").withArgs(2n, hash);
    }
    await chain.finalize([first]);
    await expect(chain.finalize([third])).to.be.revertedWithCustomError(chain, "ChainNotNext");
    expect(await chain.heads()).to.deep.equal([3n, 1n]);
  });

  it("can be called until the last second before the batch could become final", async () => {
    const suite = world();
    const [first, second] = await two(suite);
    await nextBlockAt(suite, first.finalizesAt - 1n);
    await judge(suite).openDispute(first);
    await nextBlockAt(suite, second.finalizesAt);
    await expect(judge(suite).openDispute(second))
      .to.be.revertedWithCustomError(suite.chain, "ChainWindowOver")
      .withArgs(2n, second.finalizesAt);
  });

  it("is refused for a batch that is under dispute already", async () => {
    const suite = world();
    const [first] = await two(suite);
    await judge(suite).openDispute(first);
    await expect(judge(suite).openDispute(first))
      .to.be.revertedWithCustomError(suite.chain, "ChainDisputed")
      .withArgs(1n, headerHash(first));
    expect(await suite.chain.openDisputes()).to.equal(1n);
  });

  it("is for the resolver that the header names only, whatever header a stranger writes his name into", async () => {
    const suite = world();
    const { chain, actors } = suite;
    const [first] = await two(suite);
    for (const caller of [actors.sequencer, actors.upgrader, actors.deployer]) {
      await expect(chain.connect(caller).openDispute(first))
        .to.be.revertedWithCustomError(chain, "ChainUnauthorized")
        .withArgs(caller.address, actors.resolver.address);
      await expect(
        chain.connect(caller).openDispute({ ...first, resolver: caller.address as Hex }),
      ).to.be.revertedWithCustomError(chain, "ChainHeaderMismatch");
    }
  });

  it("is refused for what is not pending: the genesis, a final batch, one that fell, one never posted", async () => {
    const suite = world();
    const [first, second] = await two(suite);
    const resolver = suite.parameters.resolver as Hex;
    await nextBlockAt(suite, first.finalizesAt);
    await suite.chain.finalize([first]);
    const last = await postBatch(suite, second);
    await judge(suite).openDispute(last);
    await judge(suite).revertBatches(last, resolver);

    for (const header of [{ ...suite.genesis, resolver }, first, last, { ...last, index: 9n }]) {
      await expect(judge(suite).openDispute(header))
        .to.be.revertedWithCustomError(suite.chain, "ChainNotPending")
        .withArgs(header.index, 1n, 2n);
    }
    await expect(judge(suite).openDispute({ ...second, stateRoot: first.stateRoot })).to.be.revertedWithCustomError(
      suite.chain,
      "ChainHeaderMismatch",
    );
  });

  it("does not touch the heads, the activity, or the posting of further batches", async () => {
    const suite = world();
    const [first, second] = await two(suite);
    const before = [await suite.chain.heads(), await suite.chain.lastActivity()];
    await judge(suite).openDispute(first);
    expect([await suite.chain.heads(), await suite.chain.lastActivity()]).to.deep.equal(before);
    expect((await postBatch(suite, second)).index).to.equal(3n);
    expect(await suite.chain.openDisputes()).to.equal(1n);
  });

  it("stays with the resolver that a batch was posted under, also after an upgrade names another one", async () => {
    const suite = world();
    const { chain, bridge, registry, dataAvailability, timelock, actors, parameters } = suite;
    const next = await new StateCommitmentChain__factory(actors.deployer).deploy({
      ...parameters,
      ...{ inbox: bridge, registry, dataAvailability, resolver: actors.bob },
    });
    const operation = await announceUpgrade(suite, chain, next);
    await suite.connection.networkHelpers.time.increase(parameters.upgradeDelay);
    const old = await postBatch(suite, suite.genesis);
    await timelock.connect(actors.upgrader).execute(...operation);
    const late = await postBatch(suite, old);

    expect([old.resolver, late.resolver]).to.deep.equal([actors.resolver.address, actors.bob.address]);
    await expect(chain.connect(actors.bob).openDispute(old)).to.be.revertedWithCustomError(chain, "ChainUnauthorized");
    await expect(judge(suite).openDispute(late)).to.be.revertedWithCustomError(chain, "ChainUnauthorized");
    await chain.connect(actors.bob).openDispute(late);
    await judge(suite).openDispute(old);
    await judge(suite).revertBatches(old, actors.alice);
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
    await chain.connect(actors.bob).closeDispute(late);
    expect(await chain.openDisputes()).to.equal(0n);
  });
});

describe("StateCommitmentChain.closeDispute", () => {
  const world = useWorld();

  it("lets a defended batch become final, with those behind it", async () => {
    const suite = world();
    const [first, second] = await two(suite);
    await judge(suite).openDispute(first);
    await passWindow(suite);
    await expect(judge(suite).closeDispute(first))
      .to.emit(suite.chain, "DisputeClosed")
      .withArgs(1n, headerHash(first));
    await suite.chain.finalize([first, second]);
    expect(await suite.chain.heads()).to.deep.equal([2n, 2n]);
  });

  it("ends one dispute and no other", async () => {
    const suite = world();
    const { chain } = suite;
    const [first, second] = await two(suite);
    for (const header of [first, second]) await judge(suite).openDispute(header);
    await judge(suite).closeDispute(first);
    expect(await chain.openDisputes()).to.equal(1n);
    await passWindow(suite);
    await expect(chain.finalize([first, second]))
      .to.be.revertedWithCustomError(chain, "ChainDisputed")
      .withArgs(2n, headerHash(second));
    await chain.finalize([first]);
  });

  it("is for the resolver that the header names only", async () => {
    const suite = world();
    const { chain, actors } = suite;
    const [first] = await two(suite);
    await judge(suite).openDispute(first);
    await expect(chain.connect(actors.sequencer).closeDispute(first))
      .to.be.revertedWithCustomError(chain, "ChainUnauthorized")
      .withArgs(actors.sequencer.address, actors.resolver.address);
    const forged = { ...first, resolver: actors.sequencer.address as Hex };
    await expect(chain.connect(actors.sequencer).closeDispute(forged))
      .to.be.revertedWithCustomError(chain, "ChainNotDisputed")
      .withArgs(1n, headerHash(forged));
  });

  it("is refused where no dispute is open", async () => {
    const suite = world();
    const [first, second] = await two(suite);
    await judge(suite).openDispute(first);
    await judge(suite).closeDispute(first);
    for (const header of [first, second]) {
      await expect(judge(suite).closeDispute(header))
        .to.be.revertedWithCustomError(suite.chain, "ChainNotDisputed")
        .withArgs(header.index, headerHash(header));
    }
  });

  it("cannot be called for the genesis, which nobody judges", async () => {
    const suite = world();
    expect(suite.genesis.resolver).to.equal(ZERO_ADDRESS);
    await expect(judge(suite).closeDispute(suite.genesis)).to.be.revertedWithCustomError(
      suite.chain,
      "ChainUnauthorized",
    );
  });
});
