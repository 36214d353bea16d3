import { pathToFileURL } from "node:url";

import { formatTable, type TableItem } from "@nomicfoundation/hardhat-utils/format";

import { readSnapshot } from "./gas.js";
import { peerTransfers } from "./peers.js";

const COUNTS = [100, 1_000, 10_000];
const FORMS = {
  calldata: "calldata",
  blobs: "blobs; their own gas is paid apart",
  committee: "5 of 7 members hold the bytes",
} as const;

/** Prints what an ETH transfer costs on L1, by the size of its batch and the form of its data. */
export function printDataAvailability(): void {
  const figures = readSnapshot().da ?? {};
  const figure = (name: string): number => {
    const found = figures[name];
    if (found === undefined) throw new Error(`the gas snapshot has no "da": "${name}"`);
    return found;
  };
  const rows: TableItem[] = [
    { type: "title", text: "An ETH transfer between known accounts, on L1" },
    { type: "header", cells: ["transfers", "system", "bytes", "L1 gas", "note"] },
  ];
  for (const [form, note] of Object.entries(FORMS)) {
    for (const count of COUNTS) {
      const name = `${count} transfers, ${form}`;
      const bytes = (figure(`${name}: bytes`) / count).toFixed(1);
      const gas = (figure(`${name}: gas`) / count).toFixed(1);
      const transactions = figure(`${name}: L1 transactions`);
      rows.push({
        type: "row",
        cells: [count.toLocaleString("en"), "hardhat-rollup", bytes, gas, `${note}, ${transactions} L1 transactions`],
      });
    }
  }
  for (const { system, bytes, gas, note } of peerTransfers) {
    rows.push({ type: "row", cells: ["", system, bytes.toFixed(0), gas.toLocaleString("en"), note] });
  }
  console.log(formatTable(rows));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) printDataAvailability();
