import type { Provider } from "ethers";

import {
  L1EscrowBridge__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  type SuiteFactory,
  SuiteFactory__factory,
} from "../typechain-types/index.js";
import { type Hex, ZERO_ADDRESS } from "../plugin/types.js";
import { suiteFactoryStep } from "./010-suite-factory.js";
import { upgradeTimelockStep } from "./020-upgrade-timelock.js";
import { bridgeImplementationStep } from "./040-bridge-implementation.js";
import { chainImplementationStep } from "./070-chain-implementation.js";
import { registryImplementationStep } from "./080-registry-implementation.js";
import { createdBy, type DeployState, type Step } from "./runner.js";

/** Creates and initialises all proxies and bonds the first sequencer, in one transaction: nobody can step in between. */
export const proxiesStep: Step = {
  id: "090-proxies",
  title: "Create and initialise the proxies, bond the sequencer",
  request: (state) => {
    const [first, bond] = state.bond ? [state.deployer, state.parameters.sequencerBond] : [ZERO_ADDRESS, 0n];
    // In the order of PROXY_ORDER.
    const proxies = [
      {
        step: bridgeImplementationStep,
        init: L1EscrowBridge__factory.createInterface().encodeFunctionData("initialize"),
      },
      {
        step: chainImplementationStep,
        init: StateCommitmentChain__factory.createInterface().encodeFunctionData("initialize"),
      },
      {
        step: registryImplementationStep,
        init: SequencerRegistry__factory.createInterface().encodeFunctionData("initialize", [first]),
        value: bond,
      },
    ];
    const data = SuiteFactory__factory.createInterface().encodeFunctionData("createProxies", [
      proxies.map(({ step }) => createdBy(state, step)),
      proxies.map(({ init }) => init),
      proxies.map(({ value = 0n }) => value),
      createdBy(state, upgradeTimelockStep),
    ]);
    return Promise.resolve({ to: createdBy(state, suiteFactoryStep), data: data as Hex, value: bond });
  },
  isDone: (state, provider) => factoryOf(state, provider).used(),
  async find(state, provider) {
    const factory = factoryOf(state, provider);
    if (!(await factory.used())) return undefined;
    const [first] = await factory.queryFilter(factory.filters.ProxyCreated(0));
    return first?.transactionHash as Hex | undefined;
  },
};

function factoryOf(state: DeployState, provider: Provider): SuiteFactory {
  return SuiteFactory__factory.connect(createdBy(state, suiteFactoryStep), provider);
}
