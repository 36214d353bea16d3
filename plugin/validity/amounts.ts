import { toBytes } from "../ledger/bytes.js";

/*
 * Amounts and fees as the 14 bytes of a transfer carry them: a mantissa, and in the lowest five bits a decimal exponent.
 */

/** The numbers in the 14 bytes of a transfer. */
export interface TransferElement {
  /** Index of the sender's leaf. */
  from: number;
  /** Index of the receiver's leaf. 0: withdrawal. */
  to: number;
  amount40: number;
  fee8: number;
}

/** An amount or a fee that the float of a transfer cannot hold exactly. */
export class InexactAmountError extends Error {
  override readonly name = "InexactAmountError";
  constructor(
    readonly value: bigint,
    /** The greatest value below that it can hold. */
    readonly below: bigint,
    what: string,
  ) {
    super(`${what} ${value} cannot be written exactly; the nearest below is ${below}`);
  }
}

/** Bytes of a transfer in batch data. */
export const TRANSFER_LENGTH = 14;
export const AMOUNT_BITS = 40;
export const FEE_BITS = 8;

const EXPONENT_BITS = 5;
const EXPONENTS = 2 ** EXPONENT_BITS;
const POWERS = Array.from({ length: EXPONENTS }, (_, exponent) => 10n ** BigInt(exponent));
const INDEX_BITS = 32n;

/**
 * The amount40 that stands for `value`, with the least exponent.
 * @throws InexactAmountError
 */
export function encodeAmount(value: bigint): number {
  return encodeExact(value, AMOUNT_BITS, "amount");
}

export function decodeAmount(amount40: number): bigint {
  return decodeFloat(amount40, AMOUNT_BITS, "amount");
}

/** The greatest amount at or below `value` that a transfer can carry. */
export function floorAmount(value: bigint): bigint {
  return decodeAmount(encodeFloor(value, AMOUNT_BITS));
}

/**
 * The fee8 that stands for `value`, with the least exponent.
 * @throws InexactAmountError
 */
export function encodeFee(value: bigint): number {
  return encodeExact(value, FEE_BITS, "fee");
}

export function decodeFee(fee8: number): bigint {
  return decodeFloat(fee8, FEE_BITS, "fee");
}

/** The greatest fee at or below `value` that a transfer can carry. */
export function floorFee(value: bigint): bigint {
  return decodeFee(encodeFloor(value, FEE_BITS));
}

/** t of docs/validity.md §2: 14 bytes, big-endian, as an integer. */
export function packTransfer({ from, to, amount40, fee8 }: TransferElement): bigint {
  const head = (checked(from, 32, "from") << INDEX_BITS) + checked(to, 32, "to");
  const tail = (checked(amount40, AMOUNT_BITS, "amount40") << 8n) + checked(fee8, FEE_BITS, "fee8");
  return (head << 48n) + tail;
}

export function unpackTransfer(t: bigint): TransferElement {
  toBytes(t, TRANSFER_LENGTH); // refuses what is longer
  return {
    from: Number(t >> 80n),
    to: Number(BigInt.asUintN(32, t >> 48n)),
    amount40: Number(BigInt.asUintN(AMOUNT_BITS, t >> 8n)),
    fee8: Number(BigInt.asUintN(FEE_BITS, t)),
  };
}

function encodeExact(value: bigint, bits: number, what: string): number {
  const float = encodeFloor(value, bits);
  const below = decodeFloat(float, bits, what);
  if (below !== value) throw new InexactAmountError(value, below, what);
  return float;
}

/** The float of the greatest value at or below `value`. */
function encodeFloor(value: bigint, bits: number): number {
  if (value < 0n) throw new RangeError(`an amount is at least 0, got ${value}`);
  const limit = 1n << BigInt(bits - EXPONENT_BITS);
  const greatest = limit - 1n;
  const exponent = POWERS.findIndex((power) => value / power < limit);
  if (exponent === -1) return Number(greatest) * EXPONENTS + EXPONENTS - 1;
  const mantissa = value / POWERS[exponent]!;
  // Of one exponent less, the greatest mantissa may come nearer.
  if (exponent > 0 && greatest * POWERS[exponent - 1]! > mantissa * POWERS[exponent]!)
    return Number(greatest) * EXPONENTS + exponent - 1;
  return Number(mantissa) * EXPONENTS + exponent;
}

function decodeFloat(float: number, bits: number, what: string): bigint {
  checked(float, bits, what);
  return BigInt(Math.floor(float / EXPONENTS)) * POWERS[float % EXPONENTS]!;
}

function checked(value: number, bits: number, what: string): bigint {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits)
    throw new RangeError(`${what} has ${bits} bits, got ${value}`);
  return BigInt(value);
}
