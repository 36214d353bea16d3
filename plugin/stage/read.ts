import { dataSlice, getAddress, type Provider } from "ethers";

import { ask, L1UnavailableError } from "../l1/ask.js";
import type { Hex } from "../types.js";

/** ERC-1967: keccak256("eip1967.proxy.<name>") - 1. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
const BEACON_SLOT = "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50";

/** What a contract answers; undefined where it has no such function, refuses, or answers something else. A node that is down is no answer. */
export async function answerOf<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask(what, call);
  } catch (error) {
    if (error instanceof L1UnavailableError) throw error;
    return undefined;
  }
}

/** Who a contract delegates to, and who may change that; zero where it is no proxy. */
export interface ProxySlots {
  implementation: Hex;
  admin: Hex;
  beacon: Hex;
}

export async function proxySlots(provider: Provider, address: Hex): Promise<ProxySlots> {
  const [implementation, admin, beacon] = await ask(`proxy slots of ${address}`, () =>
    Promise.all([IMPLEMENTATION_SLOT, ADMIN_SLOT, BEACON_SLOT].map((slot) => provider.getStorage(address, slot))),
  );
  return { implementation: inWord(implementation), admin: inWord(admin), beacon: inWord(beacon) };
}

function inWord(word = `0x${"00".repeat(32)}`): Hex {
  return getAddress(dataSlice(word, 12)) as Hex;
}

export function codeOf(provider: Provider, address: Hex): Promise<Hex> {
  return ask(`code of ${address}`, async () => (await provider.getCode(address)) as Hex);
}
