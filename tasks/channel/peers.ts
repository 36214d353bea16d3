import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { toJson } from "../../deploy/address-book.js";
import type { Hex } from "../../plugin/types.js";

/** Where participants listen, by their addresses in lower case. */
export type Peers = Record<Hex, string>;

/** Those that were named before. */
export async function readPeers(storage: string): Promise<Peers> {
  try {
    return JSON.parse(await readFile(fileOf(storage), "utf8")) as Peers;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
}

export async function writePeers(storage: string, peers: Peers): Promise<void> {
  await mkdir(dirname(storage), { recursive: true });
  await writeFile(fileOf(storage), toJson(peers));
}

function fileOf(storage: string): string {
  return `${storage}.peers.json`;
}
