import { concat, type ContractTransactionResponse, type Interface, type LogDescription, type Signer } from "ethers";

import { decodeLog } from "../../plugin/l1/decode.js";
import { type BatchHeader, type Hex, type InboxMessage, ZERO_ADDRESS, ZERO_HASH } from "../../plugin/types.js";
import type { BatchClaimStruct, BatchHeaderStructOutput } from "../../typechain-types/chain/StateCommitmentChain.js";
import { StateCommitmentChain__factory } from "../../typechain-types/index.js";
import type { Suite } from "./suite.js";

export interface BatchOptions {
  /** Who posts; the registered sequencer by default. */
  submitter?: Signer;
  /** What differs from `claimAfter`. */
  claim?: Partial<BatchClaimStruct>;
  /** The first message left, when it has to be shown. */
  nextMessage?: InboxMessage;
  data?: Hex;
}

/** A well-formed claim on top of `parent`: one L2 block, some state root, and by default no message consumed. */
export async function claimAfter(
  suite: Suite,
  parent: BatchHeader,
  overrides: Partial<BatchClaimStruct> = {},
): Promise<BatchClaimStruct> {
  const inboxTo = overrides.inboxTo ?? parent.inboxTo;
  return {
    stateRoot: `0x${(parent.index + 1n).toString(16).padStart(64, "5")}`,
    withdrawalsRoot: ZERO_HASH,
    inboxAcc: overrides.inboxAcc ?? (await suite.bridge.accumulator(inboxTo)),
    inboxTo,
    l2BlockTo: parent.l2BlockTo + 1n,
    ...overrides,
  };
}

/** Sends a batch on top of `parent`. */
export async function sendBatch(
  suite: Suite,
  parent: BatchHeader,
  options: BatchOptions = {},
): Promise<ContractTransactionResponse> {
  const claim = await claimAfter(suite, parent, options.claim);
  const chain = suite.chain.connect(options.submitter ?? suite.actors.sequencer);
  const nextMessage = options.nextMessage === undefined ? [] : [options.nextMessage];
  return chain.appendBatch(parent, claim, nextMessage, concat(["0x00", options.data ?? "0x"]));
}

/** Posts a batch on top of `parent`; its header as L1 told it. */
export async function postBatch(suite: Suite, parent: BatchHeader, options: BatchOptions = {}): Promise<BatchHeader> {
  const { args } = await eventOf(
    await sendBatch(suite, parent, options),
    StateCommitmentChain__factory.createInterface(),
    "BatchAppended",
  );
  return toHeader(args.getValue("header") as BatchHeaderStructOutput);
}

/** Posts `count` batches on top of each other. */
export async function postBatches(suite: Suite, parent: BatchHeader, count: number): Promise<BatchHeader[]> {
  const headers: BatchHeader[] = [];
  for (let last = parent; headers.length < count; headers.push(last)) last = await postBatch(suite, last);
  return headers;
}

/** Enqueues a message that needs no value. */
export async function enqueueMessage(suite: Suite, sender: Signer): Promise<InboxMessage> {
  const sent = await suite.bridge.connect(sender).forceWithdrawal(ZERO_ADDRESS, 1n, sender);
  return messageOf(suite, sent);
}

/** The message that a transaction enqueued. */
export async function messageOf(suite: Suite, transaction: ContractTransactionResponse): Promise<InboxMessage> {
  const bridge = await suite.bridge.getAddress();
  const receipt = await transaction.wait();
  for (const log of receipt?.logs ?? []) {
    const event = log.address === bridge ? decodeLog(log) : undefined;
    if (event?.kind === "message") return event.message;
  }
  throw new Error(`no message in ${transaction.hash}`);
}

/** The one event called `name` that a transaction emitted. */
export async function eventOf(
  transaction: ContractTransactionResponse,
  contract: Interface,
  name: string,
): Promise<LogDescription> {
  const receipt = await transaction.wait();
  const found = receipt?.logs.map((log) => contract.parseLog(log)).filter((event) => event?.name === name) ?? [];
  const [event] = found;
  if (found.length !== 1 || event === null || event === undefined) {
    throw new Error(`expected one event ${name} in ${transaction.hash}, found ${found.length}`);
  }
  return event;
}

/** A header as plain fields, from what the typed contract decodes. */
export function toHeader(output: BatchHeaderStructOutput): BatchHeader {
  return {
    index: output.index,
    timestamp: output.timestamp,
    finalizesAt: output.finalizesAt,
    inboxFrom: output.inboxFrom,
    inboxTo: output.inboxTo,
    l2BlockFrom: output.l2BlockFrom,
    l2BlockTo: output.l2BlockTo,
    submitter: output.submitter as Hex,
    resolver: output.resolver as Hex,
    parentHash: output.parentHash as Hex,
    prevStateRoot: output.prevStateRoot as Hex,
    stateRoot: output.stateRoot as Hex,
    withdrawalsRoot: output.withdrawalsRoot as Hex,
    inboxAcc: output.inboxAcc as Hex,
    dataHash: output.dataHash as Hex,
  };
}
