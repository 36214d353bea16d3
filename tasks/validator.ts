import { join } from "node:path";

import { loadLedger } from "../plugin/hardhat/ledger.js";
import { programOfSuite } from "../plugin/hardhat/proof.js";
import { committeeReader } from "../plugin/hardhat/committee.js";
import { connectL1 } from "../plugin/l1/client.js";
import { checkDeployedProgram } from "../plugin/l1/program.js";
import { createSource } from "../plugin/l1/source.js";
import { openLevelStore } from "../plugin/store/level.js";
import { memoryStore } from "../plugin/store/memory.js";
import { describe, type Program, type Summary } from "../plugin/validator/types.js";
import { createValidator } from "../plugin/validator/validator.js";
import { action, ArgumentError, type RollupArguments } from "./support/action.js";
import { type BlobArguments, openBlobs } from "./support/blobs.js";
import { LinesError } from "./support/explain.js";
import { type MemberArguments, membersArgument } from "./support/members.js";
import { accountOf, openDeployment } from "./support/network.js";
import { untilInterrupted } from "./support/signal.js";

interface ValidatorArguments extends RollupArguments, BlobArguments, MemberArguments {
  from: string | undefined;
  once: boolean;
  watchOnly: boolean;
  storage: string | undefined;
}

export default action<ValidatorArguments>(async (input, { hre, output }) => {
  const connection = await hre.network.getOrCreate();
  const deployment = await openDeployment(hre, connection, input.deployment);
  const player = input.watchOnly || input.once ? undefined : await accountOf(connection, input.from);
  const { blobSources } = openBlobs(hre, connection.networkName, input);
  const warn = (line: string) => {
    output.line(line);
  };
  const committee = committeeReader(deployment, membersArgument(deployment, input));
  const client = connectL1(connection.ethers.provider, deployment, player?.signer, { blobSources, committee, warn });
  const isFraud = deployment.parameters.proof === "fraud";
  const machine = isFraud ? loadLedger() : undefined;
  const program: Program = machine ?? programOfSuite(deployment);
  await checkDeployedProgram(client, program.machineHash, undefined, program.state?.genesis[0]);
  if (player !== undefined && (await client.registry.isSequencer(player.address))) {
    throw new ArgumentError(
      "from",
      `${player.address} is a sequencer; two processes cannot share an account: name another one by --from, or add --watch-only`,
    );
  }
  const storage = input.storage ?? join(hre.config.paths.root, ".rollup", `${connection.networkName}-validator`);
  // One look needs no memory of the last; watching continues where it stopped.
  const store = input.once && input.storage === undefined ? memoryStore() : await openLevelStore(storage);
  const { signal, release } = untilInterrupted();
  let summary: Summary;
  try {
    const validator = await createValidator({
      client,
      source: createSource(client, { games: true }),
      program,
      store,
      ...(player === undefined || machine === undefined ? {} : { play: { client, machine } }),
      log: (event) => {
        output.line(describe(event));
      },
    });
    const role =
      player === undefined || machine === undefined ? "watching only" : `disputing what is false as ${player.address}`;
    output.line(
      `Validating chain ${deployment.parameters.l2ChainId} from L1 block ${deployment.fromBlock} on, ${role}`,
    );
    if (!input.once) output.document({ l2ChainId: deployment.parameters.l2ChainId, account: player?.address, storage });
    summary = await validator.run({ watch: !input.once, signal });
  } finally {
    release();
    await store.close();
  }
  output.line(`${summary.agreed} of ${summary.batches} batches agree, up to L1 block ${summary.block}.`);
  if (summary.disagreement !== undefined) throw new LinesError([describe(summary.disagreement)]);
  return summary;
});
