import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";

import { toJson } from "../../deploy/address-book.js";
import { readBody } from "../../plugin/net/body.js";
import { closeServer, listen } from "../../plugin/net/listen.js";
import { explain, LinesError } from "../support/explain.js";
import type { Command, Performed } from "./commands.js";

/** Where a running node takes commands of its owner: on this machine, from who can read its folder. */
interface Door {
  url: string;
  token: string;
}

const MAX_BODY = 65_536;
const HOST = "127.0.0.1";

/** Takes commands until it is closed. A process that opens the store itself would find it locked. */
export async function serveControl(
  storage: string,
  perform: (command: Command, signal: AbortSignal) => Promise<Performed>,
): Promise<{ close(): Promise<void> }> {
  const token = randomBytes(32).toString("hex");
  const stopping = new AbortController();
  const server = createServer((incoming, outgoing) => {
    answer(incoming, token, (command) => perform(command, stopping.signal)).then(
      ({ status, document }) =>
        outgoing.writeHead(status, { "content-type": "application/json" }).end(toJson(document)),
      // Who goes away in the middle of a body is told nothing.
      () => outgoing.destroy(),
    );
  });
  const { url } = await listen(server, HOST, 0);
  const door: Door = { url, token };
  await writeFile(fileOf(storage), toJson(door), { mode: 0o600 });
  return {
    async close() {
      await rm(fileOf(storage), { force: true });
      stopping.abort();
      await closeServer(server);
    },
  };
}

/** Has the node that runs on `storage` do it; undefined when there is none. @throws {LinesError} with what the node says. */
export async function askNode(storage: string, command: Command): Promise<Performed | undefined> {
  const door = await readDoor(storage);
  if (door === undefined) return undefined;
  let response: Response;
  try {
    response = await fetch(door.url, {
      method: "POST",
      headers: { authorization: `Bearer ${door.token}` },
      body: toJson(command),
    });
  } catch {
    // It was killed, and left its door behind.
    return undefined;
  }
  const document = (await response.json()) as Performed | { errors: string[] };
  if ("errors" in document) throw new LinesError(document.errors);
  return document;
}

async function answer(
  incoming: IncomingMessage,
  token: string,
  perform: (command: Command) => Promise<Performed>,
): Promise<{ status: number; document: object }> {
  if (incoming.method !== "POST" || incoming.headers.authorization !== `Bearer ${token}`) {
    return { status: 403, document: { errors: ["only the owner of this node may command it"] } };
  }
  try {
    const body = await readBody(incoming, MAX_BODY);
    if (body === undefined) throw new RangeError(`a command has at most ${MAX_BODY} bytes`);
    return { status: 200, document: await perform(JSON.parse(body.toString()) as Command) };
  } catch (error) {
    return { status: 400, document: { errors: explain(error) } };
  }
}

async function readDoor(storage: string): Promise<Door | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(storage), "utf8")) as Door;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function fileOf(storage: string): string {
  return `${storage}.control.json`;
}
