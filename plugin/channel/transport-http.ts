import { createServer, type IncomingMessage } from "node:http";

import { readBody } from "../net/body.js";
import { closeServer, listen } from "../net/listen.js";
import type { Hex } from "../types.js";
import type { Transport } from "./transport.js";
import { MAX_MESSAGE_BYTES } from "./wire.js";

/** Messages as the bodies of POST requests, in both directions; so everybody can be reached. */
export interface HttpTransport extends Transport {
  /** Where the others reach us. */
  url: string;
  close(): Promise<void>;
}

export interface HttpTransportOptions {
  /** Where a participant is reached, without the path; undefined where that is not known. */
  urlOf: (participant: Hex) => string | undefined;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Milliseconds that a message may take; default 10,000. */
  timeout?: number | undefined;
  /** Bodies that one address sends at once; default 16. More are sent away, so that nobody takes all the room. */
  bodiesPerSource?: number | undefined;
}

/** A participant could not be given a message. */
export class UndeliveredError extends Error {
  override readonly name = "UndeliveredError";
  constructor(
    readonly participant: Hex,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${participant} does not get the message: ${reason}`, options);
  }
}

const PATH = "/v1/channel-messages";

/** Listens for messages. @throws {PortInUseError} */
export async function httpTransport(options: HttpTransportOptions): Promise<HttpTransport> {
  const { urlOf, host = "127.0.0.1", port, timeout = 10_000, bodiesPerSource = 16 } = options;
  let handler: (bytes: Uint8Array, source: string) => boolean = () => false;
  /** Bodies that are being read, by address. */
  const reading = new Map<string, number>();

  const take = async (incoming: IncomingMessage): Promise<number> => {
    if (incoming.method !== "POST" || incoming.url !== PATH) return 404;
    const source = incoming.socket.remoteAddress ?? "unknown";
    const atOnce = reading.get(source) ?? 0;
    if (atOnce >= bodiesPerSource) return 429;
    reading.set(source, atOnce + 1);
    try {
      const body = await readBody(incoming, MAX_MESSAGE_BYTES);
      if (body === undefined) return 413;
      return handler(body, source) ? 202 : 503;
    } finally {
      const left = (reading.get(source) ?? 1) - 1;
      if (left > 0) reading.set(source, left);
      else reading.delete(source);
    }
  };

  const server = createServer((incoming, outgoing) => {
    take(incoming).then(
      (status) => {
        // What was not read is not waited for.
        if (status === 413 || status === 429) outgoing.setHeader("connection", "close");
        outgoing.writeHead(status, { "content-length": 0 }).end();
      },
      // Who goes away in the middle of a body is told nothing.
      () => outgoing.destroy(),
    );
  });
  server.requestTimeout = timeout;
  const { url } = await listen(server, host, port);

  return {
    url,
    onMessage(next) {
      handler = next;
    },
    async send(to, bytes, signal) {
      const base = urlOf(to);
      if (base === undefined) throw new UndeliveredError(to, "no URL of it is known");
      let status: number;
      try {
        const response = await fetch(`${base.replace(/\/+$/, "")}${PATH}`, {
          method: "POST",
          headers: { "content-type": "application/octet-stream" },
          body: bytes,
          redirect: "error",
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
        });
        // Nobody's answer is read: it could be endless.
        await response.body?.cancel();
        ({ status } = response);
      } catch (cause) {
        throw new UndeliveredError(to, reasonOf(cause), { cause });
      }
      if (status !== 202) throw new UndeliveredError(to, `HTTP status ${status}`);
    },
    close: () => closeServer(server),
  };
}

function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  if (cause instanceof Error && cause.message !== "") return cause.message;
  return error instanceof Error ? error.message : String(error);
}
