import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { formatEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { AddressBookError, isMissing, readDeployment, writeDeployment } from "../deploy/address-book.js";
import { fileJournal, memoryJournal } from "../deploy/journal.js";
import {
  formatTime,
  isPreset,
  memberUrlsOf,
  PARAMETER_NAMES,
  PARAMETERS,
  parseParameters,
  presetFor,
  PRESETS,
  resolveParameters,
  type Preset,
  type RollupParametersInput,
} from "../deploy/parameters.js";
import { parseSalt } from "../deploy/deterministic.js";
import {
  deploymentSteps,
  deploySuite,
  type DeployOptions,
  type DeployResult,
  plannedContracts,
} from "../deploy/suite.js";
import { verifyDeployment } from "../deploy/verify.js";
import { programFor, readCeremony } from "../plugin/hardhat/proof.js";
import type { Deployment, Hex, MemberUrls, RollupParameters } from "../plugin/types.js";
import { action, ArgumentError, type CommonArguments, type TaskContext } from "./support/action.js";
import { confirm } from "./support/confirm.js";
import { rehearse } from "./support/dry-run.js";
import { LinesError } from "./support/explain.js";
import { accountOf, deploymentFolder, isInProcess } from "./support/network.js";
import type { Output } from "./support/output.js";

interface DeployArguments extends CommonArguments {
  parameters: string | undefined;
  preset: string | undefined;
  dryRun: boolean;
  yes: boolean;
  withoutSequencer: boolean;
  ceremony: string | undefined;
  salt: string | undefined;
}

export default action<DeployArguments & { [Key in keyof RollupParameters]: string | undefined }>(
  async (input, context) => {
    const { hre, output } = context;
    const connection = await hre.network.getOrCreate();
    const { networkName } = connection;
    const { signer, address: deployer } = await accountOf(connection);
    const { chainId } = await connection.ethers.provider.getNetwork();
    const preset = presetOf(input.preset) ?? presetFor(chainId);
    const given = await gatherParameters(input, hre.config.rollup.parameters);
    const salt = saltArgument(input.salt);

    const place = { preset, l1ChainId: chainId, deployer };
    const proved = given.proof === "validity" ? resolveParameters(given, place) : undefined;
    const { cache } = hre.config.rollup;
    const ceremony = input.ceremony === undefined ? undefined : await readCeremony(input.ceremony);
    const work = () => programFor(proved ?? { proof: "fraud" }, chainId, { cache, ceremony });
    const { program, keys } = await (proved === undefined
      ? work()
      : output.progress("Making the circuit and its key", work));
    const bookPath = join(deploymentFolder(hre, networkName), "rollup.json");
    if (!isInProcess(connection) && !input.dryRun) {
      const earlier = await findEarlier(
        bookPath,
        connection,
        { preset, given, machineHash: program.machineHash, salt },
        output,
      );
      if (earlier !== undefined) {
        const book = withUrls(earlier, memberUrlsOf(given));
        if (book !== earlier) await writeDeployment(bookPath, book);
        return report(context, connection, book, undefined, bookPath);
      }
    }

    const parameters = resolveParameters(given, place);
    const options: Omit<DeployOptions, "signer" | "journal"> = {
      network: networkName,
      parameters,
      program,
      keys,
      bond: !input.withoutSequencer,
      memberUrls: memberUrlsOf(given),
      restartOnNewChain: preset === "dev",
      salt,
    };
    showParameters(output, `Rollup on ${networkName} (chain ${chainId}), deployed by ${deployer}`, parameters);

    const planned = await showAddresses(output, chainId, deployer, options);
    if (input.dryRun) {
      const result = await output.progress("Rehearsing on a copy of the chain", () =>
        rehearse(hre, connection, { ...options, deployer }),
      );
      const plan = await showRehearsal(output, connection, options, result, deployer);
      return planned === undefined ? plan : { ...plan, salt, contracts: planned };
    }

    await confirm(hre, connection, { isLocal: preset === "dev", yes: input.yes });
    const steps = deploymentSteps(parameters);
    const result = await deploySuite({
      ...options,
      signer,
      journal: isInProcess(connection)
        ? memoryJournal()
        : fileJournal(join(deploymentFolder(hre, networkName), "journal.json")),
      onNotice: (line) => output.line(`  ${line}`),
      onStep: ({ id, title, outcome, gasUsed }) => {
        const number = (steps.findIndex((step) => step.id === id) + 1).toString();
        const what = outcome === "found" ? "done before" : `${gasUsed.toLocaleString("en")} gas`;
        output.line(`  ${number}/${steps.length} ${title}: ${what}`);
      },
    });
    if (!isInProcess(connection)) await writeDeployment(bookPath, result.deployment);
    return report(context, connection, result.deployment, result, isInProcess(connection) ? undefined : bookPath);
  },
);

function saltArgument(text: string | undefined): Hex | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSalt(text);
  } catch (error) {
    if (error instanceof RangeError) throw new ArgumentError("salt", `--${error.message}`);
    throw error;
  }
}

