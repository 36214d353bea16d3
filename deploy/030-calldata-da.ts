import { CalldataDA__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import type { Step } from "./runner.js";

/** Creates the data-availability layer. */
export const calldataDAStep: Step = {
  id: "030-calldata-da",
  title: "Create CalldataDA",
  request: () => creation(new CalldataDA__factory().getDeployTransaction()),
};
