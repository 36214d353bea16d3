import { pathToFileURL } from "node:url";

import { formatTable, type TableItem } from "@nomicfoundation/hardhat-utils/format";

import { readSnapshot } from "./gas.js";

/** Prints what an attestation costs by the size of the committee: whole transactions that check nothing else. */
export function printCommittee(): void {
  const rows: TableItem[] = [
    { type: "title", text: "Gas of an attestation by a committee, whole transactions" },
    { type: "header", cells: ["signers and members", "gas"] },
  ];
  for (const [name, gas] of Object.entries(readSnapshot().committee ?? {}))
    rows.push({ type: "row", cells: [name, gas.toLocaleString("en")] });
  console.log(formatTable(rows));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) printCommittee();
