import { expect } from "chai";
import { concat, getBytes } from "ethers";

import { accountsOf, reconstruct } from "../../plugin/escape/reconstruct.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { GENESIS_NODE, readAccount } from "../../plugin/ledger/state.js";
import type { LedgerOutput, NodeReader } from "../../plugin/ledger/types.js";
import { loadLedger } from "../../plugin/hardhat/ledger.js";
import { memoryStore } from "../../plugin/store/memory.js";
import { type Deployment, type Hex, type InboxMessage, ZERO_ADDRESS } from "../../plugin/types.js";
import { createValidator } from "../../plugin/validator/validator.js";
import { flip } from "../guest/support/flip.js";
import {
  actor,
  ADDRESS,
  type Batch,
  call,
  type Fields,
  rawTransaction,
  varint,
  writeBatch,
  writeTransaction,
  type Written,
} from "../guest/support/wire.js";
import { createRandom } from "../ledger/random.js";
import { BRIDGE, type FakeL1, fakeL1, GENESIS, L2_CHAIN_ID } from "../sequencer/support/fake-l1.js";
import { type Rig, startRig } from "../sequencer/support/rig.js";

const ledger = loadLedger();
const alice = actor(1);
const TOKEN = ADDRESS(0x70) as Hex;
const L1_BLOCK_TIME = 12n;
const MIB = 1 << 20;
const FEE = { priority: 1n, max: 309n, gasLimit: 100_000n };

/** Where a batch is posted to: its L1 time, alice's nonce, and how many messages it has to consume. */
interface Place {
  timestamp: bigint;
  nonce: bigint;
  messages: number;
}

/** Who knows the truth, and says so: the roots on L1 are what the guest makes of whatever data, all at once. */
interface Poster {
  l1: FakeL1;
  deposit(target: string, amount: bigint, token?: Hex): void;
  force(fields: Fields): void;
  place(): Place;
  balance(account: string): bigint;
  post(data: Uint8Array): LedgerOutput;
}

function openPoster(): Poster {
  const l1 = fakeL1();
  const nodes = new Map([[toHex(GENESIS_NODE.hash), GENESIS_NODE.preimage]]);
  const reader: NodeReader = { get: (hash) => nodes.get(toHex(hash)) };
  let waiting: InboxMessage[] = [];
  const head = () => l1.batches.at(-1) ?? GENESIS;
  const account = (address: string) => readAccount(reader, head().stateRoot, address as Hex);

  return {
    l1,
    deposit: (target, amount, token = ZERO_ADDRESS) => waiting.push(l1.deposit(target as Hex, amount, token)),
    force: (fields) => waiting.push(l1.force(getBytes(rawTransaction(alice, { chainId: L2_CHAIN_ID, ...fields })))),
    place: () => ({
      timestamp: l1.now + L1_BLOCK_TIME,
      nonce: account(alice.address)?.nonce ?? 0n,
      messages: waiting.length,
    }),
    balance: (address) => account(address)?.balance ?? 0n,
    post(data) {
      const parent = head();
      const { inboxTo: inboxFrom, l2BlockTo: l2BlockFrom, stateRoot: prevStateRoot, inboxAcc: prevInboxAcc } = parent;
      const timestamp = l1.now + L1_BLOCK_TIME;
      const position = { l2ChainId: L2_CHAIN_ID, bridge: BRIDGE, index: parent.index + 1n, timestamp, inboxFrom };
      const input = { ...position, l2BlockFrom, prevStateRoot, prevInboxAcc, messages: waiting, data };
      const output = ledger.execute(input, reader);
      for (const { hash, preimage } of output.nodes) nodes.set(toHex(hash), preimage);
      const { stateRoot, withdrawalsRoot, l2BlockTo, inboxAcc } = output;
      const inboxTo = inboxFrom + BigInt(waiting.length);
      l1.append({ parent, claim: { stateRoot, withdrawalsRoot, inboxAcc, inboxTo, l2BlockTo }, data });
      waiting = [];
      return output;
    },
  };
}

function signed(fields: Fields) {
  return alice.sign({ chainId: L2_CHAIN_ID, ...FEE, ...fields });
}

function payment(nonce: bigint, changes: Partial<Written> = {}): number[] {
  const to = ADDRESS(1);
  return writeTransaction({
    kind: 0,
    nonce,
    to,
    amount: [1, 5n],
    signed: signed({ to, nonce, value: 50n }),
    ...changes,
  });
}

