import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { memoryJournal } from "../../deploy/journal.js";
import { type ParameterContext, resolveParameters, type RollupParametersInput } from "../../deploy/parameters.js";
import { deploymentSteps, deploySuite } from "../../deploy/suite.js";
import { verifyDeployment } from "../../deploy/verify.js";
import { localKeys } from "../../plugin/hardhat/local-committee.js";
import { programFor } from "../../plugin/hardhat/proof.js";
import { type Deployment, type Hex, type RollupParameters, ZERO_ADDRESS } from "../../plugin/types.js";
import { type Fork, impersonate, setBalance } from "../support/fork.js";
import type { StepLog } from "./script.js";
import type { Audit } from "./types.js";

/** Where validity proofs may be made with keys for development. */
export const LOCAL_CHAIN_ID = 31_337n;
/** More than any deployment costs. */
const PLENTY = 10n ** 24n;

export interface Deployed {
  deployment: Deployment;
  audit: Audit;
  /** What each transaction of it did. */
  titles: ReadonlyMap<Hex, string>;
}

/**
 * The parameters of the rehearsal: those given, but with a committee whose members run in this process, because the real
 * ones hold no data of a fork.
 */
export function rehearsedParameters(
  given: RollupParametersInput,
  place: ParameterContext,
): { parameters: RollupParameters; members: number } {
  const real = resolveParameters(given, place);
  if (real.da !== "committee") return { parameters: real, members: 0 };
  const members = real.committeeMembers.length;
  const committeeMembers = localKeys(members)
    .map(({ address }) => address as Hex)
    .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return { parameters: { ...real, committeeMembers, committeeKeys: ZERO_ADDRESS }, members };
}

/** Deploys as the deployer, without a sequencer, and reads everything back. */
export async function deploy(
  hre: HardhatRuntimeEnvironment,
  { connection, origin }: Fork,
  {
    parameters,
    deployer,
    isFresh,
    members,
    salt,
  }: { parameters: RollupParameters; deployer: Hex; isFresh: boolean; members: number; salt: Hex | undefined },
  log: StepLog,
  signal: AbortSignal,
): Promise<Deployed> {
  const { provider } = connection.ethers;
  const had = await provider.getBalance(deployer);
  const isProved = parameters.proof === "validity";
  const { program, keys } = await programFor(isProved ? parameters : { proof: "fraud" }, LOCAL_CHAIN_ID, {
    cache: hre.config.rollup.cache,
  });
  if (isProved) {
    log.find({
      severity: "note",
      what: "Proofs were made with keys for development",
      meaning:
        "Whoever made these keys can forge proofs, so that they are refused on real chains: the fork ran as chain 31337. The real deployment takes the keys of a ceremony (rollup:deploy --ceremony); gas is the same.",
    });
  }
  if (members > 0) {
    log.find({
      severity: "note",
      what: `The committee's ${members} members ran in this process`,
      meaning:
        "The real members hold no data of a fork. Their number and threshold are the real ones, their keys and servers are not rehearsed.",
    });
  }
  const signer = await impersonate(connection, deployer, PLENTY);
  const { deployment, steps } = await deploySuite({
    ...{ network: `fork of chain ${origin.chainId}`, parameters, program, keys, signer, bond: false, salt, signal },
    journal: memoryJournal(),
    restartOnNewChain: true,
  });
  const gasUsed = steps.reduce((sum, step) => sum + step.gasUsed, 0n);
  log.say(
    `${Object.keys(deployment.contracts).length} contracts in ${deploymentSteps(parameters).length} transactions by ${deployer}: ${gasUsed} gas`,
  );
  const cost = gasUsed * origin.baseFee;
  if (had < cost && !isFresh) {
    log.find({
      severity: "note",
      what: "The deployer has too little ETH on the real chain",
      meaning:
        "At the base fee of the forked block the deployment alone costs more, bond and tips aside. The fork gave it enough.",
      ...{ expected: `${cost} wei`, actual: `${had} wei` },
    });
  }
  await setBalance(connection, deployer, had);
  const checks = await verifyDeployment(deployment, provider);
  const failed = checks.filter(({ ok }) => !ok);
  for (const { name, expected, actual } of failed) {
    log.find({
      ...{ severity: "essential", what: `${name} is not what was to be deployed`, expected, actual },
      meaning: "What stands on the chain differs from the parameters or from this package.",
    });
  }
  log.say(
    `${checks.length - failed.length} of ${checks.length} things read back from the chain are as they should be.`,
  );
  const audit = {
    checks: checks.length,
    failed: failed.map(({ name, expected, actual }) => ({ name, expected, actual })),
  };
  return { deployment, audit, titles: new Map(steps.map(({ transaction, title }) => [transaction, title])) };
}
