import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseUnits, Wallet } from "ethers";

import { presetFor, readParameterFile, warningsOf } from "../deploy/parameters.js";
import { readHolders, requireSafes } from "../deploy/roles.js";
import type { Hex } from "../plugin/types.js";
import { saltArgument } from "./deploy/addresses.js";
import { presetArgument } from "./deploy/parameters.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { addressArgument, required } from "./support/arguments.js";
import { LinesError } from "./support/explain.js";
import { forkFrom } from "./support/fork.js";
import { untilInterrupted } from "./support/signal.js";
import { LOCAL_CHAIN_ID, rehearsedParameters } from "./rehearse/deploy.js";
import { play } from "./rehearse/play.js";
import { reportOf } from "./rehearse/report.js";
import { createScript } from "./rehearse/script.js";
import { tokensArgument } from "./rehearse/tokens.js";
import { requireFolder, writeReport } from "./rehearse/write.js";

interface RehearseArguments extends CommonArguments {
  fork: string | undefined;
  block: number;
  parameters: string | undefined;
  preset: string | undefined;
  deployer: string | undefined;
  tokens: string | undefined;
  gasPrices: string;
  report: string | undefined;
  salt: string | undefined;
}

export default action<RehearseArguments>(async (input, { hre, output }) => {
  const url = required("fork", input.fork, "https://mainnet.example/key");
  const preset = presetArgument(input.preset);
  const salt = saltArgument(input.salt);
  const gasPrices = pricesArgument(input.gasPrices);
  const named = input.deployer === undefined ? undefined : addressArgument("deployer", input.deployer);
  const deployer = named ?? (Wallet.createRandom().address as Hex);
  const file = input.parameters === undefined ? { parameters: {} } : await readParameterFile(input.parameters);
  const given = { ...hre.config.rollup.parameters, ...file.parameters };
  // Keys for development are refused on every chain that is not local, and others there are not before the ceremony.
  const chainId = given.proof === "validity" ? LOCAL_CHAIN_ID : undefined;
  const block = input.block < 0 ? undefined : input.block;
  const startedAt = new Date();
  const { signal, release } = untilInterrupted();
  const disk = await mkdtemp(join(tmpdir(), "rollup-rehearsal-"));
  try {
    const fork = await forkFrom(hre, url, { chainId, block, signal });
    try {
      const { origin, connection } = fork;
      const folder = input.report ?? join(hre.config.paths.root, "rehearsals", `${origin.chainId}-${origin.number}`);
      const tokens = await tokensArgument(input.tokens, origin.chainId);
      const place = { preset: preset ?? file.preset ?? presetFor(origin.chainId), l1ChainId: origin.chainId, deployer };
      const { parameters, members } = rehearsedParameters(given, place);
      const { provider } = connection.ethers;
      await requireSafes(provider, given);
      await requireFolder(folder);
      const roles = await readHolders(provider, parameters);
      const holders = new Map(
        roles.flatMap(({ address, holder }) => (holder === undefined ? [] : [[address, holder]])),
      );
      output.line(
        `A fork of chain ${origin.chainId} after block ${origin.number}, in this process: nothing is sent to ${new URL(url).host}.`,
      );
      const script = createScript(connection, output, signal);
      const options = { hre, fork, parameters, deployer, isFresh: named === undefined, members, salt, tokens };
      const played = await play({ ...options, script, output, signal, disk: join(disk, "sequencer") });
      const facts = { fork, url, roles, preset: place.preset, parameterFile: input.parameters, parameters, deployer };
      const warnings = warningsOf(parameters, { ...place, holders });
      const report = await reportOf({ ...facts, warnings, gasPrices, startedAt, script, played });
      signal.throwIfAborted();
      const files = await writeReport(folder, report);
      output.heading(report.verdict.line);
      output.line(`Report: ${files.html}, ${files.json}`);
      output.document(report);
      if (!report.verdict.ok) {
        throw new LinesError(
          report.findings
            .filter(({ severity }) => severity === "essential")
            .map(({ step, what, error }) => `${step}: ${what}${error === undefined ? "" : ` (${error})`}`),
        );
      }
      return report;
    } finally {
      await fork.close();
    }
  } catch (error) {
    if (signal.aborted) throw new LinesError(["interrupted: the fork is gone, no report was written"]);
    throw error;
  } finally {
    release();
    await rm(disk, { recursive: true, force: true });
  }
});

/** `5,30,100` gwei, in wei. */
function pricesArgument(given: string): bigint[] {
  return given.split(",").map((each) => {
    if (!/^\d{1,9}(\.\d{1,9})?$/.test(each.trim())) {
      throw new ArgumentError("gasPrices", `--gas-prices ${given} is none; right is gwei, for example 5,30,100`);
    }
    return parseUnits(each.trim(), "gwei");
  });
}
