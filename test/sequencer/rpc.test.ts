import { expect } from "chai";
import { Contract, JsonRpcProvider, NonceManager, parseEther, type Wallet, ZeroAddress } from "ethers";
import { createPublicClient, createWalletClient, defineChain, erc20Abi, http, parseAbi, type Chain } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import type { ExecuteLedger } from "../../plugin/sequencer/block-executor.js";
import { L2_BRIDGE, type Hex } from "../../plugin/types.js";
import { keyOf, L2_CHAIN_ID } from "./support/fake-l1.js";
import { addressOf, loadExecute, startRig, walletOf, type Rig } from "./support/rig.js";

const TOKEN: Hex = `0x${"70".repeat(20)}`;
const ONE = parseEther("1");
const ERC20 = [
  "function name() view returns (string)",
  "function symbol() view returns (string)",
  "function decimals() view returns (uint8)",
  "function totalSupply() view returns (uint256)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address, address) view returns (uint256)",
  "function transfer(address to, uint256 amount) returns (bool)",
  "function approve(address spender, uint256 amount) returns (bool)",
  "function transferFrom(address from, address to, uint256 amount) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event Approval(address indexed owner, address indexed spender, uint256 value)",
];
const BRIDGE_ABI = [
  "function withdraw(address token, address target, uint256 amount) payable",
  "event Withdrawal(uint256 indexed nonce, address indexed sender, address indexed token, address target, uint256 amount)",
];

