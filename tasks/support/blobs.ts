import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { presetFor } from "../../deploy/parameters.js";
import { type BlobArchive, openArchive } from "../../plugin/da/archive.js";
import { beaconSource } from "../../plugin/da/beacon.js";
import { loadNativeKzg, type NativeKzg } from "../../plugin/da/kzg-native.js";
import type { BlobSource } from "../../plugin/da/source.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { ArgumentError } from "./action.js";

/** Options that say where blobs are kept and where they come from. */
export interface BlobArguments {
  archive: string | undefined;
  beacon: string | undefined;
}

/** The archive, and all sources in the order to ask: what is on disk first. */
export function openBlobs(
  hre: HardhatRuntimeEnvironment,
  networkName: string,
  { archive: folder, beacon }: BlobArguments,
): { archive: BlobArchive; folder: string; blobSources: BlobSource[] } {
  const place = folder ?? join(hre.config.paths.root, ".rollup", `${networkName}-blobs`);
  const archive = openArchive(place);
  if (beacon === undefined) return { archive, folder: place, blobSources: [archive] };
  if (!URL.canParse(beacon)) {
    throw new ArgumentError(
      "beacon",
      `${beacon} is no URL; give that of a beacon node, for example http://localhost:5052`,
    );
  }
  return { archive, folder: place, blobSources: [archive, beaconSource(beacon)] };
}

/** What a sequencer should be told before its first blob is refused: real networks want proofs that only c-kzg makes. */
export async function blobWarning(
  { parameters, deployment }: Pick<L1Client, "parameters" | "deployment">,
  native: () => Promise<NativeKzg | string> = loadNativeKzg,
): Promise<string | undefined> {
  if (parameters.da !== "blob" || presetFor(deployment.l1ChainId) === "dev") return undefined;
  const kzg = await native();
  if (typeof kzg !== "string") return undefined;
  return `Blobs are refused by networks since Osaka unless their cells are proven (EIP-7594), which only c-kzg does: npm install c-kzg (${kzg})`;
}
