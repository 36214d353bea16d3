import { L1EscrowBridge__factory } from "../typechain-types/index.js";
import { upgradeTimelockStep } from "./020-upgrade-timelock.js";
import { stateProofStep } from "./035-state-proof.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates the code of the bridge. */
export const bridgeImplementationStep: Step = {
  id: "040-bridge-implementation",
  title: "Create L1EscrowBridge implementation",
  request: (state) =>
    creation(
      new L1EscrowBridge__factory().getDeployTransaction({
        chain: proxyAddresses(state).StateCommitmentChain,
        stateProof: createdBy(state, stateProofStep),
        upgradeTimelock: createdBy(state, upgradeTimelockStep),
        l2ChainId: state.parameters.l2ChainId,
        guardian: state.parameters.guardian,
        pauseDuration: state.parameters.pauseDuration,
        pauseCooldown: state.parameters.pauseCooldown,
        inboxCapacity: state.parameters.inboxCapacity,
      }),
    ),
};