/** Two blocks with a transaction of every kind. */
function wellFormed({ timestamp, nonce, messages }: Place): Batch {
  const transfer = call("transfer", ADDRESS(1), 7n);
  const inTokens = signed({ to: TOKEN, nonce: nonce + 1n, data: transfer });
  const calling = signed({ to: TOKEN, nonce: nonce + 2n, data: "0x0102" });
  const later = [
    writeTransaction({ kind: 1, nonce: nonce + 1n, token: TOKEN, to: ADDRESS(1), amount: [0, 7n], signed: inTokens }),
    writeTransaction({ kind: 2, nonce: nonce + 2n, to: TOKEN, data: "0x0102", signed: calling }),
  ];
  return {
    baseFee: 300n,
    fees: [FEE],
    blocks: [
      { timestamp: timestamp - 5n, messages, transactions: [payment(nonce)] },
      { timestamp: timestamp + 900n, transactions: later },
    ],
  };
}

/** A batch of one block. */
function oneBlock(place: Place, transactions: number[][], more: Partial<Batch> = {}): Uint8Array {
  const { timestamp, messages } = place;
  return writeBatch({ baseFee: 300n, fees: [FEE], blocks: [{ timestamp, messages, transactions }], ...more });
}

/** An encoding that ends where the blocks begin. */
function head(...blocks: (bigint | number)[]): Uint8Array {
  return Uint8Array.from([1, ...getBytes(ADDRESS(0xc0)), ...[0, 0, ...blocks].flatMap((value) => varint(value))]);
}

const cut = (place: Place, bytes: number) => writeBatch(wellFormed(place)).subarray(0, bytes);

/** Data that nobody can read: an empty batch, which still consumes its messages. */
const MALFORMED: Record<string, (place: Place) => Uint8Array> = {
  "no data at all": () => new Uint8Array(),
  "data cut off in the head": (place) => cut(place, 15),
  "data cut off in the blocks": (place) => cut(place, 40),
  "data cut off in a transaction": (place) => cut(place, -70),
  "data without their last byte": (place) => cut(place, -1),
  "data with a byte behind": (place) => getBytes(concat([writeBatch(wellFormed(place)), "0x00"])),
  "another version": (place) => writeBatch({ ...wellFormed(place), version: 2 }),
  "2^64 + 1 blocks": () => head(2n ** 64n + 1n, 0, 0, 0),
  "65,536 blocks": ({ timestamp, messages }) =>
    writeBatch({ blocks: Array.from({ length: 65_536 }, (_, i) => ({ timestamp, messages: i === 0 ? messages : 0 })) }),
  "2^32 transactions announced": (place) =>
    oneBlock(place, [], { blocks: [{ timestamp: place.timestamp, messages: place.messages, count: 2n ** 32n }] }),
  "2^64 messages announced": ({ timestamp }) => head(1, timestamp, 2n ** 64n, 0),
  "2^64 bytes of call data": (place) =>
    oneBlock(place, [
      [...payment(place.nonce, { kind: 2 }).slice(0, 25), ...varint(2n ** 64n), ...Array<number>(64).fill(1)],
    ]),
  "a number that never ends": (place) => oneBlock(place, [[0, ...Array<number>(500).fill(0x80)]]),
  "an amount of 10^255": (place) => oneBlock(place, [payment(place.nonce, { amount: [255, 1n] })]),
  "an amount of 2^256": (place) => oneBlock(place, [payment(place.nonce, { amount: [0, 2n ** 256n] })]),
  "a block 901 seconds ahead": ({ timestamp, messages }) =>
    writeBatch({ blocks: [{ timestamp: timestamp + 901n, messages }] }),
  "a message that it does not consume": ({ timestamp, messages }) =>
    writeBatch({ blocks: [{ timestamp, messages: messages + 1 }] }),
  "1 MiB of what goes on": () => new Uint8Array(MIB).fill(0x80),
  "1 MiB of ones": () => new Uint8Array(MIB).fill(0xff),
  "more than 1 MiB, of a batch otherwise well-formed": (place) => {
    const transactions = Array<number[]>(Math.ceil(MIB / payment(place.nonce).length)).fill(payment(place.nonce));
    return oneBlock(place, transactions);
  },
};

