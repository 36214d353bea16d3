// Groth16 proving keys in the form that snarkjs reads: https://github.com/iden3/snarkjs, src/zkey_utils.js names the sections.
import { g1ToJson, g2ToJson, type G1, type G2 } from "./curve.js";
import { ProverFileError } from "./errors.js";
import { inverse, Q, R } from "./field.js";
import type { KeyScalars } from "./qap.js";
import type { R1cs } from "./r1cs.js";
import { openSections, readUint256, writeSections, writeUint256 } from "./sections.js";
import type { VerifyingKey } from "./types.js";

const Section = {
  protocol: 1,
  header: 2,
  inputs: 3,
  coefficients: 4,
  a: 5,
  b1: 6,
  b2: 7,
  c: 8,
  h: 9,
  contributions: 10,
} as const;

const GROTH16 = 1;
const WORD = 32;
const G1_BYTES = 2 * WORD;
const G2_BYTES = 4 * WORD;
/** Field sizes with their moduli, then counts of wires, public wires and rows. */
const COUNTS_AT = 2 * (4 + WORD);
const POINTS_AT = COUNTS_AT + 12;
const HEADER_BYTES = POINTS_AT + 3 * G1_BYTES + 3 * G2_BYTES;
/** Matrix, constraint, wire, coefficient. */
const COEFFICIENT_BYTES = 12 + WORD;
const CIRCUIT_HASH_BYTES = 64;

const FROM_MONTGOMERY = inverse((1n << 256n) % Q, Q);
/** The prover multiplies coefficients twice out of Montgomery form. */
const COEFFICIENT_SCALE = (1n << 512n) % R;

/** Points of a key, affine in Montgomery form, all of a kind in one array. */
export interface KeyPoints {
  alpha1: Uint8Array;
  beta1: Uint8Array;
  delta1: Uint8Array;
  beta2: Uint8Array;
  gamma2: Uint8Array;
  delta2: Uint8Array;
  inputs: Uint8Array;
  a: Uint8Array;
  b1: Uint8Array;
  b2: Uint8Array;
  c: Uint8Array;
  h: Uint8Array;
}

/** Writes a key without contributions; `circuitHash`, 64 bytes, stands where a ceremony has the circuit's hash. */
export async function writeZkey(
  path: string,
  r1cs: R1cs,
  { domain }: KeyScalars,
  points: KeyPoints,
  circuitHash: Uint8Array,
): Promise<void> {
  const header = Buffer.alloc(POINTS_AT);
  header.writeUInt32LE(WORD, 0);
  writeUint256(header, 4, Q);
  header.writeUInt32LE(WORD, 4 + WORD);
  writeUint256(header, 8 + WORD, R);
  for (const [index, count] of [r1cs.wires, r1cs.publics, domain].entries()) {
    header.writeUInt32LE(count, COUNTS_AT + 4 * index);
  }
  const { alpha1, beta1, delta1, beta2, gamma2, delta2 } = points;
  await writeSections(path, "zkey", 1, [
    { type: Section.protocol, parts: [uint32(GROTH16)] },
    { type: Section.header, parts: [header, alpha1, beta1, beta2, gamma2, delta1, delta2] },
    { type: Section.inputs, parts: [points.inputs] },
    { type: Section.coefficients, parts: [coefficientSection(r1cs)] },
    { type: Section.a, parts: [points.a] },
    { type: Section.b1, parts: [points.b1] },
    { type: Section.b2, parts: [points.b2] },
    { type: Section.c, parts: [points.c] },
    { type: Section.h, parts: [points.h] },
    { type: Section.contributions, parts: [circuitHash, uint32(0)] },
  ]);
}

