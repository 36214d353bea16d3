import { expect } from "chai";
import { AbiCoder, hexlify, id, keccak256, solidityPackedKeccak256, ZeroAddress, ZeroHash } from "ethers";

import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";
import type { BatchHeader, Hex } from "../../../plugin/types.js";
import { statementOf } from "../../../plugin/validity/statement.js";
import {
  CalldataDA__factory,
  DisputeGame__factory,
  EchoDA__factory,
  MockOneStepVerifier__factory,
  ProofEvidence__factory,
  StateCommitmentChain__factory,
  StepEvidence__factory,
} from "../../../typechain-types/index.js";
import { postBatch } from "../../support/batches.js";
import type { Connection } from "../../support/env.js";
import { GAME_DEFAULTS, gameParameters, postTrueBatch, truthOf, useGame } from "../../support/dispute.js";
import { headerHash } from "../../support/protocol.js";
import { announceUpgrade, implementationOf, type Operation, upgradeOperation } from "../../support/proxies.js";
import { actorsOf, deploySuite } from "../../support/suite.js";
import {
  ownerOn,
  type Plan,
  postPlans,
  proofOf,
  proven,
  useValidity,
  type ValidityWorld,
  WITH_COMMITTEE,
  wordsOf,
} from "../../support/validity.js";
import { useDeployed, type World } from "../../support/world.js";

const coder = AbiCoder.defaultAbiCoder();

/** A state that the broken verifier takes to itself or to zero, as its witness wishes. */
const BROKEN = id("a state with two successors");
const START = id("a run that ends there");

const stepEvidence = (state: string, witness: string, other: string): string =>
  coder.encode(["bytes32", "bytes", "bytes"], [state, witness, other]);

/** Of the numbered machine: start, world and number of the state. */
const numbered = (start: string, number: bigint): string =>
  coder.encode(["bytes32", "uint256", "uint256"], [start, 0n, number]);

const CONTRADICTION = stepEvidence(BROKEN, numbered(START, 1n), numbered(BROKEN, 0n));

/** A suite whose dispute game has a verifier that contradicts itself, and a council of alice, bob and second. */
async function deployBroken(connection: Connection) {
  const { deployer, alice, bob, second } = await actorsOf(connection);
  const suite = await deploySuite(connection, {}, async ({ bridge, chain }) => {
    const verifier = await new MockOneStepVerifier__factory(deployer).deploy();
    await verifier.setRun(START, { length: 1n, end: BROKEN });
    const l2ChainId = 42_069n;
    const game = await new DisputeGame__factory(deployer).deploy(
      await gameParameters(GAME_DEFAULTS, { chain, verifier, bridge, l2ChainId }),
    );
    const evidence = await new StepEvidence__factory(deployer).deploy(chain);
    return {
      resolver: await game.getAddress(),
      dataAvailability: await new CalldataDA__factory(deployer).deploy(),
      parameters: {
        council: [alice, bob, second].map(({ address }) => address),
        councilThreshold: 2n,
        evidence: await evidence.getAddress(),
      },
    };
  });
  return { ...suite, connection };
}

