import { readFileSync } from "node:fs";

import { formatTable, type TableItem } from "@nomicfoundation/hardhat-utils/format";

import { peerFigures } from "./peers.js";

/** Our figure for each operation that a peer figure names: section and key of the gas snapshot. */
const OURS: Record<string, [section: string, key: string]> = {
  "deposit ETH": ["bridge", "depositETH"],
  "deposit ERC-20": ["bridge", "depositERC20"],
  "claim ETH": ["bridge", "withdraw ETH, mean"],
  "claim ERC-20": ["bridge", "withdraw ERC-20, mean"],
  "post a batch": ["chain", "appendBatch, 0 B"],
  "win a dispute": ["dispute", "k = 16, whole game"],
  "fund a channel": ["channel", "deposit ETH, first"],
  "leave a channel together": ["channel", "concludeAndPay, ETH"],
  "challenge in a channel": ["channel", "challenge, by signature"],
  "clear a challenge": ["channel", "checkpoint, clears a challenge"],
};

/** The committed gas figures, by part of the suite. */
export function readSnapshot(): Record<string, Record<string, number>> {
  const file = readFileSync(new URL("../test/gas/gas-snapshot.json", import.meta.url), "utf8");
  return JSON.parse(file) as Record<string, Record<string, number>>;
}

/** Prints gas of the main operations beside the peers'. */
export function printGas(): void {
  const snapshot = readSnapshot();
  const rows: TableItem[] = [
    { type: "title", text: "Gas, whole transactions" },
    { type: "header", cells: ["operation", "system", "gas", "note"] },
  ];
  for (const [operation, [section, key]] of Object.entries(OURS)) {
    const ours = snapshot[section]?.[key];
    if (ours === undefined) throw new Error(`the gas snapshot has no "${section}": "${key}"`);
    rows.push({ type: "row", cells: [operation, "hardhat-rollup", ours.toLocaleString("en"), key] });
    for (const { system, gas, note } of peerFigures.filter((figure) => figure.operation === operation)) {
      rows.push({ type: "row", cells: ["", system, gas.toLocaleString("en"), note] });
    }
  }
  console.log(formatTable(rows));
}
