import type { BlobWithProof } from "../l1/intent.js";
import { BLOB_LENGTH, packBlobs, versionedHashOf } from "./blob.js";

/** The blobs that carry `data`, ready for a transaction. Without c-kzg takes about a second for each. */
export async function makeSidecar(data: Uint8Array): Promise<BlobWithProof[]> {
  // The curve's code is loaded by those who post blobs only.
  const { loadKzg } = await import("./kzg.js");
  const kzg = await loadKzg();
  return packBlobs(data).map((bytes) => {
    const commitment = kzg.commit(bytes);
    return { bytes, commitment, versionedHash: versionedHashOf(commitment), proof: kzg.proveBlob(bytes, commitment) };
  });
}

/** A blob of zeros: its commitment and proof are the point at infinity. */
export function emptyBlob(): BlobWithProof {
  const infinity = new Uint8Array(48);
  infinity[0] = 0xc0;
  return {
    bytes: new Uint8Array(BLOB_LENGTH),
    commitment: infinity,
    versionedHash: versionedHashOf(infinity),
    proof: infinity,
  };
}
