import { expect } from "chai";

import { concat, toHex } from "../../plugin/ledger/bytes.js";
import {
  type BatchSegment,
  checkLimits,
  DataMismatchError,
  decodeBatch,
  decodeShown,
  encodeBatch,
  encodeShown,
  fillShown,
  type FurtherOperation,
  MalformedDataError,
  showBatch,
} from "../../plugin/validity/batch.js";
import { FIELD_ORDER } from "../../plugin/validity/poseidon.js";
import { createRandom, type Random } from "../ledger/random.js";

const EMPTY: BatchSegment = {
  messages: 0,
  operations: [],
  exits: [],
  transfers: [],
  withdrawalNonce: 0n,
  feeLeaf: 0,
  stateRoot: 0n,
  h: 0n,
};

function randomSegment(random: Random): BatchSegment {
  const list = <T>(make: () => T): T[] => Array.from({ length: random.int(4) }, make);
  const id = () => ({ owner: random.sized(160), token: random.sized(160) });
  return {
    messages: random.int(65_536),
    operations: list((): FurtherOperation => {
      if (random.chance(0.5)) return { kind: 6, ...id() };
      return { kind: 4, ...id(), key: { x: random.bits(253), y: random.sized(253) }, signature: random.bytes(64) };
    }),
    exits: list(() => ({ ...id(), target: random.bits(160), amount: random.sized(253) })),
    transfers: list(() => ({
      from: Number(random.sized(32)),
      to: Number(random.sized(32)),
      amount40: Number(random.bits(40)),
      fee8: random.int(256),
    })),
    withdrawalNonce: random.sized(64),
    feeLeaf: Number(random.sized(32)),
    stateRoot: random.bits(253),
    h: random.sized(253),
  };
}

