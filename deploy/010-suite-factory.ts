import { SuiteFactory__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import type { Step } from "./runner.js";

/** Creates the factory; from here on the addresses of all proxies are known. */
export const suiteFactoryStep: Step = {
  id: "010-suite-factory",
  title: "Create SuiteFactory, which fixes the proxies' addresses",
  request: ({ deployer }) => creation(new SuiteFactory__factory().getDeployTransaction(deployer)),
};
