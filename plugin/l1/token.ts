import { Interface, type Provider } from "ethers";

import type { Hex } from "../types.js";
import { ask, type AskOptions, L1UnavailableError } from "./ask.js";

export const ERC20 = new Interface([
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address, address) view returns (uint256)",
  "function approve(address, uint256) returns (bool)",
  "function nonces(address) view returns (uint256)",
  "function name() view returns (string)",
  "function version() view returns (string)",
]);

/** The address is no ERC-20 on this L1. */
export class UnknownTokenError extends Error {
  override readonly name = "UnknownTokenError";

  constructor(
    readonly token: Hex,
    readonly reason: string,
  ) {
    super(`${token} is no ERC-20 on this network: ${reason}`);
  }
}

/** A view of a token that answers with one value; undefined when it does not answer it. */
async function view(
  provider: Provider,
  token: Hex,
  name: string,
  inputs: readonly unknown[],
  options: AskOptions,
): Promise<unknown> {
  try {
    const data = ERC20.encodeFunctionData(name, inputs);
    const answer = await ask(`${name} of ${token}`, () => provider.call({ to: token, data }), options);
    return ERC20.decodeFunctionResult(name, answer)[0];
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof L1UnavailableError) throw error;
    // A revert or an answer of another shape: the token has no such view.
    return undefined;
  }
}

/** @throws {UnknownTokenError} */
export async function tokenBalance(provider: Provider, token: Hex, owner: Hex, options: AskOptions): Promise<bigint> {
  const code = await ask(`code of ${token}`, () => provider.getCode(token), options);
  if (code === "0x") throw new UnknownTokenError(token, "there is no contract at this address");
  const balance = await view(provider, token, "balanceOf", [owner], options);
  if (typeof balance !== "bigint") throw new UnknownTokenError(token, "it does not answer balanceOf");
  return balance;
}

export async function tokenAllowance(
  provider: Provider,
  token: Hex,
  owner: Hex,
  spender: Hex,
  options: AskOptions,
): Promise<bigint> {
  const allowance = await view(provider, token, "allowance", [owner, spender], options);
  if (typeof allowance !== "bigint") throw new UnknownTokenError(token, "it does not answer allowance");
  return allowance;
}

/** What a permit of `owner` signs besides its terms; undefined when the token has no ERC-2612. */
export async function permitFacts(
  provider: Provider,
  token: Hex,
  owner: Hex,
  options: AskOptions,
): Promise<{ name: string; version: string; nonce: bigint } | undefined> {
  const nonce = await view(provider, token, "nonces", [owner], options);
  const name = await view(provider, token, "name", [], options);
  const version = await view(provider, token, "version", [], options);
  if (typeof nonce !== "bigint" || typeof name !== "string") return undefined;
  return { name, version: typeof version === "string" ? version : "1", nonce };
}