/** Where everything will be, as far as that is known: with a salt. */
async function showAddresses(
  output: Output,
  l1ChainId: bigint,
  deployer: Hex,
  { salt, parameters, program, keys, bond }: Omit<DeployOptions, "signer" | "journal">,
): Promise<Record<string, Hex> | undefined> {
  if (salt === undefined) return undefined;
  const contracts = await plannedContracts({ ...{ parameters, program, keys, bond, salt }, deployer, l1ChainId });
  output.table([
    { type: "section-header", text: `Addresses from salt ${salt}` },
    ...Object.entries(contracts).map((cells) => ({ type: "row" as const, cells })),
  ]);
  return contracts;
}

function presetOf(preset: string | undefined): Preset | undefined {
  if (preset === undefined || isPreset(preset)) return preset;
  throw new ArgumentError("preset", `--preset ${preset} is unknown; there are ${Object.keys(PRESETS).join(", ")}`);
}

/** Config, then parameter file, then flags: the later wins. */
async function gatherParameters(
  input: DeployArguments & { [Key in keyof RollupParameters]: string | undefined },
  config: RollupParametersInput,
): Promise<RollupParametersInput> {
  const file = input.parameters === undefined ? {} : await readParameterFile(input.parameters);
  const flags = Object.fromEntries(
    PARAMETER_NAMES.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])),
  );
  return { ...config, ...file, ...flags };
}

async function readParameterFile(path: string): Promise<RollupParametersInput> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const reason = isMissing(error) ? "there is no such file" : (error as Error).message;
    throw new ArgumentError("parameters", `parameter file ${path}: ${reason}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ArgumentError("parameters", `parameter file ${path} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ArgumentError("parameters", `parameter file ${path} holds no JSON object of parameters`);
  }
  return value;
}

interface Wanted {
  preset: Preset;
  given: RollupParametersInput;
  machineHash: Hex;
  salt: Hex | undefined;
}

/** The deployment that an earlier run finished here, if the chain still has it. */
async function findEarlier(
  path: string,
  { ethers, networkName }: NetworkConnection,
  { preset, given, machineHash, salt }: Wanted,
  output: Output,
): Promise<Deployment | undefined> {
  let earlier: Deployment;
  try {
    earlier = await readDeployment(path);
  } catch (error) {
    if (error instanceof AddressBookError && error.missing) return undefined;
    throw error;
  }
  if ((await ethers.provider.getCode(earlier.contracts.SuiteFactory.address)) === "0x" && preset === "dev") {
    output.line(`${path} is of a chain that is gone; deploying anew`);
    return undefined;
  }
  const { values } = parseParameters(given);
  const other = PARAMETER_NAMES.find(
    (name) => values[name] !== undefined && String(values[name]) !== String(earlier.parameters[name]),
  );
  if (other !== undefined) {
    throw new ArgumentError(
      other,
      `network "${networkName}" has a rollup with ${other} ${format(other, earlier.parameters)}; move ${path} away to deploy another`,
    );
  }
  if (earlier.program.machineHash !== machineHash) {
    throw new ArgumentError(
      "network",
      `network "${networkName}" has a rollup of the program ${earlier.program.machineHash}, this package's is ${machineHash}; move ${path} away to deploy another`,
    );
  }
  // Who names no salt takes what is there.
  if (salt !== undefined && salt !== earlier.salt) {
    throw new ArgumentError(
      "salt",
      `network "${networkName}" has a rollup ${earlier.salt === undefined ? "without salt" : `with salt ${earlier.salt}`}; move ${path} away to deploy another`,
    );
  }
  output.line(`Network "${networkName}" has this rollup already; reading it back`);
  return earlier;
}

