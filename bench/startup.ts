// Time from `network.create()` to a deployed, usable rollup: in a fresh process, and again in the same one.
// Run: npx tsx bench/startup.ts
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Milliseconds. */
interface Sample {
  /** `network.create()`: Hardhat's own. */
  create: number;
  /** `rollup.deploy()`: contracts, sequencer, validator. */
  deploy: number;
  /** A deposit that is credited and a transfer that is in a block. */
  use: number;
}

const PROCESSES = 5;
const REPEATS = 5;

async function measure(): Promise<Sample[]> {
  const { network } = await import("hardhat");
  const samples: Sample[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const begin = performance.now();
    const connection = await network.create();
    const created = performance.now();
    const chain = await connection.rollup.deploy();
    const deployed = performance.now();
    const [alice] = await connection.ethers.getSigners();
    if (alice === undefined) throw new Error("the network has no accounts");
    await chain.deposit(alice, { amount: 10n ** 18n });
    await (await chain.l2.wallet(alice).sendTransaction({ to: alice, value: 1n })).wait();
    const used = performance.now();
    samples.push({ create: created - begin, deploy: deployed - created, use: used - deployed });
    await connection.close();
  }
  return samples;
}

function median(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0).padStart(6);
}

function report(title: string, samples: Sample[]): void {
  const row = (pick: (sample: Sample) => number) => median(samples.map(pick));
  console.log(
    `${title.padEnd(28)} create ${row((s) => s.create)} ms, deploy ${row((s) => s.deploy)} ms, ` +
      `first use ${row((s) => s.use)} ms, together ${row((s) => s.create + s.deploy + s.use)} ms`,
  );
}

if (process.argv.includes("--sample")) {
  console.log(JSON.stringify(await measure()));
} else {
  const runs: Sample[][] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const output = execFileSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), "--sample"], {
      encoding: "utf8",
    });
    runs.push(JSON.parse(output.trim().split("\n").at(-1) ?? "[]") as Sample[]);
  }
  report(
    `first in a process (of ${PROCESSES})`,
    runs.flatMap((run) => run.slice(0, 1)),
  );
  report(
    "later in the same process",
    runs.flatMap((run) => run.slice(1)),
  );
}
