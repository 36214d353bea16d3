import { expect } from "chai";
import { concat, getCreateAddress, id, Transaction, type TransactionRequest } from "ethers";
import { network } from "hardhat";

import { DEPLOYMENT_PROXY, deterministicAddress, KEYLESS_CREATION, parseSalt } from "../../deploy/deterministic.js";
import { memoryJournal } from "../../deploy/journal.js";
import type { RollupParametersInput } from "../../deploy/parameters.js";
import { DeployError } from "../../deploy/runner.js";
import { deploymentSteps, deploySuite, type DeployOptions, plannedContracts } from "../../deploy/suite.js";
import { verifyDeployment } from "../../deploy/verify.js";
import { discoverDeployment } from "../../plugin/l1/discover.js";
import { type Deployment, type Hex, ZERO_HASH } from "../../plugin/types.js";
import { parseDeployment, serializeDeployment } from "../../deploy/address-book.js";
import { SequencerRegistry__factory, SuiteFactory__factory } from "../../typechain-types/index.js";
import { type Deployer, deploymentOf, SUITES } from "./support/deployment.js";

/** Of the first deployment with a salt on a development chain, which finds no deployment proxy there. */
const BRINGS_THE_PROXY = parseSalt("another rollup");
const SALT = parseSalt("a rollup on every chain");

