import { readGuestProgram } from "../machine/artifacts.js";
import { keccak256 } from "../machine/keccak.js";
import { compileGuest, type Guest } from "../machine/native.js";
import type { Hex } from "../types.js";
import { toHex } from "./bytes.js";

/** The ledger's state transition, compiled. */
export interface LedgerGuest extends Guest {
  /** keccak256 of the program: what a deployment names. */
  guestHash: Hex;
}

/**
 * Loads the ledger guest that comes with this package.
 * @throws Error when it was not built.
 */
export function loadLedgerGuest(): LedgerGuest {
  const wasm = readGuestProgram("ledger");
  return { ...compileGuest(wasm), guestHash: toHex(keccak256(wasm)) };
}
