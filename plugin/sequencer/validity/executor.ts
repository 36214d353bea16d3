import { decodeErc20Call } from "../../ledger/erc20.js";
import { inboxAcc, messageHash } from "../../ledger/hashes.js";
import type { StoreOperation } from "../../store/types.js";
import { L2_BRIDGE, type Hex, type InboxMessage } from "../../types.js";
import { decodeFee } from "../../validity/amounts.js";
import { decodeBatch, encodeBatch, type FurtherOperation } from "../../validity/batch.js";
import { type CircuitSize, executeValidity, isUnprovable } from "../../validity/execute.js";
import { fromAddress, hasKey, type LeafId, toAddress } from "../../validity/leaf.js";
import { createOperation } from "../../validity/operations.js";
import { replaySegment } from "../../validity/replay.js";
import { beginSegment, type Receipt, type SegmentResult } from "../../validity/segment.js";
import { type Domain, OPERATION, txDomain } from "../../validity/statement.js";
import { isFull, openState, type State } from "../../validity/state.js";
import {
  encodeRegistration,
  encodeTransfer,
  parseRequest,
  type SignedRegistration,
  type SignedTransfer,
} from "../../validity/transfer.js";
import type { AdoptJob, BlockExecutor, BlockHead, BuildJob, CommittedBlock, UsedNonce } from "../block-executor.js";
import { put, remove, type StoredWithdrawal } from "../database.js";
import { logsOf } from "../effects.js";
import { FalseBlockError } from "../errors.js";
import type { ExecutorParts } from "../ledger.js";
import type { BlockEntry, L2Block } from "../records.js";
import { writeBlock } from "../write-block.js";
import { leafAccount, packAccounts, registrationAccount } from "./accounts.js";
import { parseShown } from "./requests.js";

type Request = SignedTransfer | SignedRegistration;

export interface ValidityExecutorOptions extends ExecutorParts {
  domain: Domain;
  size: CircuitSize;
}

/** What goes into a block besides messages, in the order of execution. */
interface Plan {
  /** How many candidates are in it; the rest does not fit. */
  considered: number;
  operations: FurtherOperation[];
  registrations: SignedRegistration[];
  transfers: SignedTransfer[];
  feeLeaf: number;
}

/** A transfer whose batch data carry no signature: the proof says that there was one. */
const UNSIGNED = { r8: { x: 0n, y: 0n }, s: 0n };

