// Multiplies many scalars with one generator, on the field arithmetic of ffjavascript's wasm: a table of the generator's
// multiples per window, then for each window one affine addition per scalar, all of them sharing one inversion.

/** What is used of ffjavascript's curve. Pointers are into `memory`; coordinates are in Montgomery form. */
export interface CurveWasm {
  memory: WebAssembly.Memory;
  /** By name: `f1m_mul` and its like for G1's coordinates, `f2m_…` for G2's. */
  call: Record<string, (...pointers: number[]) => number>;
  /** Jacobian generators. */
  generator: { 1: number; 2: number };
}

export type Group = 1 | 2;

/** Bytes of an affine point. */
export const POINT_BYTES = { 1: 64, 2: 128 } as const;

const SCALAR_BYTES = 32;
const SCALAR_BITS = 254;
const PAGE = 65_536;
const MAX_WINDOW = 14;

/** The window at which table and additions together cost least for `count` scalars. */
export function bestWindow(count: number): number {
  const cost = (bits: number): number => Math.ceil(SCALAR_BITS / bits) * (2 ** bits + count);
  let best = 2;
  for (let bits = 3; bits <= MAX_WINDOW; bits++) if (cost(bits) < cost(best)) best = bits;
  return best;
}

/** Returns a function that maps scalars (32 bytes each, little-endian, below r) to affine points; 0 gives zeros. */
export function fixedBase(
  wasm: CurveWasm,
  group: Group,
  bits: number,
  chunk: number,
): (scalars: Uint8Array) => Uint8Array<ArrayBuffer> {
  const field = SCALAR_BYTES * group;
  const point = 2 * field;
  const windows = Math.ceil(SCALAR_BITS / bits);
  const entries = 2 ** bits;
  const rows = Math.max(chunk, entries / 2);

  const table = allocate(wasm, windows * entries * point);
  const sums = allocate(wasm, chunk * point);
  const differences = allocate(wasm, rows * field);
  const slope = allocate(wasm, field);
  const square = allocate(wasm, field);
  const jacobian = allocate(wasm, 3 * field);
  // `batchInverse` takes its own space where the free memory starts.
  reserve(wasm, (rows + 1) * field);

  const { [`f${group}m_sub`]: sub, [`f${group}m_mul`]: mul, [`f${group}m_square`]: sqr } = wasm.call;
  const { [`f${group}m_batchInverse`]: invert, [`g${group}m_double`]: double } = wasm.call;
  const { [`f${group}m_copy`]: copyField, [`g${group}m_copy`]: copy, [`g${group}m_toAffine`]: toAffine } = wasm.call;
  if (!sub || !mul || !sqr || !invert || !double || !copyField || !copy || !toAffine) {
    throw new Error("ffjavascript lacks a function that the set-up needs");
  }

  const left = new Uint32Array(rows);
  const right = new Uint32Array(rows);
  const out = new Uint32Array(rows);

  /** out[i] = left[i] + right[i], affine; neither is zero, nor have they the same x. `out` may be `left`. */
  function addPairs(count: number): void {
    for (let i = 0; i < count; i++) sub!(right[i]!, left[i]!, differences + i * field);
    invert!(differences, field, count, differences, field);
    for (let i = 0; i < count; i++) {
      const [p, q, to] = [left[i]!, right[i]!, out[i]!];
      sub!(q + field, p + field, slope);
      mul!(slope, differences + i * field, slope);
      sqr!(slope, square);
      sub!(square, p, square);
      sub!(square, q, square);
      // y = slope · (p.x - x) - p.y, written before x, so that `to` may be p.
      const difference = differences + i * field;
      sub!(p, square, difference);
      mul!(slope, difference, difference);
      sub!(difference, p + field, to + field);
      copyField!(square, to);
    }
  }

  // Of each window the multiples 1 … 2^bits - 1 of the generator times 2^(bits · window).
  copy(wasm.generator[group], jacobian);
  for (let window = 0; window < windows; window++) {
    const start = table + window * entries * point;
    for (let bit = 0; bit < bits; bit++) {
      const highest = 2 ** bit;
      toAffine(jacobian, start + highest * point);
      double(jacobian, jacobian);
      for (let i = 1; i < highest; i++) {
        left[i - 1] = start + i * point;
        right[i - 1] = start + highest * point;
        out[i - 1] = start + (highest + i) * point;
      }
      addPairs(highest - 1);
    }
  }

  return (scalars) => {
    const count = scalars.length / SCALAR_BYTES;
    if (count > chunk) throw new RangeError(`${count} scalars at once, ${chunk} at most`);
    const memory = new Uint8Array(wasm.memory.buffer);
    memory.fill(0, sums, sums + count * point);
    const started = new Uint8Array(count);
    for (let window = 0; window < windows; window++) {
      const start = table + window * entries * point;
      let pairs = 0;
      for (let i = 0; i < count; i++) {
        const digit = digitOf(scalars, i * SCALAR_BYTES, window * bits, bits);
        if (digit === 0) continue;
        const sum = sums + i * point;
        const multiple = start + digit * point;
        if (started[i] === 0) {
          started[i] = 1;
          memory.copyWithin(sum, multiple, multiple + point);
        } else {
          // What is summed so far is a smaller multiple of the generator than this one, and together they are below r:
          // never the same point nor its opposite.
          left[pairs] = sum;
          right[pairs] = multiple;
          out[pairs++] = sum;
        }
      }
      if (pairs > 0) addPairs(pairs);
    }
    return memory.slice(sums, sums + count * point);
  };
}

function digitOf(scalars: Uint8Array, offset: number, first: number, bits: number): number {
  const at = offset + (first >> 3);
  const end = offset + SCALAR_BYTES;
  let word = 0;
  for (let i = 0; i < 3 && at + i < end; i++) word |= scalars[at + i]! << (8 * i);
  return (word >> (first & 7)) & (2 ** bits - 1);
}

/** Takes memory for good; the first word of ffjavascript's memory points to where the free part starts. */
function allocate(wasm: CurveWasm, bytes: number): number {
  const word = new Uint32Array(wasm.memory.buffer, 0, 1);
  const start = Math.ceil(word[0]! / 8) * 8;
  word[0] = start + bytes;
  reserve(wasm, 0);
  return start;
}

/** Makes sure that `bytes` more are there beyond what is taken. */
function reserve(wasm: CurveWasm, bytes: number): void {
  const [taken] = new Uint32Array(wasm.memory.buffer, 0, 1);
  const missing = taken! + bytes - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE));
}
