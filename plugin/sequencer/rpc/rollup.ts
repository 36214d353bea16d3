import { withdrawalProof } from "../../ledger/hashes.js";
import { ZERO_ADDRESS } from "../../types.js";
import { RPC_CODES, RpcError } from "../errors.js";
import { claimKey, type KnownBatch, type L1View } from "../l1-view.js";
import { readWithdrawals } from "../reconcile.js";
import type { Method, RpcContext } from "./context.js";
import { toJson, type Json } from "./format.js";
import { address, blockId, fields, hash, invalid, optional, quantity } from "./params.js";

/** Steps of the confirmation ladder, lowest first. */
export type ConfirmationStatus = "unknown" | "accepted" | "in L2 block" | "on L1" | "finalized";

/** Of one answer; ask for those after the last one with `fromNonce`. */
const MAX_WITHDRAWALS = 100;

/** The batch on L1 that holds an L2 block. */
function batchOf(view: L1View, block: bigint): KnownBatch | undefined {
  const { batches } = view;
  let [low, high] = [0, batches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (batches[middle]!.header.l2BlockTo < block) low = middle + 1;
    else high = middle;
  }
  return batches[low];
}

function stepOf(view: L1View, batch: KnownBatch | undefined): ConfirmationStatus {
  if (batch === undefined) return "in L2 block";
  return batch.header.index <= view.finalizedIndex ? "finalized" : "on L1";
}

function describeBatch(view: L1View, batch: KnownBatch): Json {
  const { header, headerHash, transaction, l1Block } = batch;
  return toJson({
    header,
    headerHash,
    status: header.index <= view.finalizedIndex ? "finalized" : "pending",
    l1Transaction: transaction,
    l1BlockNumber: l1Block && BigInt(l1Block.number),
  });
}

/** A withdrawal, where it stands, and, once its batch is on L1, all that L1 asks for to pay it. */
function describeWithdrawal(context: RpcContext, nonce: bigint): Json {
  const { database } = context;
  const view = context.view();
  const stored = database.withdrawal(nonce);
  if (stored === undefined) throw new RpcError(RPC_CODES.rejected, `there is no withdrawal ${nonce}`);
  const { withdrawal, location } = stored;
  const { hash: l2Transaction } = database.entries(location.block)[location.position]!;
  const batch = batchOf(view, location.block);
  const common = { withdrawal, l2BlockNumber: location.block, l2Transaction, status: stepOf(view, batch) };
  if (batch === undefined) return toJson(common);
  const { header } = batch;
  const before = database.block(header.l2BlockFrom)!;
  const leafIndex = nonce - before.withdrawals;
  const all = readWithdrawals(database, before, database.block(header.l2BlockTo)!);
  return toJson({
    ...common,
    claimed: view.claimed.has(claimKey(header.index, leafIndex)),
    batchIndex: header.index,
    leafIndex,
    header,
    proof: withdrawalProof(all, Number(leafIndex)),
  });
}

/** By the hash of the L2 transaction, or `{ messageIndex }` of a forced one. */
function withdrawalNonce(wanted: unknown, { blocks, database, chain }: RpcContext): bigint | undefined {
  if (typeof wanted === "string") return blocks.entry(hash(wanted))?.withdrawal;
  const index = quantity(fields(wanted, "withdrawal").messageIndex, "messageIndex");
  const block = firstBlockWith(index, chain.head.number, (number) => database.block(number)!.inboxTo);
  const found = block === undefined ? undefined : blocks.existing({ number: block });
  return found && blocks.entries(found).find(({ message }) => message?.index === index)?.withdrawal;
}

/** The block that consumed an inbox message. */
function firstBlockWith(index: bigint, last: bigint, inboxTo: (block: bigint) => bigint): bigint | undefined {
  if (inboxTo(last) <= index) return undefined;
  let [low, high] = [0n, last];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (inboxTo(middle) <= index) low = middle + 1n;
    else high = middle;
  }
  return low;
}

function confirmation([wanted]: readonly unknown[], { blocks, chain, view }: RpcContext): Json {
  const id = hash(wanted);
  const found = blocks.entry(id);
  if (found === undefined) return toJson({ status: chain.mempool.get(id) === undefined ? "unknown" : "accepted" });
  const batch = batchOf(view(), found.block.number);
  return toJson({
    status: stepOf(view(), batch),
    l2BlockNumber: found.block.number,
    ...(batch === undefined
      ? {}
      : { batchIndex: batch.header.index, l1Transaction: batch.transaction, finalizesAt: batch.header.finalizesAt }),
  });
}

function proof([wanted, at]: readonly unknown[], { blocks, nodes, ledger }: RpcContext): Json {
  const given = fields(wanted, "leaf");
  const account = address(given.account, "account");
  const token = optional(given.token, (value) => address(value, "token"));
  const spender = optional(given.spender, (value) => address(value, "spender"));
  if (spender !== undefined && token === undefined) throw invalid("an allowance needs a token");
  const { number, stateRoot } = blocks.existing(blockId(at));
  const leaf = { account, token: token === ZERO_ADDRESS ? undefined : token, spender };
  return { l2BlockNumber: toJson(number), stateRoot, ...ledger.prove(nodes, stateRoot, leaf) };
}

/** The rollup's own methods; amounts, indexes and times are quantities. */
export const ROLLUP_METHODS: Record<string, Method> = {
  rollup_status(_, { chain, view, l2ChainId, baseFee, health }) {
    const { batches, finalizedIndex, messageCount, head: l1Head } = view();
    const { head, mempool } = chain;
    const last = batches.at(-1)!.header;
    return toJson({
      l2ChainId,
      baseFee,
      head: { number: head.number, hash: head.hash, timestamp: head.timestamp, stateRoot: head.stateRoot },
      onL1: { batchIndex: last.index, l2BlockNumber: last.l2BlockTo },
      finalized: { batchIndex: finalizedIndex, l2BlockNumber: batches[Number(finalizedIndex)]!.header.l2BlockTo },
      inbox: { messages: messageCount, consumed: head.inboxTo },
      mempool: { ready: mempool.readyCount, held: mempool.size - mempool.readyCount },
      l1: l1Head && { number: BigInt(l1Head.number), hash: l1Head.hash, timestamp: l1Head.timestamp },
      ...health(),
    });
  },
  rollup_getBatch([index], { view }) {
    const batch = view().batches[Number(quantity(index, "index"))];
    return batch === undefined ? null : describeBatch(view(), batch);
  },
  rollup_getBatchByBlock([number], { view }) {
    const batch = batchOf(view(), quantity(number, "block"));
    return batch === undefined ? null : describeBatch(view(), batch);
  },
  rollup_getWithdrawal([wanted], context) {
    const nonce = withdrawalNonce(wanted, context);
    return nonce === undefined ? null : describeWithdrawal(context, nonce);
  },
  rollup_getWithdrawals([wanted], context) {
    const { sender, fromNonce } = optional(wanted, (value) => fields(value, "filter")) ?? {};
    const by = optional(sender, (value) => address(value, "sender"));
    const found: Json[] = [];
    const last = context.chain.head.withdrawals;
    for (let nonce = optional(fromNonce, (value) => quantity(value, "fromNonce")) ?? 0n; nonce < last; nonce++) {
      if (by !== undefined && context.database.withdrawal(nonce)!.withdrawal.sender !== by) continue;
      found.push(describeWithdrawal(context, nonce));
      if (found.length === MAX_WITHDRAWALS) break;
    }
    return found;
  },
  rollup_getConfirmation: confirmation,
  rollup_getProof: proof,
};
