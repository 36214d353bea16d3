import type { ContractDeployTransaction } from "ethers";

import type { DataAvailability } from "../plugin/types.js";
import { BlobDA__factory, CalldataDA__factory, CommitteeDA__factory } from "../typechain-types/index.js";
import { committeeStep } from "./025-data-availability-committee.js";
import { creation } from "./creation.js";
import { disputeDuration } from "./parameters.js";
import { createdBy, type DeployState, type Step } from "./runner.js";

/** The data-availability layer of each choice. */
export const DA_FACTORIES = {
  calldata: CalldataDA__factory,
  blob: BlobDA__factory,
  committee: CommitteeDA__factory,
} satisfies Record<DataAvailability, unknown>;

/** Creates the data-availability layer that the parameters choose. */
export const dataAvailabilityStep: Step = {
  id: "030-data-availability",
  title: "Create the data-availability layer",
  request: (state) => creation(layerOf(state)),
};

function layerOf(state: DeployState): Promise<ContractDeployTransaction> {
  const { parameters } = state;
  if (parameters.da === "blob") return new BlobDA__factory().getDeployTransaction();
  if (parameters.da === "calldata") return new CalldataDA__factory().getDeployTransaction();
  return new CommitteeDA__factory().getDeployTransaction(createdBy(state, committeeStep), disputeDuration(parameters));
}
