import { UpgradeTimelock__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import { disputeDuration, EXIT_MARGIN } from "./parameters.js";
import type { Step } from "./runner.js";

/** Creates the timelock that will own every proxy's admin. */
export const upgradeTimelockStep: Step = {
  id: "020-upgrade-timelock",
  title: "Create UpgradeTimelock",
  request: ({ parameters }) =>
    creation(
      new UpgradeTimelock__factory().getDeployTransaction({
        delay: parameters.upgradeDelay,
        forceInclusionDelay: parameters.forceInclusionDelay,
        permissionlessDelay: parameters.permissionlessDelay,
        challengeWindow: parameters.challengeWindow,
        disputeDuration: disputeDuration(parameters),
        exitMargin: EXIT_MARGIN,
        upgrader: parameters.upgrader,
      }),
    ),
};
