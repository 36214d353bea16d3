import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import { FULL_BATCH_MESSAGES, MAX_BATCH_MESSAGES } from "../../../plugin/ledger/batch.js";
import { StateCommitmentChain__factory } from "../../../typechain-types/index.js";
import { headerHash } from "../../support/protocol.js";
import { useWorld } from "../../support/world.js";

describe("StateCommitmentChain.initialize", () => {
  const world = useWorld();

  it("wrote the genesis header, which anyone can read from an event", async () => {
    const { chain, genesis } = world();
    expect(await chain.headerHash(0n)).to.equal(headerHash(genesis));
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
    expect(await chain.lastActivity()).to.deep.equal([genesis.timestamp, 0n]);
    const [event] = await chain.queryFilter(chain.filters.GenesisSet());
    expect(event?.args.headerHash).to.equal(headerHash(genesis));
    expect(event?.args.header).to.deep.equal(Object.values(genesis));
  });

  it("cannot run again on the proxy, nor ever on the implementation", async () => {
    const { chain, implementations } = world();
    for (const contract of [chain, implementations.chain]) {
      await expect(contract.initialize()).to.be.revertedWithCustomError(contract, "InvalidInitialization");
    }
  });

  it("leaves the implementation without any chain", async () => {
    const { implementations, genesis } = world();
    expect(await implementations.chain.headerHash(0n)).to.equal(ZeroHash);
    expect(await implementations.chain.isFinalized(genesis)).to.equal(false);
  });
});

describe("StateCommitmentChain constructor", () => {
  const world = useWorld();

  it("keeps its parameters readable", async () => {
    const { chain, bridge, registry, dataAvailability, parameters } = world();
    expect(await chain.parameters()).to.deep.equal([
      await bridge.getAddress(),
      await registry.getAddress(),
      await dataAvailability.getAddress(),
      parameters.resolver,
      false,
      MAX_BATCH_MESSAGES,
      FULL_BATCH_MESSAGES,
      parameters.challengeWindow,
      parameters.forceInclusionDelay,
      parameters.escapeDelay,
      parameters.permissionlessDelay,
      parameters.disputeDuration,
      parameters.l2ChainId,
      parameters.machineHash,
      parameters.genesisStateRoot,
    ]);
  });

  it("refuses a zero where a zero is a mistake", async () => {
    const { chain, bridge, registry, dataAvailability, parameters, actors } = world();
    const valid = { ...parameters, inbox: bridge, registry, dataAvailability };
    const zeros: [string, string | bigint][] = [
      ["inbox", ZeroAddress],
      ["registry", ZeroAddress],
      ["dataAvailability", ZeroAddress],
      ["resolver", ZeroAddress],
      ["challengeWindow", 0n],
      ["forceInclusionDelay", 0n],
      ["l2ChainId", 0n],
      ["fullBatchMessages", 0n],
      ["machineHash", ZeroHash],
      ["genesisStateRoot", ZeroHash],
    ];
    for (const [name, zero] of zeros) {
      await expect(new StateCommitmentChain__factory(actors.deployer).deploy({ ...valid, [name]: zero }))
        .to.be.revertedWithCustomError(chain, "ChainZeroParameter")
        .withArgs(name);
    }
  });

  it("refuses a batch that could never be full, whose queue would stop the chain", async () => {
    const { chain, bridge, registry, dataAvailability, parameters, actors } = world();
    const deploy = (maxBatchMessages: bigint) =>
      new StateCommitmentChain__factory(actors.deployer).deploy({
        ...parameters,
        inbox: bridge,
        registry,
        dataAvailability,
        fullBatchMessages: 32n,
        maxBatchMessages,
      });
    await expect(deploy(31n)).to.be.revertedWithCustomError(chain, "ChainNeverFull").withArgs(32n, 31n);
    await deploy(32n);
  });

  it("refuses a delay of freezing within which somebody's turn or a dispute could fall", async () => {
    const { chain, bridge, registry, dataAvailability, parameters, actors } = world();
    const { forceInclusionDelay, permissionlessDelay, challengeWindow, disputeDuration } = parameters;
    const going = forceInclusionDelay + permissionlessDelay + challengeWindow + disputeDuration;
    const deploy = (escapeDelay: bigint) =>
      new StateCommitmentChain__factory(actors.deployer).deploy({
        ...parameters,
        inbox: bridge,
        registry,
        dataAvailability,
        escapeDelay,
      });
    for (const escapeDelay of [0n, going]) {
      await expect(deploy(escapeDelay))
        .to.be.revertedWithCustomError(chain, "ChainEscapeDelayTooShort")
        .withArgs(escapeDelay, going);
    }
    await deploy(going + 1n);
  });
});
