import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { decodeBatch } from "../../plugin/ledger/batch.js";
import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { createSigner } from "../ledger/signer.js";
import { appendLine, durableL1, readLines } from "./support/durable-l1.js";
import { L2_CHAIN_ID, SEQUENCER, type FakeL1 } from "./support/fake-l1.js";
import { CHILD_BATCH_BYTES, loadExecute, startRig } from "./support/rig.js";
import type { Hex } from "../../plugin/types.js";

const KILLS = process.env.ROLLUP_TEST_LONG === "1" ? 50 : 5;
const ACCOUNTS = 8;
/** Milliseconds: a kill comes so late at most after its sequencer took its first transaction, or after its start. */
const [LATEST_KILL, LATEST_EARLY_KILL] = [400, 1_500];
const CHILD = fileURLToPath(new URL("./support/child.ts", import.meta.url));
const FEES = { gasLimit: 60_000n, maxFeePerGas: 20_000_000n, maxPriorityFeePerGas: 0n };
const TOKEN: Hex = `0x${"70".repeat(20)}`;

interface Transfer {
  raw: Hex;
  hash: Hex;
  /** Part of the signature: names the transfer in batch data, too. */
  r: Hex;
}

type Request = (method: string, params: unknown[]) => Promise<unknown>;

/** Refused by the sequencer, as opposed to not answered. */
class Refused extends Error {}

function startChild(directory: string, mode: "thread" | "inline"): { process: ChildProcess; ready: Promise<Request> } {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), CHILD, directory, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = new Promise<Request>((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => resolve(requestTo(Number(line.toString()))));
    child.once("exit", (code) => reject(new Error(`the sequencer ended by itself with ${code}`)));
  });
  return { process: child, ready };
}

function requestTo(port: number): Request {
  return async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body, signal });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error !== undefined) throw new Refused(answer.error.message);
    return answer.result;
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

const signers = Array.from({ length: ACCOUNTS }, (_, index) => createSigner(index));

/** Transfer number `i`, of as many as are asked for: the same ones in each run; where the kills land still differs. */
function makeTransfer(i: number): Transfer {
  const to = signers[(i * 5 + 3) % ACCOUNTS]!.address;
  const nonce = BigInt(Math.floor(i / ACCOUNTS));
  const data = fromHex(`0xa9059cbb${to.slice(2).padStart(64, "0")}${"1".padStart(64, "0")}`);
  const action = i % 3 === 0 ? { to: TOKEN, data } : { to, value: 1_000n };
  const { raw, hash, r } = signers[i % ACCOUNTS]!.sign({ ...FEES, chainId: L2_CHAIN_ID, nonce, ...action });
  return { raw: toHex(raw), hash, r: toHex(r) };
}

/** All accounts exist from the start, so that the state does not depend on the order of the transfers. */
function fund(file: string): void {
  const l1 = durableL1(file);
  l1.deposit(SEQUENCER, 1n);
  for (let index = 0; index < ACCOUNTS; index++) {
    const { address } = signers[index]!;
    l1.deposit(address, 10n ** 18n);
    l1.deposit(address, 1_000_000n, TOKEN);
  }
}

