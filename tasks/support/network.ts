import { join } from "node:path";

import type { Provider, Signer } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import type { BlobSource } from "../../plugin/da/source.js";
import { signerWithKey } from "../../plugin/hardhat/blobs.js";
import { committeeReader, type Members } from "../../plugin/hardhat/committee.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import type { Deployment, Hex } from "../../plugin/types.js";
import { ArgumentError } from "./action.js";
import { knownMembersArgument, type MemberArguments } from "./members.js";

/** An account of a network and its address. */
export interface Account {
  signer: Signer;
  address: Hex;
}

/** Whether the chain lives in this process and ends with it. */
export function isInProcess({ networkConfig }: NetworkConnection): boolean {
  return networkConfig.type === "edr-simulated";
}

/** `deployments/<network>/` of the project. */
export function deploymentFolder(hre: HardhatRuntimeEnvironment, networkName: string): string {
  return join(hre.config.rollup.deployments, networkName);
}

/** The address book that a task was told of, or the one that `rollup:deploy` wrote for the network. */
export async function openDeployment(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  path: string | undefined,
  provider: Provider = connection.ethers.provider,
): Promise<Deployment> {
  if (path === undefined && isInProcess(connection)) {
    throw new ArgumentError(
      "network",
      `network "${connection.networkName}" lives in this process only, so nothing is deployed there; ` +
        "start `npx hardhat rollup:node` in another terminal and add --network localhost",
    );
  }
  const deployment = await readDeployment(path ?? join(deploymentFolder(hre, connection.networkName), "rollup.json"));
  const { chainId } = await provider.getNetwork();
  if (chainId !== deployment.l1ChainId) {
    throw new ArgumentError(
      "network",
      `the address book is of chain ${deployment.l1ChainId}, network "${connection.networkName}" is chain ${chainId}`,
    );
  }
  const code = await provider.getCode(deployment.contracts.L1EscrowBridge.address);
  if (code === "0x") {
    throw new ArgumentError(
      "network",
      `there is no bridge at ${deployment.contracts.L1EscrowBridge.address}; the chain was restarted, or the address book is of another one: deploy again`,
    );
  }
  return deployment;
}

/** The account that `from` names: an address, or a position among the network's accounts. */
export async function accountOf(connection: NetworkConnection, from = "0"): Promise<Account> {
  const signers = await connection.ethers.getSigners();
  if (signers.length === 0) {
    throw new ArgumentError(
      "network",
      `network "${connection.networkName}" has no accounts; name some in networks.${connection.networkName}.accounts`,
    );
  }
  const found = /^\d{1,4}$/.test(from)
    ? signers[Number(from)]
    : signers.find(({ address }) => address.toLowerCase() === from.toLowerCase());
  if (found === undefined) {
    throw new ArgumentError(
      "from",
      `--from ${from} is no account of network "${connection.networkName}"; it has ${signers.length}, 0 to ${signers.length - 1}`,
    );
  }
  return { signer: found, address: found.address as Hex };
}

interface L1Arguments extends MemberArguments {
  deployment: string | undefined;
  from?: string | undefined;
}

/** The suite on L1 with the account that a task acts for. */
export async function openL1(
  hre: HardhatRuntimeEnvironment,
  { deployment: path, from, members }: L1Arguments,
  blobSources: readonly BlobSource[] = [],
): Promise<{ connection: NetworkConnection; l1: L1Client; address: Hex; members: Members }> {
  const connection = await hre.network.getOrCreate();
  const { signer, address } = await accountOf(connection, from);
  const deployment = await openDeployment(hre, connection, path);
  const reached = knownMembersArgument(deployment, { members });
  const l1 = connectAs(signer, connection, deployment, { blobSources, members: reached });
  return { connection, l1, address, members: reached };
}

/** A suite for who posts its batches. */
export function connectAs(
  signer: Signer,
  connection: NetworkConnection,
  deployment: Deployment,
  { blobSources, members }: { blobSources: readonly BlobSource[]; members: Members },
): L1Client {
  // No node signs blobs for its accounts.
  const own = deployment.parameters.da === "blob" ? signerWithKey(connection, signer) : signer;
  const sources = { blobSources, committee: committeeReader(deployment, members) };
  return connectL1(connection.ethers.provider, deployment, own, sources);
}
