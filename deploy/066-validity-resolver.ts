import { programIdOf } from "../plugin/prover/encode.js";
import { ZERO_ADDRESS, ZERO_HASH } from "../plugin/types.js";
import { ValidityResolver__factory } from "../typechain-types/index.js";
import { committeeVerifierStep, validityVerifierStep } from "./062-validity-verifiers.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, DeployError, type Step } from "./runner.js";

/** Creates the judge of batches: what they must prove, for ever. */
export const validityResolverStep: Step = {
  id: "066-validity-resolver",
  title: "Create ValidityResolver",
  request(state) {
    const { keys, parameters } = state;
    if (keys === undefined) throw new DeployError("066-validity-resolver", "there is no verifying key");
    const { onL1, withCommittee } = keys;
    return creation(
      new ValidityResolver__factory().getDeployTransaction({
        chain: proxyAddresses(state).StateCommitmentChain,
        onL1: { verifier: createdBy(state, validityVerifierStep), id: programIdOf(onL1) },
        withCommittee:
          withCommittee === undefined
            ? { verifier: ZERO_ADDRESS, id: ZERO_HASH }
            : { verifier: createdBy(state, committeeVerifierStep), id: programIdOf(withCommittee) },
        proofWindow: parameters.challengeWindow,
      }),
    );
  },
};