describe("deterministic addresses", () => {
  it("come from the proxy whose creation nobody signed, as published", () => {
    const creation = Transaction.from(KEYLESS_CREATION.raw);
    expect(creation.hash).to.equal(KEYLESS_CREATION.hash);
    expect(creation.from).to.equal(KEYLESS_CREATION.from);
    expect(creation.gasLimit * creation.gasPrice!).to.equal(KEYLESS_CREATION.cost);
    // r = s: numbers that were chosen, not computed from a key.
    expect(creation.signature?.r).to.equal(creation.signature?.s);
    expect(getCreateAddress({ from: creation.from!, nonce: creation.nonce })).to.equal(DEPLOYMENT_PROXY);
  });

  it("take a text, or 32 bytes, as salt", () => {
    expect(parseSalt("mainnet 1")).to.equal(id("mainnet 1"));
    expect(parseSalt(`0x${"AB".repeat(32)}`)).to.equal(`0x${"ab".repeat(32)}`);
    expect(() => parseSalt("0x12")).to.throw("salt 0x12 is not 32 bytes: 0x and 64 hex digits, or any text without 0x");
    expect(() => parseSalt(" ")).to.throw("salt is empty");
  });

  for (const [name, input] of SUITES) {
    it(`are the same on every chain, and known before anything is sent, with ${name}`, async () => {
      const [one, other] = [await chain({ input }), await chain({ chainId: 4242, input })];
      // Another nonce of the deployer.
      await (await other.signer.sendTransaction({ to: DEPLOYMENT_PROXY, value: 0n, data: "0x" })).wait();
      // Parameters of two chains differ only where they must not.
      const parameters = one.options.parameters;
      const planned = await planOf(one.options);
      const [first, second] = [await deploySuite(one.options), await deploySuite({ ...other.options, parameters })];
      expect(addressesOf(first.deployment)).to.deep.equal(planned);
      expect(addressesOf(second.deployment)).to.deep.equal(planned);
      expect(first.deployment.salt).to.equal(SALT);
      for (const [{ deployment }, { signer }] of [
        [first, one],
        [second, other],
      ] as const)
        expect(await failures(deployment, signer)).to.deep.equal([]);
    });
  }

  it("are in the address book, read back, and found from L1 alone", async () => {
    const { options, signer } = await chain();
    const { deployment } = await deploySuite(options);
    expect(parseDeployment(serializeDeployment(deployment), "rollup.json")).to.deep.equal(deployment);
    const found = await discoverDeployment(signer.provider, deployment.contracts.L1EscrowBridge.address);
    expect({ ...found.parameters, slots: 0n }).to.deep.equal(deployment.parameters);
    const wrong = { ...deployment, salt: id("another") as Hex };
    expect(await failures(wrong, signer)).to.include("UpgradeTimelock address from the salt");
  });

  it("need no transaction above 16,777,216 gas", async () => {
    const { options } = await chain();
    const { steps } = await deploySuite(options);
    for (const { gasUsed } of steps) expect(gasUsed < 16_777_216n).to.equal(true);
  });

  it("are taken as they are when somebody else created everything before", async () => {
    const { options, signer, stranger } = await chain();
    await deploySuite({ ...options, journal: memoryJournal(), salt: BRINGS_THE_PROXY });
    const before = await signer.provider.getTransactionCount(await signer.getAddress());
    // Everybody can see what the deployer is about to send.
    const seen: TransactionRequest[] = [];
    await createAll(options, async (request) => {
      seen.push(request);
      await (await stranger.sendTransaction(request)).wait();
    });
    const { deployment, steps } = await deploySuite(options);
    expect(seen).to.have.length(steps.length - 1);
    expect(steps.map(({ outcome }) => outcome)).to.deep.equal([...seen.map(() => "found"), "sent"]);
    expect(await signer.provider.getTransactionCount(await signer.getAddress())).to.equal(before + 1);
    expect(deployment.contracts.SuiteFactory.transaction).to.equal(ZERO_HASH);
    const { transaction } = deployment.contracts.L1EscrowBridge;
    const born = await signer.provider.getTransactionReceipt(transaction);
    expect(deployment.fromBlock).to.equal(BigInt(born!.blockNumber));
    expect(await failures(deployment, signer)).to.deep.equal([]);
  });

  it("are the deployer's: who creates its factory cannot use it", async () => {
    const { options, signer, stranger } = await chain();
    const { deployment } = await deploySuite(options);
    const factory = SuiteFactory__factory.connect(deployment.contracts.SuiteFactory.address, stranger);
    expect(await factory.DEPLOYER()).to.equal(await signer.getAddress());
    const squatter = new SuiteFactory__factory().getDeployTransaction(await stranger.getAddress());
    const { data } = await squatter;
    expect(deterministicAddress(SALT, data as Hex)).not.to.equal(deployment.contracts.SuiteFactory.address);
    const error: unknown = await factory.createProxies
      .staticCall([], [], [], stranger)
      .catch((reason: unknown) => reason);
    expect(String(error)).to.include("FactoryUnauthorized");
  });

  for (const moment of ["before the node sees it", "while it is pending"] as const) {
    it(`are taken as they are when somebody is faster with the same creation, ${moment}`, async () => {
      const { options, signer, stranger, ethers } = await chain();
      await deploySuite({ ...options, journal: memoryJournal(), salt: BRINGS_THE_PROXY });
      const faster = Object.create(signer) as Deployer;
      let overtaken = 0;
      faster.sendTransaction = async (request) => {
        if (request.to !== DEPLOYMENT_PROXY) return signer.sendTransaction(request);
        overtaken++;
        const same = { to: DEPLOYMENT_PROXY, data: request.data! };
        if (moment === "before the node sees it") {
          await (await stranger.sendTransaction(same)).wait();
          return signer.sendTransaction(request);
        }
        await ethers.provider.send("evm_setAutomine", [false]);
        await stranger.sendTransaction({ ...same, maxPriorityFeePerGas: 9n * 10n ** 9n, gasLimit: 8_000_000n });
        const sent = await signer.sendTransaction({ ...request, maxPriorityFeePerGas: 1n, gasLimit: 8_000_000n });
        await ethers.provider.send("evm_mine", []);
        await ethers.provider.send("evm_setAutomine", [true]);
        return sent;
      };
      const { deployment, steps } = await deploySuite({ ...options, signer: faster });
      expect(overtaken).to.equal(steps.length - 1);
      expect(steps.filter(({ outcome }) => outcome === "found")).to.have.length(overtaken);
      expect(await failures(deployment, signer)).to.deep.equal([]);
      // And a run that finds all of it says the same.
      const again = await deploySuite(options);
      expect(again.deployment).to.deep.equal(deployment);
    });
  }

  it("tell what they have without a journal: the same rollup is found, another is refused", async () => {
    const { options, signer } = await chain();
    const { deployment } = await deploySuite(options);
    const count = await signer.provider.getTransactionCount(await signer.getAddress());
    const again = await deploySuite({ ...options, journal: memoryJournal() });
    expect(again.steps.every(({ outcome }) => outcome === "found")).to.equal(true);
    expect(addressesOf(again.deployment)).to.deep.equal(addressesOf(deployment));
    expect(again.deployment.contracts.L1EscrowBridge).to.deep.equal(deployment.contracts.L1EscrowBridge);
    expect(await signer.provider.getTransactionCount(await signer.getAddress())).to.equal(count);

    const parameters = { ...options.parameters, challengeWindow: 60n };
    const error = await failureOf(deploySuite({ ...options, parameters, journal: memoryJournal() }));
    expect(error.message).to.match(
      /^the deployer has another rollup with this salt \(transaction 0x[0-9a-f]{64}\); finish it as it was begun, or choose another --salt$/,
    );
  });

  it("are not mixed with others in one journal", async () => {
    const { options } = await chain();
    await deploySuite(options);
    const error = await failureOf(deploySuite({ ...options, salt: undefined }));
    expect(error.message).to.match(/^the unfinished deployment has salt 0x.*, this one has no salt; /);
  });

  it("say in one line that a real chain has no deployment proxy, or something else there", async () => {
    const { options, signer, ethers } = await chain();
    const missing = await failureOf(deploySuite({ ...options, restartOnNewChain: false }));
    expect(missing.message).to.equal(
      `this chain has no deterministic deployment proxy at ${DEPLOYMENT_PROXY}; create it (0.01 ETH to ${KEYLESS_CREATION.from}, then its published keyless transaction), or deploy without --salt`,
    );
    expect(await signer.provider.getTransactionCount(await signer.getAddress())).to.equal(0);
    await ethers.provider.send("hardhat_setCode", [DEPLOYMENT_PROXY, "0x00"]);
    const foreign = await failureOf(deploySuite(options));
    expect(foreign.message).to.match(/this chain has another contract than the deterministic deployment proxy/);
  });

  it("bond the first sequencer in the transaction that creates the registry", async () => {
    const { options, signer } = await chain();
    const { deployment } = await deploySuite(options);
    const registry = SequencerRegistry__factory.connect(deployment.contracts.SequencerRegistry.address, signer);
    expect(await registry.activeSequencer()).to.equal(await signer.getAddress());
  });
});

