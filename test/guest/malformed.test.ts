import { expect } from "chai";
import { getBytes } from "ethers";

import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { compileGuest, type Guest } from "../../plugin/machine/native.js";
import { createRandom } from "../ledger/random.js";
import {
  emptyState,
  prepare,
  resultOf,
  run,
  TIMESTAMP,
  type Message,
  type Result,
  type State,
} from "./support/chain.js";
import { flip } from "./support/flip.js";
import {
  actor,
  ADDRESS,
  call,
  varint,
  writeBatch,
  writeTransaction,
  type Batch,
  type Written,
} from "./support/wire.js";

const alice = actor(1);
const TOKEN = ADDRESS(0x70);
const FEE = { priority: 1n, max: 9n, gasLimit: 100_000n };
const MESSAGES: Message[] = [
  { kind: 0, target: ADDRESS(8), amount: 3n },
  { kind: 2, sender: alice.address, target: ADDRESS(8), amount: 1n },
];

const state: State = {
  ...emptyState(),
  accounts: { [alice.address]: { nonce: 0n, balance: 10n ** 18n }, [TOKEN]: { nonce: 0n, balance: 0n } },
  tokens: { [`${alice.address}/${TOKEN}`]: 100n },
};

const signed = alice.sign({ to: ADDRESS(1), value: 50n, ...FEE });
const plain: Written = { kind: 0, to: ADDRESS(1), amount: [1, 5n], signed };

/** A well-formed batch with every kind of transaction. */
function wellFormed(): Batch {
  const transfer = call("transfer", ADDRESS(1), 7n);
  const transactions = [
    writeTransaction(plain),
    writeTransaction({
      kind: 1,
      nonce: 1n,
      token: 2n,
      to: ADDRESS(1),
      amount: [0, 7n],
      signed: alice.sign({ to: TOKEN, nonce: 1n, data: transfer, ...FEE }),
    }),
    writeTransaction({
      kind: 2,
      nonce: 2n,
      to: 2n,
      data: "0x0102",
      signed: alice.sign({ to: TOKEN, nonce: 2n, data: "0x0102", ...FEE }),
    }),
  ];
  return {
    baseFee: 300n,
    fees: [{ priority: 200n, max: 900n, gasLimit: 100_000n }, FEE].map((fee) => ({ ...fee, max: fee.max + 300n })),
    blocks: [
      { timestamp: TIMESTAMP - 5n, messages: 1, transactions: transactions.slice(0, 2) },
      { timestamp: TIMESTAMP + 900n, messages: 1, transactions: transactions.slice(2) },
    ],
  };
}

