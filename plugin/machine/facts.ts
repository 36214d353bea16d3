import type { Hex, MachineProgram } from "../types.js";
import { keccak256 } from "./keccak.js";
import { MACHINE_VERSION, type Program } from "./program.js";

/** A program, and the artifact that it belongs to. */
export interface ProgramFacts extends MachineProgram {
  /** keccak256 of the canonical artifact. */
  wasmHash: Hex;
}

/** The facts of a program, as the build keeps them beside its artifact. */
export function factsOf({ wasm, machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages }: Program): ProgramFacts {
  return {
    machineHash: hex(machineHash),
    codeRoot: hex(codeRoot),
    memoryRoot0: hex(memoryRoot0),
    ...{ entryPc, pages, maxPages },
    version: Number(MACHINE_VERSION),
    wasmHash: hex(keccak256(wasm)),
  };
}

function hex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}