describe("executing before the time", () => {
  const world = useDeployed(deployBroken);

  /** The chain with another judge. */
  async function nextChain({ actors, bridge, registry, dataAvailability, parameters }: World, resolver: string) {
    const neighbours = { inbox: bridge, registry, dataAvailability, resolver };
    return new StateCommitmentChain__factory(actors.deployer).deploy({ ...parameters, ...neighbours });
  }

  /** In ascending order. */
  const inOrder = (...members: { address: string }[]): string[] =>
    members.map(({ address }) => address).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));

  /** An announced upgrade to a chain that bob judges, which alice and bob confirmed. */
  async function confirmed(suite: World) {
    const { timelock, chain, actors } = suite;
    const next = await nextChain(suite, actors.bob.address);
    const operation = await announceUpgrade(suite, chain, next);
    const operationId = await timelock.hashOperation(...operation);
    for (const member of [actors.alice, actors.bob]) await timelock.connect(member).confirm(operationId);
    return { next, operation, operationId, quorum: inOrder(actors.alice, actors.bob) };
  }

  const atOnce = ({ timelock, actors }: World, operation: Operation, members: string[], evidence = CONTRADICTION) =>
    timelock.connect(actors.upgrader).executeAtOnce(operation[2], operation[3], operation[4], members, evidence);

  it("takes evidence and a quorum, and replaces the judge at once", async () => {
    const suite = world();
    const { timelock, chain, parameters } = suite;
    const { next, operation, operationId, quorum } = await confirmed(suite);
    await expect(atOnce(suite, operation, quorum))
      .to.emit(timelock, "ExecutingAtOnce")
      .withArgs(operationId, parameters.resolver);
    expect(await implementationOf(suite, chain)).to.equal(await next.getAddress());
    expect(await timelock.isOperationDone(operationId)).to.equal(true);
    // The new judge has no parameters to ask: from now on everything has its delay.
    const later = await confirmed(suite);
    await expect(atOnce(suite, later.operation, later.quorum)).to.revert(suite.connection.ethers);
  });

  it("is nobody's without evidence, and never by the ordinary way", async () => {
    const suite = world();
    const { timelock, actors } = suite;
    const { operation, quorum } = await confirmed(suite);
    const evidence = StepEvidence__factory.connect(await timelock.EVIDENCE(), actors.deployer);
    const same = stepEvidence(BROKEN, numbered(BROKEN, 0n), numbered(BROKEN, 0n));
    await expect(atOnce(suite, operation, quorum, same))
      .to.be.revertedWithCustomError(evidence, "EvidenceAgrees")
      .withArgs(ZeroHash);
    await expect(timelock.connect(actors.upgrader).execute(...operation)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
  });

  it("takes a quorum of members, each of whom counts once and confirmed this announcement", async () => {
    const suite = world();
    const { timelock, actors, parameters } = suite;
    const { operation, operationId, quorum } = await confirmed(suite);
    const { alice, bob, second, third, upgrader } = actors;
    const refused = async (members: string[], error: string, values: readonly unknown[]) => {
      await expect(atOnce(suite, operation, members))
        .to.be.revertedWithCustomError(timelock, error)
        .withArgs(...values);
    };
    await refused([alice.address], "UpgradeNoQuorum", [1n, 2n]);
    await refused([alice.address, alice.address], "UpgradeMemberTwice", [alice.address]);
    await refused(quorum.toReversed(), "UpgradeMemberTwice", [quorum[0]]);
    const strangers = inOrder(alice, third);
    await refused(strangers, "AccessControlUnauthorizedAccount", [third.address, await timelock.COUNCIL_ROLE()]);
    await refused(inOrder(alice, second), "UpgradeNotConfirmed", [operationId, second.address]);
    await expect(timelock.connect(third).confirm(operationId)).to.be.revertedWithCustomError(
      timelock,
      "AccessControlUnauthorizedAccount",
    );
    await expect(timelock.connect(bob).confirm(ZeroHash))
      .to.be.revertedWithCustomError(timelock, "UpgradeNotAnnounced")
      .withArgs(ZeroHash);

    // Called off and announced anew, it is another announcement.
    await timelock.connect(upgrader).cancel(operationId);
    await timelock.connect(upgrader).schedule(...operation, parameters.upgradeDelay);
    await refused(quorum, "UpgradeNotConfirmed", [operationId, quorum[0]]);
  });

  it("takes who may execute, too", async () => {
    const suite = world();
    const { timelock, actors } = suite;
    const { operation, quorum } = await confirmed(suite);
    await expect(
      timelock.connect(actors.alice).executeAtOnce(operation[2], operation[3], operation[4], quorum, CONTRADICTION),
    ).to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount");
  });

  it("is of the chain alone, and must replace its judge", async () => {
    const suite = world();
    const { timelock, bridge, chain, implementations, actors, parameters } = suite;
    const own = timelock.connect(actors.upgrader);
    const confirmAll = async (operation: Operation) => {
      await own.schedule(...operation, parameters.upgradeDelay);
      const operationId = await timelock.hashOperation(...operation);
      for (const member of [actors.alice, actors.bob]) await timelock.connect(member).confirm(operationId);
      return operationId;
    };
    const quorum = inOrder(actors.alice, actors.bob);
    const ofBridge = await upgradeOperation(suite, bridge, implementations.bridge);
    const longer = timelock.interface.encodeFunctionData("updateDelay", [2n * parameters.upgradeDelay]);
    for (const operation of [ofBridge, [ofBridge[0], 0n, longer, ZeroHash, ZeroHash] as Operation]) {
      const operationId = await confirmAll(operation);
      await expect(atOnce(suite, operation, quorum))
        .to.be.revertedWithCustomError(timelock, "UpgradeNotOfChain")
        .withArgs(operationId);
    }
    const sameJudge = await upgradeOperation(suite, chain, await nextChain(suite, parameters.resolver));
    await confirmAll(sameJudge);
    await expect(atOnce(suite, sameJudge, quorum))
      .to.be.revertedWithCustomError(timelock, "UpgradeKeepsJudge")
      .withArgs(parameters.resolver);
  });

  it("takes an announcement: without one, or with one called off, there is nothing to execute", async () => {
    const suite = world();
    const { timelock, actors } = suite;
    const { operation, operationId, quorum } = await confirmed(suite);
    await timelock.connect(actors.upgrader).cancel(operationId);
    await expect(atOnce(suite, operation, quorum)).to.be.revertedWithCustomError(timelock, "UpgradeNotConfirmed");
  });
});

