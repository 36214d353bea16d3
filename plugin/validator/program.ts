import { executeLedger } from "../ledger/execute.js";
import type { LedgerGuest } from "../ledger/guest.js";
import type { Program } from "./types.js";

/** The ledger guest, run natively. */
export function ledgerProgram(guest: LedgerGuest): Program {
  return {
    machineHash: guest.machineHash,
    execute: (input, nodes) => executeLedger(guest, input, nodes),
  };
}
