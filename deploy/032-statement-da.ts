import { StatementDA__factory } from "../typechain-types/index.js";
import { dataAvailabilityStep } from "./030-data-availability.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates what makes of batch data the statements that are to be proved. */
export const statementStep: Step = {
  id: "032-statement-da",
  title: "Create StatementDA",
  request: (state) =>
    creation(
      new StatementDA__factory().getDeployTransaction({
        below: createdBy(state, dataAvailabilityStep),
        bridge: proxyAddresses(state).L1EscrowBridge,
        l2ChainId: state.parameters.l2ChainId,
      }),
    ),
};
