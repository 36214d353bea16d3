import { formatUnits, getAddress, isHexString, parseUnits, type Provider } from "ethers";

import { readToken } from "../../plugin/hardhat/token.js";
import { type Hex, ZERO_ADDRESS } from "../../plugin/types.js";
import { ArgumentError } from "./action.js";

/** A value as it stands on the command line. */
type Given = string | undefined;

/** @throws {ArgumentError} when the option is missing. */
export function required(name: string, value: Given, example: string): string {
  if (value === undefined || value === "")
    throw new ArgumentError(name, `--${flag(name)} is missing, for example --${flag(name)} ${example}`);
  return value;
}

export function addressArgument(name: string, value: string): Hex {
  try {
    return getAddress(value) as Hex;
  } catch {
    throw new ArgumentError(
      name,
      `--${flag(name)} ${value} is no address: 0x and 40 hex digits, with a right checksum where letters are mixed`,
    );
  }
}

/** @param what The hash is, or identifies. */
export function hashArgument(name: string, value: string, what = "transaction"): Hex {
  if (isHexString(value, 32)) return value;
  throw new ArgumentError(name, `--${flag(name)} ${value} is no ${what} hash: 0x and 64 hex digits`);
}

export function bytesArgument(name: string, value: string): Hex {
  if (isHexString(value) && value.length % 2 === 0 && value.length > 2) return value;
  throw new ArgumentError(name, `--${flag(name)} is not 0x and an even number of hex digits`);
}

export function portArgument(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new ArgumentError(name, `--${flag(name)} ${value} is no port: 0 to 65535, 0 for any free one`);
}

/** A token on L1, or ETH. */
export interface Token {
  /** Zero for ETH. */
  address: Hex;
  symbol: string;
  decimals: number;
}

/** The token that an option names; ETH without one. @throws {ArgumentError} when there is no ERC-20. */
export async function tokenArgument(provider: Provider, value: Given): Promise<Token> {
  if (value === undefined) return { address: ZERO_ADDRESS, symbol: "ETH", decimals: 18 };
  const address = addressArgument("token", value);
  const facts = await readToken(provider, address);
  if (facts === undefined) throw new ArgumentError("token", `--token ${address} is no contract on this network`);
  // Both are optional in ERC-20; without decimals amounts are in the smallest unit.
  return { address, symbol: facts.symbol ?? address, decimals: facts.decimals ?? 0 };
}

/** An amount as people write it, "1.5", in the token's smallest unit. */
export function amountArgument(name: string, value: string, { decimals, symbol }: Token): bigint {
  const wrong = (reason: string): never => {
    throw new ArgumentError(name, `--${flag(name)} ${value} ${reason}, for example --${flag(name)} 1.5`);
  };
  if (!/^\d+(\.\d+)?$/.test(value)) return wrong("is no amount: digits with at most one point");
  const fraction = value.split(".")[1] ?? "";
  if (fraction.length > decimals) return wrong(`has more than the ${decimals} decimals of ${symbol}`);
  const amount = parseUnits(value, decimals);
  if (amount === 0n) return wrong("is zero; it must be more");
  return amount;
}

/** `1.5 ETH`. */
export function showAmount(amount: bigint, { decimals, symbol }: Token): string {
  return `${formatUnits(amount, decimals).replace(/\.0$/, "")} ${symbol}`;
}

function flag(name: string): string {
  return name.replaceAll(/[A-Z0-9]+/g, (letters) => `-${letters.toLowerCase()}`);
}
