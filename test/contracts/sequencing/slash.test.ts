import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { ranks, registerAll, registryAsChain } from "../../support/registry.js";
import { useWorld } from "../../support/world.js";

describe("SequencerRegistry.slash", () => {
  const world = useWorld();

  it("is for the state-commitment chain only", async () => {
    const { registry, actors } = world();
    for (const caller of [actors.deployer, actors.sequencer, actors.upgrader, actors.alice]) {
      await expect(registry.connect(caller).slash(actors.sequencer, caller))
        .to.be.revertedWithCustomError(registry, "RegistryUnauthorized")
        .withArgs(caller.address);
    }
  });

  it("burns half of the bond and keeps the other half for the winner to take", async () => {
    const suite = world();
    const { registry, actors, connection } = suite;
    // An odd bond: the odd wei burns.
    await registry.connect(actors.second).register({ value: suite.parameters.sequencerBond + 1n });
    const bond = suite.parameters.sequencerBond + 1n;
    const asChain = await registryAsChain(suite);

    const sent = await asChain.slash(actors.second, actors.alice);
    await expect(sent)
      .to.emit(registry, "SequencerSlashed")
      .withArgs(actors.second.address, actors.alice.address, bond / 2n, bond / 2n + 1n);
    await expect(sent).to.changeEtherBalances(
      connection.ethers,
      [registry, ZeroAddress, actors.alice],
      [-(bond / 2n + 1n), bond / 2n + 1n, 0n],
    );
    expect(await registry.rewardOf(actors.alice)).to.equal(bond / 2n);
    expect(await registry.bondOf(actors.second)).to.equal(0n);
  });

  it("takes the sequencer out of the set, from any rank", async () => {
    const suite = world();
    const { registry, actors } = suite;
    const { sequencer, second, third, bob } = actors;
    await registerAll(suite, [second, third, bob]);
    const asChain = await registryAsChain(suite);
    await asChain.slash(second, actors.alice);
    expect(await ranks(registry)).to.deep.equal([sequencer.address, third.address, bob.address]);
    await asChain.slash(sequencer, actors.alice);
    expect(await ranks(registry)).to.deep.equal([third.address, bob.address]);
    await asChain.slash(bob, actors.alice);
    expect(await ranks(registry)).to.deep.equal([third.address]);
    expect(await registry.isSequencer(second)).to.equal(false);
  });

  it("reaches a bond on its way out, even when it could be withdrawn already", async () => {
    const suite = world();
    const { registry, actors, parameters } = suite;
    await registerAll(suite, [actors.second]);
    await registry.connect(actors.sequencer).exit();
    await suite.connection.networkHelpers.time.increase(parameters.bondWithdrawalDelay);

    await (await registryAsChain(suite)).slash(actors.sequencer, actors.alice);
    expect(await registry.bondOf(actors.sequencer)).to.equal(0n);
    expect(await ranks(registry)).to.deep.equal([actors.second.address]);
    await expect(registry.connect(actors.sequencer).withdrawBond(actors.sequencer)).to.be.revertedWithCustomError(
      registry,
      "RegistryNotExited",
    );
  });

  it("does nothing without a bond, so that it never blocks a revert of batches", async () => {
    const suite = world();
    const asChain = await registryAsChain(suite);
    for (const account of [suite.actors.bob.address, ZeroAddress]) {
      await expect(asChain.slash(account, suite.actors.alice)).not.to.emit(suite.registry, "SequencerSlashed");
    }
    expect(await suite.registry.rewardOf(suite.actors.alice)).to.equal(0n);
    expect(await ranks(suite.registry)).to.deep.equal([suite.actors.sequencer.address]);
  });

  it("costs who slashes itself the burnt half", async () => {
    const suite = world();
    const { registry, actors, parameters, connection } = suite;
    await (await registryAsChain(suite)).slash(actors.sequencer, actors.sequencer);
    await expect(registry.connect(actors.sequencer).claimReward(actors.bob)).to.changeEtherBalance(
      connection.ethers,
      actors.bob,
      parameters.sequencerBond / 2n,
    );
    expect(await connection.ethers.provider.getBalance(registry)).to.equal(0n);
  });
});
