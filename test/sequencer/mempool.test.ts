import { expect } from "chai";

import {
  createMempool,
  MEMPOOL_LIMITS,
  type AccountState,
  type Mempool,
  type MempoolLimits,
  type SenderTransaction,
} from "../../plugin/sequencer/mempool.js";
import { keccak256 } from "../../plugin/machine/keccak.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import type { Hex } from "../../plugin/types.js";

const ALICE: Hex = `0x${"aa".repeat(20)}`;
const BOB: Hex = `0x${"bb".repeat(20)}`;
const ALL = { transactions: 1_000, bytes: 1 << 20, feeEntries: 255, upTo: 1n << 60n };
const GAS = 21_000n;

type Wish = Partial<Pick<SenderTransaction, "sender" | "nonce" | "value" | "maxFeePerGas" | "maxPriorityFeePerGas">>;

function transfer(wish: Wish): SenderTransaction {
  const { sender = ALICE, nonce = 0n, value = 0n, maxFeePerGas = 10n, maxPriorityFeePerGas = 1n } = wish;
  const identity = `${sender}/${nonce}/${value}/${maxFeePerGas}/${maxPriorityFeePerGas}`;
  const hash = toHex(keccak256(new TextEncoder().encode(identity)));
  return {
    chainId: 1n,
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit: GAS,
    to: BOB,
    value,
    data: new Uint8Array(),
    yParity: 0,
    r: new Uint8Array(32),
    s: new Uint8Array(32),
    signingHash: new Uint8Array(32),
    hash,
    raw: new Uint8Array(100),
    sender,
    account: sender,
    cost: value + GAS * maxFeePerGas,
  };
}

