import { join } from "node:path";

import { formatEther, formatUnits, type Provider } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { AddressBookError, readDeployment, writeDeployment } from "../deploy/address-book.js";
import { fileJournal, type JournalStore, memoryJournal } from "../deploy/journal.js";
import {
  memberUrlsOf,
  PARAMETER_NAMES,
  parseParameters,
  presetFor,
  resolveParameters,
  type RollupParametersInput,
  warningsOf,
} from "../deploy/parameters.js";
import { readHolders, requireSafes } from "../deploy/roles.js";
import { deploymentSteps, deploySuite, type DeployOptions, type DeployResult } from "../deploy/suite.js";
import { verifyDeployment, type VerifyOptions } from "../deploy/verify.js";
import { programFor, readCeremony } from "../plugin/hardhat/proof.js";
import type { Deployment, Hex, MemberUrls } from "../plugin/types.js";
import { saltArgument, showAddresses } from "./deploy/addresses.js";
import { gatherParameters, type ParameterArguments } from "./deploy/parameters.js";
import { type Cost, costIfKnown, costOf, formatParameter, showCost, showPlan } from "./deploy/plan.js";
import { action, ArgumentError, type CommonArguments, type TaskContext } from "./support/action.js";
import { confirm } from "./support/confirm.js";
import { LinesError } from "./support/explain.js";
import { ForkError } from "./support/fork.js";
import { accountOf, deploymentFolder, isInProcess } from "./support/network.js";
import type { Output } from "./support/output.js";

interface DeployArguments extends CommonArguments {
  dryRun: boolean;
  yes: boolean;
  withoutSequencer: boolean;
  ceremony: string | undefined;
  salt: string | undefined;
}

export default action<DeployArguments & ParameterArguments>(async (input, context) => {
  const { hre, output } = context;
  const connection = await hre.network.getOrCreate();
  const { networkName } = connection;
  const { signer, address: deployer } = await accountOf(connection);
  const { chainId } = await connection.ethers.provider.getNetwork();
  const { preset: named, given } = await gatherParameters(input, hre.config.rollup.parameters);
  const preset = named ?? presetFor(chainId);
  const isLocal = presetFor(chainId) === "dev";
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
  const journal = isInProcess(connection)
    ? memoryJournal()
    : fileJournal(join(deploymentFolder(hre, networkName), "journal.json"));
  if (!isInProcess(connection) && !input.dryRun) {
    const wanted = { isLocal, journal, given, machineHash: program.machineHash, salt };
    const earlier = await findEarlier(bookPath, connection, wanted, output);
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
    restartOnNewChain: isLocal,
    salt,
  };
  const { provider } = connection.ethers;
  const roles = await readHolders(provider, parameters);
  const holders = new Map(roles.flatMap(({ address, holder }) => (holder === undefined ? [] : [[address, holder]])));
  const warnings = warningsOf(parameters, { preset, deployer, holders });
  const title = `Rollup on ${networkName} (chain ${chainId}), deployed by ${deployer}, over the defaults of "${preset}"`;
  showPlan(output, title, { parameters, roles, warnings, deployer });
  const contracts = await showAddresses(output, chainId, deployer, options);
  await requireSafes(provider, given);

  if (input.dryRun) {
    const cost = await output.progress("Rehearsing on a copy of the chain", () =>
      costOf(hre, connection, options, deployer),
    );
    showCost(output, "Plan (nothing was sent)", cost);
    return {
      dryRun: true,
      network: networkName,
      l1ChainId: chainId,
      deployer,
      preset,
      parameters,
      roles,
      warnings,
      ...cost,
      ...(contracts === undefined ? {} : { salt, contracts }),
    };
  }

  if (!isLocal && !isInProcess(connection)) await showCostBefore(context, connection, options, { deployer, journal });
  await confirm(hre, connection, { isLocal, yes: input.yes });
  const steps = deploymentSteps(parameters);
  const result = await deploySuite({
    ...options,
    signer,
    journal,
    onNotice: (line) => output.line(`  ${line}`),
    onStep: ({ id, title, outcome, gasUsed }) => {
      const number = (steps.findIndex((step) => step.id === id) + 1).toString();
      const what = outcome === "found" ? "done before" : `${gasUsed.toLocaleString("en")} gas`;
      output.line(`  ${number}/${steps.length} ${title}: ${what}`);
    },
  });
  if (!isInProcess(connection)) await writeDeployment(bookPath, result.deployment);
  // What was created just now nobody used; later everybody may have.
  const isNew = result.steps.at(-1)?.outcome === "sent";
  const unused = isNew ? { bond: options.bond ? parameters.sequencerBond : 0n } : undefined;
  return report(context, connection, result.deployment, result, isInProcess(connection) ? undefined : bookPath, unused);
});

