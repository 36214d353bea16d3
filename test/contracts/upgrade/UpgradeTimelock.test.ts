import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { UpgradeTimelock } from "../../../typechain-types/upgrade/UpgradeTimelock.js";
import { StateCommitmentChain__factory, UpgradeTimelock__factory } from "../../../typechain-types/index.js";
import { enqueueMessage, postBatch } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { adminOf, announceUpgrade, implementationOf, type Operation } from "../../support/proxies.js";
import { DAY, HOUR } from "../../support/suite.js";
import { nextBlockAt, now, useWorld, type World } from "../../support/world.js";

describe("UpgradeTimelock", () => {
  const world = useWorld();

  /** An implementation of the chain that differs in its challenge window. */
  async function chainWithWindow(suite: World, challengeWindow: bigint) {
    const { bridge, registry, dataAvailability, parameters, actors } = suite;
    return new StateCommitmentChain__factory(actors.deployer).deploy({
      ...parameters,
      inbox: bridge,
      registry,
      dataAvailability,
      challengeWindow,
    });
  }

  async function announceDelay({ timelock, actors }: World, delay: bigint): Promise<Operation> {
    const data = timelock.interface.encodeFunctionData("updateDelay", [delay]);
    const operation: Operation = [await timelock.getAddress(), 0n, data, ZeroHash, ZeroHash];
    await timelock.connect(actors.upgrader).schedule(...operation, await timelock.getMinDelay());
    return operation;
  }

  describe("an upgrade", () => {
    it("executes from the second on at which its delay is over", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters } = suite;
      const next = await chainWithWindow(suite, DAY);
      const operation = await announceUpgrade(suite, chain, next);
      const readyAt = (await now(suite)) + parameters.upgradeDelay;
      const own = timelock.connect(actors.upgrader);

      await nextBlockAt(suite, readyAt - 1n);
      await expect(own.execute(...operation)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnexpectedOperationState",
      );
      await nextBlockAt(suite, readyAt);
      await own.execute(...operation);
      expect(await implementationOf(suite, chain)).to.equal(await next.getAddress());
      await expect(chain.initialize()).to.be.revertedWithCustomError(chain, "InvalidInitialization");
    });

    it("keeps the window of every batch posted before it", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters } = suite;
      const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, HOUR));
      const readyAt = (await now(suite)) + parameters.upgradeDelay;
      await nextBlockAt(suite, readyAt - 1n);
      const before = await postBatch(suite, suite.genesis);
      await timelock.connect(actors.upgrader).execute(...operation);
      const after = await postBatch(suite, before);

      expect(before.finalizesAt - before.timestamp).to.equal(parameters.challengeWindow);
      expect(after.finalizesAt - after.timestamp).to.equal(HOUR);
      await nextBlockAt(suite, before.finalizesAt - 1n);
      await expect(chain.finalize([before, after]))
        .to.be.revertedWithCustomError(chain, "ChainWindowOpen")
        .withArgs(1n, before.finalizesAt);
      expect(await chain.headerHash(1n)).to.equal(headerHash(before));
    });

    it("cannot be announced with less than the delay, nor by anyone else, nor executed by anyone else", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters } = suite;
      const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, DAY));
      const salted: Operation = [operation[0], operation[1], operation[2], operation[3], headerHash(suite.genesis)];

      await expect(timelock.connect(actors.upgrader).schedule(...salted, parameters.upgradeDelay - 1n))
        .to.be.revertedWithCustomError(timelock, "TimelockInsufficientDelay")
        .withArgs(parameters.upgradeDelay - 1n, parameters.upgradeDelay);
      await suite.connection.networkHelpers.time.increase(parameters.upgradeDelay);
      for (const stranger of [actors.deployer, actors.sequencer, actors.guardian, actors.alice]) {
        const own = timelock.connect(stranger);
        await expect(own.schedule(...salted, parameters.upgradeDelay)).to.be.revertedWithCustomError(
          timelock,
          "AccessControlUnauthorizedAccount",
        );
        await expect(own.execute(...operation)).to.be.revertedWithCustomError(
          timelock,
          "AccessControlUnauthorizedAccount",
        );
      }
    });

    it("can be called off while it waits", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters } = suite;
      const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, DAY));
      const own = timelock.connect(actors.upgrader);
      await own.cancel(await timelock.hashOperation(...operation));
      await suite.connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await expect(own.execute(...operation)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnexpectedOperationState",
      );
    });

    it("lapses when it is not executed in time: an old announcement is no warning to those who came since", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters } = suite;
      const own = timelock.connect(actors.upgrader);
      const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, DAY));
      const lapsesAt = (await now(suite)) + parameters.upgradeDelay + 14n * DAY;
      const before = await suite.connection.networkHelpers.takeSnapshot();

      await nextBlockAt(suite, lapsesAt - 1n);
      await own.execute(...operation);
      expect(await implementationOf(suite, chain)).not.to.equal(await suite.implementations.chain.getAddress());

      await before.restore();
      await nextBlockAt(suite, lapsesAt);
      await expect(own.execute(...operation)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnexpectedOperationState",
      );
      await own.schedule(...operation, parameters.upgradeDelay);
      const readyAgain = (await now(suite)) + parameters.upgradeDelay;
      await nextBlockAt(suite, readyAgain - 1n);
      await expect(own.execute(...operation)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnexpectedOperationState",
      );
      await nextBlockAt(suite, readyAgain);
      await own.execute(...operation);
    });

    it("has no second path: nobody holds a proxy's admin, or a role of the timelock, but the timelock", async () => {
      const suite = world();
      const { timelock, actors, bridge, chain, registry } = suite;
      for (const proxy of [bridge, chain, registry]) {
        const admin = await adminOf(suite, proxy);
        for (const stranger of Object.values(actors)) {
          const own = admin.connect(stranger) as typeof admin;
          await expect(own.getFunction("upgradeAndCall")(proxy, suite.implementations.chain, "0x"))
            .to.be.revertedWithCustomError(admin, "OwnableUnauthorizedAccount")
            .withArgs(stranger.address);
          await expect(own.getFunction("transferOwnership")(stranger))
            .to.be.revertedWithCustomError(admin, "OwnableUnauthorizedAccount")
            .withArgs(stranger.address);
        }
      }
      const adminRole = await timelock.DEFAULT_ADMIN_ROLE();
      for (const account of Object.values(actors)) {
        expect(await timelock.hasRole(adminRole, account)).to.equal(false);
      }
      await expect(
        timelock.connect(actors.upgrader).grantRole(await timelock.PROPOSER_ROLE(), actors.alice),
      ).to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount");
    });
  });

  describe("its delay", () => {
    it("never falls below the minimum, not even through the timelock itself", async () => {
      const suite = world();
      const { timelock, actors, parameters } = suite;
      const operation = await announceDelay(suite, parameters.upgradeDelay - 1n);
      await suite.connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await expect(timelock.connect(actors.upgrader).execute(...operation))
        .to.be.revertedWithCustomError(timelock, "UpgradeDelayBelowMinimum")
        .withArgs(parameters.upgradeDelay - 1n, parameters.upgradeDelay);
      expect(await timelock.getMinDelay()).to.equal(parameters.upgradeDelay);
    });

    it("can grow, and fall back to the minimum", async () => {
      const suite = world();
      const { timelock, actors, parameters } = suite;
      const own = timelock.connect(actors.upgrader);
      for (const delay of [2n * parameters.upgradeDelay, parameters.upgradeDelay]) {
        const before = await timelock.getMinDelay();
        const operation = await announceDelay(suite, delay);
        await suite.connection.networkHelpers.time.increase(before);
        await own.execute(...operation);
        expect(await timelock.getMinDelay()).to.equal(delay);
      }
    });

    it("is the timelock's own to change", async () => {
      const { timelock, actors, parameters } = world();
      for (const stranger of [actors.upgrader, actors.deployer]) {
        await expect(timelock.connect(stranger).updateDelay(2n * parameters.upgradeDelay))
          .to.be.revertedWithCustomError(timelock, "TimelockUnauthorizedCaller")
          .withArgs(stranger.address);
      }
    });
  });

  describe("its constructor", () => {
    it("wants a delay in which everybody can leave", async () => {
      const { timelock, actors } = world();
      const exact = {
        forceInclusionDelay: DAY,
        permissionlessDelay: 12n * HOUR,
        challengeWindow: 7n * DAY,
        disputeDuration: 9n * DAY,
        exitMargin: HOUR,
        upgrader: actors.upgrader,
      };
      const deploy = (changes: Partial<UpgradeTimelock.ParametersStruct>) =>
        new UpgradeTimelock__factory(actors.deployer).deploy({
          ...exact,
          delay: 17n * DAY + 13n * HOUR + 1n,
          ...changes,
        });

      const shortest = await deploy({});
      expect(await shortest.MINIMUM_DELAY()).to.equal(17n * DAY + 13n * HOUR + 1n);
      expect(await shortest.getMinDelay()).to.equal(17n * DAY + 13n * HOUR + 1n);
      await expect(deploy({ delay: 17n * DAY + 13n * HOUR }))
        .to.be.revertedWithCustomError(timelock, "UpgradeDelayTooShort")
        .withArgs(17n * DAY + 13n * HOUR, 17n * DAY + 13n * HOUR);
      await expect(deploy({ upgrader: ZeroAddress })).to.be.revertedWithCustomError(timelock, "UpgradeZeroUpgrader");
    });
  });

  describe("the shortest delay", () => {
    const margin = HOUR;
    const short = useWorld(() => ({
      exitMargin: margin,
      permissionlessDelay: 5n * DAY,
      upgradeDelay: DAY + 5n * DAY + 7n * DAY + 9n * DAY + margin + 1n,
    }));

    it("outlasts the way out past a silent sequencer and a dispute in vain", async () => {
      const suite = short();
      const { timelock, chain, registry, actors, parameters } = suite;
      const judge = chain.connect(actors.resolver);
      const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, DAY));
      const announcedAt = await now(suite);

      await nextBlockAt(suite, announcedAt + margin);
      const message = await enqueueMessage(suite, actors.alice);
      const dueAt = message.timestamp + parameters.forceInclusionDelay;
      await nextBlockAt(suite, dueAt - 1n);
      const last = await postBatch(suite, suite.genesis, { nextMessage: message });

      await registry.connect(actors.alice).register({ value: parameters.sequencerBond });
      await registry.connect(actors.bob).register({ value: parameters.sequencerBond });
      await nextBlockAt(suite, last.timestamp + parameters.permissionlessDelay);
      const exit = await postBatch(suite, last, { submitter: actors.bob, claim: { inboxTo: 1n } });
      await nextBlockAt(suite, exit.finalizesAt - 1n);
      await judge.openDispute(exit);
      await nextBlockAt(suite, exit.finalizesAt + parameters.disputeDuration - 1n);
      await judge.closeDispute(exit);
      await chain.finalize([last, exit]);

      await expect(timelock.connect(actors.upgrader).execute(...operation)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnexpectedOperationState",
      );
    });
  });
});
