import { getBytes } from "ethers";

/** Wei per gas. */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** EIP-7825: no transaction may ask for more gas. */
export const MAX_TRANSACTION_GAS = 16_777_216n;

/** Gas that a transaction with this input needs at the very least (EIP-7623: 10 per zero byte, 40 per other byte). */
export function calldataFloor(data: string): bigint {
  const tokens = getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0);
  return 21_000n + 10n * BigInt(tokens);
}

/**
 * Fees of a transaction that replaces one with `old` fees: nodes ask for an eighth more, and more where the market rose.
 * @param cap Highest maxFeePerGas; undefined is returned when the replacement would have to exceed it.
 */
export function replacementFees(old: Fees, market: Fees, cap: bigint): Fees | undefined {
  const maxPriorityFeePerGas = larger(market.maxPriorityFeePerGas, eighthMore(old.maxPriorityFeePerGas));
  const maxFeePerGas = larger(smaller(market.maxFeePerGas, cap), eighthMore(old.maxFeePerGas), maxPriorityFeePerGas);
  return maxFeePerGas > cap ? undefined : { maxFeePerGas, maxPriorityFeePerGas };
}

/** Market fees, held below `cap`. */
export function cappedFees(market: Fees, cap: bigint): Fees {
  const maxFeePerGas = smaller(market.maxFeePerGas, cap);
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(market.maxPriorityFeePerGas, maxFeePerGas) };
}

function eighthMore(fee: bigint): bigint {
  return (fee * 9n) / 8n + 1n;
}

function larger(...values: bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
