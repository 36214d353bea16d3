import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { readDeployment } from "../../deploy/address-book.js";
import { connectL1 } from "../../plugin/l1/client.js";
import { createBatchPoster } from "../../plugin/l1/poster.js";
import { createSender } from "../../plugin/l1/sender.js";
import { contractOf, type Hex, ZERO_HASH } from "../../plugin/types.js";
import { IDisputeGame__factory } from "../../typechain-types/index.js";
import { environment, runTask, succeed } from "./support/run.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { eventually, makeProject, type Service, startService } from "./support/service.js";

/** Wei of an account on L2, asked as any client asks. */
async function balance(rpc: string, account: string): Promise<bigint> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getBalance", params: [account, "latest"] });
  const response = await fetch(rpc, { method: "POST", body, headers: { "content-type": "application/json" } });
  return BigInt(((await response.json()) as { result: string }).result);
}

describe("rollup:node, and the tasks of its users", () => {
  let folder: string;
  let node: Service;
  let hre: HardhatRuntimeEnvironment;
  let common: { deployment: string; rpc: string };
  const friend = "0x00000000000000000000000000000000DeaDBeef";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-node-"));
    await makeProject(folder);
    node = await startService(folder, ["rollup:node", "--port", "0", "--rpc-port", "0"]);
    const { l1, l2, addressBook } = node.document as unknown as Record<"l1" | "l2", { url: string }> & {
      addressBook: string;
    };
    common = { deployment: addressBook, rpc: l2.url };
    hre = await environment(folder, { networks: { there: { type: "http", url: l1.url } } }, "there");
  });
  after(async () => {
    await node.interrupt();
    await rm(folder, { recursive: true });
  });

  it("takes a user from deposit to claim", async () => {
    succeed(await runTask(hre, "rollup:deposit", { ...common, amount: "2", from: "1" }));
    const [, alice] = await (await hre.network.getOrCreate()).ethers.getSigners();
    const account = alice?.address ?? "";
    await eventually(async () => (await balance(common.rpc, account)) === 2n * 10n ** 18n);

    const sent = succeed(await runTask(hre, "rollup:transfer", { ...common, from: "1", to: friend, amount: "0.5" }));
    expect(sent.stdout).to.match(/^Transferred 0\.5 ETH from 0x.* to 0x.* on L2\./m);
    expect(await balance(common.rpc, friend)).to.equal(5n * 10n ** 17n);

    const withdrawn = succeed(
      await runTask(hre, "rollup:withdraw", { ...common, from: "1", amount: "0.25", target: friend, json: true }),
    );
    const { transaction } = JSON.parse(withdrawn.stdout) as { transaction: string };
    await eventually(async () => (await status()).head !== "0");

    const early = await runTask(hre, "rollup:claim", { ...common, transaction });
    expect(early.errors).to.have.length(1);
    expect(early.errors[0]).to.match(/^batch 1 can be disputed until .*; claim after that \(or add --warp/);

    const validated = succeed(await runTask(hre, "rollup:validator", { deployment: common.deployment, once: true }));
    expect(validated.value).to.include({ batches: 1n, agreed: 1n });

    succeed(await runTask(hre, "rollup:claim", { ...common, transaction, warp: true }));
    const { ethers } = await hre.network.getOrCreate();
    expect(await ethers.provider.getBalance(friend)).to.equal(25n * 10n ** 16n);

    const again = await runTask(hre, "rollup:claim", { ...common, transaction });
    expect(again.errors).to.deep.equal(["withdrawal 0 of batch 1 was claimed before"]);
    expect((await status()).finalizedHead).to.equal("1");
  });

  async function status(): Promise<Record<string, unknown>> {
    const run = succeed(await runTask(hre, "rollup:status", { ...common, json: true }));
    return JSON.parse(run.stdout) as Record<string, unknown>;
  }

  describe("refuse, each with one line", () => {
    const cases: [string, string, Record<string, string>, RegExp][] = [
      [
        "more than the account has",
        "rollup:transfer",
        { from: "5", to: friend, amount: "7" },
        /^the account has 0\.0 ETH, this transaction needs up to 7\.\d+ ETH/,
      ],
      [
        "a withdrawal of more than the account has",
        "rollup:withdraw",
        { from: "5", amount: "7" },
        /^the account has 0\.0 ETH/,
      ],
      ["no recipient", "rollup:transfer", { amount: "7" }, /^--to is missing/],
      ["a hash that is none", "rollup:claim", { transaction: "0x12" }, /^--transaction 0x12 is no transaction hash/],
      [
        "a transaction that withdrew nothing",
        "rollup:claim",
        { transaction: `0x${"11".repeat(32)}` },
        /is no withdrawal that the sequencer knows$/,
      ],
      ["a message that withdrew nothing", "rollup:claim", { message: "999" }, /^inbox message 999 withdrew nothing/],
      [
        "a URL that is none",
        "rollup:transfer",
        { to: friend, amount: "1", rpc: "localhost" },
        /^--rpc localhost is no URL/,
      ],
      [
        "a sequencer that is not there",
        "rollup:transfer",
        { to: friend, amount: "1", rpc: "http://127.0.0.1:59999" },
        /^no sequencer answers at http:\/\/127\.0\.0\.1:59999 \(ECONNREFUSED\)/,
      ],
    ];
    for (const [what, id, input, line] of cases) {
      it(what, async () => {
        const run = await runTask(hre, id, { ...common, ...input });
        expect(run.exitCode).to.equal(1);
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(line);
      });
    }

    it("another rollup's sequencer", async () => {
      const { l1 } = node.document as unknown as { l1: { url: string } };
      const run = await runTask(hre, "rollup:transfer", { ...common, rpc: l1.url, to: friend, amount: "1" });
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(/ is of chain "0x7a69", the rollup is chain 42170001$/);
    });
  });
});

