import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { AbstractSigner, type Provider, type Signer, type TransactionRequest, type TransactionResponse } from "ethers";
import { network } from "hardhat";

import { parseDeployment, readDeployment, serializeDeployment, writeDeployment } from "../../deploy/address-book.js";
import { memoryJournal, type JournalStore } from "../../deploy/journal.js";
import { resolveParameters, type RollupParametersInput } from "../../deploy/parameters.js";
import { DeployError } from "../../deploy/runner.js";
import { deploymentSteps, deploySuite, type DeployOptions } from "../../deploy/suite.js";
import { verifyDeployment } from "../../deploy/verify.js";
import { decodeRevert } from "../../plugin/l1/errors.js";
import { contractOf, type Deployment, type Hex, type RollupParameters } from "../../plugin/types.js";
import { discoverDeployment } from "../../plugin/l1/discover.js";
import { BLS, memberKeys, proveMembers } from "../support/committee.js";
import { SOME_PROGRAM } from "../support/program.js";
import {
  AvailabilityChallenge__factory,
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
} from "../../typechain-types/index.js";

const STEP_COUNT = deploymentSteps({ proof: "fraud", da: "calldata" }).length;
const MEMBERS = memberKeys(7).map(({ address }) => address as Hex);

/** A signer that dies before it sends a chosen transaction. */
class DyingSigner extends AbstractSigner<Provider> {
  sent = 0;

  constructor(
    readonly inner: Signer & { provider: Provider },
    readonly dieAt: number,
  ) {
    super(inner.provider);
  }

  getAddress = (): Promise<string> => this.inner.getAddress();
  connect = (): Signer => this;
  signTransaction = (transaction: TransactionRequest): Promise<string> => this.inner.signTransaction(transaction);
  signMessage = (message: string | Uint8Array): Promise<string> => this.inner.signMessage(message);
  signTypedData: AbstractSigner["signTypedData"] = (...input) => this.inner.signTypedData(...input);

  override async sendTransaction(transaction: TransactionRequest): Promise<TransactionResponse> {
    if (this.sent++ === this.dieAt) throw new Error("killed before sending");
    return this.inner.sendTransaction(transaction);
  }
}

