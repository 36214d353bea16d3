import type { DataAvailability } from "../plugin/types.js";
import { BlobDA__factory, CalldataDA__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import type { Step } from "./runner.js";

/** The data-availability layer of each choice. */
export const DA_FACTORIES = { calldata: CalldataDA__factory, blob: BlobDA__factory } satisfies Record<
  DataAvailability,
  unknown
>;

/** Creates the data-availability layer that the parameters choose. */
export const dataAvailabilityStep: Step = {
  id: "030-data-availability",
  title: "Create the data-availability layer",
  request: ({ parameters }) => creation(new DA_FACTORIES[parameters.da]().getDeployTransaction()),
};
