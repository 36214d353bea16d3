/** Reads constraint systems (iden3's binary format) and checks witnesses against them, without a proof. */
import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";

/** One linear combination of each constraint a · b = c, all of them one behind the other. */
interface Combinations {
  /** Where constraint k begins; one more entry than constraints. */
  starts: Uint32Array;
  wires: Uint32Array;
  coefficients: bigint[];
}

export interface ConstraintSystem {
  wireCount: number;
  publicCount: number;
  privateInputCount: number;
  constraintCount: number;
  /** a, b, c. */
  sides: [Combinations, Combinations, Combinations];
}

const HEADER = 1;
const CONSTRAINTS = 2;

export function readConstraints(file: Uint8Array): ConstraintSystem {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  if (bytes.toString("latin1", 0, 4) !== "r1cs") throw new Error("not a constraint system");
  const sections = new Map<number, number>();
  for (let i = 0, at = 12; i < bytes.readUInt32LE(8); i++) {
    sections.set(bytes.readUInt32LE(at), at + 12);
    at += 12 + Number(bytes.readBigUInt64LE(at + 4));
  }
  const header = sections.get(HEADER)!;
  const size = bytes.readUInt32LE(header);
  const number = (i: number): number => bytes.readUInt32LE(header + 4 + size + 4 * i);
  if (readNumber(bytes, header + 4, size) !== FIELD_ORDER) throw new Error("a constraint system of another field");
  // After four counts of wires, 64 bits of labels.
  const constraintCount = number(6);
  let at = sections.get(CONSTRAINTS)!;

  const starts = [0, 1, 2].map(() => new Uint32Array(constraintCount + 1));
  const wires: number[][] = [[], [], []];
  const coefficients: bigint[][] = [[], [], []];
  const known = new Map<string, bigint>();
  for (let k = 0; k < constraintCount; k++) {
    for (let side = 0; side < 3; side++) {
      const terms = bytes.readUInt32LE(at);
      at += 4;
      for (let i = 0; i < terms; i++, at += 4 + size) {
        wires[side]!.push(bytes.readUInt32LE(at));
        const key = bytes.toString("latin1", at + 4, at + 4 + size);
        let coefficient = known.get(key);
        if (coefficient === undefined) known.set(key, (coefficient = readNumber(bytes, at + 4, size)));
        coefficients[side]!.push(coefficient);
      }
      starts[side]![k + 1] = wires[side]!.length;
    }
  }
  const sides = [0, 1, 2].map((side) => ({
    starts: starts[side]!,
    wires: Uint32Array.from(wires[side]!),
    coefficients: coefficients[side]!,
  }));
  return {
    wireCount: number(0),
    publicCount: number(1) + number(2),
    privateInputCount: number(3),
    constraintCount,
    sides: sides as ConstraintSystem["sides"],
  };
}

/** Values of a, b and c of one constraint. */
export function evaluate({ sides }: ConstraintSystem, k: number, witness: readonly bigint[]): [bigint, bigint, bigint] {
  return sides.map(({ starts, wires, coefficients }) => {
    let sum = 0n;
    for (let i = starts[k]!; i < starts[k + 1]!; i++) sum += coefficients[i]! * witness[wires[i]!]!;
    return sum % FIELD_ORDER;
  }) as [bigint, bigint, bigint];
}

export function holds(system: ConstraintSystem, k: number, witness: readonly bigint[]): boolean {
  const [a, b, c] = evaluate(system, k, witness);
  return (a * b - c) % FIELD_ORDER === 0n;
}

/** The first constraint that the witness violates. */
export function violated(system: ConstraintSystem, witness: readonly bigint[]): number | undefined {
  for (let k = 0; k < system.constraintCount; k++) if (!holds(system, k, witness)) return k;
  return undefined;
}

function readNumber(bytes: Buffer, at: number, size: number): bigint {
  return BigInt(
    `0x${Buffer.from(bytes.subarray(at, at + size))
      .reverse()
      .toString("hex")}`,
  );
}
