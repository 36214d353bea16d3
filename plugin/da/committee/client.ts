import { concat, fromHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import type { Attestation, AttestationScope } from "./attestation.js";
import type { Certificate } from "../input.js";
import { chunkRoot, isChunkOf, MAX_DATA_LENGTH, type ProvenChunk } from "./chunks.js";
import type { AttestationRequest } from "./member.js";
import { attestedHash, type RootOf } from "./root.js";
import { type MemberIdentity, schemeOf, type SignatureScheme } from "./scheme.js";
import { encodeRequest, hexOf, objectOf, PATHS, WireError } from "./wire.js";

/** A member of an epoch and where its server is; without a URL it cannot be asked. */
export interface MemberAddress extends MemberIdentity {
  url: string | undefined;
}

/** How a server is asked: by `fetch`, unless it is in this process. Rejects when `signal` is aborted. */
export type Ask = (url: string, request: AskInit) => Promise<Response>;

export interface AskInit {
  method?: "POST";
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

/** Enough signatures, as L1 takes them. */
export interface Signatures {
  /** Bit i for member i. */
  signers: bigint;
  /** By ECDSA in ascending order of members, 64 bytes each; by BLS their sum, 128 bytes. */
  signatures: Hex;
}

/** What one member did instead of what it was asked for. */
export interface MemberFault {
  member: Hex | undefined;
  url: string;
  reason: string;
}

export interface CollectOptions {
  scope: AttestationScope;
  /** Of the epoch, in ascending order. */
  members: readonly MemberAddress[];
  threshold: number;
  request: AttestationRequest;
  /** Milliseconds that they have in all. */
  timeout: number;
  onFault?: ((fault: MemberFault) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Default: `fetch`. */
  ask?: Ask | undefined;
}

/** Answers that are no data are short. */
const MAX_ANSWER = 16_384;

/**
 * Asks all members at once. Done as soon as `threshold` have signed: who is slow or lies delays nobody.
 * @returns undefined when fewer signed in time.
 */
export async function collectSignatures(options: CollectOptions): Promise<Signatures | undefined> {
  const { scope, request, members, threshold, timeout, onFault, signal: outer, ask = fetch } = options;
  outer?.throwIfAborted();
  const body = encodeRequest(request);
  const scheme = await schemeOf(members, scope, request.attestation);
  const found = new Map<number, Hex>();
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(timeout), ...(outer ? [outer] : [])]);
  await Promise.all(
    members.map(async (member, position) => {
      const { address, url } = member;
      if (url === undefined) return;
      try {
        const signature = await askSignature(ask, url, body, scheme, signal);
        // One that is not right would spoil all that it is added to.
        if (!scheme.isSignedBy(member, signature)) throw new WireError("its signature is not its own");
        found.set(position, signature);
        if (found.size === threshold) enough.abort();
      } catch (error) {
        if (!enough.signal.aborted) onFault?.({ member: address, url, reason: reasonOf(error, timeout) });
      }
    }),
  );
  outer?.throwIfAborted();
  if (found.size < threshold) return undefined;
  const positions = [...found.keys()].sort((a, b) => a - b).slice(0, threshold);
  return {
    signers: positions.reduce((bits, position) => bits | (1n << BigInt(position)), 0n),
    signatures: scheme.join(positions.map((position) => found.get(position) ?? "0x")),
  };
}

export interface FetchOptions {
  /** Milliseconds that each server has; default 10,000. */
  timeout?: number | undefined;
  onFault?: ((fault: MemberFault) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Default: `fetch`. */
  ask?: Ask | undefined;
}

/** What can be demanded on L1 of data that no member gives. */
export interface Missing {
  /** What the data were posted with. */
  certificate: Certificate;
  /** Indexes of the chunks that nobody gives and nobody published. */
  chunks: readonly number[];
}

/** No member gave the data of a batch. */
export class DataWithheldError extends Error {
  override readonly name = "DataWithheldError";
  constructor(
    readonly dataHash: Hex,
    readonly faults: readonly MemberFault[],
    /** Where chunks were asked for one by one. */
    readonly missing?: Missing,
  ) {
    const reasons = faults.map(({ url, reason }) => `${url} (${reason})`).join(", ");
    const what = missing === undefined ? "the data" : `chunks ${missing.chunks.join(", ")} of the data`;
    super(
      `no member of the committee gives ${what} with hash ${dataHash}: ${reasons === "" ? "no URL is known" : reasons}`,
    );
  }
}

const FETCH_TIMEOUT = 10_000;

export interface FetchDataOptions extends FetchOptions {
  /** By which the data are known; default that of their chunks. */
  rootOf?: RootOf | undefined;
}

/** The data with `hash` from whichever server has them; each answer is checked, so nobody is trusted. @throws {DataWithheldError} */
export async function fetchData(
  urls: readonly string[],
  hash: Hex,
  options: FetchDataOptions = {},
): Promise<Uint8Array> {
  const { timeout = FETCH_TIMEOUT, onFault, signal: outer, ask = fetch, rootOf = chunkRoot } = options;
  outer?.throwIfAborted();
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(timeout), ...(outer ? [outer] : [])]);
  const faults: MemberFault[] = [];
  try {
    return await Promise.any(
      urls.map(async (url) => {
        try {
          const response = await ask(join(url, PATHS.data(hash)), { signal });
          if (!response.ok) throw new WireError(`HTTP status ${response.status}`);
          const data = await readBytes(response, MAX_DATA_LENGTH);
          if (attestedHash(data, rootOf) !== hash) throw new WireError("what it gives has another hash");
          return data;
        } catch (error) {
          const fault = { member: undefined, url, reason: reasonOf(error, timeout) };
          faults.push(fault);
          if (!done.signal.aborted) onFault?.(fault);
          throw error;
        }
      }),
    );
  } catch (error) {
    outer?.throwIfAborted();
    if (error instanceof AggregateError) throw new DataWithheldError(hash, faults);
    throw error;
  } finally {
    done.abort();
  }
}

