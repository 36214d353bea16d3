import type { VerifyingKey } from "../plugin/prover/types.js";
import { verifierArguments } from "../plugin/prover/encode.js";
import { SEGMENT_DEMANDS } from "../plugin/prover/circuits.js";
import { Groth16Verifier__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import { DeployError, type DeployState, type Step, type StepRequest } from "./runner.js";

/** Creates the verifier of batches whose data are on L1. */
export const validityVerifierStep: Step = {
  id: "062-validity-verifier",
  title: "Create Groth16Verifier",
  request: (state) => verifierOf(state, "062-validity-verifier", state.keys?.onL1),
};

/** Creates the verifier of batches whose data are with the committee. */
export const committeeVerifierStep: Step = {
  id: "064-committee-verifier",
  title: "Create Groth16Verifier for data with the committee",
  request: (state) => verifierOf(state, "064-committee-verifier", state.keys?.withCommittee),
};

/** @throws KeyRefusedError for a key by which anybody could prove anything. */
function verifierOf({ l1ChainId }: DeployState, step: string, key: VerifyingKey | undefined): Promise<StepRequest> {
  if (key === undefined) throw new DeployError(step, "a rollup of validity proofs needs the circuit's verifying key");
  const [points, inputs, isDevelopment] = verifierArguments(key, { ...SEGMENT_DEMANDS, chainId: l1ChainId });
  return creation(new Groth16Verifier__factory().getDeployTransaction(points, inputs, isDevelopment));
}
