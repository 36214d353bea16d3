import { expect } from "chai";
import { AbiCoder } from "ethers";

import { readAmounts, readOutcome, writeOutcome } from "../../plugin/channel/outcome-codec.js";
import { decodeOutcome, encodeOutcome, guarantee, OutcomeError, simple } from "../../plugin/channel/outcome.js";
import type { Outcome } from "../../plugin/channel/types.js";
import type { Hex } from "../../plugin/types.js";

/** Of @statechannels/exit-format 0.2.0. */
const FORMAT =
  "tuple(address asset, tuple(uint8 assetType, bytes metadata) assetMetadata, " +
  "tuple(bytes32 destination, uint256 amount, uint8 allocationType, bytes metadata)[] allocations)[]";

function abi(outcome: Outcome): string {
  const assets = outcome.map((entry) => ({ ...entry, assetMetadata: { assetType: 0, metadata: "0x" } }));
  return AbiCoder.defaultAbiCoder().encode([FORMAT], [assets]);
}

const [alice, bob]: [Hex, Hex] = [`0x${"a1".repeat(20)}`, `0x${"b2".repeat(20)}`];
const channel: Hex = `0x${"c3".repeat(32)}`;
const asset = (i: number): Hex => `0x${i.toString(16).padStart(40, "0")}`;

const outcomes: Outcome[] = [
  [],
  [{ asset: asset(0), allocations: [] }],
  [{ asset: asset(0), allocations: [simple(alice, 0n)] }],
  [
    { asset: asset(0), allocations: [simple(alice, 1n), guarantee(channel, 7n, alice, bob), simple(channel, 5n)] },
    { asset: asset(9), allocations: [simple(bob, (1n << 247n) - 1n)] },
    { asset: asset(11), allocations: Array.from({ length: 40 }, (_, i) => simple(bob, BigInt(i))) },
  ],
];

describe("encoding of outcomes", () => {
  it("is the ABI's, and is read back", () => {
    for (const outcome of outcomes) {
      const bytes = encodeOutcome(outcome);
      expect(bytes).to.equal(abi(outcome));
      expect(decodeOutcome(bytes)).to.deep.equal(outcome);
      expect(readAmounts(bytes, outcome, bytes)).to.deep.equal(outcome);
    }
  });

  it("is one: no byte can be changed, added or left out without another outcome or a refusal", () => {
    const bytes = encodeOutcome(outcomes[3]!);
    for (let at = 2; at < bytes.length; at += 14) {
      const digit = bytes[at] === "0" ? "1" : "0";
      const other = `${bytes.slice(0, at)}${digit}${bytes.slice(at + 1)}` as Hex;
      const read = readOutcome(other);
      // The short way through a known outcome's bytes leads to the same, or nowhere.
      expect(readAmounts(other, outcomes[3]!, bytes) ?? read).to.deep.equal(read);
      if (read !== undefined) expect(writeOutcome(read)).to.equal(other);
    }
    for (const cut of [2, 64, 66, 640]) expect(readOutcome(bytes.slice(0, -cut) as Hex)).to.equal(undefined);
    expect(readOutcome(`${bytes}${"0".repeat(64)}`)).to.equal(undefined);
    for (const none of ["0x", "0x00", "zz", `0x${"f".repeat(64)}`, `0x${"f".repeat(128)}`]) {
      expect(() => decodeOutcome(none as Hex)).to.throw(OutcomeError, "no outcome in the exit format");
    }
  });

  it("refuses what the adjudicator would not take", () => {
    const one = (allocation: Outcome[number]["allocations"][number]): Outcome => [
      { asset: asset(1), allocations: [allocation] },
    ];
    expect(() => encodeOutcome([...outcomes[1]!, ...outcomes[1]!])).to.throw(OutcomeError, "ascend strictly");
    expect(() => encodeOutcome(one(simple(alice, -1n)))).to.throw(OutcomeError, "no less than 0");
    expect(() => encodeOutcome(one(simple(alice, 1n << 248n)))).to.throw(OutcomeError, "2^248");
    expect(() => encodeOutcome(one({ ...simple(alice, 1n), allocationType: 1 }))).to.throw(OutcomeError, "type 1");
    expect(() => encodeOutcome(one({ ...simple(alice, 1n), destination: "0x12" }))).to.throw(OutcomeError, "32");
    expect(() => encodeOutcome([{ asset: "0x12", allocations: [] }])).to.throw(OutcomeError, "20 bytes");
  });
});
