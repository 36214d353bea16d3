import { expect } from "chai";

import { postBatch } from "../../support/batches.js";
import { passWindow, useWorld } from "../../support/world.js";

describe("StateCommitmentChain.isFinalized", () => {
  const world = useWorld();

  it("holds for the genesis, from the start", async () => {
    const suite = world();
    expect(await suite.chain.isFinalized(suite.genesis)).to.equal(true);
    expect(await suite.chain.isFinalized({ ...suite.genesis, stateRoot: suite.genesis.parentHash })).to.equal(false);
  });

  it("does not hold because time has passed, only because it was made final", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    await passWindow(suite);
    expect(await suite.chain.isFinalized(header)).to.equal(false);
    await suite.chain.finalize([header]);
    expect(await suite.chain.isFinalized(header)).to.equal(true);
  });

  it("does not hold for a final batch's header with another content or at another index", async () => {
    const suite = world();
    const header = await postBatch(suite, suite.genesis);
    await passWindow(suite);
    await suite.chain.finalize([header]);
    expect(await suite.chain.isFinalized({ ...header, withdrawalsRoot: header.stateRoot })).to.equal(false);
    expect(await suite.chain.isFinalized({ ...header, index: 0n })).to.equal(false);
    expect(await suite.chain.isFinalized({ ...header, index: 2n })).to.equal(false);
  });
});
