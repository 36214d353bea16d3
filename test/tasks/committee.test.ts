import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import { type DataPlace, decodeDaInput } from "../../plugin/da/input.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { demandIdOf } from "../../plugin/l1/availability.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { fromHex } from "../../plugin/ledger/bytes.js";
import type { PostResult } from "../../plugin/sequencer/options.js";
import { contractOf, type Hex } from "../../plugin/types.js";
import { AvailabilityChallenge__factory } from "../../typechain-types/index.js";
import { bytes, serveAnswer } from "../da/committee/support.js";
import { anvilPath, startAnvil } from "../l1/support/anvil.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { environment, runTask, succeed } from "./support/run.js";
import { eventually, makeProject, type Service, startService } from "./support/service.js";

const DEAD = "http://127.0.0.1:9";

describe("dac:node, and the tasks of a rollup with a committee", function () {
  this.timeout(120_000);
  /** Positions of the members among the network's accounts: two run, the third is a liar. */
  const SEATS = ["3", "4", "5"] as const;
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let connection: NetworkConnection;
  let book: string;
  let members: Hex[];
  let services: Service[];
  let liar: Awaited<ReturnType<typeof serveAnswer>>;
  let chain: RollupChain;

  const nodeInput = (seat: string, port = "0"): string[] => [
    ...["dac:node", "--network", "remote", "--from", seat, "--port", port, "--deployment", book],
    ...["--storage", join(l1.folder, `member-${seat}`)],
  ];
  const urlOf = ({ document }: Service): string => String(document.url);

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    connection = await hre.network.getOrCreate();
    book = join(l1.folder, "remote", "rollup.json");
    const signers = await connection.ethers.getSigners();
    members = SEATS.map((seat) => (signers[Number(seat)]?.address ?? "0x") as Hex);
    succeed(await runTask(hre, "rollup:deploy", { da: "committee", committeeMembers: members.join() }));
    await makeProject(l1.folder, l1.url);
    liar = await serveAnswer({ status: 200, body: bytes(5_000) });
    services = await Promise.all(SEATS.slice(0, 2).map((seat) => startService(l1.folder, nodeInput(seat))));
    const urls = [...services.map(urlOf), liar.url];
    // Where they are is known now: it goes into the address book that is there.
    const committeeMembers = members.map((member, i) => `${member}=${urls[i]}`).join();
    succeed(await runTask(hre, "rollup:deploy", { committeeMembers }));
    chain = await connection.rollup.attach();
    const [, user] = signers;
    if (user === undefined) throw new Error("the network has no accounts");
    await chain.deposit(user, { amount: 10n ** 18n });
  });
  after(async () => {
    await chain.close();
    await liar.close();
    await Promise.all(services.map((service) => service.kill()));
    await l1.close();
  });

  async function post(): Promise<PostResult> {
    const [, user] = await connection.ethers.getSigners();
    if (user === undefined) throw new Error("the network has no accounts");
    await chain.l2.wallet(user).sendTransaction({ to: `0x${"b0".repeat(20)}`, value: 5n });
    const posted = await chain.sequencer.post();
    if (posted === undefined) throw new Error("there was nothing to post");
    return posted;
  }

  async function placeOf({ transaction }: PostResult): Promise<DataPlace | undefined> {
    const found = await connection.ethers.provider.getTransaction(transaction);
    const input = daInputOf(fromHex(found?.data ?? "0x"));
    return input && decodeDaInput(input);
  }

  it("signs what a sequencer posts, serves it, and says so", async () => {
    expect((await readDeployment(book)).memberUrls).to.have.all.keys(members);
    for (const [i, service] of services.entries()) {
      expect(service.document).to.deep.include({ address: members[i], isMember: true, epoch: "0" });
      expect(service.log()).to.match(/promises to serve data for \d+[mh] at most/);
    }
    const posted = await post();
    const place = await placeOf(posted);
    expect(place?.form).to.equal("committee");
    const { dataHash } = posted.header;
    for (const service of services) {
      expect(service.log()).to.match(new RegExp(`^batch 1: \\d+ bytes stored and signed, data hash ${dataHash}$`, "m"));
      const response = await fetch(`${urlOf(service)}/v1/data/${dataHash}`);
      expect((await response.arrayBuffer()).byteLength).to.equal(posted.bytes);
    }
  });

  it("rollup:status says which members are there", async () => {
    const run = succeed(await runTask(hre, "rollup:status", { rpc: DEAD }));
    expect(run.stdout).to.match(/committee +\S+ +epoch 0, 2 of 3 must sign, 2 answer +/);
    expect(run.stdout).to.include(`member ${members[2]} at ${liar.url}: what answers is no member's server`);
    expect(run.stdout).not.to.include(`member ${members[0]}`);
  });

  it("killed and started again, has what it signed and signs on", async () => {
    const { header } = await post();
    const [first] = services;
    if (first === undefined) throw new Error("no member runs");
    await first.kill();
    const { form } = (await placeOf(await post())) ?? {};
    expect(form).to.equal("calldata");
    const status = succeed(await runTask(hre, "rollup:status", { rpc: DEAD }));
    expect(status.stdout).to.include("2 of 3 must sign, 1 answer; batches go in calldata");
    const again = await startService(l1.folder, nodeInput("3", new URL(urlOf(first)).port));
    services[0] = again;
    expect((await fetch(`${urlOf(again)}/v1/data/${header.dataHash}`)).status).to.equal(200);
    expect((await placeOf(await post()))?.form).to.equal("committee");
  });

  it("publishes on L1 what somebody demands there, one member alone, and has the bond", async () => {
    const posted = await post();
    const place = await placeOf(posted);
    if (place?.form !== "committee") throw new Error("no certificate");
    const [, user] = await connection.ethers.getSigners();
    const { address } = contractOf(chain.deployment.contracts, "AvailabilityChallenge");
    const challenge = AvailabilityChallenge__factory.connect(address, user);
    const { answerTime, demandBond } = chain.deployment.parameters;
    const demand = await challenge.demand(posted.header, place.certificate, 0, { value: demandBond });
    await demand.wait();
    // Every member has had its turn.
    await connection.provider.request({ method: "evm_increaseTime", params: [Number(answerTime / 4n)] });
    await connection.provider.request({ method: "evm_mine" });
    const id = demandIdOf(posted.headerHash, place.certificate, 0);
    await eventually(async () => (await challenge.demandOf(id)).status === 2n);
    const earned = await Promise.all(members.map((member) => challenge.creditOf(member)));
    expect(earned.reduce((sum, credit) => sum + credit, 0n)).to.equal(demandBond);
    const line = new RegExp(`^batch ${posted.header.index}: chunk 0 was demanded, and is published on L1`, "m");
    await eventually(() => Promise.resolve(services.some((service) => line.test(service.log()))));
  });

  it("ends with exit code 0 when it is told to", async () => {
    const [, second] = services;
    if (second === undefined) throw new Error("no member runs");
    expect(await second.interrupt()).to.equal(0);
    expect(second.log()).to.match(/^Stopping; everything signed is on disk\.$/m);
    services[1] = await startService(l1.folder, nodeInput("4", new URL(urlOf(second)).port));
  });

  it("rollup:reconstruct needs L1 and any honest member, with a liar and a dead one among them", async () => {
    const bare = await environment(join(l1.folder, "bare"));
    const bridge = chain.deployment.contracts.L1EscrowBridge.address;
    const head = (await chain.contracts.chain.heads()).head;
    const alone = { rpc: l1.url, bridge, out: join(l1.folder, "rebuilt") };
    const unknown = await runTask(bare, "rollup:reconstruct", alone);
    expect(unknown.errors).to.deep.equal([
      "the data of batch 1 are with a committee; name the servers of its members by --members",
    ]);
    const given = [DEAD, liar.url, `${members[0]}=${urlOf(services[0]!)}`].join();
    const run = succeed(await runTask(bare, "rollup:reconstruct", { ...alone, members: given, json: true }));
    expect((JSON.parse(run.stdout) as { executed: { batches: number } }).executed.batches).to.equal(Number(head));
  });

  it("rollup:validator and rollup:escape find the members in the address book", async () => {
    const validated = succeed(await runTask(hre, "rollup:validator", { once: true }));
    expect(validated.stdout).to.match(/^(\d+) of \1 batches agree/m);
    const left = succeed(await runTask(hre, "rollup:escape", { out: join(l1.folder, "leaving"), from: "1" }));
    expect(left.stdout).to.include("Waiting: ");
  });

  it("rollup:sequencer without its disk rebuilds itself from what members hold", async () => {
    const input = ["rollup:sequencer", "--network", "remote", "--port", "0", "--deployment", book];
    const service = await startService(l1.folder, [...input, "--storage", join(l1.folder, "sequencer")]);
    const l2 = (await chain.l2.provider.getBlock("latest"))?.number ?? 0;
    await eventually(async () => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] });
      const headers = { "content-type": "application/json" };
      const response = await fetch(urlOf(service), { method: "POST", body, headers });
      return Number(((await response.json()) as { result: string }).result) >= l2;
    });
    expect(await service.interrupt()).to.equal(0);
  });

  describe("say in one line what is wrong with", () => {
    const cases: [string, string, Record<string, string | number | boolean>, RegExp][] = [
      ["an account that is none", "dac:node", { from: "99" }, /^--from 99 is no account of network "remote"/],
      [
        "a key and an account",
        "dac:node",
        { from: "3", key: "a.key" },
        /^name one of --from, an account that signs, and/,
      ],
      [
        "a key of no account",
        "dac:node",
        { key: "a.key" },
        /^the members of this committee are accounts: name one by --from/,
      ],
      ["a port that is none", "dac:node", { port: 70_000 }, /^--port 70000 is no port/],
      ["a promise that is no time", "dac:node", { promise: "long" }, /^--promise long is no time: seconds, or/],
      [
        "a promise that is too short",
        "dac:node",
        { promise: "25h" },
        /^--promise 25h is too short: sequencers ask for /,
      ],
      ["a bridge that is none", "dac:node", { bridge: "0x12" }, /^--bridge 0x12 is no address/],
      ["a node that is not there", "dac:node", { rpc: "somewhere" }, /^--rpc somewhere is no URL/],
      [
        "members that are none",
        "rollup:reconstruct",
        { members: "here" },
        /^--members here is no URL of a member's server, for example --members 0x…=http/,
      ],
      [
        "a member whose server is not named",
        "rollup:validator",
        { once: true, members: `0x${"11".repeat(20)}` },
        /^--members 0x1{40} is no URL of a member's server/,
      ],
      [
        "a server whose member is not named",
        "rollup:sequencer",
        { members: DEAD },
        /^--members http:\/\/127\.0\.0\.1:9 does not say whose server that is/,
      ],
    ];
    for (const [what, task, input, line] of cases) {
      it(what, async () => {
        const run = await runTask(hre, task, { ...(input.bridge === undefined ? { deployment: book } : {}), ...input });
        expect(run.exitCode).to.equal(1);
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(line);
      });
    }

    it("an archive of blobs that there are none of", async () => {
      const run = await runTask(hre, "rollup:archive", { deployment: book, once: true });
      expect(run.errors).to.deep.equal([
        "the batches of this rollup are with a committee or in calldata, never in blobs",
      ]);
    });

    it("a folder of another member, a folder in use, a port in use", async () => {
      const of = (seat: string) => ({ deployment: book, storage: join(l1.folder, `member-${seat}`), port: 0 });
      const inUse = await runTask(hre, "dac:node", { ...of("3"), from: "3" });
      expect(inUse.errors).to.have.length(1);
      expect(inUse.errors[0]).to.match(/member-3/);

      const [, second] = services;
      await second?.interrupt();
      const foreign = await runTask(hre, "dac:node", { ...of("4"), from: "3" });
      expect(foreign.errors).to.deep.equal([
        `${of("4").storage} holds what was signed by another member or for another rollup; name another folder`,
      ]);
      const port = Number(new URL(urlOf(services[0]!)).port);
      const taken = await runTask(hre, "dac:node", { ...of("4"), from: "4", port });
      expect(taken.errors).to.deep.equal([`port ${port} is in use; stop what listens there, or choose another port`]);
    });

    it("a rollup without a committee", async () => {
      const other = await startL1();
      try {
        const there = await other.connect();
        succeed(await runTask(there, "rollup:deploy"));
        const run = await runTask(there, "dac:node", { storage: join(other.folder, "member") });
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(/^this rollup has no committee/);
      } finally {
        await other.close();
      }
    });
  });
});