describe("services of a deployed rollup", () => {
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;

  beforeEach(async () => {
    l1 = await startL1();
    hre = await l1.connect();
  });
  afterEach(() => l1.close());

  it("rollup:sequencer ends in one line when its account has no bond, and bonds it on demand", async () => {
    succeed(await runTask(hre, "rollup:deploy", { withoutSequencer: true }));
    const refused = await runTask(hre, "rollup:sequencer", { from: "2" });
    expect(refused.errors).to.have.length(1);
    expect(refused.errors[0]).to.match(/ is no bonded sequencer; add --register to bond 1\.0 ETH$/);
  });

  it("rollup:sequencer --takeover bonds its account and says when its turn comes", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    await makeProject(l1.folder, l1.url);
    const input = ["rollup:sequencer", "--network", "remote", "--port", "0", "--takeover", "--from", "2"];
    input.push("--deployment", `${l1.folder}/remote/rollup.json`, "--storage", `${l1.folder}/second`);
    const second = await startService(l1.folder, input);
    expect(second.log()).to.match(/^Bonded 0x\S+ with 1\.0 ETH\.$/m);
    expect(second.log()).to.match(
      /^0x\S+ is first in rank; 0x\S+ takes over at \S+ if nobody posts until then, and follows meanwhile\.$/m,
    );
    expect(await second.interrupt()).to.equal(0);
  });

  it("rollup:sequencer keeps what it acknowledged over a restart, and says Ctrl-C with exit code 0", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    await makeProject(l1.folder, l1.url);
    const input = ["rollup:sequencer", "--network", "remote", "--port", "0"];
    input.push("--deployment", `${l1.folder}/remote/rollup.json`, "--storage", `${l1.folder}/sequencer`);
    const first = await startService(l1.folder, input);
    const rpc = String(first.document.url);
    const common = { deployment: `${l1.folder}/remote/rollup.json`, rpc };
    succeed(await runTask(hre, "rollup:deposit", { ...common, amount: "3" }));
    const sequencer = String(first.document.address);
    await eventually(async () => (await balance(rpc, sequencer)) === 3n * 10n ** 18n);
    const transfer = { ...common, to: `0x${"22".repeat(20)}`, amount: "1" };
    succeed(await runTask(hre, "rollup:transfer", transfer));
    expect(await first.interrupt()).to.equal(0);

    const second = await startService(l1.folder, input);
    const sent = succeed(await runTask(hre, "rollup:transfer", { ...transfer, rpc: String(second.document.url) }));
    expect(sent.value.block).to.be.greaterThan(2);
    expect(await second.interrupt()).to.equal(0);
  });

  it("rollup:validator disputes a false batch by itself, also when it is killed in between", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    await makeProject(l1.folder, l1.url);
    const { rollup, ethers, provider } = await hre.network.getOrCreate();
    const signers = await ethers.getSigners();
    const [account, user, player] = signers;
    if (account === undefined || user === undefined || player === undefined) throw new Error("too few accounts");
    const chain = await rollup.attach();
    await chain.deposit(user, { amount: 5n });
    const { header } = await chain.sequencer.post({ fault: "state" });

    const input = ["rollup:validator", "--network", "remote", "--from", "2"];
    input.push("--deployment", `${l1.folder}/remote/rollup.json`, "--storage", `${l1.folder}/validator`);
    const first = await startService(l1.folder, input);
    expect(first.document).to.include({ account: player.address });
    await eventually(() => Promise.resolve(first.log().includes("batch 1: countered the batch")));
    await first.kill();

    const second = await startService(l1.folder, input);
    const now = (await ethers.provider.getBlock("latest"))?.timestamp ?? 0;
    await provider.request({ method: "evm_increaseTime", params: [Number(header.finalizesAt) + 1 - now] });
    await provider.request({ method: "evm_mine", params: [] });
    await eventually(() => Promise.resolve(second.log().includes("got the reward of 0.5 ETH")));
    expect(await second.interrupt()).to.equal(0);
    expect(await chain.contracts.registry.bondOf(header.submitter)).to.equal(0n);
    expect(await chain.contracts.chain.heads()).to.deep.equal([0n, 0n]);
    // The claim, its resolution, the batch's, and two payments: nothing twice.
    expect(await ethers.provider.getTransactionCount(player)).to.equal(5);
    await chain.close();
  });

  it("rollup:validator wants an account that is no sequencer's, unless it only watches", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    const refused = await runTask(hre, "rollup:validator");
    expect(refused.errors).to.have.length(1);
    expect(refused.errors[0]).to.match(
      / is a sequencer; two processes cannot share an account: name another one by --from/,
    );
    const watching = await runTask(hre, "rollup:validator", { once: true });
    expect(watching.stdout).to.include("watching only");
  });

  it("rollup:sequencer and rollup:validator end in one line when the rollup runs another program", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    const path = join(l1.folder, "remote", "rollup.json");
    const { machineHash } = (await readDeployment(path)).program;
    const other = `0x${"77".repeat(32)}`;
    await writeFile(path, (await readFile(path, "utf8")).replace(machineHash, other));
    const runs = [
      await runTask(hre, "rollup:sequencer", { register: true, from: "3", storage: `${l1.folder}/s` }),
      await runTask(hre, "rollup:validator", { once: true }),
    ];
    const line = `the rollup's machine hash is ${other}, here it is ${machineHash}; use the package version that deployed the rollup`;
    for (const { errors } of runs) expect(errors).to.deep.equal([line]);
  });

  it("a port in use is one line, for the sequencer and for both ports of the node", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    const taken = createServer();
    await new Promise<void>((ready) => taken.listen(0, "127.0.0.1", ready));
    const { port } = taken.address() as AddressInfo;
    const line = new RegExp(`^port ${port}.* is in use; stop what listens there`);
    try {
      const runs = [
        await runTask(hre, "rollup:sequencer", { port, storage: `${l1.folder}/s` }),
        await runTask(await environment(l1.folder), "rollup:node", { port }),
        await runTask(await environment(l1.folder), "rollup:node", { port: 0, rpcPort: port }),
      ];
      for (const run of runs) {
        expect(run.exitCode).to.equal(1);
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(line);
      }
    } finally {
      taken.close();
    }
  });

  it("rollup:node wants a simulated network", async () => {
    const run = await runTask(hre, "rollup:node", { port: 0, rpcPort: 0 });
    expect(run.errors).to.deep.equal([
      'rollup:node makes an L1 of its own and needs a network of type edr-simulated; "remote" is of type http',
    ]);
  });

  it("rollup:status works without a sequencer, and rollup:validator on an empty chain", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    const status = succeed(await runTask(hre, "rollup:status", { rpc: "http://127.0.0.1:59999" }));
    expect(status.stdout).to.include("none at http://127.0.0.1:59999");
    const validator = succeed(await runTask(hre, "rollup:validator", { once: true }));
    expect(validator.stdout).to.match(/^0 of 0 batches agree/m);
  });

  it("rollup:archive works on an empty chain, and refuses what is no beacon node's URL", async () => {
    succeed(await runTask(hre, "rollup:deploy", { da: "blob" }));
    const folder = join(l1.folder, "blobs");
    const kept = succeed(await runTask(hre, "rollup:archive", { once: true, archive: folder }));
    expect(kept.stdout).to.include("0 blobs of 0 batches, 0 of them new.");
    const refused = await runTask(hre, "rollup:archive", { once: true, beacon: "somewhere" });
    expect(refused.errors).to.have.length(1);
    expect(refused.errors[0]).to.include("somewhere is no URL; give that of a beacon node");
  });

  it("rollup:status tells which batches are under dispute", async () => {
    succeed(await runTask(hre, "rollup:deploy"));
    const deployment = await readDeployment(join(l1.folder, "remote", "rollup.json"));
    const { ethers } = await hre.network.getOrCreate();
    const [signer] = await ethers.getSigners();
    if (signer === undefined) throw new Error("the network has no accounts");
    const client = connectL1(ethers.provider, deployment, signer);
    const poster = createBatchPoster({ client, sender: await createSender({ provider: ethers.provider, signer }) });
    const claim = { stateRoot: id("some state") as Hex, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH };
    const batch = { parent: deployment.genesis, claim: { ...claim, inboxTo: 0n, l2BlockTo: 1n } };
    const { header } = await poster.post({ ...batch, data: Uint8Array.of() });
    const rpc = "http://127.0.0.1:59999";
    const before = succeed(await runTask(hre, "rollup:status", { rpc }));
    expect(before.stdout).to.match(/^batch 1: can be disputed until /m);

    const game = IDisputeGame__factory.connect(contractOf(client.deployment.contracts, "DisputeGame").address, signer);
    const list = Array.from({ length: 16 }, (_, i) => id(`state ${i}`));
    await (await game.counterBatch(header, list, { value: await game.bond(1) })).wait();
    const after = succeed(await runTask(hre, "rollup:status", { rpc }));
    expect(after.stdout).to.match(/^batch 1: is under dispute$/m);
    expect(after.value).to.deep.include({ openDisputes: 1n });
    expect(after.value.pending).to.have.nested.property("[0].disputed", true);
  });
});

