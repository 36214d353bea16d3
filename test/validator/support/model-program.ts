import { inboxAcc, withdrawalsRoot } from "../../../plugin/ledger/hashes.js";
import { GENESIS_STATE_ROOT } from "../../../plugin/ledger/state.js";
import type { LedgerInput, LedgerOutput } from "../../../plugin/ledger/types.js";
import { type Hex, ZERO_HASH } from "../../../plugin/types.js";
import type { Program } from "../../../plugin/validator/types.js";
import { createModel, modelRoot, type ModelState, runModel } from "../../ledger/model.js";

/** The ledger's rules in plain TypeScript instead of the guest: slow, but wrong in other ways than the guest could be. */
export function modelProgram(machineHash: Hex): Program {
  const states = new Map<string, ModelState>([[GENESIS_STATE_ROOT, createModel()]]);
  return {
    machineHash,
    execute(input: LedgerInput): LedgerOutput {
      const before = states.get(input.prevStateRoot);
      if (before === undefined) throw new Error(`no state ${input.prevStateRoot}`);
      const state = structuredClone(before);
      const { blocks, receipts, withdrawals } = runModel(state, input);
      const stateRoot = modelRoot(state) as Hex;
      states.set(stateRoot, state);
      return {
        stateRoot,
        withdrawalsRoot: withdrawalsRoot(withdrawals),
        l2BlockTo: input.l2BlockFrom + BigInt(blocks),
        inboxAcc: inboxAcc(input.prevInboxAcc, input.messages),
        inputHash: ZERO_HASH,
        outputHash: ZERO_HASH,
        ...{ withdrawals, receipts, nodes: [] },
      };
    },
  };
}
