import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { toQuantity } from "ethers";
import { network } from "hardhat";

import { fileJournal, JournalBusyError, memoryJournal } from "../../deploy/journal.js";
import type { RollupParametersInput } from "../../deploy/parameters.js";
import { DeployError } from "../../deploy/runner.js";
import { deploymentSteps, deploySuite, type DeployOptions } from "../../deploy/suite.js";
import { verifyDeployment } from "../../deploy/verify.js";
import { readRoles } from "../../plugin/l1/roles.js";
import type { Deployment, Hex } from "../../plugin/types.js";
import { UpgradeTimelock__factory } from "../../typechain-types/index.js";
import { type Deployer, deploymentOf, SUITES } from "./support/deployment.js";
import { Killed, observed } from "./support/interrupt.js";

const SALT: Hex = `0x${"5a".repeat(32)}`;

describe("deployments that are interrupted", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-interrupted-"));
  });
  after(() => rm(folder, { recursive: true }));

  const forms = [
    ...SUITES.slice(0, 2).map((suite) => [...suite, undefined] as const),
    ["a salt", {}, SALT] as const,
    // Each run checks the keys of its circuits, which takes half of its time: the long tests have this one.
    ...(process.env.ROLLUP_TEST_LONG === "1" ? [[...SUITES[2]!, undefined] as const] : []),
  ];
  for (const [name, input, salt] of forms) {
    it(`with ${name}: one that dies at every moment of each step, and of its resumption, ends as one that never died`, async () => {
      const undisturbed = await chainWith(input, salt);
      const { deployment: expected } = await deploySuite(undisturbed.options);

      const { options, signer } = await chainWith(input, salt);
      const { deployment, deaths } = await dying(options);
      const moments = ["journal of nonce", "send", "receipt", "journal of receipt"];
      expect(deaths).to.deep.equal([
        "start: before journal of nothing",
        "start: after journal of nothing",
        // There is no deployment proxy yet; its creation is not this account's.
        ...(salt === undefined ? [] : ["start: before send", "start: after send", "start: before receipt"]),
        ...deploymentSteps(options.parameters).flatMap(({ id }) =>
          moments.flatMap((moment) => [`${id}: before ${moment}`, `${id}: after ${moment}`]),
        ),
      ]);
      expect(await standing(deployment, signer)).to.deep.equal(await standing(expected, undisturbed.signer));
      expect(await sent(signer)).to.deep.equal(await sent(undisturbed.signer));
    });
  }

  const once = [
    [SUITES[1]!, "before journal of hash"],
    [SUITES[1]!, "after journal of hash"],
    [SUITES[1]!, "after receipt"],
    [SUITES[1]!, "before journal of receipt"],
    [SUITES[2]!, "after send"],
    [SUITES[2]!, "after journal of hash"],
  ] as const;
  for (const [[name, input], moment] of once) {
    it(`with ${name}: ends as one that never died when each step dies once, ${moment}`, async () => {
      const undisturbed = await chainWith(input);
      const { deployment: expected } = await deploySuite(undisturbed.options);

      const { options, signer } = await chainWith(input);
      const { deployment, deaths } = await dying(options, { at: (now) => now.endsWith(moment) });
      expect(deaths).to.have.length(deploymentSteps(options.parameters).length);
      expect(await standing(deployment, signer)).to.deep.equal(await standing(expected, undisturbed.signer));
      expect(await sent(signer)).to.deep.equal(await sent(undisturbed.signer));
    });
  }

  it("sends nothing twice when transactions are still pending as the process comes back", async () => {
    const [, input] = SUITES[1]!;
    const undisturbed = await chainWith(input);
    const { deployment: expected } = await deploySuite(undisturbed.options);

    const { options, signer, ethers } = await chainWith(input);
    await ethers.provider.send("evm_setAutomine", [false]);
    const mine = async () => void (await ethers.provider.send("evm_mine", []));
    const { deployment } = await dying(options, { onReceipt: mine, onStart: mine });
    expect(await standing(deployment, signer)).to.deep.equal(await standing(expected, undisturbed.signer));
    expect(await sent(signer)).to.deep.equal(await sent(undisturbed.signer));
  });

  describe("with a transaction that L1 does not mine", () => {
    const [, input] = SUITES[0]!;
    /** The first transaction is pending, the process dead. */
    async function stuck() {
      const all = await chainWith(input);
      const { ethers, options } = all;
      await ethers.provider.send("evm_setAutomine", [false]);
      const killed = observed(options, (moment) => {
        if (moment.endsWith("after journal of hash")) throw new Killed(moment);
      });
      await deploySuite(killed).catch(() => undefined);
      const journal = await options.journal.load();
      const hash = journal?.entries["010-suite-factory"]?.transaction;
      const steps = deploymentSteps(options.parameters).length;
      return { ...all, hash: hash!, steps };
    }
    const spike = async ({ ethers }: Awaited<ReturnType<typeof chainWith>>) => {
      await ethers.provider.send("hardhat_setNextBlockBaseFeePerGas", [toQuantity(90n * 10n ** 9n)]);
      await ethers.provider.send("evm_mine", []);
    };

    it("outbids it when L1 asks for more by now, and says so", async () => {
      const all = await stuck();
      const { ethers, options, signer, hash, steps } = all;
      await spike(all);
      const notices: string[] = [];
      const mine = () =>
        ethers.provider.send("evm_setAutomine", [true]).then(() => ethers.provider.send("evm_mine", []));
      const resumed = observed(options, async (moment) => {
        if (moment === "010-suite-factory: before receipt") await mine();
      });
      const { steps: reports } = await deploySuite({ ...resumed, onNotice: (line) => notices.push(line) });
      expect(notices).to.have.length(1);
      expect(notices[0]).to.match(
        /^step 010-suite-factory: transaction 0x\w{64} offers [\d.]+ gwei for gas, L1 asks for 90 gwei; sending it again with up to \d{3}[\d.]* gwei$/,
      );
      expect(notices[0]).to.include(hash);
      expect(reports[0]?.transaction).not.to.equal(hash);
      expect(await signer.getNonce()).to.equal(steps);
    });

    it("takes the first one where that was mined after all", async () => {
      const all = await stuck();
      const { ethers, options, signer, hash, steps } = all;
      await spike(all);
      const killed = observed(options, (moment) => {
        if (moment.endsWith("before send")) throw new Killed(moment);
      });
      await deploySuite(killed).catch(() => undefined);
      await ethers.provider.send("hardhat_setNextBlockBaseFeePerGas", ["0x1"]);
      await ethers.provider.send("evm_mine", []);
      await ethers.provider.send("evm_setAutomine", [true]);
      const { steps: reports } = await deploySuite(options);
      expect(reports[0]?.transaction).to.equal(hash);
      expect(await signer.getNonce()).to.equal(steps);
    });

    it("sends it anew when the node has forgotten it", async () => {
      const { ethers, options, signer, hash, steps } = await stuck();
      await ethers.provider.send("hardhat_dropTransaction", [hash]);
      await ethers.provider.send("evm_setAutomine", [true]);
      await deploySuite(options);
      expect(await signer.getNonce()).to.equal(steps);
    });

    it("says so when the node forgets it in mid-run, and sends it anew the next time", async () => {
      const { ethers, options, signer } = await chainWith(input);
      await ethers.provider.send("evm_setAutomine", [false]);
      const forgetful = observed(options, async (moment) => {
        if (moment !== "010-suite-factory: after journal of hash") return;
        const { entries } = (await options.journal.load())!;
        await ethers.provider.send("hardhat_dropTransaction", [entries["010-suite-factory"]?.transaction]);
      });
      const error: unknown = await deploySuite({ ...forgetful, patience: 20 }).catch((reason: unknown) => reason);
      expect((error as Error).message).to.match(
        /^step 010-suite-factory: the node has forgotten transaction 0x\w{64}; run the same command again to send it anew$/,
      );
      await ethers.provider.send("evm_setAutomine", [true]);
      const { steps } = await deploySuite(options);
      expect(await signer.getNonce()).to.equal(steps.length);
    });

    it("says why it waits, and what to do", async () => {
      const all = await chainWith(input);
      const { ethers, options, signer } = all;
      await ethers.provider.send("evm_setAutomine", [false]);
      const stop = new AbortController();
      const notices: string[] = [];
      const spiked = observed(options, async (moment) => {
        if (moment === "010-suite-factory: after journal of hash") await spike(all);
      });
      const onNotice = (line: string) => {
        notices.push(line);
        stop.abort();
      };
      await deploySuite({ ...spiked, patience: 20, onNotice, signal: stop.signal }).catch(() => undefined);
      expect(notices).to.have.length(1);
      expect(notices[0]).to.match(
        /^step 010-suite-factory: transaction 0x\w{64} is stuck: it offers [\d.]+ gwei for gas, L1 asks for 90 gwei; stop this and run the same command again to offer more$/,
      );
      await ethers.provider.send("hardhat_setNextBlockBaseFeePerGas", ["0x1"]);
      await ethers.provider.send("evm_mine", []);
      await ethers.provider.send("evm_setAutomine", [true]);
      const { steps } = await deploySuite(options);
      expect(await signer.getNonce()).to.equal(steps.length);
    });
  });

  it("are finished by one process at a time", async () => {
    const { options } = await chainWith({});
    const journal = fileJournal(join(folder, "journal.json"));
    const release = await journal.lock();
    const error = await deploySuite({ ...options, journal }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(JournalBusyError);
    expect((error as Error).message).to.match(
      /^another rollup:deploy works on this deployment; wait until it ends \(it holds .*journal\.json\.lock\)$/,
    );
    await release();
    await deploySuite({ ...options, journal });
    const afterItsEnd = await journal.lock();
    await afterItsEnd();
  });
});

