import { formatEther, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import {
  exitWindow,
  formatAmount,
  formatTime,
  hasParameter,
  leavingTime,
  PARAMETER_NAMES,
  PARAMETERS,
} from "../../deploy/parameters.js";
import { describeRole, type RoleHolder } from "../../deploy/roles.js";
import type { DeployOptions, DeployResult } from "../../deploy/suite.js";
import type { Hex, RollupParameters } from "../../plugin/types.js";
import { rehearse } from "../support/dry-run.js";
import { explain, LinesError } from "../support/explain.js";
import { ForkError } from "../support/fork.js";
import type { Output } from "../support/output.js";
import { roughly } from "../upgrade/text.js";

/** A parameter for people. */
export function formatParameter(name: keyof RollupParameters, parameters: RollupParameters): string {
  const value = parameters[name];
  if (typeof value === "object") return value.join(", ");
  if (typeof value === "string") return value;
  if (PARAMETERS[name].kind === "time") return formatTime(value);
  return PARAMETERS[name].kind === "amount" ? formatAmount(value) : value.toString();
}

/** What will be, before anything is sent: parameters, who holds roles, what deserves a second thought. */
export function showPlan(
  output: Output,
  title: string,
  {
    parameters,
    roles,
    warnings,
    deployer,
  }: { parameters: RollupParameters; roles: readonly RoleHolder[]; warnings: readonly string[]; deployer: Hex },
): void {
  output.table([
    { type: "section-header", text: title },
    ...PARAMETER_NAMES.filter((name) => hasParameter(name, parameters)).flatMap((name) => {
      // A line for each member.
      const [first = "", ...more] = formatParameter(name, parameters).split(", ");
      const rows = [[name, first, PARAMETERS[name].about], ...more.map((member) => ["", member, ""])];
      return rows.map((cells) => ({ type: "row" as const, cells }));
    }),
  ]);
  output.table([
    { type: "section-header", text: "Who will have a role, and what is there now" },
    ...roles.map((role) => ({
      type: "row" as const,
      cells: [role.role, role.address, describeRole(role, deployer)],
    })),
  ]);
  output.line(
    `Whoever dislikes an upgrade has ${roughly(exitWindow(parameters))} to decide to leave: upgradeDelay less ${roughly(leavingTime(parameters))}, which leaving takes at most.`,
  );
  for (const warning of warnings) output.line(`Warning: ${warning}`);
}

type Planned = Omit<DeployOptions, "signer" | "journal">;

/** What a deployment takes, as a rehearsal on a copy of the chain found. Amounts in wei. */
export interface Cost {
  steps: readonly { id: string; title: string; gasUsed: bigint }[];
  gasUsed: bigint;
  /** The most that a unit of gas may cost: what the node suggests as a limit for the next blocks. */
  gasPrice: bigint;
  /** Of the gas at that price. */
  cost: bigint;
  bond: bigint;
  balance: bigint;
  enough: boolean;
  /** Gas at the price of now, and the bond: whoever has less need not begin. */
  least: bigint;
}

/** Rehearses on a copy of the chain. @throws {ForkError} when there cannot be one; else what the deployment would fail with. */
export async function costOf(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  planned: Planned,
  deployer: Hex,
): Promise<Cost> {
  const result = await rehearse(hre, connection, { ...planned, deployer }).catch((error: unknown) => {
    if (error instanceof ForkError) throw error;
    throw new LinesError(
      explain(error).map((line) => `nothing was sent, because the rehearsal on a copy of the chain failed: ${line}`),
      { cause: error },
    );
  });
  return priced(connection.ethers.provider, planned, result, deployer);
}

async function priced(
  provider: Provider,
  { parameters, bond: isBonded }: Planned,
  { steps }: DeployResult,
  deployer: Hex,
): Promise<Cost> {
  const { maxFeePerGas, gasPrice: priceNow } = await provider.getFeeData();
  const gasPrice = maxFeePerGas ?? priceNow ?? 0n;
  const balance = await provider.getBalance(deployer);
  const gasUsed = steps.reduce((sum, step) => sum + step.gasUsed, 0n);
  const bond = isBonded ? parameters.sequencerBond : 0n;
  return {
    steps: steps.map(({ id, title, gasUsed: gas }) => ({ id, title, gasUsed: gas })),
    ...{ gasUsed, gasPrice, cost: gasUsed * gasPrice, bond, balance },
    enough: balance >= gasUsed * gasPrice + bond,
    least: gasUsed * (priceNow ?? gasPrice) + bond,
  };
}

/** @param title Of the table. */
export function showCost(output: Output, title: string, { steps, gasUsed, cost, bond, balance, enough }: Cost): void {
  output.table([
    { type: "section-header", text: title },
    { type: "header", cells: ["Step", "Gas"] },
    ...steps.map(({ title: step, gasUsed: gas }) => ({
      type: "row" as const,
      cells: [step, gas.toLocaleString("en")],
    })),
    { type: "row", cells: ["Sum", gasUsed.toLocaleString("en")] },
  ]);
  output.line(
    `At most ${formatEther(cost)} ETH for gas${bond === 0n ? "" : ` and ${formatEther(bond)} ETH of bond`}; ` +
      `the deployer has ${formatEther(balance)} ETH${enough ? "" : ", which is not enough"}.`,
  );
}

/** The cost where it can be known: a chain that cannot be forked has one too, which only the deployment itself tells. */
export async function costIfKnown(
  ...[hre, connection, planned, deployer]: Parameters<typeof costOf>
): Promise<Cost | ForkError> {
  try {
    return await costOf(hre, connection, planned, deployer);
  } catch (error) {
    if (error instanceof ForkError) return error;
    throw error;
  }
}
