// One batch of the ledger in all engines: native V8, the interpreter, the reference; and what a dispute asks of a trace.
// CPU time, medians. Run: npx tsx bench/machine.ts [transfers] [accounts]
import { cpus, loadavg } from "node:os";

import secp256k1 from "secp256k1";

import { encodeBatch } from "../plugin/ledger/batch.js";
import { abiWords, toHex } from "../plugin/ledger/bytes.js";
import { executeLedger } from "../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../plugin/ledger/guest.js";
import { rebuildTransaction } from "../plugin/ledger/transaction.js";
import type { BatchTransaction } from "../plugin/ledger/types.js";
import { readGuestProgram } from "../plugin/machine/artifacts.js";
import type { Oracle } from "../plugin/machine/hostCalls.js";
import { createInterpreter } from "../plugin/machine/interpreter.js";
import { keccak256 } from "../plugin/machine/keccak.js";
import { createMachine, run } from "../plugin/machine/machine.js";
import type { GuestRunOptions } from "../plugin/machine/native.js";
import { PreimageMap } from "../plugin/machine/preimage-map.js";
import { programOf } from "../plugin/machine/program.js";
import { createTrace } from "../plugin/machine/trace.js";
import { ZERO_ADDRESS, ZERO_HASH, type Hex } from "../plugin/types.js";
import { buildState } from "./state.js";

const CHAIN_ID = 1n;
const BALANCE = 10n ** 20n;
const RUNS = 9;
const REFERENCE_STEPS = 2_000_000;
const PROBES = 32;

interface Batch {
  inputHash: Uint8Array;
  oracle: Oracle;
  /** Runs it natively; the output hash. */
  runNatively: () => Uint8Array;
  /** Recovers all its signers. */
  recoverAll: () => void;
}

/** A batch of transfers among accounts; each sender signs its own. */
function makeBatch(transfers: number, accounts: number): Batch {
  const keys = Array.from({ length: transfers }, (_, i) => keccak256(abiWords(BigInt(i))));
  const senders = keys.map((key) => addressOf(secp256k1.publicKeyCreate(key, false)));
  const others = Array.from({ length: accounts - transfers }, (_, i) =>
    toHex(keccak256(abiWords(BigInt(i), 1n)).subarray(12)),
  );
  const addresses = [...senders, ...others];
  const nodes = new PreimageMap();
  const prevStateRoot = toHex(buildState(addresses, BALANCE, nodes));

  const signed: { hash: Uint8Array; yParity: number; signature: Uint8Array }[] = [];
  const transactions = keys.map((key, i): BatchTransaction => {
    const at = (i * 104_729 + 13) % accounts;
    const fees = { maxPriorityFeePerGas: 1n, maxFeePerGas: 10n, gasLimit: 21_000n };
    const target = { to: addresses[at]!, toIndex: BigInt(at + 1) };
    const fields = { nonce: 0n, ...fees, ...target, value: 10n ** 12n + BigInt(i), data: new Uint8Array() };
    const zero = new Uint8Array(32);
    const hash = rebuildTransaction({ ...fields, yParity: 0, r: zero, s: zero }, CHAIN_ID).signingHash;
    const { signature, recid } = secp256k1.ecdsaSign(hash, key);
    signed.push({ hash, yParity: recid, signature });
    return { ...fields, yParity: recid === 0 ? 0 : 1, r: signature.slice(0, 32), s: signature.slice(32) };
  });
  const blocks = [{ timestamp: 1n, messages: 0, transactions }];
  const input = {
    l2ChainId: CHAIN_ID,
    bridge: ZERO_ADDRESS,
    index: 1n,
    timestamp: 1n,
    inboxFrom: 0n,
    l2BlockFrom: 0n,
    prevStateRoot,
    prevInboxAcc: ZERO_HASH,
    messages: [],
    data: encodeBatch({ coinbase: addresses[0]!, baseFee: 3n, blocks }),
  };

  // What the ledger's runner gives to its guest is what the machine needs.
  const guest = loadLedgerGuest();
  let options: GuestRunOptions | undefined;
  const runGuest = (given: GuestRunOptions) => guest.run((options = given));
  const { receipts } = executeLedger({ ...guest, run: runGuest }, input, nodes);
  if (options === undefined || receipts.some(({ status }) => status !== "succeeded"))
    throw new Error("a transfer failed");
  const given = options;
  return {
    inputHash: given.input,
    oracle: { preimage: given.preimage },
    runNatively: () => guest.run(given).output,
    recoverAll: () =>
      signed.forEach(({ hash, yParity, signature }) => secp256k1.ecdsaRecover(signature, yParity, hash, false)),
  };
}