async function chainWith(input: RollupParametersInput, salt?: Hex) {
  const { ethers } = await network.create();
  const [first] = await ethers.getSigners();
  const signer = first as unknown as Deployer;
  return { ethers, signer, options: { ...(await deploymentOf(signer, input, memoryJournal(), salt)), signer } };
}

interface Dying {
  /** Where a run can die; by default everywhere. */
  at?: (moment: string) => boolean;
  /** Before a receipt is read. */
  onReceipt?: () => Promise<void>;
  /** Shortly after a run began. */
  onStart?: () => Promise<void>;
}

/** Runs a deployment again and again; each run dies at the first moment at which none died before. */
async function dying(
  options: DeployOptions & { signer: Deployer },
  { at = () => true, onReceipt, onStart }: Dying = {},
): Promise<{ deployment: Deployment; deaths: string[] }> {
  const deaths = new Set<string>();
  for (;;) {
    const run = observed(options, async (moment) => {
      if (at(moment) && !deaths.has(moment)) {
        deaths.add(moment);
        throw new Killed(moment);
      }
      if (moment.endsWith("before receipt")) await onReceipt?.();
    });
    const started = onStart === undefined ? undefined : setTimeout(() => void onStart(), 5);
    try {
      return { deployment: (await deploySuite(run)).deployment, deaths: [...deaths] };
    } catch (error) {
      const killed = error instanceof DeployError ? error.cause : error;
      if (!(killed instanceof Killed)) throw error;
    } finally {
      clearTimeout(started);
    }
  }
}

