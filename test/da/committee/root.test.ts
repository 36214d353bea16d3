import { expect } from "chai";

import { attestationOf, DataWithheldError, fetchData } from "../../../plugin/da/committee/client.js";
import { signAttestation } from "../../../plugin/da/committee/attestation.js";
import { createMember, type Member, RefusedError } from "../../../plugin/da/committee/member.js";
import { attestedHash, type RootOf, rootOfSuite } from "../../../plugin/da/committee/root.js";
import { openVault } from "../../../plugin/da/committee/vault.js";
import { shownBytes, shownRoot } from "../../../plugin/l1/validity-data.js";
import { chunkRoot, dataHash } from "../../../plugin/ledger/hashes.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Hex } from "../../../plugin/types.js";
import { type BatchSegment, encodeBatch, encodeShown, showBatch } from "../../../plugin/validity/batch.js";
import { bytes, fakeL1, KEYS, NOW, RETENTION, SCOPE, SEQUENCER } from "./support.js";

const rootOf = rootOfSuite({ proof: "validity" });

function batchOf(amount40: number): BatchSegment[] {
  const transfers = [{ from: 1, to: 2, amount40, fee8: 0 }];
  return [{ messages: 0, operations: [], exits: [], withdrawalNonce: 0n, feeLeaf: 0, stateRoot: 7n, h: 8n, transfers }];
}

describe("What members of a committee certify with validity proofs", () => {
  const segments = batchOf(32);
  const data = encodeBatch(segments);
  const hash = attestedHash(data, rootOf);
  let member: Member;

  beforeEach(() => {
    const [signer] = KEYS;
    if (signer === undefined) throw new Error("there are keys");
    member = createMember({
      ...{ signer, address: signer.address as Hex, scope: SCOPE, l1: fakeL1(), vault: openVault(memoryStore()) },
      ...{ maxRetention: RETENTION, rootOf },
    });
  });

  async function attest(given: Uint8Array, by: RootOf): Promise<unknown> {
    const attestation = attestationOf(given, { epoch: 0n, batchIndex: 5n, expiry: NOW + RETENTION }, by);
    const requester = await signAttestation(SEQUENCER, SCOPE, attestation);
    return member.attest({ attestation, data: given, requester }).catch((error: unknown) => error);
  }

  it("is the root that L1 computes from what it is shown", () => {
    expect(rootOf(data)).to.equal(shownRoot(shownBytes(chunkRoot(data), encodeShown(showBatch(segments)))));
    expect(rootOfSuite({ proof: "fraud" })(data)).to.equal(chunkRoot(data));
  });

  it("is signed by members, who give the data by it", async () => {
    expect(await attest(data, rootOf)).to.match(/^0x/);
    expect(member.data(hash)).to.deep.equal(data);
  });

  it("is signed for data of that root only", async () => {
    const otherTransfers: RootOf = (given) =>
      shownRoot(shownBytes(chunkRoot(given), encodeShown(showBatch(batchOf(64)))));
    for (const by of [chunkRoot, otherTransfers]) {
      expect(await attest(data, by))
        .to.be.instanceOf(RefusedError)
        .with.property("message")
        .that.includes("data hash");
    }
    expect(member.data(dataHash(data))).to.equal(undefined);
  });

  it("is signed for no data that are no batch", async () => {
    for (const malformed of [bytes(100), data.slice(0, -1), Uint8Array.of(...data, 0)]) {
      expect(await attest(malformed, chunkRoot))
        .to.be.instanceOf(RefusedError)
        .with.property("message")
        .that.includes("malformed batch data");
    }
  });

  it("tells readers what is true", async () => {
    const answers: Record<string, Uint8Array> = {
      "other:": encodeBatch(batchOf(64)),
      "malformed:": data.slice(0, -1),
      "true:": data,
    };
    const ask = (url: string) => Promise.resolve(new Response(new Uint8Array(answers[url.split("/")[0] ?? ""] ?? [])));
    expect(await fetchData(["other:", "malformed:", "true:"], hash, { ask, rootOf })).to.deep.equal(data);
    const outcome: unknown = await fetchData(["other:", "malformed:"], hash, { ask, rootOf }).catch(
      (error: unknown) => error,
    );
    expect(outcome).to.be.instanceOf(DataWithheldError);
    const { faults } = outcome as DataWithheldError;
    expect(faults.find(({ url }) => url === "other:")?.reason).to.include("another hash");
    expect(faults.find(({ url }) => url === "malformed:")?.reason).to.include("malformed batch data");
  });
});
