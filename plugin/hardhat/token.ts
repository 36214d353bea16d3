import { Contract, type Provider } from "ethers";

import type { Hex } from "../types.js";

/** What an ERC-20 says of itself; all of it is optional in the standard. */
export interface TokenFacts {
  name?: string;
  symbol?: string;
  decimals?: number;
}

const VIEWS = [
  "function name() view returns (string)",
  "function symbol() view returns (string)",
  "function decimals() view returns (uint256)",
  "function balanceOf(address) view returns (uint256)",
];
/** Longer names are no names, and end up in terminals. */
const PRINTABLE = /^[\x20-\x7e]{1,64}$/;
const MAX_DECIMALS = 77n;

/** Reads a token on L1; undefined when there is no contract. */
export async function readToken(provider: Provider, token: Hex): Promise<TokenFacts | undefined> {
  if ((await provider.getCode(token)) === "0x") return undefined;
  const contract = new Contract(token, VIEWS, provider);
  const [name, symbol, decimals] = await Promise.all(
    ["name", "symbol", "decimals"].map((view) => attempt(() => contract.getFunction(view)() as Promise<unknown>)),
  );
  return {
    ...(typeof name === "string" && PRINTABLE.test(name) ? { name } : {}),
    ...(typeof symbol === "string" && PRINTABLE.test(symbol) ? { symbol } : {}),
    ...(typeof decimals === "bigint" && decimals <= MAX_DECIMALS ? { decimals: Number(decimals) } : {}),
  };
}

/** How much of a token an account has on L1; undefined when the token does not say. */
export async function readTokenBalance(provider: Provider, token: Hex, account: Hex): Promise<bigint | undefined> {
  const contract = new Contract(token, VIEWS, provider);
  const balance = await attempt(() => contract.getFunction("balanceOf")(account) as Promise<unknown>);
  return typeof balance === "bigint" ? balance : undefined;
}

async function attempt(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch {
    // A revert, or an answer of another shape: the token has no such view.
    return undefined;
  }
}
