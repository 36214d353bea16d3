import { createRequire } from "node:module";

import { hasParameter, PARAMETER_NAMES, PARAMETERS, type Preset } from "../../deploy/parameters.js";
import { describeRole, type RoleHolder } from "../../deploy/roles.js";
import type { Hex, RollupParameters } from "../../plugin/types.js";
import { formatParameter } from "../deploy/plan.js";
import type { Fork } from "../support/fork.js";
import type { Played } from "./play.js";
import type { Script } from "./script.js";
import { gasRows, readTransactions } from "./transactions.js";
import type { Finding, RehearsalReport, StepReport, Verdict } from "./types.js";

export interface ReportOptions {
  fork: Fork;
  url: string;
  /** As they were before the rehearsal. */
  roles: readonly RoleHolder[];
  /** What deserves a second thought. */
  warnings: readonly string[];
  preset: Preset;
  parameterFile: string | undefined;
  parameters: RollupParameters;
  deployer: Hex;
  /** Wei. */
  gasPrices: readonly bigint[];
  startedAt: Date;
  script: Script;
  played: Played;
}

/** Puts together what the rehearsal left: the fork's blocks and the script's notes. */
export async function reportOf(options: ReportOptions): Promise<RehearsalReport> {
  const {
    fork,
    url,
    roles,
    warnings,
    preset,
    parameterFile,
    parameters,
    deployer,
    gasPrices,
    startedAt,
    script,
    played,
  } = options;
  const { origin, connection } = fork;
  const { deployed, tokens, durations } = played;
  const { steps } = script;
  const findings = script.findings.toSorted((a, b) => rank(a) - rank(b));
  const transactions = await readTransactions(connection, origin.number, {
    ...{ deployment: deployed?.deployment, tokens, steps, titles: deployed?.titles ?? new Map<Hex, string>() },
  });
  const l1Seconds = steps.reduce((sum, step) => sum + step.l1Seconds, 0n);
  const { name, version } = packageFacts();
  return {
    version: 1,
    verdict: verdictOf(steps, findings),
    rehearsed: {
      ...{ package: name, packageVersion: version, chainId: origin.chainId, node: new URL(url).host },
      ...{ block: origin.number, blockHash: origin.hash, blockTime: origin.timestamp, baseFee: origin.baseFee },
      ...{ preset, parameterFile, deployer, startedAt: startedAt.toISOString() },
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      l1Seconds,
    },
    findings,
    steps: [...steps],
    tokens: tokens.map(({ isDeposited: _, takesFee: __, isOdd: ___, ...token }) => token),
    durations: [...durations],
    gas: gasRows(transactions),
    gasPrices: [origin.baseFee, ...gasPrices],
    parameters: PARAMETER_NAMES.filter((each) => hasParameter(each, parameters)).map((each) => ({
      ...{ name: each, value: formatParameter(each, parameters) || "nobody", about: PARAMETERS[each].about },
    })),
    warnings: [...warnings],
    roles: roles.map((each) => ({
      ...{ role: `${each.role}: ${MAY[each.role]}`, account: each.address, holder: describeRole(each, deployer) },
    })),
    contracts: Object.entries(deployed?.deployment.contracts ?? {}).map(([contract, { address }]) => ({
      ...{ name: contract, address },
    })),
    audit: deployed?.audit ?? { checks: 0, failed: [] },
    transactions,
  };
}

function verdictOf(steps: readonly StepReport[], findings: readonly Finding[]): Verdict {
  const count = (outcome: StepReport["outcome"]) => steps.filter((step) => step.outcome === outcome).length;
  const [asExpected, otherwise, failed] = [count("as expected"), count("otherwise"), count("failed")];
  const skipped = count("skipped");
  const essential = findings.filter(({ severity }) => severity === "essential").length;
  const parts = [
    `${asExpected} of ${steps.length} steps as expected`,
    ...(otherwise > 0 ? [`${otherwise} with notes`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} left out`] : []),
  ];
  const line = `${essential === 0 ? "Nothing essential went wrong" : `${essential} essential ${essential === 1 ? "thing" : "things"} went wrong`}: ${parts.join(", ")}.`;
  return { ok: essential === 0, line, asExpected, otherwise, failed, skipped };
}

function rank({ severity }: Finding): number {
  return severity === "essential" ? 0 : 1;
}

/** What accounts with roles may do. */
const MAY: Readonly<Record<RoleHolder["role"], string>> = {
  guardian: "pauses deposits",
  upgrader: "announces and executes upgrades",
  canceller: "calls upgrades off",
  council: "confirms evidence of a bug",
};

function packageFacts(): { name: string; version: string } {
  return createRequire(import.meta.url)("hardhat-rollup/package.json") as { name: string; version: string };
}
