import { expect } from "chai";
import { AbiCoder, concat, keccak256 } from "ethers";

import {
  bondOf,
  claimId,
  closesAt,
  levelsOf,
  listHash,
  maxDuration,
  strideOf,
  tipOf,
  usedBy,
} from "../../plugin/dispute/rules.js";
import { endHash, startHash } from "../../plugin/dispute/statement.js";
import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { programOf } from "../../plugin/machine/program.js";
import { hashOf } from "./support/toy.js";

const [A, B, C] = [hashOf(1n), hashOf(2n), hashOf(3n)];
const abi = AbiCoder.defaultAbiCoder();

describe("rules of the dispute game", () => {
  const parameters = { bits: 4, levels: 10, clock: 1_000n, extension: 100n, baseBond: 7n };

  it("covers at least 2^40 instructions with every dissection", () => {
    expect([1, 2, 3, 4, 5].map(levelsOf)).to.deep.equal([40, 20, 14, 10, 8]);
    for (const bits of [0, 6, 1.5]) expect(() => levelsOf(bits)).to.throw(RangeError, "bits must be 1 to 5");
  });

  it("hashes lists and claims as ABI words", () => {
    expect(listHash([A, B])).to.equal(keccak256(concat([A, B])));
    const id = keccak256(abi.encode(["bytes32", "uint256", "bytes32", "bytes32"], [A, 5, B, C]));
    expect(claimId({ parent: A, index: 5, start: B, listHash: C })).to.equal(id);
  });

  it("asks less for an answer than for what it answers", () => {
    expect(bondOf(parameters, 1)).to.equal(70n);
    expect(bondOf(parameters, 10)).to.equal(7n);
    for (const depth of [0, 11]) expect(() => bondOf(parameters, depth)).to.throw(RangeError, "depth 1 to 10");
  });

  it("pays who resolves half of the least bond", () => {
    expect(tipOf({ ...parameters, baseBond: 1_003n })).to.equal(501n);
  });

  it("dissects down to one instruction", () => {
    expect(strideOf(parameters, 0)).to.equal(2 ** 40);
    expect(strideOf(parameters, 1)).to.equal(2 ** 36);
    expect(strideOf(parameters, 10)).to.equal(1);
    expect(strideOf({ ...parameters, bits: 3, levels: 14 }, 0)).to.equal(2 ** 42);
  });

  it("charges a line the time that it took to answer, up to its clock", () => {
    expect(usedBy(parameters, undefined, 0n, 5_000n)).to.equal(0n);
    expect(usedBy(parameters, 0n, 5_000n, 5_300n)).to.equal(300n);
    expect(usedBy(parameters, 950n, 5_000n, 5_080n)).to.equal(1_000n);
  });

  it("leaves a claim open for the rest of the answering line's clock, at least for the extension", () => {
    expect(closesAt(parameters, 5_000n, 0n)).to.equal(6_000n);
    expect(closesAt(parameters, 5_000n, 850n)).to.equal(5_150n);
    expect(closesAt(parameters, 5_000n, 1_000n)).to.equal(5_100n);
    expect(maxDuration(parameters)).to.equal(3_000n);
  });

  it("states where the machine starts and halts by docs/machine.md §4", () => {
    const program = programOf(readGuestProgram("ledger"));
    const word0 = (BigInt(program.pages) << 64n) | (0x2200000n << 32n) | BigInt(program.entryPc);
    const words = ["uint256", "bytes32", "bytes32", "uint256"];
    expect(startHash(program, A)).to.equal(keccak256(abi.encode(words, [word0, program.memoryRoot0, A, 0])));
    const halted = abi.encode(["uint256", "uint256", "uint256", "bytes32"], [1n << 96n, 0, 0, A]);
    expect(endHash(A)).to.equal(keccak256(halted));
  });
});
