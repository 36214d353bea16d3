import { expect } from "chai";
import { ZeroAddress } from "ethers";

import {
  MockRecipient__factory,
  ReentrantSequencer__factory,
  SequencerRegistry__factory,
  TestProxy__factory,
} from "../../../typechain-types/index.js";
import { registerAll } from "../../support/registry.js";
import { nextBlockAt, useWorld } from "../../support/world.js";

describe("SequencerRegistry.withdrawBond", () => {
  const world = useWorld();

  it("pays from the second on at which the delay is over, to whom the sequencer names, once", async () => {
    const suite = world();
    const { registry, actors, parameters, connection } = suite;
    const own = registry.connect(actors.sequencer);
    await own.exit();
    const withdrawableAt = await registry.withdrawableAt(actors.sequencer);

    await nextBlockAt(suite, withdrawableAt - 1n);
    await expect(own.withdrawBond(actors.bob))
      .to.be.revertedWithCustomError(registry, "RegistryBondLocked")
      .withArgs(withdrawableAt);
    await nextBlockAt(suite, withdrawableAt);
    const sent = await own.withdrawBond(actors.bob);
    await expect(sent)
      .to.emit(registry, "BondWithdrawn")
      .withArgs(actors.sequencer.address, actors.bob.address, parameters.sequencerBond);
    await expect(sent).to.changeEtherBalances(
      connection.ethers,
      [registry, actors.bob],
      [-parameters.sequencerBond, parameters.sequencerBond],
    );
    expect(await registry.bondOf(actors.sequencer)).to.equal(0n);
    await expect(own.withdrawBond(actors.bob))
      .to.be.revertedWithCustomError(registry, "RegistryNotExited")
      .withArgs(actors.sequencer.address);
  });

  it("pays nobody who has not exited or never was in the set", async () => {
    const { registry, actors } = world();
    for (const signer of [actors.sequencer, actors.alice]) {
      await expect(registry.connect(signer).withdrawBond(signer))
        .to.be.revertedWithCustomError(registry, "RegistryNotExited")
        .withArgs(signer.address);
    }
  });

  it("keeps the bond when the recipient is zero or does not take it", async () => {
    const { registry, actors, parameters, connection, chain } = world();
    const own = registry.connect(actors.sequencer);
    await own.exit();
    await connection.networkHelpers.time.increase(parameters.bondWithdrawalDelay);

    await expect(own.withdrawBond(ZeroAddress)).to.be.revertedWithCustomError(registry, "RegistryZeroRecipient");
    await expect(own.withdrawBond(chain))
      .to.be.revertedWithCustomError(registry, "RegistryPaymentFailed")
      .withArgs(await chain.getAddress(), parameters.sequencerBond);
    expect(await registry.bondOf(actors.sequencer)).to.equal(parameters.sequencerBond);
  });

  it("cannot be re-entered by who it pays", async () => {
    const suite = world();
    const { registry, actors, parameters, connection } = suite;
    await registerAll(suite, [actors.second]);
    const bond = parameters.sequencerBond;
    const thief = await new ReentrantSequencer__factory(actors.alice).deploy(registry, { value: bond });
    const encode = registry.interface.encodeFunctionData.bind(registry.interface);
    await thief.call(encode("register"), bond);
    await thief.call(encode("exit"), 0n);
    await connection.networkHelpers.time.increase(parameters.bondWithdrawalDelay);
    const withdraw = encode("withdrawBond", [await thief.getAddress()]);

    for (const answer of [withdraw, encode("claimReward", [await thief.getAddress()]), encode("exit")]) {
      await thief.answerWith(answer);
      await expect(thief.call(withdraw, 0n)).to.be.revertedWithCustomError(registry, "RegistryPaymentFailed");
    }
    expect(await connection.ethers.provider.getBalance(registry)).to.equal(3n * bond);
  });

  it("is in the middle of nothing else: whoever it pays, be it the chain itself, can neither register nor slash meanwhile", async () => {
    const { actors, parameters, connection } = world();
    const { challengeWindow, disputeDuration, permissionlessDelay, sequencerGrace } = parameters;
    const bond = parameters.sequencerBond;
    const recipient = await new MockRecipient__factory(actors.deployer).deploy();
    const implementation = await new SequencerRegistry__factory(actors.deployer).deploy({
      ...{ chain: recipient, minimumBond: bond, withdrawalDelay: parameters.bondWithdrawalDelay },
      ...{ challengeWindow, disputeDuration, permissionlessDelay, sequencerGrace },
    });
    const encode = implementation.interface.encodeFunctionData.bind(implementation.interface);
    const first = encode("initialize", [await recipient.getAddress()]);
    const proxy = await new TestProxy__factory(actors.deployer).deploy(implementation, actors.upgrader, first, {
      value: bond,
    });
    const registry = SequencerRegistry__factory.connect(await proxy.getAddress(), actors.alice);
    await registry.register({ value: bond });
    const to = await recipient.getAddress();
    await recipient.execute(registry, encode("exit"));
    await connection.networkHelpers.time.increase(parameters.bondWithdrawalDelay);

    const before = await connection.networkHelpers.takeSnapshot();
    for (const call of [
      encode("register"),
      encode("slash", [actors.alice.address, to]),
      encode("exit"),
      encode("withdrawBond", [to]),
      encode("claimReward", [to]),
    ]) {
      await recipient.setCall(registry, call);
      await expect(recipient.execute(registry, encode("withdrawBond", [to]))).to.changeEtherBalance(
        connection.ethers,
        recipient,
        bond,
      );
      expect(await recipient.lastAnswer()).to.equal(
        registry.interface.getError("ReentrancyGuardReentrantCall")?.selector,
      );
      expect([await registry.bondOf(actors.alice), await registry.rewardOf(to)]).to.deep.equal([bond, 0n]);
      await before.restore();
    }
  });
});
