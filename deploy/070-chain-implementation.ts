import { FULL_BATCH_MESSAGES, MAX_BATCH_MESSAGES } from "../plugin/ledger/batch.js";
import { GENESIS_STATE_ROOT } from "../plugin/ledger/state.js";
import { StateCommitmentChain__factory } from "../typechain-types/index.js";
import { dataAvailabilityStep } from "./030-data-availability.js";
import { disputeGameStep } from "./060-dispute-game.js";
import { creation } from "./creation.js";
import { disputeDuration } from "./parameters.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates the code of the state-commitment chain. */
export const chainImplementationStep: Step = {
  id: "070-chain-implementation",
  title: "Create StateCommitmentChain implementation",
  request: (state) => {
    const proxies = proxyAddresses(state);
    return creation(
      new StateCommitmentChain__factory().getDeployTransaction({
        inbox: proxies.L1EscrowBridge,
        registry: proxies.SequencerRegistry,
        dataAvailability: createdBy(state, dataAvailabilityStep),
        resolver: createdBy(state, disputeGameStep),
        proofRequired: false,
        maxBatchMessages: MAX_BATCH_MESSAGES,
        fullBatchMessages: FULL_BATCH_MESSAGES,
        challengeWindow: state.parameters.challengeWindow,
        forceInclusionDelay: state.parameters.forceInclusionDelay,
        escapeDelay: state.parameters.escapeDelay,
        permissionlessDelay: state.parameters.permissionlessDelay,
        disputeDuration: disputeDuration(state.parameters),
        l2ChainId: state.parameters.l2ChainId,
        machineHash: state.program.machineHash,
        genesisStateRoot: GENESIS_STATE_ROOT,
      }),
    );
  },
};
