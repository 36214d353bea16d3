import { expect } from "chai";
import { Interface, getBytes, hexlify } from "ethers";

import {
  BatchContentError,
  decodeBatch,
  encodeBatch,
  encodedSize,
  resolveTransaction,
  stripTransaction,
} from "../../plugin/ledger/batch.js";
import { executeLedger } from "../../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../../plugin/ledger/guest.js";
import { MalformedBatchError } from "../../plugin/ledger/reader.js";
import { GENESIS_NODE, GENESIS_STATE_ROOT } from "../../plugin/ledger/state.js";
import type { BatchContent, BatchTransaction } from "../../plugin/ledger/types.js";
import { ZERO_HASH, type Hex } from "../../plugin/types.js";
import { createRandom, type Random } from "./random.js";

const erc20 = new Interface(["function transfer(address to, uint256 amount)"]);
const coinbase: Hex = `0x${"c0".repeat(20)}`;
const token: Hex = `0x${"70".repeat(20)}`;
const bob: Hex = `0x${"b0".repeat(20)}`;
const zero: Hex = `0x${"00".repeat(20)}`;
const limits = { messages: 3, timestamp: 2_000n };
const guest = loadLedgerGuest();

const base: BatchTransaction = {
  nonce: 5n,
  maxPriorityFeePerGas: 1n,
  maxFeePerGas: 2n,
  gasLimit: 21_000n,
  to: bob,
  value: 10n ** 18n,
  data: new Uint8Array(0),
  yParity: 1,
  r: new Uint8Array(32).fill(0x11),
  s: new Uint8Array(32).fill(0x22),
};

function transfer(to: string, amount: bigint): Uint8Array {
  return getBytes(erc20.encodeFunctionData("transfer", [to, amount]));
}

function contentOf(...transactions: BatchTransaction[]): BatchContent {
  return { coinbase, baseFee: 1_000_000n, blocks: [{ timestamp: 2_000n, messages: 3, transactions }] };
}

/** Batch data written by hand, so that each piece can be spoilt. */
function pieces(spoilt: Record<string, number[]> = {}): Uint8Array {
  const parts: Record<string, number[]> = {
    version: [1],
    coinbase: new Array<number>(20).fill(0xc0),
    baseFee: [7],
    fees: [1, 1, 2, 0x88, 0xa4, 0x01],
    blocks: [1],
    block: [0xd0, 0x0f, 3, 1],
    flags: [0b0100],
    nonce: [5],
    fee: [0],
    to: [9],
    amount: [18, 1],
    data: [],
    r: new Array<number>(32).fill(0x11),
    s: new Array<number>(32).fill(0x22),
    end: [],
    ...spoilt,
  };
  return Uint8Array.from(Object.values(parts).flat());
}

function varint(value: bigint, length = 0): number[] {
  const bytes: number[] = [];
  for (let left = value; left > 0n || bytes.length < Math.max(1, length); left >>= 7n) bytes.push(Number(left & 0x7fn));
  return bytes.map((byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte));
}

/** What the guest makes of the data: how many blocks and transactions. */
function runGuest(data: Uint8Array): { blocks: number; transactions: number } {
  const messages = Array.from({ length: limits.messages }, (_, i) => ({
    kind: 2 as const,
    index: BigInt(i),
    timestamp: 0n,
    sender: bob,
    target: bob,
    token,
    amount: 1n,
    data: "0x" as const,
  }));
  const input = {
    l2ChainId: 1n,
    bridge: token,
    index: 1n,
    timestamp: limits.timestamp,
    inboxFrom: 0n,
    l2BlockFrom: 0n,
    prevStateRoot: GENESIS_STATE_ROOT,
    prevInboxAcc: ZERO_HASH,
    messages,
    data,
  };
  const { receipts, l2BlockTo } = executeLedger(guest, input, { get: () => GENESIS_NODE.preimage });
  return { blocks: Number(l2BlockTo), transactions: receipts.length - messages.length };
}

function accepted(spoilt: Record<string, number[]>): BatchContent {
  const data = pieces(spoilt);
  const content = decodeBatch(data, limits);
  const transactions = content.blocks.reduce((sum, block) => sum + block.transactions.length, 0);
  expect(runGuest(data), "guest").to.deep.equal({ blocks: content.blocks.length, transactions });
  return content;
}

