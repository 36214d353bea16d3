/** The groups of BN254 (EIP-196, EIP-197) in affine coordinates: slow, short, for tests. */

/** Modulus of the field of coordinates. */
export const Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
/** Order of the groups. */
export const R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** Inverse by Euclid's algorithm; throws for zero. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [mod(value, modulus), modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b - quotient * a, a, y - quotient * x, x];
  }
  if (a === 0n) throw new RangeError("zero has no inverse");
  return mod(x, modulus);
}

interface Field<T> {
  readonly zero: T;
  readonly add: (a: T, b: T) => T;
  readonly sub: (a: T, b: T) => T;
  readonly mul: (a: T, b: T) => T;
  readonly inverse: (a: T) => T;
  readonly equal: (a: T, b: T) => boolean;
}

/** A point, or infinity. */
export type Point<T> = readonly [x: T, y: T] | "infinity";

const fq: Field<bigint> = {
  zero: 0n,
  add: (a, b) => mod(a + b, Q),
  sub: (a, b) => mod(a - b, Q),
  mul: (a, b) => mod(a * b, Q),
  inverse: (a) => inverse(a, Q),
  equal: (a, b) => a === b,
};

/** Real and imaginary part; the square of the unit is -1. */
export type Fq2 = readonly [real: bigint, imaginary: bigint];

const fq2: Field<Fq2> = {
  zero: [0n, 0n],
  add: (a, b) => [mod(a[0] + b[0], Q), mod(a[1] + b[1], Q)],
  sub: (a, b) => [mod(a[0] - b[0], Q), mod(a[1] - b[1], Q)],
  mul: (a, b) => [mod(a[0] * b[0] - a[1] * b[1], Q), mod(a[0] * b[1] + a[1] * b[0], Q)],
  inverse: (a) => {
    const norm = inverse(a[0] * a[0] + a[1] * a[1], Q);
    return [mod(a[0] * norm, Q), mod(-a[1] * norm, Q)];
  },
  equal: (a, b) => a[0] === b[0] && a[1] === b[1],
};

function groupOver<T>(field: Field<T>, generator: readonly [T, T]) {
  const { add: plus, sub, mul } = field;
  function add(a: Point<T>, b: Point<T>): Point<T> {
    if (a === "infinity") return b;
    if (b === "infinity") return a;
    const same = field.equal(a[0], b[0]);
    if (same && (!field.equal(a[1], b[1]) || field.equal(a[1], field.zero))) return "infinity";
    const square = mul(a[0], a[0]);
    const slope = same
      ? mul(plus(plus(square, square), square), field.inverse(plus(a[1], a[1])))
      : mul(sub(b[1], a[1]), field.inverse(sub(b[0], a[0])));
    const x = sub(sub(mul(slope, slope), a[0]), b[0]);
    return [x, sub(mul(slope, sub(a[0], x)), a[1])];
  }
  return {
    generator: generator as Point<T>,
    add,
    /** `scalar` times `point`; negative ones too. */
    multiply(point: Point<T>, scalar: bigint): Point<T> {
      let sum: Point<T> = "infinity";
      for (let [rest, power] = [mod(scalar, R), point]; rest > 0n; rest >>= 1n, power = add(power, power)) {
        if (rest & 1n) sum = add(sum, power);
      }
      return sum;
    },
  };
}

export const g1 = groupOver(fq, [1n, 2n]);

export const g2 = groupOver(fq2, [
  [
    0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn,
    0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n,
  ],
  [
    0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan,
    0x90689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn,
  ],
]);
