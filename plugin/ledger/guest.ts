import { readGuestProgram, readProgramFacts } from "../machine/artifacts.js";
import { keccak256 } from "../machine/keccak.js";
import { compileGuest, type Guest } from "../machine/native.js";
import type { Hex } from "../types.js";
import { toHex } from "./bytes.js";

/** The ledger's state transition, compiled. */
export interface LedgerGuest extends Guest {
  /** The program as the machine executes it; docs/machine.md §1. */
  machineHash: Hex;
}

/**
 * Loads the ledger guest that comes with this package.
 * @throws Error when it was not built, or only in part.
 */
export function loadLedgerGuest(): LedgerGuest {
  const wasm = readGuestProgram("ledger");
  const { machineHash, wasmHash } = readProgramFacts("ledger");
  if (toHex(keccak256(wasm)) !== wasmHash) {
    throw new Error(`ledger.wasm is not the program that ledger.json tells of: run "npm run build"`);
  }
  return { ...compileGuest(wasm), machineHash };
}
