import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { createSigner } from "../ledger/signer.js";
import { appendLine, durableL1, readLines } from "./support/durable-l1.js";
import { L2_CHAIN_ID, SEQUENCER } from "./support/fake-l1.js";
import { loadExecute, startRig } from "./support/rig.js";
import type { Hex } from "../../plugin/types.js";

const KILLS = process.env.ROLLUP_TEST_LONG === "1" ? 50 : 5;
const ACCOUNTS = 8;
const PER_KILL = 60;
const CHILD = fileURLToPath(new URL("./support/child.ts", import.meta.url));
const FEES = { gasLimit: 60_000n, maxFeePerGas: 20_000_000n, maxPriorityFeePerGas: 0n };
const TOKEN: Hex = `0x${"70".repeat(20)}`;

interface Transfer {
  raw: Hex;
  hash: Hex;
}

interface Child {
  process: ChildProcess;
  request: (method: string, params: unknown[]) => Promise<unknown>;
}

/** Refused by the sequencer, as opposed to not answered. */
class Refused extends Error {}

async function startChild(directory: string, mode: "thread" | "inline"): Promise<Child> {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), CHILD, directory, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => resolve(Number(line.toString())));
    child.once("exit", (code) => reject(new Error(`the sequencer ended by itself with ${code}`)));
  });
  return {
    process: child,
    async request(method, params) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const signal = AbortSignal.timeout(10_000);
      const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body, signal });
      const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
      if (answer.error !== undefined) throw new Refused(answer.error.message);
      return answer.result;
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

/** Same numbers each run; where the kills land still differs. */
function makeTransfers(count: number): Transfer[] {
  const signers = Array.from({ length: ACCOUNTS }, (_, index) => createSigner(index));
  const transferData = (to: Hex): Uint8Array =>
    fromHex(`0xa9059cbb${to.slice(2).padStart(64, "0")}${"1".padStart(64, "0")}`);
  return Array.from({ length: count }, (_, i) => {
    const from = signers[i % ACCOUNTS]!;
    const to = signers[(i * 5 + 3) % ACCOUNTS]!.address;
    const nonce = BigInt(Math.floor(i / ACCOUNTS));
    const action = i % 3 === 0 ? { to: TOKEN, data: transferData(to) } : { to, value: 1_000n };
    const { raw, hash } = from.sign({ ...FEES, chainId: L2_CHAIN_ID, nonce, ...action });
    return { raw: toHex(raw), hash };
  });
}

/** All accounts exist from the start, so that the state does not depend on the order of the transfers. */
function fund(file: string): void {
  const l1 = durableL1(file);
  l1.deposit(SEQUENCER, 1n);
  for (let index = 0; index < ACCOUNTS; index++) {
    const { address } = createSigner(index);
    l1.deposit(address, 10n ** 18n);
    l1.deposit(address, 1_000_000n, TOKEN);
  }
}

describe("sequencer killed at random points", () => {
  let directory: string;
  let child: Child | undefined;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "rollup-kill-"));
  });
  after(async () => {
    if (child !== undefined) await kill(child.process);
    await rm(directory, { recursive: true });
  });

  it(`loses no accepted transaction, posts no batch twice and ends in the same state (${KILLS} kills)`, async function () {
    this.timeout(KILLS * 20_000);
    fund(join(directory, "l1"));
    const transfers = makeTransfers(KILLS * PER_KILL);
    const accepted = new Set<Hex>();
    let next = 0;

    /** Sends one after the other from `next` on, until it fails. */
    const load = async ({ request }: Child): Promise<void> => {
      for (; next < transfers.length; next++) {
        const { raw, hash } = transfers[next]!;
        try {
          expect(await request("eth_sendRawTransaction", [raw])).to.equal(hash);
        } catch (error) {
          if (!(error instanceof Refused)) return; // killed before it answered
          if (error.message.startsWith("insufficient funds")) {
            await wait(5); // the deposits are not in a block yet
            next--;
            continue;
          }
          // Accepted just before a kill, and not answered any more.
          expect(error.message).to.match(/^already known|^nonce too low/);
        }
        accepted.add(hash);
      }
    };

    for (let round = 0; round < KILLS; round++) {
      child = await startChild(directory, round % 2 === 0 ? "inline" : "thread");
      const { process: victim } = child;
      const loading = load(child);
      // The first one lives until it is under load, so that there is something to lose.
      for (let tries = 0; round === 0 && next < 20 && tries < 2_000; tries++) await Promise.race([loading, wait(5)]);
      await Promise.all([loading, wait(Math.random() * 400).then(() => kill(victim))]);
    }

    child = await startChild(directory, "inline");
    const { request } = child;
    await load(child);
    expect(accepted.size).to.equal(transfers.length);
    let pending: unknown;
    for (let tries = 0; pending !== 0 && tries < 500; tries++) {
      await wait(20);
      const { mempool } = (await request("rollup_status", [])) as { mempool: { ready: number; held: number } };
      pending = mempool.ready + mempool.held;
    }
    expect(pending, "transactions that never got into a block").to.equal(0);
    for (const { hash } of transfers)
      expect(await request("eth_getTransactionReceipt", [hash])).to.include({ status: "0x1" });

    // How many batches there are is a matter of timing; that everything waiting leads to one is not.
    const batchesOnL1 = (): number => durableL1(join(directory, "l1")).batches.length - 1;
    for (let tries = 0; batchesOnL1() === 0 && tries < 500; tries++) await wait(20);
    const posts = readLines(join(directory, "posts")) as { parent: Hex; data: Hex }[];
    const dataOf = new Map(posts.map(({ parent, data }) => [parent, data]));
    for (const { parent, data } of posts) expect(data, "another batch on the same parent").to.equal(dataOf.get(parent));
    expect(batchesOnL1()).to.equal(dataOf.size).and.to.be.greaterThan(0);

    const undisturbed = await startRig(loadExecute(), { fake: durableL1(join(await copyOfDeposits(directory), "l1")) });
    await undisturbed.sequencer.sync();
    await undisturbed.sequencer.seal();
    for (const { raw } of transfers)
      await undisturbed.sequencer.request({ method: "eth_sendRawTransaction", params: [raw] });
    while ((await undisturbed.sequencer.seal()) !== undefined) continue;
    const status = (await request("rollup_status", [])) as { head: { stateRoot: Hex } };
    expect(status.head.stateRoot).to.equal(undisturbed.sequencer.status().head.stateRoot);
    await undisturbed.close();
  });
});

/** The L1 as it was before any batch. */
async function copyOfDeposits(directory: string): Promise<string> {
  const copy = await mkdtemp(join(directory, "copy-"));
  for (const line of readLines(join(directory, "l1")) as { events: { kind: string }[] }[])
    if (line.events.every(({ kind }) => kind === "message")) appendLine(join(copy, "l1"), line);
  return copy;
}