describe("batch data", () => {
  const random = createRandom(0xba);

  function randomBatch(): BatchSegment[] {
    return Array.from({ length: 1 + random.int(3) }, () => randomSegment(random));
  }

  it("have a fixed layout", () => {
    const segment: BatchSegment = {
      messages: 0x0102,
      operations: [
        { kind: 4, owner: 0xaan, token: 0xbbn, key: { x: 0xccn, y: 0xddn }, signature: new Uint8Array(64).fill(0xee) },
        { kind: 6, owner: 1n, token: 2n },
      ],
      exits: [{ owner: 3n, target: 4n, token: 5n, amount: 6n }],
      transfers: [{ from: 7, to: 8, amount40: 9, fee8: 10 }],
      withdrawalNonce: 11n,
      feeLeaf: 12,
      stateRoot: 13n,
      h: 14n,
    };
    const [address, word] = [40, 64].map((width) => (value: number) => value.toString(16).padStart(width, "0"));
    const head = `020001${"0102000200010001"}${"000000000000000b"}0000000c${word!(13)}${word!(14)}`;
    const register = `04${address!(0xaa)}${address!(0xbb)}${word!(0xcc)}${word!(0xdd)}${"ee".repeat(64)}`;
    const create = `06${address!(1)}${address!(2)}`;
    const exit = `${address!(3)}${address!(4)}${address!(5)}${word!(6)}`;
    expect(toHex(encodeBatch([segment]))).to.equal(
      `0x${head}${register}${create}${exit}${"0000000700000008"}${"0000000009"}0a`,
    );
    const [shown] = showBatch([segment]);
    expect(toHex(encodeShown([shown!]))).to.equal(
      `0x${head}${register}${create}${exit}${shown!.hTx.toString(16).padStart(64, "0")}`,
    );
  });

  it("are read back as they were written, shown and filled", () => {
    for (let i = 0; i < 20; i++) {
      const batch = randomBatch();
      expect(decodeBatch(encodeBatch(batch))).to.deep.equal(batch);
      const shown = showBatch(batch);
      expect(decodeShown(encodeShown(shown))).to.deep.equal(shown);
      expect(fillShown(shown, batch)).to.deep.equal(batch);
    }
  });

  it("are malformed when cut or continued anywhere", () => {
    const data = encodeBatch([randomSegment(random), randomSegment(random)]);
    for (let length = 0; length < data.length; length++)
      expect(() => decodeBatch(data.subarray(0, length))).to.throw(MalformedDataError, "truncated");
    expect(() => decodeBatch(concat(data, new Uint8Array(1)))).to.throw(MalformedDataError, "trailing bytes");
  });

  it("are written in one way only: changed anywhere, they are malformed or something else", () => {
    for (let i = 0; i < 300; i++) {
      const data = encodeBatch(randomBatch());
      const changed = data.slice();
      for (let n = 1 + random.int(3); n > 0; n--) changed[random.int(data.length)] = random.int(256);
      expectCanonical(changed);
    }
    for (let i = 0; i < 300; i++) expectCanonical(concat(Uint8Array.of(2, 0, 1), random.bytes(random.int(200))));
  });

  function expectCanonical(data: Uint8Array): void {
    for (const [decode, encode] of [
      [decodeBatch, encodeBatch],
      [decodeShown, encodeShown],
    ] as [typeof decodeBatch, typeof encodeBatch][]) {
      let content: BatchSegment[];
      try {
        content = decode(data);
      } catch (error) {
        expect(error).to.be.instanceOf(MalformedDataError);
        continue;
      }
      expect(encode(content)).to.deep.equal(data);
    }
  }

  it("hold elements below the field's order only", () => {
    const base = randomSegment(random);
    const key = { x: 1n, y: 2n };
    const operation = { kind: 4, owner: 1n, token: 2n, key, signature: new Uint8Array(64) } as const;
    const exit = { owner: 1n, target: 2n, token: 3n, amount: 4n };
    const cases: [string, Partial<BatchSegment>][] = [
      ["stateRoot", { stateRoot: FIELD_ORDER }],
      ["h", { h: FIELD_ORDER }],
      ["Ax", { operations: [{ ...operation, key: { ...key, x: FIELD_ORDER } }] }],
      ["Ay", { operations: [{ ...operation, key: { ...key, y: FIELD_ORDER } }] }],
      ["amount", { exits: [{ ...exit, amount: FIELD_ORDER }] }],
    ];
    for (const [what, change] of cases)
      expect(() => decodeBatch(encodeBatch([{ ...base, ...change }]))).to.throw(
        MalformedDataError,
        `${what} is not below`,
      );
    const [shown] = showBatch([base]);
    expect(() => decodeShown(encodeShown([{ ...shown!, hTx: FIELD_ORDER }]))).to.throw(
      MalformedDataError,
      "hTx is not below",
    );
    const highest = { ...EMPTY, stateRoot: FIELD_ORDER - 1n };
    expect(decodeBatch(encodeBatch([highest]))).to.deep.equal([highest]);
  });

  it("have version 2, one segment at least, and no other operations", () => {
    const data = encodeBatch([{ ...EMPTY, operations: [{ kind: 6, owner: 1n, token: 2n }] }]);
    expect(() => decodeBatch(Uint8Array.of(1, ...data.subarray(1)))).to.throw(
      MalformedDataError,
      "version 1 instead of 2",
    );
    expect(() => decodeBatch(Uint8Array.of(2, 0, 0))).to.throw(MalformedDataError, "no segment");
    expect(() => encodeBatch([])).to.throw(RangeError, "a segment at least");
    const at = data.length - 41;
    for (const kind of [0, 1, 2, 3, 5, 7, 255]) {
      const changed = data.slice();
      changed[at] = kind;
      expect(() => decodeBatch(changed)).to.throw(MalformedDataError, `operation of kind ${kind}`);
    }
  });

  it("refuse to be written with what has no place", () => {
    const cases: Partial<BatchSegment>[] = [
      { messages: 65_536 },
      { feeLeaf: 2 ** 32 },
      { withdrawalNonce: 1n << 64n },
      { exits: Array.from({ length: 65_536 }, () => ({ owner: 0n, target: 0n, token: 0n, amount: 0n })) },
      { operations: [{ kind: 4, owner: 1n, token: 2n, key: { x: 1n, y: 1n }, signature: new Uint8Array(65) }] },
      { operations: [{ kind: 6, owner: 1n << 160n, token: 0n }] },
    ];
    for (const change of cases) expect(() => encodeBatch([{ ...EMPTY, ...change }])).to.throw(RangeError);
  });

  it("take from a committee's member the transfers alone, and only those that L1 was shown the hash of", () => {
    const transfers = [
      { from: 1, to: 2, amount40: 3, fee8: 4 },
      { from: 5, to: 6, amount40: 7, fee8: 8 },
    ];
    const batch = [{ ...EMPTY, h: 1n, transfers }];
    const shown = showBatch(batch);
    expect(fillShown(shown, [{ ...EMPTY, h: 2n, feeLeaf: 9, transfers }])).to.deep.equal(batch);
    const wrong = [
      [{ ...EMPTY, transfers: [...transfers].reverse() }],
      [{ ...EMPTY, transfers: transfers.slice(1) }],
      [EMPTY],
      [],
    ];
    for (const held of wrong) expect(() => fillShown(shown, held)).to.throw(DataMismatchError, "segment 0");
    // A count that the hash does not belong to is no excuse.
    expect(() => fillShown([{ ...shown[0]!, transferCount: 1 }], batch)).to.throw(DataMismatchError);
  });

  it("must be what their header says", () => {
    const batch = [
      { ...EMPTY, messages: 2 },
      { ...EMPTY, messages: 3, stateRoot: 7n },
    ];
    checkLimits(batch, { messages: 5n, segments: 2n, stateRoot: 7n });
    expect(() => checkLimits(batch, { messages: 6n, segments: 2n, stateRoot: 7n })).to.throw(
      DataMismatchError,
      "5 messages instead of the header's 6",
    );
    expect(() => checkLimits(batch, { messages: 5n, segments: 1n, stateRoot: 7n })).to.throw(
      DataMismatchError,
      "2 segments instead of the header's 1",
    );
    expect(() => checkLimits(batch, { messages: 5n, segments: 2n, stateRoot: 0n })).to.throw(
      DataMismatchError,
      "state root 7 instead",
    );
  });
});
