/** Gas figures of whole transactions, held against the committed test/gas/gas-snapshot.json. */
import { readFile, writeFile } from "node:fs/promises";

import { expect } from "chai";
import type { TransactionResponse } from "ethers";

/** Gas by name, of one part of the suite. */
export type GasFigures = Record<string, number>;
/** The committed file: figures by part. */
export type GasSnapshot = Record<string, GasFigures>;

/** Largest change that is noise, as a fraction: addresses and hashes have a varying number of zero bytes. */
const TOLERANCE = 0.005;
const FILE = new URL("../gas/gas-snapshot.json", import.meta.url);

/** Gas that `transaction` used, calldata and base fee of 21,000 included. */
export async function gasOf(transaction: TransactionResponse): Promise<number> {
  const receipt = await transaction.wait();
  if (receipt === null) throw new Error(`no receipt of ${transaction.hash}`);
  return Number(receipt.gasUsed);
}

/** Fails when a measured figure is above its hard ceiling. */
export function expectAtMost(name: string, gas: number, ceiling: number): void {
  expect(gas, `${name}: ${gas} gas is above the ceiling of ${ceiling}`).to.be.at.most(ceiling);
}

/** One line for each figure that changed beyond the tolerance, is new, or is gone: `name: old → new`. */
export function gasChanges(recorded: GasFigures, measured: GasFigures): string[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(measured)])];
  return names.flatMap((name) => {
    const [before, after] = [recorded[name], measured[name]];
    if (before === undefined) return [`${name}: not recorded → ${after}`];
    if (after === undefined) return [`${name}: ${before} → not measured`];
    const change = (after - before) / before;
    if (Math.abs(change) <= TOLERANCE) return [];
    return [`${name}: ${before} → ${after} (${change > 0 ? "+" : ""}${(100 * change).toFixed(2)} %)`];
  });
}

/**
 * Fails unless `measured` are the figures recorded for `part`.
 * With UPDATE_GAS_SNAPSHOT=1 in the environment, records them instead.
 */
export async function checkGasSnapshot(part: string, measured: GasFigures): Promise<void> {
  const snapshot = JSON.parse(await readFile(FILE, "utf8")) as GasSnapshot;
  if (process.env.UPDATE_GAS_SNAPSHOT === "1") {
    const updated = Object.entries({ ...snapshot, [part]: measured }).sort(([a], [b]) => (a < b ? -1 : 1));
    await writeFile(FILE, `${JSON.stringify(Object.fromEntries(updated), undefined, 2)}\n`);
    return;
  }
  const changes = gasChanges(snapshot[part] ?? {}, measured);
  if (changes.length > 0) {
    throw new Error(["gas changed; if that is meant: UPDATE_GAS_SNAPSHOT=1 npm run gas", ...changes].join("\n  "));
  }
}
