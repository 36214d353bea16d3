import { ProverFileError } from "./errors.js";
import { R } from "./field.js";
import { openSections, readUint256 } from "./sections.js";

/** Sizes of a circuit. */
export interface R1csCounts {
  constraints: number;
  /** Signal 0, the constant one, included. */
  wires: number;
  /** Outputs and public inputs; they are wires 1 to `publics`. */
  publics: number;
}

/** One of the three matrices, its entries in the order of the constraints. */
export interface R1csMatrix {
  /** Constraint of each entry. */
  rows: Uint32Array;
  /** Wire of each entry. */
  wires: Uint32Array;
  /** Index of each entry's coefficient in {@link R1cs.coefficients}. */
  values: Uint32Array;
}

/** (A·w) ∘ (B·w) = C·w over BN254's scalar field. */
export interface R1cs extends R1csCounts {
  a: R1csMatrix;
  b: R1csMatrix;
  c: R1csMatrix;
  /** Those that occur, each once. */
  coefficients: bigint[];
}

const HEADER = 1;
const CONSTRAINTS = 2;
const FIELD_BYTES = 32;
const ENTRY = 4 + FIELD_BYTES;

/** Sizes only. Format: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md */
export async function readR1csCounts(path: string): Promise<R1csCounts> {
  const file = await openSections(path, "r1cs");
  try {
    return parseHeader(path, await file.read(HEADER));
  } finally {
    await file.close();
  }
}

/** The whole circuit. Throws {@link ProverFileError} for anything malformed. */
export async function readR1cs(path: string): Promise<R1cs> {
  const file = await openSections(path, "r1cs");
  try {
    const counts = parseHeader(path, await file.read(HEADER));
    return { ...counts, ...parseConstraints(path, await file.read(CONSTRAINTS), counts) };
  } finally {
    await file.close();
  }
}

function parseHeader(path: string, header: Buffer): R1csCounts {
  const expected = 4 + FIELD_BYTES + 4 * 4 + 8 + 4;
  if (header.length !== expected || header.readUInt32LE(0) !== FIELD_BYTES || readUint256(header, 4) !== R) {
    throw new ProverFileError(path, "the circuit is not one over BN254's scalar field");
  }
  const at = 4 + FIELD_BYTES;
  return {
    wires: header.readUInt32LE(at),
    publics: header.readUInt32LE(at + 4) + header.readUInt32LE(at + 8),
    constraints: header.readUInt32LE(at + 24),
  };
}

function parseConstraints(path: string, bytes: Buffer, { constraints, wires }: R1csCounts) {
  // Before parsing only the sum of entries is known.
  const most = Math.floor(bytes.length / ENTRY);
  const builders = [0, 1, 2].map(() => ({
    rows: new Uint32Array(most),
    wires: new Uint32Array(most),
    values: new Uint32Array(most),
    length: 0,
  }));
  const coefficients: bigint[] = [];
  const known = new Map<string, number>();
  let position = 0;
  const take = (length: number): number => {
    const start = position;
    position += length;
    if (position > bytes.length) throw new ProverFileError(path, "its constraints are cut off");
    return start;
  };
  for (let row = 0; row < constraints; row++) {
    for (const builder of builders) {
      for (let left = bytes.readUInt32LE(take(4)); left > 0; left--) {
        const start = take(ENTRY);
        const wire = bytes.readUInt32LE(start);
        if (wire >= wires) throw new ProverFileError(path, `constraint ${row} names wire ${wire} of ${wires}`);
        const text = bytes.toString("latin1", start + 4, start + ENTRY);
        let value = known.get(text);
        if (value === undefined) {
          value = coefficients.push(readUint256(bytes, start + 4)) - 1;
          if (coefficients[value]! >= R) throw new ProverFileError(path, `constraint ${row} has a coefficient above r`);
          known.set(text, value);
        }
        const at = builder.length++;
        builder.rows[at] = row;
        builder.wires[at] = wire;
        builder.values[at] = value;
      }
    }
  }
  if (position !== bytes.length) throw new ProverFileError(path, "bytes follow its last constraint");
  const [a, b, c] = builders.map((builder) => ({
    rows: builder.rows.subarray(0, builder.length),
    wires: builder.wires.subarray(0, builder.length),
    values: builder.values.subarray(0, builder.length),
  }));
  return { a: a!, b: b!, c: c!, coefficients };
}
