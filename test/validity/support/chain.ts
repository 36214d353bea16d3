import { expect } from "chai";

import { toHex } from "../../../plugin/ledger/bytes.js";
import { inboxAcc, withdrawalsRoot } from "../../../plugin/ledger/hashes.js";
import type { NodeReader, StateNode } from "../../../plugin/ledger/types.js";
import { type Hex, type InboxMessage, ZERO_ADDRESS, ZERO_HASH } from "../../../plugin/types.js";
import {
  type BatchSegment,
  decodeBatch,
  decodeShown,
  encodeBatch,
  encodeShown,
  fillShown,
  type FurtherOperation,
  showBatch,
} from "../../../plugin/validity/batch.js";
import type { Refusal } from "../../../plugin/validity/engine.js";
import { replaySegment } from "../../../plugin/validity/replay.js";
import { provableSegments, type ProvableSegment, sealBatch } from "../../../plugin/validity/seal.js";
import { beginSegment, type SegmentResult } from "../../../plugin/validity/segment.js";
import { type BatchContext, txDomain } from "../../../plugin/validity/statement.js";
import { type CommitInput, statementsOfData } from "../../../plugin/validity/statement-da.js";
import { genesisNodes, openState, type State } from "../../../plugin/validity/state.js";
import type { SignedTransfer } from "../../../plugin/validity/transfer.js";
import { withdrawalOf } from "../../../plugin/validity/run.js";
import {
  createModel,
  type Model,
  type ModelExit,
  modelMessage,
  modelOperation,
  modelRoot,
  modelTransfer,
} from "./model.js";
import { addressOf, DOMAIN } from "./owner.js";

export interface SegmentPlan {
  messages?: InboxMessage[];
  operations?: FurtherOperation[];
  transfers?: SignedTransfer[];
  feeLeaf?: number;
}

export interface ExecutedSegment extends SegmentResult {
  refused: Refusal[];
}

/** A batch in every form, after everything that is known about it was compared. */
export interface ExecutedBatch {
  context: BatchContext;
  segments: ExecutedSegment[];
  /** What L1 is given besides the data: header and messages. */
  input: CommitInput;
  data: BatchSegment[];
  /** The data in bytes: as calldata or a committee holds them, and as L1 is shown them with a committee. */
  bytes: { held: Uint8Array; shown: Uint8Array };
  /** With the transfers on L1, and with a committee. */
  provable: { onL1: ProvableSegment[]; committee: ProvableSegment[] };
}

/** A chain whose batches are executed, modelled, written, read back, replayed and stated at once. */
export interface Chain {
  readonly levels: number;
  readonly model: Model;
  readonly nodes: NodeReader;
  /** Number of inbox messages so far. */
  readonly inboxFrom: bigint;
  root(): Hex;
  state(): State;
  /** An inbox message; the next one of the inbox when it is given first in a plan. */
  message(kind: 0 | 1 | 2, fields: Partial<InboxMessage>): InboxMessage;
  /** Runs one batch; throws an assertion where two ways to the same thing differ. */
  run(...plans: SegmentPlan[]): ExecutedBatch;
}

export const SUBMITTER = addressOf(0x5e);

