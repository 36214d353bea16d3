import type { L1Client } from "../l1/client.js";
import { toHex } from "../ledger/bytes.js";
import type { BlobArchive } from "./archive.js";

export interface ArchivedBatch {
  index: bigint;
  /** Blobs that carry its data; none for data in calldata. */
  blobs: number;
  /** Of those, that the archive did not have. */
  added: number;
}

/**
 * Puts the blobs of batches `from` to the last one on L1 into an archive, those that it holds checked again.
 * @param client Its blob sources are where they come from; the archive is best one of them.
 * @returns the index after the last batch.
 * @throws {BlobUnavailableError} when one is not to be had; what came before is in the archive.
 */
export async function archiveBatches(
  client: Pick<L1Client, "heads" | "batches" | "batchData">,
  archive: BlobArchive,
  from: bigint,
  onBatch: (batch: ArchivedBatch) => void,
  signal?: AbortSignal,
): Promise<bigint> {
  const { head } = await client.heads(signal);
  const batches = head < from ? [] : await client.batches(from, head, signal);
  for (const { header, transaction } of batches) {
    const { blobs = [] } = await client.batchData(header, signal, transaction);
    const held = await Promise.all(blobs.map(({ versionedHash }) => archive.has(toHex(versionedHash))));
    const missing = blobs.filter((_, i) => held[i] !== true);
    if (missing.length > 0) await archive.write(missing);
    onBatch({ index: header.index, blobs: blobs.length, added: missing.length });
  }
  return head < from ? from : head + 1n;
}
