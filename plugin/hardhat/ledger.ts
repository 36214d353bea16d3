import { executeLedger } from "../ledger/execute.js";
import { loadLedgerGuest } from "../ledger/guest.js";
import type { ExecuteLedger } from "../sequencer/block-executor.js";
import type { Hex } from "../types.js";

/** The ledger's state transition as sequencers and validators run it. */
export interface Ledger {
  /** Of the guest program; docs/machine.md §1. */
  machineHash: Hex;
  execute: ExecuteLedger;
}

/** Compiles the guest program that comes with this package. */
export function loadLedger(): Ledger {
  const guest = loadLedgerGuest();
  return {
    machineHash: guest.machineHash,
    execute: (input, nodes, options) => executeLedger(guest, input, nodes, options),
  };
}
