import { POSEIDON_CREATION } from "../plugin/validity/poseidon-contract.js";
import type { Step } from "./runner.js";
import { libraryAt } from "./self-aware.js";

/** Creates the hash of the state tree of validity proofs. */
export const poseidonStep: Step = {
  id: "027-poseidon",
  title: "Create PoseidonT5",
  request: () => Promise.resolve({ data: POSEIDON_CREATION }),
  codeAt: (address, _state, provider) => libraryAt(provider, address, POSEIDON_CREATION),
};
