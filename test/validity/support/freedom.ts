/** Finds wires of a witness that could have another value: signals that a circuit does not constrain enough. */
import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";
import { type ConstraintSystem, evaluate } from "./r1cs.js";

/** Where a wire occurs: constraint, side (a, b, c) and coefficient. */
interface Occurrence {
  constraint: number;
  side: number;
  coefficient: bigint;
}

/** An occurrence list for each wire. */
export function occurrencesOf({ sides, constraintCount, wireCount }: ConstraintSystem): Occurrence[][] {
  const lists: Occurrence[][] = Array.from({ length: wireCount }, () => []);
  sides.forEach(({ starts, wires, coefficients }, side) => {
    for (let k = 0; k < constraintCount; k++)
      for (let i = starts[k]!; i < starts[k + 1]!; i++)
        lists[wires[i]!]!.push({ constraint: k, side, coefficient: coefficients[i]! });
  });
  return lists;
}

/**
 * Wires that can have another value while all others keep theirs, with one such value.
 * @param candidates Other values to try for a wire that has the given one.
 */
export function freeWires(
  system: ConstraintSystem,
  witness: readonly bigint[],
  candidates: (value: bigint) => readonly bigint[],
): { wire: number; value: bigint }[] {
  const values = evaluateAll(system, witness);
  const free: { wire: number; value: bigint }[] = [];
  occurrencesOf(system).forEach((occurrences, wire) => {
    if (wire === 0) return;
    const own = witness[wire]!;
    for (const candidate of candidates(own)) {
      const value = mod(candidate);
      if (value !== own && !breaks(occurrences, values, value - own)) {
        free.push({ wire, value });
        return;
      }
    }
  });
  return free;
}

/** Whether adding `delta` to a wire violates a constraint. */
function breaks(
  occurrences: readonly Occurrence[],
  values: readonly [bigint, bigint, bigint][],
  delta: bigint,
): boolean {
  for (let i = 0; i < occurrences.length; i++) {
    const { constraint } = occurrences[i]!;
    const changed = [...values[constraint]!];
    // Sides of one constraint do not follow each other: gather them.
    for (const { side, coefficient } of occurrences.filter((other) => other.constraint === constraint))
      changed[side]! += coefficient * delta;
    if (mod(changed[0]! * changed[1]! - changed[2]!) !== 0n) return true;
  }
  return false;
}

/**
 * Wires that can change, several together, by an infinitesimal step from this witness while the known ones stay: wires that no
 * constraint determines, one after the other, from those before. Empty: given the known wires, the witness is the only one near it,
 * so no set of hints can be exchanged for another.
 */
export function undeterminedWires(
  system: ConstraintSystem,
  witness: readonly bigint[],
  known: Iterable<number>,
): number[] {
  const values = evaluateAll(system, witness);
  const lists = occurrencesOf(system);
  // Partial derivative of a · b − c by each wire of a constraint, where it is not 0.
  const gradients = values.map(() => new Map<number, bigint>());
  lists.forEach((occurrences, wire) => {
    for (const { constraint, side, coefficient } of occurrences) {
      const [a, b] = values[constraint]!;
      const term = coefficient * (side === 0 ? b : side === 1 ? a : -1n);
      const gradient = gradients[constraint]!;
      gradient.set(wire, mod((gradient.get(wire) ?? 0n) + term));
    }
  });
  const open = new Set(lists.keys());
  const waiting: number[] = [];
  const counts = gradients.map((gradient) => [...gradient.values()].filter((value) => value !== 0n).length);
  const settle = (wire: number): void => {
    if (!open.delete(wire)) return;
    for (const constraint of new Set(lists[wire]!.map((occurrence) => occurrence.constraint))) {
      if (gradients[constraint]!.get(wire) === 0n) continue;
      counts[constraint]!--;
      if (counts[constraint] === 1) waiting.push(constraint);
    }
  };
  counts.forEach((count, constraint) => void (count === 1 && waiting.push(constraint)));
  settle(0);
  for (const wire of known) settle(wire);
  for (let constraint = waiting.pop(); constraint !== undefined; constraint = waiting.pop()) {
    for (const [wire, gradient] of gradients[constraint]!) if (gradient !== 0n && open.has(wire)) settle(wire);
  }
  return [...open];
}

/** Names of the first signal that each wire stands for. */
export function namesOf(sym: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of sym.split("\n")) {
    const [, wire, , name] = line.split(",");
    if (name !== undefined && wire !== "-1" && !names.has(Number(wire))) names.set(Number(wire), name);
  }
  return names;
}

function evaluateAll(system: ConstraintSystem, witness: readonly bigint[]): [bigint, bigint, bigint][] {
  return Array.from({ length: system.constraintCount }, (_, k) => evaluate(system, k, witness));
}

function mod(value: bigint): bigint {
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
}
