import { Contract, getCreateAddress, keccak256, type Provider } from "ethers";

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
import { readOperations } from "../plugin/upgrade/operations.js";
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
  SuiteFactory__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../typechain-types/index.js";
import { contractNames } from "./address-book.js";
import { creationsOf } from "./creations.js";
import { deterministicAddress } from "./deterministic.js";
import { disputeDuration, EXIT_MARGIN } from "./parameters.js";
import { batchLimits, genesisStateRoot } from "./proof-system.js";
import { PROXY_ORDER, type ProxyName } from "./proxies.js";
import { readProxySlots } from "./slots.js";

/** One thing read back from the chain. */
export interface Check {
  /** What was compared, for example `StateCommitmentChain.challengeWindow`. */
  name: string;
  ok: boolean;
  expected: string;
  actual: string;
}

export interface VerifyOptions {
  /** Of a suite that was just created: that nobody used it yet. */
  unused?: { /** Of the first sequencer, in wei. */ bond: bigint } | undefined;
}

/** Contracts, by their names in the address book, and what they say of themselves. */
interface Group {
  of: readonly (keyof SuiteContracts)[];
  check: (deployment: Deployment, provider: Provider) => Promise<Check[]>;
}

/**
 * Reads a deployment back from the chain and compares all of it with its address book and with this package's bytecode:
 * code (creation simulated by eth_call), proxy slots, admins and owners, every parameter and role, the genesis header.
 * Of one fault it names the cause: what a contract says of itself is not asked when its code is another one's.
 */
export async function verifyDeployment(
  deployment: Deployment,
  provider: Provider,
  { unused }: VerifyOptions = {},
): Promise<Check[]> {
  // A node that is down is no verdict on the deployment.
  await provider.getBlockNumber();
  const network = await checkNetwork(deployment, provider);
  if (!network.ok) return [network];
  const { broken, checks: codes } = await checkCodeHashes(deployment, provider);
  const places = broken.has("SuiteFactory") ? [] : await checkPlaces(deployment, provider);
  // All else is compared with these addresses.
  if (places.some(({ ok }) => !ok)) return [network, ...codes, ...places];
  const { contracts, parameters } = deployment;
  const groups: Group[] = [
    { of: ["SuiteFactory"], check: (...input) => checkCreations(...input, broken) },
    ...PROXY_ORDER.map((name): Group => ({
      of: ["SuiteFactory", name],
      check: (...input) => checkProxy(...input, name),
    })),
    { of: ["StateCommitmentChain"], check: checkChain },
    { of: ["SequencerRegistry"], check: checkRegistry },
    { of: ["L1EscrowBridge"], check: checkBridge },
    { of: ["UpgradeTimelock"], check: checkTimelock },
    parameters.proof === "fraud"
      ? { of: ["DisputeGame"], check: checkGame }
      : { of: ["ValidityResolver", "StatementDA", "StateProof"], check: checkResolver },
    ...(parameters.da === "committee"
      ? [{ of: ["DataAvailability", "DataAvailabilityCommittee"], check: checkCommittee } as const]
      : []),
    ...(contracts.AvailabilityChallenge === undefined
      ? []
      : [{ of: ["AvailabilityChallenge"], check: checkAvailability } as const]),
    ...(unused === undefined
      ? []
      : [
          {
            of: [...PROXY_ORDER, "UpgradeTimelock"],
            check: (...input) => checkUnused(...input, unused.bond),
          } satisfies Group,
        ]),
  ];
  const asked = await Promise.all(
    groups
      .filter(({ of }) => !of.some((name) => broken.has(name)))
      .map(({ of, check }) => answered(of.join(", "), () => check(deployment, provider))),
  );
  return withoutEchoes([network, ...codes, ...places, ...asked.flat()]);
}

/** Code holds parameters: when one of these is another, it says more than that the code is. */
function withoutEchoes(checks: readonly Check[]): Check[] {
  const named = new Set(checks.filter(({ ok }) => !ok).map(({ name }) => name.split(".", 1)[0]));
  return checks.filter(({ name, ok }) => ok || !name.endsWith(BYTECODE) || !named.has(name.slice(0, -BYTECODE.length)));
}

const BYTECODE = " bytecode";

/** A contract that is another one answers with an error: that is a check that failed, and it names itself. */
async function answered(name: string, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    const { shortMessage, message } = error as { shortMessage?: string; message?: string };
    const [reason = ""] = (shortMessage ?? message ?? String(error)).split("\n", 1);
    return [{ name, ok: false, expected: "an answer", actual: reason }];
  }
}

function compare(name: string, expected: string | bigint | boolean, actual: string | bigint | boolean): Check {
  return { name, ok: expected === actual, expected: String(expected), actual: String(actual) };
}

async function checkNetwork({ l1ChainId }: Deployment, provider: Provider): Promise<Check> {
  return compare("L1 chain id", l1ChainId, (await provider.getNetwork()).chainId);
}

/** @returns Also the contracts whose code is not theirs. */
async function checkCodeHashes(
  { contracts, parameters }: Deployment,
  provider: Provider,
): Promise<{ checks: Check[]; broken: ReadonlySet<string> }> {
  const recorded = contractNames(parameters).flatMap((name) => {
    const found = contracts[name];
    if (found === undefined) return [];
    const { address, codeHash, implementation } = found;
    const own = { name, what: `${name} code hash`, address, codeHash };
    return implementation === undefined
      ? [own]
      : [own, { name, what: `${name} implementation code hash`, ...implementation }];
  });
  const found = await Promise.all(
    recorded.map(async ({ name, what, address, codeHash }) => {
      const code = await provider.getCode(address);
      return { name, check: compare(what, codeHash, code === "0x" ? "no code" : keccak256(code)) };
    }),
  );
  const broken = new Set(found.flatMap(({ name, check }) => (check.ok ? [] : [name])));
  return { checks: found.map(({ check }) => check), broken };
}

