import { expect } from "chai";
import { id } from "ethers";

import { attestationSigner } from "../../../plugin/da/committee/attestation.js";
import {
  CHUNK_LENGTH,
  chunkCount,
  isChunkOf,
  MAX_DATA_LENGTH,
  proveChunk,
} from "../../../plugin/da/committee/chunks.js";
import { type AttestationRequest, type Member, RefusedError } from "../../../plugin/da/committee/member.js";
import { dataHash } from "../../../plugin/ledger/hashes.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Hex } from "../../../plugin/types.js";
import {
  bytes,
  type FakeL1,
  fakeL1,
  KEYS,
  memberOf,
  MEMBERS,
  NOW,
  requestOf,
  RETENTION,
  SCOPE,
  STRANGER,
} from "./support.js";

/** Fails unless the member refuses, with these words. */
async function expectRefusal(member: Member, request: AttestationRequest, words: string): Promise<void> {
  const outcome = await member.attest(request).catch((error: unknown) => error);
  expect(outcome).to.be.instanceOf(RefusedError);
  expect((outcome as RefusedError).message).to.include(words);
  expect(member.data(request.attestation.dataHash)).to.equal(undefined);
}

describe("A committee's member", () => {
  let l1: FakeL1;
  let member: Member;

  beforeEach(() => {
    l1 = fakeL1();
    member = memberOf(3, l1);
  });

  it("signs data that it stored, and gives them", async () => {
    const data = bytes(3 * CHUNK_LENGTH + 1);
    const request = await requestOf(data);
    const signature = await member.attest(request);
    expect(attestationSigner(SCOPE, request.attestation, signature)).to.equal(MEMBERS[3]);
    expect(member.data(dataHash(data))).to.deep.equal(data);
  });

  for (const length of [1, 31, CHUNK_LENGTH, CHUNK_LENGTH + 1, 5 * CHUNK_LENGTH + 7]) {
    it(`gives each chunk of ${length} bytes with its path`, async () => {
      const data = bytes(length);
      await member.attest(await requestOf(data));
      const hash = dataHash(data);
      for (let index = 0; index < chunkCount(length); index++) {
        const proven = member.chunk(hash, index);
        expect(proven?.length).to.equal(length);
        expect(proven !== undefined && isChunkOf(hash, index, proven), `chunk ${index}`).to.equal(true);
        expect(proven !== undefined && isChunkOf(hash, index + 1, proven), `chunk ${index + 1}`).to.equal(false);
      }
      expect(() => member.chunk(hash, chunkCount(length))).to.throw(RangeError);
    });
  }

  it("knows a chunk of other data, or another length, as false", () => {
    const data = bytes(2 * CHUNK_LENGTH);
    const proven = proveChunk(data, 1);
    expect(isChunkOf(dataHash(data), 1, proven)).to.equal(true);
    expect(isChunkOf(dataHash(data), 1, { ...proven, length: proven.length - 1 })).to.equal(false);
    expect(isChunkOf(dataHash(data), 1, { ...proven, chunk: proveChunk(data, 0).chunk })).to.equal(false);
    expect(isChunkOf(dataHash(data), 1, { ...proven, root: id("another") as Hex })).to.equal(false);
  });

  it("signs nothing but what the data hash and length stand for", async () => {
    const data = bytes(100);
    await expectRefusal(member, await requestOf(data, { attestation: { dataHash: id("other") as Hex } }), "data hash");
    await expectRefusal(member, await requestOf(data, { attestation: { length: 99n } }), "99");
  });

  it("stores 1 byte to 1 MiB", async () => {
    await expectRefusal(member, await requestOf(new Uint8Array()), "0 bytes");
    await expectRefusal(member, await requestOf(bytes(MAX_DATA_LENGTH + 1)), "1048577 bytes");
    await member.attest(await requestOf(bytes(MAX_DATA_LENGTH)));
  });

  it("works for bonded sequencers only", async () => {
    await expectRefusal(member, await requestOf(bytes(9), { by: STRANGER }), STRANGER.address);
    const request = await requestOf(bytes(9));
    await expectRefusal(member, { ...request, requester: `0x${"00".repeat(64)}` }, "nobody");
  });

  it("signs in epochs that it is a member of", async () => {
    await expectRefusal(member, await requestOf(bytes(9), { attestation: { epoch: 1n } }), "no member of epoch 1");
    l1.members = () => Promise.resolve(MEMBERS.filter((address) => address !== MEMBERS[3]));
    await expectRefusal(member, await requestOf(bytes(9)), "no member of epoch 0");
  });

  it("signs for batches that may be posted, one more where its node lags", async () => {
    for (const batchIndex of [3n, 4n, 5n, 6n])
      await member.attest(await requestOf(bytes(9), { attestation: { batchIndex } }));
    for (const batchIndex of [1n, 2n, 7n])
      await expectRefusal(memberOf(3, l1), await requestOf(bytes(9), { attestation: { batchIndex } }), "3 to 6");
  });

  it("promises no more time than it was told to", async () => {
    const expiry = NOW + RETENTION + 1n;
    await expectRefusal(member, await requestOf(bytes(9), { attestation: { expiry } }), `${NOW + RETENTION}`);
  });

  describe("asked for other data of a batch that it signed", () => {
    const [first, second] = [bytes(9), bytes(9, 1)];

    it("signs the same data as often as it is asked", async () => {
      const request = await requestOf(first);
      const signature = await member.attest(request);
      expect(await member.attest(request)).to.equal(signature);
      await member.attest(await requestOf(first, { attestation: { expiry: NOW + RETENTION - 1n } }));
    });

    it("does not sign, also when both come at once", async () => {
      const requests = await Promise.all([requestOf(first), requestOf(second)]);
      const outcomes = await Promise.allSettled(requests.map((request) => member.attest(request)));
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected"]);
      await expectRefusal(member, await requestOf(second), dataHash(first));
    });

    it("does not sign after a restart", async () => {
      const store = memoryStore();
      await memberOf(3, l1, store).attest(await requestOf(first));
      await expectRefusal(memberOf(3, l1, store), await requestOf(second), dataHash(first));
    });

    it("signs once L1 reverted the batch after the first signature, and keeps both", async () => {
      l1.reverts.push({ from: 1n, block: 100 });
      await member.attest(await requestOf(first));
      await expectRefusal(member, await requestOf(second), dataHash(first));
      l1.reverts.push({ from: 6n, block: 101 });
      await expectRefusal(member, await requestOf(second), dataHash(first));
      l1.blockNumber = 103;
      l1.reverts.push({ from: 5n, block: 102 });
      await member.attest(await requestOf(second));
      expect(member.data(dataHash(first))).to.deep.equal(first);
      expect(member.data(dataHash(second))).to.deep.equal(second);
      await expectRefusal(member, await requestOf(bytes(9, 2)), dataHash(second));
    });

    it("signs for other batches", async () => {
      await member.attest(await requestOf(first));
      await member.attest(await requestOf(second, { attestation: { batchIndex: 6n } }));
    });
  });

  it("signs with its own key", () => {
    expect(member.address).to.equal(KEYS[3]?.address);
  });
});
