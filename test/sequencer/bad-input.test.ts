import { expect } from "chai";
import { parseEther, Transaction, type TransactionRequest } from "ethers";

import type { ExecuteLedger } from "../../plugin/sequencer/block-executor.js";
import { PortInUseError } from "../../plugin/net/listen.js";
import { serveRpc } from "../../plugin/sequencer/server.js";
import { L2_CHAIN_ID } from "./support/fake-l1.js";
import { addressOf, loadExecute, startRig, walletOf, type Rig } from "./support/rig.js";

const ONE = parseEther("1");
const FEES = { type: 2, chainId: L2_CHAIN_ID, gasLimit: 21_000n, maxFeePerGas: 20_000_000n, maxPriorityFeePerGas: 0n };

interface Answer {
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

describe("sequencer, bad input", () => {
  let execute: ExecuteLedger;
  let rig: Rig;
  const [alice, bob] = [walletOf(0), walletOf(1)];

  before(async () => {
    execute = loadExecute();
    rig = await startRig(execute, { minPriorityFee: 1n });
    rig.l1.deposit(addressOf(alice), ONE);
    await rig.sequencer.sync();
    await rig.sequencer.seal();
  });
  after(() => rig.close());

  const post = async (body: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(rig.server.url, { method: "POST", body });
    return { status: response.status, text: await response.text() };
  };
  const ask = async (method: string, params: unknown): Promise<Answer> => {
    const { text } = await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    return JSON.parse(text) as Answer;
  };
  const sign = (request: TransactionRequest): Promise<string> =>
    alice.signTransaction({ to: bob.address, nonce: 0, ...FEES, maxPriorityFeePerGas: 1n, ...request });
  /** A signed transaction with its last byte, which is part of s, changed. */
  const tamper = (raw: string): string => {
    const { r, s } = Transaction.from(raw).signature!;
    return raw.replace(s.slice(2), r.slice(2));
  };

  const transactions: [string, () => Promise<string>, RegExp][] = [
    ["another chain", () => sign({ chainId: 1n }), /^invalid chain id for signer: have 1 want 901$/],
    [
      "a legacy transaction",
      () =>
        alice.signTransaction({ type: 0, to: bob.address, nonce: 0, gasLimit: 21_000n, gasPrice: 1n, chainId: 901n }),
      /^transaction type not supported: legacy transactions are not accepted; send EIP-1559 \(type 2\)$/,
    ],
    [
      "an access-list transaction",
      () =>
        alice.signTransaction({ type: 1, to: bob.address, nonce: 0, gasLimit: 21_000n, gasPrice: 1n, chainId: 901n }),
      /^transaction type not supported: access-list/,
    ],
    [
      "an access list",
      () => sign({ accessList: [{ address: bob.address, storageKeys: [] }] }),
      /^access lists are not supported/,
    ],
    [
      "a contract creation",
      () => sign({ to: null, data: "0x60" }),
      /^contract creation is not supported; `to` must be set$/,
    ],
    [
      "too much data",
      () => sign({ data: `0x${"11".repeat(1_025)}`, gasLimit: 100_000n }),
      /^oversized data: data has 1025 bytes; at most 1024/,
    ],
    [
      "far too much data",
      () => sign({ data: `0x${"11".repeat(5_000)}`, gasLimit: 200_000n }),
      /^oversized data: transaction size \d+, limit 2048$/,
    ],
    ["too little gas", () => sign({ gasLimit: 20_999n }), /^intrinsic gas too low: gas 20999, minimum needed 21000$/],
    ["too much gas", () => sign({ gasLimit: 30_000_001n }), /^exceeds block gas limit: gas 30000001, limit 30000000$/],
    [
      "too low a fee",
      () => sign({ maxFeePerGas: 9_999_999n }),
      /^max fee per gas less than block base fee: maxFeePerGas: 9999999, baseFee: 10000000$/,
    ],
    [
      "too low a tip",
      () => sign({ maxPriorityFeePerGas: 0n }),
      /^transaction underpriced: gas tip cap 0, minimum needed 1$/,
    ],
    [
      "more value than there is",
      () => sign({ value: ONE }),
      /^insufficient funds for gas \* price \+ value: address 0x\w+ have 1000000000000000000 want 1000000420000000000$/,
    ],
    ["a changed signature", async () => tamper(await sign({})), /^(invalid sender: |insufficient funds )/],
    [
      "a truncated transaction",
      async () => (await sign({})).slice(0, -2),
      /^rlp: not a canonical EIP-1559 transaction/,
    ],
    [
      "bytes after the transaction",
      async () => `${await sign({})}00`,
      /^rlp: not a canonical EIP-1559 transaction: trailing bytes/,
    ],
    ["nothing", () => Promise.resolve("0x"), /^transaction type not supported: empty transaction/],
  ];
  for (const [what, make, message] of transactions)
    it(`refuses ${what} with one clear line`, async () => {
      const { error } = await ask("eth_sendRawTransaction", [await make()]);
      expect(error?.code).to.equal(-32000);
      expect(error?.message).to.match(message);
      expect(error?.message).to.not.include("\n");
      expect(rig.sequencer.status().pending).to.equal(0);
    });

  it("holds a transaction behind a gap in the nonces, and shows it as pending", async () => {
    const raw = await sign({ nonce: 1 });
    const { result } = await ask("eth_sendRawTransaction", [raw]);
    expect(result).to.equal(Transaction.from(raw).hash);
    await rig.sequencer.seal();
    expect((await ask("eth_getTransactionByHash", [result])).result).to.include({ blockNumber: null, nonce: "0x1" });
    expect((await ask("eth_getTransactionReceipt", [result])).result).to.equal(null);
    await ask("eth_sendRawTransaction", [await sign({ nonce: 0 })]);
    await rig.sequencer.seal();
    expect((await ask("eth_getTransactionReceipt", [result])).result).to.include({ status: "0x1" });
  });

  const requests: [string, string, unknown, RegExp][] = [
    ["an unknown method", "eth_coinbase", [], /^the method eth_coinbase does not exist\/is not available$/],
    ["a bad address", "eth_getBalance", ["0x12"], /^address must be 0x and 40 hex digits, got "0x12"$/],
    ["a missing parameter", "eth_getTransactionReceipt", [], /^hash must be 0x and 64 hex digits, got nothing$/],
    [
      "a bad block",
      "eth_getBlockByNumber",
      ["newest", false],
      /^block must be a hexadecimal quantity such as "0x1a", got "newest"$/,
    ],
    [
      "a block of the future",
      "eth_getBalance",
      [`0x${"11".repeat(20)}`, "0xffff"],
      /^header not found: no block number 65535/,
    ],
    ["odd hex", "eth_sendRawTransaction", ["0x123"], /^transaction must be 0x and an even number of hex digits/],
    ["parameters that are no list", "eth_getBalance", { address: "0x" }, /^the parameters must be a list$/],
    ["a state proof in another format", "eth_getProof", [], /^eth_getProof is not supported: .* use rollup_getProof$/],
    [
      "five topics",
      "eth_getLogs",
      [{ topics: [null, null, null, null, null] }],
      /^topics must be a list of at most 4$/,
    ],
    [
      "a block hash and a range",
      "eth_getLogs",
      [{ blockHash: `0x${"00".repeat(32)}`, fromBlock: "0x0" }],
      /^filter has blockHash and a block range/,
    ],
    ["a creation call", "eth_call", [{ data: "0x" }], /^contract creation is not supported/],
    [
      "state overrides",
      "eth_call",
      [{ to: `0x${"11".repeat(20)}` }, "latest", {}],
      /^state overrides are not supported$/,
    ],
    ["too long a fee history", "eth_feeHistory", ["0x401", "latest", []], /^blockCount must be 1 to 1024, got 1025$/],
  ];
  for (const [what, method, params, message] of requests)
    it(`answers ${what} with one clear line`, async () => {
      const { error } = await ask(method, params);
      expect(error?.message).to.match(message);
    });

  it("answers batches in order, each request on its own", async () => {
    const body = [
      { jsonrpc: "2.0", id: 1, method: "eth_chainId" },
      { jsonrpc: "2.0", method: "eth_blockNumber" },
      { jsonrpc: "2.0", id: "two", method: "nonsense" },
      7,
    ];
    const answers = JSON.parse((await post(JSON.stringify(body))).text) as Answer[];
    expect(answers.map(({ id }) => id)).to.deep.equal([1, "two", null]);
    expect(answers[0]?.result).to.equal("0x385");
    expect(answers.map(({ error }) => error?.code)).to.deep.equal([undefined, -32601, -32600]);
  });

  it("refuses what is no JSON, an empty batch and a batch that is too long", async () => {
    const code = async (body: string): Promise<unknown> => (JSON.parse((await post(body)).text) as Answer).error?.code;
    expect(await code("{")).to.equal(-32700);
    expect(await code("[]")).to.equal(-32600);
    expect(await code(JSON.stringify(Array(1_001).fill({})))).to.equal(-32600);
  });

  it("refuses a body that is too large, and goes on", async () => {
    const { status, text } = await post("x".repeat((1 << 20) + 1));
    expect(status).to.equal(413);
    expect(text).to.include("the request is too large; at most 1048576 bytes");
    expect((await ask("eth_chainId", [])).result).to.equal("0x385");
  });

  it("lets browsers in and answers other methods than POST", async () => {
    const preflight = await fetch(rig.server.url, { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).to.deep.equal([204, "*"]);
    expect((await fetch(rig.server.url)).status).to.equal(405);
  });

  it("says that L1 is down when only L1 knows the answer, and answers the rest", async () => {
    rig.l1.down = true;
    const { error } = await ask("eth_call", [{ to: `0x${"70".repeat(20)}`, data: "0x95d89b41" }]);
    expect(error?.message).to.equal("L1 is unavailable (fake L1): it is down");
    expect((await ask("eth_gasPrice", [])).result).to.equal("0x989681");
    rig.l1.down = false;
  });

  it("says that a port is in use", async () => {
    const { port } = rig.server;
    const error: unknown = await serveRpc({ request: rig.sequencer.request, port, onFault: () => undefined }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(PortInUseError);
    expect((error as Error).message).to.equal(
      `port ${port} on 127.0.0.1 is in use; stop what listens there or choose another port`,
    );
  });

  it("says that it is not running before the start and after the stop", async () => {
    const other = await startRig(execute);
    await other.close();
    const error: unknown = await other.sequencer.request({ method: "eth_chainId" }).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal("the sequencer is not running: it was stopped");
  });
});
