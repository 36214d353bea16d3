import { sourcesOf, type SourceOfContract } from "../deploy/sources.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { ExplorerError, explorersOf, openExplorers, type Explorer, type Verdict } from "./support/explorers.js";
import { LinesError } from "./support/explain.js";
import { openDeployment } from "./support/network.js";

interface VerifyArguments extends CommonArguments {
  deployment: string | undefined;
  explorers: string | undefined;
  contract: string | undefined;
}

interface Line extends Verdict {
  name: string;
  address: string;
  explorer: Explorer;
}

export default action<VerifyArguments>(async ({ deployment: path, explorers: named, contract }, { hre, output }) => {
  const explorers = await explorersOf(hre, named);
  const connection = await hre.network.getOrCreate();
  const deployment = await openDeployment(hre, connection, path);
  const sources = selected(await sourcesOf(deployment, connection.ethers.provider), contract);
  const show = await openExplorers(hre, connection);

  const lines: Line[] = [];
  const leftOut: string[] = [];
  const problems: string[] = [];
  const asked = new Set(explorers);
  for (const source of sources) {
    const { name, address, contract: solidity } = source;
    if (solidity === undefined) {
      leftOut.push(name);
      output.line(
        `  ${name} ${address}: left out; its code is published compiled, by the npm package poseidon-solidity`,
      );
      continue;
    }
    for (const explorer of asked) {
      try {
        const verdict = await show({ ...source, contract: solidity }, explorer);
        lines.push({ name, address, explorer, ...verdict });
        if (verdict.outcome === "failed") problems.push(`${name} ${address}: failed on ${explorer}: ${verdict.reason}`);
        else output.line(`  ${name} ${address}: ${verdict.outcome} on ${explorer}`);
      } catch (error) {
        if (!(error instanceof ExplorerError)) throw error;
        asked.delete(explorer);
        // Who named it wants it.
        if (!error.isOfOtherChains || named !== undefined) problems.push(`${explorer}: ${error.message}`);
        else output.line(`  ${explorer}: left out; ${error.message}`);
      }
    }
  }
  if (lines.length === 0 && problems.length === 0)
    problems.push("no explorer has this chain; see `chainDescriptors` of the Hardhat config");
  if (problems.length > 0) throw new LinesError(problems);
  const count = (outcome: Verdict["outcome"]) => lines.filter((line) => line.outcome === outcome).length;
  output.line(`${count("verified")} verified, ${count("already verified")} already verified.`);
  return { contracts: lines, leftOut };
});

/** All, or the one with a name: that of the Solidity contract, or what the lines call it. */
function selected(sources: readonly SourceOfContract[], wanted: string | undefined): readonly SourceOfContract[] {
  if (wanted === undefined) return sources;
  const found = sources.filter(({ name, contract }) => name === wanted || contract === wanted);
  if (found.length > 0) return found;
  throw new ArgumentError(
    "contract",
    `--contract ${wanted} is no contract of this rollup; there are ${sources.map(({ name }) => name).join(", ")}`,
  );
}