describe("StepEvidence", () => {
  const world = useGame();

  it("is about a chain", async () => {
    const factory = new StepEvidence__factory(world().actors.deployer);
    await expect(factory.deploy(ZeroAddress))
      .to.be.revertedWithCustomError(factory, "EvidenceZeroParameter")
      .withArgs("chain");
  });

  it("there is none against the verifier of this package: other witnesses are refused, and equal ones agree", async () => {
    const suite = world();
    const evidence = await new StepEvidence__factory(suite.actors.deployer).deploy(suite.chain);
    const trace = await truthOf(suite, await postTrueBatch(suite, suite.genesis));
    const state = trace.stateAt(3n);
    const witness = hexlify(trace.witnessAt(3n));
    await expect(evidence.check(stepEvidence(state, witness, witness)))
      .to.be.revertedWithCustomError(evidence, "EvidenceAgrees")
      .withArgs(trace.stateAt(4n));
    for (const other of [hexlify(trace.witnessAt(4n)), `${witness}00`, "0x"]) {
      await expect(evidence.check(stepEvidence(state, witness, other))).to.revert(suite.connection.ethers);
    }
  });
});

describe("ProofEvidence", () => {
  const world = useValidity({ council: true });
  const withCommittee = useValidity({ council: true, attested: true });
  /** Whose batches commit to what the test says. */
  const echoed = useDeployed(async (connection) => {
    const { deployer, resolver } = await actorsOf(connection);
    const dataAvailability = await new EchoDA__factory(deployer).deploy();
    const suite = await deploySuite(connection, {}, () =>
      Promise.resolve({ resolver: resolver.address, dataAvailability }),
    );
    return { ...suite, connection };
  });

  const plan = (suite: ValidityWorld, number: number): Plan => ({
    operations: [{ kind: 6, owner: ownerOn(suite, number).id, token: 0n }],
  });

  /** A batch of `segments` segments, and evidence that `segment` of it leads to two states. */
  async function conflict(suite: ValidityWorld, parent: BatchHeader, segments = 1, segment = 0) {
    const plans = Array.from({ length: segments }, (_, i) => plan(suite, i + 1));
    const { header, prepared } = await postPlans(suite, parent, ...plans);
    const elements = prepared.elements[segment] ?? [];
    const statement = prepared.statements[segment];
    if (statement === undefined) throw new Error(`no segment ${segment}`);
    const otherStateRoot = 1_234_567n;
    const others = elements.map((element, i) => (i === 3 ? otherStateRoot : element));
    const other = statementOf(others, 99n);
    const evidence = {
      ...{ header, belowHash: prepared.belowHash, isOnL1: prepared.isOnL1 },
      ...{ statements: prepared.statements.map(wordsOf), segment, elements: [...elements, 0n] },
      proof: await proofOf(suite, statement),
      ...{ otherStateRoot, otherH: other.h, otherProof: await proofOf(suite, other) },
    };
    return { evidence, header, prepared, statement, other };
  }

  const judge = async ({ timelock, actors }: ValidityWorld) =>
    ProofEvidence__factory.connect(await timelock.EVIDENCE(), actors.deployer);

  it("is two proofs of one segment that lead to two states", async () => {
    const suite = world();
    const check = await judge(suite);
    const { evidence } = await conflict(suite, suite.genesis);
    expect(await check.checkConflict(evidence)).to.equal(await suite.resolver.getAddress());
    const encoded = check.interface.encodeFunctionData("checkConflict", [evidence]);
    expect(await check.check(`0x${encoded.slice(10)}`)).to.equal(await suite.resolver.getAddress());
  });

  it("takes both proofs: what the verifier refuses is none", async () => {
    const suite = world();
    const check = await judge(suite);
    const { evidence } = await conflict(suite, suite.genesis);
    for (const change of [{ proof: "0x11" }, { otherProof: "0x11" }, { otherH: 98n }]) {
      await expect(check.checkConflict({ ...evidence, ...change })).to.be.revertedWithCustomError(
        suite.verifier,
        "MockProofRejected",
      );
    }
  });

  it("takes two states, and numbers that stand for one element of the field only", async () => {
    const suite = world();
    const check = await judge(suite);
    const { evidence } = await conflict(suite, suite.genesis);
    const stateRoot = evidence.elements[3] ?? 0n;
    await expect(check.checkConflict({ ...evidence, otherStateRoot: stateRoot })).to.be.revertedWithCustomError(
      check,
      "EvidenceAgrees",
    );
    const alias = { ...evidence, otherStateRoot: stateRoot + FIELD_ORDER };
    await expect(check.checkConflict(alias)).to.be.revertedWithCustomError(check, "LedgerStatementElement");
  });

  it("is about elements that L1 read, of a batch that is on the chain", async () => {
    const suite = world();
    const check = await judge(suite);
    const { evidence, header } = await conflict(suite, suite.genesis);
    for (const at of evidence.elements.keys()) {
      if (at === evidence.elements.length - 1) continue;
      const elements = evidence.elements.map((element, i) => (i === at ? element + 1n : element));
      await expect(check.checkConflict({ ...evidence, elements })).to.be.revertedWithCustomError(
        check,
        "EvidenceElements",
      );
    }
    const [words = [0n, 0n, 0n]] = evidence.statements;
    const statements: [bigint, bigint, bigint][] = [[words[0], words[1], words[2] + 1n]];
    await expect(check.checkConflict({ ...evidence, statements })).to.be.revertedWithCustomError(
      check,
      "EvidenceStatements",
    );
    const other = { ...header, stateRoot: header.prevStateRoot };
    await expect(check.checkConflict({ ...evidence, header: other }))
      .to.be.revertedWithCustomError(check, "EvidenceHeaderMismatch")
      .withArgs(1n, headerHash(header), headerHash(other));
  });

  it("is about the public inputs that follow from the elements, whatever a batch commits to", async () => {
    const suite = echoed();
    const { chain, actors } = suite;
    const check = await new ProofEvidence__factory(actors.deployer).deploy(chain);
    const statement = statementOf([1n, 2n, 3n, 4n], 5n);
    const belowHash = id("data below");
    // r is that of the elements and y is not: no layer of this package makes such a hash.
    const statements: [bigint, bigint, bigint][] = [[statement.h, statement.r, statement.y + 1n]];
    const inputsHash = solidityPackedKeccak256(["uint256[3]"], [statements[0]]);
    const domain = id("hardhat-rollup.validity.statement.v1");
    const dataHash = keccak256(
      coder.encode(["bytes32", "bytes32", "bool", "bytes32"], [domain, belowHash, true, inputsHash]),
    ) as Hex;
    const header = await postBatch(suite, suite.genesis, { data: dataHash });
    const evidence = {
      ...{ header, belowHash, isOnL1: true, statements, segment: 0, elements: [1n, 2n, 3n, 4n, 0n], proof: "0x" },
      ...{ otherStateRoot: 6n, otherH: 7n, otherProof: "0x" },
    };
    await expect(check.checkConflict(evidence))
      .to.be.revertedWithCustomError(check, "EvidenceElements")
      .withArgs(statement.r, statement.y);
  });

  it("is about a batch with a committee by that program's proofs", async () => {
    const suite = withCommittee();
    const check = await judge(suite);
    const { evidence, statement, other } = await conflict(suite, suite.genesis);
    expect(evidence.isOnL1).to.equal(false);
    // What the program for data on L1 has proven says nothing here.
    await expect(check.checkConflict(evidence)).to.be.revertedWithCustomError(suite.verifier, "MockProofRejected");
    for (const each of [statement, other]) await proofOf(suite, each, WITH_COMMITTEE);
    expect(await check.checkConflict(evidence)).to.equal(await suite.resolver.getAddress());
  });

  it("is about a chain", async () => {
    const factory = new ProofEvidence__factory(world().actors.deployer);
    await expect(factory.deploy(ZeroAddress))
      .to.be.revertedWithCustomError(factory, "EvidenceZeroParameter")
      .withArgs("chain");
  });

  it("starts from a state that is proven: an invented one may lead anywhere", async () => {
    const suite = world();
    const check = await judge(suite);
    const second = await conflict(suite, suite.genesis, 2, 1);
    await expect(check.checkConflict(second.evidence))
      .to.be.revertedWithCustomError(check, "EvidenceUnprovenStart")
      .withArgs(1n, 1n);
    const next = await conflict(suite, second.header);
    await expect(check.checkConflict(next.evidence))
      .to.be.revertedWithCustomError(check, "EvidenceUnprovenStart")
      .withArgs(2n, 0n);
    await suite.resolver.prove(...(await proven(suite, second.header, second.prepared)));
    expect(await check.checkConflict(second.evidence)).to.equal(await suite.resolver.getAddress());
    expect(await check.checkConflict(next.evidence)).to.equal(await suite.resolver.getAddress());
  });

  it("is about the program and the judge of the next batches", async () => {
    const suite = world();
    const { timelock, chain, bridge, registry, layer, actors, parameters, connection } = suite;
    const check = await judge(suite);
    const { evidence, header } = await conflict(suite, suite.genesis);
    const neighbours = { inbox: bridge, registry, dataAvailability: layer, resolver: actors.bob };
    const next = await new StateCommitmentChain__factory(actors.deployer).deploy({ ...parameters, ...neighbours });
    const operation = await announceUpgrade(suite, chain, next);
    await connection.networkHelpers.time.increase(parameters.upgradeDelay);
    await timelock.connect(actors.upgrader).execute(...operation);
    await expect(check.checkConflict(evidence))
      .to.be.revertedWithCustomError(check, "EvidenceNotJudge")
      .withArgs(header.resolver, actors.bob.address);
  });
});
