import { join } from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { type BlobArchive, openArchive } from "../../plugin/da/archive.js";
import { beaconSource } from "../../plugin/da/beacon.js";
import type { BlobSource } from "../../plugin/da/source.js";
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
