import { ZERO_ADDRESS } from "../plugin/types.js";
import { DisputeGame__factory } from "../typechain-types/index.js";
import { oneStepVerifierStep } from "./050-one-step-verifier.js";
import { availabilityChallengeStep } from "./055-availability-challenge.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates the judge of batches: one program and one set of parameters, for ever. */
export const disputeGameStep: Step = {
  id: "060-dispute-game",
  title: "Create DisputeGame",
  request: (state) => {
    const { parameters, program } = state;
    const proxies = proxyAddresses(state);
    return creation(
      new DisputeGame__factory().getDeployTransaction({
        chain: proxies.StateCommitmentChain,
        verifier: createdBy(state, oneStepVerifierStep),
        // Without a committee all data are on L1.
        availability: parameters.da === "committee" ? createdBy(state, availabilityChallengeStep) : ZERO_ADDRESS,
        l2ChainId: parameters.l2ChainId,
        bridge: proxies.L1EscrowBridge,
        ...program,
        dissectionBits: parameters.dissectionBits,
        clock: parameters.disputeClock,
        extension: parameters.disputeExtension,
        baseBond: parameters.disputeBond,
      }),
    );
  },
};
