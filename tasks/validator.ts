import { join } from "node:path";

import { loadLedger } from "../plugin/hardhat/ledger.js";
import { connectL1 } from "../plugin/l1/client.js";
import { checkDeployedProgram } from "../plugin/l1/program.js";
import { createSource } from "../plugin/l1/source.js";
import { openLevelStore } from "../plugin/store/level.js";
import { memoryStore } from "../plugin/store/memory.js";
import { describe, type Summary } from "../plugin/validator/types.js";
import { createValidator } from "../plugin/validator/validator.js";
import { action, type RollupArguments } from "./support/action.js";
import { LinesError } from "./support/explain.js";
import { openDeployment } from "./support/network.js";
import { untilInterrupted } from "./support/signal.js";

interface ValidatorArguments extends RollupArguments {
  once: boolean;
  storage: string | undefined;
}

export default action<ValidatorArguments>(async (input, { hre, output }) => {
  const connection = await hre.network.getOrCreate();
  const deployment = await openDeployment(hre, connection, input.deployment);
  const client = connectL1(connection.ethers.provider, deployment);
  const program = loadLedger();
  await checkDeployedProgram(client, program.machineHash);
  const storage = input.storage ?? join(hre.config.paths.root, ".rollup", `${connection.networkName}-validator`);
  // One look needs no memory of the last; watching continues where it stopped.
  const store = input.once && input.storage === undefined ? memoryStore() : await openLevelStore(storage);
  const { signal, release } = untilInterrupted();
  let summary: Summary | undefined;
  try {
    const validator = await createValidator({
      client,
      source: createSource(client),
      program,
      store,
      log: (event) => {
        output.line(describe(event));
      },
    });
    output.line(`Validating chain ${deployment.parameters.l2ChainId} from L1 block ${deployment.fromBlock} on`);
    summary = await validator.run({ watch: !input.once, signal }).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    summary ??= await validator.run({ watch: false });
  } finally {
    release();
    await store.close();
  }
  output.line(`${summary.agreed} of ${summary.batches} batches agree, up to L1 block ${summary.block}.`);
  if (summary.disagreement !== undefined) throw new LinesError([describe(summary.disagreement)]);
  return summary;
});
