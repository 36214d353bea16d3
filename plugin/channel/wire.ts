import { fromHex, toHex } from "../ledger/bytes.js";
import type { Hex } from "../types.js";
import { type Content, MAX_PART_BYTES } from "./state.js";
import type { ChannelParams, SignedState } from "./types.js";

/** What participants say to each other; docs/channels.md §9. */
export type Part =
  /** A proposal, or a state with all signatures. */
  | { kind: "state"; turnNum: bigint; content: Content; signatures: readonly (Hex | undefined)[] }
  /** A countersignature. */
  | { kind: "sign"; stateHash: Hex; signature: Hex }
  /** Where the sender stands: the last turn that everybody signed, -1 for none. It wants what comes behind it. */
  | { kind: "sync"; turnNum: bigint }
  /** Asks the mover of the turn to propose this. */
  | { kind: "request"; turnNum: bigint; content: Content }
  /** @param hash Of the state, of the withdrawal's digest, or the channel's id where its opening is refused. */
  | { kind: "refuse"; hash: Hex; reason: string }
  | { kind: "open"; params: ChannelParams; initial: Content }
  /** Asks for everybody's signature of a withdrawal to the sender. */
  | { kind: "withdraw"; asset: Hex; total: bigint }
  | { kind: "withdrawn"; asset: Hex; total: bigint; signature: Hex };

/** Parts for one channel from one participant. */
export interface Message {
  channelId: Hex;
  /** Index of the sender. */
  from: number;
  parts: readonly Part[];
}

/** A message as it came. */
export interface Received extends Message {
  /** What the signature is over. */
  body: Uint8Array;
  /** 64 bytes; zero where no part needs it. */
  signature: Hex;
}

/** Longest message, in bytes. */
export const MAX_MESSAGE_BYTES = 1 << 20;
/** Parts of one message. */
export const MAX_PARTS = 16;
const MAX_REASON = 200;
const VERSION = 1;
const HEAD_LENGTH = 65;

/** Bytes that are no message; says what is wrong with them. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** Whether the message's sender must sign it: states, countersignatures and withdrawals carry signatures of their own. */
export function needsSignature(parts: readonly Part[]): boolean {
  return parts.some(({ kind }) => kind !== "state" && kind !== "sign" && kind !== "withdrawn");
}

/** @param sign Signs the body of a message, where it must be signed. */
export function encodeMessage(message: Message, sign: (body: Uint8Array) => Hex): Uint8Array {
  const { channelId, from, parts } = message;
  const body = Buffer.from(JSON.stringify({ channel: channelId, from, parts: parts.map(encodePart) }));
  const bytes = new Uint8Array(HEAD_LENGTH + body.length);
  bytes[0] = VERSION;
  if (needsSignature(parts)) bytes.set(fromHex(sign(body), 64), 1);
  bytes.set(body, HEAD_LENGTH);
  return bytes;
}

/** The inverse of `encodeMessage`; signatures are not checked. @throws {MalformedMessageError} */
export function decodeMessage(bytes: Uint8Array): Received {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new MalformedMessageError(`longer than ${MAX_MESSAGE_BYTES} bytes`);
  if (bytes.length < HEAD_LENGTH || bytes[0] !== VERSION) throw new MalformedMessageError(`not of version ${VERSION}`);
  const body = bytes.subarray(HEAD_LENGTH);
  const fields = objectOf(parseJson(body), "the message");
  const parts = listOf(fields.parts, "parts", MAX_PARTS).map((part) => decodePart(objectOf(part, "a part")));
  if (parts.length === 0) throw new MalformedMessageError("it has no parts");
  const channelId = hexOf(fields.channel, "channel", 32);
  return { channelId, from: indexOf(fields.from), parts, body, signature: toHex(bytes.subarray(1, HEAD_LENGTH)) };
}

/** A state as a part. */
export function statePart({ state, appData, outcome, signatures }: SignedState): Part {
  return {
    kind: "state",
    turnNum: state.turnNum,
    content: { isFinal: state.isFinal, appData, outcome },
    signatures,
  };
}

function encodePart(part: Part): object {
  switch (part.kind) {
    case "state":
      return { ...part, turnNum: Number(part.turnNum), signatures: part.signatures.map((one) => one ?? null) };
    case "sync":
    case "request":
      return { ...part, turnNum: Number(part.turnNum) };
    case "withdraw":
    case "withdrawn":
      return { ...part, total: `${part.total}` };
    case "open":
      return { ...part, params: { ...part.params, channelNonce: `${part.params.channelNonce}` } };
    case "refuse":
      return { ...part, reason: part.reason.slice(0, MAX_REASON) };
    case "sign":
      return part;
  }
}

