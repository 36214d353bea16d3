import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { memoryJournal } from "../../deploy/journal.js";
import { deploySuite, type DeployOptions, type DeployResult } from "../../deploy/suite.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError } from "./action.js";
import { isInProcess } from "./network.js";

/** More than any deployment costs: a rehearsal tells the price even to who cannot pay it. */
const PLENTY = 10n ** 26n;

/** Deploys on a copy of `connection`'s chain that ends with this process: a fork of it, or a fresh one when it is in-process itself. */
export async function rehearse(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  options: Omit<DeployOptions, "signer" | "journal"> & { deployer: Hex },
): Promise<DeployResult> {
  const copy = await copyOf(hre, connection);
  try {
    const { ethers } = copy;
    await ethers.provider.send("hardhat_setBalance", [options.deployer, `0x${PLENTY.toString(16)}`]);
    const signer = await ethers.getImpersonatedSigner(options.deployer);
    return await deploySuite({ ...options, signer, journal: memoryJournal() });
  } finally {
    await copy.close();
  }
}

async function copyOf(hre: HardhatRuntimeEnvironment, connection: NetworkConnection): Promise<NetworkConnection> {
  const { networkName, networkConfig } = connection;
  if (isInProcess(connection)) return hre.network.create(networkName);
  const simulated = Object.entries(hre.config.networks).find(
    ([, { type, chainType }]) => type === "edr-simulated" && chainType !== "op",
  );
  if (simulated === undefined || networkConfig.type !== "http") {
    throw new ArgumentError("dryRun", "--dry-run needs a network of type edr-simulated in the config, to fork into");
  }
  const { chainId } = await connection.ethers.provider.getNetwork();
  return hre.network.create({
    network: simulated[0],
    override: { chainId: Number(chainId), forking: { url: await networkConfig.url.getUrl(), enabled: true } },
  });
}