/** Well-formed data that want to be read in two ways. */
const ODD: Record<string, (place: Place) => Uint8Array> = {
  "blocks whose time stands still far ahead": ({ timestamp, messages }) =>
    writeBatch({
      blocks: [{ timestamp: timestamp + 900n, messages }, { timestamp: timestamp + 900n }],
    }),
  "a block of the year 1970, after such": ({ messages }) => writeBatch({ blocks: [{ timestamp: 0n, messages }] }),
  "messages behind transactions that want their money": (place) => {
    const { timestamp, nonce, messages } = place;
    const blocks = [
      { timestamp, transactions: [payment(nonce)] },
      { timestamp, messages, transactions: [payment(nonce + 1n), payment(nonce)] },
      { timestamp },
    ];
    return oneBlock(place, [], { blocks });
  },
  "messages spread over blocks": ({ timestamp, messages }) =>
    writeBatch({
      blocks: [{ timestamp }, { timestamp, messages: messages - 1 }, { timestamp }, { timestamp, messages: 1 }],
    }),
  "500 blocks of nothing": ({ timestamp, messages }) =>
    writeBatch({ blocks: Array.from({ length: 500 }, (_, i) => ({ timestamp, messages: i === 0 ? messages : 0 })) }),
  "2,000 transactions that nobody signed, in the fewest bytes": (place) =>
    oneBlock(place, Array<number[]>(2_000).fill([0, 0, 0, 0, 0, 0, ...Array<number>(64).fill(0)])),
  "the same transaction again and again": (place) => oneBlock(place, Array<number[]>(20).fill(payment(place.nonce))),
  "numbers in more bytes than they need": (place) => {
    const bytes = payment(place.nonce);
    const nonce = varint(place.nonce);
    return oneBlock(place, [[...bytes.slice(0, 1), ...varint(place.nonce, 37), ...bytes.slice(1 + nonce.length)]]);
  },
  "a token transfer that is written as a call": (place) => {
    const data = call("transfer", ADDRESS(1), 7n);
    const own = { nonce: place.nonce, to: TOKEN, data };
    return oneBlock(place, [writeTransaction({ kind: 2, ...own, signed: signed(own) })]);
  },
  "a call without data, which is no payment": (place) => {
    const own = { nonce: place.nonce, to: ADDRESS(1), data: "0x" };
    return oneBlock(place, [writeTransaction({ kind: 2, ...own, signed: signed(own) })]);
  },
  "a recipient that has no index yet, and gets it": (place) =>
    oneBlock(place, [payment(place.nonce, { to: 10_000n }), payment(place.nonce)]),
  "255 fees, most of them twice": (place) =>
    oneBlock(place, [payment(place.nonce, { fee: 254 })], { fees: Array<typeof FEE>(255).fill(FEE) }),
  "the largest limits": (place) =>
    oneBlock(place, [payment(2n ** 64n - 1n), payment(place.nonce, { amount: [0, 2n ** 256n - 1n] })], {
      baseFee: 2n ** 64n - 1n,
      fees: [{ priority: 2n ** 128n - 1n, max: 2n ** 128n - 1n, gasLimit: 2n ** 64n - 1n }],
    }),
};

