// Transactions per second of rollup:reconstruct: batches of a real sequencer, read from an L1 in memory, every signature
// recovered and every batch executed by the ledger guest, every state on disk.
// Run: npx tsx bench/reconstruct.ts [accounts] [transfers]
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { reconstruct } from "../plugin/escape/reconstruct.js";
import { executeLedger } from "../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../plugin/ledger/guest.js";
import { guestLedger } from "../plugin/sequencer/guest-ledger.js";
import { createSequencer } from "../plugin/sequencer/sequencer.js";
import { openLevelStore } from "../plugin/store/level.js";
import { memoryStore } from "../plugin/store/memory.js";
import type { Deployment } from "../plugin/types.js";
import { ledgerProgram } from "../plugin/validator/program.js";
import {
  BRIDGE,
  fakeL1,
  type FakeL1,
  FORCE_INCLUSION_DELAY,
  GENESIS,
  L2_CHAIN_ID,
  SEQUENCER,
} from "../test/sequencer/support/fake-l1.js";
import { feed, fund, makeAccounts, makeTransfers } from "./transfers.js";

const guest = loadLedgerGuest();

/** An L1 with batches of this many transfers. */
async function history(accountCount: number, transfers: number): Promise<FakeL1> {
  const l1 = fakeL1();
  const sequencer = createSequencer({
    l2ChainId: L2_CHAIN_ID,
    bridge: BRIDGE,
    genesis: GENESIS,
    forceInclusionDelay: FORCE_INCLUSION_DELAY,
    coinbase: SEQUENCER,
    l1: l1.l1,
    ledger: guestLedger((input, nodes, options) => executeLedger(guest, input, nodes, options)),
    store: memoryStore(),
    clock: () => Number(l1.now) * 1000,
    pollInterval: "manual",
    batches: { bytes: 100_000, age: 600_000 },
  });
  await sequencer.start();
  const accounts = makeAccounts(accountCount);
  fund(l1, accounts);
  while ((await sequencer.post()) !== undefined) continue;
  await feed(sequencer, makeTransfers(accounts, transfers));
  while (sequencer.status().pending > 0) await wait(2);
  while ((await sequencer.post()) !== undefined) continue;
  await sequencer.stop();
  return l1;
}

const [accounts = 5_000, transfers = 30_000] = process.argv.slice(2).map(Number);
console.log(
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), load average ${loadavg()[0]?.toFixed(1)} at the start`,
);
const l1 = await history(accounts, transfers);
const head = l1.batches.length - 1;
l1.finalize(1n);
const deployment = {
  genesis: GENESIS,
  fromBlock: 1n,
  program: { machineHash: guest.machineHash },
  parameters: { l2ChainId: L2_CHAIN_ID },
  contracts: { L1EscrowBridge: { address: BRIDGE } },
} as unknown as Deployment;

const folder = await mkdtemp(join(tmpdir(), "rollup-bench-"));
const store = await openLevelStore(folder);
const cpu = process.cpuUsage();
const begin = performance.now();
let executed = 0;
await reconstruct({
  client: {
    deployment,
    batchData: (header) => Promise.resolve({ bytes: l1.batchData(header) }),
    heads: () => Promise.resolve({ head: BigInt(head), finalizedHead: 1n }),
  },
  source: l1.source,
  program: ledgerProgram(guest),
  store,
  log: (event) => {
    if (event.kind === "executed") executed += event.transactions;
  },
});
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
await store.close();
await rm(folder, { recursive: true });
if (executed !== transfers) throw new Error(`${executed} of ${transfers} transfers were executed`);
console.log(
  `rollup:reconstruct, ${accounts} accounts, ${transfers} ETH transfers in ${head} batches: ${Math.round(transfers / seconds)} tx/s, ${((user + system) / transfers).toFixed(0)} µs of CPU each`,
);