describe("malformed batches", () => {
  let guest: Guest;
  let empty: Result;

  before(() => {
    guest = compileGuest(readGuestProgram("ledger"));
    empty = run(guest, { state, data: new Uint8Array(0), messages: MESSAGES });
  });

  const execute = (data: Uint8Array) => run(guest, { state, data, messages: MESSAGES });
  const batch = (transactions: number[][], more: Partial<Batch> = {}) =>
    writeBatch({ fees: [FEE], blocks: [{ timestamp: TIMESTAMP, messages: 2, transactions }], ...more });

  it("are one block that consumes the messages and has no transaction", () => {
    expect(empty.blocks).to.equal(1n);
    expect(empty.receipts.map(({ source, status, block }) => [source, status, block])).to.deep.equal([
      [0, "succeeded", 0],
      [0, "succeeded", 0],
    ]);
    expect(empty.withdrawalsRoot).not.to.equal(`0x${"00".repeat(32)}`);
  });

  it("differ from a well-formed one, cut off at every byte and with a byte behind", () => {
    const data = writeBatch(wellFormed());
    const whole = execute(data);
    expect(whole.blocks).to.equal(2n);
    expect(whole.receipts).to.have.length(5);
    for (let length = 0; length < data.length; length++)
      expect(execute(data.subarray(0, length)), `${length} bytes`).to.deep.equal(empty);
    expect(execute(Uint8Array.from([...data, 0]))).to.deep.equal(empty);
  });

  const huge = 2n ** 256n;
  const long = (value: bigint, length: number) => varint(value, length);
  const transaction = (changes: Partial<Written>) => writeTransaction({ ...plain, ...changes });
  /** A transaction with other bytes for its nonce. */
  const withNonce = (bytes: number[]) => [plainBytes[0]!, ...bytes, ...plainBytes.slice(2)];
  const plainBytes = writeTransaction(plain);
  const withAmount = (exponent: number, bytes: number[]) => [
    ...plainBytes.slice(0, 23),
    exponent,
    ...bytes,
    ...plainBytes.slice(25),
  ];
  const head = (version: number, ...rest: number[][]) =>
    Uint8Array.from([version, ...getBytes(ADDRESS(0xc0)), ...rest.flat()]);
  const blocks = (...rest: (number | bigint)[]) => [...varint(1), ...rest.flatMap((value) => varint(value))];

  const malformed: Record<string, () => Uint8Array> = {
    "version 0": () => batch([], { version: 0 }),
    "version 2": () => batch([], { version: 2 }),
    "a base fee of 2^64": () => batch([], { baseFee: 2n ** 64n }),
    "256 fees": () => batch([], { fees: new Array<typeof FEE>(256).fill(FEE) }),
    "a priority fee of 2^128": () => batch([], { fees: [{ ...FEE, priority: 2n ** 128n }] }),
    "a maximum fee of 2^128": () => batch([], { fees: [{ ...FEE, max: 2n ** 128n }] }),
    "a gas limit of 2^64": () => batch([], { fees: [{ ...FEE, gasLimit: 2n ** 64n }] }),
    "no block": () => head(1, varint(0), varint(0), varint(0)),
    "65,536 blocks": () => writeBatch({ blocks: blocksOf(65_536) }),
    "2^64 + 1 blocks": () => head(1, varint(0), varint(0), varint(2n ** 64n + 1n), blocks(2, 0)),
    "one message too few": () => writeBatch({ blocks: [{ timestamp: TIMESTAMP, messages: 1 }] }),
    "one message too many": () => writeBatch({ blocks: [{ timestamp: TIMESTAMP, messages: 3 }] }),
    "2^64 + 2 messages": () => head(1, varint(0), varint(0), varint(1), varint(1), varint(2n ** 64n + 2n), varint(0)),
    "messages whose sum wraps": () =>
      writeBatch({
        blocks: [
          { timestamp: TIMESTAMP, messages: 2 ** 32 - 1 },
          { timestamp: TIMESTAMP, messages: 3 },
        ],
      }),
    "a block a second too far ahead": () => writeBatch({ blocks: [{ timestamp: TIMESTAMP + 901n, messages: 2 }] }),
    "a later block too far ahead": () =>
      writeBatch({ blocks: [{ timestamp: TIMESTAMP, messages: 2 }, { timestamp: TIMESTAMP + 901n }] }),
    "a first timestamp of 2^63": () => writeBatch({ blocks: [{ timestamp: 2n ** 63n, messages: 2 }] }),
    "timestamps whose sum wraps": () =>
      head(
        1,
        varint(0),
        varint(0),
        varint(2),
        varint(TIMESTAMP),
        varint(2),
        varint(0),
        varint(2n ** 64n - 1n),
        varint(0),
        varint(0),
      ),
    "one transaction announced, none there": () =>
      batch([], { blocks: [{ timestamp: TIMESTAMP, messages: 2, count: 1n }] }),
    "2^32 transactions announced": () =>
      batch([], { blocks: [{ timestamp: TIMESTAMP, messages: 2, count: 2n ** 32n }] }),
    "2^64 transactions announced": () =>
      batch([], { blocks: [{ timestamp: TIMESTAMP, messages: 2, count: 2n ** 64n }] }),
    "2^32 transactions announced by two blocks together": () =>
      batch([], {
        blocks: [
          { timestamp: TIMESTAMP, messages: 2, count: 2n ** 31n },
          { timestamp: TIMESTAMP, count: 2n ** 31n },
        ],
      }),
    "transactions announced by many blocks, whose sum wraps to those that are there": () => {
      const transactions = new Array<number[]>(1_000).fill(plainBytes);
      const counts = new Array<bigint>(65_535).fill(65_537n);
      counts[0] = 2n ** 32n + 1_000n - 65_537n * 65_534n;
      return batch([], {
        blocks: counts.map((count, i) => ({
          timestamp: TIMESTAMP,
          messages: i === 0 ? 2 : 0,
          count,
          transactions: i === 0 ? transactions : [],
        })),
      });
    },
    "one transaction not announced": () => batch([plainBytes], { tail: plainBytes }),
    "kind 3": () => batch([transaction({ kind: 3 })]),
    "flag bit 5": () => batch([transaction({ flags: 32 })]),
    "flag bit 7": () => batch([transaction({ flags: 128 })]),
    "a token flag on an ETH transfer": () => batch([transaction({ flags: 16 })]),
    "a token flag on a call": () => batch([transaction({ kind: 2, data: "0x01", flags: 16 })]),
    "a fee that is not there": () => batch([transaction({ fee: 1 })]),
    "a fee when there is none": () => batch([plainBytes], { fees: [] }),
    "a nonce of 2^64": () => batch([transaction({ nonce: 2n ** 64n })]),
    "a nonce of 38 bytes": () => batch([withNonce(long(0n, 38))]),
    "an account index of 2^256": () => batch([transaction({ to: huge })]),
    "an account index that never ends": () => batch([[0, 0, 0, ...new Array<number>(200).fill(0x80)]]),
    "an amount of 2^256": () => batch([transaction({ amount: [0, huge] })]),
    "an amount that its exponent lifts to 2^256": () => batch([transaction({ amount: [1, huge / 10n + 1n] })]),
    "10^78": () => batch([transaction({ amount: [77, 10n] })]),
    "an exponent of 78": () => batch([transaction({ amount: [78, 1n] })]),
    "an exponent of 255 of nothing": () => batch([transaction({ amount: [255, 0n] })]),
    "1,025 bytes of data": () => batch([transaction({ kind: 2, data: `0x${"01".repeat(1025)}` })]),
    "2^64 bytes of data": () =>
      batch([
        [...transaction({ kind: 2, data: "0x" }).slice(0, 25), ...varint(2n ** 64n), ...new Array<number>(64).fill(1)],
      ]),
  };
  for (const [what, data] of Object.entries(malformed))
    it(what, () => {
      expect(execute(data())).to.deep.equal(empty);
    });

  function blocksOf(count: number) {
    return Array.from({ length: count }, (_, i) => ({ timestamp: TIMESTAMP, messages: i === 0 ? 2 : 0 }));
  }

  const accepted: Record<string, readonly [() => Uint8Array, blocks: bigint, statuses: string[]]> = {
    "65,535 blocks": [() => writeBatch({ blocks: blocksOf(65_535) }), 65_535n, []],
    "255 fees": [
      () => batch([transaction({ fee: 254 })], { fees: new Array<typeof FEE>(255).fill(FEE) }),
      1n,
      ["succeeded"],
    ],
    "the largest limits": [
      () =>
        batch([transaction({ nonce: 2n ** 64n - 1n })], {
          baseFee: 2n ** 64n - 1n,
          fees: [{ priority: 2n ** 128n - 1n, max: 2n ** 128n - 1n, gasLimit: 2n ** 64n - 1n }],
        }),
      1n,
      ["skipped"],
    ],
    "a nonce of 37 bytes": [() => batch([withNonce(long(0n, 37))]), 1n, ["succeeded"]],
    "the largest amount": [() => batch([transaction({ amount: [0, huge - 1n] })]), 1n, ["skipped"]],
    "10^77": [() => batch([transaction({ amount: [77, 1n] })]), 1n, ["skipped"]],
    "an exponent of 77 of nothing": [() => batch([withAmount(77, varint(0))]), 1n, ["skipped"]],
    "a mantissa in too many bytes": [() => batch([withAmount(1, long(5n, 37))]), 1n, ["succeeded"]],
    "1,024 bytes of data": [() => batch([transaction({ kind: 2, data: `0x${"01".repeat(1024)}` })]), 1n, ["skipped"]],
    "a call without data": [() => batch([transaction({ kind: 2, data: "0x" })]), 1n, ["succeeded"]],
    "a timestamp of zero": [() => writeBatch({ blocks: [{ timestamp: 0n, messages: 2 }] }), 1n, []],
  };
  for (const [what, [data, blockCount, statuses]] of Object.entries(accepted))
    it(`${what}: well-formed`, () => {
      const result = execute(data());
      expect(result.blocks).to.equal(blockCount);
      expect(result.receipts.slice(2).map(({ status }) => status)).to.deep.equal(statuses);
      expect(result.receipts.slice(0, 2)).to.deep.equal(empty.receipts);
    });

  describe("hostile data", () => {
    const BOMB = 1 << 20;

    it("up to 1 MiB is read, and a byte more is not", () => {
      // A well-formed batch of exactly 1 MiB: calls with 1,024 bytes of data, and one with what is left.
      const one = transaction({ kind: 2, data: `0x${"01".repeat(1024)}` });
      const room = BOMB - batch([]).length - 1;
      const transactions = new Array<number[]>(Math.floor(room / one.length) - 1).fill(one);
      const rest = room - transactions.length * one.length - one.length;
      const sizes = [Math.min(rest, one.length), rest - one.length].filter((size) => size > 0);
      for (const size of sizes)
        transactions.push(transaction({ kind: 2, data: `0x${"01".repeat(1024 - (one.length - size))}` }));
      const data = batch(transactions);
      expect(BOMB - data.length, "nearly full").to.be.within(0, 1_200);
      expect(execute(data).receipts).to.have.length(2 + transactions.length);
      const { input, preimages } = prepare({ state, data: new Uint8Array(BOMB + 1), messages: MESSAGES });
      let reads = 0;
      const result = guest.run({ input, preimage: (hash) => (reads++, preimages.get(hash)) });
      expect(resultOf(result)).to.deep.equal(empty);
      expect(reads, "no chunk is read").to.be.below(30);
    });

    it("random bytes and random flips always end in an output", () => {
      const seeds = process.env.ROLLUP_TEST_LONG === undefined ? 400 : 20_000;
      const random = createRandom(77);
      const good = writeBatch(wellFormed());
      let unlike = 0;
      for (let i = 0; i < seeds; i++) {
        const data = random.chance(0.2) ? random.bytes(random.int(300)) : flip(good, random);
        const result = execute(data);
        if (result.output !== empty.output) unlike++;
        expect(result.receipts.slice(0, 1).map(({ source }) => source)).to.deep.equal([0]);
      }
      expect(unlike, "some flips leave it well-formed").to.be.above(0);
    });

    it("a batch of nothing but the cheapest transactions is bounded by its bytes", function () {
      this.timeout(30_000);
      const cheapest = [0, 0, 0, 0, 0, 0, ...new Array<number>(64).fill(0)];
      const transactions = new Array<number[]>(Math.floor((BOMB - 100) / cheapest.length)).fill(cheapest);
      const result = execute(batch(transactions));
      expect(result.receipts).to.have.length(2 + transactions.length);
      expect(result.stateRoot).to.equal(empty.stateRoot);
    });
  });
});
