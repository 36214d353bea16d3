import { expect } from "chai";
import { Transaction, Wallet, concat, encodeRlp, getBytes, hexlify, toBeArray } from "ethers";

import { stripTransaction } from "../../plugin/ledger/batch.js";
import {
  TransactionError,
  parseTransaction,
  rebuildTransaction,
  recoverAddress,
  recoverSender,
  type TransactionFault,
} from "../../plugin/ledger/transaction.js";

const alice = new Wallet(`0x${"a1".repeat(32)}`);
const bob = "0xb0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0";
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

interface Fields {
  chainId?: bigint;
  nonce?: number;
  maxPriorityFeePerGas?: bigint;
  maxFeePerGas?: bigint;
  gasLimit?: bigint;
  to?: string | null;
  value?: bigint;
  data?: string;
  accessList?: { address: string; storageKeys: string[] }[];
}

function sign(fields: Fields = {}, type = 2): Transaction {
  const transaction = Transaction.from({
    type,
    chainId: 42069n,
    nonce: 7,
    gasLimit: 21_000n,
    to: bob,
    value: 10n ** 18n,
    ...(type >= 2 ? { maxPriorityFeePerGas: 1n, maxFeePerGas: 10n ** 9n } : { gasPrice: 1n }),
    ...fields,
  });
  transaction.signature = alice.signingKey.sign(transaction.unsignedHash);
  return transaction;
}

/** The twelve RLP fields of a valid transaction, to be spoilt one by one. */
function rawFields(): string[] {
  const { signature } = sign();
  return [
    "0xa455",
    "0x07",
    "0x01",
    "0x3b9aca00",
    "0x5208",
    bob,
    "0x0de0b6b3a7640000",
    "0x",
    "LIST",
    signature!.yParity === 0 ? "0x" : "0x01",
    hexlify(toBeArray(signature!.r)),
    hexlify(toBeArray(signature!.s)),
  ];
}

function encode(fields: string[]): Uint8Array {
  return getBytes(concat(["0x02", encodeRlp(fields.map((field) => (field === "LIST" ? [] : field)))]));
}

function expectFault(raw: Uint8Array, fault: TransactionFault, message: RegExp): void {
  expect(() => parseTransaction(raw))
    .to.throw(TransactionError, message)
    .with.property("fault", fault);
}