export function createChain({ levels = 3, slotCount = 16 } = {}): Chain {
  const stored = new Map<string, Uint8Array>();
  const nodes: NodeReader = { get: (hash) => stored.get(toHex(hash)) };
  const store = (made: StateNode[]): void => {
    for (const { hash, preimage } of made) stored.set(toHex(hash), preimage);
  };
  const genesis = genesisNodes(levels);
  store(genesis);
  const model = createModel(levels);
  let root = toHex(genesis[0]!.hash);
  expect(BigInt(root), "genesis").to.equal(modelRoot(model));
  let [batchIndex, inboxFrom, announced, l2Block] = [1n, 0n, 0n, 0n];
  let acc = ZERO_HASH;

  function execute(state: State, plan: SegmentPlan): ExecutedSegment {
    const { messages = [], operations = [], transfers = [], feeLeaf = 0 } = plan;
    const builder = beginSegment(state, { slotCount, feeLeaf, domain: txDomain(DOMAIN), trace: true });
    const exits: ModelExit[] = [];
    const refused: Refusal[] = [];
    for (const message of messages) {
      const expected = modelMessage(model, message, exits);
      const receipt = builder.consume(message);
      expect(receipt.outcome, `message ${message.index}`).to.equal(expected ?? "nothing");
      expect(receipt.operation === undefined, "takes no slot").to.equal(expected === undefined);
    }
    for (const operation of operations)
      expect(builder.operate(operation).outcome, "operation").to.equal(modelOperation(model, operation));
    let fees = 0n;
    for (const transfer of transfers) {
      const refusal = builder.refusal(transfer);
      if (refusal !== undefined) {
        refused.push(refusal);
        continue;
      }
      const { amount, fee } = builder.transfer(transfer);
      modelTransfer(model, transfer, amount, fee, exits);
      fees += fee;
    }
    const result = builder.finish();
    model.leaves[feeLeaf]!.balance += fees;
    expect(result.exits, "withdrawals").to.deep.equal(exits);
    expect(result.content.stateRoot, "state root").to.equal(modelRoot(model));
    return { ...result, refused };
  }

  return {
    levels,
    model,
    nodes,
    get inboxFrom() {
      return inboxFrom;
    },
    root: () => root,
    state: () => openState(levels, root, nodes),
    message(kind, fields) {
      const none = { sender: addressOf(0xca), target: ZERO_ADDRESS, token: ZERO_ADDRESS, amount: 0n };
      return { kind, index: announced++, timestamp: 1_700_000_000n, ...none, data: "0x", ...fields };
    },
    run(...plans) {
      const state = openState(levels, root, nodes);
      const segments = plans.map((plan) => execute(state, plan));
      const consumed = plans.flatMap(({ messages = [] }) => messages);
      const inboxTo = inboxFrom + BigInt(consumed.length);
      const l2BlockTo = l2Block + BigInt(plans.length);
      const nextAcc = inboxAcc(acc, consumed);
      const context = { ...DOMAIN, batchIndex, submitter: SUBMITTER, inboxTo, inboxAcc: nextAcc, l2BlockTo };
      const data = sealBatch(context, segments, slotCount);
      const provable = {
        onL1: provableSegments(context, segments, data, true),
        committee: provableSegments(context, segments, data, false),
      };

      const bytes = { held: encodeBatch(data), shown: encodeShown(showBatch(data)) };
      const decoded = decodeBatch(bytes.held);
      expect(decoded, "data").to.deep.equal(data);
      const shown = decodeShown(bytes.shown);
      expect(fillShown(shown, decoded), "filled").to.deep.equal(data);

      const withdrawals = data.flatMap(({ exits, withdrawalNonce }) =>
        exits.map((exit, i) => withdrawalOf(exit, withdrawalNonce + BigInt(i))),
      );
      const header = {
        index: batchIndex,
        inboxFrom,
        inboxTo,
        l2BlockFrom: l2Block,
        l2BlockTo,
        submitter: SUBMITTER,
        prevStateRoot: root,
        stateRoot: state.root(),
        withdrawalsRoot: withdrawalsRoot(withdrawals),
        inboxAcc: nextAcc,
      };
      const input = { domain: DOMAIN, header, prevInboxAcc: acc, consumed };
      const statements = (of: ProvableSegment[]) => of.map(({ statement }) => statement);
      expect(statementsOfData(input, decoded), "on L1").to.deep.equal(statements(provable.onL1));
      expect(statementsOfData(input, shown), "committee").to.deep.equal(statements(provable.committee));

      const replayed = openState(levels, root, nodes);
      let first = 0;
      decoded.forEach((segment, i) => {
        const messages = consumed.slice(first, (first += segment.messages));
        const { receipts } = replaySegment(replayed, segment, messages, slotCount);
        const strip = (receipt: object) =>
          "transfer" in receipt
            ? { ...receipt, transfer: { ...(receipt.transfer as SignedTransfer), ...NOT_IN_DATA } }
            : receipt;
        expect(receipts.map(strip), "receipts").to.deep.equal(segments[i]!.receipts.map(strip));
      });

      const made = state.takeNodes();
      expect(toHex(made[0]!.hash), "root first").to.equal(state.root());
      expect(replayed.takeNodes(), "nodes of the replay").to.have.deep.members(made);
      store(made);
      root = state.root();
      [batchIndex, inboxFrom, l2Block, acc] = [batchIndex + 1n, inboxTo, l2BlockTo, nextAcc];
      return { context, segments, input, data, bytes, provable };
    },
  };
}

/** What only the raw bytes of a transfer say. */
const NOT_IN_DATA = { type: undefined, signature: undefined, raw: undefined, hash: undefined };
