import { ZERO_ADDRESS } from "../plugin/types.js";
import { DataAvailabilityCommittee__factory } from "../typechain-types/index.js";
import { upgradeTimelockStep } from "./020-upgrade-timelock.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** `AttestationScheme` of the contracts. */
const ECDSA = 0;
const BLS = 1;

/** Creates the committee with its first epoch; the upgrade timelock changes its members. */
export const committeeStep: Step = {
  id: "025-data-availability-committee",
  title: "Create DataAvailabilityCommittee with its members",
  request: (state) =>
    creation(
      new DataAvailabilityCommittee__factory().getDeployTransaction({
        timelock: createdBy(state, upgradeTimelockStep),
        bridge: proxyAddresses(state).L1EscrowBridge,
        keys: state.parameters.committeeKeys,
        overlap: state.parameters.committeeOverlap,
        members: [...state.parameters.committeeMembers],
        threshold: state.parameters.committeeThreshold,
        scheme: state.parameters.committeeKeys === ZERO_ADDRESS ? ECDSA : BLS,
      }),
    ),
};
