import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { type ChannelsDeployment, readChannels } from "../../deploy/channel-book.js";
import type { ChannelDomain } from "../../plugin/channel/types.js";
import { ArgumentError } from "./action.js";
import { deploymentFolder, isInProcess } from "./network.js";

/** `deployments/<network>/channels.json` of the project. */
export function channelsPath(hre: HardhatRuntimeEnvironment, networkName: string): string {
  return join(deploymentFolder(hre, networkName), "channels.json");
}

/** The address book of channels that a task was told of, or the one that `channel:deploy` wrote for the network. */
export async function openChannels(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  path: string | undefined,
): Promise<{ deployment: ChannelsDeployment; domain: ChannelDomain }> {
  const { ethers, networkName } = connection;
  if (path === undefined && isInProcess(connection)) {
    throw new ArgumentError(
      "network",
      `network "${networkName}" lives in this process only, so nothing is deployed there; add --network`,
    );
  }
  const deployment = await readChannels(path ?? channelsPath(hre, networkName));
  const { chainId } = await ethers.provider.getNetwork();
  if (chainId !== deployment.l1ChainId) {
    throw new ArgumentError(
      "network",
      `the address book is of chain ${deployment.l1ChainId}, network "${networkName}" is chain ${chainId}`,
    );
  }
  const { address } = deployment.contracts.ChannelAdjudicator;
  if ((await ethers.provider.getCode(address)) === "0x") {
    throw new ArgumentError(
      "network",
      `there is no adjudicator at ${address}; the chain was restarted, or the address book is of another one: run channel:deploy again`,
    );
  }
  return { deployment, domain: { l1ChainId: deployment.l1ChainId, adjudicator: address } };
}
