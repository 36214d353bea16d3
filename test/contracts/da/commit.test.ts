import { expect } from "chai";
import { concat, dataSlice } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import { claimAfter, postBatch } from "../../support/batches.js";
import { dataHash, headerWith } from "../../support/protocol.js";
import { useWorld } from "../../support/world.js";

const CHUNK_SIZE = 4096;

/** Bytes in which every position differs from its neighbours. */
function pattern(length: number): Hex {
  return `0x${Array.from({ length }, (_, i) => (((i * 167) ^ (i >> 8)) & 0xff).toString(16).padStart(2, "0")).join("")}`;
}

const submittedBy = (submitter: string) => headerWith({ submitter: submitter as Hex });

describe("CalldataDA.commit", () => {
  const world = useWorld();

  for (const length of [0, 1, 31, 32, 64, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE, 100_000]) {
    it(`hashes ${length} bytes as the protocol says`, async () => {
      const { dataAvailability, actors } = world();
      const data = pattern(length);
      const da = dataAvailability.connect(actors.alice);
      expect(await da.commit.staticCall(submittedBy(actors.alice.address), concat(["0x00", data]))).to.equal(
        dataHash(data),
      );
    });
  }

  it("gives a header the hash of the posting transaction's own input", async () => {
    const suite = world();
    const data = pattern(CHUNK_SIZE + 5);
    const header = await postBatch(suite, suite.genesis, { data });
    const [event] = await suite.chain.queryFilter(suite.chain.filters.BatchAppended(1n));
    const transaction = await event?.getTransaction();
    const call = suite.chain.interface.parseTransaction(transaction ?? { data: "0x" });

    expect(transaction?.to).to.equal(await suite.chain.getAddress());
    const daInput = call?.args.getValue("daInput") as Hex;
    expect(daInput.slice(0, 4)).to.equal("0x00");
    expect(header.dataHash).to.equal(dataHash(dataSlice(daInput, 1) as Hex));
  });

  it("tells apart data of different length that pad to the same tree", async () => {
    const { dataAvailability, actors } = world();
    const da = dataAvailability.connect(actors.alice);
    const hashes = await Promise.all(
      [1, 2, CHUNK_SIZE].map((length) =>
        da.commit.staticCall(submittedBy(actors.alice.address), `0x00${"00".repeat(length)}`),
      ),
    );
    expect(new Set(hashes).size).to.equal(hashes.length);
  });

  for (const [what, input, error, args] of [
    ["no form", "0x", "DataWithoutForm", []],
    ["blobs", "0x010000000100", "DataUnknownForm", [1n]],
    ["a form that nobody knows", "0xff", "DataUnknownForm", [255n]],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { dataAvailability, actors } = world();
      await expect(dataAvailability.connect(actors.alice).commit.staticCall(submittedBy(actors.alice.address), input))
        .to.be.revertedWithCustomError(dataAvailability, error)
        .withArgs(...args);
    });
  }

  it("refuses a submitter that did not sign the transaction", async () => {
    const { dataAvailability, actors } = world();
    const da = dataAvailability.connect(actors.alice);
    await expect(da.commit.staticCall(submittedBy(actors.bob.address), "0x00"))
      .to.be.revertedWithCustomError(dataAvailability, "DataIndirectSubmitter")
      .withArgs(actors.bob.address, actors.alice.address);
  });

  it("refuses a contract", async () => {
    const { dataAvailability, chain, actors } = world();
    const da = dataAvailability.connect(actors.alice);
    await expect(da.commit.staticCall(submittedBy(await chain.getAddress()), "0x00"))
      .to.be.revertedWithCustomError(dataAvailability, "DataIndirectSubmitter")
      .withArgs(await chain.getAddress(), actors.alice.address);
  });

  it("refuses an account that delegates to code, which could post from inside", async () => {
    const suite = world();
    const { chain, genesis, dataAvailability, connection, actors } = suite;
    const claim = await claimAfter(suite, genesis);
    // EIP-7702: a delegated account's code is 0xef0100 and an address.
    const delegation = `0xef0100${(await suite.factory.getAddress()).slice(2)}`;
    await connection.networkHelpers.setCode(actors.sequencer.address, delegation);
    await expect(chain.connect(actors.sequencer).appendBatch(genesis, claim, [], "0x00"))
      .to.be.revertedWithCustomError(dataAvailability, "DataIndirectSubmitter")
      .withArgs(actors.sequencer.address, actors.sequencer.address);
  });
});