describe("deploying the suite", () => {
  let signer: Signer & { provider: Provider };
  let stranger: Signer & { provider: Provider };
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-deploy-"));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    const { ethers } = await network.create();
    const [first, second] = await ethers.getSigners();
    if (first === undefined || second === undefined) throw new Error("the network has no accounts");
    signer = first as unknown as typeof signer;
    stranger = second as unknown as typeof signer;
  });

  async function options(
    journal: JournalStore = memoryJournal(),
    input: RollupParametersInput = {},
  ): Promise<DeployOptions> {
    const deployer = (await signer.getAddress()) as Hex;
    return {
      network: "test",
      parameters: resolveParameters(input, { preset: "dev", l1ChainId: 31337n, deployer }),
      program: SOME_PROGRAM,
      signer,
      bond: true,
      journal,
      restartOnNewChain: true,
    };
  }

  async function failures(deployment: Deployment): Promise<string[]> {
    return (await verifyDeployment(deployment, signer.provider)).filter(({ ok }) => !ok).map(({ name }) => name);
  }

  it("leaves a suite that reads back as its address book says", async () => {
    const { deployment, steps } = await deploySuite(await options());
    expect(steps.map(({ outcome }) => outcome)).to.deep.equal(Array(STEP_COUNT).fill("sent"));
    expect(await failures(deployment)).to.deep.equal([]);
    const registry = SequencerRegistry__factory.connect(deployment.contracts.SequencerRegistry.address, signer);
    expect(await registry.activeSequencer()).to.equal(await signer.getAddress());
  });

  it("needs no transaction above 16,777,216 gas and no contract above 20 kB", async () => {
    const { deployment, steps } = await deploySuite(await options());
    for (const { gasUsed } of steps) expect(gasUsed < 16_777_216n).to.equal(true);
    for (const { address, implementation } of Object.values(deployment.contracts)) {
      const code = await signer.provider.getCode(implementation?.address ?? address);
      expect(code.length / 2 - 1).to.be.lessThan(20_000);
    }
  });

  it("bonds nobody when the deployer is not the sequencer", async () => {
    const { deployment } = await deploySuite({ ...(await options()), bond: false });
    const registry = SequencerRegistry__factory.connect(deployment.contracts.SequencerRegistry.address, signer);
    expect(await registry.isSequencer(await signer.getAddress())).to.equal(false);
  });

  it("bonds the first sequencer in the transaction that creates the registry, so nobody can be first", async () => {
    const { deployment, steps } = await deploySuite(await options());
    const registry = SequencerRegistry__factory.connect(deployment.contracts.SequencerRegistry.address, signer);
    const [registered] = await registry.queryFilter(registry.filters.SequencerRegistered());
    expect(registered?.args.sequencer).to.equal(await signer.getAddress());
    expect(registered?.transactionHash).to.equal(steps.find(({ id }) => id === "090-proxies")?.transaction);
    expect(deployment.contracts.SequencerRegistry.transaction).to.equal(registered?.transactionHash);
  });

  it("will not finish with a sequencer a deployment that was begun without one", async () => {
    const given = await options();
    const dying = new DyingSigner(signer, 2);
    await expectFailure(deploySuite({ ...given, bond: false, signer: dying }), DeployError);
    const error = await expectFailure(deploySuite(given), DeployError);
    expect(error.message).to.match(/^an unfinished deployment has other parameters/);
  });

  it("finds everything on the chain when it runs again", async () => {
    const given = await options();
    const first = await deploySuite(given);
    const again = await deploySuite(given);
    expect(again.steps.map(({ outcome }) => outcome)).to.deep.equal(Array(STEP_COUNT).fill("found"));
    expect(again.deployment).to.deep.equal(first.deployment);
  });

  it("goes on when the deployer's nonce went to another transaction meanwhile", async () => {
    const given = await options();
    await expectFailure(deploySuite({ ...given, signer: new DyingSigner(signer, 2) }), DeployError);
    await (await signer.sendTransaction({ to: await stranger.getAddress(), value: 1n })).wait();
    const { deployment } = await deploySuite(given);
    expect(await failures(deployment)).to.deep.equal([]);
  });

  it("will not mix two deployments in one journal", async () => {
    const given = await options();
    await expectFailure(deploySuite({ ...given, signer: new DyingSigner(signer, 2) }), DeployError);
    const parameters = { ...given.parameters, challengeWindow: 60n };
    const error = await expectFailure(deploySuite({ ...given, parameters }), DeployError);
    expect(error.message).to.match(/^an unfinished deployment has other parameters/);
  });

  it("will not continue with another deployer", async () => {
    const given = await options();
    await expectFailure(deploySuite({ ...given, signer: new DyingSigner(signer, 2) }), DeployError);
    const error = await expectFailure(deploySuite({ ...given, signer: stranger }), DeployError);
    expect(error.message).to.match(/^the journal is of deployer/);
  });

  it("starts over on a development chain that was restarted, and refuses on a real one", async () => {
    const journal = memoryJournal();
    await deploySuite(await options(journal));
    const { ethers } = await network.create({ override: { initialDate: "2020-01-01T00:00:00Z" } });
    const [other] = await ethers.getSigners();
    if (other === undefined) throw new Error("the network has no accounts");
    const given = { ...(await options(journal)), signer: other as unknown as Signer };
    const error = await expectFailure(deploySuite({ ...given, restartOnNewChain: false }), DeployError);
    expect(error.message).to.match(/^the journal is of another chain: block 0 differs/);
    const { steps } = await deploySuite(given);
    expect(steps.every(({ outcome }) => outcome === "sent")).to.equal(true);
  });

  it("leaves a game for this program, which judges every batch and is what bonds and upgrades wait for", async () => {
    const given = await options();
    const { deployment } = await deploySuite(given);
    const { StateCommitmentChain, SequencerRegistry } = deployment.contracts;
    const { address } = contractOf(deployment.contracts, "DisputeGame");
    const game = DisputeGame__factory.connect(address, signer);
    const chain = StateCommitmentChain__factory.connect(StateCommitmentChain.address, signer);
    const registry = SequencerRegistry__factory.connect(SequencerRegistry.address, signer);
    expect((await chain.parameters()).resolver).to.equal(address);
    expect(await game.machineHash()).to.equal(SOME_PROGRAM.machineHash);
    expect(await game.bond(1)).to.equal(10n * given.parameters.disputeBond);
    expect((await registry.parameters()).disputeDuration).to.equal(await game.maxDuration());
  });

  it("has no game for a program that is not what its machine hash says", async () => {
    const given = await options();
    const program = { ...SOME_PROGRAM, entryPc: SOME_PROGRAM.entryPc + 1 };
    const error = await expectFailure(deploySuite({ ...given, program }), DeployError);
    expect(error.step).to.equal("060-dispute-game");
    expect(decodeRevert(error)?.name).to.equal("DisputeMachineHash");
  });

  it("reads back what an address book claims and names each difference", async () => {
    const { deployment } = await deploySuite(await options());
    const wrong: Deployment = {
      ...deployment,
      parameters: { ...deployment.parameters, challengeWindow: 86_400n, disputeExtension: 61n },
      program: { ...deployment.program, pages: 2 },
      genesis: { ...deployment.genesis, timestamp: deployment.genesis.timestamp + 1n },
      contracts: {
        ...deployment.contracts,
        DataAvailability: { ...deployment.contracts.DataAvailability, codeHash: SOME_PROGRAM.machineHash },
      },
    };
    const names = await failures(wrong);
    expect(names).to.include.members([
      "DataAvailability code hash",
      "StateCommitmentChain.challengeWindow",
      "SequencerRegistry.challengeWindow",
      "DisputeGame.extension",
      "DisputeGame.maxDuration",
      "DisputeGame.pages",
      "SequencerRegistry.disputeDuration",
      "genesis header",
    ]);
    // What a parameter explains needs no line of its own.
    expect(names.filter((name) => name.endsWith("bytecode"))).to.deep.equal([]);
  });

  it("sees that a contract of the book is not there", async () => {
    const { deployment } = await deploySuite(await options());
    const { ethers } = await network.create();
    const checks = await verifyDeployment(deployment, ethers.provider);
    const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).to.include.members([
      "DataAvailability code hash",
      "StateCommitmentChain implementation code hash",
      "UpgradeTimelock code hash",
    ]);
  });

  it("writes an address book that reads back the same", async () => {
    const { deployment } = await deploySuite(await options());
    const path = join(folder, "book", "rollup.json");
    await writeDeployment(path, deployment);
    expect(await readDeployment(path)).to.deep.equal(deployment);
    const text = await readFile(path, "utf8");
    expect(text).to.include(`"challengeWindow": "3600"`);
    const broken = text.replace(`"challengeWindow": "3600"`, `"challengeWindow": 3600`);
    expect(() => parseDeployment(broken, "rollup.json")).to.throw(
      "rollup.json: parameters.challengeWindow is not a decimal number in quotes",
    );
    expect(() => parseDeployment(text.replace(`"pages": 1`, `"pages": 1.5`), "rollup.json")).to.throw(
      "rollup.json: program.pages is not a whole number",
    );
    expect(() => parseDeployment(serializeDeployment(deployment).slice(1), "rollup.json")).to.throw("is not JSON");
  });

  describe("with cancellers and a council", () => {
    const [first, second, third, fourth] = MEMBERS as [Hex, Hex, Hex, Hex];
    const given = { cancellers: [first, second], council: [second, third, fourth].join(",") };

    it("creates what checks evidence, gives the roles, and finds all of it again from L1 alone", async () => {
      const { deployment, steps } = await deploySuite(await options(undefined, given));
      expect(steps).to.have.length(STEP_COUNT + 1);
      expect(await failures(deployment)).to.deep.equal([]);
      expect(parseDeployment(serializeDeployment(deployment), "rollup.json")).to.deep.equal(deployment);
      expect(deployment.parameters.councilThreshold).to.equal(3n);
      const found = await discoverDeployment(signer.provider, deployment.contracts.L1EscrowBridge.address);
      expect({ ...found.parameters, slots: 0n }).to.deep.equal(deployment.parameters);
      expect(found.contracts.BugEvidence?.address).to.equal(contractOf(deployment.contracts, "BugEvidence").address);
    });

    it("sees every role that is not as its address book says", async () => {
      const { deployment } = await deploySuite(await options(undefined, given));
      const { parameters } = deployment;
      const other = { ...parameters, cancellers: [first], council: [second, third], councilThreshold: 2n };
      const changed = { ...other, upgrader: first };
      expect(await failures({ ...deployment, parameters: changed })).to.include.members([
        "UpgradeTimelock.COUNCIL_THRESHOLD",
        ...["proposers", "executors", "cancellers", "council"].map((role) => `UpgradeTimelock ${role}`),
      ]);
    });
  });

  describe("with a committee", () => {
    const memberUrls = { [MEMBERS[2]!]: "http://member.example:8550/" };
    const withCommittee = async (): Promise<DeployOptions> => ({
      ...(await options(undefined, { da: "committee", committeeMembers: MEMBERS })),
      memberUrls,
    });

    it("creates its members and threshold, and the layer that asks them, as the address book says", async () => {
      const { deployment } = await deploySuite(await withCommittee());
      expect(await failures(deployment)).to.deep.equal([]);
      const { DataAvailability, DataAvailabilityCommittee, StateCommitmentChain } = deployment.contracts;
      const chain = StateCommitmentChain__factory.connect(StateCommitmentChain.address, signer);
      expect((await chain.parameters()).dataAvailability).to.equal(DataAvailability.address);
      const layer = CommitteeDA__factory.connect(DataAvailability.address, signer);
      expect(await layer.COMMITTEE()).to.equal(DataAvailabilityCommittee?.address);
      const committee = DataAvailabilityCommittee__factory.connect(await layer.COMMITTEE(), signer);
      const { members, threshold } = await committee.epochOf(0n);
      expect([...members]).to.deep.equal(MEMBERS);
      expect(threshold).to.equal(5n);
      const game = DisputeGame__factory.connect(contractOf(deployment.contracts, "DisputeGame").address, signer);
      const challenge = contractOf(deployment.contracts, "AvailabilityChallenge").address;
      expect(await game.availability()).to.equal(challenge);
      expect((await AvailabilityChallenge__factory.connect(challenge, signer).parameters()).committee).to.equal(
        await layer.COMMITTEE(),
      );
      expect(await committee.TIMELOCK()).to.equal(deployment.contracts.UpgradeTimelock.address);
    });

    it("has members who sign by BLS where their keys are, and finds them there again", async () => {
      const { keys, members } = await proveMembers(signer, 3);
      const committeeKeys = await keys.getAddress();
      const committeeMembers = members.map(({ address }) => address);
      const given = { da: "committee", committeeMembers, committeeKeys };
      const { deployment } = await deploySuite(await options(undefined, given));
      expect(await failures(deployment)).to.deep.equal([]);
      const { address } = contractOf(deployment.contracts, "DataAvailabilityCommittee");
      const epoch = await DataAvailabilityCommittee__factory.connect(address, signer).epochOf(0n);
      expect([...epoch.members]).to.deep.equal(committeeMembers);
      expect(epoch.scheme).to.equal(BLS);
      expect(parseDeployment(serializeDeployment(deployment), "rollup.json")).to.deep.equal(deployment);
      const found = await discoverDeployment(signer.provider, deployment.contracts.L1EscrowBridge.address);
      expect(found.parameters.committeeKeys).to.equal(committeeKeys);

      const parameters = { ...deployment.parameters, committeeKeys: await signer.getAddress() };
      expect(await failures({ ...deployment, parameters: parameters as RollupParameters })).to.have.members([
        "DataAvailabilityCommittee.KEYS",
      ]);
    });

    it("has no members who sign by BLS with keys that were not proven", async () => {
      const { keys } = await proveMembers(signer, 1);
      const given = { da: "committee", committeeMembers: MEMBERS, committeeKeys: await keys.getAddress() };
      const error = await expectFailure(deploySuite(await options(undefined, given)), DeployError);
      expect(decodeRevert(error)?.name, error.message).to.equal("CommitteeUnprovenKey");
    });

    it("will not finish with other members a deployment that was begun", async () => {
      const given = await withCommittee();
      await expectFailure(deploySuite({ ...given, signer: new DyingSigner(signer, 2) }), DeployError);
      const parameters = { ...given.parameters, committeeMembers: MEMBERS.slice(1) };
      const error = await expectFailure(deploySuite({ ...given, parameters }), DeployError);
      expect(error.message).to.match(/^an unfinished deployment has other parameters/);
    });

    it("names each difference to what an address book claims", async () => {
      const { deployment } = await deploySuite(await withCommittee());
      const { parameters } = deployment;
      const others = {
        committeeMembers: MEMBERS.slice(1),
        committeeThreshold: 6n,
        committeeOverlap: 60n,
        answerTime: 60n,
      };
      const names = await failures({ ...deployment, parameters: { ...parameters, ...others } });
      expect(names).to.have.members([
        "DataAvailabilityCommittee.members",
        "DataAvailabilityCommittee.threshold",
        "DataAvailabilityCommittee.OVERLAP",
        "AvailabilityChallenge.answerTime",
      ]);
    });

    it("is in the book with the URLs of its members, and is found from L1 alone without them", async () => {
      const { deployment } = await deploySuite(await withCommittee());
      const text = serializeDeployment(deployment);
      const read = parseDeployment(text, "rollup.json");
      expect(read).to.deep.equal(deployment);
      expect(read.memberUrls).to.deep.equal(memberUrls);
      const broken = (from: string, to: string) => () => parseDeployment(text.replace(from, to), "rollup.json");
      expect(broken("http://", "ftp://")).to.throw(
        `memberUrls.${MEMBERS[2]} is no address with the http URL of a server`,
      );
      expect(broken(`"${MEMBERS[0]}"`, `"0x12"`)).to.throw("parameters.committeeMembers is no list of addresses");

      const found = await discoverDeployment(signer.provider, deployment.contracts.L1EscrowBridge.address);
      const demands = ["demandWindow", "answerTime", "answerMargin", "demandBond"] as const;
      for (const name of ["da", "committeeMembers", "committeeThreshold", "committeeOverlap", ...demands] as const)
        expect(found.parameters[name], name).to.deep.equal(deployment.parameters[name]);
      for (const name of ["DataAvailabilityCommittee", "AvailabilityChallenge"] as const)
        expect(found.contracts[name]?.address).to.equal(deployment.contracts[name]?.address);
      expect(found.memberUrls).to.equal(undefined);
    });
  });

  it("reads a book of a time when there were no committees", async () => {
    const { deployment } = await deploySuite(await options());
    const text = serializeDeployment(deployment).replace(/,\n *"committeeMembers": \[\],(.|\n)*?"demandBond": "0"/, "");
    expect(text).not.to.include("committee");
    expect(parseDeployment(text, "rollup.json")).to.deep.equal(deployment);
  });

  it("starts the chain at the genesis header of the book", async () => {
    const { deployment } = await deploySuite(await options());
    const chain = StateCommitmentChain__factory.connect(deployment.contracts.StateCommitmentChain.address, signer);
    expect(await chain.isFinalized(deployment.genesis)).to.equal(true);
  });
});

async function expectFailure<E extends Error>(
  promise: Promise<unknown>,
  type: new (...input: never[]) => E,
): Promise<E> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(type);
    return error as E;
  }
  throw new Error("it did not fail");
}
