// Sustained transactions per second of the whole sequencer: signatures checked, every transaction on disk before it is
// acknowledged, blocks executed by the ledger guest and written with their state, batches posted to an L1 in memory.
// Run: npx tsx bench/sequencer.ts [accounts] [transfers]
import { mkdtemp, rm } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";

import { fromHex } from "../plugin/ledger/bytes.js";
import { executeLedger } from "../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../plugin/ledger/guest.js";
import { parseTransaction, recoverSender } from "../plugin/ledger/transaction.js";
import { startExecutorThread } from "../plugin/sequencer/executor-client.js";
import { guestLedger } from "../plugin/sequencer/guest-ledger.js";
import { createSequencer } from "../plugin/sequencer/sequencer.js";
import { openLevelStore } from "../plugin/store/level.js";
import {
  BRIDGE,
  fakeL1,
  FORCE_INCLUSION_DELAY,
  GENESIS,
  L2_CHAIN_ID,
  SEQUENCER,
} from "../test/sequencer/support/fake-l1.js";
import { feed, fund, makeAccounts, makeTransfers } from "./transfers.js";

interface Load {
  accounts: number;
  transfers: number;
}

interface Figures {
  /** Seconds from the start of the load. */
  acknowledged: number;
  executed: number;
  posted: number;
  /** CPU of all threads, microseconds per transaction. */
  cpu: number;
  /** L1 data, bytes per transaction. */
  bytes: number;
  blocks: number;
  batches: number;
}

/** Runs a load through a sequencer on a new store. `measured` runs around the load itself. */
async function run(
  { accounts: accountCount, transfers }: Load,
  inThread: boolean,
  measured: <T>(load: () => Promise<T>) => Promise<T>,
): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), "rollup-bench-"));
  const l1 = fakeL1();
  const store = await openLevelStore(directory);
  const thread = inThread
    ? await startExecutorThread({ path: directory, l2ChainId: L2_CHAIN_ID, bridge: BRIDGE })
    : undefined;
  const guest = loadLedgerGuest();
  const sequencer = createSequencer({
    l2ChainId: L2_CHAIN_ID,
    bridge: BRIDGE,
    genesis: GENESIS,
    forceInclusionDelay: FORCE_INCLUSION_DELAY,
    coinbase: SEQUENCER,
    l1: l1.l1,
    ledger: guestLedger(thread ?? ((input, nodes, options) => executeLedger(guest, input, nodes, options))),
    store,
    clock: () => Number(l1.now) * 1000,
    pollInterval: "manual",
    batches: { bytes: 100_000, age: 600_000 },
  });
  await sequencer.start();
  const accounts = makeAccounts(accountCount);
  fund(l1, accounts);
  while ((await sequencer.post()) !== undefined) continue;
  const raws = makeTransfers(accounts, transfers);
  const firstBatch = l1.batches.length;

  const figures = await measured(async () => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const elapsed = (): number => (performance.now() - start) / 1000;
    await feed(sequencer, raws);
    const acknowledged = elapsed();
    while (sequencer.status().pending > 0) await wait(2);
    const executed = elapsed();
    while ((await sequencer.post()) !== undefined) continue;
    const posted = elapsed();
    const { user, system } = process.cpuUsage(cpu);
    return { acknowledged, executed, posted, cpu: (user + system) / transfers };
  });
  const headers = l1.batches.slice(firstBatch);
  const bytes = headers.reduce((sum, header) => sum + l1.batchData(header).length, 0) / transfers;
  await sequencer.stop();
  await thread?.close();
  await store.close();
  await rm(directory, { recursive: true });
  const blocks = Number(headers.at(-1)!.l2BlockTo - headers[0]!.l2BlockFrom);
  return { ...figures, bytes, blocks, batches: headers.length };
}

/** Microseconds of CPU that one signature recovery takes on this machine now, for comparison with other machines. */
function recoveryTime(): number {
  const [raw] = makeTransfers(makeAccounts(1), 1);
  const transaction = parseTransaction(fromHex(raw!));
  const count = 2_000;
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) recoverSender(transaction);
  return process.cpuUsage(start).user / count;
}

/** Stages of a transaction by the function that does them; each sample counts for the innermost one. */
const STAGES: readonly (readonly [stage: string, functions: readonly string[]])[] = [
  ["signature recovery", ["recoverAddress"]],
  [
    "JSON-RPC, parsing, mempool, journal",
    ["request", "submit", "accept", "checkAll", "writeAll", "settle", "take", "feed"],
  ],
  ["the guest's run", ["runGuest"]],
  ["collecting its results", ["executeLedger"]],
  ["writing block, indexes and state", ["commit"]],
  ["encoding the block", ["build"]],
  ["cutting and checking batches", ["prepare"]],
  ["fake L1 and benchmark", ["post", "poll", "follow"]],
  ["garbage collection", ["(garbage collector)"]],
];

/** Share of the CPU time of this thread by stage. */
async function profile(load: () => Promise<unknown>): Promise<Map<string, number>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.start");
  await load();
  const { profile: taken } = await session.post("Profiler.stop");
  session.disconnect();
  const nodes = new Map(taken.nodes.map((node) => [node.id, node]));
  const parents = new Map(taken.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const stageOf = (sample: number): string | undefined => {
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const { functionName } = nodes.get(id)!.callFrame;
      if (functionName === "(idle)") return undefined;
      const stage = STAGES.find(([, functions]) => functions.includes(functionName));
      if (stage !== undefined) return stage[0];
    }
    return "everything else";
  };
  const shares = new Map<string, number>();
  let total = 0;
  taken.samples?.forEach((sample, i) => {
    const stage = stageOf(sample);
    const time = taken.timeDeltas?.[i] ?? 0;
    if (stage === undefined) return;
    total += time;
    shares.set(stage, (shares.get(stage) ?? 0) + time);
  });
  return new Map([...shares].map(([stage, time]) => [stage, time / total]));
}

async function main(): Promise<void> {
  const [accounts = 10_000, transfers = 60_000] = process.argv.slice(2).map(Number);
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), load average ${loadavg()[0]?.toFixed(1)} at the start`,
  );
  console.log(
    `${accounts} accounts, ${transfers} ETH transfers; one signature recovery takes ${recoveryTime().toFixed(0)} µs`,
  );

  const figures = await run({ accounts, transfers }, true, (load) => load());
  const rate = (seconds: number): string => `${Math.round(transfers / seconds)} tx/s`;
  console.log(`acknowledged (signature checked, on disk)  ${rate(figures.acknowledged)}`);
  console.log(`in L2 blocks (executed, state on disk)     ${rate(figures.executed)}`);
  console.log(`on L1 (every batch posted)                 ${rate(figures.posted)}`);
  console.log(
    `L1 data                                    ${figures.bytes.toFixed(1)} bytes/tx in ${figures.batches} batches of ${figures.blocks} blocks`,
  );
  console.log(`CPU of all threads                         ${figures.cpu.toFixed(0)} µs/tx`);

  console.log("where the time goes (a second run, all in one thread, sampled)");
  let shares = new Map<string, number>();
  const load = { accounts, transfers: Math.min(transfers, 30_000) };
  const single = await run(load, false, async (measured) => {
    let result: Awaited<ReturnType<typeof measured>> | undefined;
    shares = await profile(async () => {
      result = await measured();
    });
    return result!;
  });
  for (const [stage, share] of [...shares].sort((a, b) => b[1] - a[1]))
    console.log(
      `  ${stage.padEnd(40)} ${(share * 100).toFixed(0).padStart(3)} %  ${(share * single.cpu).toFixed(0).padStart(4)} µs/tx`,
    );
}

await main();
