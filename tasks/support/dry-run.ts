import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { memoryJournal } from "../../deploy/journal.js";
import { deploySuite, type DeployOptions, type DeployResult } from "../../deploy/suite.js";
import type { Hex } from "../../plugin/types.js";
import { impersonate, onCopy } from "./fork.js";

/** More than any deployment costs: a rehearsal tells the price even to who cannot pay it. */
const PLENTY = 10n ** 26n;

/** Deploys on a copy of `connection`'s chain that ends with this process. */
export async function rehearse(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  options: Omit<DeployOptions, "signer" | "journal"> & { deployer: Hex },
): Promise<DeployResult> {
  return onCopy(hre, connection, async (copy) => {
    const signer = await impersonate(copy, options.deployer, PLENTY);
    return deploySuite({ ...options, signer, journal: memoryJournal() });
  });
}