/** Executes blocks of the ledger of docs/validity.md: a block is a segment. */
export function createValidityExecutor({ domain, size, database, nodes }: ValidityExecutorOptions): BlockExecutor {
  const { slots, levels } = size;
  const signed = txDomain(domain);

  /** Decides what a block holds, on a state that is thrown away. */
  function plan(state: State, messages: readonly InboxMessage[], requests: readonly Request[], coinbase: Hex): Plan {
    const run = beginSegment(state, { slotCount: slots, feeLeaf: 0, domain: signed });
    for (const message of messages) run.consume(message);
    const operations: FurtherOperation[] = [];
    const created = new Set<string>();
    const registrations: SignedRegistration[] = [];
    const transfers: SignedTransfer[] = [];
    let feeToken: bigint | undefined;
    let free = run.freeSlots;
    let considered = 0;

    const isMissing = (id: LeafId): boolean => !state.find(id).exists && !created.has(leafAccount(id));

    for (const request of requests) {
      if (request.type === "registration") {
        if (free < 1) break;
        const { exists, leaf } = state.find(request);
        if (exists && !hasKey(leaf)) {
          const { owner, token, key, signature } = request;
          operations.push({ kind: OPERATION.register, owner, token, key, signature });
          registrations.push(request);
          free -= 1;
        }
      } else {
        const { token, fee8, isWithdrawal, recipient } = request;
        const pays = decodeFee(fee8) > 0n;
        // A block takes its fees in one token.
        if (pays && feeToken !== undefined && feeToken !== token) break;
        const needed: LeafId[] = [];
        if (!isWithdrawal) needed.push({ owner: recipient, token });
        if (pays && feeToken === undefined) needed.push({ owner: fromAddress(coinbase), token });
        const missing = new Map(needed.filter(isMissing).map((id) => [leafAccount(id), id]));
        if (free < missing.size + 1) break;
        for (const [account, id] of missing) {
          operations.push(createOperation(id));
          created.add(account);
        }
        if (pays) feeToken = token;
        transfers.push(request);
        free -= missing.size + 1;
      }
      considered += 1;
    }
    for (const operation of operations) run.operate(operation);
    const feeLeaf = feeToken === undefined ? 0 : feeLeafOf(state, { owner: fromAddress(coinbase), token: feeToken });
    return { considered, operations, registrations, transfers, feeLeaf };
  }

  function commit(
    { previous, messages, ...head }: BlockHead & { previous: L2Block },
    state: State,
    result: SegmentResult,
    requests: readonly Request[],
    extra: StoreOperation[],
  ): Promise<CommittedBlock> {
    const number = previous.number + 1n;
    const entries: BlockEntry[] = [];
    const withdrawals: StoredWithdrawal[] = [];
    const emitters = new Set<Hex>();
    const used: UsedNonce[] = [];
    const touched: LeafId[] = [];
    const byHash = new Map(requests.map((request) => [request.hash, request]));

    const add = (entry: BlockEntry, receipt: Extract<Receipt, { withdrawal: unknown }>, action: Action): void => {
      const { withdrawal } = receipt;
      if (withdrawal !== undefined)
        withdrawals.push({ withdrawal, location: { block: number, position: entries.length } });
      if (entry.succeeded) for (const { address } of logsOf(action, entry.sender, withdrawal)) emitters.add(address);
      entries.push(entry);
    };
    for (const receipt of result.receipts) {
      if (receipt.source === "message") {
        const message = messages.find(({ index }) => index === receipt.index)!;
        if (receipt.operation === undefined) continue;
        touched.push(receipt.operation);
        const succeeded = receipt.outcome !== "nothing";
        const { sender, index } = message;
        add({ source: "message", hash: messageHash(message), sender, succeeded, gasUsed: 0n, index }, receipt, {
          message,
        });
      } else if (receipt.source === "operation") {
        touched.push(receipt.operation);
      } else {
        const { transfer, hash } = receipt;
        const { raw } = byHash.get(hash)!;
        const sender = toAddress(transfer.owner);
        touched.push(transfer, { owner: transfer.recipient, token: transfer.token });
        used.push({ account: leafAccount(transfer), nonce: transfer.nonce });
        const entry = { source: "transaction" as const, hash, sender, succeeded: true, gasUsed: 1n, raw };
        add(entry, receipt, parseShown(raw, domain));
      }
    }
    for (const request of requests) {
      if (request.type !== "registration") continue;
      const { hash, raw } = request;
      const sender = toAddress(request.owner);
      entries.push({ source: "transaction", hash, sender, succeeded: true, gasUsed: 0n, raw });
      used.push({ account: registrationAccount(request), nonce: 0n });
    }
    const fees = state.get(result.content.feeLeaf);
    if (fees !== undefined) touched.push(fees);

    const leaves = packAccounts(state, touched);
    const block = writeBlock(
      { database, nodes },
      {
        ...{ previous, head, messages, entries, withdrawals, emitters },
        stateRoot: state.root(),
        inboxAcc: inboxAcc(previous.inboxAcc, messages),
        nodes: state.takeNodes(),
      },
      extra,
    );
    return block.then((written) => ({ block: written, used, leaves }));
  }

  return {
    async build({ candidates, previous, messages, coinbase, timestamp, baseFee }: BuildJob) {
      const head = { previous, messages, coinbase, timestamp, baseFee };
      const requests = candidates.map(({ raw }) => parseRequest(raw, domain));
      const planned = plan(openState(levels, previous.stateRoot, nodes), messages, requests, coinbase);
      const { considered, operations, registrations, transfers, feeLeaf } = planned;

      const state = openState(levels, previous.stateRoot, nodes);
      const run = beginSegment(state, { slotCount: slots, feeLeaf, domain: signed });
      for (const message of messages) run.consume(message);
      for (const operation of operations) run.operate(operation);
      const executed = new Set<Hex>(registrations.map(({ hash }) => hash));
      for (const transfer of transfers) {
        if (run.refusal(transfer) !== undefined) continue;
        run.transfer(transfer);
        executed.add(transfer.hash);
      }
      const skipped = [...Array(considered).keys()].filter((i) => !executed.has(requests[i]!.hash));
      if (executed.size === 0 && messages.length === 0)
        return { block: undefined, considered, skipped, used: [], leaves: new Uint8Array() };
      const result = run.finish();
      const included = candidates.filter((_, i) => i < considered && executed.has(requests[i]!.hash));
      const committed = await commit(head, state, result, requests.slice(0, considered).filter(isIn(executed)), [
        put.data(previous.number + 1n, dataOf(result)),
        ...included.map(({ sequence }) => remove.pending(sequence)),
      ]);
      return { ...committed, considered, skipped };
    },

    async adopt({ data, ...head }: AdoptJob) {
      const { previous, messages } = head;
      const segment = decodeBatch(data)[0]!;
      const state = openState(levels, previous.stateRoot, nodes);
      let result: SegmentResult;
      try {
        result = replaySegment(state, segment, messages, slots);
      } catch (error) {
        if (isUnprovable(error)) throw new FalseBlockError(`it cannot be proved: ${error.message}`, { cause: error });
        throw error;
      }
      const raws = [
        ...result.receipts.flatMap((receipt) =>
          receipt.source === "transfer" ? [encodeTransfer(receipt.transfer, UNSIGNED)] : [],
        ),
        ...result.operations.flatMap((operation) =>
          operation.kind === OPERATION.register ? [encodeRegistration(operation, operation.signature)] : [],
        ),
      ];
      const requests = raws.map((raw) => parseRequest(raw, domain));
      return commit(head, state, result, requests, [put.data(previous.number + 1n, dataOf(result))]);
    },

    simulate(previous, { from, to, value, data }) {
      const call = decodeErc20Call(data);
      const token = call === undefined ? 0n : fromAddress(to);
      const amount = call?.name === "transfer" ? call.amount : value;
      if (to !== L2_BRIDGE && data.length > 0 && call?.name !== "transfer") return Promise.resolve("failed");
      const { exists, leaf } = openState(levels, previous.stateRoot, nodes).find({ owner: fromAddress(from), token });
      if (exists && leaf.balance >= amount) return Promise.resolve("succeeded");
      return Promise.resolve(token === 0n ? "skipped" : "failed");
    },

    run(input) {
      const { stateRoot, withdrawalsRoot, inboxAcc: acc, l2BlockTo } = executeValidity(size, input, nodes);
      return Promise.resolve({ stateRoot, withdrawalsRoot, inboxAcc: acc, l2BlockTo });
    },
  };
}

type Action = Parameters<typeof logsOf>[0];

/** Without a leaf of its own, because the tree is full, the fees go to nobody. */
function feeLeafOf(state: State, id: LeafId): number {
  const { exists, index } = state.find(id);
  return exists || !isFull(state) ? index : 0;
}

function isIn(hashes: ReadonlySet<Hex>): (request: Request) => boolean {
  return ({ hash }) => hashes.has(hash);
}

/** A segment as the data of a batch of its own; `h` is set when it is known which batch it belongs to. */
function dataOf({ content, messages, operations, transfers, exits }: SegmentResult): Uint8Array {
  const { withdrawalNonce, feeLeaf, stateRoot } = content;
  return encodeBatch([{ messages, operations, exits, withdrawalNonce, feeLeaf, stateRoot, h: 0n, transfers }]);
}
