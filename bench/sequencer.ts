// Sustained transactions per second of the whole sequencer: signatures checked, every transaction on disk before it is
// acknowledged, blocks executed by the ledger guest and written with their state, batches posted to an L1 in memory.
// Run: npx tsx bench/sequencer.ts [accounts] [transactions]
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

import secp256k1 from "secp256k1";

import { toHex } from "../plugin/ledger/bytes.js";
import { rebuildTransaction } from "../plugin/ledger/transaction.js";
import type { L1Event } from "../plugin/l1/types.js";
import { keccak256 } from "../plugin/machine/keccak.js";
import { startExecutorThread } from "../plugin/sequencer/executor-client.js";
import { createSequencer, type Sequencer } from "../plugin/sequencer/sequencer.js";
import { openLevelStore } from "../plugin/store/level.js";
import { ZERO_ADDRESS, type Hex } from "../plugin/types.js";
import {
  BRIDGE,
  fakeL1,
  FORCE_INCLUSION_DELAY,
  GENESIS,
  keyOf,
  L2_CHAIN_ID,
  SEQUENCER,
  type FakeL1,
} from "../test/sequencer/support/fake-l1.js";

const IN_FLIGHT = 1_000;
const FEES = { gasLimit: 21_000n, maxFeePerGas: 20_000_000n, maxPriorityFeePerGas: 0n };

interface Account {
  key: Uint8Array;
  address: Hex;
  nonce: bigint;
}

function makeAccounts(count: number): Account[] {
  return Array.from({ length: count }, (_, index) => {
    const key = Buffer.from(keyOf(index).slice(2), "hex");
    const address = toHex(keccak256(secp256k1.publicKeyCreate(key, false).subarray(1)).subarray(12));
    return { key, address, nonce: 0n };
  });
}

/** Every account sends and receives equally often, in an order without pattern. */
function makeTransfers(accounts: Account[], count: number): Hex[] {
  const zero = new Uint8Array(32);
  return Array.from({ length: count }, (_, i) => {
    const from = accounts[(i * 7_919) % accounts.length]!;
    const to = accounts[(i * 104_729 + 13) % accounts.length]!.address;
    const fields = { ...FEES, nonce: from.nonce++, to, value: 1_000_000_000n, data: new Uint8Array() };
    const unsigned = { ...fields, yParity: 0 as const, r: zero, s: zero };
    const { signature, recid } = secp256k1.ecdsaSign(rebuildTransaction(unsigned, L2_CHAIN_ID).signingHash, from.key);
    const yParity = recid === 0 ? 0 : 1;
    const signed = { ...fields, yParity, r: signature.slice(0, 32), s: signature.slice(32) } as const;
    return toHex(rebuildTransaction(signed, L2_CHAIN_ID).raw);
  });
}

function fund(l1: FakeL1, accounts: Account[]): void {
  const timestamp = l1.now + 12n;
  l1.mine(
    accounts.map(({ address }, index): L1Event => ({
      kind: "message",
      message: {
        kind: 0,
        index: BigInt(index),
        timestamp,
        sender: address,
        target: address,
        token: ZERO_ADDRESS,
        amount: 10n ** 18n,
        data: "0x",
      },
    })),
  );
}

/** Keeps a number of requests open until all are answered. */
async function feed(sequencer: Sequencer, raws: Hex[]): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < raws.length) await sequencer.request({ method: "eth_sendRawTransaction", params: [raws[next++]] });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
}

async function main(): Promise<void> {
  const [accountCount = 10_000, transferCount = 60_000] = process.argv.slice(2).map(Number);
  const directory = await mkdtemp(join(tmpdir(), "rollup-bench-"));
  const l1 = fakeL1();
  const store = await openLevelStore(directory);
  const executor = await startExecutorThread({ path: directory, l2ChainId: L2_CHAIN_ID, bridge: BRIDGE });
  const sequencer = createSequencer({
    l2ChainId: L2_CHAIN_ID,
    bridge: BRIDGE,
    genesis: GENESIS,
    forceInclusionDelay: FORCE_INCLUSION_DELAY,
    coinbase: SEQUENCER,
    l1: l1.l1,
    execute: executor,
    store,
    clock: () => Number(l1.now) * 1000,
    pollInterval: "manual",
    batches: { bytes: 1, age: 0 },
  });
  await sequencer.start();
  const accounts = makeAccounts(accountCount);
  fund(l1, accounts);
  await sequencer.post();
  while ((await sequencer.post()) !== undefined) continue;
  const raws = makeTransfers(accounts, transferCount);

  console.log(
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${accountCount} accounts, ${transferCount} transfers`,
  );
  const firstBatch = l1.batches.length;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await feed(sequencer, raws);
  const acknowledged = performance.now();
  while (sequencer.status().pending > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const executed = performance.now();
  while ((await sequencer.post()) !== undefined) continue;
  const posted = performance.now();
  const used = process.cpuUsage(cpu);

  const perSecond = (end: number): string => Math.round(transferCount / ((end - start) / 1000)).toString();
  const perTransaction = (milliseconds: number): string => `${((milliseconds * 1000) / transferCount).toFixed(1)} µs`;
  const bytes = l1.batches.slice(firstBatch).reduce((sum, header) => sum + l1.batchData(header).length, 0);
  console.log(`acknowledged (signature checked, on disk)  ${perSecond(acknowledged)} tx/s`);
  console.log(`in L2 blocks (executed, state on disk)     ${perSecond(executed)} tx/s`);
  console.log(`on L1 (all batches posted)                 ${perSecond(posted)} tx/s`);
  console.log(
    `L1 data                                    ${(bytes / transferCount).toFixed(1)} bytes/tx in ${l1.batches.length - firstBatch} batches`,
  );
  console.log(`CPU, all threads                           ${perTransaction((used.user + used.system) / 1000)} per tx`);
  await sequencer.stop();
  await executor.close();
  await store.close();
  await rm(directory, { recursive: true });
}

await main();
