import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { JsonRpcServer } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import { memberKeys } from "../support/committee.js";
import { openGate } from "./support/gate.js";
import { environment, runCommand, runTask } from "./support/run.js";

const MEMBERS = memberKeys(3).map(({ address }) => address);

describe("rollup:deploy", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-task-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  describe("on the network in this process", () => {
    it("deploys, reads back, and says that nothing stays", async () => {
      const run = await runTask(await environment(folder), "rollup:deploy");
      expect(run.errors).to.deep.equal([]);
      expect(run.exitCode).to.equal(0);
      expect(run.stdout).to.match(/\d+ checks against the chain passed\./);
      expect(run.stdout).to.include('Network "default" ends with this process');
    });

    it("takes parameters from the config, a file and flags, the later over the earlier", async () => {
      const file = join(folder, "parameters.json");
      await writeFile(
        file,
        JSON.stringify({ challengeWindow: "2h", bondWithdrawalDelay: "9h", sequencerBond: "3 ether" }),
      );
      const hre = await environment(folder, { rollup: { parameters: { challengeWindow: "3h", inboxCapacity: 64 } } });
      const { value } = await runTask(hre, "rollup:deploy", { parameters: file, sequencerBond: "2 ether" });
      const parameters = value.parameters as Record<string, bigint>;
      expect(parameters.inboxCapacity).to.equal(64n);
      expect(parameters.challengeWindow).to.equal(7200n);
      expect(parameters.bondWithdrawalDelay).to.equal(32_400n);
      expect(parameters.sequencerBond).to.equal(2n * 10n ** 18n);
    });

    it("creates a committee", async () => {
      const hre = await environment(folder);
      const run = await runTask(hre, "rollup:deploy", { da: "committee", committeeMembers: MEMBERS.join() });
      expect(run.errors).to.deep.equal([]);
      expect(run.stdout).to.match(/12\/12 .*\n(.*\n)*.*checks against the chain passed\./);
      for (const member of MEMBERS) expect(run.stdout).to.include(member);
      const { committeeThreshold } = run.value.parameters as Record<string, bigint>;
      expect(committeeThreshold).to.equal(2n);
    });

    it("says in one line what is wrong with a committee", async () => {
      const hre = await environment(folder);
      const run = await runTask(hre, "rollup:deploy", { da: "committee", committeeMembers: "me" });
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.deep.equal([
        'committeeMembers: has "me"; a member is an address, or an address, = and the http URL of its server',
      ]);
    });

    it("tells the cost of a plan without sending", async () => {
      const hre = await environment(folder);
      const { value, stdout } = await runTask(hre, "rollup:deploy", { dryRun: true });
      expect(value.dryRun).to.equal(true);
      expect(value.gasUsed).to.be.greaterThan(5_000_000n);
      expect(stdout).to.include("nothing was sent");
      const { ethers } = await hre.network.getOrCreate();
      expect(await ethers.provider.getBlockNumber()).to.equal(0);
    });
  });

  describe("over HTTP", () => {
    let server: JsonRpcServer;
    let url: string;
    let hre: HardhatRuntimeEnvironment;

    beforeEach(async () => {
      const host = await environment(folder);
      server = await host.network.createServer("default", "127.0.0.1", 0);
      const { port } = await server.listen();
      url = `http://127.0.0.1:${port.toString()}`;
      hre = await connected();
    });
    afterEach(() => server.close());

    function connected(): Promise<HardhatRuntimeEnvironment> {
      return environment(folder, { networks: { remote: { type: "http", url } } }, "remote");
    }

    it("keeps the URLs of a committee's members in the address book, where later ones take their place", async () => {
      const [first, second, third] = MEMBERS;
      const deploy = async (committeeMembers: string) => {
        const run = await runTask(await connected(), "rollup:deploy", { da: "committee", committeeMembers });
        expect(run.errors).to.deep.equal([]);
        const { memberUrls } = await readDeployment(join(folder, "remote", "rollup.json"));
        return memberUrls;
      };
      expect(await deploy(`${first}=http://one:1,${second}=http://two:2,${third}`)).to.deep.equal({
        [first!]: "http://one:1",
        [second!]: "http://two:2",
      });
      expect(await deploy(`${third}=http://three:3,${first},${second}=http://other:2`)).to.deep.equal({
        [first!]: "http://one:1",
        [second!]: "http://other:2",
        [third!]: "http://three:3",
      });
      const run = await runTask(await connected(), "rollup:deploy", { committeeMembers: first! });
      expect(run.errors[0]).to.include("has a rollup with committeeMembers");
    });

    it("writes an address book, and on the next run reads it back instead of deploying again", async () => {
      const first = await runTask(hre, "rollup:deploy");
      expect(first.errors).to.deep.equal([]);
      const book = await readDeployment(join(folder, "remote", "rollup.json"));
      expect(book.network).to.equal("remote");
      const { ethers } = await hre.network.getOrCreate();
      const head = await ethers.provider.getBlockNumber();

      const second = await runTask(await connected(), "rollup:deploy", { json: true });
      expect(second.exitCode).to.equal(0);
      expect(JSON.parse(second.stdout)).to.have.property("version", 1);
      expect(await ethers.provider.getBlockNumber()).to.equal(head);
    });

    it("will not mix other parameters into what is there", async () => {
      await runTask(hre, "rollup:deploy");
      const run = await runTask(await connected(), "rollup:deploy", { challengeWindow: "2h" });
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(
        /^network "remote" has a rollup with challengeWindow 1h; move .* away to deploy another$/,
      );
    });

    it("names both programs when the rollup that is there runs another", async () => {
      await runTask(hre, "rollup:deploy");
      const path = join(folder, "remote", "rollup.json");
      const { machineHash } = (await readDeployment(path)).program;
      const other = `0x${"77".repeat(32)}`;
      await writeFile(path, (await readFile(path, "utf8")).replace(machineHash, other));
      const run = await runTask(await connected(), "rollup:deploy");
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.deep.equal([
        `network "remote" has a rollup of the program ${other}, this package's is ${machineHash}; move ${path} away to deploy another`,
      ]);
    });

    it("names what differs when the address book was changed", async () => {
      await runTask(hre, "rollup:deploy");
      const path = join(folder, "remote", "rollup.json");
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replace('"inboxCapacity": "1024"', '"inboxCapacity": "2048"'));
      const run = await runTask(await connected(), "rollup:deploy");
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.include("L1EscrowBridge.inboxCapacity: expected 2048, found 1024");
    });

    it("goes on where L1 took it back to, though the address book was written", async () => {
      const { provider } = await hre.network.getOrCreate();
      const snapshots: unknown[] = [];
      const inner = provider.request.bind(provider);
      provider.request = async (request) => {
        if (request.method === "eth_sendTransaction") snapshots.push(await inner({ method: "evm_snapshot" }));
        return inner(request) as Promise<unknown>;
      };
      expect((await runTask(hre, "rollup:deploy")).errors).to.deep.equal([]);
      expect(await inner({ method: "evm_revert", params: [snapshots.at(-2)] })).to.equal(true);

      const run = await runTask(await connected(), "rollup:deploy");
      expect(run.errors).to.deep.equal([]);
      expect(run.stdout).to.match(/L1 took back L1EscrowBridge, which \S+ names; going on where the deployment is now/);
      expect(run.stdout.match(/: done before/g)).to.have.length(snapshots.length - 2);
    });

    it("goes on where it stopped when L1 goes away in mid-run", async () => {
      const { provider } = await hre.network.getOrCreate();
      let sends = 0;
      const inner = provider.request.bind(provider);
      provider.request = async (request) => {
        if (request.method === "eth_sendTransaction" && ++sends === 4) {
          const reason = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
          throw reason;
        }
        return inner(request) as Promise<unknown>;
      };
      const broken = await runTask(hre, "rollup:deploy");
      expect(broken.exitCode).to.equal(1);
      expect(broken.errors).to.deep.equal(["step 035-state-proof failed: connect ECONNREFUSED 127.0.0.1:1"]);

      const run = await runTask(await connected(), "rollup:deploy");
      expect(run.errors).to.deep.equal([]);
      expect(run.stdout.match(/: done before/g)).to.have.length(3);
    });

    it("rehearses on a fork, which leaves the chain alone", async () => {
      // Forks leave connections open, for which the server would wait.
      const gate = await openGate(url);
      try {
        const behind = await environment(folder, { networks: { remote: { type: "http", url: gate.url } } }, "remote");
        const { value, errors } = await runTask(behind, "rollup:deploy", { dryRun: true });
        expect(errors).to.deep.equal([]);
        expect(value.enough).to.equal(true);
      } finally {
        await gate.close();
      }
      const { ethers } = await hre.network.getOrCreate();
      expect(await ethers.provider.getBlockNumber()).to.equal(0);
    });

    it("says in one line that L1 is down", async () => {
      await server.close();
      const run = await runTask(hre, "rollup:deploy");
      expect(run.errors).to.deep.equal(['HHE703: Cannot connect to the network "remote".']);
      // For afterEach.
      server = await hre.network.createServer("default", "127.0.0.1", 0);
      await server.listen();
    });

    it("says in one line that the deployer cannot pay", async () => {
      const poor = await environment(
        folder,
        { networks: { remote: { type: "http", url, accounts: [`0x${"12".repeat(32)}`] } } },
        "remote",
      );
      const run = await runTask(poor, "rollup:deploy");
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(
        /^step 010-suite-factory failed: the account has .*fund it or use another account$/,
      );
    });
  });

  it("creates at deterministic addresses with --salt, known from --dry-run on, and says what has another salt", async () => {
    const host = await environment(folder);
    const server = await host.network.createServer("default", "127.0.0.1", 0);
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port.toString()}`;
    const connected = () => environment(folder, { networks: { remote: { type: "http", url } } }, "remote");
    try {
      const plan = await runTask(await connected(), "rollup:deploy", { salt: "mine", dryRun: true });
      expect(plan.errors).to.deep.equal([]);
      const { L1EscrowBridge } = plan.value.contracts as Record<string, string>;
      expect(plan.stdout).to.include(L1EscrowBridge);
      const run = await runTask(await connected(), "rollup:deploy", { salt: "mine" });
      expect(run.errors).to.deep.equal([]);
      const book = await readDeployment(join(folder, "remote", "rollup.json"));
      expect(book.contracts.L1EscrowBridge.address).to.equal(L1EscrowBridge);
      // Without a salt what is there is read back; with another one it is not what was asked for.
      expect((await runTask(await connected(), "rollup:deploy")).errors).to.deep.equal([]);
      const other = await runTask(await connected(), "rollup:deploy", { salt: "other" });
      expect(other.errors).to.have.length(1);
      expect(other.errors[0]).to.match(
        /^network "remote" has a rollup with salt 0x\w{64}; move .* away to deploy another$/,
      );
    } finally {
      await server.close();
    }
  });

  describe("wrong input, each with one line", () => {
    const cases: [string, Record<string, string | boolean>, RegExp][] = [
      [
        "a salt of the wrong length",
        { salt: "0x12" },
        /^--salt 0x12 is not 32 bytes: 0x and 64 hex digits, or any text without 0x$/,
      ],
      ["an unknown preset", { preset: "prod" }, /^--preset prod is unknown; there are dev, sepolia, mainnet$/],
      ["a missing parameter file", { parameters: "none.json" }, /^parameter file none\.json: there is no such file$/],
      ["a wrong parameter", { upgradeDelay: "1h" }, /^upgradeDelay: is "1h"; at least 1d$/],
      ["mainnet without a chain id", { preset: "mainnet" }, /^l2ChainId: missing; choose a chain id/],
    ];
    for (const [what, input, line] of cases) {
      it(what, async () => {
        const run = await runTask(await environment(folder), "rollup:deploy", input);
        expect(run.exitCode).to.equal(1);
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(line);
      });
    }

    for (const [what, content, line] of [
      ["a file that is not JSON", "{", /^parameter file .* is not JSON: /],
      ["a file with a list", "[]", /^parameter file .* holds no JSON object of parameters$/],
      [
        "a file with an unknown name",
        '{"chalengeWindow":"1d"}',
        /^chalengeWindow: no such parameter; did you mean challengeWindow\?$/,
      ],
    ] as const) {
      it(what, async () => {
        const file = join(folder, "wrong.json");
        await writeFile(file, content);
        const run = await runTask(await environment(folder), "rollup:deploy", { parameters: file });
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(line);
      });
    }

    it("an unknown network, with exit code 1, no stack trace, and a JSON document that says so", async () => {
      const run = await runCommand(["rollup:deploy", "--network", "nowhere", "--json"]);
      expect(run.exitCode).to.equal(1);
      expect(run.stderr).to.equal('Error: HHE705: The network "nowhere" is not defined in your networks config.\n');
      expect(JSON.parse(run.stdout)).to.deep.equal({
        errors: ['HHE705: The network "nowhere" is not defined in your networks config.'],
      });
    });
  });
});
