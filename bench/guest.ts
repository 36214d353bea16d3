// Transfers per second of the ledger guest alone: native runner, signers known, state in memory; and what a run costs at least.
// Run: npx tsx bench/guest.ts [accounts] [transactions per block] [blocks]
import { cpus } from "node:os";

import { encodeBatch } from "../plugin/ledger/batch.js";
import { abiWords, fromHex, toHex } from "../plugin/ledger/bytes.js";
import { executeLedger } from "../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../plugin/ledger/guest.js";
import type { BatchTransaction } from "../plugin/ledger/types.js";
import { PreimageMap } from "../plugin/machine/preimage-map.js";
import { ZERO_ADDRESS, ZERO_HASH, type Hex } from "../plugin/types.js";
import { buildState } from "./state.js";

const BALANCE = 10n ** 20n;

function addressOf(index: number): Hex {
  return `0x${((1n << 159n) + BigInt(index)).toString(16)}`;
}

const guest = loadLedgerGuest();

/** Runs one block on top of a state; its end state and the CPU time it took, in seconds. */
function runBlock(root: Hex, nodes: PreimageMap, transactions: BatchTransaction[], senders: Uint8Array[]) {
  const blocks = [{ timestamp: 1n, messages: 0, transactions }];
  const data = encodeBatch({ coinbase: addressOf(1), baseFee: 3n, blocks });
  let next = 0;
  const before = process.cpuUsage();
  const output = executeLedger(
    guest,
    {
      l2ChainId: 1n,
      bridge: ZERO_ADDRESS,
      index: 1n,
      timestamp: 1n,
      inboxFrom: 0n,
      l2BlockFrom: 0n,
      prevStateRoot: root,
      prevInboxAcc: ZERO_HASH,
      messages: [],
      data,
    },
    nodes,
    { recover: () => senders[next++] },
  );
  const { user, system } = process.cpuUsage(before);
  for (const { hash, preimage } of output.nodes) nodes.set(hash, preimage);
  if (output.receipts.some(({ status }) => status !== "succeeded")) throw new Error("a transfer did not succeed");
  return { root: output.stateRoot, seconds: (user + system) / 1e6, nodes: output.nodes.length };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

const [accounts = 100_000, size = 1_000, blocks = 40] = process.argv.slice(2).map(Number);
const nodes = new PreimageMap();
const addresses = Array.from({ length: accounts }, (_, i) => addressOf(i + 1));
let root = toHex(buildState(addresses, BALANCE, nodes));
console.log(`${cpus()[0]?.model.trim()}; ${accounts} accounts, ${size} transfers a block`);

const empty = Array.from({ length: 300 }, () => runBlock(root, nodes, [], []).seconds);
console.log(`a run without transactions: ${Math.round(median(empty) * 1e6)} µs`);

const nonces = new Uint32Array(accounts + 1);
const runs = Array.from({ length: blocks }, (_, block) => {
  const senders: Uint8Array[] = [];
  const transactions = Array.from({ length: size }, (_, i): BatchTransaction => {
    const from = 1 + (((block * size + i) * 7_919) % accounts);
    const to = 1 + (((block * size + i) * 104_729 + 13) % accounts);
    senders.push(fromHex(addressOf(from)));
    const nonce = BigInt(nonces[from]!++);
    const fees = { maxPriorityFeePerGas: 1n, maxFeePerGas: 10n, gasLimit: 21_000n };
    const one = abiWords(1n);
    const value = 10n ** 12n + BigInt(i);
    const target = { to: addressOf(to), toIndex: BigInt(to) };
    return { nonce, ...fees, ...target, value, data: new Uint8Array(0), yParity: 0, r: one, s: one };
  });
  const result = runBlock(root, nodes, transactions, senders);
  root = result.root;
  return result;
});
// The first blocks are compiled while they run.
const late = runs.slice(runs.length >> 2);
const perSecond = median(late.map(({ seconds }) => size / seconds));
const newNodes = median(late.map((result) => result.nodes / size));
console.log(`${Math.round(perSecond)} transfers a second of one core, ${newNodes.toFixed(1)} new nodes each`);
