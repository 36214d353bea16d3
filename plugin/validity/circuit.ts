import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { MAX_LEVELS } from "./tree.js";

/** What a circuit of segments can take. */
export interface CircuitShape {
  /** Operations and transfers in a segment, at most. */
  slots: number;
  /** Levels of the state tree, which has 4^levels leaves. */
  levels: number;
  /** Whether transfers stand on L1, or only their hash (docs/validity.md §4). */
  isOnL1: boolean;
}

/** A template with its parameters: what the compiler turns into a main component. */
export interface CircuitTemplate {
  /** For people and file names; one for each shape. */
  name: string;
  /** Path of the file with the template. */
  source: string;
  template: string;
  parameters: readonly number[];
  publicInputs: readonly string[];
}

/** The public inputs, in the order in which a proof has them. */
export const PUBLIC_INPUTS = ["h", "r", "y"] as const;

export const MAX_SLOTS = 2 ** 16 - 1;
// In a checkout circuits/ is beside plugin/; in the package beside dist/.
const FOLDERS = ["../../circuits/", "../../../circuits/"];

/**
 * The circuit of this shape.
 * @throws RangeError when no circuit has it; Error when the sources are missing.
 */
export function segmentCircuit({ slots, levels, isOnL1 }: CircuitShape): CircuitTemplate {
  checkRange("slots", slots, MAX_SLOTS);
  checkRange("levels", levels, MAX_LEVELS);
  return {
    name: `segment-${slots}-${levels}-${isOnL1 ? "l1" : "committee"}`,
    source: fileURLToPath(new URL("segment.circom", circuitFolder())),
    template: "Segment",
    parameters: [slots, levels, isOnL1 ? 1 : 0],
    publicInputs: PUBLIC_INPUTS,
  };
}

function circuitFolder(): URL {
  const folder = FOLDERS.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  if (folder === undefined) throw new Error("the folder circuits/ is missing from the package: install it again");
  return folder;
}

function checkRange(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new RangeError(`a circuit has 1 to ${max} ${what}, got ${value}`);
}
