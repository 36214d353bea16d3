import { fromHex, toHex } from "../ledger/bytes.js";
import { inputHash, outputHash } from "../ledger/hashes.js";
import type { Program } from "../machine/program.js";
import { initialState } from "../machine/program.js";
import { haltedState, hashState } from "../machine/state.js";
import type { BatchHeader, Hex } from "../types.js";

/** Hash of the machine's state before the first instruction; docs/dispute.md §1. */
export function startHash(program: Program, input: Hex): Hex {
  return toHex(hashState(initialState(program, fromHex(input, 32))));
}

/** Hash of the machine that halted with this output. */
export function endHash(output: Hex): Hex {
  return toHex(hashState(haltedState(fromHex(output, 32))));
}

/** What a batch says of the machine: it starts here and halts there. */
export function statementOf(
  header: BatchHeader,
  { program, l2ChainId, bridge }: { program: Program; l2ChainId: bigint; bridge: Hex },
): { start: Hex; end: Hex } {
  return { start: startHash(program, inputHash({ ...header, l2ChainId, bridge })), end: endHash(outputHash(header)) };
}
