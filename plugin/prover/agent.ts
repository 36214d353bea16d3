import { fromHex } from "../ledger/bytes.js";
import type { NodeReader } from "../ledger/types.js";
import type { L1Client } from "../l1/client.js";
import type { ActionOptions, Done } from "../l1/transact.js";
import { finalizeProven, submitProof } from "../l1/validity-actions.js";
import type { BatchHeader, Hex } from "../types.js";
import type { CircuitSize } from "../validity/execute.js";
import type { Domain } from "../validity/statement.js";
import { type BatchProgress, proveBatch } from "./batch.js";
import type { Prover } from "./prove.js";

/** A batch that L1 believes now. */
export interface ProvedOnL1 extends Done {
  index: bigint;
  /** Proofs in it. */
  segments: number;
  /** Milliseconds that they took, or that it took to read them from the cache. */
  milliseconds: number;
}

export interface ProverAgentOptions {
  /** With a signer, who pays. */
  client: L1Client;
  domain: Domain;
  size: CircuitSize;
  /** By whether transfers stand on L1. */
  prover: (isOnL1: boolean) => Promise<Prover>;
  /** Nodes of the states before the batches that are to be proved. */
  nodes: NodeReader;
  /** JSON-RPC of the sequencer, which alone has the signatures. */
  request: (method: string, params: unknown[]) => Promise<unknown>;
}

export interface ProveOptions extends ActionOptions {
  onProgress?: ((index: bigint, progress: BatchProgress) => void) | undefined;
}

/**
 * Makes every batch on L1 final, in order: proves it, unless somebody did before its turn. What was proved before a kill is
 * not proved again.
 */
export async function proveAll(options: ProverAgentOptions, work: ProveOptions = {}): Promise<ProvedOnL1[]> {
  const { client } = options;
  const { head, finalizedHead } = await client.heads(work.signal);
  const proved: ProvedOnL1[] = [];
  for (const { header, transaction } of await client.batches(finalizedHead + 1n, head, work.signal)) {
    if (await finalizeProven(client, header, work)) continue;
    proved.push(await proveOne(options, header, transaction, work));
  }
  return proved;
}

async function proveOne(
  { client, domain, size, prover, nodes, request }: ProverAgentOptions,
  header: BatchHeader,
  transaction: Hex,
  { onProgress, ...action }: ProveOptions,
): Promise<ProvedOnL1> {
  const { signal } = action;
  const start = performance.now();
  const { bytes: data, committed } = await client.batchData(header, signal, transaction);
  if (committed === undefined) throw new Error(`batch ${header.index} needs no proof`);
  const { belowHash, isOnL1 } = committed;
  const messages = await client.inboxMessages(header.inboxFrom, header.inboxTo, signal);
  const transfers: Uint8Array[][] = [];
  for (let block = header.l2BlockFrom + 1n; block <= header.l2BlockTo; block++)
    transfers.push(await readTransfers(request, block));
  const { statements, proofs } = await proveBatch(
    { header, messages, data, isOnL1, transfers },
    { domain, size, nodes, prover: await prover(isOnL1) },
    { signal, onProgress: (progress) => onProgress?.(header.index, progress) },
  );
  const milliseconds = performance.now() - start;
  const done = await submitProof(client, { header, belowHash, isOnL1, statements, proofs }, action);
  return { ...done, index: header.index, segments: proofs.length, milliseconds };
}

/** The sequencer does not have, or does not give, the signatures of a block: without them nobody can prove it. */
export class SignaturesMissingError extends Error {
  override readonly name = "SignaturesMissingError";
  constructor(readonly block: bigint) {
    super(`the sequencer gives no transfers of L2 block ${block}; only the one that made the block has its signatures`);
  }
}

async function readTransfers(request: ProverAgentOptions["request"], block: bigint): Promise<Uint8Array[]> {
  const answer = await request("rollup_getTransfers", [`0x${block.toString(16)}`]);
  if (!Array.isArray(answer) || !answer.every((raw) => typeof raw === "string"))
    throw new SignaturesMissingError(block);
  return answer.map((raw) => fromHex(raw as Hex));
}
