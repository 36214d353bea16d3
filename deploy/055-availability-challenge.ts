import { AvailabilityChallenge__factory } from "../typechain-types/index.js";
import { committeeStep } from "./025-data-availability-committee.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates the contract on which data that members attested can be demanded; the game takes its word. */
export const availabilityChallengeStep: Step = {
  id: "055-availability-challenge",
  title: "Create AvailabilityChallenge",
  request: (state) => {
    const { demandWindow, answerTime, answerMargin, demandBond } = state.parameters;
    return creation(
      new AvailabilityChallenge__factory().getDeployTransaction({
        chain: proxyAddresses(state).StateCommitmentChain,
        committee: createdBy(state, committeeStep),
        ...{ demandWindow, answerTime, answerMargin, demandBond },
      }),
    );
  },
};
