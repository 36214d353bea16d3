// What each contract says of itself, against the address book.
import { keccak256, type Provider } from "ethers";

import { headerHash } from "../plugin/ledger/hashes.js";
import { readRoles, ROLES } from "../plugin/l1/roles.js";
import { programIdOf } from "../plugin/prover/encode.js";
import type { VerifyingKey } from "../plugin/prover/types.js";
import {
  contractOf,
  type ContractRecord,
  type Deployment,
  type Hex,
  type SuiteContracts,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../plugin/types.js";
import {
  AvailabilityChallenge__factory,
  BlsKeys__factory,
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  L1EscrowBridge__factory,
  PoseidonStateProof__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../typechain-types/index.js";
import { disputeDuration, EXIT_MARGIN } from "./parameters.js";
import { batchLimits, genesisStateRoot } from "./proof-system.js";

/** One thing read back from the chain. */
export interface Check {
  /** What was compared, for example `StateCommitmentChain.challengeWindow`. */
  name: string;
  ok: boolean;
  expected: string;
  actual: string;
}

/** Whether a value is the one that was expected. */
export function compare(name: string, expected: string | bigint | boolean, actual: string | bigint | boolean): Check {
  return { name, ok: expected === actual, expected: String(expected), actual: String(actual) };
}

export async function checkChain(
  { contracts, parameters, program, genesis }: Deployment,
  provider: Provider,
): Promise<Check[]> {
  const chain = StateCommitmentChain__factory.connect(contracts.StateCommitmentChain.address, provider);
  const [actual, genesisHash] = await Promise.all([chain.parameters(), chain.headerHash(0n)]);
  const limits = batchLimits(parameters);
  const name = (field: string) => `StateCommitmentChain.${field}`;
  return [
    compare(name("inbox"), contracts.L1EscrowBridge.address, actual.inbox),
    compare(name("registry"), contracts.SequencerRegistry.address, actual.registry),
    compare(
      name("dataAvailability"),
      (contracts.StatementDA ?? contracts.DataAvailability).address,
      actual.dataAvailability,
    ),
    compare(name("resolver"), judgeOf(contracts).address, actual.resolver),
    compare(name("proofRequired"), parameters.proof === "validity", actual.proofRequired),
    compare(name("maxBatchMessages"), limits.maxBatchMessages, actual.maxBatchMessages),
    compare(name("fullBatchMessages"), limits.fullBatchMessages, actual.fullBatchMessages),
    compare(name("challengeWindow"), parameters.challengeWindow, actual.challengeWindow),
    compare(name("forceInclusionDelay"), parameters.forceInclusionDelay, actual.forceInclusionDelay),
    compare(name("escapeDelay"), parameters.escapeDelay, actual.escapeDelay),
    compare(name("permissionlessDelay"), parameters.permissionlessDelay, actual.permissionlessDelay),
    compare(name("disputeDuration"), disputeDuration(parameters), actual.disputeDuration),
    compare(name("l2ChainId"), parameters.l2ChainId, actual.l2ChainId),
    compare(name("machineHash"), program.machineHash, actual.machineHash),
    compare(name("genesisStateRoot"), genesisStateRoot(parameters), actual.genesisStateRoot),
    compare("genesis header", headerHash(genesis), genesisHash),
  ];
}

export async function checkRegistry({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
  const registry = SequencerRegistry__factory.connect(contracts.SequencerRegistry.address, provider);
  const actual = await registry.parameters();
  const name = (field: string) => `SequencerRegistry.${field}`;
  return [
    compare(name("chain"), contracts.StateCommitmentChain.address, actual.chain),
    compare(name("minimumBond"), parameters.sequencerBond, actual.minimumBond),
    compare(name("withdrawalDelay"), parameters.bondWithdrawalDelay, actual.withdrawalDelay),
    compare(name("challengeWindow"), parameters.challengeWindow, actual.challengeWindow),
    compare(name("disputeDuration"), disputeDuration(parameters), actual.disputeDuration),
    compare(name("sequencerGrace"), parameters.sequencerGrace, actual.sequencerGrace),
    compare(name("permissionlessDelay"), parameters.permissionlessDelay, actual.permissionlessDelay),
  ];
}

export async function checkBridge({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
  const bridge = L1EscrowBridge__factory.connect(contracts.L1EscrowBridge.address, provider);
  const actual = await bridge.parameters();
  const name = (field: string) => `L1EscrowBridge.${field}`;
  return [
    compare(name("chain"), contracts.StateCommitmentChain.address, actual.chain),
    compare(name("stateProof"), contracts.StateProof.address, actual.stateProof),
    compare(name("upgradeTimelock"), contracts.UpgradeTimelock.address, actual.upgradeTimelock),
    compare(name("l2ChainId"), parameters.l2ChainId, actual.l2ChainId),
    compare(name("guardian"), parameters.guardian, actual.guardian),
    compare(name("pauseDuration"), parameters.pauseDuration, actual.pauseDuration),
    compare(name("pauseCooldown"), parameters.pauseCooldown, actual.pauseCooldown),
    compare(name("inboxCapacity"), parameters.inboxCapacity, actual.inboxCapacity),
  ];
}

export async function checkGame({ contracts, parameters, program }: Deployment, provider: Provider): Promise<Check[]> {
  const game = DisputeGame__factory.connect(contractOf(contracts, "DisputeGame").address, provider);
  const [actual, maxDuration] = await Promise.all([game.parameters(), game.maxDuration()]);
  const name = (field: string) => `DisputeGame.${field}`;
  return [
    compare(name("chain"), contracts.StateCommitmentChain.address, actual.chain),
    compare(name("verifier"), contractOf(contracts, "OneStepVerifier").address, actual.verifier),
    compare(name("availability"), contracts.AvailabilityChallenge?.address ?? ZERO_ADDRESS, actual.availability),
    compare(name("l2ChainId"), parameters.l2ChainId, actual.l2ChainId),
    compare(name("bridge"), contracts.L1EscrowBridge.address, actual.bridge),
    compare(name("machineHash"), program.machineHash, actual.machineHash),
    compare(name("codeRoot"), program.codeRoot, actual.codeRoot),
    compare(name("memoryRoot0"), program.memoryRoot0, actual.memoryRoot0),
    compare(name("entryPc"), BigInt(program.entryPc), actual.entryPc),
    compare(name("pages"), BigInt(program.pages), actual.pages),
    compare(name("maxPages"), BigInt(program.maxPages), actual.maxPages),
    compare(name("version"), BigInt(program.version), actual.version),
    compare(name("dissectionBits"), parameters.dissectionBits, actual.dissectionBits),
    compare(name("clock"), parameters.disputeClock, actual.clock),
    compare(name("extension"), parameters.disputeExtension, actual.extension),
    compare(name("baseBond"), parameters.disputeBond, actual.baseBond),
    compare(name("maxDuration"), disputeDuration(parameters), maxDuration),
  ];
}

/** What the address book calls the resolver of batches. */
function judgeOf(contracts: SuiteContracts): ContractRecord {
  return contractOf(contracts, contracts.ValidityResolver === undefined ? "DisputeGame" : "ValidityResolver");
}

export async function checkResolver({ contracts, parameters, keys }: Deployment, provider: Provider): Promise<Check[]> {
  const resolver = ValidityResolver__factory.connect(contractOf(contracts, "ValidityResolver").address, provider);
  const layer = StatementDA__factory.connect(contractOf(contracts, "StatementDA").address, provider);
  const proof = PoseidonStateProof__factory.connect(contracts.StateProof.address, provider);
  const [actual, statement, [poseidon, levels]] = await Promise.all([
    resolver.parameters(),
    layer.parameters(),
    proof.parameters(),
  ]);
  const idOf = (key: VerifyingKey | undefined): string => (key === undefined ? ZERO_HASH : programIdOf(key));
  const { CommitteeVerifier: withCommittee } = contracts;
  return [
    compare("ValidityResolver.chain", contracts.StateCommitmentChain.address, actual.chain),
    compare("ValidityResolver.proofWindow", parameters.challengeWindow, actual.proofWindow),
    compare("ValidityResolver.onL1.verifier", contractOf(contracts, "ValidityVerifier").address, actual.onL1.verifier),
    compare("ValidityResolver.onL1.id", idOf(keys?.onL1), actual.onL1.id),
    compare(
      "ValidityResolver.withCommittee.verifier",
      withCommittee?.address ?? ZERO_ADDRESS,
      actual.withCommittee.verifier,
    ),
    compare("ValidityResolver.withCommittee.id", idOf(keys?.withCommittee), actual.withCommittee.id),
    compare("StatementDA.below", contracts.DataAvailability.address, statement.below),
    compare("StatementDA.bridge", contracts.L1EscrowBridge.address, statement.bridge),
    compare("StatementDA.l2ChainId", parameters.l2ChainId, statement.l2ChainId),
    compare("StateProof.poseidon", contractOf(contracts, "Poseidon").address, poseidon),
    compare("StateProof.levels", parameters.levels, levels),
  ];
}

export async function checkTimelock({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
  const { address } = contracts.UpgradeTimelock;
  const timelock = UpgradeTimelock__factory.connect(address, provider);
  const [minimum, delay, margin, chain, threshold, evidence] = await Promise.all([
    timelock.MINIMUM_DELAY(),
    timelock.getMinDelay(),
    timelock.EXIT_MARGIN(),
    timelock.CHAIN(),
    timelock.COUNCIL_THRESHOLD(),
    timelock.EVIDENCE(),
  ]);
  const { upgrader, cancellers, council } = parameters;
  // Nobody else has a role: whoever could announce, execute or grant beside them would be a second path.
  const expected = {
    proposers: [upgrader],
    executors: [upgrader],
    cancellers: [upgrader, ...cancellers],
    council,
    admins: [address],
  };
  const roles = await readRoles(timelock);
  return [
    compare("UpgradeTimelock.MINIMUM_DELAY", parameters.upgradeDelay, minimum),
    compare("UpgradeTimelock delay", parameters.upgradeDelay, delay),
    compare("UpgradeTimelock.EXIT_MARGIN", EXIT_MARGIN, margin),
    compare("UpgradeTimelock.CHAIN", contracts.StateCommitmentChain.address, chain),
    compare("UpgradeTimelock.COUNCIL_THRESHOLD", parameters.councilThreshold, threshold),
    compare("UpgradeTimelock.EVIDENCE", contracts.BugEvidence?.address ?? ZERO_ADDRESS, evidence),
    ...ROLES.map((role) => compare(`UpgradeTimelock ${role}`, listed(expected[role]), listed(roles[role]))),
  ];
}

/** Each account once, in ascending order. */
function listed(accounts: readonly Hex[]): string {
  return [...new Set(accounts)].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)).join(", ");
}

export async function checkCommittee({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
  const { DataAvailabilityCommittee: recorded, DataAvailability, UpgradeTimelock, L1EscrowBridge } = contracts;
  const layer = CommitteeDA__factory.connect(DataAvailability.address, provider);
  const [address, duration] = await Promise.all([layer.COMMITTEE(), layer.DISPUTE_DURATION()]);
  const committee = DataAvailabilityCommittee__factory.connect(address, provider);
  const [timelock, bridge, keys, overlap, first] = await Promise.all([
    committee.TIMELOCK(),
    committee.BRIDGE(),
    committee.KEYS(),
    committee.OVERLAP(),
    // Later epochs are the timelock's; this one never changes.
    committee.epochOf(0n),
  ]);
  const name = (field: string) => `DataAvailabilityCommittee.${field}`;
  const keysChecks = keys === ZERO_ADDRESS ? [] : [await checkKeys(keys, provider)];
  return [
    compare("CommitteeDA.COMMITTEE", recorded?.address ?? "none recorded", address),
    compare("CommitteeDA.DISPUTE_DURATION", disputeDuration(parameters), duration),
    compare(name("TIMELOCK"), UpgradeTimelock.address, timelock),
    compare(name("BRIDGE"), L1EscrowBridge.address, bridge),
    compare(name("KEYS"), parameters.committeeKeys, keys),
    compare(name("OVERLAP"), parameters.committeeOverlap, overlap),
    compare(name("members"), parameters.committeeMembers.join(", "), first.members.join(", ")),
    compare(name("threshold"), parameters.committeeThreshold, first.threshold),
    ...keysChecks,
  ];
}

/** Keys are proven where this package's code is, nowhere else. */
async function checkKeys(address: string, provider: Provider): Promise<Check> {
  const { data } = await new BlsKeys__factory().getDeployTransaction();
  const [expected, actual] = await Promise.all([provider.call({ data }), provider.getCode(address)]);
  return compare("BlsKeys bytecode", keccak256(expected), keccak256(actual));
}

export async function checkAvailability({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
  const { address } = contractOf(contracts, "AvailabilityChallenge");
  const actual = await AvailabilityChallenge__factory.connect(address, provider).parameters();
  const name = (field: string) => `AvailabilityChallenge.${field}`;
  return [
    compare(name("chain"), contracts.StateCommitmentChain.address, actual.chain),
    compare(name("committee"), contractOf(contracts, "DataAvailabilityCommittee").address, actual.committee),
    compare(name("demandWindow"), parameters.demandWindow, actual.demandWindow),
    compare(name("answerTime"), parameters.answerTime, actual.answerTime),
    compare(name("answerMargin"), parameters.answerMargin, actual.answerMargin),
    compare(name("demandBond"), parameters.demandBond, actual.demandBond),
  ];
}