describe("hostile batch data, at every honest reader", function () {
  this.timeout(120_000);
  let poster: Poster;
  let follower: Rig;

  beforeEach(async () => {
    poster = openPoster();
    follower = await startRig(ledger.execute, { fake: poster.l1 });
    poster.deposit(alice.address, 10n ** 18n);
    poster.deposit(alice.address, 10n ** 6n, TOKEN);
    await read(writeBatch(wellFormed(poster.place())));
  });
  afterEach(() => follower.close());

  /** The sequencer that follows reads it block by block, and is where L1 is. */
  async function read(data: Uint8Array): Promise<LedgerOutput> {
    const output = poster.post(data);
    await follower.sequencer.sync();
    const { head: own, falseBatch, l1Error } = follower.sequencer.status();
    expect([falseBatch, l1Error]).to.deep.equal([undefined, undefined]);
    expect([own.stateRoot, own.number]).to.deep.equal([output.stateRoot, output.l2BlockTo]);
    return output;
  }

  /** A validator and a reconstruction, both from nothing. */
  async function readAnew(): Promise<void> {
    const { l1 } = poster;
    const last = l1.batches.at(-1) ?? GENESIS;
    for (let index = 1n; index <= last.index; index++) l1.finalize(index);
    const deployment = {
      genesis: GENESIS,
      program: { machineHash: ledger.machineHash },
      fromBlock: 1n,
      parameters: { l2ChainId: L2_CHAIN_ID },
      contracts: { L1EscrowBridge: { address: BRIDGE } },
    } as unknown as Deployment;
    const client = {
      deployment,
      batchData: (header: typeof last) => Promise.resolve({ bytes: l1.batchData(header) }),
      heads: () => Promise.resolve({ head: last.index, finalizedHead: last.index }),
    };
    const readers = { client, source: l1.source, program: ledger };
    const validator = await createValidator({ ...readers, store: memoryStore() });
    expect(await validator.run({ watch: false })).to.include({ batches: last.index, agreed: last.index });
    const rebuilt = await reconstruct({ ...readers, store: memoryStore() });
    expect(rebuilt.header).to.deep.equal(last);
    expect([...accountsOf(rebuilt)].length).to.be.greaterThan(1);

    const again = await startRig(ledger.execute, { fake: l1 });
    await again.sequencer.sync();
    expect(again.sequencer.status().head.stateRoot).to.equal(last.stateRoot);
    await again.close();
  }

  it("is an empty batch where it is malformed, in every way, and its messages are consumed", async () => {
    let received = 0n;
    for (const [what, make] of Object.entries(MALFORMED)) {
      const before = poster.place().nonce;
      poster.deposit(ADDRESS(8), 3n);
      const { receipts, l2BlockTo } = await read(make(poster.place()));
      received += 3n;
      expect(
        receipts.map(({ source, status }) => [source, status]),
        what,
      ).to.deep.equal([["message", "succeeded"]]);
      expect(l2BlockTo, what).to.equal(follower.sequencer.status().head.number);
      expect([poster.balance(ADDRESS(8)), poster.place().nonce], what).to.deep.equal([received, before]);
    }
    await readAnew();
  });

  it("is read in one way where it is odd and well-formed", async () => {
    for (const [what, make] of Object.entries(ODD)) {
      poster.deposit(ADDRESS(8), 3n);
      poster.deposit(ADDRESS(9), 4n);
      const { receipts } = await read(make(poster.place()));
      // Malformed data have no receipts but those of the messages: what is tested here is something else.
      const isEmpty = receipts.length === 2 && !/block|time/.test(what);
      expect(isEmpty && !what.startsWith("messages"), what).to.equal(false);
    }
    expect(poster.balance(ADDRESS(8))).to.equal(3n * BigInt(Object.keys(ODD).length));
    await readAnew();
  });

  it("never overtakes a message: a forced transaction takes the nonce of one in the batch", async () => {
    const place = poster.place();
    const forced = { ...FEE, to: ADDRESS(8), nonce: place.nonce, value: 11n };
    poster.force(forced);
    const before = poster.balance(ADDRESS(1));
    const first = await read(oneBlock({ ...place, messages: 1 }, [payment(place.nonce), payment(place.nonce + 1n)]));
    expect(first.receipts.map(({ status }) => status)).to.deep.equal(["succeeded", "skipped", "succeeded"]);
    expect([poster.balance(ADDRESS(8)), poster.balance(ADDRESS(1))]).to.deep.equal([11n, before + 50n]);

    // The same two, but the data say that the message comes in the second block.
    const later = poster.place();
    poster.force({ ...forced, nonce: later.nonce });
    const { timestamp } = poster.place();
    const blocks = [
      { timestamp, transactions: [payment(later.nonce)] },
      { timestamp, messages: 1 },
    ];
    const second = await read(oneBlock(later, [], { blocks }));
    expect(second.receipts.map(({ source, status }) => [source, status])).to.deep.equal([
      ["transaction", "succeeded"],
      ["message", "skipped"],
    ]);
    expect(poster.balance(ADDRESS(8))).to.equal(11n);
    await readAnew();
  });

  it("is read in one way with a few bits flipped anywhere", async () => {
    const random = createRandom(505);
    const rounds = process.env.ROLLUP_TEST_LONG === undefined ? 150 : 5_000;
    let wellFormedOnes = 0;
    for (let round = 0; round < rounds; round++) {
      if (random.chance(0.5)) poster.deposit(ADDRESS(8), 1n);
      const good = writeBatch(wellFormed(poster.place()));
      const { receipts } = await read(random.chance(0.1) ? random.bytes(random.int(300)) : flip(good, random));
      if (receipts.some(({ source }) => source === "transaction")) wellFormedOnes++;
    }
    expect(wellFormedOnes).to.be.greaterThan(rounds / 20);
    expect(wellFormedOnes).to.be.lessThan(rounds);
    await readAnew();
  });
});
