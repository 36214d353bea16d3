import { expect } from "chai";
import { getCreateAddress, ZeroAddress } from "ethers";

import { type SuiteFactory, SuiteFactory__factory } from "../../../typechain-types/index.js";
import { adminOf, implementationOf } from "../../support/proxies.js";
import { useWorld } from "../../support/world.js";

describe("SuiteFactory", () => {
  const world = useWorld();

  /** A factory that nobody used yet, and valid arguments for it. */
  async function unused() {
    const { actors, implementations, timelock } = world();
    const factory: SuiteFactory = await new SuiteFactory__factory(actors.deployer).deploy(actors.deployer);
    const contracts = Object.values(implementations);
    return {
      factory,
      addresses: contracts,
      initData: [
        implementations.bridge.interface.encodeFunctionData("initialize"),
        implementations.chain.interface.encodeFunctionData("initialize"),
        implementations.registry.interface.encodeFunctionData("initialize", [ZeroAddress]),
      ],
      values: [0n, 0n, 0n],
      timelock,
    };
  }

  it("knows where its proxies will be before they are", async () => {
    const { factory } = await unused();
    const from = await factory.getAddress();
    for (const index of [0, 1, 2, 126]) {
      expect(await factory.proxyAddress(index)).to.equal(getCreateAddress({ from, nonce: index + 1 }));
    }
    await expect(factory.proxyAddress(127))
      .to.be.revertedWithCustomError(factory, "FactoryIndexOutOfRange")
      .withArgs(127n);
  });

  it("creates the proxies there, initialised, with the timelock as owner of each admin", async () => {
    const suite = world();
    const { initData } = await unused();
    const proxies = [suite.bridge, suite.chain, suite.registry];
    for (const [index, proxy] of proxies.entries()) {
      expect(await suite.factory.proxyAddress(index)).to.equal(await proxy.getAddress());
      const again = { to: await proxy.getAddress(), data: initData[index] ?? "0x" };
      await expect(suite.actors.alice.call(again)).to.be.revertedWithCustomError(proxy, "InvalidInitialization");
      const admin = await adminOf(suite, proxy);
      expect(await admin.getFunction("owner")()).to.equal(await suite.timelock.getAddress());
    }
    for (const [index, implementation] of Object.values(suite.implementations).entries()) {
      const call = { to: await implementation.getAddress(), data: initData[index] ?? "0x" };
      await expect(suite.actors.alice.call(call)).to.be.revertedWithCustomError(
        implementation,
        "InvalidInitialization",
      );
    }
    expect(await Promise.all(proxies.map((proxy) => implementationOf(suite, proxy)))).to.deep.equal(
      await Promise.all(Object.values(suite.implementations).map((contract) => contract.getAddress())),
    );
  });

  it("returns the proxies and tells of each", async () => {
    const { factory, addresses, initData, values, timelock } = await unused();
    const expected = await Promise.all([0, 1, 2].map((index) => factory.proxyAddress(index)));
    expect(await factory.createProxies.staticCall(addresses, initData, values, timelock)).to.deep.equal(expected);
    const sent = await factory.createProxies(addresses, initData, values, timelock);
    for (const [index, proxy] of expected.entries()) {
      await expect(sent).to.emit(factory, "ProxyCreated").withArgs(index, proxy, addresses[index]);
    }
    expect((await sent.wait())?.gasUsed).to.be.below(16_777_216n);
  });

  it("works for nobody but the deployer that it names, whoever created it", async () => {
    const { addresses, initData, values, timelock } = await unused();
    const { alice, deployer } = world().actors;
    const factory: SuiteFactory = await new SuiteFactory__factory(alice).deploy(deployer);
    expect(await factory.DEPLOYER()).to.equal(deployer.address);
    await expect(factory.connect(alice).createProxies(addresses, initData, values, timelock))
      .to.be.revertedWithCustomError(factory, "FactoryUnauthorized")
      .withArgs(alice.address);
  });

  it("works once", async () => {
    const { factory, addresses, initData, values, timelock } = await unused();
    expect(await factory.used()).to.equal(false);
    await factory.createProxies(addresses, initData, values, timelock);
    expect(await factory.used()).to.equal(true);
    await expect(factory.createProxies(addresses, initData, values, timelock)).to.be.revertedWithCustomError(
      factory,
      "FactoryAlreadyUsed",
    );
  });

  it("wants one initialisation and value for each implementation, and at least one", async () => {
    const { factory, addresses, initData, values, timelock } = await unused();
    for (const [implementations, data, wei] of [
      [[], [], []],
      [addresses, initData.slice(1), values],
      [addresses.slice(1), initData, values],
      [addresses, initData, values.slice(1)],
    ] as const) {
      await expect(factory.createProxies([...implementations], [...data], [...wei], timelock))
        .to.be.revertedWithCustomError(factory, "FactoryLengths")
        .withArgs(implementations.length, data.length, wei.length);
    }
    const many = Array<string>(128).fill(await timelock.getAddress());
    await expect(factory.createProxies(many, Array<string>(128).fill("0x00"), Array<bigint>(128).fill(0n), timelock))
      .to.be.revertedWithCustomError(factory, "FactoryLengths")
      .withArgs(128, 128, 128);
  });

  it("wants a contract as owner", async () => {
    const { factory, addresses, initData, values } = await unused();
    for (const owner of [world().actors.upgrader.address, ZeroAddress]) {
      await expect(factory.createProxies(addresses, initData, values, owner))
        .to.be.revertedWithCustomError(factory, "FactoryTimelockWithoutCode")
        .withArgs(owner);
    }
  });

  it("passes on the wei that each initialisation takes, and keeps none", async () => {
    const { actors, parameters, registry, connection } = world();
    const { factory, addresses, initData, timelock } = await unused();
    const bond = parameters.sequencerBond;
    const first = registry.interface.encodeFunctionData("initialize", [actors.alice.address]);
    const data = [...initData.slice(0, 2), first];
    for (const sent of [bond - 1n, bond + 1n]) {
      const creating = factory.createProxies(addresses, data, [0n, 0n, bond], timelock, { value: sent });
      // With too little the last proxy cannot even be paid for.
      if (sent < bond) await expect(creating).to.be.revert(connection.ethers);
      else await expect(creating).to.be.revertedWithCustomError(factory, "FactoryValue").withArgs(sent, bond);
    }
    await factory.createProxies(addresses, data, [0n, 0n, bond], timelock, { value: bond });
    expect(await connection.ethers.provider.getBalance(factory)).to.equal(0n);
    expect(await registry.attach(await factory.proxyAddress(2)).getFunction("bondOf")(actors.alice)).to.equal(bond);
  });

  it("creates nothing when one of the proxies cannot be", async () => {
    const suite = world();
    const { factory, addresses, initData, values, timelock } = await unused();
    const noCode = [...addresses.slice(1), suite.actors.bob];
    await expect(factory.createProxies(noCode, initData, values, timelock)).to.be.revert(suite.connection.ethers);
    await expect(factory.createProxies(addresses, [...initData.slice(1), "0x"], values, timelock)).to.be.revert(
      suite.connection.ethers,
    );
    await expect(factory.createProxies(addresses, [...initData.slice(1), "0x12345678"], values, timelock)).to.be.revert(
      suite.connection.ethers,
    );

    expect(await factory.used()).to.equal(false);
    expect(await suite.connection.ethers.provider.getCode(await factory.proxyAddress(0))).to.equal("0x");
    await factory.createProxies(addresses, initData, values, timelock);
  });
});
