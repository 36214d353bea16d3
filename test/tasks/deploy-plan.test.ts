import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { type Result, type Signer, ZeroHash } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import { readProxySlots } from "../../deploy/slots.js";
import {
  type MockSafe,
  MockSafe__factory,
  StateCommitmentChain__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import { type Gate, openGate } from "./support/gate.js";
import { environment, runTask, succeed, type TaskRun } from "./support/run.js";

/** Account 1 of development nodes, which makes the Safe below. */
const OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const NOBODY = "0x00000000000000000000000000000000c0ffee00";

/** A struct as ethers takes it back: what it gives is frozen. */
function toPlain<T extends object>(struct: T): T {
  return (struct as unknown as Result).toObject() as T;
}

describe("the plan of rollup:deploy", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-plan-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function withFile(content: object, input: Record<string, string | boolean> = {}): Promise<TaskRun> {
    const parameters = join(folder, "parameters.json");
    await writeFile(parameters, JSON.stringify(content));
    return runTask(await environment(folder), "rollup:deploy", { parameters, dryRun: true, ...input });
  }

  describe("from a parameter file", () => {
    it("has the file's preset, and its schema's place is for editors", async () => {
      const file = { $schema: "./parameters.schema.json", preset: "sepolia", l2ChainId: "84532001", guardian: NOBODY };
      const { value, stdout } = succeed(await withFile(file));
      expect(value.preset).to.equal("sepolia");
      expect((value.parameters as Record<string, unknown>).challengeWindow).to.equal(28_800n);
      expect(stdout).to.match(/guardian +│ 0x\w+ +│ no code yet, no transaction yet/);
      expect(stdout).to.match(/upgrader +│ 0x\w+ +│ account, the deployer/);
      expect(stdout).to.include("has 5d 21h to decide to leave: upgradeDelay less 1d 3h, which leaving takes at most");
    });

    it("has the preset of the command line over the file's, and warns for mainnet", async () => {
      const run = succeed(
        await withFile({ preset: "dev", l2ChainId: 84532001, challengeWindow: "5d" }, { preset: "mainnet" }),
      );
      expect(run.value.warnings).to.deep.equal([
        "mainnet: challengeWindow is 5d, less than 7d; rollup:stage will say Stage 0",
        "mainnet: guardian is the deployer, an account with one key; name a Safe as safe:0x…",
        "mainnet: upgrader is the deployer, an account with one key; name a Safe as safe:0x…",
      ]);
      for (const warning of run.value.warnings as string[]) expect(run.stdout).to.include(`Warning: ${warning}`);
    });

    it("says every fault of a file, a line each", async () => {
      const faulty = { $schema: 7, preset: "production", chalengeWindow: "7d", upgradeDelay: "soon", slots: 1 };
      const run = await withFile({ ...faulty, guardian: "me", council: ["0x12"] });
      expect(run.exitCode).to.equal(1);
      expect(run.errors.map((line) => line.split(";")[0])).to.deep.equal([
        'preset: is "production"',
        "$schema: is 7",
        "chalengeWindow: no such parameter",
        'upgradeDelay: is "soon"',
        "slots: is 1",
        'guardian: is "me"',
        'council: has "0x12"',
      ]);
    });
  });

  describe("with roles that Safes have", () => {
    let server: JsonRpcServer;
    let hre: HardhatRuntimeEnvironment;
    let connection: NetworkConnection;
    let owners: [Signer, ...Signer[]];
    let safe: MockSafe;
    let address: string;

    before(async () => {
      const host = await environment(folder);
      server = await host.network.createServer("default", "127.0.0.1", 0);
      const { port } = await server.listen();
      hre = await environment(
        folder,
        { networks: { remote: { type: "http", url: `http://127.0.0.1:${port.toString()}` } } },
        "remote",
      );
      connection = await hre.network.getOrCreate();
      const [, first, ...others] = await connection.ethers.getSigners();
      if (first === undefined) throw new Error("the network has no accounts");
      owners = [first, ...others.slice(0, 2)];
      const named = await Promise.all(owners.map((owner) => owner.getAddress()));
      safe = await new MockSafe__factory(owners[0]).deploy(named, 2);
      address = await safe.getAddress();
    });
    after(() => server.close());

    it("refuses a Safe that is none, in the plan too, and sends nothing", async () => {
      const head = await connection.ethers.provider.getBlockNumber();
      for (const dryRun of [true, false]) {
        const given = {
          upgrader: `safe:${address}`,
          guardian: `safe:${NOBODY}`,
          cancellers: `safe:${OWNER}`,
          dryRun,
        };
        const run = await runTask(hre, "rollup:deploy", given);
        expect(run.exitCode).to.equal(1);
        expect(run.stdout).to.match(/upgrader +│ 0x\w+ +│ Safe 2 of 3/);
        const [none, account] = ["no code yet, no transaction yet", "account"];
        expect(run.errors.map((line) => line.toLowerCase())).to.have.members([
          `guardian: safe:${NOBODY} is no safe on this chain (${none}); create the safe there first, or leave out safe:`,
          `cancellers: safe:${OWNER} is no safe on this chain (${account}); create the safe there first, or leave out safe:`.toLowerCase(),
        ]);
      }
      expect(await connection.ethers.provider.getBlockNumber()).to.equal(head);
    });

    it("deploys, and the Safe's owners upgrade the rollup together", async () => {
      succeed(await runTask(hre, "rollup:deploy", { upgrader: `safe:${address}`, council: `safe:${address}` }));
      const { contracts, parameters } = await readDeployment(join(folder, "remote", "rollup.json"));
      expect([parameters.upgrader, parameters.council]).to.deep.equal([address, [address]]);

      const { provider } = connection.ethers;
      const proxy = contracts.StateCommitmentChain.address;
      const chain = StateCommitmentChain__factory.connect(proxy, owners[0]);
      const next = await new StateCommitmentChain__factory(owners[0]).deploy(toPlain(await chain.parameters()));
      const implementation = await next.getAddress();
      const timelock = UpgradeTimelock__factory.connect(contracts.UpgradeTimelock.address, owners[0]);
      const call = timelock.interface.encodeFunctionData("upgrade", [
        ...([
          proxy,
          implementation,
          connection.ethers.keccak256(await provider.getCode(implementation)),
          "0x",
        ] as const),
      ]);
      const target = await timelock.getAddress();
      const together = async (data: string) => {
        for (const owner of owners.slice(0, 2)) await (await safe.connect(owner).confirm(target, data)).wait();
      };
      await together(
        timelock.interface.encodeFunctionData("schedule", [
          ...([target, 0n, call, ZeroHash, ZeroHash, parameters.upgradeDelay] as const),
        ]),
      );
      const listed = succeed(await runTask(hre, "rollup:upgrade", { what: "list" }));
      expect(listed.stdout).to.include(`gives StateCommitmentChain the code at ${implementation}`);
      await provider.send("evm_increaseTime", [Number(parameters.upgradeDelay)]);
      await together(timelock.interface.encodeFunctionData("execute", [target, 0n, call, ZeroHash, ZeroHash]));
      expect((await readProxySlots(provider, proxy)).implementation).to.equal(implementation);
    });
  });

  describe("on a real network", () => {
    let server: JsonRpcServer;
    let gate: Gate;

    beforeEach(async () => {
      const networks = { real: { type: "edr-simulated", chainId: 11155111 } } as const;
      const host = await environment(folder, { networks }, "real");
      server = await host.network.createServer("real", "127.0.0.1", 0);
      const { port } = await server.listen();
      gate = await openGate(`http://127.0.0.1:${port.toString()}`);
    });
    afterEach(async () => {
      // Forks leave connections open, for which a server would wait.
      await gate.close();
      await server.close();
    });

    async function deploy(input: Record<string, string | boolean>, accounts?: string[]): Promise<TaskRun> {
      const networks = {
        sepolia: { type: "http", url: gate.url, ...(accounts === undefined ? {} : { accounts }) },
      } as const;
      const hre = await environment(folder, { networks }, "sepolia");
      const { isTTY } = process.stdin;
      process.stdin.isTTY = false;
      try {
        return await runTask(hre, "rollup:deploy", { l2ChainId: "84532001", ...input });
      } finally {
        process.stdin.isTTY = isTTY;
      }
    }

    it("says what it costs before it asks, by a rehearsal on a fork", async () => {
      const run = await deploy({});
      expect(run.errors).to.deep.equal(['"sepolia" is a real network; add --yes to deploy without being asked']);
      expect(run.stdout).to.match(/Sum +│ 2\d,\d{3},\d{3}/);
      expect(run.stdout).to.match(/At most 0\.\d+ ETH for gas and 0\.05 ETH of bond; the deployer has 10000\.0 ETH\./);
    });

    it("asks there whatever the preset", async () => {
      const run = await deploy({ preset: "dev" });
      expect(run.errors).to.deep.equal(['"sepolia" is a real network; add --yes to deploy without being asked']);
    });

    it("refuses a deployer that cannot pay before anything is sent", async () => {
      const run = await deploy({ yes: true }, [`0x${"12".repeat(32)}`]);
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(
        /^nothing was sent: 0x\w{40} has 0\.0 ETH, and 2\d,\d{3},\d{3} gas take up to 0\.\d+ ETH at [\d.]+ gwei, the bond 0\.05 ETH; fund it or use another account$/,
      );
    });

    it("says what the deployment would fail with before anything is sent", async () => {
      const committee = { da: "committee", committeeMembers: OWNER, committeeKeys: OWNER };
      const run = await deploy({ ...committee, yes: true });
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(
        /^nothing was sent, because the rehearsal on a copy of the chain failed: step 025-data-availability-committee failed: /,
      );
    });

    it("goes on where it was interrupted, whatever is left, and says that the rest is paid", async () => {
      let sent = 0;
      gate.before = (method) => Promise.resolve(method !== "eth_sendTransaction" || ++sent <= 3);
      expect((await deploy({ yes: true })).exitCode).to.equal(1);
      gate.before = () => Promise.resolve(true);
      const run = succeed(await deploy({ yes: true }));
      expect(run.stdout).to.include("An earlier run was interrupted; what it has done is not paid again.");
      expect(run.stdout).to.match(/1\/10 .*: done before/);
      await rm(join(folder, "sepolia"), { recursive: true });
    });

    it("says that the cost is not known where the chain cannot be forked, and deploys", async () => {
      let refused = 0;
      gate.before = (method) => Promise.resolve(method !== "eth_getBlockByNumber" || refused++ > 0);
      const run = succeed(await deploy({ yes: true }));
      expect(run.stdout).to.match(/What it costs is not known before: http\S+ cannot be forked: /);
      expect(run.stdout).to.match(/\d+ checks against the chain passed\./);
      expect((run.value.parameters as Record<string, bigint>).challengeWindow).to.equal(28_800n);
    });
  });
});
