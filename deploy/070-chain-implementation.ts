import { StateCommitmentChain__factory } from "../typechain-types/index.js";
import { dataAvailabilityStep } from "./030-data-availability.js";
import { statementStep } from "./032-statement-da.js";
import { disputeGameStep } from "./060-dispute-game.js";
import { validityResolverStep } from "./066-validity-resolver.js";
import { creation } from "./creation.js";
import { batchLimits, genesisStateRoot } from "./proof-system.js";
import { disputeDuration } from "./parameters.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates the code of the state-commitment chain. */
export const chainImplementationStep: Step = {
  id: "070-chain-implementation",
  title: "Create StateCommitmentChain implementation",
  request: (state) => {
    const proxies = proxyAddresses(state);
    const { parameters } = state;
    const proofRequired = parameters.proof === "validity";
    return creation(
      new StateCommitmentChain__factory().getDeployTransaction({
        inbox: proxies.L1EscrowBridge,
        registry: proxies.SequencerRegistry,
        dataAvailability: createdBy(state, proofRequired ? statementStep : dataAvailabilityStep),
        resolver: createdBy(state, proofRequired ? validityResolverStep : disputeGameStep),
        proofRequired,
        ...batchLimits(parameters),
        challengeWindow: parameters.challengeWindow,
        forceInclusionDelay: parameters.forceInclusionDelay,
        escapeDelay: parameters.escapeDelay,
        permissionlessDelay: parameters.permissionlessDelay,
        disputeDuration: disputeDuration(parameters),
        l2ChainId: parameters.l2ChainId,
        machineHash: state.program.machineHash,
        genesisStateRoot: genesisStateRoot(parameters),
      }),
    );
  },
};
