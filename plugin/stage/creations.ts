import {
  dataSlice,
  getCreate2Address,
  getCreateAddress,
  keccak256,
  type Provider,
  type TransactionResponse,
} from "ethers";

import { ask } from "../l1/ask.js";
import type { Hex } from "../types.js";

/** The deployment proxy that most chains have: salt, then creation code. */
const DEPLOYMENT_PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C";

/** Blocks before the proxies' in which a deployment's other contracts are looked for: an hour of L1. */
const LOOK_BACK = 300;

/** The creation code of a contract, shown by its address: of a plain creation, or one through the deployment proxy. */
export function creationIn({ from, nonce, to, data }: TransactionResponse, address: Hex): string | undefined {
  if (to === null) return getCreateAddress({ from, nonce }) === address ? data : undefined;
  if (to !== DEPLOYMENT_PROXY || data.length < 66) return undefined;
  const initCode = dataSlice(data, 32);
  return getCreate2Address(to, dataSlice(data, 0, 32), keccak256(initCode)) === address ? initCode : undefined;
}

/** With which code contracts were created that were created shortly before a block; others are absent. Newest blocks first. */
export async function creationsBefore(
  provider: Provider,
  last: number,
  addresses: readonly Hex[],
): Promise<ReadonlyMap<Hex, string>> {
  const found = new Map<Hex, string>();
  for (let number = last; number >= Math.max(0, last - LOOK_BACK) && found.size < addresses.length; number--) {
    const block = await ask(`block ${number}`, () => provider.getBlock(number, true));
    for (const transaction of block?.prefetchedTransactions ?? []) {
      for (const address of addresses) {
        const initCode = creationIn(transaction, address);
        if (initCode !== undefined) found.set(address, initCode);
      }
    }
  }
  return found;
}