/** Runs each creation again, without sending it: what is on the chain must be what this package's bytecode leaves. */
async function checkCreations(
  deployment: Deployment,
  provider: Provider,
  broken: ReadonlySet<string>,
): Promise<Check[]> {
  const { salt } = deployment;
  const { state, creations } = await creationsOf(deployment, provider);
  const checks = await Promise.all(
    creations
      .filter(({ name }) => !broken.has(name))
      .map(async ({ name, step, address }) => {
        const found = await answered(`${name}${BYTECODE}`, async () => {
          const { data } = await step.request(state);
          const [expected, actual] = await Promise.all([
            step.codeAt?.(address, state, provider) ?? provider.call({ from: state.deployer, data }),
            provider.getCode(address),
          ]);
          const placed = salt === undefined ? address : deterministicAddress(salt, data);
          return [
            compare(`${name}${BYTECODE}`, keccak256(expected), keccak256(actual)),
            ...(salt === undefined ? [] : [compare(`${name} address from the salt`, placed, address)]),
          ];
        });
        // Constructors ask other contracts; of those that are broken there is a line already.
        return broken.size > 0 && found.some(({ expected }) => expected === "an answer") ? [] : found;
      }),
  );
  return checks.flat();
}

/** Proxies are where the factory creates them, and nowhere else. */
async function checkPlaces({ contracts }: Deployment, provider: Provider): Promise<Check[]> {
  const factory = SuiteFactory__factory.connect(contracts.SuiteFactory.address, provider);
  const groups = await Promise.all(
    PROXY_ORDER.map((name, index) =>
      answered(`${name} address from the factory`, async () => [
        compare(`${name} address from the factory`, await factory.proxyAddress(index), contracts[name].address),
      ]),
    ),
  );
  return groups.flat();
}

/** A proxy's slots, and its admin, which is the first contract that it created. */
async function checkProxy({ contracts }: Deployment, provider: Provider, name: ProxyName): Promise<Check[]> {
  const { address, implementation, proxyAdmin } = contracts[name];
  const created = getCreateAddress({ from: address, nonce: 1 });
  const [slots, code, factory] = await Promise.all([
    readProxySlots(provider, address),
    provider.getCode(created),
    provider.getCode(contracts.SuiteFactory.address),
  ]);
  const admin = new Contract(created, ["function owner() view returns (address)"], provider);
  // The factory has the code of all that its proxies are made of, byte for byte.
  const isOurs = code !== "0x" && factory.includes(code.slice(2));
  return [
    compare(`${name} implementation slot`, implementation?.address ?? "none recorded", slots.implementation),
    compare(`${name} admin slot`, created, slots.admin),
    compare(`${name} admin of the address book`, created, proxyAdmin ?? "none recorded"),
    {
      ...{ name: `${name} admin's code`, ok: isOurs, expected: "the ProxyAdmin in the factory's code" },
      actual: code === "0x" ? "no code" : isOurs ? "it" : `code with hash ${keccak256(code)}`,
    },
    ...(isOurs
      ? [
          compare(
            `${name} admin's owner`,
            contracts.UpgradeTimelock.address,
            String(await admin.getFunction("owner")()),
          ),
        ]
      : []),
  ];
}

/** Nobody used it before those who asked for it have it: no message, batch, money, pause or announced upgrade waits in it. */
async function checkUnused({ contracts, fromBlock }: Deployment, provider: Provider, bond: bigint): Promise<Check[]> {
  const bridge = L1EscrowBridge__factory.connect(contracts.L1EscrowBridge.address, provider);
  const chain = StateCommitmentChain__factory.connect(contracts.StateCommitmentChain.address, provider);
  const [messages, paused, { head }, isFrozen, escrow, bonds, operations] = await Promise.all([
    bridge.messageCount(),
    bridge.depositsPausedUntil(),
    chain.heads(),
    chain.isFrozen(),
    provider.getBalance(contracts.L1EscrowBridge.address),
    provider.getBalance(contracts.SequencerRegistry.address),
    readOperations(provider, contracts.UpgradeTimelock.address, fromBlock),
  ]);
  return [
    compare("L1EscrowBridge inbox messages before the hand-over", 0n, messages),
    compare("L1EscrowBridge pause of deposits before the hand-over", 0n, paused),
    compare("L1EscrowBridge balance before the hand-over", 0n, escrow),
    compare("StateCommitmentChain batches before the hand-over", 0n, head),
    compare("StateCommitmentChain frozen before the hand-over", false, isFrozen),
    compare("SequencerRegistry balance before the hand-over", bond, bonds),
    compare("UpgradeTimelock operations announced before the hand-over", 0n, BigInt(operations.length)),
  ];
}

async function checkChain(
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

async function checkRegistry({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
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

async function checkBridge({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
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

async function checkGame({ contracts, parameters, program }: Deployment, provider: Provider): Promise<Check[]> {
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

async function checkResolver({ contracts, parameters, keys }: Deployment, provider: Provider): Promise<Check[]> {
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

async function checkTimelock({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
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

async function checkCommittee({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
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

async function checkAvailability({ contracts, parameters }: Deployment, provider: Provider): Promise<Check[]> {
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