/** Those of these chunks that some server gives; each is checked, so nobody is trusted. */
export async function fetchChunks(
  urls: readonly string[],
  hash: Hex,
  indexes: readonly number[],
  options: FetchOptions = {},
): Promise<Map<number, Uint8Array>> {
  const { timeout = FETCH_TIMEOUT, onFault, signal: outer, ask = fetch } = options;
  const found = new Map<number, Uint8Array>();
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(outer ? [outer] : [])]);
  await Promise.all(
    urls.map(async (url) => {
      try {
        for (const index of indexes) {
          if (found.has(index)) continue;
          const response = await ask(join(url, PATHS.chunk(hash, index)), { signal });
          // It may have others.
          if (!response.ok) continue;
          const chunk = chunkIn(objectOf(Buffer.from(await readBytes(response, MAX_ANSWER)).toString()));
          if (!isChunkOf(hash, index, chunk)) throw new WireError(`what it gives is not chunk ${index}`);
          found.set(index, fromHex(chunk.chunk));
        }
      } catch (error) {
        outer?.throwIfAborted();
        onFault?.({ member: undefined, url, reason: reasonOf(error, timeout) });
      }
    }),
  );
  return found;
}

/** A chunk as servers give it. @throws {WireError} */
function chunkIn(fields: Record<string, unknown>): ProvenChunk {
  const { length, path } = fields;
  if (!Number.isSafeInteger(length) || !Array.isArray(path)) throw new WireError("it gives no chunk");
  return {
    chunk: hexOf(fields, "chunk"),
    path: path.map((_, i) => hexOf({ ...path }, `${i}`, 32)),
    length: length as number,
    root: hexOf(fields, "root", 32),
  };
}

async function askSignature(
  ask: Ask,
  url: string,
  body: string,
  { length }: SignatureScheme,
  signal: AbortSignal,
): Promise<Hex> {
  const headers = { "content-type": "application/json" };
  const response = await ask(join(url, PATHS.attest), { method: "POST", headers, body, signal });
  const fields = objectOf(Buffer.from(await readBytes(response, MAX_ANSWER)).toString());
  if (response.ok) return hexOf(fields, "signature", length);
  throw new WireError(typeof fields.error === "string" ? fields.error.slice(0, 500) : `HTTP status ${response.status}`);
}

/** A body of at most `limit` bytes: whoever sends more fills no memory. */
async function readBytes(response: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > limit) throw new WireError(`its answer is longer than ${limit} bytes`);
    parts.push(part);
  }
  return concat(...parts);
}

function join(url: string, path: string): string {
  return `${url.replace(/\/+$/, "")}${path}`;
}

function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeout} ms`;
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}

/** What an attestation of `data` says. @throws what `rootOf` throws. */
export function attestationOf(
  data: Uint8Array,
  { epoch, batchIndex, expiry }: Pick<Attestation, "epoch" | "batchIndex" | "expiry">,
  rootOf: RootOf = chunkRoot,
): Attestation {
  return { epoch, batchIndex, dataHash: attestedHash(data, rootOf), length: BigInt(data.length), expiry };
}