describe("rollup:demo", () => {
  it("ends with every balance right, on a network in this process", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rollup-demo-"));
    const run = succeed(await runTask(await environment(folder), "rollup:demo", { json: true }));
    const figures = JSON.parse(run.stdout) as {
      transfers: { count: number; l1Bytes: number };
      validator: { batches: string; agreed: string };
      checks: { compared: number; wrong: string[] };
    };
    expect(figures.transfers.count).to.equal(200);
    expect(figures.transfers.l1Bytes).to.be.lessThan(80);
    expect(figures.validator.agreed).to.equal(figures.validator.batches);
    expect(figures.checks.wrong).to.deep.equal([]);
    expect(figures.checks.compared).to.be.greaterThan(80);
    await rm(folder, { recursive: true });
  });

  for (const da of ["blob", "committee"]) {
    it(`does the same with its batches elsewhere: ${da}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "rollup-demo-"));
      const run = succeed(await runTask(await environment(folder), "rollup:demo", { da }));
      expect(run.stdout).to.include("all right; the bridge holds exactly what is on L2.");
      const end = succeed(await runTask(await environment(folder), "rollup:demo", { da, disaster: true }));
      expect(end.stdout).to.match(/^ETH: (\S+) in the bridge, \1 taken out, 0 left$/m);
      await rm(folder, { recursive: true });
    });
  }

  it("shows a false batch from the lie to the slash, in this process and over HTTP", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rollup-demo-"));
    const input = { fault: "reorder", da: "committee", json: true };
    const run = succeed(await runTask(await environment(folder), "rollup:demo", input));
    const figures = JSON.parse(run.stdout) as { games: unknown[]; checks: { wrong: string[] } };
    expect(figures.games).to.have.length(1);
    expect(figures.checks.wrong).to.deep.equal([]);
    await rm(folder, { recursive: true });

    const l1 = await startL1();
    try {
      const remote = succeed(await runTask(await l1.connect(), "rollup:demo", { fault: "data" }));
      expect(remote.stdout).to.match(
        /^validator batch 2: L1 executed instruction \d+ of claim 0x[0-9a-f]{8}, which is refuted/m,
      );
      expect(remote.stdout).to.include("Every balance is what it was before the lie, and the withdrawal is paid.");
      const unknown = await runTask(await l1.connect(), "rollup:demo", { fault: "theft" });
      expect(unknown.errors).to.deep.equal([
        "--fault theft is none; there are balance, drop, reorder, signature, withdrawals, data, state",
      ]);
    } finally {
      await l1.close();
    }
  });

  for (const da of ["calldata", "blob", "committee"]) {
    it(`does the same over HTTP, where time is moved by the node: ${da}`, async () => {
      const l1 = await startL1();
      try {
        const run = succeed(await runTask(await l1.connect(), "rollup:demo", { da }));
        expect(run.stdout).to.include("all right; the bridge holds exactly what is on L2.");
      } finally {
        await l1.close();
      }
    });
  }

  it("is refused in one line on a real network", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rollup-demo-"));
    const host = await environment(folder, { networks: { real: { type: "edr-simulated", chainId: 11155111 } } });
    const server = await host.network.createServer("real", "127.0.0.1", 0);
    const { port } = await server.listen();
    try {
      const url = `http://127.0.0.1:${port}`;
      const hre = await environment(folder, { networks: { sepolia: { type: "http", url } } }, "sepolia");
      const run = await runTask(hre, "rollup:demo");
      expect(run.errors).to.deep.equal([
        '"sepolia" is a real network; the demo moves the clock of L1 and spends 21 ETH, so it runs on local ones only',
      ]);
    } finally {
      await server.close();
      await rm(folder, { recursive: true });
    }
  });
});
