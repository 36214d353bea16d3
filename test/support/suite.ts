import { type AddressLike, type ContractTransactionResponse, id } from "ethers";

import { FULL_BATCH_MESSAGES, MAX_BATCH_MESSAGES } from "../../plugin/ledger/batch.js";
import { genesisHeader } from "../../plugin/ledger/header.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import {
  CalldataDA__factory,
  KeccakStateProof__factory,
  type L1EscrowBridge,
  L1EscrowBridge__factory,
  type StateCommitmentChain,
  StateCommitmentChain__factory,
  type SequencerRegistry,
  SequencerRegistry__factory,
  SuiteFactory__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import type { Connection } from "./env.js";

export const HOUR = 3_600n;
export const DAY = 24n * HOUR;

/** What tests may choose; times in seconds, amounts in wei. */
export const DEFAULTS = {
  l2ChainId: 42_069n,
  challengeWindow: 7n * DAY,
  forceInclusionDelay: DAY,
  sequencerBond: 10n ** 18n,
  disputeDuration: 9n * DAY,
  bondWithdrawalDelay: 17n * DAY,
  sequencerGrace: HOUR,
  permissionlessDelay: 6n * HOUR,
  escapeDelay: 30n * DAY,
  upgradeDelay: 30n * DAY,
  exitMargin: 7n * DAY,
  inboxCapacity: 1024n,
  proofRequired: false as boolean,
  maxBatchMessages: MAX_BATCH_MESSAGES,
  fullBatchMessages: FULL_BATCH_MESSAGES,
  pauseDuration: 7n * DAY,
  pauseCooldown: 7n * DAY,
  machineHash: id("a guest program") as Hex,
  genesisStateRoot: id("the genesis state") as Hex,
  /** May pause deposits; zero for nobody. */
  guardian: ZERO_ADDRESS as string,
  /** Each may call off what is announced. */
  cancellers: [] as string[],
  /** May act without delay on what `evidence` accepts. */
  council: [] as string[],
  councilThreshold: 0n,
  evidence: ZERO_ADDRESS as string,
};

export type SuiteParameters = typeof DEFAULTS & {
  /** Judge of the batches; default the actor of that name. */
  resolver: string;
};

/** Named accounts of an in-process L1. */
export async function actorsOf(connection: Connection) {
  const [deployer, sequencer, second, third, alice, bob, upgrader, guardian, resolver] =
    await connection.ethers.getSigners();
  const actors = { deployer, sequencer, second, third, alice, bob, upgrader, guardian, resolver };
  const missing = Object.entries(actors).find(([, signer]) => signer === undefined);
  if (missing !== undefined) throw new Error(`the network has no account for ${missing[0]}`);
  return actors as { [Name in keyof typeof actors]: NonNullable<(typeof actors)[Name]> };
}

export type Actors = Awaited<ReturnType<typeof actorsOf>>;

/** Makes the neighbours of a chain that is not the usual one, once it is known where its proxies will be. */
export type Neighbours = (proxies: {
  bridge: string;
  chain: string;
}) => Promise<{ resolver: string; dataAvailability: AddressLike; parameters?: Partial<SuiteParameters> }>;

