/** BN254's base field: coordinates are below it (EIP-196). */
export const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
/** BN254's scalar field: public inputs and witnesses are below it. */
export const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Of {@link R} - 1. */
const TWO_ADICITY = 28;
/** The smallest that is no square modulo {@link R}. */
const NON_RESIDUE = 5n;

export function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** By Fermat: the modulus is prime, the value not 0. */
export function inverse(value: bigint, modulus: bigint): bigint {
  return power(value, modulus - 2n, modulus);
}

/** Generator of the subgroup of `2^log` elements of the scalar field. */
export function rootOfUnity(log: number): bigint {
  if (log > TWO_ADICITY)
    throw new RangeError(`BN254's scalar field has no subgroup of 2^${log} elements, 2^28 at most`);
  return power(NON_RESIDUE, (R - 1n) >> BigInt(log), R);
}

/** Values of the Lagrange polynomials of the subgroup of `2^log` elements at `x`, which is not in it. */
export function lagrangeAt(x: bigint, log: number): bigint[] {
  const size = 1 << log;
  const root = rootOfUnity(log);
  const vanishing = modulo(power(x, BigInt(size), R) - 1n, R);
  if (vanishing === 0n) throw new RangeError("the point is in the subgroup");
  const scale = (vanishing * inverse(BigInt(size), R)) % R;

  // One inversion for all: Montgomery's trick.
  const elements = new Array<bigint>(size);
  const products = new Array<bigint>(size);
  let product = 1n;
  for (let i = 0, element = 1n; i < size; i++, element = (element * root) % R) {
    elements[i] = element;
    products[i] = product;
    product = (product * modulo(x - element, R)) % R;
  }
  const values = new Array<bigint>(size);
  let rest = inverse(product, R);
  for (let i = size - 1; i >= 0; i--) {
    const element = elements[i]!;
    values[i] = (((scale * element) % R) * ((rest * products[i]!) % R)) % R;
    rest = (rest * modulo(x - element, R)) % R;
  }
  return values;
}