describe("ledger transaction", () => {
  it("reads what a wallet signed, and who did", () => {
    const cases: Fields[] = [
      {},
      { nonce: 0, value: 0n, maxPriorityFeePerGas: 0n, maxFeePerGas: 0n },
      { data: "0x05" },
      { data: "0xa9" },
      { data: `0x${"ab".repeat(55)}` },
      { data: `0x${"00".repeat(56)}` },
      { data: `0x${"ff".repeat(1024)}`, value: 2n ** 256n - 1n },
      { maxFeePerGas: 2n ** 128n - 1n, maxPriorityFeePerGas: 2n ** 128n - 1n, gasLimit: 2n ** 64n - 1n },
    ];
    for (const fields of cases) {
      const expected = sign(fields);
      const raw = getBytes(expected.serialized);
      const parsed = parseTransaction(raw);
      expect(parsed.chainId).to.equal(expected.chainId);
      expect(parsed.nonce).to.equal(BigInt(expected.nonce));
      expect(parsed.maxPriorityFeePerGas).to.equal(expected.maxPriorityFeePerGas);
      expect(parsed.maxFeePerGas).to.equal(expected.maxFeePerGas);
      expect(parsed.gasLimit).to.equal(expected.gasLimit);
      expect(parsed.to).to.equal(expected.to!.toLowerCase());
      expect(parsed.value).to.equal(expected.value);
      expect(hexlify(parsed.data)).to.equal(expected.data);
      expect(hexlify(parsed.signingHash)).to.equal(expected.unsignedHash);
      expect(parsed.hash).to.equal(expected.hash);
      expect(hexlify(parsed.r)).to.equal(expected.signature!.r);
      expect(hexlify(parsed.s)).to.equal(expected.signature!.s);
      expect(parsed.yParity).to.equal(expected.signature!.yParity);
      expect(recoverSender(parsed)).to.equal(alice.address.toLowerCase());
    }
  });

  it("is rebuilt byte for byte from what a batch keeps", () => {
    for (let nonce = 0; nonce < 300; nonce++) {
      const raw = getBytes(
        sign({ nonce, data: `0x${"5a".repeat(nonce % 70)}`, value: BigInt(nonce) ** 9n }).serialized,
      );
      const parsed = parseTransaction(raw);
      expect(
        rebuildTransaction(
          stripTransaction(parsed, () => undefined),
          42069n,
        ),
      ).to.deep.equal(parsed);
    }
  });

  it("names the types it refuses", () => {
    expectFault(new Uint8Array(0), "type", /empty transaction/);
    expectFault(getBytes(sign({}, 0).serialized), "type", /legacy transactions are not accepted; send EIP-1559/);
    expectFault(getBytes(sign({}, 1).serialized), "type", /EIP-2930/);
    expectFault(Uint8Array.of(3, 0xc0), "type", /EIP-4844/);
    expectFault(Uint8Array.of(4, 0xc0), "type", /EIP-7702/);
    expectFault(Uint8Array.of(0x7f), "type", /unknown \(type 127\)/);
  });

  it("refuses what the ledger never executes", () => {
    expectFault(getBytes(sign({ to: null, data: "0x60" }).serialized), "creation", /contract creation/);
    const accessList = [{ address: bob, storageKeys: [] }];
    expectFault(getBytes(sign({ accessList }).serialized), "access-list", /access lists are not supported/);
    expectFault(getBytes(sign({ data: `0x${"00".repeat(1025)}` }).serialized), "data-size", /1025 bytes; at most 1024/);
    expectFault(getBytes(sign({ maxFeePerGas: 2n ** 128n }).serialized), "fee", /below 2\^128/);
    expectFault(encode(rawFields().with(2, `0x01${"00".repeat(16)}`)), "fee", /below 2\^128/);
  });

  it("refuses a signature with a high s or out of range, and one that belongs to nobody", () => {
    const fields = rawFields();
    const highS = fields.with(11, hexlify(toBeArray(ORDER - BigInt(fields[11]!))));
    expectFault(encode(highS), "signature", /high s/);
    expectFault(encode(fields.with(10, "0x")), "signature", /out of range/);
    expectFault(encode(fields.with(11, "0x")), "signature", /out of range/);
    expectFault(encode(fields.with(10, hexlify(toBeArray(ORDER)))), "signature", /out of range/);
    // No point of the curve has x = 5.
    const nobody = parseTransaction(encode(fields.with(10, "0x05")));
    expect(() => recoverSender(nobody)).to.throw(TransactionError, /belongs to nobody/);
    const one = new Uint8Array(32).fill(1);
    expect(recoverAddress(one, 0, new Uint8Array(32), one)).to.equal(undefined);
    expect(recoverAddress(one, 0, one, getBytes(toBeArray(ORDER)))).to.equal(undefined);
  });

  it("refuses every encoding but the canonical one", () => {
    const fields = rawFields();
    const valid = encode(fields);
    expect(recoverSender(parseTransaction(valid))).to.equal(alice.address.toLowerCase());

    for (let length = 1; length < valid.length; length++)
      expectFault(valid.subarray(0, length), "encoding", /byte \d+$/);
    expectFault(getBytes(concat([valid, "0x00"])), "encoding", /trailing bytes/);
    expectFault(encode([...fields, "0x"]), "encoding", /trailing bytes/);
    expectFault(encode(fields.slice(0, 11)), "encoding", /unexpected end/);
    for (const at of [0, 1, 2, 3, 4, 6, 9, 10, 11]) {
      expectFault(encode(fields.with(at, "0x0001")), "encoding", /leading zeros/);
      expectFault(encode(fields.with(at, "0x00")), "encoding", /leading zeros/);
      expectFault(encode(fields.with(at, `0x01${"00".repeat(32)}`)), "encoding", /integer of 33 bytes/);
      expectFault(encode(fields.with(at, "LIST")), "encoding", /expected a string/);
    }
    expectFault(encode(fields.with(1, `0x01${"00".repeat(8)}`)), "encoding", /integer of 9 bytes/);
    expectFault(encode(fields.with(4, `0x01${"00".repeat(8)}`)), "encoding", /integer of 9 bytes/);
    expectFault(encode(fields.with(5, `${bob}00`)), "encoding", /21 bytes/);
    expectFault(encode(fields.with(8, "0x")), "encoding", /expected a list/);
    expectFault(encode(fields.with(9, "0x02")), "encoding", /yParity/);

    const body = [...valid.subarray(3)];
    expect(valid[1]).to.equal(0xf8);
    expectFault(Uint8Array.from([2, 0xf9, 0, body.length, ...body]), "encoding", /leading zeros/);
    expectFault(Uint8Array.from([2, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, ...body]), "encoding", /unexpected end/);
    expectFault(Uint8Array.of(2, 0xf8, 1, 0x80), "encoding", /short form/);
    const nonceAt = body.indexOf(7);
    const longByte = [...body.slice(0, nonceAt), 0x81, 7, ...body.slice(nonceAt + 1)];
    expectFault(Uint8Array.from([2, 0xf8, longByte.length, ...longByte]), "encoding", /stands for itself/);
  });
});
