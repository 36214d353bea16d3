import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { HDNodeWallet, NonceManager, parseEther, Wallet } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { moveClock } from "../../plugin/hardhat/clock.js";
import { type Fork, ForkError, forkFrom, impersonate, onCopy } from "../../tasks/support/fork.js";
import { StandardToken__factory, type StandardToken } from "../../typechain-types/index.js";
import { type Anvil, anvilPath, startAnvil } from "../l1/support/anvil.js";
import { environment } from "./support/run.js";

const MNEMONIC = "test test test test test test test test test test test junk";
/** Of when mainnet ran its first rules. */
const OLD = "1438269988";

describe("A fork in this process", function () {
  this.timeout(60_000);
  let hre: HardhatRuntimeEnvironment;
  before(async () => {
    hre = await environment("/nowhere");
  });

  for (const [what, chainId, flags] of [
    ["chain 1 with few blocks", 1n, []],
    ["chain 1 with few blocks, long ago", 1n, ["--timestamp", OLD]],
    ["a chain of which nobody knows the hardforks", 84_532_777n, []],
  ] as const) {
    describe(`of ${what}`, () => {
      let anvil: Anvil | undefined;
      let token: StandardToken;
      let fork: Fork;
      let head: { number: number; stateRoot: string | null } | undefined;

      before(async function () {
        const path = anvilPath();
        // An optional dependency: npm has anvil for some platforms only.
        if (path === undefined) return this.skip();
        anvil = await startAnvil(path, "--chain-id", chainId.toString(), ...flags);
        const funder = new NonceManager(HDNodeWallet.fromPhrase(MNEMONIC).connect(anvil.provider));
        token = await new StandardToken__factory(funder).deploy();
        await (await token.mint(funder, 5n)).wait();
        head = await headOf(anvil);
        fork = await forkFrom(hre, anvil.url);
      });
      after(async () => {
        await fork.close();
        anvil?.provider.destroy();
        await anvil?.stop();
      });

      it("has its id, its head and its state", async () => {
        const { provider } = fork.connection.ethers;
        expect((await provider.getNetwork()).chainId).to.equal(chainId);
        expect(fork.origin).to.include({ chainId, number: head?.number });
        expect((await provider.getBlock(fork.origin.number))?.hash).to.equal(fork.origin.hash);
        expect(await token.connect(provider).name()).to.equal("Standard");
      });

      it("lets anybody's account act at any time, and the chain behind it sees nothing of it", async () => {
        const { provider } = fork.connection.ethers;
        const rich = await impersonate(fork.connection, HDNodeWallet.fromPhrase(MNEMONIC).address, parseEther("1"));
        const target = Wallet.createRandom().address;
        await (await token.connect(rich).transfer(target, 5n)).wait();
        expect(await token.connect(provider).balanceOf(target)).to.equal(5n);
        const later = fork.origin.timestamp + 40n * 86_400n;
        await moveClock(fork.connection, later);
        expect(BigInt((await provider.getBlock("latest"))?.timestamp ?? 0) >= later).to.equal(true);
        expect(await token.balanceOf(target)).to.equal(0n);
        expect(anvil && (await headOf(anvil))).to.deep.equal(head);
      });
    });
  }

  it("of a chain that lives in this process is that chain, as it was afterwards", async () => {
    const connection = await hre.network.getOrCreate();
    const { provider } = connection.ethers;
    const target = Wallet.createRandom().address;
    const before = await provider.getBlock("latest");
    const inside = await onCopy(hre, connection, async (copy) => {
      const sender = await impersonate(copy, Wallet.createRandom().address, parseEther("2"));
      await (await sender.sendTransaction({ to: target, value: 7n })).wait();
      return copy.ethers.provider.getBalance(target);
    });
    expect(inside).to.equal(7n);
    expect(await provider.getBalance(target)).to.equal(0n);
    expect((await provider.getBlock("latest"))?.hash).to.equal(before?.hash);
  });

  describe("is refused in one line", () => {
    let server: Server;
    let answer: { status: number; body: string };
    let url: string;
    before(async () => {
      server = createServer((_, response) => response.writeHead(answer.status).end(answer.body));
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());

    const refusal = async (of: string, block?: number): Promise<string> => {
      try {
        await (await forkFrom(hre, of, { block })).close();
      } catch (error) {
        if (error instanceof ForkError) return error.message;
        throw error;
      }
      throw new Error("it was forked");
    };

    it("where nobody answers", async () => {
      const closed = createServer();
      await new Promise<void>((ready) => closed.listen(0, "127.0.0.1", ready));
      const dead = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
      await new Promise((done) => closed.close(done));
      expect(await refusal(dead)).to.equal(`${dead} cannot be forked: ECONNREFUSED`);
    });
    it("where the URL is none", async () => {
      expect(await refusal("mainnet")).to.include("it is no URL of http");
    });
    it("where something else answers", async () => {
      answer = { status: 200, body: "<html>hello</html>" };
      expect(await refusal(url)).to.include("it speaks no JSON-RPC");
      answer = { status: 200, body: "{}" };
      expect(await refusal(url)).to.include("it speaks no JSON-RPC");
      answer = { status: 401, body: "who are you?" };
      expect(await refusal(url)).to.include("it answers 401 Unauthorized");
    });
    it("where the node refuses", async () => {
      answer = { status: 200, body: JSON.stringify({ jsonrpc: "2.0", id: 1, error: { message: "rate limited" } }) };
      expect(await refusal(url)).to.include("eth_chainId: rate limited");
    });
  });
});

async function headOf({ provider }: Anvil) {
  const block = await provider.getBlock("latest");
  if (block === null) throw new Error("anvil has no block");
  return { number: block.number, stateRoot: block.stateRoot };
}
