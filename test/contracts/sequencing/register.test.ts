import { expect } from "chai";

import { ranks, registerAll, registryAsChain } from "../../support/registry.js";
import { useWorld } from "../../support/world.js";

describe("SequencerRegistry.register", () => {
  const world = useWorld();

  it("takes the bond and ranks the caller last", async () => {
    const suite = world();
    const { registry, actors, parameters } = suite;
    await expect(registry.connect(actors.second).register({ value: parameters.sequencerBond }))
      .to.emit(registry, "SequencerRegistered")
      .withArgs(actors.second.address, parameters.sequencerBond);
    await registerAll(suite, [actors.third]);

    expect(await ranks(registry)).to.deep.equal(
      [actors.sequencer, actors.second, actors.third].map((signer) => signer.address),
    );
    expect(await registry.isSequencer(actors.second)).to.equal(true);
    expect(await registry.bondOf(actors.second)).to.equal(parameters.sequencerBond);
    expect(await suite.connection.ethers.provider.getBalance(registry)).to.equal(3n * parameters.sequencerBond);
  });

  it("takes more than the minimum, not less", async () => {
    const { registry, actors, parameters } = world();
    const minimum = parameters.sequencerBond;
    await expect(registry.connect(actors.second).register({ value: minimum - 1n }))
      .to.be.revertedWithCustomError(registry, "RegistryBondTooSmall")
      .withArgs(minimum - 1n, minimum);
    await registry.connect(actors.second).register({ value: minimum + 1n });
    expect(await registry.bondOf(actors.second)).to.equal(minimum + 1n);
  });

  it("refuses who is in the set", async () => {
    const { registry, actors, parameters } = world();
    await expect(registry.connect(actors.sequencer).register({ value: parameters.sequencerBond }))
      .to.be.revertedWithCustomError(registry, "RegistryAlreadyBonded")
      .withArgs(actors.sequencer.address);
  });

  it("refuses who has an old bond on its way out, until it is withdrawn", async () => {
    const suite = world();
    const { registry, actors, parameters } = suite;
    const own = registry.connect(actors.sequencer);
    await own.exit();
    await expect(own.register({ value: parameters.sequencerBond })).to.be.revertedWithCustomError(
      registry,
      "RegistryAlreadyBonded",
    );
    await suite.connection.networkHelpers.time.increase(parameters.bondWithdrawalDelay);
    await expect(own.register({ value: parameters.sequencerBond })).to.be.revertedWithCustomError(
      registry,
      "RegistryAlreadyBonded",
    );
    await own.withdrawBond(actors.sequencer);
    await own.register({ value: parameters.sequencerBond });
    expect(await ranks(registry)).to.deep.equal([actors.sequencer.address]);
  });

  it("takes who was slashed, with a new bond, behind all others", async () => {
    const suite = world();
    const { registry, actors } = suite;
    await registerAll(suite, [actors.second]);
    await (await registryAsChain(suite)).slash(actors.sequencer, actors.alice);
    await registerAll(suite, [actors.sequencer]);
    expect(await ranks(registry)).to.deep.equal([actors.second.address, actors.sequencer.address]);
  });
});