describe("mempool", () => {
  let accounts: Map<Hex, AccountState>;
  let pool: Mempool;
  let sequence: bigint;

  const open = (limits: Partial<MempoolLimits> = {}): void => {
    accounts = new Map([
      [ALICE, { nonce: 0n, balance: 10_000_000n }],
      [BOB, { nonce: 0n, balance: 10_000_000n }],
    ]);
    sequence = 0n;
    pool = createMempool({
      limits: { ...MEMPOOL_LIMITS, ...limits },
      account: (address) => accounts.get(address) ?? { nonce: 0n, balance: 0n },
    });
  };
  beforeEach(() => open());

  const add = (wish: Wish, now = 0): SenderTransaction => {
    const transaction = transfer(wish);
    pool.add(transaction, sequence++, now);
    return transaction;
  };
  const taken = (): string[] => pool.take(ALL).map(({ transaction }) => transaction.hash);
  const execute = (transactions: SenderTransaction[], skipped: Hex[] = []) => {
    for (const { sender, nonce } of transactions) accounts.set(sender, { ...accounts.get(sender)!, nonce: nonce + 1n });
    return pool.settle({ used: transactions, skipped });
  };

  it("gives transactions of all accounts in order of arrival", () => {
    const order = [add({ nonce: 0n }), add({ sender: BOB }), add({ nonce: 1n })];
    expect(taken()).to.deep.equal(order.map(({ hash }) => hash));
  });

  it("holds a transaction behind a gap until the gap is filled", () => {
    const third = add({ nonce: 2n });
    const second = add({ nonce: 1n });
    expect(pool.readyCount).to.equal(0);
    expect(pool.nextNonce(ALICE)).to.equal(0n);
    const first = add({ nonce: 0n });
    expect(taken()).to.deep.equal([first.hash, second.hash, third.hash]);
    expect(pool.nextNonce(ALICE)).to.equal(3n);
  });

  it("gives nothing twice, and gives back what no block came of, in the same order", () => {
    add({ nonce: 0n });
    add({ sender: BOB });
    const order = taken();
    add({ nonce: 1n });
    pool.release();
    expect(taken().slice(0, 2)).to.deep.equal(order);
  });

  it("gives again what a block had no room for", () => {
    const [first, second] = [add({ nonce: 0n }), add({ nonce: 1n })];
    const third = add({ sender: BOB });
    taken();
    execute([first]);
    expect(taken()).to.deep.equal([second.hash, third.hash]);
  });

  it("keeps to the limits of a block", () => {
    for (let nonce = 0n; nonce < 5n; nonce++) add({ nonce });
    expect(pool.take({ ...ALL, transactions: 3 })).to.have.length(3);
    pool.release();
    expect(pool.take({ ...ALL, bytes: 250 })).to.have.length(2);
    pool.release();
    expect(pool.take({ ...ALL, upTo: 0n })).to.have.length(1);
    pool.release();
    add({ sender: BOB, maxFeePerGas: 11n });
    expect(pool.take({ ...ALL, feeEntries: 1 })).to.have.length(5);
  });

  it("takes one transaction even when it alone is above the byte limit", () => {
    add({});
    expect(pool.take({ ...ALL, bytes: 10 })).to.have.length(1);
  });

  it("replaces a transaction for ten percent more, at the same place in line", () => {
    const old = add({ nonce: 0n, maxFeePerGas: 100n, maxPriorityFeePerGas: 10n });
    add({ sender: BOB });
    const better = transfer({ nonce: 0n, maxFeePerGas: 110n, maxPriorityFeePerGas: 11n });
    expect(pool.add(better, 9n, 0)?.transaction.hash).to.equal(old.hash);
    expect(taken()[0]).to.equal(better.hash);
    expect(pool.get(old.hash)).to.equal(undefined);
  });

  const refusals: [string, () => void, RegExp][] = [
    ["the same transaction again", () => [add({}), add({})], /^already known: 0x/],
    [
      "a nonce that was used",
      () => {
        accounts.set(ALICE, { nonce: 5n, balance: 10_000_000n });
        add({ nonce: 4n });
      },
      /^nonce too low: next nonce 5, tx nonce 4$/,
    ],
    [
      "more than the balance",
      () => add({ value: 9_790_001n }),
      /^insufficient funds for gas \* price \+ value: address 0xa+ have 10000000 want 10000001$/,
    ],
    [
      "more than the balance after what is pending",
      () => [add({ value: 5_000_000n }), add({ nonce: 1n, value: 5_000_000n })],
      /^insufficient funds for gas \* price \+ value: balance 10000000, queued cost 5210000, tx cost 5210000, overshot 420000$/,
    ],
    [
      "a replacement with too small a fee",
      () => [
        add({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n }),
        add({ maxFeePerGas: 109n, maxPriorityFeePerGas: 11n }),
      ],
      /^replacement transaction underpriced: needs maxFeePerGas 110 and maxPriorityFeePerGas 11, got 109 and 11$/,
    ],
    [
      "a replacement with too small a tip",
      () => [
        add({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n }),
        add({ maxFeePerGas: 200n, maxPriorityFeePerGas: 10n }),
      ],
      /^replacement transaction underpriced: needs/,
    ],
    [
      "a replacement of what is being executed",
      () => {
        add({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n });
        taken();
        add({ maxFeePerGas: 200n, maxPriorityFeePerGas: 20n });
      },
      /^replacement transaction underpriced: 0x.* is being executed/,
    ],
    [
      "a sender without account",
      () => add({ sender: `0x${"cc".repeat(20)}` }),
      /^insufficient funds for gas \* price \+ value: address 0xc+ have 0 want 210000$/,
    ],
  ];
  for (const [what, act, message] of refusals)
    it(`refuses ${what}`, () => {
      expect(act).to.throw(message);
    });

  it("refuses more than its limits, naming them", () => {
    open({ total: 3, perAccount: 2, heldPerAccount: 1 });
    add({ nonce: 5n });
    expect(() => add({ nonce: 6n })).to.throw(
      /^nonce too high: next nonce 0, tx nonce 6, and 1 transactions already wait/,
    );
    add({ nonce: 0n });
    expect(() => add({ nonce: 1n })).to.throw(/^account limit exceeded: 0xa+ has 2 pending transactions, limit 2$/);
    add({ sender: BOB });
    expect(() => add({ sender: BOB, nonce: 1n })).to.throw(/^txpool is full: 3 transactions pending, limit 3$/);
  });

  it("a refused transaction leaves no trace", () => {
    expect(() => add({ value: 1n << 100n })).to.throw(/insufficient/);
    expect(pool.size).to.equal(0);
    expect(add({ value: 9_790_000n }).nonce).to.equal(0n);
  });

  it("counts pending spending as executed only once it is", () => {
    const first = add({ value: 9_000_000n });
    expect(() => add({ nonce: 1n, value: 790_000n })).to.throw(/insufficient/);
    taken();
    accounts.set(ALICE, { nonce: 1n, balance: 5_000_000n });
    pool.settle({ used: [first], skipped: [] });
    expect(add({ nonce: 1n, value: 4_000_000n }).nonce).to.equal(1n);
    expect(pool.size).to.equal(1);
  });

  it("drops what another transaction with the same nonce overtook", () => {
    add({ nonce: 0n });
    const second = add({ nonce: 1n });
    accounts.set(ALICE, { nonce: 1n, balance: 10_000_000n });
    const dropped = pool.settle({ used: [{ account: ALICE, nonce: 0n }], skipped: [] });
    expect(dropped.map(({ reason }) => reason)).to.deep.equal([
      "nonce too low: nonce 0 was used by another transaction",
    ]);
    expect(taken()).to.deep.equal([second.hash]);
  });

  it("holds what lost its funds to a forced withdrawal and continues once they are back", () => {
    const first = add({ nonce: 0n });
    const second = add({ nonce: 1n });
    taken();
    accounts.set(ALICE, { nonce: 0n, balance: 0n });
    expect(pool.settle({ used: [], skipped: [first.hash, second.hash] })).to.deep.equal([]);
    expect(taken()).to.deep.equal([]);
    accounts.set(ALICE, { nonce: 0n, balance: 10_000_000n });
    pool.settle({ used: [], skipped: [] });
    expect(taken()).to.deep.equal([first.hash, second.hash]);
  });

  it("drops what the ledger skipped without a reason that can pass", () => {
    const first = add({ nonce: 0n });
    add({ nonce: 1n });
    taken();
    const dropped = execute([], [first.hash]);
    expect(dropped.map(({ transaction, reason }) => [transaction.hash, reason])).to.deep.equal([
      [first.hash, "the ledger skipped it"],
    ]);
    expect(pool.readyCount).to.equal(0);
  });

  it("drops what waited too long, and nothing else", () => {
    open({ heldFor: 1_000 });
    add({ nonce: 0n });
    const gapped = add({ nonce: 2n }, 0);
    add({ nonce: 3n }, 500);
    expect(pool.expire(1_000).map(({ transaction }) => transaction.hash)).to.deep.equal([gapped.hash]);
    expect(pool.size).to.equal(2);
  });

  it("takes back accepted transactions without refusing those that lost their funds", () => {
    accounts.set(ALICE, { nonce: 1n, balance: 0n });
    expect(pool.restore(transfer({ nonce: 0n }), 0n, 0)?.reason).to.match(/^nonce too low/);
    expect(pool.restore(transfer({ nonce: 1n }), 1n, 0)).to.equal(undefined);
    expect([pool.size, pool.readyCount]).to.deep.equal([1, 0]);
    accounts.set(ALICE, { nonce: 1n, balance: 10_000_000n });
    pool.settle({ used: [], skipped: [] });
    expect(pool.readyCount).to.equal(1);
  });

  it("a removed transaction makes those behind it wait", () => {
    const first = add({ nonce: 0n });
    add({ nonce: 1n });
    pool.remove(first.hash);
    expect([pool.readyCount, pool.nextNonce(ALICE)]).to.deep.equal([0, 0n]);
    add({ nonce: 0n, value: 1n });
    expect(pool.readyCount).to.equal(2);
  });
});
