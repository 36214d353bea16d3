import { ValidityResolver__factory } from "../../typechain-types/index.js";
import { headerHash } from "../ledger/hashes.js";
import type { BatchHeader, Hex } from "../types.js";
import type { Statement } from "../validity/statement.js";
import { ask } from "./ask.js";
import type { L1Client } from "./client.js";
import { type ActionOptions, type Done, done, senderFor, transact } from "./transact.js";

/** What L1 needs to believe a batch. */
export interface ProofOfBatch {
  header: BatchHeader;
  /** Of the layer below. */
  belowHash: Hex;
  isOnL1: boolean;
  /** One of each for each segment. */
  statements: readonly Statement[];
  proofs: readonly Hex[];
}

const resolver = ValidityResolver__factory.createInterface();

/** Proves a pending batch; the next one is final at once. */
export async function submitProof(
  l1: L1Client,
  { header, belowHash, isOnL1, statements, proofs }: ProofOfBatch,
  options: ActionOptions = {},
): Promise<Done> {
  const inputs = statements.map(({ h, r, y }): [bigint, bigint, bigint] => [h, r, y]);
  const data = resolver.encodeFunctionData("prove", [header, belowHash, isOnL1, inputs, [...proofs]]);
  return act(l1, header, `the proof of batch ${header.index}`, data, options);
}

/** Makes the next batch final if it was proven before its turn. Returns whether it was. */
export async function finalizeProven(l1: L1Client, header: BatchHeader, options: ActionOptions = {}): Promise<boolean> {
  const { signal } = options;
  const contract = ValidityResolver__factory.connect(header.resolver, l1.provider);
  if (!(await ask("whether a batch is proven", () => contract.isProven(headerHash(header)), { signal }))) return false;
  await act(l1, header, `the end of batch ${header.index}`, resolver.encodeFunctionData("finalize", [header]), options);
  return true;
}

/** Reverts the next batch, and all later ones, when nobody proved it in time. */
export async function revertUnproven(l1: L1Client, header: BatchHeader, options: ActionOptions = {}): Promise<Done> {
  const data = resolver.encodeFunctionData("revertUnproven", [header]);
  return act(l1, header, `the revert of batch ${header.index}`, data, options);
}

/** Asks the judge that was the chain's when the batch was posted. */
async function act(
  l1: L1Client,
  { resolver: to }: BatchHeader,
  what: string,
  data: string,
  options: ActionOptions,
): Promise<Done> {
  return done(await transact(l1, await senderFor(l1, options), { what, to, data }, options));
}
