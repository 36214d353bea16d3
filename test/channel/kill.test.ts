import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import type { ChannelHandle } from "../../plugin/channel/handle.js";
import { channelIdOf } from "../../plugin/channel/hashes.js";
import { type HttpTransport, httpTransport } from "../../plugin/channel/transport-http.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { DOMAIN, fakeL1 } from "./support/fake-l1.js";
import { serveL1 } from "./support/remote-l1.js";
import { signatureLedger } from "./support/signatures.js";
import { ETH, outcomeOf, paramsOf, person, type Party, startParty } from "./support/world.js";

const KILLS = process.env.ROLLUP_TEST_LONG === "1" ? 40 : 4;
/** Milliseconds after its first update, or after its start, when a kill comes at the latest. */
const [LATEST_KILL, LATEST_EARLY_KILL] = [300, 900];
const CHILD = fileURLToPath(new URL("./support/child.ts", import.meta.url));

describe("channel client killed at random points, over HTTP", () => {
  let directory: string;
  let child: ChildProcess | undefined;
  let transport: HttpTransport;
  let alice: Party;
  const closing: (() => Promise<void>)[] = [];
  /** Where the child is, and the last turn that it had on disk. */
  let [peer, onDisk] = ["", -1n];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "channel-kill-"));
  });
  after(async () => {
    if (child !== undefined) await kill(child);
    for (const close of closing) await close();
    await rm(directory, { recursive: true });
  });

  function startChild(l1: string): ChildProcess {
    const started = spawn(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), CHILD, directory, transport.url, l1],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    createInterface(started.stdout).on("line", (line) => {
      const [kind, value = ""] = line.split(" ");
      if (kind === "url") peer = value;
      else onDisk = BigInt(value);
    });
    return started;
  }

  async function kill(victim: ChildProcess): Promise<void> {
    if (victim.exitCode !== null || victim.signalCode !== null) return;
    const ended = new Promise((resolve) => victim.once("exit", resolve));
    victim.kill("SIGKILL");
    await ended;
  }

  it(`signs no two states of one turn, loses none, and goes on (${KILLS} kills)`, async function () {
    this.timeout(30_000 + KILLS * 10_000);
    const l1 = fakeL1();
    const remote = await serveL1(l1);
    closing.push(() => remote.close());
    const [params, outcome] = [paramsOf(2), outcomeOf(2)];
    const id = channelIdOf(DOMAIN, params);
    const ledger = signatureLedger(params);
    transport = await httpTransport({ urlOf: () => (peer === "" ? undefined : peer), port: 0 });
    closing.push(() => transport.close());
    const tapped = ledger.tap({
      ...transport,
      onMessage: (handler) =>
        transport.onMessage((bytes, source) => {
          ledger.read(bytes);
          return handler(bytes, source);
        }),
    });
    alice = await startParty(0, l1, tapped, memoryStore(), { pollInterval: 20, resendInterval: 50 });
    closing.unshift(() => alice.client.close());

    child = startChild(remote.url);
    const opened = alice.client.open(params, outcome);
    const channel: ChannelHandle = await opened;
    const turn = (): bigint => channel.latest!.state.turnNum;
    // She pays as well, so that both propose.
    const paying = new AbortController();
    const payments = (async () => {
      while (!paying.signal.aborted) {
        await channel.pay({ to: 1, amount: 1n }, paying.signal).catch(() => wait(1));
      }
    })();

    for (let round = 0; round < KILLS; round++) {
      const before = turn();
      if (round % 4 === 3) {
        await wait(Math.random() * LATEST_EARLY_KILL);
      } else {
        await until("updates that never came", () => turn() > before + 1n);
        await wait(Math.random() * LATEST_KILL);
      }
      await kill(child);
      const last = onDisk;
      child = startChild(remote.url);
      // What it had on disk it goes on from: what follows is later.
      await until("updates after a kill", () => turn() > before && onDisk > last);
    }
    paying.abort(new Error("enough"));
    await payments;
    await channel.close();
    await channel.ended();

    expect(ledger.doubles()).to.deep.equal([]);
    expect(ledger.turnsOf(person(1).address).length).to.be.greaterThan(2 * KILLS);
    for (const i of [0, 1]) {
      expect(l1.balance(person(i).address, ETH)).to.equal(channel.balance(ETH, i) - 1_000n);
    }
    expect(channel.balance(ETH, 0) + channel.balance(ETH, 1)).to.equal(2_000n);
    expect(channel.id).to.equal(id);
  });

  async function until(late: string, done: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!done()) {
      if (Date.now() > deadline) throw new Error(late);
      await wait(5);
    }
  }
});
