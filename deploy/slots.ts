import { dataSlice, getAddress, type Provider } from "ethers";

import type { Hex } from "../plugin/types.js";

/** ERC-1967: keccak256("eip1967.proxy.implementation") - 1. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
/** ERC-1967: keccak256("eip1967.proxy.admin") - 1. */
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

/** Who a proxy delegates to and who may change that, from its storage. */
export async function readProxySlots(provider: Provider, proxy: string): Promise<{ implementation: Hex; admin: Hex }> {
  const [implementation, admin] = await Promise.all([
    provider.getStorage(proxy, IMPLEMENTATION_SLOT),
    provider.getStorage(proxy, ADMIN_SLOT),
  ]);
  return { implementation: asAddress(implementation), admin: asAddress(admin) };
}

function asAddress(word: string): Hex {
  return getAddress(dataSlice(word, 12)) as Hex;
}
