import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { registerAll, registryAsChain } from "../../support/registry.js";
import { now, useWorld, type World } from "../../support/world.js";

describe("SequencerRegistry.checkMayPost", () => {
  const world = useWorld();

  /** Who of the actors may post when the last batch is `silence` seconds old. */
  async function allowedAfter(suite: World, silence: bigint): Promise<string[]> {
    const lastBatchAt = (await now(suite)) - silence;
    const allowed: string[] = [];
    for (const [name, signer] of Object.entries(suite.actors)) {
      try {
        await suite.registry.checkMayPost(signer, lastBatchAt);
        allowed.push(name);
      } catch (error) {
        if (!/RegistryNot(YourTurn|Registered)/.test(String(error))) throw error;
      }
    }
    return allowed;
  }

  it("goes up a ladder: the first, then the next in rank, then everyone in the set", async () => {
    const suite = world();
    const { second, third, alice } = suite.actors;
    const { sequencerGrace, permissionlessDelay } = suite.parameters;
    await registerAll(suite, [second, third, alice]);

    expect(await allowedAfter(suite, 0n)).to.deep.equal(["sequencer"]);
    expect(await allowedAfter(suite, sequencerGrace - 1n)).to.deep.equal(["sequencer"]);
    expect(await allowedAfter(suite, sequencerGrace)).to.deep.equal(["sequencer", "second"]);
    expect(await allowedAfter(suite, permissionlessDelay - 1n)).to.deep.equal(["sequencer", "second"]);
    expect(await allowedAfter(suite, permissionlessDelay)).to.deep.equal(["sequencer", "second", "third", "alice"]);
  });

  it("moves everybody up when one leaves or is slashed", async () => {
    const suite = world();
    const { sequencer, second, third, alice } = suite.actors;
    const { sequencerGrace } = suite.parameters;
    await registerAll(suite, [second, third, alice]);
    await suite.registry.connect(sequencer).exit();
    expect(await allowedAfter(suite, 0n)).to.deep.equal(["second"]);
    expect(await allowedAfter(suite, sequencerGrace)).to.deep.equal(["second", "third"]);
    await (await registryAsChain(suite)).slash(second, alice);
    expect(await allowedAfter(suite, 0n)).to.deep.equal(["third"]);
    expect(await allowedAfter(suite, sequencerGrace)).to.deep.equal(["third", "alice"]);
  });

  it("lets nobody without a bond post, however long the silence, nor the zero address", async () => {
    const suite = world();
    const { registry, actors } = suite;
    for (const account of [actors.bob.address, ZeroAddress]) {
      await expect(registry.checkMayPost(account, 0n))
        .to.be.revertedWithCustomError(registry, "RegistryNotRegistered")
        .withArgs(account);
    }
    await registry.connect(actors.sequencer).exit();
    for (const account of [actors.sequencer.address, ZeroAddress]) {
      await expect(registry.checkMayPost(account, 0n)).to.be.revertedWithCustomError(registry, "RegistryNotRegistered");
    }
  });

  it("says from when on a sequencer may post", async () => {
    const suite = world();
    const { registry, actors, parameters } = suite;
    const { sequencer, second, third } = actors;
    await registerAll(suite, [second, third]);
    const lastBatchAt = await now(suite);
    await expect(registry.checkMayPost(second, lastBatchAt))
      .to.be.revertedWithCustomError(registry, "RegistryNotYourTurn")
      .withArgs(second.address, sequencer.address, lastBatchAt + parameters.sequencerGrace);
    await expect(registry.checkMayPost(third, lastBatchAt))
      .to.be.revertedWithCustomError(registry, "RegistryNotYourTurn")
      .withArgs(third.address, sequencer.address, lastBatchAt + parameters.permissionlessDelay);
  });
});
