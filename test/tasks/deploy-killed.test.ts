import { type ChildProcessByStdio, spawn } from "node:child_process";
import { watch } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";

import { expect } from "chai";

import type { AddressBookError } from "../../deploy/address-book.js";
import { readDeployment } from "../../deploy/address-book.js";
import { deploymentSteps } from "../../deploy/suite.js";
import { verifyDeployment } from "../../deploy/verify.js";
import { type Anvil, anvilPath, startAnvil } from "../l1/support/anvil.js";
import { type Finished, finished } from "../support/run.js";
import { type Gate, openGate } from "./support/gate.js";
import { environment, runTask, succeed } from "./support/run.js";
import { makeProject } from "./support/service.js";

const STEPS = deploymentSteps({ proof: "fraud", da: "calldata" }).length;
const IS_LONG = process.env.ROLLUP_TEST_LONG === "1";

/** When a process is killed: its transaction is not sent; is pending, and its hash unknown to it; is pending, and known. */
const MOMENTS = ["before the send", "before the answer", "before the receipt"] as const;

/** The moments of one deployment: of every second step one; or of every step before its send, and one after. */
const KILLS = Array.from({ length: STEPS }, (_, step) => step).flatMap((step) => {
  if (IS_LONG) return [MOMENTS[0], MOMENTS[1 + (step % 2)]!].map((moment) => ({ step, moment }));
  return step % 2 === 0 ? [{ step, moment: MOMENTS[(step / 2) % MOMENTS.length]! }] : [];
});

describe("rollup:deploy in a process that is killed", function () {
  this.timeout(IS_LONG ? 600_000 : 120_000);
  let anvil: Anvil;
  let undisturbed: Anvil;
  let gate: Gate;
  let folder: string;

  before(async function () {
    const path = anvilPath();
    // An optional dependency: npm has anvil for some platforms only.
    if (path === undefined) return this.skip();
    [anvil, undisturbed] = await Promise.all([startAnvil(path), startAnvil(path)]);
    gate = await openGate(anvil.url);
    folder = await mkdtemp(join(tmpdir(), "rollup-killed-"));
    await mkdir(join(folder, "project"));
    await makeProject(join(folder, "project"), gate.url);
  });
  after(async () => {
    await gate.close();
    await Promise.all([anvil.stop(), undisturbed.stop()]);
    await rm(folder, { recursive: true });
  });

  const deployments = () => join(folder, "project", "deployments");
  const book = () => join(deployments(), "remote", "rollup.json");

  function start(): { child: ChildProcessByStdio<null, Readable, Readable>; ended: Promise<Finished> } {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
    const input = ["rollup:deploy", "--network", "remote"];
    const child = spawn(process.execPath, [resolve("node_modules/hardhat/dist/src/cli.js"), ...input], {
      cwd: join(folder, "project"),
      env: { ...Object.fromEntries(inherited), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { child, ended: finished(child) };
  }

  let isPaused = false;
  async function pause(on: boolean): Promise<void> {
    isPaused = on;
    await anvil.provider.send("anvil_setAutomine", [!on]);
    if (!on) await anvil.provider.send("evm_mine", []);
  }

  /** Lets a pending transaction be mined when a run has asked for it a few times. */
  async function mineWhenWaited(method: string, asked: { times: number }): Promise<void> {
    const isWait = method === "eth_getTransactionCount" || method === "eth_getTransactionReceipt";
    if (isPaused && isWait && ++asked.times === 3) await pause(false);
  }

  let sent = 0;
  /** A run that is killed at a moment of a step. */
  async function runUntil({ step, moment }: (typeof KILLS)[number]): Promise<void> {
    const { child, ended } = start();
    const asked = { times: 0 };
    let isSent = false;
    const kill = (): boolean => !child.kill("SIGKILL");
    gate.before = async (method) => {
      if (moment === "before the receipt" && isSent && method === "eth_getTransactionReceipt") return kill();
      await mineWhenWaited(method, asked);
      if (method !== "eth_sendTransaction") return true;
      if (sent === step && moment === "before the send") return kill();
      isSent = sent === step;
      if (isSent) await pause(true);
      sent++;
      return true;
    };
    gate.after = (method) =>
      Promise.resolve(method === "eth_sendTransaction" && isSent && moment === "before the answer" ? kill() : true);
    const { exitCode, stderr } = await ended;
    expect(exitCode, `${step}, ${moment}: ${stderr}`).to.equal(null);
  }

  it("refuses a second process while the first one works", async () => {
    const { child, ended } = start();
    gate.before = async (method) => {
      if (method === "eth_sendTransaction") {
        const networks = { remote: { type: "http", url: anvil.url } } as const;
        const second = await runTask(await environment(deployments(), { networks }, "remote"), "rollup:deploy");
        expect(second.errors).to.have.length(1);
        expect(second.errors[0]).to.match(
          /^another rollup:deploy works on this deployment; wait until it ends \(it holds /,
        );
        expect(second.exitCode).to.equal(1);
        return !child.kill("SIGKILL");
      }
      return true;
    };
    expect((await ended).exitCode).to.equal(null);
    expect(await anvil.provider.getTransactionCount(await (await anvil.provider.getSigner()).getAddress())).to.equal(0);
  });

  it(`ends as an undisturbed one after ${KILLS.length} kills, and one while it writes the address book`, async () => {
    for (const kill of KILLS) await runUntil(kill);

    // All is sent; the next run is killed when anything of the address book appears.
    const asked = { times: 0 };
    gate.after = () => Promise.resolve(true);
    gate.before = async (method) => {
      await mineWhenWaited(method, asked);
      return true;
    };
    const { child, ended } = start();
    const watcher = watch(join(deployments(), "remote"), (_event, name) => {
      if (name?.startsWith("rollup.json") === true) child.kill("SIGKILL");
    });
    const killed = await ended;
    watcher.close();
    expect(killed.exitCode, killed.stderr).to.equal(null);
    const left: unknown = await readDeployment(book()).catch((error: unknown) => error);
    if (left instanceof Error) expect((left as AddressBookError).missing, left.message).to.equal(true);

    const last = await start().ended;
    expect(last.stderr).to.equal("");
    expect(last.exitCode).to.equal(0);
    const networks = { remote: { type: "http", url: undisturbed.url } } as const;
    succeed(await runTask(await environment(join(folder, "other"), { networks }, "remote"), "rollup:deploy"));
    expect(await standing(book(), anvil)).to.deep.equal(
      await standing(join(folder, "other", "remote", "rollup.json"), undisturbed),
    );
  });
});

/** What a deployment left on its chain, whose times and blocks are its own. */
async function standing(path: string, { provider }: Anvil): Promise<object> {
  const deployment = await readDeployment(path);
  const { contracts, genesis, ...book } = deployment;
  const checks = await verifyDeployment(deployment, provider);
  return {
    ...book,
    fromBlock: 0n,
    genesis: { ...genesis, timestamp: 0n, finalizesAt: 0n },
    contracts: await Promise.all(
      Object.entries(contracts).map(async ([name, { transaction: _, ...record }]) => [
        name,
        record,
        await provider.getBalance(record.address),
      ]),
    ),
    failed: checks.filter(({ ok }) => !ok),
    transactions: await provider.getTransactionCount(await (await provider.getSigner()).getAddress()),
  };
}