/** What a deployment left: the address book, whether L1 is as it says, who has which role, and where the money is. */
async function standing(deployment: Deployment, { provider }: Deployer): Promise<object> {
  const { contracts, genesis, ...book } = deployment;
  const checks = await verifyDeployment(deployment, provider);
  const timelock = UpgradeTimelock__factory.connect(contracts.UpgradeTimelock.address, provider);
  const records = await Promise.all(
    Object.entries(contracts).map(async ([name, { transaction, ...record }]) => {
      const receipt = await provider.getTransactionReceipt(transaction);
      const balance = await provider.getBalance(record.address);
      return { name, ...record, balance, status: receipt?.status, nonce: (await receipt?.getTransaction())?.nonce };
    }),
  );
  return {
    ...book,
    // Blocks and their times are those of the chain.
    fromBlock: 0n,
    genesis: { ...genesis, timestamp: 0n, finalizesAt: 0n },
    records,
    roles: await readRoles(timelock),
    failed: checks.filter(({ ok }) => !ok),
    checks: checks.length,
  };
}

/** The deployer's transactions, in order. */
async function sent(signer: Deployer): Promise<object[]> {
  const deployer = await signer.getAddress();
  const head = await signer.provider.getBlockNumber();
  const blocks = await Promise.all(
    Array.from({ length: head + 1 }, (_, number) => signer.provider.getBlock(number, true)),
  );
  return blocks
    .flatMap((block) => block?.prefetchedTransactions ?? [])
    .filter(({ from }) => from === deployer)
    .map(({ nonce, to, data, value }) => ({ nonce, to, data, value }));
}
