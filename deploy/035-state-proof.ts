import { KeccakStateProof__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import type { Step } from "./runner.js";

/** Creates what reads a balance from a state root when the chain is frozen. */
export const stateProofStep: Step = {
  id: "035-state-proof",
  title: "Create KeccakStateProof",
  request: () => creation(new KeccakStateProof__factory().getDeployTransaction()),
};
