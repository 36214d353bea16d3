import { expect } from "chai";
import { concat } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import { type BlobDA, BlobDA__factory } from "../../../typechain-types/index.js";
import { createConnection } from "../../support/env.js";
import { dataHash, headerWith } from "../../support/protocol.js";

describe("BlobDA.commit", () => {
  let da: BlobDA;
  let submitter: Hex;

  before(async () => {
    const { ethers } = await createConnection();
    const [signer] = await ethers.getSigners();
    if (signer === undefined) throw new Error("the network has no account");
    submitter = signer.address as Hex;
    da = await new BlobDA__factory(signer).deploy();
  });

  it("takes calldata, with the hash that a chain without blobs gives them", async () => {
    for (const data of ["0x", "0x01", `0x${"5a".repeat(4097)}`] as const) {
      expect(await da.commit.staticCall(headerWith({ submitter }), concat(["0x00", data]))).to.equal(dataHash(data));
    }
  });

  for (const [what, input, error, args] of [
    ["no form", "0x", "DataWithoutForm", []],
    ["a committee's certificate", "0x02", "DataUnknownForm", [2n]],
    ["blobs that the transaction does not have", "0x010000000103", "BlobDAMissingBlob", [3n]],
    ["a length of no bytes", "0x010000000000", "BlobDALengthOutOfRange", [0n]],
    ["a length beyond 1 MiB", "0x010010000100", "BlobDALengthOutOfRange", [1048577n]],
    ["a place that is too short", "0x0100000001", "BlobDAMalformedInput", [4n]],
    ["a place that is too long", "0x01000000010000", "BlobDAMalformedInput", [6n]],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await expect(da.commit.staticCall(headerWith({ submitter }), input))
        .to.be.revertedWithCustomError(da, error)
        .withArgs(...args);
    });
  }

  it("refuses a submitter that did not sign the transaction, in either form", async () => {
    const other = (await da.getAddress()) as Hex;
    for (const input of ["0x00", "0x010000000100"]) {
      await expect(da.commit.staticCall(headerWith({ submitter: other }), input))
        .to.be.revertedWithCustomError(da, "DataIndirectSubmitter")
        .withArgs(other, submitter);
    }
  });
});
