import { expect } from "chai";
import { concat, encodeRlp, getBytes, hexlify, SigningKey, toBeArray, toBeHex } from "ethers";

import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { compileGuest, type Guest } from "../../plugin/machine/native.js";
import { emptyState, run, TIMESTAMP, ZERO, type Result, type State } from "./support/chain.js";
import { actor, ADDRESS, keccak, rawTransaction, signedItems, writeBatch, type Fields } from "./support/wire.js";

const alice = actor(1);
const FEE = { priority: 1n, max: 9n, gasLimit: 100_000n };
const FIELDS: Fields = { to: ADDRESS(1), value: 300n, data: "0x", ...FEE };
const STATE: State = { ...emptyState(), accounts: { [alice.address]: { nonce: 0n, balance: 10n ** 18n } } };

describe("forced transactions", () => {
  let guest: Guest;
  let untouched: Result;

  before(() => {
    guest = compileGuest(readGuestProgram("ledger"));
    untouched = force("0x");
  });

  function force(data: string): Result {
    const batch = writeBatch({ blocks: [{ timestamp: TIMESTAMP, messages: 1 }] });
    return run(guest, { state: STATE, data: batch, messages: [{ kind: 1, data }] });
  }
  const statusOf = (data: string) => force(data).receipts.map(({ status }) => status);
  /** Skipped, without a trace. */
  function expectSkipped(data: string): void {
    const result = force(data);
    expect(result).to.deep.equal(untouched);
    expect(result.receipts).to.deep.equal([{ source: 0, status: "skipped", block: 0, gas: 0n, sender: ZERO, fee: 0n }]);
  }

  /** Strings and lists as they stand, without regard to what is canonical. */
  type Item = { string: Uint8Array } | { raw: Uint8Array };
  const item = (value: string | Uint8Array): Item => ({ string: getBytes(value) });
  const raw = (value: string): Item => ({ raw: getBytes(value) });
  const encode = (items: Item[]): string =>
    concat(items.map((part) => ("raw" in part ? part.raw : encodeRlp(hexlify(part.string)))));

  function length(bytes: number, kind: number): string {
    if (bytes < 56) return hexlify(Uint8Array.of(kind + bytes));
    const digits = toBeArray(bytes);
    return concat([Uint8Array.of(kind + 55 + digits.length), digits]);
  }
  function typed(items: Item[], type = "0x02"): string {
    const content = encode(items);
    return concat([type, length(getBytes(content).length, 0xc0), content]);
  }

  /** The items of a transaction without its signature. */
  const unsigned = (fields: Fields): Item[] =>
    signedItems(fields).map((value) => (Array.isArray(value) ? raw("0xc0") : item(value)));
  const signature = (over: Item[]): Item[] => {
    const { r, s, yParity } = new SigningKey(toBeHex(2, 32)).sign(keccak(typed(over)));
    return [toBeArray(yParity), getBytes(toBeArray(r)), getBytes(toBeArray(s))].map(item);
  };
  const replace = (list: Item[], changes: Record<number, Item>): Item[] => list.map((part, i) => changes[i] ?? part);
  const items = (): Item[] => [...unsigned(FIELDS), ...signature(unsigned(FIELDS))];

  it("are executed when they are canonical", () => {
    expect(statusOf(rawTransaction(alice, FIELDS))).to.deep.equal(["succeeded"]);
    expect(typed(items())).to.equal(rawTransaction(alice, FIELDS));
    expect(statusOf(rawTransaction(alice, { ...FIELDS, data: `0x${"00".repeat(60)}` }))).to.deep.equal(["failed"]);
  });

  it("may carry more data than a batch, up to 2,048 bytes in all", () => {
    const overhead = getBytes(rawTransaction(alice, { ...FIELDS, data: `0x${"01".repeat(1_900)}` })).length - 1_900;
    const full = rawTransaction(alice, { ...FIELDS, data: `0x${"01".repeat(2_048 - overhead)}` });
    expect(getBytes(full).length).to.equal(2_048);
    expect(statusOf(full)).to.deep.equal(["failed"]);
    expectSkipped(rawTransaction(alice, { ...FIELDS, data: `0x${"01".repeat(2_049 - overhead)}` }));
    expectSkipped(rawTransaction(alice, { ...FIELDS, data: `0x${"01".repeat(5_000)}` }));
  });

  it("are skipped when they are cut off or have bytes behind", () => {
    const whole = rawTransaction(alice, FIELDS);
    const bytes = getBytes(whole);
    for (let end = 0; end < bytes.length; end++) expectSkipped(hexlify(bytes.subarray(0, end)));
    expectSkipped(`${whole}00`);
    expectSkipped(typed([...items(), item("0x")]));
    expectSkipped(typed(items().slice(0, 11)));
    expectSkipped(typed([]));
  });

  it("are skipped when they have another type, or none", () => {
    for (const type of ["0x00", "0x01", "0x03", "0x04", "0x7f"]) expectSkipped(typed(items(), type));
    expectSkipped(typed(items(), "0x"));
    const key = new SigningKey(toBeHex(2, 32));
    const legacy = ["0x", "0x09", "0x0186a0", ADDRESS(1), "0x012c", "0x"];
    const { r, s, yParity } = key.sign(keccak(encodeRlp([...legacy, toBeHex(77_001n), "0x", "0x"])));
    expectSkipped(encodeRlp([...legacy, toBeHex(77_001n * 2n + 35n + BigInt(yParity)), r, s]));
  });

  // What a lenient reader would take for FIELDS, or for the fields given, must not pass: anyone could change its encoding.
  const forms: Record<string, { changes: Record<number, Item>; meant?: Partial<Fields> }> = {
    "another chain id": { changes: { 0: item("0x01") } },
    "a chain id with a leading zero": { changes: { 0: item("0x00012cc9") } },
    "a nonce with a leading zero": { changes: { 1: item("0x00") } },
    "a nonce of nine bytes": { changes: { 1: item(`0x01${"00".repeat(8)}`) } },
    "a single byte written long": { changes: { 2: raw("0x8101") } },
    "a priority fee of seventeen bytes": { changes: { 2: item(`0x01${"00".repeat(16)}`) } },
    "a maximum fee with a leading zero": { changes: { 3: item("0x0009") } },
    "a gas limit of nine bytes": { changes: { 4: item(`0x01${"00".repeat(8)}`) } },
    "no recipient": { changes: { 5: item("0x") } },
    "a recipient of 19 bytes": { changes: { 5: item(`0x${"11".repeat(19)}`) } },
    "a recipient with a byte behind": { changes: { 5: item(`${ADDRESS(1)}00`) } },
    "a recipient with a byte before": { changes: { 5: item(`0x00${ADDRESS(1).slice(2)}`) } },
    "a recipient of 32 bytes": { changes: { 5: item(`0x${"00".repeat(12)}${ADDRESS(1).slice(2)}`) } },
    "a value with a leading zero": { changes: { 6: item("0x00012c") } },
    "a value of 33 bytes": { changes: { 6: item(`0x01${"00".repeat(32)}`) } },
    "a value that is a list": { changes: { 6: raw("0xc0") } },
    "data that is a list": { changes: { 7: raw("0xc0") } },
    "short data with a long head": { changes: { 7: raw("0xb8020102") }, meant: { data: "0x0102" } },
    "data whose length has a leading zero": {
      changes: { 7: raw(concat(["0xb90038", new Uint8Array(56)])) },
      meant: { data: hexlify(new Uint8Array(56)) },
    },
    "data that reaches beyond the end": { changes: { 7: raw("0xb90fff") } },
    "data of 2^64 - 1 bytes": { changes: { 7: raw(`0xbf${"ff".repeat(8)}`) } },
    "an access list": { changes: { 8: raw(concat(["0xd7", "0xd6", `0x94${"11".repeat(20)}`, "0xc0"])) } },
    "an access list that is a string": { changes: { 8: item("0x") } },
    "an empty access list with a long head": { changes: { 8: raw("0xf800") } },
    "a parity of 2": { changes: { 9: item("0x02") } },
    "a parity of 27": { changes: { 9: item("0x1b") } },
    "r of 33 bytes": { changes: { 10: item(`0x01${"11".repeat(32)}`) } },
    "s of zero": { changes: { 11: item("0x") } },
    "a high s": { changes: { 11: item(`0x${"ff".repeat(16)}${"11".repeat(16)}`) } },
  };
  for (const [what, { changes, meant = {} }] of Object.entries(forms))
    it(`are skipped with ${what}`, () => {
      const fields = { ...FIELDS, ...meant };
      const canonical = unsigned(fields);
      expect(statusOf(typed([...canonical, ...signature(canonical)])), "as it is meant").not.to.deep.equal(["skipped"]);
      expectSkipped(typed(replace([...canonical, ...signature(canonical)], changes)));
      const changed = replace(canonical, changes);
      expectSkipped(typed(replace([...changed, ...signature(changed)], changes)));
    });

  /** Fields whose signature has a part that begins with a zero byte, or a parity of zero. */
  function fieldsWith(isWanted: (signed: { r: string; s: string; yParity: 0 | 1 }) => boolean): Fields {
    for (let value = 0n; ; value++) if (isWanted(alice.sign({ ...FIELDS, value }))) return { ...FIELDS, value };
  }

  it("are skipped with a part of the signature written in more bytes than it takes", () => {
    const ways: [number, Fields, string][] = [
      [9, fieldsWith(({ yParity }) => yParity === 0), "0x00"],
      [10, fieldsWith(({ r }) => r.startsWith("0x00")), "r"],
      [11, fieldsWith(({ s }) => s.startsWith("0x00")), "s"],
    ];
    for (const [i, fields, bytes] of ways) {
      const { r, s } = alice.sign(fields);
      const list = [...unsigned(fields), ...signature(unsigned(fields))];
      expect(statusOf(typed(list))).to.deep.equal(["succeeded"]);
      expectSkipped(typed(replace(list, { [i]: item(bytes === "r" ? r : bytes === "s" ? s : bytes) })));
    }
  });

  it("are skipped when the list's head is not the shortest, or names another length", () => {
    const content = encode(items());
    const size = getBytes(content).length;
    expectSkipped(concat(["0x02", Uint8Array.of(0xf9, 0, size), content]));
    expectSkipped(concat(["0x02", Uint8Array.of(0xf8, size - 1), content]));
    expectSkipped(concat(["0x02", Uint8Array.of(0xf8, size + 1), content]));
    expectSkipped(concat(["0x02", Uint8Array.of(0xff, 255, 255, 255, 255, 255, 255, 255, 255), content]));
    expectSkipped(concat(["0x02", encodeRlp(content)]));
  });

  it("leave the batch's own transactions as they are", () => {
    const batch = writeBatch({ blocks: [{ timestamp: TIMESTAMP, messages: 2 }] });
    const messages = ["0x02f800", rawTransaction(alice, FIELDS)].map((data) => ({ kind: 1 as const, data }));
    const { receipts } = run(guest, { state: STATE, data: batch, messages });
    expect(receipts.map(({ status }) => status)).to.deep.equal(["skipped", "succeeded"]);
  });
});
