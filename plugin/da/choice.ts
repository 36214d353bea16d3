import { blobCount } from "./blob.js";

/** Wei. */
export interface DataPrices {
  /** Per gas. */
  baseFee: bigint;
  /** Per blob gas. */
  blobBaseFee: bigint;
}

const GAS_PER_BLOB = 131_072n;
/** What reading blobs instead of data costs the transaction besides. */
const BLOBS_GAS = 5_000n;
/** What posting a batch costs without its data: so much of it the floor of EIP-7623 makes up for. */
const POSTING_GAS = 60_000n;
/** Nodes take transactions of 128 KiB, blobs aside. */
const MOST_CALLDATA = 128_000;

/** Gas that `data` add to a transaction as calldata, the floor of EIP-7623 included. */
export function calldataGas(data: Uint8Array): bigint {
  const tokens = BigInt(data.reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0));
  const [standard, floor] = [4n * tokens, 10n * tokens - POSTING_GAS];
  return standard > floor ? standard : floor;
}

/** The cheaper form for `data`; docs/data-availability.md §2. */
export function cheaperForm(data: Uint8Array, { baseFee, blobBaseFee }: DataPrices): "calldata" | "blobs" {
  if (data.length === 0) return "calldata";
  if (data.length > MOST_CALLDATA) return "blobs";
  const blobs = BigInt(blobCount(data.length)) * GAS_PER_BLOB * blobBaseFee + BLOBS_GAS * baseFee;
  return calldataGas(data) * baseFee <= blobs ? "calldata" : "blobs";
}
