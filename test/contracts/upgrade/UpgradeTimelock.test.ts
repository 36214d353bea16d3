import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { IUpgradeTimelock } from "../../../typechain-types/upgrade/UpgradeTimelock.js";
import {
  SequencerRegistry__factory,
  StandardToken__factory,
  StateCommitmentChain__factory,
  TestProxy__factory,
  UpgradeTimelock__factory,
} from "../../../typechain-types/index.js";
import { enqueueMessage, postBatch } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { adminOf, announceUpgrade, implementationOf, type Operation, upgradeOperation } from "../../support/proxies.js";
import { DAY, HOUR } from "../../support/suite.js";
import { nextBlockAt, now, useWorld, type World } from "../../support/world.js";

describe("UpgradeTimelock", () => {
  const world = useWorld();

  /** An implementation of the chain that differs in these times. */
  async function chainWith(
    { bridge, registry, dataAvailability, parameters, actors }: World,
    times: { challengeWindow?: bigint; permissionlessDelay?: bigint },
  ) {
    const neighbours = { inbox: bridge, registry, dataAvailability };
    return new StateCommitmentChain__factory(actors.deployer).deploy({ ...parameters, ...neighbours, ...times });
  }

  const chainWithWindow = (suite: World, challengeWindow: bigint) => chainWith(suite, { challengeWindow });

  async function announceDelay({ timelock, actors }: World, delay: bigint): Promise<Operation> {
    const data = timelock.interface.encodeFunctionData("updateDelay", [delay]);
    const operation: Operation = [await timelock.getAddress(), 0n, data, ZeroHash, ZeroHash];
    await timelock.connect(actors.upgrader).schedule(...operation, await timelock.getMinDelay());
    return operation;
  }

  /** The timelock as a sender: only an operation that executes can be that. */
  async function timelockItself({ timelock, connection }: World) {
    const address = await timelock.getAddress();
    await connection.networkHelpers.setBalance(address, 10n ** 18n);
    return connection.ethers.getImpersonatedSigner(address);
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

    it("tells on L1 what it will do, when, and leaves code of that hash", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters, connection } = suite;
      const next = await chainWithWindow(suite, DAY);
      const operation = await upgradeOperation(suite, chain, next);
      const codeHash = connection.ethers.keccak256(await connection.ethers.provider.getCode(next));
      const own = timelock.connect(actors.upgrader);
      const readyAt = (await now(suite)) + 1n + parameters.upgradeDelay;
      await nextBlockAt(suite, readyAt - parameters.upgradeDelay);
      await expect(own.schedule(...operation, parameters.upgradeDelay))
        .to.emit(timelock, "UpgradeAnnounced")
        .withArgs(await timelock.hashOperation(...operation), chain, next, codeHash, "0x", readyAt);
      await nextBlockAt(suite, readyAt);
      await expect(own.execute(...operation))
        .to.emit(timelock, "ProxyUpgraded")
        .withArgs(chain, next, codeHash);
    });

    it("is refused where the code is another than announced, or none yet", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters, connection } = suite;
      const { ethers, networkHelpers } = connection;
      const next = await chainWithWindow(suite, DAY);
      const address = await next.getAddress();
      const code = await ethers.provider.getCode(address);
      const operation = await announceUpgrade(suite, chain, next);
      await networkHelpers.time.increase(parameters.upgradeDelay);
      const own = timelock.connect(actors.upgrader);
      for (const other of ["0x", `${code}00`]) {
        await networkHelpers.setCode(address, other);
        await expect(own.execute(...operation))
          .to.be.revertedWithCustomError(timelock, "UpgradeCodeHash")
          .withArgs(address, ethers.keccak256(code), ethers.keccak256(other));
      }
      await networkHelpers.setCode(address, code);
      await own.execute(...operation);
      expect(await implementationOf(suite, chain)).to.equal(address);
    });

    it("never takes an account that can choose other code later", async () => {
      const suite = world();
      const { timelock, chain, actors, parameters, connection, implementations } = suite;
      const delegated = actors.bob;
      const to = await implementations.chain.getAddress();
      await connection.networkHelpers.setCode(delegated.address, `0xef0100${to.slice(2)}`);
      const operation = await announceUpgrade(suite, chain, delegated);
      await connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await expect(timelock.connect(actors.upgrader).execute(...operation))
        .to.be.revertedWithCustomError(timelock, "UpgradeDelegatedAccount")
        .withArgs(delegated.address);
    });

    it("cannot be announced without a code hash, nor for what the timelock does not own", async () => {
      const suite = world();
      const { timelock, chain, implementations, actors, connection } = suite;
      for (const codeHash of [ZeroHash, connection.ethers.keccak256("0x")]) {
        await expect(announceUpgrade(suite, chain, implementations.chain, { codeHash }))
          .to.be.revertedWithCustomError(timelock, "UpgradeNoCodeHash")
          .withArgs(implementations.chain);
      }
      const foreign = await new TestProxy__factory(actors.alice).deploy(
        implementations.chain,
        actors.alice,
        chain.interface.encodeFunctionData("initialize"),
      );
      for (const stranger of [actors.alice, implementations.chain, foreign]) {
        await expect(announceUpgrade(suite, stranger, implementations.chain))
          .to.be.revertedWithCustomError(timelock, "UpgradeNotOurs")
          .withArgs(stranger);
      }
    });

    it("initialises what it brings, and several execute together or not at all", async () => {
      const suite = world();
      const { timelock, chain, registry, implementations, actors, parameters, connection } = suite;
      const own = timelock.connect(actors.upgrader);
      const initData = chain.interface.encodeFunctionData("initialize");
      const good = await upgradeOperation(suite, registry, implementations.registry);
      const bad = await upgradeOperation(suite, chain, await chainWithWindow(suite, DAY), { initData });
      const batch: [string[], bigint[], string[], string, string] = [
        [good[0], bad[0]],
        [0n, 0n],
        [good[2], bad[2]],
        ZeroHash,
        ZeroHash,
      ];
      await expect(own.scheduleBatch(...batch, parameters.upgradeDelay)).to.emit(timelock, "UpgradeAnnounced");
      await connection.networkHelpers.time.increase(parameters.upgradeDelay);
      // The chain is initialised: the call that goes with its new code is refused, and with it both.
      await expect(own.executeBatch(...batch)).to.be.revertedWithCustomError(chain, "InvalidInitialization");
      expect(await implementationOf(suite, chain)).to.equal(await implementations.chain.getAddress());
    });

    it("cannot stretch the time that leaving takes up to the delay, by the chain or by the registry", async () => {
      const suite = world();
      const { timelock, chain, registry, actors, parameters, connection } = suite;
      const { forceInclusionDelay, permissionlessDelay, challengeWindow, disputeDuration, exitMargin } = parameters;
      const room =
        parameters.upgradeDelay -
        forceInclusionDelay -
        permissionlessDelay -
        challengeWindow -
        disputeDuration -
        exitMargin;
      const own = timelock.connect(actors.upgrader);
      const registryWith = (delay: bigint) =>
        new SequencerRegistry__factory(actors.deployer).deploy({
          ...{ chain, minimumBond: parameters.sequencerBond, withdrawalDelay: parameters.bondWithdrawalDelay },
          ...{ challengeWindow, disputeDuration, sequencerGrace: HOUR, permissionlessDelay: delay },
        });
      for (const [proxy, make] of [
        [chain, (more: bigint) => chainWith(suite, { challengeWindow: challengeWindow + more })],
        // Where chain and registry say two things, the longer one counts.
        [chain, (more: bigint) => chainWith(suite, { permissionlessDelay: permissionlessDelay + more })],
        [registry, (more: bigint) => registryWith(permissionlessDelay + more)],
      ] as const) {
        const before = await connection.networkHelpers.takeSnapshot();
        const tooMuch = await announceUpgrade(suite, proxy, await make(room));
        const most = await announceUpgrade(suite, proxy, await make(room - 1n));
        await connection.networkHelpers.time.increase(parameters.upgradeDelay);
        await expect(own.execute(...tooMuch))
          .to.be.revertedWithCustomError(timelock, "UpgradeDelayTooShort")
          .withArgs(parameters.upgradeDelay, parameters.upgradeDelay);
        await own.execute(...most);
        await before.restore();
      }
    });

    it("cannot go round the announcement: the timelock never calls a proxy's admin for an operation", async () => {
      const suite = world();
      const { timelock, chain, implementations, actors, parameters } = suite;
      const admin = await adminOf(suite, chain);
      expect(await timelock.adminOf(chain)).to.equal(await admin.getAddress());
      const own = timelock.connect(actors.upgrader);
      for (const data of [
        admin.interface.encodeFunctionData("upgradeAndCall", [
          await chain.getAddress(),
          await implementations.chain.getAddress(),
          "0x",
        ]),
        admin.interface.encodeFunctionData("transferOwnership", [actors.upgrader.address]),
        admin.interface.encodeFunctionData("renounceOwnership"),
      ]) {
        const target = await admin.getAddress();
        const forbidden = [target, data.slice(0, 10)] as const;
        await expect(own.schedule(target, 0n, data, ZeroHash, ZeroHash, parameters.upgradeDelay))
          .to.be.revertedWithCustomError(timelock, "UpgradeForbiddenCall")
          .withArgs(...forbidden);
        await expect(own.scheduleBatch([target], [0n], [data], ZeroHash, ZeroHash, parameters.upgradeDelay))
          .to.be.revertedWithCustomError(timelock, "UpgradeForbiddenCall")
          .withArgs(...forbidden);
      }
      await expect(own.upgrade(chain, implementations.chain, ZeroHash, "0x"))
        .to.be.revertedWithCustomError(timelock, "TimelockUnauthorizedCaller")
        .withArgs(actors.upgrader.address);
      // Ether may be sent, and calls without data are no upgrade.
      await own.schedule(actors.alice, 1n, "0x", ZeroHash, ZeroHash, parameters.upgradeDelay);
    });

    it("is no other call: what the timelock was given leaves the same way, and nothing is told of an upgrade", async () => {
      const suite = world();
      const { timelock, chain, implementations, actors, parameters, connection } = suite;
      const own = timelock.connect(actors.upgrader);
      const token = await new StandardToken__factory(actors.deployer).deploy();
      await token.mint(timelock, 5n);
      const transfer = token.interface.encodeFunctionData("transfer", [actors.alice.address, 5n]);
      // A call of the same name at another contract is none of the timelock.
      const [, , upgrade] = await upgradeOperation(suite, chain, implementations.chain);
      for (const data of [transfer, upgrade]) {
        const operation: Operation = [await token.getAddress(), 0n, data, ZeroHash, ZeroHash];
        await expect(own.schedule(...operation, parameters.upgradeDelay)).not.to.emit(timelock, "UpgradeAnnounced");
      }
      await connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await own.execute(token, 0n, transfer, ZeroHash, ZeroHash);
      expect([await token.balanceOf(timelock), await token.balanceOf(actors.alice)]).to.deep.equal([0n, 5n]);
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
      const { timelock, parameters } = world();
      await expect(announceDelay(world(), parameters.upgradeDelay - 1n))
        .to.be.revertedWithCustomError(timelock, "UpgradeDelayBelowMinimum")
        .withArgs(parameters.upgradeDelay - 1n, parameters.upgradeDelay);
      const own = timelock.connect(await timelockItself(world()));
      await expect(own.updateDelay(parameters.upgradeDelay - 1n)).to.be.revertedWithCustomError(
        timelock,
        "UpgradeDelayBelowMinimum",
      );
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

  describe("its cancellers", () => {
    const watched = useWorld(({ alice, bob }) => ({ cancellers: [alice.address, bob.address] }));

    it("stop any operation, each alone, until it executes", async () => {
      const suite = watched();
      const { timelock, chain, actors, parameters, connection } = suite;
      for (const canceller of [actors.alice, actors.bob]) {
        const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, DAY));
        const id = await timelock.hashOperation(...operation);
        await connection.networkHelpers.time.increase(parameters.upgradeDelay);
        await expect(timelock.connect(canceller).cancel(id)).to.emit(timelock, "Cancelled").withArgs(id);
        await expect(timelock.connect(actors.upgrader).execute(...operation)).to.be.revertedWithCustomError(
          timelock,
          "TimelockUnexpectedOperationState",
        );
      }
    });

    it("can do nothing else, and nobody else can do that", async () => {
      const suite = watched();
      const { timelock, chain, actors, parameters, connection } = suite;
      const operation = await announceUpgrade(suite, chain, await chainWithWindow(suite, DAY));
      const id = await timelock.hashOperation(...operation);
      await connection.networkHelpers.time.increase(parameters.upgradeDelay);
      const own = timelock.connect(actors.alice);
      const role = await timelock.CANCELLER_ROLE();
      const salted = [...operation.slice(0, 4), headerHash(suite.genesis)] as unknown as Operation;
      for (const move of [
        () => own.execute(...operation),
        () => own.schedule(...salted, parameters.upgradeDelay),
        () => own.confirm(id),
        () => own.grantRole(role, actors.second),
        () => own.revokeRole(role, actors.bob),
        () => timelock.connect(actors.second).cancel(id),
      ]) {
        await expect(move()).to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount");
      }
      await expect(own.executeAtOnce(operation[2], ZeroHash, ZeroHash, [], "0x"))
        .to.be.revertedWithCustomError(timelock, "UpgradeNoQuorum")
        .withArgs(0n, 0n);
      expect(await timelock.getRoleMembers(role)).to.have.members(
        [actors.alice, actors.bob, actors.upgrader].map(({ address }) => address),
      );
    });
  });

  describe("its roles", () => {
    it("change through operations alone, which never give the right to grant them to anybody", async () => {
      const suite = world();
      const { timelock, actors, parameters } = suite;
      const own = timelock.connect(actors.upgrader);
      const admin = await timelock.DEFAULT_ADMIN_ROLE();
      const proposer = await timelock.PROPOSER_ROLE();
      const grant = (role: string): Operation => [
        timelockAddress,
        0n,
        timelock.interface.encodeFunctionData("grantRole", [role, actors.alice.address]),
        ZeroHash,
        ZeroHash,
      ];
      const timelockAddress = await timelock.getAddress();
      for (const role of [proposer, admin]) await own.schedule(...grant(role), parameters.upgradeDelay);
      await suite.connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await own.execute(...grant(proposer));
      expect(await timelock.getRoleMembers(proposer)).to.have.members([actors.upgrader.address, actors.alice.address]);
      await expect(own.execute(...grant(admin)))
        .to.be.revertedWithCustomError(timelock, "UpgradeForeignAdmin")
        .withArgs(actors.alice.address);
    });

    it("are taken by an operation, too, and the list of who has them follows", async () => {
      const suite = world();
      const { timelock, actors, parameters } = suite;
      const own = timelock.connect(actors.upgrader);
      const role = await timelock.EXECUTOR_ROLE();
      const data = timelock.interface.encodeFunctionData("revokeRole", [role, actors.upgrader.address]);
      const revoke: Operation = [await timelock.getAddress(), 0n, data, ZeroHash, ZeroHash];
      await own.schedule(...revoke, parameters.upgradeDelay);
      await suite.connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await expect(own.execute(...revoke))
        .to.emit(timelock, "RoleRevoked")
        .withArgs(role, actors.upgrader.address, timelock);
      expect(await timelock.getRoleMembers(role)).to.deep.equal([]);
      await expect(own.execute(...revoke))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(actors.upgrader.address, role);
    });

    it("can be listed: it says that it has AccessControlEnumerable, and takes ERC-1155 tokens", async () => {
      const { timelock } = world();
      const claimed = await Promise.all(
        ["0x01ffc9a7", "0x7965db0b", "0x5a05180f", "0x4e2312e0", "0xffffffff"].map((each) =>
          timelock.supportsInterface(each),
        ),
      );
      expect(claimed).to.deep.equal([true, true, true, true, false]);
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
        chain: actors.bob,
        upgrader: actors.upgrader,
        ...{ cancellers: [], council: [], councilThreshold: 0n, evidence: ZeroAddress },
      };
      const deploy = (changes: Partial<IUpgradeTimelock.ParametersStruct>) =>
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
      for (const name of ["upgrader", "chain"]) {
        await expect(deploy({ [name]: ZeroAddress }))
          .to.be.revertedWithCustomError(timelock, "UpgradeZeroParameter")
          .withArgs(name);
      }
    });

    it("wants a quorum above half of the council, of members who count once, and a judge of evidence", async () => {
      const { timelock, actors } = world();
      const deploy = (changes: Partial<IUpgradeTimelock.ParametersStruct>) =>
        new UpgradeTimelock__factory(actors.deployer).deploy({
          ...{ delay: 100n, forceInclusionDelay: 1n, permissionlessDelay: 1n, challengeWindow: 1n },
          ...{ disputeDuration: 1n, exitMargin: 1n, chain: actors.bob, upgrader: actors.upgrader, cancellers: [] },
          ...{ council: [actors.alice, actors.bob, actors.second, actors.third], evidence: actors.deployer },
          councilThreshold: 3n,
          ...changes,
        });
      expect(await (await deploy({})).COUNCIL_THRESHOLD()).to.equal(3n);
      for (const councilThreshold of [0n, 2n, 5n]) {
        await expect(deploy({ councilThreshold }))
          .to.be.revertedWithCustomError(timelock, "UpgradeCouncil")
          .withArgs(4n, councilThreshold);
      }
      await expect(deploy({ council: [], councilThreshold: 1n }))
        .to.be.revertedWithCustomError(timelock, "UpgradeCouncil")
        .withArgs(0n, 1n);
      await expect(deploy({ council: [actors.alice, actors.alice, actors.bob] }))
        .to.be.revertedWithCustomError(timelock, "UpgradeMemberTwice")
        .withArgs(actors.alice.address);
      await expect(deploy({ evidence: ZeroAddress }))
        .to.be.revertedWithCustomError(timelock, "UpgradeZeroParameter")
        .withArgs("evidence");
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
