import { expect } from "chai";
import { hexlify } from "ethers";

import { encodeBatch } from "../../plugin/ledger/batch.js";
import { executeLedger } from "../../plugin/ledger/execute.js";
import type { LedgerGuest } from "../../plugin/ledger/guest.js";
import { inboxAcc, withdrawalsRoot } from "../../plugin/ledger/hashes.js";
import { GENESIS_NODE, GENESIS_STATE_ROOT } from "../../plugin/ledger/state.js";
import type { BatchContent, LedgerOutput, NodeReader } from "../../plugin/ledger/types.js";
import { ZERO_HASH, type Hex, type InboxMessage } from "../../plugin/types.js";
import { createModel, modelRoot, runModel, type ModelState } from "./model.js";
import { TEST_CHAIN_ID } from "./signer.js";

export const BRIDGE: Hex = `0x${"b1".repeat(20)}`;
/** L1 time of the first batch; each later one is a minute younger. */
export const START = 1_700_000_000n;

/** A chain that is executed by the guest and by the model at once, and must be the same on both. */
export interface DifferentialChain {
  readonly model: ModelState;
  readonly root: Hex;
  readonly nodes: NodeReader;
  /** L1 time of the next batch. */
  readonly timestamp: bigint;
  /** Number of inbox messages so far. */
  readonly inboxFrom: bigint;
  /** Runs one batch; throws an assertion where guest and model differ. */
  run(messages: InboxMessage[], batch: Uint8Array | BatchContent): LedgerOutput;
}

export function createDifferentialChain(guest: LedgerGuest): DifferentialChain {
  const stored = new Map<string, Uint8Array>();
  const nodes: NodeReader = { get: (hash) => stored.get(hexlify(hash)) };
  const model = createModel();
  stored.set(GENESIS_STATE_ROOT, GENESIS_NODE.preimage);
  let root = GENESIS_STATE_ROOT;
  let acc = ZERO_HASH;
  let index = 1n;
  let inboxFrom = 0n;
  let l2BlockFrom = 0n;
  return {
    model,
    nodes,
    get root() {
      return root;
    },
    get inboxFrom() {
      return inboxFrom;
    },
    get timestamp() {
      return START + 60n * index;
    },
    run(messages, batch) {
      const data = batch instanceof Uint8Array ? batch : encodeBatch(batch);
      const timestamp = START + 60n * index;
      const input = {
        l2ChainId: TEST_CHAIN_ID,
        bridge: BRIDGE,
        index,
        timestamp,
        inboxFrom,
        l2BlockFrom,
        prevStateRoot: root,
        prevInboxAcc: acc,
        messages,
        data,
      };
      const output = executeLedger(guest, input, nodes);
      const expected = runModel(model, { l2ChainId: TEST_CHAIN_ID, timestamp, messages, data });

      expect(output.receipts, "receipts").to.deep.equal(expected.receipts);
      expect(output.withdrawals, "withdrawals").to.deep.equal(expected.withdrawals);
      expect(output.withdrawalsRoot, "withdrawals root").to.equal(withdrawalsRoot(expected.withdrawals));
      expect(output.l2BlockTo, "last block").to.equal(l2BlockFrom + BigInt(expected.blocks));
      expect(output.stateRoot, "state root").to.equal(modelRoot(model));
      expect(output.inboxAcc, "inbox accumulator").to.equal(inboxAcc(acc, messages));

      for (const { hash, preimage } of output.nodes) stored.set(hexlify(hash), preimage);
      root = output.stateRoot;
      acc = output.inboxAcc;
      l2BlockFrom = output.l2BlockTo;
      inboxFrom += BigInt(messages.length);
      index++;
      return output;
    },
  };
}
