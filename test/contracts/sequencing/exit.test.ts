import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { ranks, registerAll } from "../../support/registry.js";
import { timestampOf } from "../../support/suite.js";
import { useWorld } from "../../support/world.js";

describe("SequencerRegistry.exit", () => {
  const world = useWorld();

  it("locks the bond for the withdrawal delay", async () => {
    const { registry, actors, parameters } = world();
    const sent = await registry.connect(actors.sequencer).exit();
    const withdrawableAt = (await timestampOf(sent)) + parameters.bondWithdrawalDelay;
    await expect(sent).to.emit(registry, "SequencerExited").withArgs(actors.sequencer.address, withdrawableAt);
    expect(await registry.withdrawableAt(actors.sequencer)).to.equal(withdrawableAt);
    expect(await registry.bondOf(actors.sequencer)).to.equal(parameters.sequencerBond);
    expect(await registry.isSequencer(actors.sequencer)).to.equal(false);
  });

  it("keeps the order of the others, whether the first, a middle or the last one leaves", async () => {
    const suite = world();
    const { registry, actors } = suite;
    const { sequencer, second, third, alice } = actors;
    await registerAll(suite, [second, third, alice]);

    await registry.connect(second).exit();
    expect(await ranks(registry)).to.deep.equal([sequencer.address, third.address, alice.address]);
    await registry.connect(alice).exit();
    expect(await ranks(registry)).to.deep.equal([sequencer.address, third.address]);
    await registry.connect(sequencer).exit();
    expect(await ranks(registry)).to.deep.equal([third.address]);
    await registry.connect(third).exit();
    expect(await registry.activeSequencer()).to.equal(ZeroAddress);

    await registerAll(suite, [actors.bob]);
    expect(await ranks(registry)).to.deep.equal([actors.bob.address]);
  });

  it("is for those in the set", async () => {
    const { registry, actors } = world();
    await expect(registry.connect(actors.alice).exit())
      .to.be.revertedWithCustomError(registry, "RegistryNotRegistered")
      .withArgs(actors.alice.address);
    await registry.connect(actors.sequencer).exit();
    await expect(registry.connect(actors.sequencer).exit())
      .to.be.revertedWithCustomError(registry, "RegistryNotRegistered")
      .withArgs(actors.sequencer.address);
  });
});
