import { expect } from "chai";
import { concat, hexlify } from "ethers";

import { BLOB_CAPACITY, elementOf, packBlobs, unpackBlobs } from "../../plugin/da/blob.js";
import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { compileGuest, type Guest } from "../../plugin/machine/native.js";
import { createRandom } from "../ledger/random.js";
import { emptyState, run, TIMESTAMP, type Message, type Result, type State } from "./support/chain.js";
import { actor, ADDRESS, domain, words, writeBatch, writeTransaction } from "./support/wire.js";

const alice = actor(1);
const FEE = { priority: 1n, max: 9n, gasLimit: 100_000n };
const MESSAGES: Message[] = [{ kind: 0, target: ADDRESS(8), amount: 3n }];
const state: State = { ...emptyState(), accounts: { [alice.address]: { nonce: 0n, balance: 10n ** 18n } } };

/** A well-formed batch of `count` transfers, 79 bytes and more each. */
function batchOf(count: number): Uint8Array {
  const transactions = Array.from({ length: count }, (_, i) => {
    const nonce = BigInt(i);
    const signed = alice.sign({ to: ADDRESS(1), value: 50n, nonce, ...FEE });
    return writeTransaction({ kind: 0, nonce, to: ADDRESS(1), amount: [1, 5n], signed });
  });
  return writeBatch({ fees: [FEE], blocks: [{ timestamp: TIMESTAMP, messages: 1, transactions }] });
}

/** Versioned hash of blob number `i`; the guest takes any word for one. */
const hashOfBlob = (i: number): string => `0x01${i.toString(16).padStart(62, "0")}`;

describe("batch data in blobs", () => {
  let guest: Guest;
  let empty: Result;
  const small = batchOf(3);
  let inCalldata: Result;

  before(() => {
    guest = compileGuest(readGuestProgram("ledger"));
    empty = run(guest, { state, data: new Uint8Array(0), messages: MESSAGES });
    inCalldata = run(guest, { state, data: small, messages: MESSAGES });
  });

  interface Place {
    length?: bigint | number;
    hashes?: string[];
    blobs?: Uint8Array[];
    asked?: string[];
  }

  /** Runs the batch whose data hash names `length` bytes in blobs. */
  function execute(data: Uint8Array, place: Place = {}): Result {
    const blobs = place.blobs ?? packBlobs(data);
    const { length = data.length, hashes = blobs.map((_, i) => hashOfBlob(i)), asked } = place;
    return run(guest, {
      ...{ state, data, messages: MESSAGES },
      dataWords: concat([words(domain("blob"), length), ...hashes]),
      blob: (hash, index) => {
        asked?.push(`${hexlify(hash)}/${index}`);
        const blob = blobs[hashes.indexOf(hexlify(hash))];
        return blob && elementOf(blob, index);
      },
    });
  }

  it("give what the same data in calldata give", () => {
    expect(inCalldata.receipts).to.have.length(4);
    expect(execute(small)).to.deep.equal(inCalldata);
  });

  it("are read over the border of a blob, every element once and in order", function () {
    this.timeout(60_000);
    const data = batchOf(1_700);
    expect(data.length).to.be.greaterThan(BLOB_CAPACITY);
    const asked: string[] = [];
    const result = execute(data, { asked });
    expect(result).to.deep.equal(run(guest, { state, data, messages: MESSAGES }));
    expect(result.receipts.filter(({ status }) => status === "succeeded")).to.have.length(1_701);
    const elements = 4 * Math.ceil(data.length / 127);
    expect(asked).to.deep.equal(
      Array.from({ length: elements }, (_, i) => `${hashOfBlob(Math.floor(i / 4_096))}/${i % 4_096}`),
    );
  });

  it("are read without the top two bits, and without what stands behind them", () => {
    const random = createRandom(5);
    const [blob = Uint8Array.of()] = packBlobs(small);
    const used = 32 * 4 * Math.ceil(small.length / 127);
    for (let round = 0; round < 20; round++) {
      const other = Uint8Array.from(blob, (byte, i) => {
        if (i >= used) return random.int(256);
        return i % 32 === 0 ? byte | (random.int(4) << 6) : byte;
      });
      expect(execute(small, { blobs: [other] })).to.deep.equal(inCalldata);
    }
  });

  it("are an empty batch wherever they are cut off, and with any one element wrong where that breaks the encoding", () => {
    for (let length = 1; length < small.length; length++)
      expect(execute(small, { length }), `${length} bytes`).to.deep.equal(empty);
    const [blob = Uint8Array.of()] = packBlobs(small);
    const spoilt = Uint8Array.from(blob);
    spoilt[1] = 2;
    expect(execute(small, { blobs: [spoilt] })).to.deep.equal(empty);
    // One byte more than there is: the zero behind it.
    expect(execute(small, { length: small.length + 1 })).to.deep.equal(empty);
  });

  it("never stop the guest, whatever their elements are, and every reader has the same root", () => {
    const random = createRandom(6);
    for (let round = 0; round < 30; round++) {
      const blob = Uint8Array.from(packBlobs(small)[0] ?? []);
      for (let flips = 1 + random.int(8); flips > 0; flips--) {
        const at = random.int(32 * 4 * Math.ceil(small.length / 127));
        blob[at] = (blob[at] ?? 0) ^ (1 << random.int(8));
      }
      const result = execute(small, { blobs: [blob] });
      expect(result.blocks).to.equal(1n);
      // Who reads the blob without the guest reads the same.
      expect(result).to.deep.equal(run(guest, { state, data: unpackBlobs([blob], small.length), messages: MESSAGES }));
    }
  });

  const beyond: Record<string, Place> = {
    "no byte": { length: 0, hashes: [] },
    "no byte of a blob": { length: 0 },
    "no blob": { hashes: [] },
    "a blob too many": { hashes: [hashOfBlob(0), hashOfBlob(1)] },
    "one byte beyond its blob": { length: BLOB_CAPACITY + 1 },
    "more than 1 MiB": { length: 2 ** 20 + 1, hashes: Array.from({ length: 9 }, (_, i) => hashOfBlob(i)) },
    "2^64 bytes more than there are": { length: 2n ** 64n + 100n },
    "2^255 bytes": { length: 2n ** 255n },
    "half a versioned hash behind": { hashes: [hashOfBlob(0), `0x${"00".repeat(16)}`] },
  };
  for (const [name, place] of Object.entries(beyond)) {
    it(`are an empty batch when the hash names ${name}; no blob is asked for`, () => {
      const asked: string[] = [];
      expect(execute(small, { ...place, asked })).to.deep.equal(empty);
      expect(asked).to.deep.equal([]);
    });
  }

  const foreign: Record<string, string> = {
    "another domain": words(domain("leaf"), small.length, domain("data")),
    "no domain": words(0, small.length, domain("data")),
    "the domain of calldata and a word too many": words(domain("data"), small.length, domain("data"), 0),
    "the domain of calldata and no root": words(domain("data"), small.length),
    "a domain and nothing else": words(domain("blob")),
    nothing: "0x",
  };
  for (const [name, dataWords] of Object.entries(foreign)) {
    it(`are an empty batch when the data hash is that of ${name}`, () => {
      expect(run(guest, { state, data: small, messages: MESSAGES, dataWords })).to.deep.equal(empty);
    });
  }
});
