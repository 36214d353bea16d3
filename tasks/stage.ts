import { readFile, writeFile } from "node:fs/promises";

import { isHexString, JsonRpcProvider, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { programFor } from "../plugin/hardhat/proof.js";
import type { Drills } from "../plugin/stage/criteria.js";
import { deploymentOf } from "../plugin/stage/deployment.js";
import { evaluate } from "../plugin/stage/evaluate.js";
import { readFacts } from "../plugin/stage/facts.js";
import { type Look, lookAt } from "../plugin/stage/look.js";
import type { Deployment, Hex } from "../plugin/types.js";
import { runDrills } from "./stage/drills.js";
import { sceneOf } from "./stage/scene.js";
import { markdownOf, showReport, verdict } from "./stage/text.js";
import { action, ArgumentError, type CommonArguments, type TaskContext } from "./support/action.js";
import { addressArgument } from "./support/arguments.js";
import { type BlobArguments, openBlobs } from "./support/blobs.js";
import { LinesError } from "./support/explain.js";
import { forkFrom, onCopy } from "./support/fork.js";
import { type MemberArguments, membersArgument } from "./support/members.js";
import { openDeployment } from "./support/network.js";

export interface StageArguments extends CommonArguments, BlobArguments, MemberArguments {
  deployment: string | undefined;
  bridge: string | undefined;
  fromBlock: number;
  /** URL of an L1 node instead of the network's. */
  rpc: string | undefined;
  program: string | undefined;
  noDrills: boolean;
  markdown: string | undefined;
  require: string | undefined;
}

export default action<StageArguments>(async (input, context) => {
  const { hre, output } = context;
  const wanted = wantedStage(input);
  const connection = await hre.network.getOrCreate();
  const remote = input.rpc === undefined ? undefined : providerAt(input.rpc);
  try {
    const provider: Provider = remote ?? connection.ethers.provider;
    const book =
      input.bridge === undefined ? await openDeployment(hre, connection, input.deployment, provider) : undefined;
    const bridge = book?.contracts.L1EscrowBridge.address ?? addressArgument("bridge", input.bridge ?? "");
    const from = book === undefined ? input.fromBlock : Number(book.fromBlock);
    const facts = await output.progress("Reading L1", () => readFacts(provider, bridge, from));
    const look = await output.progress("Looking at every contract", async () =>
      lookAt(facts, await programOf(input.program), book),
    );
    const drills = input.noDrills ? undefined : await drilled(input, context, connection, look, book);
    const report = await evaluate(look, drills);
    showReport(output, report);
    if (input.markdown !== undefined) await writeFile(input.markdown, markdownOf(report));
    output.document({ ...report, verdict: verdict(report) });
    if (wanted !== undefined && (report.others !== undefined || (report.stage ?? -1) < wanted)) {
      throw new LinesError([`Stage ${wanted} was required: ${verdict(report)}`]);
    }
    return { ...report, verdict: verdict(report) };
  } finally {
    remote?.destroy();
  }
});

async function drilled(
  input: StageArguments,
  { hre, output }: TaskContext,
  connection: NetworkConnection,
  look: Look,
  book: Deployment | undefined,
): Promise<Drills> {
  const onFork = (use: (copy: NetworkConnection) => Promise<Drills>) =>
    input.rpc === undefined ? onCopy(hre, connection, use) : onForkOf(hre, input.rpc, use);
  const { blobSources } = openBlobs(hre, connection.networkName, input);
  return onFork(async (copy) => {
    const deployment = { ...deploymentOf(look.facts), memberUrls: book?.memberUrls ?? {} };
    const scene = sceneOf(copy, look, {
      blobSources,
      members: membersArgument(deployment, input),
      cache: hre.config.rollup.cache,
    });
    output.line("Drills on a fork, whose clock is moved; nothing is sent to the chain itself.");
    return runDrills({ scene, onStart: (what) => output.line(`  ${what}`) });
  });
}

async function onForkOf<T>(
  hre: HardhatRuntimeEnvironment,
  url: string,
  use: (copy: NetworkConnection) => Promise<T>,
): Promise<T> {
  const fork = await forkFrom(hre, url);
  try {
    return await use(fork.connection);
  } finally {
    await fork.close();
  }
}

/** Machine hash of the program that is to judge batches: a file as rollup:build-guest writes it, a hash, or this package's ledger. */
async function programOf(given: string | undefined): Promise<Hex> {
  if (given === undefined) return (await programFor({ proof: "fraud" }, 0n, { cache: "" })).program.machineHash;
  if (isHexString(given, 32)) return given;
  const wrong = (): never => {
    throw new ArgumentError("program", `--program ${given} is neither a machine hash nor a file of rollup:build-guest`);
  };
  const text = await readFile(given, "utf8").catch(wrong);
  try {
    const { machineHash } = JSON.parse(text) as { machineHash?: unknown };
    return isHexString(machineHash, 32) ? machineHash : wrong();
  } catch {
    return wrong();
  }
}

function wantedStage({ require: wanted, noDrills }: StageArguments): number | undefined {
  if (wanted === undefined) return undefined;
  if (!/^[012]$/.test(wanted))
    throw new ArgumentError("require", `--require ${wanted} is no stage; there are 0, 1 and 2`);
  if (noDrills) throw new ArgumentError("require", "--require needs the drills: leave --no-drills out");
  return Number(wanted);
}

function providerAt(url: string): JsonRpcProvider {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ArgumentError("rpc", `--rpc ${url} is no URL, for example --rpc http://127.0.0.1:8545`);
  }
  return new JsonRpcProvider(url, undefined, { staticNetwork: false });
}