/** Members' servers move: what is named now counts. */
function withUrls(deployment: Deployment, urls: MemberUrls): Deployment {
  return Object.keys(urls).length === 0
    ? deployment
    : { ...deployment, memberUrls: { ...deployment.memberUrls, ...urls } };
}

function format(name: keyof RollupParameters, parameters: RollupParameters): string {
  const value = parameters[name];
  if (typeof value === "object") return value.join(", ");
  if (typeof value === "string") return value;
  if (PARAMETERS[name].kind === "time") return formatTime(value);
  return PARAMETERS[name].kind === "amount" ? `${formatEther(value)} ETH` : value.toString();
}

function showParameters(output: Output, title: string, parameters: RollupParameters): void {
  output.table([
    { type: "section-header", text: title },
    ...PARAMETER_NAMES.filter((name) => (PARAMETERS[name].da ?? parameters.da) === parameters.da).flatMap((name) => {
      // A line for each member.
      const [first = "", ...more] = format(name, parameters).split(", ");
      const rows = [[name, first, PARAMETERS[name].about], ...more.map((member) => ["", member, ""])];
      return rows.map((cells) => ({ type: "row" as const, cells }));
    }),
  ]);
}

async function showRehearsal(
  output: Output,
  { ethers }: NetworkConnection,
  { parameters, bond }: Omit<DeployOptions, "signer" | "journal">,
  { steps, deployment }: DeployResult,
  deployer: string,
): Promise<object> {
  const { maxFeePerGas, gasPrice } = await ethers.provider.getFeeData();
  const price = maxFeePerGas ?? gasPrice ?? 0n;
  const balance = await ethers.provider.getBalance(deployer);
  const gasUsed = steps.reduce((sum, step) => sum + step.gasUsed, 0n);
  const needed = gasUsed * price + (bond ? parameters.sequencerBond : 0n);
  output.table([
    { type: "section-header", text: "Plan (nothing was sent)" },
    { type: "header", cells: ["Step", "Gas"] },
    ...steps.map(({ title, gasUsed: gas }) => ({ type: "row" as const, cells: [title, gas.toLocaleString("en")] })),
    { type: "row", cells: ["Sum", gasUsed.toLocaleString("en")] },
  ]);
  output.line(
    `At most ${formatEther(gasUsed * price)} ETH for gas${bond ? ` and ${formatEther(parameters.sequencerBond)} ETH of bond` : ""}; ` +
      `the deployer has ${formatEther(balance)} ETH${balance < needed ? ", which is not enough" : ""}.`,
  );
  return {
    dryRun: true,
    network: deployment.network,
    l1ChainId: deployment.l1ChainId,
    deployer,
    parameters,
    steps: steps.map(({ id, title, gasUsed: gas }) => ({ id, title, gasUsed: gas })),
    gasUsed,
    gasPrice: price,
    cost: gasUsed * price,
    bond: bond ? parameters.sequencerBond : 0n,
    balance,
    enough: balance >= needed,
  };
}

async function report(
  { output }: TaskContext,
  connection: NetworkConnection,
  deployment: Deployment,
  result: DeployResult | undefined,
  bookPath: string | undefined,
): Promise<object> {
  const checks = await output.progress("Reading everything back from the chain", () =>
    verifyDeployment(deployment, connection.ethers.provider),
  );
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length > 0) {
    throw new LinesError(
      failed.map(({ name, expected, actual }) => `${name} is ${actual} on the chain; ${expected} expected`),
    );
  }
  const gasUsed = result?.steps.reduce((sum, step) => sum + step.gasUsed, 0n);
  output.table([
    { type: "section-header", text: "Contracts" },
    ...Object.entries(deployment.contracts).map(([name, { address }]) => ({
      type: "row" as const,
      cells: [name, address],
    })),
  ]);
  output.line(`${checks.length} checks against the chain passed.`);
  if (gasUsed !== undefined) output.line(`Gas of all transactions: ${gasUsed.toLocaleString("en")}.`);
  output.line(
    bookPath === undefined
      ? `Network "${connection.networkName}" ends with this process, and the rollup with it; for one that stays, run rollup:node or add --network.`
      : `Address book: ${bookPath}`,
  );
  return {
    ...deployment,
    ...(bookPath === undefined ? {} : { addressBook: bookPath }),
    checks: checks.length,
    gasUsed,
    steps: result?.steps,
  };
}