function addressOf(publicKey: Uint8Array): Hex {
  return toHex(keccak256(publicKey.subarray(1)).subarray(12));
}

/** Milliseconds of CPU. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** CPU time of the middle run. Each has its own preparation, which is not measured. */
function measure<T>(prepare: () => T, task: (prepared: T) => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const prepared = prepare();
    const started = now();
    task(prepared);
    return now() - started;
  });
  return median(times);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

async function timed<T>(task: () => Promise<T>): Promise<{ result: T; time: number }> {
  const started = now();
  const result = await task();
  return { result, time: now() - started };
}

const print = (name: string, milliseconds: number, rest = ""): void =>
  console.log(`${name.padEnd(34)}${milliseconds.toFixed(1).padStart(10)} ms   ${rest}`);

const [transfers = 1_000, accounts = 100_000] = process.argv.slice(2).map(Number);
const batch = makeBatch(transfers, accounts);
const { inputHash, oracle } = batch;
const program = programOf(readGuestProgram("ledger"));
console.log(
  `${cpus()[0]?.model.trim()}, load ${loadavg()[0]?.toFixed(1)}; ${transfers} transfers, ${accounts} accounts`,
);

const { result: trace, time: first } = await timed(() => createTrace(program, inputHash, oracle));
const { length } = trace;
console.log(`${program.code.length} instructions, ${length} steps`);
const rate = (steps: number, milliseconds: number): string => `${(steps / milliseconds / 1e3).toFixed(1)} M steps/s`;

const nothing = (): void => undefined;
const recovery = measure(nothing, batch.recoverAll);
const native = measure(nothing, batch.runNatively);
const interpreted = measure(
  () => createInterpreter(program, inputHash, oracle),
  (machine) => machine.run(),
);
const reference = createMachine(program, inputHash, oracle);
const { time: plain } = await timed(() => Promise.resolve(run(reference, Math.min(length, REFERENCE_STEPS))));

const { outputHash } = await trace.stateAt(length);
if (toHex(outputHash) !== toHex(batch.runNatively())) throw new Error("the engines disagree");

print("native V8", native, `${rate(length, native)}, were it steps`);
print("interpreter", interpreted, rate(length, interpreted));
print("reference", (plain / reference.steps) * length, rate(reference.steps, plain));
print(
  "of native and interpreter, ecrecover",
  recovery,
  `without it the interpreter does ${rate(length, interpreted - recovery)}`,
);
print("trace: run with snapshots", first, rate(length, first));

const steps = Array.from({ length: PROBES }, (_, i) => (i * 7_919_191) % length);
const hashing: number[] = [];
const proving: number[] = [];
for (const step of steps) {
  hashing.push((await timed(() => trace.stateHashAt(step))).time);
  proving.push((await timed(() => trace.witnessAt(step + 1))).time);
}
const { time: pass } = await timed(() => trace.hashesAt(steps.toSorted((a, b) => a - b)));
print("state hash at a step", median(hashing), `at most ${Math.max(...hashing).toFixed(1)} ms`);
print("witness of the next step", median(proving));
print(`${PROBES} state hashes in one pass`, pass);
