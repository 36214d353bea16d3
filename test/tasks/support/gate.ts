import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A JSON-RPC endpoint in front of a node, which a test can look through and hold up. */
export interface Gate {
  url: string;
  /** Before a request goes to the node; what it returns false for never does, and is never answered. */
  before: (method: string) => Promise<boolean>;
  /** When the node has answered, before its answer goes back; the same. */
  after: (method: string) => Promise<boolean>;
  close(): Promise<void>;
}

const OPEN = () => Promise.resolve(true);

export async function openGate(node: string): Promise<Gate> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const { method } = JSON.parse(body) as { method: string };
      if (!(await gate.before(method))) return response.destroy();
      const answer = await fetch(node, { method: "POST", body, headers: { "content-type": "application/json" } });
      const text = await answer.text();
      return (await gate.after(method)) ? response.end(text) : response.destroy();
    })();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const gate: Gate = {
    url: `http://127.0.0.1:${port.toString()}`,
    before: OPEN,
    after: OPEN,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return gate;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
