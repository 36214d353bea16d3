import { fromHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import { RPC_CODES, RpcError } from "../errors.js";

/** Reads the parameters of a call; everything that does not fit is one clear line. */

export function invalid(message: string): RpcError {
  return new RpcError(RPC_CODES.invalidParams, message);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function hexOf(value: unknown, name: string, bytes: number): Hex {
  if (typeof value === "string" && value.length === 2 + 2 * bytes && /^0x[0-9a-f]*$/i.test(value))
    return value.toLowerCase() as Hex;
  throw invalid(`${name} must be 0x and ${2 * bytes} hex digits, got ${describe(value)}`);
}

export const address = (value: unknown, name = "address"): Hex => hexOf(value, name, 20);
export const hash = (value: unknown, name = "hash"): Hex => hexOf(value, name, 32);

export function bytes(value: unknown, name: string): Uint8Array {
  if (typeof value === "string" && value.length % 2 === 0 && /^0x[0-9a-f]*$/i.test(value)) return fromHex(value);
  throw invalid(`${name} must be 0x and an even number of hex digits, got ${describe(value)}`);
}

/** A hexadecimal quantity; plain numbers are taken too. */
export function quantity(value: unknown, name: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value);
  throw invalid(`${name} must be a hexadecimal quantity such as "0x1a", got ${describe(value)}`);
}

export function flag(value: unknown, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw invalid(`${name} must be true or false, got ${describe(value)}`);
}

/** An object's fields; each is checked where it is used. */
export function fields(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`${name} must be an object, got ${describe(value)}`);
}

/** Something optional: null counts as absent, as in most clients. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

export type BlockTag = "latest" | "pending" | "earliest" | "safe" | "finalized";
export type BlockId = { tag: BlockTag } | { number: bigint } | { hash: Hex };

const TAGS: readonly string[] = ["latest", "pending", "earliest", "safe", "finalized"] satisfies BlockTag[];

/** A block number, tag, or EIP-1898 object. */
export function blockId(value: unknown, name = "block"): BlockId {
  if (value === undefined || value === null) return { tag: "latest" };
  if (typeof value === "string" && TAGS.includes(value)) return { tag: value as BlockTag };
  if (typeof value === "object" && "blockHash" in value) return { hash: hash(value.blockHash, "blockHash") };
  if (typeof value === "object" && "blockNumber" in value)
    return { number: quantity(value.blockNumber, "blockNumber") };
  return { number: quantity(value, name) };
}
