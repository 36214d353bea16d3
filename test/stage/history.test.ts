import { expect } from "chai";
import { concat, dataLength, toBeHex } from "ethers";

import type { SuiteFacts } from "../../plugin/stage/facts.js";
import { readHistory } from "../../plugin/stage/history.js";
import type { Hex } from "../../plugin/types.js";
import { deployStaged, type Staged } from "../support/stage.js";

describe("stage: who wrote storage", function () {
  this.timeout(60_000);
  let staged: Staged;
  let facts: SuiteFacts;

  before(async () => {
    staged = await deployStaged();
    ({ facts } = staged);
  });

  it("nobody but this package's code, from L1 alone", async () => {
    const { faults, unknown } = await readHistory(facts);
    expect([...faults, ...unknown]).to.deep.equal([]);
  });

  it("nor where somebody was faster, and the book begins after the timelock", async () => {
    const { faults, unknown } = await readHistory({ ...facts, fromBlock: facts.genesisBlock });
    expect([...faults, ...unknown]).to.deep.equal([]);
  });

  it("another constructor, which left the code of a game", async () => {
    const { provider, chain } = facts;
    const runtime = await provider.getCode(chain.resolver);
    // sstore(0, 1); return the code that follows.
    const head = "0x6001600055";
    const copy = concat([
      "0x61",
      toBeHex(dataLength(runtime), 2),
      "0x80",
      "0x6011",
      "0x6000",
      "0x39",
      "0x6000",
      "0xf3",
    ]);
    const sent = await staged.signers[0]!.sendTransaction({ data: concat([head, copy, runtime]) });
    const receipt = await sent.wait();
    const address = receipt!.contractAddress as Hex;
    expect(await provider.getCode(address)).to.equal(runtime);
    expect(BigInt(await provider.getStorage(address, 0))).to.equal(1n);
    const parts = facts.parts.map((part) => (part.name === "DisputeGame" ? { ...part, address } : part));
    const { faults } = await readHistory({ ...facts, parts, genesisBlock: receipt!.blockNumber });
    expect(faults).to.deep.equal([`DisputeGame at ${address} was created by other code than this package's`]);
    const later = await readHistory({ ...facts, parts });
    expect(later.unknown).to.deep.equal([
      "no transaction shortly before the proxies' shows with which code DisputeGame was created",
    ]);
  });
});
