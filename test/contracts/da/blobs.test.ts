import { expect } from "chai";
import { concat, getBytes, hexlify, sha256, toBeHex } from "ethers";

import { BLOB_CAPACITY } from "../../../plugin/da/blob.js";
import { emptyBlob } from "../../../plugin/da/sidecar.js";
import { blobDataHash } from "../../../plugin/ledger/hashes.js";
import type { Hex } from "../../../plugin/types.js";
import { type BlobDA, BlobDA__factory } from "../../../typechain-types/index.js";
import { walletOf } from "../../l1/support/l1.js";
import { type Connection, createConnection } from "../../support/env.js";
import { dataHash, headerWith } from "../../support/protocol.js";

describe("BlobDA.commit", () => {
  let da: BlobDA;
  let submitter: Hex;
  let ethers: Connection["ethers"];

  before(async () => {
    ({ ethers } = await createConnection());
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

  it("takes blobs of the transaction, from the first that is named on", async () => {
    const { provider } = ethers;
    const wallet = walletOf(0).connect(provider);
    const { bytes, commitment, proof } = emptyBlob();
    const blob = { data: hexlify(bytes), commitment: hexlify(commitment), proof: hexlify(proof) };
    const versionedHash = getBytes(`0x01${sha256(commitment).slice(4)}`);
    const length = BLOB_CAPACITY + 1;
    for (const [first, isThere] of [
      [1, true],
      [2, false],
    ] as const) {
      const input = concat(["0x01", toBeHex(length, 4), toBeHex(first, 1)]);
      const data = da.interface.encodeFunctionData("commit", [headerWith({ submitter }), input]);
      const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n, maxFeePerBlobGas: 10n ** 9n };
      const call = { to: da, data, type: 3, blobs: [blob, blob, blob], gasLimit: 10n ** 6n, ...fees };
      const hash = await wallet.sendTransaction(call).then(
        (sent) => sent.hash,
        (error: unknown) => String(error),
      );
      if (isThere) {
        const options = { disableStorage: true, disableStack: true, disableMemory: true };
        const trace = (await provider.send("debug_traceTransaction", [hash, options])) as { returnValue: string };
        expect(`0x${trace.returnValue.replace(/^0x/, "")}`).to.equal(
          blobDataHash(length, [versionedHash, versionedHash]),
        );
      } else {
        expect(hash).to.include("BlobDAMissingBlob(3)");
      }
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
