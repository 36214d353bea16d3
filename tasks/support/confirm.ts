import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { ArgumentError } from "./action.js";
import { isInProcess } from "./network.js";

/** Asks before anything is deployed to a real network. @throws {ArgumentError} unless the answer is yes. */
export async function confirm(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  { isLocal, yes }: { isLocal: boolean; yes: boolean },
): Promise<void> {
  if (yes || isLocal || isInProcess(connection)) return;
  if (!process.stdin.isTTY) {
    throw new ArgumentError(
      "yes",
      `"${connection.networkName}" is a real network; add --yes to deploy without being asked`,
    );
  }
  const answer = await hre.interruptions.requestInput(
    "hardhat-rollup",
    `Deploy to ${connection.networkName}? (yes/no)`,
  );
  if (!/^y(es)?$/i.test(answer.trim())) throw new ArgumentError("yes", "nothing was sent");
}
