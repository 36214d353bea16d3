import { createServer } from "node:net";
import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";

import { writeDeployment } from "../deploy/address-book.js";
import { memoryJournal } from "../deploy/journal.js";
import { memberUrlsOf, resolveParameters, type RollupParametersInput } from "../deploy/parameters.js";
import { requireSafes } from "../deploy/roles.js";
import { deploySuite } from "../deploy/suite.js";
import { type LocalCommittee, startLocalCommittee, withLocalMembers } from "../plugin/hardhat/local-committee.js";
import { connectL1 } from "../plugin/l1/client.js";
import { programFor } from "../plugin/hardhat/proof.js";
import { PortInUseError } from "../plugin/net/listen.js";
import type { Deployment } from "../plugin/types.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { portArgument } from "./support/arguments.js";
import { openBlobs } from "./support/blobs.js";
import { accountOf, connectAs, deploymentFolder, type Account } from "./support/network.js";
import { startService } from "./support/service.js";
import { aborted, untilInterrupted } from "./support/signal.js";

interface NodeArguments extends CommonArguments {
  host: string;
  port: number;
  rpcPort: number;
  da: string | undefined;
}

/** What other tasks call this L1: a network that Hardhat always has. */
const NETWORK = "localhost";
/** A developer does not want to wait for batches. */
const SETTINGS = { blocks: "auto", batches: { bytes: 50_000, age: 5_000 }, pollInterval: 250 } as const;

export default action<NodeArguments>(async (input, { hre, output }) => {
  const port = portArgument("port", input.port);
  const rpcPort = portArgument("rpcPort", input.rpcPort);
  const { signal, release } = untilInterrupted();
  const l1Server = await startL1(hre, input.host, port);
  let served: Awaited<ReturnType<LocalCommittee["serve"]>> | undefined;
  try {
    const connection = await hre.network.create({ network: NETWORK, override: { url: l1Server.url } });
    const account = await accountOf(connection);
    const given = { ...hre.config.rollup.parameters, ...(input.da === undefined ? {} : { da: input.da }) };
    const parameters = withLocalMembers(given, "dev");
    const deployed = await output.progress("Deploying the suite", () =>
      deploy(parameters, hre.config.rollup.cache, connection, account),
    );
    const committee = await startLocalCommittee(connectL1(connection.ethers.provider, deployed));
    served = await committee?.serve(input.host);
    const deployment =
      served === undefined ? deployed : { ...deployed, memberUrls: { ...deployed.memberUrls, ...served.urls } };
    const book = join(deploymentFolder(hre, NETWORK), "rollup.json");
    await writeDeployment(book, deployment);
    const { archive, blobSources } = openBlobs(hre, NETWORK, { archive: undefined, beacon: undefined });
    const members = { urls: deployment.memberUrls ?? {} };
    const l1 = connectAs(account.signer, connection, deployment, { blobSources, members });
    const service = await startService({
      l1,
      host: input.host,
      port: rpcPort,
      settings: { ...SETTINGS, archive, members },
      output,
    });
    const document = {
      l1: { url: l1Server.url, chainId: deployment.l1ChainId },
      l2: { url: service.url, chainId: deployment.parameters.l2ChainId },
      addressBook: book,
      bridge: deployment.contracts.L1EscrowBridge.address,
      sequencer: account.address,
    };
    output.table([
      { type: "section-header", text: "A rollup, until Ctrl-C" },
      ...[
        ["L1", `${l1Server.url} (chain ${deployment.l1ChainId})`],
        ["L2", `${service.url} (chain ${deployment.parameters.l2ChainId})`],
        ["bridge", document.bridge],
        ["sequencer", account.address],
        ...Object.entries(deployment.memberUrls ?? {}).map(([member, url]) => ["member", `${member} at ${url}`]),
        ["address book", book],
      ].map((cells) => ({ type: "row" as const, cells })),
    ]);
    output.line("In another terminal: npx hardhat rollup:deposit --network localhost --amount 1");
    output.document(document);
    await aborted(signal);
    output.line("Stopping.");
    await service.close();
    await connection.close();
    return document;
  } finally {
    release();
    await served?.close();
    await l1Server.close();
  }
});

async function deploy(
  given: RollupParametersInput,
  cache: string,
  { ethers }: NetworkConnection,
  { signer, address }: Account,
): Promise<Deployment> {
  const { chainId } = await ethers.provider.getNetwork();
  const context = { preset: "dev", l1ChainId: chainId, deployer: address } as const;
  const parameters = resolveParameters(given, context);
  await requireSafes(ethers.provider, given);
  const { deployment } = await deploySuite({
    network: NETWORK,
    parameters,
    memberUrls: memberUrlsOf(given),
    ...(await programFor(parameters, chainId, { cache })),
    signer,
    bond: true,
    journal: memoryJournal(),
    restartOnNewChain: true,
  });
  return deployment;
}

/** Hardhat's own node, in this process. */
async function startL1(
  hre: HardhatRuntimeEnvironment,
  host: string,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const networkName = hre.globalOptions.network ?? "node";
  const config = hre.config.networks[networkName];
  if (config === undefined || config.type !== "edr-simulated") {
    throw new ArgumentError(
      "network",
      `rollup:node makes an L1 of its own and needs a network of type edr-simulated; "${networkName}" is ${config === undefined ? "not in the config" : `of type ${config.type}`}`,
    );
  }
  // Hardhat's server answers a port in use with a crash.
  if (port !== 0) await checkPort(host, port);
  const server: JsonRpcServer = await hre.network.createServer(networkName, host, port);
  const address = await server.listen();
  return { url: `http://${host}:${address.port}`, close: () => server.close() };
}

async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error) => {
      const inUse = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      reject(inUse ? new PortInUseError(host, port, { cause: error }) : error);
    });
    probe.listen(port, host, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}
