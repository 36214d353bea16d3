import { pathToFileURL } from "node:url";

import { formatTable, type TableItem } from "@nomicfoundation/hardhat-utils/format";

import { readSnapshot } from "./gas.js";
import { peerAttestations } from "./peers.js";

/** Gas of one size of committee, by the scheme, with the threshold and with all members. */
interface Size {
  members: number;
  threshold: number;
  gas: Record<Column, number>;
}

const COLUMNS = ["ECDSA", "ECDSA, all", "BLS", "BLS, all"] as const;
type Column = (typeof COLUMNS)[number];

/** Prints what an attestation costs by the size of the committee, and from where on BLS is cheaper. */
export function printCommittee(): void {
  const sizes = readSizes(readSnapshot().committee ?? {});
  const rows: TableItem[] = [
    { type: "title", text: "Gas of an attestation by a committee, whole transactions that check nothing else" },
    { type: "header", cells: ["members", "threshold", ...COLUMNS, "a list of members in calldata, ECDSA"] },
  ];
  for (const { members, threshold, gas } of sizes) {
    const peer = peerAttestations[`${threshold} of ${members}`]?.toLocaleString("en") ?? "";
    const own = COLUMNS.map((column) => gas[column].toLocaleString("en"));
    rows.push({ type: "row", cells: [`${members}`, `${threshold}`, ...own, peer] });
  }
  console.log(formatTable(rows));
  for (const [what, ecdsa, bls] of [
    ["with the threshold", "ECDSA", "BLS"],
    ["when all sign by BLS, and the threshold by ECDSA", "ECDSA", "BLS, all"],
    ["when all sign by either", "ECDSA, all", "BLS, all"],
  ] as const)
    console.log(`BLS is cheaper from ${crossover(sizes, ecdsa, bls)} members on ${what}`);
  console.log();
}

function readSizes(figures: Record<string, number>): Size[] {
  const figure = (name: string): number => {
    const found = figures[name];
    if (found === undefined) throw new Error(`the gas snapshot has no "committee": "${name}"`);
    return found;
  };
  return Object.keys(figures).flatMap((name) => {
    const [, threshold, members] = /^(\d+) of (\d+), BLS$/.exec(name) ?? [];
    if (threshold === undefined || members === undefined || threshold === members) return [];
    const [some, all] = [`${threshold} of ${members}`, `${members} of ${members}`];
    const gas = {
      ...{ ECDSA: figure(`${some}, ECDSA`), "ECDSA, all": figure(`${all}, ECDSA`) },
      ...{ BLS: figure(`${some}, BLS`), "BLS, all": figure(`${all}, BLS`) },
    };
    return [{ members: Number(members), threshold: Number(threshold), gas }];
  });
}

/** The first number of members for which `bls` is cheaper, on straight lines between the sizes that were measured. */
function crossover(sizes: readonly Size[], ecdsa: Column, bls: Column): number {
  const saved = ({ gas }: Size): number => gas[ecdsa] - gas[bls];
  const after = sizes.findIndex((size) => saved(size) > 0);
  const [low, high] = [sizes[after - 1], sizes[after]];
  if (low === undefined || high === undefined) throw new Error(`the sizes that were measured lie on one side of it`);
  return Math.ceil(low.members - (saved(low) * (high.members - low.members)) / (saved(high) - saved(low)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) printCommittee();