function expectMalformed(data: Uint8Array, reason: RegExp): void {
  expect(() => decodeBatch(data, limits)).to.throw(MalformedBatchError, reason);
  expect(runGuest(data), `guest, ${reason}`).to.deep.equal({ blocks: 1, transactions: 0 });
}

function randomTransaction(random: Random): BatchTransaction {
  const kind = random.int(3);
  const transaction: BatchTransaction = {
    nonce: random.sized(64),
    maxPriorityFeePerGas: BigInt(random.int(3)),
    maxFeePerGas: BigInt(random.int(3)) << 120n,
    gasLimit: BigInt(random.int(10)),
    to: hexlify(random.bytes(20)) as Hex,
    value: kind === 1 ? 0n : random.chance(0.5) ? random.sized(256) : random.sized(60) * 10n ** BigInt(random.int(59)),
    data: new Uint8Array(0),
    yParity: random.chance(0.5) ? 0 : 1,
    r: random.bytes(32),
    s: random.bytes(32),
  };
  const recipient = random.chance(0.5) ? hexlify(random.bytes(20)) : zero;
  if (random.chance(0.5)) transaction.toIndex = random.sized(64);
  if (transaction.toIndex !== undefined) transaction.to = zero;
  if (kind === 1) transaction.data = transfer(recipient, random.sized(256));
  if (kind === 1 && recipient === zero) transaction.recipientIndex = random.sized(64);
  if (kind === 2) transaction.data = random.bytes(1 + random.int(1024));
  return transaction;
}

