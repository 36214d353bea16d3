import type { BlobArchive } from "../da/archive.js";
import type { L1Client } from "../l1/client.js";
import { createFollower } from "../l1/follower.js";
import { createBatchPoster } from "../l1/poster.js";
import { createSender, type SenderOptions } from "../l1/sender.js";
import { createSource } from "../l1/source.js";
import type { SequencerOptions } from "../sequencer/options.js";
import { createSequencer, type Sequencer } from "../sequencer/sequencer.js";
import type { Store } from "../store/types.js";
import type { Hex } from "../types.js";
import { blobPosting } from "./blobs.js";
import { certifierOf, type Members } from "./committee.js";
import { readToken, readTokenBalance } from "./token.js";

export type SequencerSettings = Pick<
  SequencerOptions,
  "blocks" | "batches" | "pollInterval" | "maxBatchBytes" | "clock" | "log" | "baseFee"
>;

/** Where batch data go, besides calldata. */
export interface SequencerData {
  archive?: BlobArchive;
  /** Of the suite's committee. */
  members?: Members | undefined;
}

/** A sequencer of the suite behind `l1`, posting and collecting fees with the client's signer. */
export async function sequencerOf(
  l1: L1Client,
  ledger: SequencerOptions["ledger"],
  store: Store,
  settings: SequencerSettings & SequencerData & { senderLog?: SenderOptions["log"] },
): Promise<Sequencer> {
  const { deployment, provider, signer, addresses } = l1;
  if (signer === undefined) throw new Error("a sequencer needs a signer on L1");
  const { senderLog, archive, members = { urls: {} }, ...rest } = settings;
  const blobs = archive && blobPosting(l1, archive);
  // Fees of validity proofs are what the user says, not so much per gas.
  const baseFee = deployment.parameters.proof === "validity" ? { baseFee: 0n } : {};
  return createSequencer({
    ...rest,
    ...baseFee,
    l2ChainId: deployment.parameters.l2ChainId,
    bridge: addresses.bridge,
    genesis: deployment.genesis,
    forceInclusionDelay: deployment.parameters.forceInclusionDelay,
    coinbase: (await signer.getAddress()) as Hex,
    ledger,
    store,
    l1: {
      follow: (cursor) => createFollower({ source: createSource(l1), fromBlock: Number(deployment.fromBlock), cursor }),
      batchData: async (header, signal) => (await l1.batchData(header, signal)).bytes,
      poster: async (journal) =>
        createBatchPoster({
          client: l1,
          sender: await createSender({ provider, signer, journal, log: senderLog }),
          blobs,
          certify: certifierOf(l1, members, rest.log),
        }),
      async tokenMetadata(token) {
        const facts = await readToken(provider, token);
        if (facts === undefined) return undefined;
        const totalSupply = await readTokenBalance(provider, token, addresses.bridge);
        return { ...facts, ...(totalSupply === undefined ? {} : { totalSupply }) };
      },
    },
  });
}
