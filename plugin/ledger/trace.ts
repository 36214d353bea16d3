import { blobIn, elementOf } from "../da/blob.js";
import type { Oracle } from "../machine/hostCalls.js";
import { PreimageMap } from "../machine/preimage-map.js";
import type { Program } from "../machine/program.js";
import { createTrace, type Trace } from "../machine/trace.js";
import { collectInput } from "./execute.js";
import type { LedgerInput, NodeReader } from "./types.js";

export interface TraceOptions {
  signal?: AbortSignal | undefined;
  /** Makes the oracle of another run out of the true one: what a liar's machine answers. */
  oracle?: (truth: Oracle) => Oracle;
}

/**
 * Runs the ledger over one batch in the machine, with all its states.
 * @param program The ledger's, as the machine executes it.
 * @param nodes The state behind `input.prevStateRoot`; they are read as long as the trace is used.
 * @throws ExecutorFaultError when the state is incomplete.
 */
export async function traceLedger(
  program: Program,
  input: LedgerInput,
  nodes: NodeReader,
  { signal, oracle = (truth) => truth }: TraceOptions = {},
): Promise<Trace> {
  const given = new PreimageMap();
  const { inputHash } = collectInput(input, given);
  const truth: Oracle = {
    preimage: (hash) => given.get(hash) ?? nodes.get(hash),
    ...(input.blobs === undefined ? {} : { blob: await blobOracle(input) }),
  };
  return createTrace(program, inputHash, oracle(truth), signal === undefined ? {} : { signal });
}

/** Elements of the blobs of `input`; their proofs, half a second each without c-kzg, are made when they are asked for. */
async function blobOracle(input: LedgerInput): Promise<NonNullable<Oracle["blob"]>> {
  const { loadKzg } = await import("../da/kzg.js");
  const kzg = await loadKzg();
  return (versionedHash, index) => {
    const blob = blobIn(input, versionedHash);
    if (blob === undefined) return undefined;
    const { bytes, commitment } = blob;
    return {
      value: elementOf(bytes, index),
      commitment,
      get proof() {
        return kzg.proveElement(bytes, index);
      },
    };
  };
}
