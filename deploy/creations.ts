import { getAddress, type Provider } from "ethers";

import { type Deployment, type Hex, ZERO_ADDRESS } from "../plugin/types.js";
import { SuiteFactory__factory } from "../typechain-types/index.js";
import { suiteFactoryStep } from "./010-suite-factory.js";
import { upgradeTimelockStep } from "./020-upgrade-timelock.js";
import { dataAvailabilityStep } from "./030-data-availability.js";
import { stateProofStep } from "./035-state-proof.js";
import { bridgeImplementationStep } from "./040-bridge-implementation.js";
import { chainImplementationStep } from "./070-chain-implementation.js";
import { registryImplementationStep } from "./080-registry-implementation.js";
import { OPTIONAL_CONTRACTS } from "./optional-contracts.js";
import { type ProxyName } from "./proxies.js";
import type { DeployState, Step } from "./runner.js";

/** What creates the code behind each proxy. */
export const IMPLEMENTATION_STEPS: Readonly<Record<ProxyName, Step>> = {
  L1EscrowBridge: bridgeImplementationStep,
  StateCommitmentChain: chainImplementationStep,
  SequencerRegistry: registryImplementationStep,
};

/** A contract that a step created. */
export interface Creation {
  /** As in the address book; of a proxy, its implementation. */
  name: string;
  step: Step;
  address: Hex;
  /** As in the address book, where a transaction of its own created it. */
  transaction: Hex | undefined;
}

/** What created the contracts of an address book, with the state that makes their steps ask for the same again. */
export async function creationsOf(
  { contracts, parameters, program, keys, l1ChainId }: Deployment,
  provider: Provider,
): Promise<{ state: DeployState; creations: readonly Creation[] }> {
  const plain = {
    SuiteFactory: suiteFactoryStep,
    UpgradeTimelock: upgradeTimelockStep,
    DataAvailability: dataAvailabilityStep,
    StateProof: stateProofStep,
    ...Object.fromEntries(OPTIONAL_CONTRACTS),
  };
  const creations = [
    ...Object.entries(plain).flatMap(([name, step]) => {
      const record = contracts[name as keyof typeof plain];
      return record === undefined ? [] : [{ name, step, address: record.address, transaction: record.transaction }];
    }),
    ...Object.entries(IMPLEMENTATION_STEPS).map(([name, step]) => {
      const { implementation } = contracts[name as ProxyName];
      return { name, step, address: implementation?.address ?? ZERO_ADDRESS, transaction: undefined };
    }),
  ];
  const factory = SuiteFactory__factory.connect(contracts.SuiteFactory.address, provider);
  const deployer = getAddress(await factory.DEPLOYER()) as Hex;
  const created = new Map(creations.map(({ step, address }) => [step.id, address]));
  // No creation depends on the first sequencer.
  return { state: { parameters, program, keys, l1ChainId, deployer, bond: false, created }, creations };
}
