import { concat, id, keccak256, type Provider, type Signer } from "ethers";

import { genesisHeader } from "../plugin/ledger/header.js";
import {
  type ContractRecord,
  type Deployment,
  type Hex,
  type MachineProgram,
  type MemberUrls,
  type RollupParameters,
  type SuiteContracts,
  type ValidityKeys,
} from "../plugin/types.js";
import {
  AvailabilityChallenge__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  Groth16Verifier__factory,
  KeccakStateProof__factory,
  L1EscrowBridge__factory,
  OneStepVerifier__factory,
  PoseidonStateProof__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
  SuiteFactory__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../typechain-types/index.js";
import { suiteFactoryStep } from "./010-suite-factory.js";
import { bugEvidenceStep, EVIDENCE_FACTORIES } from "./015-bug-evidence.js";
import { upgradeTimelockStep } from "./020-upgrade-timelock.js";
import { committeeStep } from "./025-data-availability-committee.js";
import { poseidonStep } from "./027-poseidon.js";
import { DA_FACTORIES, dataAvailabilityStep } from "./030-data-availability.js";
import { statementStep } from "./032-statement-da.js";
import { stateProofStep } from "./035-state-proof.js";
import { bridgeImplementationStep } from "./040-bridge-implementation.js";
import { oneStepVerifierStep } from "./050-one-step-verifier.js";
import { availabilityChallengeStep } from "./055-availability-challenge.js";
import { disputeGameStep } from "./060-dispute-game.js";
import { committeeVerifierStep, validityVerifierStep } from "./062-validity-verifiers.js";
import { validityResolverStep } from "./066-validity-resolver.js";
import { chainImplementationStep } from "./070-chain-implementation.js";
import { registryImplementationStep } from "./080-registry-implementation.js";
import { proxiesStep } from "./090-proxies.js";
import { toJson } from "./address-book.js";
import { IMPLEMENTATION_STEPS } from "./creations.js";
import type { JournalStore } from "./journal.js";
import { OPTIONAL_CONTRACTS } from "./optional-contracts.js";
import { genesisStateRoot } from "./proof-system.js";
import { PROXY_ORDER, proxyAddresses } from "./proxies.js";
import {
  createdBy,
  DeployError,
  plannedAddresses,
  runSteps,
  type RunOptions,
  type Step,
  type StepReport,
  type SuiteGiven,
} from "./runner.js";
import { readProxySlots } from "./slots.js";

export interface DeployOptions {
  /** Name of the network, for the address book. */
  network: string;
  parameters: RollupParameters;
  /** Of the guest program; docs/machine.md §1. */
  program: MachineProgram;
  /** With validity proofs: of the circuits. */
  keys?: ValidityKeys | undefined;
  /** Deployer: pays, signs, and becomes the sequencer if `bond`. Its provider is the L1. */
  signer: Signer;
  /** Bond the deployer as the first sequencer. */
  bond: boolean;
  /** Of a committee, for the address book. */
  memberUrls?: MemberUrls | undefined;
  journal: JournalStore;
  restartOnNewChain: boolean;
  /** For addresses that do not depend on the chain: of everything that is created; see {@link plannedContracts}. */
  salt?: Hex | undefined;
  onStart?: RunOptions["onStart"] | undefined;
  onStep?: RunOptions["onStep"] | undefined;
  onNotice?: RunOptions["onNotice"] | undefined;
  patience?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface DeployResult {
  deployment: Deployment;
  steps: StepReport[];
}

/** The steps of a deployment, in order. */
export function deploymentSteps({
  proof,
  da,
  council = [],
}: Pick<RollupParameters, "proof" | "da"> & Partial<RollupParameters>): readonly Step[] {
  const isFraud = proof === "fraud";
  const hasCommittee = da === "committee";
  return [
    suiteFactoryStep,
    ...(council.length === 0 ? [] : [bugEvidenceStep]),
    upgradeTimelockStep,
    ...(hasCommittee ? [committeeStep] : []),
    ...(isFraud ? [] : [poseidonStep]),
    dataAvailabilityStep,
    ...(isFraud ? [] : [statementStep]),
    stateProofStep,
    bridgeImplementationStep,
    ...(isFraud ? [oneStepVerifierStep] : []),
    ...(isFraud && hasCommittee ? [availabilityChallengeStep] : []),
    ...(isFraud ? [disputeGameStep] : [validityVerifierStep]),
    ...(!isFraud && hasCommittee ? [committeeVerifierStep] : []),
    ...(isFraud ? [] : [validityResolverStep]),
    chainImplementationStep,
    registryImplementationStep,
    proxiesStep,
  ];
}

/**
 * Deploys the suite, or finishes the deployment that the journal tells of, and returns its address book.
 * @throws {DeployError} naming the step; the same call continues once the cause is gone.
 */
export async function deploySuite(options: DeployOptions): Promise<DeployResult> {
  const { signer, parameters, program, keys, bond } = options;
  const steps = await runSteps<SuiteGiven>({
    ...options,
    given: { parameters, program, keys, bond },
    steps: deploymentSteps(parameters),
    suiteHash: suiteHash(options),
  });
  if (signer.provider === null) throw new DeployError("signer", "the deployer's signer has no provider");
  const deployment = await addressBook(options, steps, signer.provider);
  return { deployment, steps };
}

/** Where the contracts of a suite will be when it is deployed with a salt: they follow from it, the deployer and the parameters. */
export async function plannedContracts({
  deployer,
  salt,
  l1ChainId,
  ...given
}: SuiteGiven & { deployer: Hex; salt: Hex; l1ChainId: bigint }): Promise<Record<string, Hex>> {
  const steps = deploymentSteps(given.parameters);
  const created = await plannedAddresses<SuiteGiven>({ steps, given, salt, deployer, l1ChainId });
  const at = (step: Step): Hex => createdBy({ created }, step);
  return {
    ...proxyAddresses({ created }),
    DataAvailability: at(dataAvailabilityStep),
    StateProof: at(stateProofStep),
    UpgradeTimelock: at(upgradeTimelockStep),
    SuiteFactory: at(suiteFactoryStep),
    ...Object.fromEntries(
      OPTIONAL_CONTRACTS.filter(([, { id }]) => created.has(id)).map(([name, step]) => [name, at(step)]),
    ),
    ...Object.fromEntries(PROXY_ORDER.map((name) => [`${name} implementation`, at(IMPLEMENTATION_STEPS[name])])),
  };
}

/** Stands for what a deployment means: its parameters, its first sequencer, its guest program and its bytecode. */
function suiteHash({ parameters, program, keys, bond }: DeployOptions): Hex {
  const bytecode = [
    SuiteFactory__factory,
    UpgradeTimelock__factory,
    ...(parameters.council.length === 0 ? [] : [EVIDENCE_FACTORIES[parameters.proof]]),
    DA_FACTORIES[parameters.da],
    ...(parameters.da === "committee" ? [DataAvailabilityCommittee__factory, AvailabilityChallenge__factory] : []),
    L1EscrowBridge__factory,
    ...(parameters.proof === "fraud"
      ? [KeccakStateProof__factory, OneStepVerifier__factory, DisputeGame__factory]
      : [PoseidonStateProof__factory, StatementDA__factory, Groth16Verifier__factory, ValidityResolver__factory]),
    StateCommitmentChain__factory,
    SequencerRegistry__factory,
  ].map((factory) => keccak256(factory.bytecode));
  const meaning = { ...parameters, bond, ...(keys === undefined ? {} : { keys }) };
  return keccak256(concat([id(toJson(meaning)), program.machineHash, ...bytecode])) as Hex;
}

async function addressBook(
  { network, parameters, program, keys, salt, memberUrls = {} }: DeployOptions,
  steps: readonly StepReport[],
  provider: Provider,
): Promise<Deployment> {
  const report = (step: Step): StepReport => {
    const found = steps.find(({ id }) => id === step.id);
    if (found === undefined) throw new DeployError(step.id, `step ${step.id} has not run`);
    return found;
  };
  const codeHash = async (address: string) => keccak256(await provider.getCode(address)) as Hex;
  const plain = async (step: Step): Promise<ContractRecord> => {
    const { address, transaction } = report(step);
    if (address === undefined) throw new DeployError(step.id, `step ${step.id} created nothing`);
    return { address, codeHash: await codeHash(address), transaction };
  };
  const created = new Map(steps.flatMap(({ id, address }) => (address === undefined ? [] : [[id, address] as const])));
  const proxies = proxyAddresses({ created });
  const proxy = async (name: keyof typeof proxies): Promise<ContractRecord> => {
    const address = proxies[name];
    const slots = await readProxySlots(provider, address);
    return {
      address,
      codeHash: await codeHash(address),
      implementation: { address: slots.implementation, codeHash: await codeHash(slots.implementation) },
      proxyAdmin: slots.admin,
      transaction: report(proxiesStep).transaction,
    };
  };
  const { chainId } = await provider.getNetwork();
  const bornIn = report(proxiesStep).block;
  const born = bornIn === undefined ? null : await provider.getBlock(bornIn);
  if (born === null)
    throw new DeployError(proxiesStep.id, "the block of the proxies is gone; run the same command again");
  const contracts: SuiteContracts = {
    L1EscrowBridge: await proxy("L1EscrowBridge"),
    StateCommitmentChain: await proxy("StateCommitmentChain"),
    SequencerRegistry: await proxy("SequencerRegistry"),
    DataAvailability: await plain(dataAvailabilityStep),
    StateProof: await plain(stateProofStep),
    UpgradeTimelock: await plain(upgradeTimelockStep),
    SuiteFactory: await plain(suiteFactoryStep),
  };
  for (const [name, step] of OPTIONAL_CONTRACTS) if (created.has(step.id)) contracts[name] = await plain(step);
  return {
    version: 1,
    network,
    l1ChainId: chainId,
    parameters,
    program: programOf(program),
    ...(keys === undefined ? {} : { keys }),
    ...(salt === undefined ? {} : { salt }),
    // The proxies, whose events these are, come last; a factory at a deterministic address can be much older.
    fromBlock: BigInt(report(suiteFactoryStep).block ?? born.number),
    // Read back by its hash.
    genesis: genesisHeader(BigInt(born.timestamp), genesisStateRoot(parameters)),
    contracts,
    ...(Object.keys(memberUrls).length === 0 ? {} : { memberUrls }),
  };
}

/** The fields of the address book, whatever else the build tells of a program. */
function programOf({ machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages, version }: MachineProgram) {
  return { machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages, version };
}
