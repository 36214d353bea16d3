import { join } from "node:path";

import { JsonRpcProvider, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { reconstruct, type Reconstruction } from "../../plugin/escape/reconstruct.js";
import { programOfSuite } from "../../plugin/hardhat/proof.js";
import { committeeReader } from "../../plugin/hardhat/committee.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { discoverDeployment } from "../../plugin/l1/discover.js";
import { checkDeployedProgram } from "../../plugin/l1/program.js";
import { createSource } from "../../plugin/l1/source.js";
import { openLevelStore } from "../../plugin/store/level.js";
import type { Deployment } from "../../plugin/types.js";
import { ArgumentError, type CommonArguments } from "./action.js";
import { type BlobArguments, openBlobs } from "./blobs.js";
import { addressArgument } from "./arguments.js";
import { type MemberArguments, membersArgument } from "./members.js";
import { type Account, openDeployment } from "./network.js";
import type { Output } from "./output.js";

/** Where the rollup is found, with as little as one has. */
export interface PlaceArguments {
  /** Path of the address book. */
  deployment: string | undefined;
  /** Instead of a book: address of the bridge. */
  bridge: string | undefined;
  /** L1 block at or before the deployment, for `bridge`. */
  fromBlock: number;
  /** URL of an L1 node instead of the network's. */
  rpc?: string | undefined;
}

/** Arguments of what rebuilds the state. */
export interface SuiteArguments extends CommonArguments, PlaceArguments, BlobArguments, MemberArguments {
  /** Folder of the reconstructed state. */
  out: string | undefined;
}

export interface OpenSuite {
  l1: L1Client;
  /** Default folder of the reconstructed state. */
  folder: string;
  close: () => void;
}

/** The suite on the chosen network, or behind the URL of any node. */
export async function openSuite(
  hre: HardhatRuntimeEnvironment,
  input: SuiteArguments,
  player?: Account,
): Promise<OpenSuite> {
  return openPlace(hre, input, ({ networkName }, provider, deployment) => {
    const { blobSources } = openBlobs(hre, networkName, input);
    const committee = committeeReader(deployment, membersArgument(deployment, input));
    return {
      l1: connectL1(provider, deployment, player?.signer, { blobSources, committee }),
      folder: input.out ?? join(hre.config.paths.root, ".rollup", `reconstruction-${deployment.parameters.l2ChainId}`),
    };
  });
}

/** Finds the rollup; what `use` makes of it can be closed. */
export async function openPlace<T extends object>(
  hre: HardhatRuntimeEnvironment,
  input: PlaceArguments,
  use: (connection: NetworkConnection, provider: Provider, deployment: Deployment) => T,
): Promise<T & { close: () => void }> {
  const connection = await hre.network.getOrCreate();
  const remote = input.rpc === undefined ? undefined : providerAt(input.rpc);
  const provider = remote ?? connection.ethers.provider;
  try {
    const deployment =
      input.bridge === undefined
        ? await openDeployment(hre, connection, input.deployment, provider)
        : await discoverDeployment(provider, addressArgument("bridge", input.bridge), fromBlockOf(input));
    return { ...use(connection, provider, deployment), close: () => remote?.destroy() };
  } catch (error) {
    remote?.destroy();
    throw error;
  }
}

function providerAt(url: string): JsonRpcProvider {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ArgumentError("rpc", `--rpc ${url} is no URL, for example --rpc http://127.0.0.1:8545`);
  }
  return new JsonRpcProvider(url);
}

function fromBlockOf({ fromBlock }: PlaceArguments): number {
  if (Number.isSafeInteger(fromBlock) && fromBlock >= 0) return fromBlock;
  throw new ArgumentError("fromBlock", `--from-block ${fromBlock} is no block number`);
}

/** What a reconstruction did, beside the state. */
export interface Work {
  batches: number;
  messages: number;
  transactions: number;
  /** Of this run. */
  seconds: number;
}

/**
 * Opens the state in `folder`, continues it up to what L1 has now, and hands it to `use`.
 * @param use May ask for it again, as L1 moves on.
 */
export async function withReconstruction<T>(
  l1: L1Client,
  folder: string,
  output: Output,
  signal: AbortSignal,
  use: (continued: () => Promise<Reconstruction>, work: Work) => Promise<T>,
): Promise<T> {
  const program = programOfSuite(l1.deployment);
  await checkDeployedProgram(l1, program.machineHash, signal, program.state?.genesis[0]);
  const store = await openLevelStore(folder);
  const work: Work = { batches: 0, messages: 0, transactions: 0, seconds: 0 };
  const progress = progressTo(output);
  async function continued(): Promise<Reconstruction> {
    const begin = performance.now();
    try {
      return await reconstruct({
        client: l1,
        source: createSource(l1),
        program,
        store,
        signal,
        log(event) {
          if (event.kind === "executed") {
            work.batches++;
            work.messages += event.messages;
            work.transactions += event.transactions;
            progress(
              `batch ${event.index} of ${event.last}: ${work.transactions} transactions executed`,
              event.index === event.last,
            );
          } else progress(`L1 block ${event.block} of ${event.last} read`, event.block === event.last);
        },
      });
    } finally {
      work.seconds += (performance.now() - begin) / 1000;
    }
  }
  try {
    return await use(continued, work);
  } finally {
    await store.close();
  }
}

const PROGRESS_EVERY_MS = 2_000;

/** A line now and then, and the last one of each kind. */
function progressTo(output: Output): (text: string, isLast: boolean) => void {
  let saidAt = 0;
  return (text, isLast) => {
    if (!isLast && performance.now() - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = performance.now();
    output.line(text);
  };
}
