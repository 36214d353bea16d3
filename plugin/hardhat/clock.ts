import { HardhatPluginError } from "hardhat/plugins";
import type { NetworkConnection } from "hardhat/types/network";

import { time } from "../l1/errors.js";

/**
 * Moves the clock of a local L1 to `timestamp` or later, and mines a block there. Does nothing when it is past it.
 * @throws HardhatPluginError when the network's time cannot be moved.
 */
export async function moveClock(connection: NetworkConnection<string>, timestamp: bigint): Promise<void> {
  const { provider } = connection.ethers;
  const now = BigInt((await provider.getBlock("latest"))?.timestamp ?? 0);
  if (now >= timestamp) return;
  try {
    await connection.provider.request({ method: "evm_increaseTime", params: [`0x${(timestamp - now).toString(16)}`] });
    await connection.provider.request({ method: "evm_mine", params: [] });
  } catch (error) {
    throw new HardhatPluginError(
      "hardhat-rollup",
      `the clock of network "${connection.networkName}" cannot be moved; wait until ${time(timestamp)}`,
      error instanceof Error ? error : undefined,
    );
  }
}
