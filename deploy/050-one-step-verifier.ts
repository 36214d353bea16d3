import { OneStepVerifier__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import type { Step } from "./runner.js";

/** Creates what executes one instruction of a program on L1. */
export const oneStepVerifierStep: Step = {
  id: "050-one-step-verifier",
  title: "Create OneStepVerifier",
  request: () => creation(new OneStepVerifier__factory().getDeployTransaction()),
};
