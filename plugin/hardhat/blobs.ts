import type { NetworkConnection } from "hardhat/types/network";

import type { BlobArchive } from "../da/archive.js";
import type { L1Client } from "../l1/client.js";
import type { BlobPosting } from "../l1/poster.js";
import { blobBaseFee } from "../l1/rpc.js";
import { keyringOf } from "./signers.js";

/** How the suite behind `l1` takes blobs; undefined when it does not. */
export function blobPosting({ provider, parameters }: L1Client, archive: BlobArchive): BlobPosting | undefined {
  if (parameters.da !== "blob") return undefined;
  return {
    archive,
    async prices(signal) {
      const [block, forBlobs] = await Promise.all([provider.getBlock("latest"), blobBaseFee(provider, signal)]);
      return { baseFee: block?.baseFeePerGas ?? 0n, blobBaseFee: forBlobs };
    },
  };
}

/** A signer for transactions with blobs: no node signs those for its accounts. */
export function signerWithKey(connection: NetworkConnection<string>, signer: NonNullable<L1Client["signer"]>) {
  const { networkName, networkConfig, ethers } = connection;
  return keyringOf(networkName, networkConfig).walletOn(ethers.provider, signer);
}
