import { archiveBatches } from "../plugin/da/archiver.js";
import { pause } from "../plugin/l1/ask.js";
import { connectL1 } from "../plugin/l1/client.js";
import { action, ArgumentError, type RollupArguments } from "./support/action.js";
import { type BlobArguments, openBlobs } from "./support/blobs.js";
import { openDeployment } from "./support/network.js";
import { untilInterrupted } from "./support/signal.js";

interface ArchiveArguments extends RollupArguments, BlobArguments {
  once: boolean;
}

/** Milliseconds between looks at L1. */
const POLL = 12_000;

export default action<ArchiveArguments>(async (input, { hre, output }) => {
  const connection = await hre.network.getOrCreate();
  const deployment = await openDeployment(hre, connection, input.deployment);
  const { da, l2ChainId } = deployment.parameters;
  if (da === "committee")
    throw new ArgumentError(
      "network",
      "the batches of this rollup are with a committee or in calldata, never in blobs",
    );
  const { archive, folder, blobSources } = openBlobs(hre, connection.networkName, input);
  const warn = (line: string) => {
    output.line(line);
  };
  const client = connectL1(connection.ethers.provider, deployment, undefined, { blobSources, warn });
  output.line(`Keeping the blobs of chain ${l2ChainId} in ${folder}`);
  const { signal, release } = untilInterrupted();
  const kept = { batches: 0, blobs: 0, added: 0 };
  try {
    for (let next = 1n; ;) {
      next = await archiveBatches(
        client,
        archive,
        next,
        ({ index, blobs, added }) => {
          kept.batches++;
          kept.blobs += blobs;
          kept.added += added;
          if (added > 0) output.line(`batch ${index}: ${added} of ${blobs} blobs added`);
        },
        signal,
      );
      if (input.once) break;
      await pause(POLL, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
  output.line(`${kept.blobs} blobs of ${kept.batches} batches, ${kept.added} of them new.`);
  return { folder, ...kept };
});
