import { formatEther, parseEther } from "ethers";

import { deployChannels } from "../deploy/channels.js";
import { memoryJournal } from "../deploy/journal.js";
import { presetFor } from "../deploy/parameters.js";
import { takeChannelTour } from "./channel/tour.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { LinesError } from "./support/explain.js";
import { accountOf, isInProcess } from "./support/network.js";

interface ChannelDemoArguments extends CommonArguments {
  updates: number;
  disk: boolean;
}

const BOND = parseEther("0.05");
/** Fewer have no old state to come back to. */
const LEAST_UPDATES = 20;
const MOST_UPDATES = 1_000_000;

export default action<ChannelDemoArguments>(async ({ updates, disk }, { hre, output }) => {
  if (updates < LEAST_UPDATES || updates > MOST_UPDATES) {
    throw new ArgumentError("updates", `--updates is ${updates}; take ${LEAST_UPDATES} to ${MOST_UPDATES}`);
  }
  const begin = performance.now();
  const connection = await hre.network.getOrCreate();
  const { ethers, networkName } = connection;
  const { signer, address } = await accountOf(connection);
  const { chainId } = await ethers.provider.getNetwork();
  if (presetFor(chainId) !== "dev" && !isInProcess(connection)) {
    throw new ArgumentError(
      "network",
      `"${networkName}" is a real network; the demo spends 5 ETH on accounts that it forgets, so it runs on local ones only`,
    );
  }
  output.heading(`Deploy: channels on network "${networkName}" (chain ${chainId})`);
  const { deployment } = await output.progress("Deploying", () =>
    deployChannels({
      ...{ network: networkName, challengeBond: BOND, signer, journal: memoryJournal(), restartOnNewChain: true },
    }),
  );
  const { contracts } = deployment;
  output.line(
    `${Object.keys(contracts).length} contracts by ${address}; adjudicator ${contracts.ChannelAdjudicator.address}, bond of a challenge ${formatEther(BOND)} ETH`,
  );
  const figures = await takeChannelTour(signer, ethers.provider, deployment, { updates, onDisk: disk }, output);
  const seconds = (performance.now() - begin) / 1000;
  if (figures.checks.wrong.length > 0) throw new LinesError(figures.checks.wrong);
  output.line();
  output.line(`Done in ${seconds.toFixed(1)} s; ${figures.checks.compared} balances compared, all as they must be.`);
  return { network: networkName, l1ChainId: chainId, ...figures, seconds };
});