function decodePart(fields: Record<string, unknown>): Part {
  const { kind } = fields;
  switch (kind) {
    case "state": {
      const signatures = listOf(fields.signatures, "signatures", 32).map((one) =>
        one === null ? undefined : hexOf(one, "a signature", 64),
      );
      return { kind, turnNum: turnOf(fields.turnNum), content: contentOf(fields.content), signatures };
    }
    case "sign":
      return {
        kind,
        stateHash: hexOf(fields.stateHash, "stateHash", 32),
        signature: hexOf(fields.signature, "signature", 64),
      };
    case "sync":
      return { kind, turnNum: turnOf(fields.turnNum, -1) };
    case "request":
      return { kind, turnNum: turnOf(fields.turnNum), content: contentOf(fields.content) };
    case "refuse":
      return { kind, hash: hexOf(fields.hash, "hash", 32), reason: reasonOf(fields.reason) };
    case "open":
      return { kind, params: paramsOf(fields.params), initial: contentOf(fields.initial) };
    case "withdraw":
      return { kind, asset: hexOf(fields.asset, "asset", 20), total: amountOf(fields.total, 256) };
    case "withdrawn":
      return {
        kind,
        asset: hexOf(fields.asset, "asset", 20),
        total: amountOf(fields.total, 256),
        signature: hexOf(fields.signature, "signature", 64),
      };
    default:
      throw new MalformedMessageError("a part is of no known kind");
  }
}

function contentOf(value: unknown): Content {
  const { isFinal, appData, outcome } = objectOf(value, "content");
  if (typeof isFinal !== "boolean") throw new MalformedMessageError("isFinal must be true or false");
  return { isFinal, appData: hexOf(appData, "appData"), outcome: hexOf(outcome, "outcome") };
}

function paramsOf(value: unknown): ChannelParams {
  const fields = objectOf(value, "params");
  const { challengeDuration } = fields;
  if (
    typeof challengeDuration !== "number" ||
    !Number.isInteger(challengeDuration) ||
    challengeDuration >>> 0 !== challengeDuration
  ) {
    throw new MalformedMessageError("challengeDuration must be a number of seconds below 2^32");
  }
  return {
    participants: listOf(fields.participants, "participants", 32).map((one) => hexOf(one, "a participant", 20)),
    channelNonce: amountOf(fields.channelNonce, 64),
    appDefinition: hexOf(fields.appDefinition, "appDefinition", 20),
    challengeDuration,
    appParamsHash: hexOf(fields.appParamsHash, "appParamsHash", 32),
  };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()) as unknown;
  } catch (cause) {
    throw new MalformedMessageError("it is no JSON", { cause });
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedMessageError(`${what} must be an object`);
  }
  return value as Record<string, unknown>;
}

function listOf(value: unknown, what: string, longest: number): unknown[] {
  if (!Array.isArray(value) || value.length > longest) {
    throw new MalformedMessageError(`${what} must be a list of at most ${longest}`);
  }
  return value;
}

const HEX = /^0x(?:[0-9a-f]{2})*$/;

function hexOf(value: unknown, what: string, length?: number): Hex {
  const size = typeof value === "string" ? value.length / 2 - 1 : -1;
  if (size > MAX_PART_BYTES || (length !== undefined && size !== length) || !HEX.test(value as string)) {
    throw new MalformedMessageError(
      `${what} must be ${length === undefined ? `at most ${MAX_PART_BYTES}` : length} bytes in hex, in lower case`,
    );
  }
  return value as Hex;
}

function turnOf(value: unknown, least = 0): bigint {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new MalformedMessageError("turnNum must be a whole number below 2^53");
  }
  return BigInt(value as number);
}

function indexOf(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 31) {
    throw new MalformedMessageError("from must be the index of a participant");
  }
  return value as number;
}

function amountOf(value: unknown, bits: number): bigint {
  if (typeof value !== "string" || !/^\d{1,78}$/.test(value) || BigInt(value) >> BigInt(bits) !== 0n) {
    throw new MalformedMessageError(`an amount must be a decimal number below 2^${bits}, in quotes`);
  }
  return BigInt(value);
}

function reasonOf(value: unknown): string {
  // Printed on terminals: no control characters of strangers.
  if (typeof value !== "string" || value.length > MAX_REASON || /\p{Cc}/u.test(value)) {
    throw new MalformedMessageError(`a reason must be text of at most ${MAX_REASON} characters`);
  }
  return value;
}