describe("sequencer JSON-RPC", () => {
  let execute: ExecuteLedger;
  let rig: Rig;
  const [alice, bob] = [walletOf(0), walletOf(1)];

  before(() => {
    execute = loadExecute();
  });

  beforeEach(async () => {
    rig = await startRig(execute, { blocks: "auto" });
    rig.l1.tokens.set(TOKEN, { name: "Token", symbol: "TOK", decimals: 6, totalSupply: 1_000n });
    for (const wallet of [alice, bob]) rig.l1.deposit(addressOf(wallet), 10n * ONE);
    rig.l1.deposit(addressOf(alice), 1_000n, TOKEN);
    await rig.sequencer.sync();
    await rig.sequencer.seal();
  });
  afterEach(() => rig.close());

  describe("through ethers with default settings", () => {
    let provider: JsonRpcProvider;
    let signer: Wallet;
    beforeEach(() => {
      provider = new JsonRpcProvider(rig.server.url);
      provider.pollingInterval = 20;
      signer = alice.connect(provider);
    });
    afterEach(() => provider.destroy());

    it("sends ETH and waits for it", async () => {
      expect((await provider.getNetwork()).chainId).to.equal(L2_CHAIN_ID);
      const sent = await signer.sendTransaction({ to: bob.address, value: ONE });
      const receipt = await sent.wait();
      expect(receipt?.status).to.equal(1);
      expect(receipt?.gasUsed).to.equal(21_000n);
      expect(await provider.getBalance(bob.address)).to.equal(11n * ONE);
      expect(await provider.getBalance(alice.address)).to.equal(9n * ONE - receipt!.fee);
      expect(await provider.getTransactionCount(alice.address)).to.equal(1);
      const found = await provider.getTransaction(sent.hash);
      expect([found?.from, found?.to, found?.value, found?.nonce]).to.deep.equal([alice.address, bob.address, ONE, 0]);
      expect(found?.signature.serialized).to.equal(sent.signature.serialized);
    });

    it("sends several transactions without waiting", async () => {
      const values = [1n, 2n, 3n, 4n, 5n];
      const manager = new NonceManager(signer);
      const sent = await Promise.all(values.map((value) => manager.sendTransaction({ to: bob.address, value })));
      const receipts = await Promise.all(sent.map((each) => each.wait()));
      expect(receipts.map((receipt) => receipt?.status)).to.deep.equal([1, 1, 1, 1, 1]);
      expect(sent.map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2, 3, 4]);
      expect(await provider.getBalance(bob.address)).to.equal(10n * ONE + 15n);
    });

    it("reads fees, blocks and the deposits in them", async () => {
      const fees = await provider.getFeeData();
      expect(fees.maxFeePerGas).to.equal(20_000_000n);
      expect(fees.maxPriorityFeePerGas).to.equal(0n);
      const block = await provider.getBlock(1, true);
      expect(block?.prefetchedTransactions.map(({ to, value }) => [to, value])).to.deep.equal([
        [alice.address, 10n * ONE],
        [bob.address, 10n * ONE],
        [alice.address, 0n],
      ]);
      expect((await provider.getBlock(block!.hash!))?.number).to.equal(1);
      const receipt = await provider.getTransactionReceipt(block!.transactions[2]!);
      expect(receipt?.logs[0]?.address).to.equal(TOKEN);
    });

    it("uses an ERC-20 as on L1: views, transfer, approval, events", async () => {
      // ethers gives the nonce of the last 250 ms again by default; our blocks are faster.
      const fresh = new JsonRpcProvider(rig.server.url, undefined, { cacheTimeout: -1, pollingInterval: 20 });
      const token = new Contract(TOKEN, ERC20, alice.connect(fresh));
      const views = ["name", "symbol", "decimals", "totalSupply"];
      expect(await Promise.all(views.map((view) => token.getFunction(view)()))).to.deep.equal([
        "Token",
        "TOK",
        6n,
        1_000n,
      ]);
      expect(await provider.getCode(TOKEN)).to.not.equal("0x");
      expect(await provider.getCode(L2_BRIDGE)).to.not.equal("0x");
      expect(await provider.getCode(alice.address)).to.equal("0x");

      await (await token.getFunction("transfer").send(bob.address, 400n)).wait();
      await (await token.getFunction("approve").send(bob.address, 50n)).wait();
      expect(await token.getFunction("allowance")(alice.address, bob.address)).to.equal(50n);
      const asBob = token.connect(bob.connect(fresh)) as Contract;
      await (await asBob.getFunction("transferFrom").send(alice.address, bob.address, 20n)).wait();
      expect(await token.getFunction("balanceOf")(bob.address)).to.equal(420n);
      expect(await token.getFunction("allowance")(alice.address, bob.address)).to.equal(30n);
      expect(await token.getFunction("transfer").staticCall(bob.address, 1n)).to.equal(true);

      const transfers = await token.queryFilter(token.getEvent("Transfer"));
      expect(transfers.map((log) => ("args" in log ? (log.args.toArray() as unknown[]) : []))).to.deep.equal([
        [ZeroAddress, alice.address, 1_000n],
        [alice.address, bob.address, 400n],
        [alice.address, bob.address, 20n],
      ]);
      const toBob = await token.queryFilter(token.filters.Transfer!(null, bob.address), 2, "latest");
      expect(toBob).to.have.length(2);
      fresh.destroy();
    });

    it("reports a failing call as a revert before it is sent", async () => {
      const token = new Contract(TOKEN, ERC20, signer);
      const error: unknown = await token
        .getFunction("transfer")(bob.address, 5_000n)
        .catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "CALL_EXCEPTION");
    });

    it("withdraws, and the withdrawal is found by its transaction", async () => {
      const bridge = new Contract(L2_BRIDGE, BRIDGE_ABI, signer);
      const sent = await bridge.getFunction("withdraw").send(ZeroAddress, alice.address, ONE, { value: ONE });
      const receipt = await sent.wait();
      const log = bridge.interface.parseLog(receipt!.logs[0]!);
      expect(log!.args.toArray()).to.deep.equal([0n, alice.address, ZeroAddress, alice.address, ONE]);
      const before: unknown = await provider.send("rollup_getWithdrawal", [sent.hash]);
      expect(before).to.include({ status: "in L2 block", l2Transaction: sent.hash });
    });

    it("names what is wrong in the words that ethers knows", async () => {
      const code = async (action: Promise<unknown>): Promise<unknown> =>
        action.then(
          () => "accepted",
          (error: unknown) => (error as { code: unknown }).code,
        );
      const poor = walletOf(9).connect(provider);
      expect(await code(poor.sendTransaction({ to: bob.address, value: 1n }))).to.equal("INSUFFICIENT_FUNDS");
      await (await signer.sendTransaction({ to: bob.address, value: 1n })).wait();
      expect(await code(signer.sendTransaction({ to: bob.address, value: 2n, nonce: 0 }))).to.equal("NONCE_EXPIRED");
      await signer.sendTransaction({ to: bob.address, value: 1n, nonce: 5 });
      const replacement = signer.sendTransaction({ to: bob.address, value: 2n, nonce: 5 });
      expect(await code(replacement)).to.equal("REPLACEMENT_UNDERPRICED");
    });
  });

  describe("through viem with default settings", () => {
    const account = privateKeyToAccount(keyOf(0));
    let chain: Chain;
    beforeEach(() => {
      chain = defineChain({
        id: Number(L2_CHAIN_ID),
        name: "rollup",
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        rpcUrls: { default: { http: [rig.server.url] } },
      });
    });

    it("sends ETH and waits for the receipt", async () => {
      const client = createPublicClient({ chain, transport: http(), pollingInterval: 20 });
      const wallet = createWalletClient({ chain, transport: http(), account });
      const hash = await wallet.sendTransaction({ to: bob.address as Hex, value: ONE });
      const receipt = await client.waitForTransactionReceipt({ hash });
      expect(receipt.status).to.equal("success");
      expect(await client.getBalance({ address: bob.address as Hex })).to.equal(11n * ONE);
      const found = await client.getTransaction({ hash });
      expect([found.from, found.value, found.type]).to.deep.equal([addressOf(alice), ONE, "eip1559"]);
      const block = await client.getBlock({ blockNumber: 1n, includeTransactions: true });
      expect(block.transactions).to.have.length(3);
      const fees = await client.estimateFeesPerGas();
      expect(fees.maxFeePerGas).to.equal(12_000_000n);
    });

    it("reads and writes an ERC-20 and its events", async () => {
      const client = createPublicClient({ chain, transport: http(), pollingInterval: 20 });
      const wallet = createWalletClient({ chain, transport: http(), account });
      const token = { address: TOKEN, abi: erc20Abi } as const;
      expect(await client.readContract({ ...token, functionName: "symbol" })).to.equal("TOK");
      const { request } = await client.simulateContract({
        ...token,
        account,
        functionName: "transfer",
        args: [bob.address as Hex, 7n],
      });
      await client.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
      const balance = await client.readContract({ ...token, functionName: "balanceOf", args: [bob.address as Hex] });
      expect(balance).to.equal(7n);
      const logs = await client.getLogs({
        address: TOKEN,
        event: parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"])[0],
        args: { to: bob.address as Hex },
        fromBlock: 0n,
      });
      expect(logs.map(({ args }) => args.value)).to.deep.equal([7n]);
    });

    it("reports a failing call as a revert", async () => {
      const client = createPublicClient({ chain, transport: http() });
      const attempt = client.simulateContract({
        address: TOKEN,
        abi: erc20Abi,
        account,
        functionName: "transfer",
        args: [bob.address as Hex, 5_000n],
      });
      const error: unknown = await attempt.catch((reason: unknown) => reason);
      expect((error as Error).name).to.equal("ContractFunctionExecutionError");
    });
  });
});
