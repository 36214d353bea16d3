import { appendFileSync, existsSync, readFileSync } from "node:fs";

import { fromHex, toHex } from "../../../plugin/ledger/bytes.js";
import { decodeJson, encodeJson } from "../../../plugin/sequencer/records.js";
import type { Hex } from "../../../plugin/types.js";
import { fakeL1, type FakeBlock, type FakeL1 } from "./fake-l1.js";

/** A fake L1 whose blocks outlive the process: one line of a file per block. */
export function durableL1(file: string): FakeL1 {
  return fakeL1({
    history: readLines(file).map(parseBlock),
    onMine: (block) => appendLine(file, { ...block, data: block.data.map(([hash, bytes]) => [hash, toHex(bytes)]) }),
  });
}

export function appendLine(file: string, value: unknown): void {
  appendFileSync(file, `${Buffer.from(encodeJson(value)).toString()}\n`);
}

/** Complete lines only: a kill may have cut the last one. */
export function readLines(file: string): unknown[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => decodeJson(Buffer.from(line)));
}

function parseBlock(line: unknown): FakeBlock {
  const block = line as Omit<FakeBlock, "data"> & { data: [Hex, Hex][] };
  return { ...block, data: block.data.map(([hash, bytes]) => [hash, fromHex(bytes)]) };
}