/** On a real network: what it takes, and whether that is there, before anybody is asked. */
async function showCostBefore(
  { hre, output }: TaskContext,
  connection: NetworkConnection,
  planned: Omit<DeployOptions, "signer" | "journal">,
  { deployer, journal }: { deployer: Hex; journal: JournalStore },
): Promise<void> {
  const isResumed = (await journal.load()) !== undefined;
  const cost = await output.progress("Rehearsing on a copy of the chain", () =>
    costIfKnown(hre, connection, planned, deployer),
  );
  if (cost instanceof ForkError) return output.line(`What it costs is not known before: ${cost.message}`);
  showCost(output, "Plan", cost);
  if (isResumed) output.line("An earlier run was interrupted; what it has done is not paid again.");
  else if (cost.balance < cost.least) throw new ArgumentError("network", notEnough(cost, deployer));
}

function notEnough({ gasUsed, gasPrice, cost, bond, balance }: Cost, deployer: Hex): string {
  return (
    `nothing was sent: ${deployer} has ${formatEther(balance)} ETH, and ${gasUsed.toLocaleString("en")} gas take up to ${formatEther(cost)} ETH ` +
    `at ${formatUnits(gasPrice, "gwei")} gwei${bond === 0n ? "" : `, the bond ${formatEther(bond)} ETH`}; fund it or use another account`
  );
}

interface Wanted {
  isLocal: boolean;
  /** By which the deployment can go on. */
  journal: JournalStore;
  given: RollupParametersInput;
  machineHash: Hex;
  salt: Hex | undefined;
}

/** The deployment that an earlier run finished here, if the chain still has it. */
async function findEarlier(
  path: string,
  { ethers, networkName }: NetworkConnection,
  { isLocal, journal, given, machineHash, salt }: Wanted,
  output: Output,
): Promise<Deployment | undefined> {
  let earlier: Deployment;
  try {
    earlier = await readDeployment(path);
  } catch (error) {
    if (error instanceof AddressBookError && error.missing) return undefined;
    throw error;
  }
  if ((await ethers.provider.getCode(earlier.contracts.SuiteFactory.address)) === "0x" && isLocal) {
    output.line(`${path} is of a chain that is gone; deploying anew`);
    return undefined;
  }
  const gone = await absent(earlier, ethers.provider);
  if (gone !== undefined && (await journal.load()) !== undefined) {
    output.line(`L1 took back ${gone}, which ${path} names; going on where the deployment is now`);
    return undefined;
  }
  const { values } = parseParameters(given);
  const other = PARAMETER_NAMES.find(
    (name) => values[name] !== undefined && String(values[name]) !== String(earlier.parameters[name]),
  );
  if (other !== undefined) {
    throw new ArgumentError(
      other,
      `network "${networkName}" has a rollup with ${other} ${formatParameter(other, earlier.parameters)}; move ${path} away to deploy another`,
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

/** A contract of an address book of this very chain that is not there. */
async function absent({ contracts, l1ChainId }: Deployment, provider: Provider): Promise<string | undefined> {
  if ((await provider.getNetwork()).chainId !== l1ChainId) return undefined;
  for (const [name, { address }] of Object.entries(contracts)) {
    if ((await provider.getCode(address)) === "0x") return name;
  }
  return undefined;
}

/** Members' servers move: what is named now counts. */
function withUrls(deployment: Deployment, urls: MemberUrls): Deployment {
  return Object.keys(urls).length === 0
    ? deployment
    : { ...deployment, memberUrls: { ...deployment.memberUrls, ...urls } };
}

async function report(
  { output }: TaskContext,
  connection: NetworkConnection,
  deployment: Deployment,
  result: DeployResult | undefined,
  bookPath: string | undefined,
  unused?: VerifyOptions["unused"],
): Promise<object> {
  const checks = await output.progress("Reading everything back from the chain", () =>
    verifyDeployment(deployment, connection.ethers.provider, { unused }),
  );
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length > 0) {
    throw new LinesError(failed.map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`));
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
