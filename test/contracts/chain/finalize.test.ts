import { expect } from "chai";

import { enqueueMessage, postBatch, postBatches } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { nextBlockAt, passWindow, useWorld } from "../../support/world.js";

describe("StateCommitmentChain.finalize", () => {
  const world = useWorld();

  it("makes a batch final from the second on at which its window is over, for anyone who asks", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    const chain = suite.chain.connect(suite.actors.alice);

    await nextBlockAt(suite, header.finalizesAt - 1n);
    await expect(chain.finalize([header]))
      .to.be.revertedWithCustomError(chain, "ChainWindowOpen")
      .withArgs(1n, header.finalizesAt);
    expect(await chain.isFinalized(header)).to.equal(false);

    await nextBlockAt(suite, header.finalizesAt);
    await expect(chain.finalize([header]))
      .to.emit(chain, "BatchFinalized")
      .withArgs(1n, headerHash(header));
    expect(await chain.isFinalized(header)).to.equal(true);
    expect(await chain.heads()).to.deep.equal([1n, 1n]);
  });

  it("takes several batches at once and leaves the rest pending", async () => {
    const suite = world();
    const headers = await postBatches(suite, suite.genesis, 4);
    await passWindow(suite);

    await suite.chain.finalize(headers.slice(0, 3));
    expect(await suite.chain.heads()).to.deep.equal([4n, 3n]);
    expect(await Promise.all(headers.map((header) => suite.chain.isFinalized(header)))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    await suite.chain.finalize(headers.slice(3));
    expect(await suite.chain.heads()).to.deep.equal([4n, 4n]);
  });

  it("takes none when the window of one of them is open", async () => {
    const suite = world();
    const first = await postBatch(suite, suite.genesis);
    await nextBlockAt(suite, first.timestamp + 100n);
    const second = await postBatch(suite, first);
    await nextBlockAt(suite, first.finalizesAt);

    await expect(suite.chain.finalize([first, second]))
      .to.be.revertedWithCustomError(suite.chain, "ChainWindowOpen")
      .withArgs(2n, second.finalizesAt);
    expect(await suite.chain.heads()).to.deep.equal([2n, 0n]);
  });

  it("goes strictly in order: nothing skipped, nothing twice, not the genesis", async () => {
    const suite = world();
    const [first, second, third] = await postBatches(suite, suite.genesis, 3);
    if (first === undefined || second === undefined || third === undefined) throw new Error("three batches");
    await passWindow(suite);

    const misordered: [(typeof first)[], bigint, bigint][] = [
      [[second], 1n, 2n],
      [[first, third], 2n, 3n],
      [[first, first], 2n, 1n],
      [[suite.genesis], 1n, 0n],
    ];
    for (const [headers, expected, given] of misordered) {
      await expect(suite.chain.finalize(headers))
        .to.be.revertedWithCustomError(suite.chain, "ChainNotNext")
        .withArgs(expected, given);
    }
    await suite.chain.finalize([first]);
    await expect(suite.chain.finalize([first]))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotNext")
      .withArgs(2n, 1n);
  });

  it("refuses a header that is not the stored one", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    const forged = { ...header, finalizesAt: header.timestamp };
    await expect(suite.chain.finalize([forged]))
      .to.be.revertedWithCustomError(suite.chain, "ChainHeaderMismatch")
      .withArgs(1n, headerHash(header), headerHash(forged));
  });

  it("refuses a batch that is not posted yet", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    await passWindow(suite);
    await expect(suite.chain.finalize([header, { ...header, index: 2n }]))
      .to.be.revertedWithCustomError(suite.chain, "ChainNotPending")
      .withArgs(2n, 1n, 1n);
  });

  it("refuses an empty list", async () => {
    const suite = world();
    await expect(suite.chain.finalize([])).to.be.revertedWithCustomError(suite.chain, "ChainNothingToFinalize");
  });

  it("releases the inbox up to what the last final batch consumed, and no further", async () => {
    const suite = world();
    for (let i = 0; i < 3; i++) await enqueueMessage(suite, suite.actors.alice);
    const first = await postBatch(suite, suite.genesis, { claim: { inboxTo: 1n } });
    const second = await postBatch(suite, first, { claim: { inboxTo: 3n } });
    await passWindow(suite);

    await suite.chain.finalize([first]);
    expect(await suite.bridge.releasedCount()).to.equal(1n);
    await suite.chain.finalize([second]);
    expect(await suite.bridge.releasedCount()).to.equal(3n);
  });
});