describe("rollup:demo with a committee", () => {
  it("ends with every balance right on anvil as well", async function () {
    this.timeout(60_000);
    const path = anvilPath();
    // An optional dependency: npm has anvil for some platforms only.
    if (path === undefined) return this.skip();
    const anvil = await startAnvil(path);
    const folder = await mkdtemp(join(tmpdir(), "rollup-demo-"));
    try {
      const hre = await environment(folder, { networks: { anvil: { type: "http", url: anvil.url } } }, "anvil");
      const run = succeed(await runTask(hre, "rollup:demo", { da: "committee" }));
      expect(run.stdout).to.include("all right; the bridge holds exactly what is on L2.");
      const lie = succeed(await runTask(hre, "rollup:demo", { da: "committee", fault: "signature" }));
      expect(lie.stdout).to.include("Every balance is what it was before the lie, and the withdrawal is paid.");
    } finally {
      anvil.provider.destroy();
      await anvil.stop();
      await rm(folder, { recursive: true });
    }
  });
});

describe("rollup:node with a committee", function () {
  this.timeout(60_000);

  it("runs its members, and tells others where they are", async () => {
    const l1 = await startL1();
    let node: Service | undefined;
    try {
      await makeProject(l1.folder, l1.url);
      node = await startService(l1.folder, ["rollup:node", "--da", "committee", "--port", "0", "--rpc-port", "0"]);
      const document = node.document as unknown as Record<"l1" | "l2", { url: string }> & { addressBook: string };
      const hre = await environment(
        l1.folder,
        { networks: { there: { type: "http", url: document.l1.url } } },
        "there",
      );
      const common = { deployment: document.addressBook, rpc: document.l2.url };
      const { memberUrls = {} } = await readDeployment(document.addressBook);
      expect(Object.keys(memberUrls)).to.have.length(3);
      succeed(await runTask(hre, "rollup:deposit", { ...common, amount: "2" }));
      await eventually(async () => {
        const { value } = succeed(await runTask(hre, "rollup:status", common));
        return value.head === 1n;
      });
      const validated = succeed(await runTask(hre, "rollup:validator", { deployment: common.deployment, once: true }));
      expect(validated.stdout).to.match(/^1 of 1 batches agree/m);
      expect(await node.interrupt()).to.equal(0);
      expect(node.log()).not.to.include("too few members signed");
    } finally {
      await node?.kill();
      await l1.close();
    }
  });
});
