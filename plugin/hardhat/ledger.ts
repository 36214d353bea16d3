import { executeLedger } from "../ledger/execute.js";
import { loadLedgerGuest } from "../ledger/guest.js";
import { traceLedger } from "../ledger/trace.js";
import { readGuestProgram } from "../machine/artifacts.js";
import { type Program, programOf } from "../machine/program.js";
import type { ExecuteLedger } from "../sequencer/block-executor.js";
import type { Hex } from "../types.js";
import type { Machine } from "../validator/challenger.js";

/** The ledger's state transition as sequencers and validators run it. */
export interface Ledger extends Machine {
  /** Of the guest program; docs/machine.md §1. */
  machineHash: Hex;
  execute: ExecuteLedger;
}

/** Compiles the guest program that comes with this package. */
export function loadLedger(): Ledger {
  const guest = loadLedgerGuest();
  // Only a dispute needs it.
  let lowered: Program | undefined;
  const program = (): Program => (lowered ??= programOf(readGuestProgram("ledger")));
  return {
    machineHash: guest.machineHash,
    execute: (input, nodes, options) => executeLedger(guest, input, nodes, options),
    program,
    trace: (input, nodes, signal) => traceLedger(program(), input, nodes, { signal }),
  };
}
