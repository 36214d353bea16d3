import { getAddress, keccak256, type Provider } from "ethers";

import {
  AvailabilityChallenge__factory,
  BlobDA__factory,
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
} from "../../typechain-types/index.js";
import { readHeader } from "../ledger/header.js";
import {
  type BatchHeader,
  type ContractRecord,
  type Deployment,
  type Hex,
  type MachineProgram,
  type OptionalContractName,
  type RollupParameters,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../types.js";
import { MAX_SLOTS } from "../validity/circuit.js";
import { ask, type AskOptions, L1UnavailableError } from "./ask.js";
import { readLogs } from "./logs.js";
import { circuitProgram } from "./program.js";
import { readRoles } from "./roles.js";

/** There is no suite at this address. */
export class NoSuiteError extends Error {
  override readonly name = "NoSuiteError";
  constructor(
    readonly bridge: Hex,
    readonly reason: string,
  ) {
    super(`there is no rollup behind ${bridge}: ${reason}; name the address of its L1EscrowBridge`);
  }
}

/** What only an address book knows. Slots are a limit: without their number, that of the largest circuit. */
const UNKNOWN = { transaction: ZERO_HASH, slots: BigInt(MAX_SLOTS) } as const;

/**
 * The address book of a suite, read from L1 alone. What the contracts do not say is zero: which transactions created what;
 * with validity proofs there are no verifying keys.
 * @param fromBlock L1 block at or before the deployment.
 * @throws {NoSuiteError | L1UnavailableError}
 */
export async function discoverDeployment(
  provider: Provider,
  bridge: Hex,
  fromBlock = 0,
  options: AskOptions = {},
): Promise<Deployment> {
  const read = <T>(what: string, call: () => Promise<T>): Promise<T> => ask(what, call, options);
  if ((await read("code of the bridge", () => provider.getCode(bridge))) === "0x") {
    throw new NoSuiteError(bridge, "it has no code");
  }
  const escrow = await answered(
    bridge,
    () => read("parameters of the bridge", () => L1EscrowBridge__factory.connect(bridge, provider).parameters()),
    options,
  );
  const chainContract = StateCommitmentChain__factory.connect(escrow.chain, provider);
  const chain = await answered(
    bridge,
    () => read("parameters of the chain", () => chainContract.parameters()),
    options,
  );
  const registryContract = SequencerRegistry__factory.connect(chain.registry, provider);
  const registry = await read("parameters of the registry", () => registryContract.parameters());
  const { below, ...judge } = await (chain.proofRequired
    ? proofsOf(provider, chain, escrow.stateProof, options)
    : gameOf(provider, chain, options));
  const upgrades = await upgradesOf(provider, escrow.upgradeTimelock, options);
  const { committee, ...layer } = await layerOf(provider, below, options);
  const { genesis, block, transaction } = await findGenesis(provider, bridge, escrow.chain as Hex, fromBlock, options);
  const receipt = await read("deployment", () => provider.getTransactionReceipt(transaction));
  const { chainId } = await read("chain id", () => provider.getNetwork());
  const record = async (address: string, created: Hex = UNKNOWN.transaction): Promise<ContractRecord> => ({
    address: getAddress(address) as Hex,
    codeHash: keccak256(await read("code", () => provider.getCode(address))) as Hex,
    transaction: created,
  });

  return {
    version: 1,
    network: "",
    l1ChainId: chainId,
    parameters: {
      l2ChainId: chain.l2ChainId,
      ...judge.parameters,
      ...layer,
      challengeWindow: chain.challengeWindow,
      forceInclusionDelay: chain.forceInclusionDelay,
      inboxCapacity: escrow.inboxCapacity,
      sequencerBond: registry.minimumBond,
      bondWithdrawalDelay: registry.withdrawalDelay,
      sequencerGrace: registry.sequencerGrace,
      permissionlessDelay: registry.permissionlessDelay,
      escapeDelay: chain.escapeDelay,
      ...upgrades.parameters,
      pauseDuration: escrow.pauseDuration,
      pauseCooldown: escrow.pauseCooldown,
      guardian: escrow.guardian as Hex,
    },
    program: judge.program,
    fromBlock: BigInt(block),
    genesis,
    contracts: {
      L1EscrowBridge: await record(bridge, transaction),
      StateCommitmentChain: await record(escrow.chain, transaction),
      SequencerRegistry: await record(chain.registry, transaction),
      DataAvailability: await record(below),
      StateProof: await record(escrow.stateProof),
      UpgradeTimelock: await record(escrow.upgradeTimelock),
      SuiteFactory: await record(receipt?.to ?? ZERO_ADDRESS),
      ...(committee === undefined ? {} : { DataAvailabilityCommittee: await record(committee) }),
      ...Object.fromEntries(
        await Promise.all(
          Object.entries({ ...judge.contracts, BugEvidence: upgrades.evidence })
            .filter(([, address]) => address !== ZERO_ADDRESS)
            .map(async ([name, address]) => [name, await record(address)] as const),
        ),
      ),
    },
  };
}

type Layer = Pick<
  RollupParameters,
  "da" | "committeeMembers" | "committeeKeys" | "committeeThreshold" | "committeeOverlap"
>;
type Demands = Pick<RollupParameters, "demandWindow" | "answerTime" | "answerMargin" | "demandBond">;
type Dispute = Pick<RollupParameters, "dissectionBits" | "disputeClock" | "disputeExtension" | "disputeBond">;

/** What decides that a batch is right, and what only such suites have. */
interface Judge {
  /** The layer on which the data are. */
  below: string;
  parameters: Pick<RollupParameters, "proof" | "slots" | "levels"> & Dispute & Demands;
  program: MachineProgram;
  /** Addresses; zero where there is none. */
  contracts: Partial<Record<OptionalContractName, string>>;
}

interface Neighbours {
  resolver: string;
  dataAvailability: string;
  machineHash: string;
}

const NO_DEMANDS: Demands = { demandWindow: 0n, answerTime: 0n, answerMargin: 0n, demandBond: 0n };

async function gameOf(
  provider: Provider,
  { resolver, dataAvailability }: Neighbours,
  options: AskOptions,
): Promise<Judge> {
  const contract = DisputeGame__factory.connect(resolver, provider);
  const game = await ask("parameters of the game", () => contract.parameters(), options);
  return {
    below: dataAvailability,
    parameters: {
      ...{ proof: "fraud", slots: 0n, levels: 0n },
      ...{ dissectionBits: game.dissectionBits, disputeBond: game.baseBond },
      ...{ disputeClock: game.clock, disputeExtension: game.extension },
      ...(await demandsOf(provider, game.availability, options)),
    },
    program: {
      machineHash: game.machineHash as Hex,
      codeRoot: game.codeRoot as Hex,
      memoryRoot0: game.memoryRoot0 as Hex,
      entryPc: Number(game.entryPc),
      pages: Number(game.pages),
      maxPages: Number(game.maxPages),
      version: Number(game.version),
    },
    contracts: { DisputeGame: resolver, OneStepVerifier: game.verifier, AvailabilityChallenge: game.availability },
  };
}

async function proofsOf(
  provider: Provider,
  { resolver, dataAvailability, machineHash }: Neighbours,
  stateProof: string,
  options: AskOptions,
): Promise<Judge> {
  const [{ onL1, withCommittee }, { below }, { poseidon, levels }] = await ask(
    "parameters of the validity proofs",
    () =>
      Promise.all([
        ValidityResolver__factory.connect(resolver, provider).parameters(),
        StatementDA__factory.connect(dataAvailability, provider).parameters(),
        PoseidonStateProof__factory.connect(stateProof, provider).parameters(),
      ]),
    options,
  );
  return {
    below,
    parameters: {
      ...{ proof: "validity", slots: UNKNOWN.slots, levels },
      ...{ dissectionBits: 0n, disputeClock: 0n, disputeExtension: 0n, disputeBond: 0n },
      ...NO_DEMANDS,
    },
    program: circuitProgram(machineHash as Hex),
    contracts: {
      ...{ ValidityResolver: resolver, StatementDA: dataAvailability, Poseidon: poseidon },
      ...{ ValidityVerifier: onL1.verifier, CommitteeVerifier: withCommittee.verifier },
    },
  };
}

/** What the challenge that a game listens to says of itself. */
async function demandsOf(provider: Provider, address: string, options: AskOptions): Promise<Demands> {
  if (address === ZERO_ADDRESS) return NO_DEMANDS;
  const contract = AvailabilityChallenge__factory.connect(address, provider);
  const { demandWindow, answerTime, answerMargin, demandBond } = await ask(
    "parameters of the availability challenge",
    () => contract.parameters(),
    options,
  );
  return { demandWindow, answerTime, answerMargin, demandBond };
}

/** The choice that a data-availability layer stands for: the one on blobs tells its domain, the one with a committee whose. */
async function layerOf(
  provider: Provider,
  address: string,
  options: AskOptions,
): Promise<Layer & { committee: string | undefined }> {
  const without = {
    ...{ committeeMembers: [], committeeKeys: ZERO_ADDRESS, committeeThreshold: 0n, committeeOverlap: 0n },
    committee: undefined,
  };
  const blobs = await ifThere(() => BlobDA__factory.connect(address, provider).BLOB_DOMAIN(), options);
  if (blobs !== undefined) return { da: "blob", ...without };
  const committee = await ifThere(() => CommitteeDA__factory.connect(address, provider).COMMITTEE(), options);
  if (committee === undefined) return { da: "calldata", ...without };
  const contract = DataAvailabilityCommittee__factory.connect(committee, provider);
  const read = () => Promise.all([contract.epochOf(0n), contract.KEYS(), contract.OVERLAP()]);
  const [{ members, threshold }, keys, committeeOverlap] = await ask("the committee", read, options);
  return {
    ...{ da: "committee", committee, committeeOverlap },
    ...{ committeeMembers: [...members] as Hex[], committeeKeys: keys as Hex, committeeThreshold: threshold },
  };
}

type Upgrades = Pick<RollupParameters, "upgradeDelay" | "upgrader" | "cancellers" | "council" | "councilThreshold">;

/** Who may upgrade, and when, as the timelock says. */
async function upgradesOf(
  provider: Provider,
  address: string,
  options: AskOptions,
): Promise<{ parameters: Upgrades; evidence: string }> {
  const timelock = UpgradeTimelock__factory.connect(address, provider);
  const read = () =>
    Promise.all([timelock.MINIMUM_DELAY(), timelock.COUNCIL_THRESHOLD(), timelock.EVIDENCE(), readRoles(timelock)]);
  const [upgradeDelay, councilThreshold, evidence, roles] = await ask("the upgrade timelock", read, options);
  const [upgrader = ZERO_ADDRESS] = roles.proposers;
  const cancellers = roles.cancellers.filter((account) => !roles.proposers.includes(account));
  return { parameters: { upgradeDelay, upgrader, cancellers, council: roles.council, councilThreshold }, evidence };
}

/** What a contract answers; undefined when it has no such function. */
async function ifThere<T>(call: () => Promise<T>, options: AskOptions): Promise<T | undefined> {
  try {
    return await ask("data-availability layer", call, options);
  } catch (error) {
    if (error instanceof L1UnavailableError || options.signal?.aborted) throw error;
    return undefined;
  }
}

/** Whatever answers a question about its parameters with an error is another contract. */
async function answered<T>(bridge: Hex, call: () => Promise<T>, { signal }: AskOptions): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof L1UnavailableError || signal?.aborted) throw error;
    throw new NoSuiteError(bridge, "it does not answer as one");
  }
}

/** The header that the chain began with, and the transaction that wrote it. @throws {NoSuiteError} */
export async function findGenesis(
  provider: Provider,
  bridge: Hex,
  chain: Hex,
  from: number,
  options: AskOptions,
): Promise<{ genesis: BatchHeader; block: number; transaction: Hex }> {
  const contract = StateCommitmentChain__factory.createInterface();
  const to = await ask("block number", () => provider.getBlockNumber(), options);
  const query = { addresses: [chain], topics: [contract.getEvent("GenesisSet").topicHash], from, to };
  for await (const [log] of readLogs(provider, query, "forward", options)) {
    if (log === undefined) continue;
    const header = contract.decodeEventLog("GenesisSet", log.data, log.topics).getValue("header") as {
      getValue(name: string): unknown;
    };
    const genesis = readHeader({
      integer: (name) => header.getValue(name) as bigint,
      address: (name) => header.getValue(name) as Hex,
      hash: (name) => header.getValue(name) as Hex,
    });
    return { genesis, block: log.blockNumber, transaction: log.transactionHash as Hex };
  }
  throw new NoSuiteError(bridge, `no genesis from block ${from} on`);
}
