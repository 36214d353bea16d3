import { getAddress, Interface, type Provider, type Result } from "ethers";

import type { Hex } from "../types.js";
import { ask, type AskOptions, causes, L1UnavailableError } from "./ask.js";

/** What is behind an address that has a role, as far as the chain tells. */
export type Holder =
  /** No code. Unless `used`, it never sent anything either: nobody has shown that there is a key, or a contract to come. */
  | { kind: "account"; used: boolean }
  /** Answers like a Safe: `threshold` of `owners` act for it. */
  | { kind: "safe"; threshold: number; owners: readonly Hex[] }
  | { kind: "contract" }
  /** An account whose key acts as before, and that has the code at `to` besides (EIP-7702). */
  | { kind: "delegated"; to: Hex };

/** EIP-7702: code of an account that chose the code at the address behind these bytes. */
const DELEGATION = "0xef0100";
const DELEGATION_LENGTH = 23;

const SAFE = new Interface([
  "function VERSION() view returns (string)",
  "function nonce() view returns (uint256)",
  "function getThreshold() view returns (uint256)",
  "function getOwners() view returns (address[])",
]);

/**
 * What holds `address` on L1 now.
 * @throws {L1UnavailableError} when L1 cannot be asked.
 */
export async function holderOf(provider: Provider, address: string, options: AskOptions = {}): Promise<Holder> {
  const code = await ask(`code of ${address}`, () => provider.getCode(address), options);
  if (code === "0x") {
    const nonce = await ask(`nonce of ${address}`, () => provider.getTransactionCount(address), options);
    return { kind: "account", used: nonce > 0 };
  }
  const to = delegateIn(code);
  if (to !== undefined) return { kind: "delegated", to };
  return (await readSafe(provider, address, options)) ?? { kind: "contract" };
}

/** In a few words, for people: "account", "Safe 3 of 5", "contract". */
export function describeHolder(holder: Holder): string {
  switch (holder.kind) {
    case "account":
      return holder.used ? "account" : "no code yet, no transaction yet";
    case "safe":
      return `Safe ${holder.threshold} of ${holder.owners.length}`;
    case "delegated":
      return `account with the code of ${holder.to} (EIP-7702)`;
    case "contract":
      return "contract";
  }
}

function delegateIn(code: string): Hex | undefined {
  const isDelegation = code.length === 2 + 2 * DELEGATION_LENGTH && code.toLowerCase().startsWith(DELEGATION);
  return isDelegation ? (getAddress(`0x${code.slice(DELEGATION.length)}`) as Hex) : undefined;
}

/** Undefined unless everything that a Safe answers is answered, and fits together. */
async function readSafe(
  provider: Provider,
  address: string,
  options: AskOptions,
): Promise<Extract<Holder, { kind: "safe" }> | undefined> {
  const [version, nonce, threshold, owners] = await Promise.all(
    ["VERSION", "nonce", "getThreshold", "getOwners"].map((name) => answer(provider, address, name, options)),
  );
  if (version === undefined || nonce === undefined || threshold === undefined || owners === undefined) return undefined;
  const needed = threshold[0] as bigint;
  const members = [...(owners[0] as Result)] as Hex[];
  if (needed === 0n || needed > BigInt(members.length)) return undefined;
  return { kind: "safe", threshold: Number(needed), owners: members };
}

/** EIP-1474: the node has had enough of its caller. */
const LIMIT_EXCEEDED = -32005;

/** Undefined when the contract refuses, or answers with something else. */
async function answer(
  provider: Provider,
  address: string,
  name: string,
  options: AskOptions,
): Promise<Result | undefined> {
  try {
    const data = SAFE.encodeFunctionData(name);
    const result = await ask(`${name} of ${address}`, () => provider.call({ to: address, data }), options);
    const values = SAFE.decodeFunctionResult(name, result);
    // Lazy decoding: reading a value that is malformed throws.
    values.toArray(true);
    return values;
  } catch (error) {
    if (error instanceof L1UnavailableError || options.signal?.aborted === true) throw error;
    if (causes(error).some((cause) => (cause as { code?: unknown }).code === LIMIT_EXCEEDED)) {
      throw new L1UnavailableError(`${name} of ${address}`, "the node refuses that many requests", { cause: error });
    }
    return undefined;
  }
}
