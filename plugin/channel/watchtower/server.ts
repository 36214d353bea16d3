import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { WireError } from "../../da/committee/wire.js";
import { closeServer, listen } from "../../net/listen.js";
import type { Hex } from "../../types.js";
import { type Tower, TowerRefusal } from "./tower.js";
import { decodeUpload, encodeInfo, MAX_BODY, PATHS } from "./wire.js";

export interface TowerServerOptions {
  tower: Tower;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Requests at once, each with a body in memory; default 32. */
  maxRequests?: number | undefined;
  onEvent?: ((event: TowerServerEvent) => void) | undefined;
}

export type TowerServerEvent =
  | { kind: "held"; client: Hex; count: number }
  | { kind: "refused"; reason: string }
  | { kind: "fault"; error: unknown };

export interface TowerServer {
  url: string;
  /** Takes no more requests; what has a receipt is on disk when this resolves. */
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: object;
  /** Seconds. */
  retryAfter?: number | undefined;
  /** The rest of the request is not read. */
  close?: boolean;
}

const DEFAULT_REQUESTS = 32;
/** Milliseconds in which a request must be here. */
const REQUEST_TIMEOUT = 30_000;

/** A tower over HTTP. @throws {PortInUseError} */
export async function serveTower(options: TowerServerOptions): Promise<TowerServer> {
  const { host = "127.0.0.1", port, maxRequests = DEFAULT_REQUESTS, onEvent } = options;
  const working = new Set<Promise<void>>();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, (incoming, outgoing) => {
    if (working.size >= maxRequests) {
      send(outgoing, { status: 503, body: { error: "the tower is busy" }, retryAfter: 1, close: true });
      return;
    }
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
      await Promise.all(working);
    },
  };
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { tower, onEvent }: TowerServerOptions,
): Promise<void> {
  const { method = "GET", url: path = "" } = incoming;
  if (method === "GET" && path === PATHS.tower) {
    send(outgoing, { status: 200, body: encodeInfo(tower.info) });
  } else if (method === "POST" && path === PATHS.blobs) {
    send(outgoing, await accept(tower, await readBody(incoming), onEvent));
  } else {
    const error = `GET ${PATHS.tower} or POST ${PATHS.blobs}`;
    send(outgoing, { status: 404, body: { error }, close: true });
  }
}

async function accept(tower: Tower, body: string | undefined, onEvent: TowerServerOptions["onEvent"]): Promise<Answer> {
  if (body === undefined)
    return { status: 413, body: { error: `the request is too large; at most ${MAX_BODY} bytes` }, close: true };
  try {
    const { client, receipts } = await tower.accept(decodeUpload(body));
    onEvent?.({ kind: "held", client, count: receipts.length });
    return { status: 200, body: { receipts } };
  } catch (error) {
    if (!(error instanceof TowerRefusal || error instanceof WireError)) throw error;
    onEvent?.({ kind: "refused", reason: error.message });
    const answer = { body: { error: error.message } };
    if (error instanceof WireError) return { status: 400, ...answer };
    return { status: error.retryAfter === undefined ? 409 : 429, retryAfter: error.retryAfter, ...answer };
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

function send(outgoing: ServerResponse, { status, body, retryAfter, close = false }: Answer): void {
  if (close) outgoing.setHeader("connection", "close");
  if (retryAfter !== undefined) outgoing.setHeader("retry-after", retryAfter);
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}
