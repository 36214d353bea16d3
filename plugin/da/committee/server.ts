import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { L1UnavailableError } from "../../l1/ask.js";
import { closeServer, listen } from "../../net/listen.js";
import type { Hex } from "../../types.js";
import { MAX_DATA_LENGTH } from "./chunks.js";
import { type Member, RefusedError } from "./member.js";
import { decodeRequest, PATHS, WireError } from "./wire.js";

export interface MemberServerOptions {
  member: Member;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Told of what was signed, what was refused, and of errors that are no client's fault. */
  onEvent?: ((event: MemberEvent) => void) | undefined;
}

export type MemberEvent =
  | { kind: "signed"; batchIndex: bigint; dataHash: Hex; length: bigint }
  | { kind: "refused"; reason: string }
  | { kind: "fault"; error: unknown };

export interface MemberServer {
  url: string;
  /** Takes no more requests; what it is signing is on disk when this resolves. */
  close(): Promise<void>;
}

/** Data in hex, and the rest of a request. */
const MAX_BODY = 2 * MAX_DATA_LENGTH + 4_096;
const DATA_PATH = /^\/v1\/data\/(0x[0-9a-f]{64})(?:\/chunks\/(\d{1,4}))?$/;

/** A member over HTTP. @throws {PortInUseError} */
export async function serveMember(options: MemberServerOptions): Promise<MemberServer> {
  const { host = "127.0.0.1", port, onEvent } = options;
  const working = new Set<Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const work = respond(incoming, outgoing, options).catch((error: unknown) => {
      // Who went away in the middle of a request is no fault of ours.
      if (!incoming.destroyed || incoming.complete) onEvent?.({ kind: "fault", error });
      outgoing.destroy();
    });
    working.add(work);
    void work.finally(() => working.delete(work));
  });
  const { url } = await listen(server, host, port);
  return {
    url,
    async close() {
      await closeServer(server);
      // What is being signed is written down before the store closes.
      await Promise.all(working);
    },
  };
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { member, onEvent }: MemberServerOptions,
): Promise<void> {
  const { method = "GET", url: path = "" } = incoming;
  const body = method === "POST" ? await readBody(incoming) : "";
  if (body === undefined) {
    outgoing.setHeader("connection", "close");
    send(outgoing, { status: 413, body: { error: `the request is too large; at most ${MAX_BODY} bytes` } });
  } else {
    send(outgoing, await answer(member, { method, path, body }, onEvent));
  }
}

/** An answer of a member: bytes as they are, anything else as JSON. */
export interface MemberAnswer {
  status: number;
  body: Uint8Array | object;
}

/** What a member answers, however it was asked. */
export async function answer(
  member: Member,
  { method, path, body }: { method: string; path: string; body: string },
  onEvent?: MemberServerOptions["onEvent"],
): Promise<MemberAnswer> {
  if (method === "POST" && path === PATHS.attest) {
    try {
      const request = decodeRequest(body);
      const signature = await member.attest(request);
      const { batchIndex, dataHash, length } = request.attestation;
      onEvent?.({ kind: "signed", batchIndex, dataHash, length });
      return { status: 200, body: { signature } };
    } catch (error) {
      if (error instanceof L1UnavailableError) {
        onEvent?.({ kind: "fault", error });
        return { status: 503, body: { error: "its L1 node does not answer" } };
      }
      if (!(error instanceof RefusedError || error instanceof WireError)) throw error;
      onEvent?.({ kind: "refused", reason: error.message });
      return { status: error instanceof WireError ? 400 : 409, body: { error: error.message } };
    }
  }
  const [, dataHash, chunk] = DATA_PATH.exec(path) ?? [];
  if (method !== "GET" || dataHash === undefined)
    return none(`GET ${PATHS.data("<data hash>")}[/chunks/<index>] or POST ${PATHS.attest}`);
  const found = chunk === undefined ? member.data(dataHash as Hex) : chunkOf(member, dataHash as Hex, Number(chunk));
  return found === undefined ? none("these data are not here") : { status: 200, body: found };
}

const none = (error: string): MemberAnswer => ({ status: 404, body: { error } });

function chunkOf(member: Member, dataHash: Hex, index: number): object | undefined {
  try {
    return member.chunk(dataHash, index);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function send(outgoing: ServerResponse, { status, body }: MemberAnswer): void {
  if (body instanceof Uint8Array) {
    outgoing.writeHead(status, { "content-type": "application/octet-stream", "content-length": body.length });
    outgoing.end(body);
  } else {
    outgoing.writeHead(status, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(body));
  }
}
