import { sourcesOf, type SourceOfContract } from "../deploy/sources.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { explorersOf, openExplorers, type Explorer, type Verdict } from "./support/explorers.js";
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
  for (const source of sources) {
    const { name, address } = source;
    if (source.contract === undefined) {
      leftOut.push(name);
      output.line(
        `  ${name} ${address}: left out; its code is published compiled, by the npm package poseidon-solidity`,
      );
      continue;
    }
    for (const explorer of explorers) {
      const verdict = await show({ ...source, contract: source.contract }, explorer);
      lines.push({ name, address, explorer, ...verdict });
      if (verdict.outcome !== "failed") output.line(`  ${name} ${address}: ${verdict.outcome} on ${explorer}`);
    }
  }
  const failed = lines.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) {
    throw new LinesError(
      failed.map(({ name, address, explorer, reason }) => `${name} ${address}: failed on ${explorer}: ${reason}`),
    );
  }
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
