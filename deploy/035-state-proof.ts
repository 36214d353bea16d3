import { KeccakStateProof__factory, PoseidonStateProof__factory } from "../typechain-types/index.js";
import { poseidonStep } from "./027-poseidon.js";
import { creation } from "./creation.js";
import { createdBy, type Step } from "./runner.js";

/** Creates what reads a balance from a state root when the chain is frozen. */
export const stateProofStep: Step = {
  id: "035-state-proof",
  title: "Create what proves balances of a frozen chain",
  request: (state) =>
    creation(
      state.parameters.proof === "fraud"
        ? new KeccakStateProof__factory().getDeployTransaction()
        : new PoseidonStateProof__factory().getDeployTransaction(
            createdBy(state, poseidonStep),
            state.parameters.levels,
          ),
    ),
};
