import type { Provider } from "ethers";

import { ask } from "./ask.js";

/** What a provider that can be asked anything has besides; ethers' own and Hardhat's do. */
interface RawProvider {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/** The answer of a node to a plain JSON-RPC request; undefined when the provider has no such door. */
export async function rawRequest(provider: object, method: string, params: unknown[]): Promise<unknown> {
  const { send } = provider as Partial<RawProvider>;
  return send?.call(provider, method, params);
}

/** Versioned hashes of a transaction's blobs, in order. Not every provider passes on what the node says of them. */
export async function blobHashesOf(provider: Provider, transaction: string): Promise<readonly string[]> {
  const found = (await rawRequest(provider, "eth_getTransactionByHash", [transaction])) as {
    blobVersionedHashes?: string[] | null;
  } | null;
  return found?.blobVersionedHashes ?? (await provider.getTransaction(transaction))?.blobVersionedHashes ?? [];
}

/**
 * Wei per blob gas that the next block asks for.
 * @throws Error when the node cannot say.
 */
export async function blobBaseFee(provider: object, signal?: AbortSignal): Promise<bigint> {
  const found = await ask("blob base fee", () => rawRequest(provider, "eth_blobBaseFee", []), { signal });
  if (typeof found !== "string") throw new Error("the L1 node does not tell its blob base fee");
  return BigInt(found);
}