describe("sequencer killed at random points", () => {
  let directory: string;
  let child: ChildProcess | undefined;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rollup-kill-"));
  });
  after(async () => {
    if (child !== undefined) await kill(child);
    await rm(directory, { recursive: true });
  });

  it(`loses no accepted transaction, posts no batch twice and ends in the same state (${KILLS} kills)`, async function () {
    this.timeout(KILLS * 20_000);
    fund(join(directory, "l1"));
    const transfers: Transfer[] = [];

    /** Sends one transfer after the other until the sequencer is dead or `enough` says so. */
    const load = async (request: Request, enough: () => boolean): Promise<void> => {
      let current = transfers.length;
      while (!enough()) {
        const transfer = makeTransfer(current);
        try {
          expect(await request("eth_sendRawTransaction", [transfer.raw])).to.equal(transfer.hash);
        } catch (error) {
          if (!(error instanceof Refused)) return; // killed before it answered
          if (error.message.startsWith("insufficient funds")) {
            await wait(5); // the deposits are not in a block yet
            continue;
          }
          // Accepted just before a kill, and not answered any more.
          expect(error.message).to.match(/^already known|^nonce too low/);
        }
        transfers.push(transfer);
        current++;
      }
    };

    for (let round = 0; round < KILLS; round++) {
      const { process: victim, ready } = startChild(directory, round % 2 === 0 ? "inline" : "thread");
      child = victim;
      if (round % 5 === 4) {
        // While it starts, and picks up what the one before it left.
        const started = ready.then((request) => load(request, () => false)).catch(() => undefined);
        await wait(Math.random() * LATEST_EARLY_KILL);
        await kill(victim);
        await started;
        continue;
      }
      const before = transfers.length;
      const loading = load(await ready, () => false);
      while (transfers.length === before) await Promise.race([loading, wait(1)]);
      await wait(Math.random() * LATEST_KILL);
      await kill(victim);
      await loading;
      expect(transfers.length, "transfers in this round").to.be.greaterThan(before);
    }

    const last = startChild(directory, "inline");
    child = last.process;
    const request = await last.ready;
    const goal = Math.max(transfers.length, 100) + 50;
    await load(request, () => transfers.length >= goal);
    await until("transactions that never got into a block", async () => {
      const { mempool } = (await request("rollup_status", [])) as { mempool: { ready: number; held: number } };
      return mempool.ready + mempool.held === 0;
    });
    for (const { hash } of transfers)
      expect(await request("eth_getTransactionReceipt", [hash])).to.include({ status: "0x1" });

    // Of every transfer 64 bytes are signature, and less than one batch is left to wait for more.
    const least = Math.floor((64 * transfers.length) / CHILD_BATCH_BYTES) - 1;
    const onL1 = (): FakeL1 => durableL1(join(directory, "l1"));
    await until("batches that never got onto L1", () => Promise.resolve(onL1().batches.length - 1 >= least));
    const { head } = (await request("rollup_status", [])) as { head: { stateRoot: Hex } };
    await kill(last.process);
    expect(least).to.be.greaterThan(3);
    const posts = readLines(join(directory, "posts")) as { parent: Hex; data: Hex }[];
    const dataOf = new Map(posts.map(({ parent, data }) => [parent, data]));
    for (const { parent, data } of posts) expect(data, "another batch on the same parent").to.equal(dataOf.get(parent));
    const posted = postedTransfers(onL1());
    expect(new Set(posted).size, "transfers that are in two batches").to.equal(posted.length);
    const sent = new Set(transfers.map(({ r }) => r));
    expect(posted.filter((r) => !sent.has(r))).to.deep.equal([]);

    const undisturbed = await startRig(loadExecute(), { fake: durableL1(join(await copyOfDeposits(directory), "l1")) });
    await undisturbed.sequencer.sync();
    await undisturbed.sequencer.seal();
    for (const { raw } of transfers)
      await undisturbed.sequencer.request({ method: "eth_sendRawTransaction", params: [raw] });
    while ((await undisturbed.sequencer.seal()) !== undefined) continue;
    expect(head.stateRoot).to.equal(undisturbed.sequencer.status().head.stateRoot);
    await undisturbed.close();
  });
});

/** What is in the batches on L1, in order. */
function postedTransfers(l1: FakeL1): Hex[] {
  return l1.batches.slice(1).flatMap((header) => {
    const messages = Number(header.inboxTo - header.inboxFrom);
    const { blocks } = decodeBatch(l1.batchData(header), { messages, timestamp: header.timestamp });
    return blocks.flatMap(({ transactions }) => transactions.map(({ r }) => toHex(r)));
  });
}

async function until(late: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(late);
    await wait(20);
  }
}

/** The L1 as it was before any batch. */
async function copyOfDeposits(directory: string): Promise<string> {
  const copy = await mkdtemp(join(directory, "copy-"));
  for (const line of readLines(join(directory, "l1")) as { events: { kind: string }[] }[])
    if (line.events.every(({ kind }) => kind === "message")) appendLine(join(copy, "l1"), line);
  return copy;
}
