import { toHex } from "../ledger/bytes.js";
import type { NodeReader } from "../ledger/types.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import { decodeBatch } from "../validity/batch.js";
import type { CircuitSize } from "../validity/execute.js";
import { provableSegments } from "../validity/seal.js";
import { beginSegment, type SegmentResult } from "../validity/segment.js";
import { type Domain, type Statement, txDomain } from "../validity/statement.js";
import { openState } from "../validity/state.js";
import { parseRequest, type SignedTransfer } from "../validity/transfer.js";
import { segmentInputs } from "../validity/witness.js";
import { encodeProof } from "./encode.js";
import type { Prover } from "./prove.js";
import type { ProverProgress, WorkOptions } from "./types.js";

/** What a proof of a batch is made from. */
export interface BatchToProve {
  header: BatchHeader;
  /** Inbox messages that it consumes. */
  messages: readonly InboxMessage[];
  /** docs/validity.md §4. */
  data: Uint8Array;
  /** Whether its transfers stand on L1, or with a committee. */
  isOnL1: boolean;
  /** Raw transfers of each segment, in order: they hold the signatures, which the data do not. */
  transfers: readonly (readonly Uint8Array[])[];
}

export interface BatchProof {
  /** One of each for each segment. */
  statements: Statement[];
  proofs: Hex[];
}

export interface BatchProverOptions {
  domain: Domain;
  size: CircuitSize;
  /** Nodes of the state before the batch. */
  nodes: NodeReader;
  prover: Prover;
}

export interface BatchProgress extends ProverProgress {
  /** From 0. */
  segment: number;
  segments: number;
}

export interface BatchWorkOptions extends Omit<WorkOptions, "onProgress"> {
  onProgress?: ((progress: BatchProgress) => void) | undefined;
}

/** A batch that does not follow from what it is said to follow from: there is no proof of it. */
export class BatchUnprovableError extends Error {
  override readonly name = "BatchUnprovableError";
  constructor(
    readonly index: bigint,
    readonly reason: string,
  ) {
    super(`batch ${index} cannot be proved: ${reason}`);
  }
}

/**
 * Proves every segment of a batch. What was proved before comes from the prover's cache, so a proof that was interrupted goes on.
 * @throws {BatchUnprovableError}
 */
export async function proveBatch(
  batch: BatchToProve,
  { domain, size, nodes, prover }: BatchProverOptions,
  { signal, onProgress }: BatchWorkOptions = {},
): Promise<BatchProof> {
  const { header, isOnL1 } = batch;
  const segments = decodeBatch(batch.data);
  const { index, submitter, inboxTo, inboxAcc, l2BlockTo } = header;
  const context = { ...domain, batchIndex: index, submitter, inboxTo, inboxAcc, l2BlockTo };
  const results = traceBatch(batch, { domain, size, nodes });
  const provable = provableSegments(context, results, segments, isOnL1);
  const proofs: Hex[] = [];
  for (const [segment, each] of provable.entries()) {
    const inputs = segmentInputs(results[segment]!.trace!, size, each);
    const { proof } = await prover.prove(inputs, {
      signal,
      onProgress: (progress) => onProgress?.({ ...progress, segment, segments: segments.length }),
    });
    proofs.push(encodeProof(proof) as Hex);
  }
  return { statements: provable.map(({ statement }) => statement), proofs };
}

/** Executes a batch with its signatures. */
function traceBatch(
  { header, messages, data, transfers }: BatchToProve,
  { domain, size, nodes }: Omit<BatchProverOptions, "prover">,
): SegmentResult[] {
  const { index } = header;
  const added = new Map<Hex, Uint8Array>();
  const reader: NodeReader = { get: (hash) => added.get(toHex(hash)) ?? nodes.get(hash) };
  const results: SegmentResult[] = [];
  let root = header.prevStateRoot;
  let next = 0;
  for (const [position, segment] of decodeBatch(data).entries()) {
    const state = openState(size.levels, root, reader);
    const { feeLeaf, operations } = segment;
    const run = beginSegment(state, { slotCount: size.slots, feeLeaf, domain: txDomain(domain), trace: true });
    for (const message of messages.slice(next, next + segment.messages)) run.consume(message);
    next += segment.messages;
    for (const operation of operations) run.operate(operation);
    for (const transfer of signedTransfers(transfers[position] ?? [], domain)) {
      const refusal = run.refusal(transfer);
      if (refusal !== undefined) throw new BatchUnprovableError(index, refusal.message);
      run.transfer(transfer);
    }
    const result = run.finish();
    if (result.content.stateRoot !== segment.stateRoot)
      throw new BatchUnprovableError(index, `segment ${position} leads to another state root than its data say`);
    root = state.root();
    for (const { hash, preimage } of state.takeNodes()) added.set(toHex(hash), preimage);
    results.push(result);
  }
  return results;
}

function signedTransfers(raws: readonly Uint8Array[], domain: Domain): SignedTransfer[] {
  return raws.map((raw) => parseRequest(raw, domain)).filter((request) => request.type === "transfer");
}
