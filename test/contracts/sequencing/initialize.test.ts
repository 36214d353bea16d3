import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { SequencerRegistry } from "../../../typechain-types/sequencing/SequencerRegistry.js";
import {
  type SequencerRegistry as SequencerRegistryContract,
  SequencerRegistry__factory,
  TestProxy__factory,
} from "../../../typechain-types/index.js";
import { useWorld } from "../../support/world.js";

describe("SequencerRegistry.initialize", () => {
  const world = useWorld();

  it("cannot run again on the proxy, nor ever on the implementation", async () => {
    const { registry, implementations, actors } = world();
    for (const contract of [registry, implementations.registry]) {
      await expect(contract.initialize(actors.alice)).to.be.revertedWithCustomError(contract, "InvalidInitialization");
    }
  });

  it("bonds the first sequencer with the wei that came", async () => {
    const { registry, actors, parameters } = world();
    expect(await registry.activeSequencer()).to.equal(actors.sequencer.address);
    expect(await registry.bondOf(actors.sequencer)).to.equal(parameters.sequencerBond);
  });

  it("leaves the set empty when it names nobody", async () => {
    const { registry } = await another(ZeroAddress, 0n);
    expect(await registry.activeSequencer()).to.equal(ZeroAddress);
  });

  it("refuses a sequencer without the bond, and a bond without a sequencer", async () => {
    const { registry, actors, parameters } = world();
    const minimum = parameters.sequencerBond;
    await expect(another(actors.alice.address, minimum - 1n))
      .to.be.revertedWithCustomError(registry, "RegistryBondTooSmall")
      .withArgs(minimum - 1n, minimum);
    await expect(another(ZeroAddress, minimum)).to.be.revertedWithCustomError(registry, "RegistryZeroSequencer");
  });

  /** Another proxy before the registry's code. */
  async function another(first: string, value: bigint) {
    const { implementations, timelock, actors } = world();
    const data = implementations.registry.interface.encodeFunctionData("initialize", [first]);
    const proxy = await new TestProxy__factory(actors.deployer).deploy(implementations.registry, timelock, data, {
      value,
    });
    return { registry: implementations.registry.attach(await proxy.getAddress()) as SequencerRegistryContract };
  }
});

describe("SequencerRegistry constructor", () => {
  const world = useWorld();

  it("keeps its parameters readable", async () => {
    const { registry, chain, parameters } = world();
    expect(await registry.parameters()).to.deep.equal([
      parameters.sequencerBond,
      await chain.getAddress(),
      parameters.bondWithdrawalDelay,
      parameters.challengeWindow,
      parameters.disputeDuration,
      parameters.sequencerGrace,
      parameters.permissionlessDelay,
    ]);
  });

  it("refuses parameters that would break what the registry promises", async () => {
    const { registry, chain, actors } = world();
    const valid = {
      chain,
      minimumBond: 1n,
      withdrawalDelay: 151n,
      challengeWindow: 100n,
      disputeDuration: 50n,
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
      ["disputeDuration", 0n],
    ];
    for (const [name, zero] of zeros) {
      await expect(deploy({ [name]: zero }))
        .to.be.revertedWithCustomError(registry, "RegistryZeroParameter")
        .withArgs(name);
    }
    await expect(deploy({ withdrawalDelay: 150n }))
      .to.be.revertedWithCustomError(registry, "RegistryWithdrawalDelayTooShort")
      .withArgs(150n, 150n);
    await expect(deploy({ permissionlessDelay: 9n }))
      .to.be.revertedWithCustomError(registry, "RegistryPermissionlessDelayTooShort")
      .withArgs(9n, 10n);
  });
});
