import { executeLedger } from "../ledger/execute.js";
import { loadLedgerGuest } from "../ledger/guest.js";
import type { ExecuteLedger } from "../sequencer/block-executor.js";
import type { Hex } from "../types.js";

/** The ledger's state transition as sequencers and validators run it. */
export interface Ledger {
  /** keccak256 of the guest program's wasm. */
  guestHash: Hex;
  execute: ExecuteLedger;
}

/** Compiles the guest program that comes with this package. */
export function loadLedger(): Ledger {
  const guest = loadLedgerGuest();
  return {
    guestHash: guest.guestHash,
    execute: (input, nodes, options) => executeLedger(guest, input, nodes, options),
  };
}
