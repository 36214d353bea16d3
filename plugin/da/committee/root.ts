import { dataHashOfRoot } from "../../ledger/hashes.js";
import type { Hex, RollupParameters } from "../../types.js";
import { decodeBatch, showBatch } from "../../validity/batch.js";
import { certifiedRoot } from "../../validity/statement.js";
import { chunkRoot } from "./chunks.js";

/** The root that members certify for data. @throws {MalformedDataError} for data that no batch can have. */
export type RootOf = (data: Uint8Array) => Hex;

/** What a certificate's root is in a suite: of the data's chunks, or as docs/validity.md §4 has it. */
export function rootOfSuite({ proof }: Pick<RollupParameters, "proof">): RootOf {
  return proof === "validity" ? provableRoot : chunkRoot;
}

/** What data are known by to members and readers. @throws what `rootOf` throws. */
export function attestedHash(data: Uint8Array, rootOf: RootOf): Hex {
  return dataHashOfRoot(data.length, rootOf(data));
}

function provableRoot(data: Uint8Array): Hex {
  const transferHashes = showBatch(decodeBatch(data)).map(({ hTx }) => hTx);
  return certifiedRoot(chunkRoot(data), transferHashes);
}
