import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { SequencerRegistry } from "../../../typechain-types/sequencing/SequencerRegistry.js";
import { SequencerRegistry__factory } from "../../../typechain-types/index.js";
import { useWorld } from "../../support/world.js";

describe("SequencerRegistry.initialize", () => {
  const world = useWorld();

  it("cannot run again on the proxy, nor ever on the implementation", async () => {
    const { registry, implementations } = world();
    for (const contract of [registry, implementations.registry]) {
      await expect(contract.initialize()).to.be.revertedWithCustomError(contract, "InvalidInitialization");
    }
  });
});

describe("SequencerRegistry constructor", () => {
  const world = useWorld();

  it("keeps its parameters readable", async () => {
    const { registry, chain, parameters } = world();
    expect(await registry.parameters()).to.deep.equal([
      await chain.getAddress(),
      parameters.sequencerBond,
      parameters.bondWithdrawalDelay,
      parameters.challengeWindow,
      parameters.sequencerGrace,
      parameters.permissionlessDelay,
    ]);
  });

  it("refuses parameters that would break what the registry promises", async () => {
    const { registry, chain, actors } = world();
    const valid = {
      chain,
      minimumBond: 1n,
      withdrawalDelay: 101n,
      challengeWindow: 100n,
      sequencerGrace: 10n,
      permissionlessDelay: 10n,
    };
    const deploy = (changes: Partial<SequencerRegistry.ParametersStruct>) =>
      new SequencerRegistry__factory(actors.deployer).deploy({ ...valid, ...changes });

    await deploy({});
    const zeros: [string, string | bigint][] = [
      ["chain", ZeroAddress],
      ["minimumBond", 0n],
      ["challengeWindow", 0n],
    ];
    for (const [name, zero] of zeros) {
      await expect(deploy({ [name]: zero }))
        .to.be.revertedWithCustomError(registry, "RegistryZeroParameter")
        .withArgs(name);
    }
    await expect(deploy({ withdrawalDelay: 100n }))
      .to.be.revertedWithCustomError(registry, "RegistryWithdrawalDelayTooShort")
      .withArgs(100n, 100n);
    await expect(deploy({ permissionlessDelay: 9n }))
      .to.be.revertedWithCustomError(registry, "RegistryPermissionlessDelayTooShort")
      .withArgs(9n, 10n);
  });
});