async function chain({ chainId, input = {} }: { chainId?: number; input?: RollupParametersInput } = {}) {
  const { ethers } = await network.create(chainId === undefined ? {} : { override: { chainId } });
  const [signer, stranger] = (await ethers.getSigners()) as unknown as [Deployer, Deployer];
  return { ethers, signer, stranger, options: await deploymentOf(signer, input, memoryJournal(), SALT) };
}

async function planOf({ signer, parameters, program, keys, bond }: DeployOptions): Promise<Record<string, Hex>> {
  const deployer = (await signer.getAddress()) as Hex;
  return plannedContracts({ ...{ parameters, program, keys, bond }, deployer, salt: SALT, l1ChainId: 31337n });
}

/** What the deployer will send to the deployment proxy, in order. */
async function createAll(
  { signer, parameters, program, keys, bond }: DeployOptions,
  send: (request: TransactionRequest) => Promise<void>,
): Promise<void> {
  const created = new Map<string, Hex>();
  const deployer = (await signer.getAddress()) as Hex;
  for (const step of deploymentSteps(parameters)) {
    const { to, data } = await step.request({ parameters, program, keys, bond, deployer, l1ChainId: 31337n, created });
    if (to !== undefined) continue;
    created.set(step.id, deterministicAddress(SALT, data));
    await send({ to: DEPLOYMENT_PROXY, data: concat([SALT, data]) });
  }
}

function addressesOf({ contracts }: Deployment): Record<string, Hex> {
  return Object.fromEntries(
    Object.entries(contracts).flatMap(([name, { address, implementation }]) => [
      [name, address],
      ...(implementation === undefined ? [] : [[`${name} implementation`, implementation.address]]),
    ]),
  ) as Record<string, Hex>;
}

async function failures(deployment: Deployment, { provider }: Deployer): Promise<string[]> {
  return (await verifyDeployment(deployment, provider)).filter(({ ok }) => !ok).map(({ name }) => name);
}

async function failureOf(promise: Promise<unknown>): Promise<DeployError> {
  const reason: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(reason).to.be.instanceOf(DeployError);
  return reason as DeployError;
}
