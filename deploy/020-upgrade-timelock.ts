import { ZERO_ADDRESS } from "../plugin/types.js";
import { UpgradeTimelock__factory } from "../typechain-types/index.js";
import { bugEvidenceStep } from "./015-bug-evidence.js";
import { creation } from "./creation.js";
import { disputeDuration, EXIT_MARGIN } from "./parameters.js";
import { proxyAddresses } from "./proxies.js";
import { createdBy, type Step } from "./runner.js";

/** Creates the timelock that will own every proxy's admin. */
export const upgradeTimelockStep: Step = {
  id: "020-upgrade-timelock",
  title: "Create UpgradeTimelock",
  request: (state) => {
    const { parameters } = state;
    return creation(
      new UpgradeTimelock__factory().getDeployTransaction({
        delay: parameters.upgradeDelay,
        forceInclusionDelay: parameters.forceInclusionDelay,
        permissionlessDelay: parameters.permissionlessDelay,
        challengeWindow: parameters.challengeWindow,
        disputeDuration: disputeDuration(parameters),
        exitMargin: EXIT_MARGIN,
        chain: proxyAddresses(state).StateCommitmentChain,
        upgrader: parameters.upgrader,
        cancellers: [...parameters.cancellers],
        council: [...parameters.council],
        councilThreshold: parameters.councilThreshold,
        evidence: parameters.council.length === 0 ? ZERO_ADDRESS : createdBy(state, bugEvidenceStep),
      }),
    );
  },
};