function coefficientSection({ a, b, coefficients, constraints, publics }: R1cs): Buffer {
  const scaled = coefficients.map((value) => scaledBytes(value));
  const section = Buffer.alloc(4 + (a.rows.length + b.rows.length + publics + 1) * COEFFICIENT_BYTES);
  let position = section.writeUInt32LE((section.length - 4) / COEFFICIENT_BYTES, 0);
  const put = (matrix: number, row: number, wire: number, value: Buffer): void => {
    section.writeUInt32LE(matrix, position);
    section.writeUInt32LE(row, position + 4);
    section.writeUInt32LE(wire, position + 8);
    value.copy(section, position + 12);
    position += COEFFICIENT_BYTES;
  };
  // By constraint, as the prover expects.
  for (let row = 0, i = 0, j = 0; row < constraints; row++) {
    for (; a.rows[i] === row; i++) put(0, row, a.wires[i]!, scaled[a.values[i]!]!);
    for (; b.rows[j] === row; j++) put(1, row, b.wires[j]!, scaled[b.values[j]!]!);
  }
  const one = scaledBytes(1n);
  for (let wire = 0; wire <= publics; wire++) put(0, constraints + wire, wire, one);
  return section;
}

function scaledBytes(value: bigint): Buffer {
  const bytes = Buffer.alloc(WORD);
  writeUint256(bytes, 0, (value * COEFFICIENT_SCALE) % R);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** What a proving key says of itself; nothing of it is checked yet. */
export interface ZkeyFacts {
  wires: number;
  domain: number;
  /** Contributions of a ceremony's second phase. */
  contributions: number;
  circuitHash: Buffer;
  key: VerifyingKey;
}

/** Reads the small sections of a proving key. Throws {@link ProverFileError} if it is not Groth16 over BN254. */
export async function readZkey(path: string): Promise<ZkeyFacts> {
  const file = await openSections(path, "zkey");
  try {
    const protocol = await file.read(Section.protocol);
    if (protocol.length !== 4 || protocol.readUInt32LE(0) !== GROTH16) {
      throw new ProverFileError(path, "a key of another proof system than Groth16");
    }
    const header = await file.read(Section.header);
    if (header.length !== HEADER_BYTES || readUint256(header, 4) !== Q || readUint256(header, 8 + WORD) !== R) {
      throw new ProverFileError(path, "a key of another curve than BN254");
    }
    const inputs = await file.read(Section.inputs);
    const contributions = await file.read(Section.contributions);
    if (inputs.length % G1_BYTES !== 0 || contributions.length < CIRCUIT_HASH_BYTES + 4) {
      throw new ProverFileError(path, "its sections have wrong lengths");
    }
    const nPublic = header.readUInt32LE(COUNTS_AT + 4);
    const alpha = POINTS_AT;
    const beta = alpha + 2 * G1_BYTES;
    const gamma = beta + G2_BYTES;
    const delta = gamma + G2_BYTES + G1_BYTES;
    const ic = Array.from({ length: inputs.length / G1_BYTES }, (_, i) => g1ToJson(readG1(inputs, i * G1_BYTES)));
    return {
      wires: header.readUInt32LE(COUNTS_AT),
      domain: header.readUInt32LE(COUNTS_AT + 8),
      contributions: contributions.readUInt32LE(CIRCUIT_HASH_BYTES),
      circuitHash: contributions.subarray(0, CIRCUIT_HASH_BYTES),
      key: {
        protocol: "groth16",
        curve: "bn128",
        nPublic,
        vk_alpha_1: g1ToJson(readG1(header, alpha)),
        vk_beta_2: g2ToJson(readG2(header, beta)),
        vk_gamma_2: g2ToJson(readG2(header, gamma)),
        vk_delta_2: g2ToJson(readG2(header, delta)),
        IC: ic,
      },
    };
  } finally {
    await file.close();
  }
}

function readG1(bytes: Buffer, offset: number): G1 {
  return { x: readCoordinate(bytes, offset), y: readCoordinate(bytes, offset + WORD) };
}

function readG2(bytes: Buffer, offset: number): G2 {
  const { x: x0, y: x1 } = readG1(bytes, offset);
  const { x: y0, y: y1 } = readG1(bytes, offset + G1_BYTES);
  return { x: [x0, x1], y: [y0, y1] };
}

function readCoordinate(bytes: Buffer, offset: number): bigint {
  const value = readUint256(bytes, offset);
  return value < Q ? (value * FROM_MONTGOMERY) % Q : value;
}
