import { writeFile } from "node:fs/promises";
import { Writable } from "node:stream";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { readDeployment } from "../../deploy/address-book.js";
import { connectL1 } from "../../plugin/l1/client.js";
import { discoverDeployment } from "../../plugin/l1/discover.js";
import { developmentCircuit } from "../../plugin/prover/circuits.js";
import type { Deployment } from "../../plugin/types.js";
import { createOutput } from "../../tasks/support/output.js";
import { type Service, startService } from "../../tasks/support/service.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { runTask, succeed } from "./support/run.js";
import { eventually } from "./support/service.js";

/** Milliseconds for what a checkout compiles and sets up once. */
const SETUP_TIMEOUT = 600_000;
/** A small tree: the proofs are many, and take seconds each. */
const SIZE = { slots: 5, levels: 3 } as const;
const PARAMETERS = { slots: 2, levels: 3 };
const FRIEND = "0x00000000000000000000000000000000DeaDBeef";

/** What a service logs. */
const quiet = new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as NodeJS.WriteStream;

describe("tasks of a rollup of validity proofs", () => {
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let sequencer: Service | undefined;

  beforeEach(async () => {
    l1 = await startL1();
    hre = await l1.connect();
  });
  afterEach(async () => {
    await sequencer?.close();
    sequencer = undefined;
    await l1.close();
  });

  it("take a user from deposit to claim, with rollup:prove between, and rebuild the state from L1", async () => {
    succeed(await runTask(hre, "rollup:deploy", { proof: "validity", slots: "2", levels: "3" }));
    const deployment = `${l1.folder}/remote/rollup.json`;
    const { ethers } = await hre.network.getOrCreate();
    const [operator] = await ethers.getSigners();
    sequencer = await startService({
      l1: connectL1(ethers.provider, await readDeployment(deployment), operator),
      storage: `${l1.folder}/sequencer`,
      host: "127.0.0.1",
      port: 0,
      settings: { blocks: "auto", batches: { bytes: 1, age: 0 }, pollInterval: 100 },
      output: createOutput(true, { stdout: process.stdout, stderr: quiet }),
    });
    const common = { deployment, rpc: sequencer.url };
    const from = "1";
    succeed(await runTask(hre, "rollup:deposit", { ...common, amount: "2", from }));
    const transfer = { ...common, from, to: FRIEND, amount: "0.5" };
    await eventually(async () => (await runTask(hre, "rollup:transfer", transfer)).exitCode === 0);
    const withdrawn = succeed(await runTask(hre, "rollup:withdraw", { ...common, from, amount: "1", target: FRIEND }));

    const prove = { ...common, storage: `${l1.folder}/prover` };
    const { transaction } = withdrawn.value as { transaction: string };
    const claim = { ...common, from, transaction };
    await eventually(async () => {
      succeed(await runTask(hre, "rollup:prove", prove));
      return (await runTask(hre, "rollup:claim", claim)).exitCode === 0;
    });
    expect(await ethers.provider.getBalance(FRIEND)).to.equal(10n ** 18n);

    const book = await readDeployment(deployment);
    const { bridge } = connectL1(ethers.provider, book).addresses;
    const found = await discoverDeployment(ethers.provider, bridge);
    const addresses = ({ contracts }: Deployment) =>
      new Map(Object.entries(contracts).map(([name, { address }]) => [name, address]));
    expect(addresses(found)).to.deep.equal(addresses(book));
    const unknown = { slots: found.parameters.slots };
    expect(found.parameters).to.deep.equal({ ...book.parameters, ...unknown });
    expect(found.program).to.deep.equal(book.program);

    const rebuilt = succeed(await runTask(hre, "rollup:reconstruct", { bridge, out: `${l1.folder}/rebuilt` }));
    expect(rebuilt.stdout).to.match(/batch/);
    const checked = succeed(await runTask(hre, "rollup:validator", { deployment, once: true }));
    expect(checked.stdout).to.match(/^(\d+) of \1 batches agree/m);

    // The sequencer is gone for ever, with a batch that nobody can prove any more, and a deposit waits.
    succeed(await runTask(hre, "rollup:transfer", { ...transfer, amount: "0.1" }));
    const isWaiting = /waits for its proof \(rollup:prove\)$/m;
    await eventually(async () => isWaiting.test((await runTask(hre, "rollup:status", common)).stdout));
    const refused = await runTask(hre, "rollup:claim", { ...common, from, transaction: `0x${"11".repeat(32)}` });
    expect(refused.errors).to.have.length(1);
    await sequencer.close();
    sequencer = undefined;
    succeed(await runTask(hre, "rollup:deposit", { deployment, amount: "1", from }));
    const { escapeDelay } = book.parameters;
    const wait = async () => {
      await ethers.provider.send("evm_increaseTime", [Number(escapeDelay) + 1]);
      await ethers.provider.send("evm_mine", []);
    };
    await wait();
    const escape = { bridge, from, out: `${l1.folder}/rebuilt` };
    // The batch is taken back; from then on it takes as long again until the chain is frozen, and all of it comes back.
    expect((await runTask(hre, "rollup:escape", escape)).stdout).to.match(/the chain can be frozen from/);
    await wait();
    succeed(await runTask(hre, "rollup:escape", escape));
    succeed(await runTask(hre, "rollup:escape", { ...escape, from: "2", account: FRIEND }));
    const again = succeed(await runTask(hre, "rollup:escape", { ...escape, from: "2", account: FRIEND }));
    expect(again.stdout).to.match(/has nothing \(more\) to take out\.$/m);
    expect(await ethers.provider.getBalance(FRIEND)).to.equal(15n * 10n ** 17n);
    expect(await ethers.provider.getBalance(bridge)).to.equal(0n);
  }).timeout(SETUP_TIMEOUT);

  it("rollup:deploy takes no ceremony's key that nobody took part in, and no file that is none", async () => {
    const { zkey } = await developmentCircuit({ ...PARAMETERS, isOnL1: true }, { cache: hre.config.rollup.cache });
    const path = `${l1.folder}/ceremony.json`;
    const deploy = { proof: "validity", slots: "2", levels: "3", ceremony: path };
    await writeFile(path, JSON.stringify({ onL1: { zkey, ptau: "phase1.ptau" } }));
    const development = await runTask(hre, "rollup:deploy", deploy);
    expect(development.errors.join()).to.match(/it was made for development, not by a ceremony$/);
    await writeFile(path, "{}");
    expect((await runTask(hre, "rollup:deploy", deploy)).errors).to.deep.equal([
      `${path}: onL1 is missing; right is { "onL1": { "zkey": "…", "ptau": "…" } }, and "withCommittee" likewise where there is one`,
    ]);
    const missing = await runTask(hre, "rollup:deploy", { ...deploy, ceremony: `${path}.none` });
    expect(missing.errors).to.have.length(1);
  }).timeout(SETUP_TIMEOUT);

  it("rollup:prove says in one line that a rollup of fraud proofs has nothing to prove", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    const refused = await runTask(hre, "rollup:prove", { deployment: `${l1.folder}/remote/rollup.json` });
    expect(refused.errors).to.deep.equal([
      "this rollup has fraud proofs: its batches are final after the challenge window",
    ]);
  });
});

describe("rollup:demo --proof validity", () => {
  it("deposits, transfers, proves and claims, with every balance right", async () => {
    const l1 = await startL1();
    try {
      const hre = await l1.connect({ rollup: { parameters: SIZE } });
      const { stdout } = succeed(await runTask(hre, "rollup:demo", { proof: "validity" }));
      expect(stdout).to.match(/^\d+ proofs in \d/m);
      expect(stdout).to.include("6 balances compared, all right.");
    } finally {
      await l1.close();
    }
  }).timeout(SETUP_TIMEOUT);
});
