import { fromHex, toHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import type { AttestationRequest } from "./member.js";

/** Paths of a member's server. */
export const PATHS = {
  attest: "/v1/attest",
  data: (dataHash: string) => `/v1/data/${dataHash}`,
  chunk: (dataHash: string, index: number) => `/v1/data/${dataHash}/chunks/${index}`,
} as const;

/** A request or answer that is not as docs/data-availability.md says. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** A request as JSON. */
export function encodeRequest({ attestation, data, requester }: AttestationRequest): string {
  const { epoch, batchIndex, dataHash, length, expiry } = attestation;
  const numbers = { epoch: `${epoch}`, batchIndex: `${batchIndex}`, length: `${length}`, expiry: `${expiry}` };
  return JSON.stringify({ ...numbers, dataHash, data: toHex(data), requester });
}

/** The inverse of `encodeRequest`. @throws {WireError} naming the first field that is wrong. */
export function decodeRequest(text: string): AttestationRequest {
  const fields = objectOf(text);
  const integer = (name: string): bigint => {
    const value = fields[name];
    if (typeof value !== "string" || !/^\d{1,20}$/.test(value) || BigInt(value) >> 64n !== 0n)
      throw new WireError(`${name} must be a decimal number below 2^64, in quotes`);
    return BigInt(value);
  };
  return {
    attestation: {
      epoch: integer("epoch"),
      batchIndex: integer("batchIndex"),
      dataHash: hexOf(fields, "dataHash", 32),
      length: integer("length"),
      expiry: integer("expiry"),
    },
    data: fromHex(hexOf(fields, "data")),
    requester: hexOf(fields, "requester", 64),
  };
}

/** Fields of a JSON object. @throws {WireError} */
export function objectOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WireError("the body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new WireError("the body is no object");
  return value as Record<string, unknown>;
}

/** A field of hex, of `length` bytes where that is given. @throws {WireError} */
export function hexOf(fields: Record<string, unknown>, name: string, length?: number): Hex {
  const value = fields[name];
  const right = typeof value === "string" && /^0x([0-9a-f]{2})*$/i.test(value);
  if (!right || (length !== undefined && value.length !== 2 + 2 * length))
    throw new WireError(`${name} must be ${length === undefined ? "bytes" : `${length} bytes`} in hex`);
  return value.toLowerCase() as Hex;
}
