import { expect } from "chai";
import { Wallet } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { readDeployment } from "../../deploy/address-book.js";
import { ZERO_ADDRESS } from "../../plugin/types.js";
import {
  FeeOnTransferToken__factory,
  L1EscrowBridge__factory,
  LyingToken__factory,
  MissingReturnToken__factory,
} from "../../typechain-types/index.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { environment, runTask } from "./support/run.js";

function rawTransaction(chainId: bigint): Promise<string> {
  const fees = { gasLimit: 21_000n, maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
  return new Wallet(NOBODY).signTransaction({ to: ZERO_ADDRESS, value: 1n, nonce: 0, chainId, type: 2, ...fees });
}

const NOBODY = `0x${"12".repeat(32)}`;

describe("tasks that talk to the bridge", () => {
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    expect((await runTask(hre, "rollup:deploy")).errors).to.deep.equal([]);
  });
  after(() => l1.close());

  async function signer() {
    const { ethers } = await hre.network.getOrCreate();
    const [first] = await ethers.getSigners();
    if (first === undefined) throw new Error("the network has no accounts");
    return first;
  }

  async function escrow() {
    const book = await readDeployment(`${l1.folder}/remote/rollup.json`);
    return L1EscrowBridge__factory.connect(book.contracts.L1EscrowBridge.address, await signer());
  }

  describe("rollup:deposit", () => {
    it("escrows ETH, in ether", async () => {
      const { address } = await signer();
      const run = await runTask(hre, "rollup:deposit", { amount: "1.5" });
      expect(run.errors).to.deep.equal([]);
      expect(run.value).to.include({ amount: 1_500_000_000_000_000_000n, from: address, to: address });
      const { ethers } = await hre.network.getOrCreate();
      expect(await ethers.provider.getBalance(await escrow())).to.be.greaterThanOrEqual(1_500_000_000_000_000_000n);
    });

    it("escrows for somebody else, from an account by position, and prints one JSON document", async () => {
      const to = "0x00000000000000000000000000000000DeaDBeef";
      const { ethers } = await hre.network.getOrCreate();
      const run = await runTask(hre, "rollup:deposit", { amount: "0.1", to, from: "3", json: true });
      const document = JSON.parse(run.stdout) as Record<string, string>;
      expect(document.to).to.equal(to);
      expect(document.from).to.equal((await ethers.getSigners())[3]?.address);
      expect(document.amount).to.equal("100000000000000000");
    });

    it("escrows tokens that return nothing, and asks for the allowance itself", async () => {
      const token = await new MissingReturnToken__factory(await signer()).deploy(false);
      await token.mint(await signer(), 1_000n);
      const run = await runTask(hre, "rollup:deposit", { amount: "400", token: await token.getAddress() });
      expect(run.errors).to.deep.equal([]);
      expect(await token.balanceOf(await escrow())).to.equal(400n);
    });

    it("says what really arrived of a token that keeps a part", async () => {
      const token = await new FeeOnTransferToken__factory(await signer()).deploy();
      await token.mint(await signer(), 1_000n);
      const run = await runTask(hre, "rollup:deposit", { amount: "1000", token: await token.getAddress() });
      expect(run.value.amount).to.equal(900n);
      expect(run.stdout).to.include("only that much arrived");
    });

    it("is refused in one line for a token that lies about its balances", async () => {
      const token = await new LyingToken__factory(await signer()).deploy();
      await token.mint(await signer(), 1_000n);
      await token.setLie(1_000_000n);
      const run = await runTask(hre, "rollup:deposit", { amount: "100", token: await token.getAddress() });
      expect(run.exitCode).to.equal(1);
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(/must be above 0/);
    });

    it("is refused in one line when the account lacks the token", async () => {
      const token = await new FeeOnTransferToken__factory(await signer()).deploy();
      const run = await runTask(hre, "rollup:deposit", { amount: "100", token: await token.getAddress() });
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(/ has 0 of token .*, the deposit needs 100$/);
    });

    it("says in one line what the account lacks", async () => {
      const poor = await l1.connect({ networks: { remote: { type: "http", url: l1.url, accounts: [NOBODY] } } });
      const run = await runTask(poor, "rollup:deposit", { amount: "1" });
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(/ has 0 wei on L1, the deposit needs \d+ wei; send it \d+ wei or more$/);
    });
  });

  describe("rollup:force", () => {
    it("withdraws past the sequencer and says from when no batch can skip it", async () => {
      const run = await runTask(hre, "rollup:force", { withdraw: "all" });
      expect(run.errors).to.deep.equal([]);
      expect(run.stdout).to.match(/no batch can skip it/);
      expect(run.value.dueAt).to.be.greaterThan(600n);
    });

    it("sends a raw transaction past the sequencer", async () => {
      const run = await runTask(hre, "rollup:force", { raw: await rawTransaction(42_170_001n), json: true });
      expect(run.errors).to.deep.equal([]);
      expect(JSON.parse(run.stdout)).to.have.property("message");
    });

    it("is refused in one line when the transaction is for another chain", async () => {
      const run = await runTask(hre, "rollup:force", { raw: await rawTransaction(1n) });
      expect(run.errors).to.deep.equal(["the transaction is for chain 1, the rollup is chain 42170001"]);
    });

    it("is refused in one line when the transaction is too large", async () => {
      const run = await runTask(hre, "rollup:force", { raw: `0x${"02".repeat(2_049)}` });
      expect(run.errors).to.deep.equal(["a forced transaction has 1 to 2048 bytes, this one has 2049"]);
    });
  });

  describe("wrong input, each with one line", () => {
    const cases: [string, string, Record<string, string>, RegExp][] = [
      ["no amount", "rollup:deposit", {}, /^--amount is missing, for example --amount 1\.5$/],
      ["a negative amount", "rollup:deposit", { amount: "-1" }, /^--amount -1 is no amount/],
      ["zero", "rollup:deposit", { amount: "0.0" }, /^--amount 0\.0 is zero/],
      ["a part of a wei", "rollup:deposit", { amount: `0.${"0".repeat(18)}1` }, /more than the 18 decimals of ETH/],
      [
        "a token that is no contract",
        "rollup:deposit",
        { amount: "1", token: `0x${"77".repeat(20)}` },
        /is no contract on this network$/,
      ],
      [
        "an address with a typing error",
        "rollup:deposit",
        { amount: "1", to: "0x00000000000000000000000000000000DeaDBeeF" },
        /^--to 0x.* is no address/,
      ],
      [
        "an account that the network lacks",
        "rollup:deposit",
        { amount: "1", from: "77" },
        /^--from 77 is no account of network "remote"; it has 20, 0 to 19$/,
      ],
      [
        "an address book that is not there",
        "rollup:deposit",
        { amount: "1", deployment: "none.json" },
        /^none\.json: there is no address book/,
      ],
      ["neither of two", "rollup:force", {}, /^name one of --withdraw/],
      ["both of two", "rollup:force", { raw: "0x02", withdraw: "1" }, /^name one of --withdraw/],
      ["bytes that are none", "rollup:force", { raw: "0x123" }, /^--raw is not 0x and an even number of hex digits$/],
    ];
    for (const [what, id, input, line] of cases) {
      it(`${what} (${id})`, async () => {
        const run = await runTask(hre, id, input);
        expect(run.exitCode).to.equal(1);
        expect(run.errors).to.have.length(1);
        expect(run.errors[0]).to.match(line);
      });
    }

    it("a network that ends with the process", async () => {
      const run = await runTask(await environment(l1.folder), "rollup:deposit", { amount: "1" });
      expect(run.errors).to.have.length(1);
      expect(run.errors[0]).to.match(
        /lives in this process only, so nothing is deployed there; start `npx hardhat rollup:node`/,
      );
    });
  });
});
