import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { readBody } from "./body.js";
import { closeServer, listen } from "./listen.js";

/** What somebody asks. */
export interface ServiceRequest {
  method: string;
  path: string;
  /** Empty, but of a POST. */
  body: string;
}

export interface ServiceAnswer {
  status: number;
  /** Bytes as they are, anything else as JSON. */
  body: Uint8Array | object;
  /** Seconds. */
  retryAfter?: number | undefined;
}

export interface ServiceOptions {
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Bytes of a body; more are refused. */
  maxBody: number;
  /** Requests at once, each with a body in memory; default any number. */
  maxRequests?: number | undefined;
  /** Milliseconds in which a request must be here; default Node's. */
  requestTimeout?: number | undefined;
  answer: (request: ServiceRequest) => Promise<ServiceAnswer>;
  /** Told of errors that are no client's fault. */
  onFault: (error: unknown) => void;
}

export interface Service {
  url: string;
  /** Takes no more requests; what it began to answer is done when this resolves. */
  close(): Promise<void>;
}

/** Answers over HTTP. @throws {PortInUseError} */
export async function serve(options: ServiceOptions): Promise<Service> {
  const { host = "127.0.0.1", port, maxRequests = Infinity, requestTimeout, onFault } = options;
  const working = new Set<Promise<void>>();
  const server = createServer(requestTimeout === undefined ? {} : { requestTimeout }, (incoming, outgoing) => {
    if (working.size >= maxRequests) {
      hangUp(outgoing, { status: 503, body: { error: "too many ask at once" }, retryAfter: 1 });
      return;
    }
    const work = respond(incoming, outgoing, options).catch((error: unknown) => {
      // Who went away in the middle of a request is no fault of ours.
      if (!incoming.destroyed || incoming.complete) onFault(error);
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
  { maxBody, answer }: ServiceOptions,
): Promise<void> {
  const { method = "GET", url: path = "" } = incoming;
  const body = method === "POST" ? await readBody(incoming, maxBody) : Buffer.alloc(0);
  if (body === undefined) {
    hangUp(outgoing, { status: 413, body: { error: `the request is too large; at most ${maxBody} bytes` } });
  } else {
    send(outgoing, await answer({ method, path, body: body.toString() }));
  }
}

/** The rest of the request is not read. */
function hangUp(outgoing: ServerResponse, answer: ServiceAnswer): void {
  outgoing.setHeader("connection", "close");
  send(outgoing, answer);
}

function send(outgoing: ServerResponse, { status, body, retryAfter }: ServiceAnswer): void {
  if (retryAfter !== undefined) outgoing.setHeader("retry-after", retryAfter);
  if (body instanceof Uint8Array) {
    outgoing.writeHead(status, { "content-type": "application/octet-stream", "content-length": body.length });
    outgoing.end(body);
  } else {
    outgoing.writeHead(status, { "content-type": "application/json" });
    outgoing.end(JSON.stringify(body));
  }
}
