import { formatTable, type TableItem } from "@nomicfoundation/hardhat-utils/format";

import { readSnapshot } from "./gas.js";

/** A game is about 2^40 instructions at least. */
const HEIGHT = 40;
const COLUMNS = [
  "counterBatch",
  "counter, dearest",
  "step",
  "resolve, per claim",
  "winner's moves and step",
  "loser's moves",
  "whole game",
];

/** Prints gas of a full-height dispute by the number of states per list. */
export function printDispute(): void {
  const figures = readSnapshot().dispute ?? {};
  const rows: TableItem[] = [
    { type: "title", text: "Gas of a dispute about 2^40 instructions, by states per list" },
    { type: "header", cells: ["k", "moves", ...COLUMNS] },
  ];
  for (let bits = 1; bits <= 5; bits++) {
    const cells = COLUMNS.map((name) => figures[`k = ${1 << bits}, ${name}`]?.toLocaleString("en") ?? "");
    rows.push({ type: "row", cells: [String(1 << bits), String(Math.ceil(HEIGHT / bits)), ...cells] });
  }
  console.log(formatTable(rows));
}
