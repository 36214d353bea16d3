import { getBytes } from "ethers";

/** Wei per gas. */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  /** Of a transaction with blobs, wei per blob gas. */
  maxFeePerBlobGas?: bigint;
}

/** Blob gas of a blob (EIP-4844). */
export const GAS_PER_BLOB = 131_072n;

/** EIP-7825: no transaction may ask for more gas. */
export const MAX_TRANSACTION_GAS = 16_777_216n;

/** Gas that a transaction with this input needs at the very least (EIP-7623: 10 per zero byte, 40 per other byte). */
export function calldataFloor(data: string): bigint {
  const tokens = getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0);
  return 21_000n + 10n * BigInt(tokens);
}

/**
 * Fees of a transaction that replaces one with `old` fees: nodes ask for an eighth more, for twice as much where it carries
 * blobs, and for more where the market rose.
 * @param cap Highest maxFeePerGas, and highest maxFeePerBlobGas; undefined is returned when the replacement would have to
 * exceed it.
 */
export function replacementFees(old: Fees, market: Fees, cap: bigint): Fees | undefined {
  const raise = old.maxFeePerBlobGas === undefined ? eighthMore : twice;
  const maxPriorityFeePerGas = larger(market.maxPriorityFeePerGas, raise(old.maxPriorityFeePerGas));
  const maxFeePerGas = larger(smaller(market.maxFeePerGas, cap), raise(old.maxFeePerGas), maxPriorityFeePerGas);
  if (maxFeePerGas > cap) return undefined;
  if (old.maxFeePerBlobGas === undefined) return { maxFeePerGas, maxPriorityFeePerGas };
  const maxFeePerBlobGas = larger(smaller(market.maxFeePerBlobGas ?? 1n, cap), raise(old.maxFeePerBlobGas));
  return maxFeePerBlobGas > cap ? undefined : { maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas };
}

/** Market fees, held below `cap`. */
export function cappedFees(market: Fees, cap: bigint): Fees {
  const maxFeePerGas = smaller(market.maxFeePerGas, cap);
  const { maxFeePerBlobGas } = market;
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: smaller(market.maxPriorityFeePerGas, maxFeePerGas),
    ...(maxFeePerBlobGas === undefined ? {} : { maxFeePerBlobGas: smaller(maxFeePerBlobGas, cap) }),
  };
}

function eighthMore(fee: bigint): bigint {
  return (fee * 9n) / 8n + 1n;
}

function twice(fee: bigint): bigint {
  return 2n * fee;
}

function larger(...values: bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
