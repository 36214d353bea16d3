import { ValidityResolver__factory } from "../../typechain-types/index.js";
import { type BatchHeader, contractOf, type Hex } from "../types.js";
import type { Statement } from "../validity/statement.js";
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
  return act(l1, `the proof of batch ${header.index}`, data, options);
}

/** Reverts the next batch, and all later ones, when nobody proved it in time. */
export async function revertUnproven(l1: L1Client, header: BatchHeader, options: ActionOptions = {}): Promise<Done> {
  const data = resolver.encodeFunctionData("revertUnproven", [header]);
  return act(l1, `the revert of batch ${header.index}`, data, options);
}

async function act(l1: L1Client, what: string, data: string, options: ActionOptions): Promise<Done> {
  const to = contractOf(l1.deployment.contracts, "ValidityResolver").address;
  return done(await transact(l1, await senderFor(l1, options), { what, to, data }, options));
}
