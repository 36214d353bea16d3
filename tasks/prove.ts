import { join } from "node:path";

import { committeeReader } from "../plugin/hardhat/committee.js";
import { openProof, readCeremony } from "../plugin/hardhat/proof.js";
import { connectL1 } from "../plugin/l1/client.js";
import { createSource } from "../plugin/l1/source.js";
import { proveAll, type ProvedOnL1 } from "../plugin/prover/agent.js";
import { openLevelStore } from "../plugin/store/level.js";
import { openRecords } from "../plugin/validator/records.js";
import { createValidator, withGenesis } from "../plugin/validator/validator.js";
import { action, ArgumentError, type RollupArguments } from "./support/action.js";
import { type MemberArguments, membersArgument } from "./support/members.js";
import { accountOf, openDeployment } from "./support/network.js";
import { httpRequest, rpcUrl } from "./support/rpc.js";
import { untilInterrupted } from "./support/signal.js";

interface ProveArguments extends RollupArguments, MemberArguments {
  from: string | undefined;
  storage: string | undefined;
  ceremony: string | undefined;
}

/** Rebuilds the states from L1, takes the signatures from the sequencer, and proves what is not final. */
export default action<ProveArguments>(async (input, { hre, output }) => {
  const url = rpcUrl(input.rpc);
  const connection = await hre.network.getOrCreate();
  const deployment = await openDeployment(hre, connection, input.deployment);
  const ceremony = input.ceremony === undefined ? undefined : await readCeremony(input.ceremony);
  const proof = openProof(deployment, { cache: hre.config.rollup.cache, ceremony });
  const { program, validity } = proof;
  if (validity === undefined)
    throw new ArgumentError(
      "deployment",
      "this rollup has fraud proofs: its batches are final after the challenge window",
    );
  const { signer } = await accountOf(connection, input.from);
  const committee = committeeReader(deployment, membersArgument(deployment, input));
  const client = connectL1(connection.ethers.provider, deployment, signer, { committee });
  const storage = input.storage ?? join(hre.config.paths.root, ".rollup", `${connection.networkName}-prover`);
  const store = await openLevelStore(storage);
  const { signal, release } = untilInterrupted();
  try {
    const validator = await createValidator({ client, source: createSource(client), program, store });
    await output.progress("Executing batches", () => validator.run({ watch: false, signal }));
    const nodes = withGenesis(openRecords(store).nodes, program.state?.genesis);
    const ask = httpRequest(url);
    const request = (method: string, params: unknown[]) => ask({ method, params });
    let last = "";
    const proved: ProvedOnL1[] = await proveAll(
      { client, ...validity, nodes, request },
      {
        signal,
        onProgress(index, { segment, segments }) {
          const line = `Batch ${index}: proof ${segment + 1} of ${segments}`;
          if (line !== last) output.line(line);
          last = line;
        },
      },
    );
    for (const { index, segments, milliseconds, gasUsed } of proved)
      output.line(
        `Batch ${index} is final: ${segments} proofs in ${(milliseconds / 1000).toFixed(1)} s, ${gasUsed.toLocaleString("en")} gas`,
      );
    if (proved.length === 0) output.line("Every batch on L1 is final.");
    return { proved };
  } finally {
    release();
    proof.close();
    await store.close();
  }
});
