import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { readBody } from "../net/body.js";
import { closeServer, listen } from "../net/listen.js";
import { RPC_CODES } from "./errors.js";
import { answer, type Request } from "./rpc/dispatch.js";

export interface RpcServerOptions {
  request: Request;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Bytes of a request; default 1 MiB. */
  maxBody?: number | undefined;
  /** Told of errors that are no client's fault. */
  onFault: (method: string, error: unknown) => void;
}

export interface RpcServer {
  url: string;
  port: number;
  close(): Promise<void>;
}

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_MAX_BODY = 1 << 20;
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  "access-control-allow-headers": "content-type",
  "access-control-max-age": "86400",
} as const;

/** JSON-RPC over HTTP, for wallets in browsers too. @throws {PortInUseError} */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const { host = DEFAULT_HOST, port } = options;
  const server = createServer((incoming, outgoing) => {
    respond(incoming, outgoing, options).catch((error: unknown) => {
      options.onFault("http", error);
      outgoing.destroy();
    });
  });
  const { url, port: actual } = await listen(server, host, port);
  return { url, port: actual, close: () => closeServer(server) };
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { request, maxBody = DEFAULT_MAX_BODY, onFault }: RpcServerOptions,
): Promise<void> {
  if (incoming.method === "OPTIONS") return end(outgoing, 204);
  if (incoming.method !== "POST") return end(outgoing, 405, rpcError("send JSON-RPC requests by POST"));
  const body = await readBody(incoming, maxBody);
  if (body === undefined) {
    outgoing.setHeader("connection", "close");
    return end(outgoing, 413, rpcError(`the request is too large; at most ${maxBody} bytes`));
  }
  const answered = await answer(body.toString(), request, onFault);
  return answered === undefined ? end(outgoing, 204) : end(outgoing, 200, JSON.stringify(answered));
}

function rpcError(message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: RPC_CODES.invalidRequest, message } });
}

function end(outgoing: ServerResponse, status: number, body?: string): void {
  outgoing.writeHead(status, { ...CORS, ...(body === undefined ? {} : { "content-type": "application/json" }) });
  outgoing.end(body);
}
