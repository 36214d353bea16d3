import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { registerAll, registryAsChain } from "../../support/registry.js";
import { useWorld } from "../../support/world.js";

describe("SequencerRegistry.claimReward", () => {
  const world = useWorld();

  it("pays all rewards of the caller, to whom it names, once", async () => {
    const suite = world();
    const { registry, actors, parameters, connection } = suite;
    await registerAll(suite, [actors.second]);
    const asChain = await registryAsChain(suite);
    await asChain.slash(actors.sequencer, actors.alice);
    await asChain.slash(actors.second, actors.alice);

    const own = registry.connect(actors.alice);
    const sent = await own.claimReward(actors.bob);
    await expect(sent)
      .to.emit(registry, "RewardPaid")
      .withArgs(actors.alice.address, actors.bob.address, parameters.sequencerBond);
    await expect(sent).to.changeEtherBalances(
      connection.ethers,
      [registry, actors.bob],
      [-parameters.sequencerBond, parameters.sequencerBond],
    );
    expect(await registry.rewardOf(actors.alice)).to.equal(0n);
    await expect(own.claimReward(actors.bob))
      .to.be.revertedWithCustomError(registry, "RegistryNoReward")
      .withArgs(actors.alice.address);
  });

  it("keeps the reward when the recipient is zero or does not take it", async () => {
    const suite = world();
    const { registry, actors, parameters, chain } = suite;
    await (await registryAsChain(suite)).slash(actors.sequencer, actors.alice);
    const own = registry.connect(actors.alice);
    await expect(own.claimReward(ZeroAddress)).to.be.revertedWithCustomError(registry, "RegistryZeroRecipient");
    await expect(own.claimReward(chain))
      .to.be.revertedWithCustomError(registry, "RegistryPaymentFailed")
      .withArgs(await chain.getAddress(), parameters.sequencerBond / 2n);
    expect(await registry.rewardOf(actors.alice)).to.equal(parameters.sequencerBond / 2n);
  });
});