/** The whole suite on an in-process L1, with a registered sequencer. */
export async function deploySuite(
  connection: Connection,
  overrides: Partial<SuiteParameters> = {},
  neighbours?: Neighbours,
) {
  const actors = await actorsOf(connection);
  const { deployer, sequencer, upgrader } = actors;

  const factory = await new SuiteFactory__factory(deployer).deploy(deployer);
  const [bridgeAddress, chainAddress, registryAddress] = await Promise.all(
    [0, 1, 2].map((i) => factory.proxyAddress(i)),
  );
  if (bridgeAddress === undefined || chainAddress === undefined || registryAddress === undefined) {
    throw new Error("no proxy addresses");
  }

  const own = await neighbours?.({ bridge: bridgeAddress, chain: chainAddress });
  const resolver = own?.resolver ?? actors.resolver.address;
  const parameters: SuiteParameters = { ...DEFAULTS, resolver, ...overrides, ...own?.parameters };

  const timelock = await new UpgradeTimelock__factory(deployer).deploy({
    delay: parameters.upgradeDelay,
    forceInclusionDelay: parameters.forceInclusionDelay,
    permissionlessDelay: parameters.permissionlessDelay,
    challengeWindow: parameters.challengeWindow,
    disputeDuration: parameters.disputeDuration,
    exitMargin: parameters.exitMargin,
    chain: chainAddress,
    upgrader,
    cancellers: parameters.cancellers,
    council: parameters.council,
    councilThreshold: parameters.councilThreshold,
    evidence: parameters.evidence,
  });
  const dataAvailability = await new CalldataDA__factory(deployer).deploy();
  const stateProof = await new KeccakStateProof__factory(deployer).deploy();
  const implementations = {
    bridge: await new L1EscrowBridge__factory(deployer).deploy({
      chain: chainAddress,
      stateProof,
      guardian: parameters.guardian,
      upgradeTimelock: timelock,
      l2ChainId: parameters.l2ChainId,
      pauseDuration: parameters.pauseDuration,
      pauseCooldown: parameters.pauseCooldown,
      inboxCapacity: parameters.inboxCapacity,
    }),
    chain: await new StateCommitmentChain__factory(deployer).deploy({
      inbox: bridgeAddress,
      registry: registryAddress,
      dataAvailability: own?.dataAvailability ?? dataAvailability,
      resolver: parameters.resolver,
      proofRequired: parameters.proofRequired,
      maxBatchMessages: parameters.maxBatchMessages,
      fullBatchMessages: parameters.fullBatchMessages,
      challengeWindow: parameters.challengeWindow,
      forceInclusionDelay: parameters.forceInclusionDelay,
      escapeDelay: parameters.escapeDelay,
      permissionlessDelay: parameters.permissionlessDelay,
      disputeDuration: parameters.disputeDuration,
      l2ChainId: parameters.l2ChainId,
      machineHash: parameters.machineHash,
      genesisStateRoot: parameters.genesisStateRoot,
    }),
    registry: await new SequencerRegistry__factory(deployer).deploy({
      chain: chainAddress,
      minimumBond: parameters.sequencerBond,
      withdrawalDelay: parameters.bondWithdrawalDelay,
      challengeWindow: parameters.challengeWindow,
      disputeDuration: parameters.disputeDuration,
      sequencerGrace: parameters.sequencerGrace,
      permissionlessDelay: parameters.permissionlessDelay,
    }),
  };
  const created = await factory.createProxies(
    Object.values(implementations),
    [
      implementations.bridge.interface.encodeFunctionData("initialize"),
      implementations.chain.interface.encodeFunctionData("initialize"),
      implementations.registry.interface.encodeFunctionData("initialize", [sequencer.address]),
    ],
    [0n, 0n, parameters.sequencerBond],
    timelock,
    { value: parameters.sequencerBond },
  );

  const bridge: L1EscrowBridge = L1EscrowBridge__factory.connect(bridgeAddress, deployer);
  const chain: StateCommitmentChain = StateCommitmentChain__factory.connect(chainAddress, deployer);
  const registry: SequencerRegistry = SequencerRegistry__factory.connect(registryAddress, deployer);

  return {
    parameters,
    bridge,
    chain,
    registry,
    dataAvailability,
    timelock,
    factory,
    implementations,
    genesis: genesisHeader(await timestampOf(created), parameters.genesisStateRoot),
    actors,
  };
}

export type Suite = Awaited<ReturnType<typeof deploySuite>>;

/** L1 time of the block with `transaction`, in seconds. */
export async function timestampOf(transaction: ContractTransactionResponse): Promise<bigint> {
  const block = await (await transaction.wait())?.getBlock();
  if (block === undefined) throw new Error(`no block with transaction ${transaction.hash}`);
  return BigInt(block.timestamp);
}
