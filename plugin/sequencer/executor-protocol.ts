import { toBigInt, toHex } from "../ledger/bytes.js";
import type { LedgerInput } from "../ledger/types.js";
import type { Hex } from "../types.js";
import type { AdoptJob, BlockCandidate, BuildJob, SimulatedCall } from "./block-executor.js";
import type { L2Block } from "./records.js";

/** What the executor's thread is started with. */
export interface ExecutorThreadData {
  /** Of the level store, which this process has open. */
  path: string;
  l2ChainId: bigint;
  bridge: Hex;
  /** Nodes of the state tree kept in memory. */
  cachedNodes: number;
}

export type Job =
  | { kind: "build"; job: Omit<BuildJob, "candidates"> & { candidates: Uint8Array } }
  | { kind: "adopt"; job: AdoptJob }
  | { kind: "simulate"; previous: L2Block; call: SimulatedCall }
  | { kind: "run"; input: LedgerInput }
  | { kind: "close" };

export type JobAnswer = { result: unknown } | { failure: { name: string; message: string } };

const HEAD_LENGTH = 64;

/** One buffer instead of thousands of objects to copy between threads. */
export function packCandidates(candidates: BlockCandidate[]): Uint8Array {
  const packed = Buffer.alloc(candidates.reduce((sum, { raw }) => sum + HEAD_LENGTH + raw.length, 0));
  let at = 0;
  for (const { sequence, hash, sender, raw } of candidates) {
    packed.writeBigUInt64BE(sequence, at);
    packed.writeUInt32BE(raw.length, at + 8);
    packed.write(hash.slice(2), at + 12, "hex");
    packed.write(sender.slice(2), at + 44, "hex");
    packed.set(raw, at + HEAD_LENGTH);
    at += HEAD_LENGTH + raw.length;
  }
  return packed;
}

export function unpackCandidates(bytes: Uint8Array): BlockCandidate[] {
  const candidates: BlockCandidate[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + HEAD_LENGTH + Number(toBigInt(bytes.subarray(at + 8, at + 12)));
    candidates.push({
      sequence: toBigInt(bytes.subarray(at, at + 8)),
      hash: toHex(bytes.subarray(at + 12, at + 44)),
      sender: toHex(bytes.subarray(at + 44, at + 64)),
      raw: bytes.subarray(at + HEAD_LENGTH, end),
    });
    at = end;
  }
  return candidates;
}