describe("ledger batch", () => {
  it("reads back what it wrote", () => {
    const random = createRandom(1);
    for (let round = 0; round < 200; round++) {
      let timestamp = BigInt(random.int(2_000));
      let messages = 0;
      const blocks = Array.from({ length: 1 + random.int(5) }, () => {
        timestamp += BigInt(random.int(3));
        const block = {
          timestamp,
          messages: random.int(4),
          transactions: Array.from({ length: random.int(5) }, () => randomTransaction(random)),
        };
        messages += block.messages;
        return block;
      });
      const content: BatchContent = { coinbase: hexlify(random.bytes(20)) as Hex, baseFee: random.sized(64), blocks };
      const decoded = decodeBatch(encodeBatch(content), { messages, timestamp: 1_200n + timestamp });
      expect(decoded, `round ${round}`).to.deep.equal(content);
    }
  });

  it("writes the bytes of the protocol page", () => {
    expect(encodeBatch(contentOf({ ...base, toIndex: 9n }))).to.deep.equal(pieces({ baseFee: [0xc0, 0x84, 0x3d] }));
  });

  it("strips a transaction to indexes where accounts are known, and puts them back", () => {
    const known = new Map<Hex, bigint>([
      [token, 1n],
      [bob, 300n],
    ]);
    const addresses = new Map([...known].map(([address, index]) => [index, address]));
    const signed = { ...base, chainId: 1n, signingHash: base.r, hash: bob, raw: base.r };
    const cases = [
      { to: bob, value: 1n, data: new Uint8Array(0), flags: 0b00100 },
      { to: coinbase, value: 1n, data: new Uint8Array(0), flags: 0b01100 },
      { to: token, value: 0n, data: transfer(bob, 5n), flags: 0b00101 },
      { to: token, value: 0n, data: transfer(coinbase, 5n), flags: 0b01101 },
      { to: coinbase, value: 0n, data: transfer(bob, 5n), flags: 0b10101 },
      { to: coinbase, value: 0n, data: transfer(coinbase, 5n), flags: 0b11101 },
      // Not the canonical call, or with value: kept as it is.
      { to: token, value: 1n, data: transfer(bob, 5n), flags: 0b00110 },
      { to: token, value: 0n, data: transfer(bob, 5n).subarray(0, 67), flags: 0b00110 },
      { to: token, value: 0n, data: transfer(bob, 5n).with(4, 1), flags: 0b00110 },
      { to: coinbase, value: 0n, data: Uint8Array.of(1), flags: 0b01110 },
    ];
    for (const { flags, ...fields } of cases) {
      const stripped = stripTransaction({ ...signed, ...fields }, (address) => known.get(address));
      const data = encodeBatch(contentOf(stripped));
      expect(data[35], hexlify(fields.data)).to.equal(flags);
      const [decoded] = decodeBatch(data, limits).blocks[0]!.transactions;
      const resolved = resolveTransaction(decoded!, (index) => addresses.get(index));
      expect(resolved).to.deep.include(fields);
      expect(resolved).to.deep.equal(stripped);
      if (stripped.toIndex !== undefined || stripped.recipientIndex !== undefined)
        expect(resolveTransaction(decoded!, () => undefined)).to.equal(undefined);
    }
  });

  it("takes 70 bytes for a round ETH transfer between known accounts, and 81 with an amount of 19 digits and large numbers", () => {
    expect(encodedSize({ ...base, toIndex: 100n })).to.equal(70);
    const unrounded = { ...base, nonce: 9_999n, toIndex: 1_000_000n, value: 1_234_567_890_123_456_789n };
    expect(encodedSize(unrounded)).to.equal(81);
    const tokens = { ...base, to: token, toIndex: 3n, recipientIndex: 1_000_000n, value: 0n };
    expect(encodedSize({ ...tokens, data: transfer(bob, 25_000_000n) })).to.equal(73);
  });

  it("refuses content that the format cannot carry", () => {
    const fails = (content: BatchContent, message: RegExp) =>
      expect(() => encodeBatch(content)).to.throw(BatchContentError, message);
    fails({ ...contentOf(), blocks: [] }, /1 to 65535 blocks, got 0/);
    fails({ ...contentOf(), baseFee: 1n << 64n }, /baseFee must be at least 0 and below 2\^64/);
    fails(contentOf({ ...base, nonce: -1n }), /nonce/);
    fails(contentOf({ ...base, value: 1n << 256n }), /amount/);
    fails(contentOf({ ...base, maxFeePerGas: 1n << 128n }), /maxFeePerGas/);
    fails(contentOf({ ...base, data: new Uint8Array(1025) }), /1024 bytes, got 1025/);
    fails(contentOf({ ...base, s: new Uint8Array(31) }), /32 bytes each, got 31/);
    const entries = Array.from({ length: 256 }, (_, i) => ({ ...base, gasLimit: BigInt(i) }));
    expect(encodeBatch(contentOf(...entries.slice(1)))).to.have.length.above(255 * 70);
    fails(contentOf(...entries), /at most 255 fee entries, got 256/);
    const falling = {
      ...contentOf(),
      blocks: [2n, 1n].map((timestamp) => ({ timestamp, messages: 0, transactions: [] })),
    };
    fails(falling, /must not fall: 1 after 2/);
    const large = Array.from({ length: 1000 }, () => ({ ...base, data: new Uint8Array(1024) }));
    fails(contentOf(...large), /1048576 bytes/);
  });

  it("accepts the limits themselves, as the guest does", () => {
    expect(accepted({}).blocks[0]!.transactions[0]).to.deep.equal({ ...base, to: zero, toIndex: 9n });
    expect(accepted({ baseFee: varint(2n ** 64n - 1n) }).baseFee).to.equal(2n ** 64n - 1n);
    expect(accepted({ nonce: varint(5n, 37) }).blocks[0]!.transactions[0]!.nonce, "longer than necessary").to.equal(5n);
    expect(accepted({ block: [...varint(2_900n), 3, 1] }).blocks[0]!.timestamp).to.equal(2_900n);
    expect(accepted({ amount: [0, ...varint(2n ** 256n - 1n)] }).blocks[0]!.transactions[0]!.value).to.equal(
      2n ** 256n - 1n,
    );
    expect(accepted({ amount: [77, 1] }).blocks[0]!.transactions[0]!.value).to.equal(10n ** 77n);
    expect(accepted({ to: varint(2n ** 256n - 1n) }).blocks[0]!.transactions[0]!.toIndex).to.equal(2n ** 256n - 1n);
    const call = accepted({
      flags: [0b1010],
      to: [...getBytes(bob)],
      data: [...varint(1024n), ...new Array<number>(1024).fill(7)],
    });
    expect(call.blocks[0]!.transactions[0]!.data).to.have.length(1024);
    const none = { flags: [], nonce: [], fee: [], to: [], amount: [], r: [], s: [] };
    expect(accepted({ ...none, block: [0, 3, 0] }).blocks).to.deep.equal([
      { timestamp: 0n, messages: 3, transactions: [] },
    ]);
    const many = [...varint(65_535n), 0, 3, 0, ...new Array<number>(3 * 65_534).fill(0)];
    expect(accepted({ ...none, blocks: [], block: many }).blocks).to.have.length(65_535);
    const fees = [255, 1, ...new Array<number>(3 * 255).fill(0)];
    expect(accepted({ fees, fee: [254] }).blocks[0]!.transactions[0]!.maxFeePerGas).to.equal(0n);
  });

  it("refuses what the protocol page calls malformed, as the guest does", () => {
    const valid = pieces();
    for (let length = 0; length < valid.length; length++) expectMalformed(valid.subarray(0, length), /truncated/);
    expectMalformed(pieces({ end: [0] }), /trailing bytes/);
    expectMalformed(pieces({ version: [2] }), /version is 2/);
    expectMalformed(pieces({ baseFee: varint(2n ** 64n) }), /more than 64 bits/);
    expectMalformed(pieces({ fees: [1, ...varint(2n ** 128n), 1, 1] }), /more than 128 bits/);
    expectMalformed(pieces({ fees: [1, 1, ...varint(2n ** 128n), 1] }), /more than 128 bits/);
    expectMalformed(pieces({ fees: [1, 1, 1, ...varint(2n ** 64n)] }), /more than 64 bits/);
    expectMalformed(pieces({ fees: [...varint(256n), ...new Array<number>(768).fill(0)] }), /256 fee entries/);
    expectMalformed(pieces({ fees: [0] }), /fee entry 0 of 0/);
    expectMalformed(pieces({ fee: [1] }), /fee entry 1 of 1/);
    expectMalformed(pieces({ blocks: [0], block: [] }), /no block/);
    expectMalformed(pieces({ blocks: varint(65_536n) }), /65536 blocks/);
    expectMalformed(pieces({ block: [...varint(2_901n), 3, 1] }), /too far past/);
    expectMalformed(pieces({ block: [...varint(2n ** 63n), 3, 1] }), /too far past/);
    expectMalformed(pieces({ blocks: [2], block: [1, 3, 0, ...varint(2n ** 256n - 1n), 0, 1] }), /too far past/);
    expectMalformed(pieces({ block: [1, 4, 1] }), /more messages/);
    expectMalformed(pieces({ block: [1, 2, 1] }), /2 messages instead of the batch's 3/);
    expectMalformed(pieces({ block: [1, ...varint(2n ** 64n + 3n), 1] }), /more messages/);
    expectMalformed(pieces({ block: [1, 3, ...varint(2n ** 256n - 1n)] }), /truncated/);
    expectMalformed(pieces({ flags: [3] }), /flags 3/);
    expectMalformed(pieces({ flags: [0b10000] }), /flags 16/);
    expectMalformed(pieces({ flags: [0b10010] }), /flags 18/);
    for (const bit of [5, 6, 7]) expectMalformed(pieces({ flags: [1 << bit] }), /flags/);
    expectMalformed(pieces({ nonce: varint(2n ** 64n) }), /more than 64 bits/);
    expectMalformed(pieces({ nonce: varint(5n, 38) }), /varint of more than 37 bytes/);
    expectMalformed(pieces({ to: varint(2n ** 256n) }), /more than 256 bits/);
    expectMalformed(pieces({ amount: [0, ...varint(2n ** 256n)] }), /more than 256 bits/);
    expectMalformed(pieces({ amount: [78, 0] }), /exponent 78/);
    expectMalformed(pieces({ amount: [77, 2] }), /amount of more than 256 bits/);
    expectMalformed(pieces({ amount: [1, ...varint(2n ** 256n / 10n + 1n)] }), /amount of more than 256 bits/);
    expectMalformed(
      pieces({ flags: [2], data: [...varint(1025n), ...new Array<number>(1025).fill(7)] }),
      /1025 bytes of data/,
    );
    expectMalformed(new Uint8Array((1 << 20) + 1).fill(1), /more than 1048576 bytes/);
  });
});
