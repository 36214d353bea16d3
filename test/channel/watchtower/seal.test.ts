import { createHash } from "node:crypto";

import { expect } from "chai";

import { decodeCheckpoint, encodeCheckpoint } from "../../../plugin/channel/watchtower/payload.js";
import { hintOf, seal, SEAL_LENGTH, unseal } from "../../../plugin/channel/watchtower/seal.js";
import { MAX_BLOB_LENGTH } from "../../../plugin/channel/watchtower/wire.js";
import { channelOf, id, keyOf, SOME_DOMAIN } from "./support.js";

describe("What a watchtower is given to hold", () => {
  const channel = channelOf(SOME_DOMAIN, [keyOf("alice"), keyOf("bob"), keyOf("carol")]);
  const payload = encodeCheckpoint({ params: channel.params, signed: channel.signedAt(8) });
  const key = channel.hashAt(7);

  it("opens with the hash of the state before, and with nothing else", () => {
    const blob = seal(key, payload);
    expect(blob).to.have.length(payload.length + SEAL_LENGTH);
    expect(unseal(key, blob)).to.deep.equal(Buffer.from(payload));
    expect(unseal(channel.hashAt(6), blob)).to.equal(undefined);
    expect(unseal(channel.hashAt(7, "another"), blob)).to.equal(undefined);
    expect(unseal(hintOf(key), blob)).to.equal(undefined);
  });

  it("does not open when any of its bytes is another", () => {
    const blob = seal(key, payload);
    for (let i = 0; i < blob.length; i += 7) {
      const other = blob.slice();
      other[i]! ^= 1;
      expect(unseal(key, other), `byte ${i}`).to.equal(undefined);
    }
    for (let length = 0; length <= SEAL_LENGTH; length++)
      expect(unseal(key, blob.subarray(0, length))).to.equal(undefined);
  });

  it("is the same for the same state, and has another nonce for another one", () => {
    const again = encodeCheckpoint({ params: channel.params, signed: channel.signedAt(8) });
    expect(seal(key, again)).to.deep.equal(seal(key, payload));
    const other = encodeCheckpoint({ params: channel.params, signed: channel.signedAt(8, { fork: "another" }) });
    const nonces = [seal(key, payload), seal(key, other)].map((blob) =>
      Buffer.from(blob.subarray(0, 12)).toString("hex"),
    );
    expect(nonces[0]).not.to.equal(nonces[1]);
  });

  it("lies under a hint that tells nothing of the channel", () => {
    const hints = [1, 2, 3].map((turn) => hintOf(channel.hashAt(turn)));
    expect(new Set(hints).size).to.equal(3);
    for (const hint of hints) expect(hint).not.to.equal(channel.channelId);
    expect(hintOf(key)).not.to.equal(key);
  });

  it("has all that a checkpoint needs, also of 32 participants", () => {
    const everybody = Array.from({ length: 32 }, (_, i) => keyOf(`participant ${i}`));
    const crowd = channelOf(SOME_DOMAIN, everybody);
    const checkpoint = { params: crowd.params, signed: crowd.signedAt(3) };
    const bytes = encodeCheckpoint(checkpoint);
    expect(decodeCheckpoint(bytes)).to.deep.equal(checkpoint);
    expect(bytes.length + SEAL_LENGTH).to.be.below(MAX_BLOB_LENGTH);
  });

  it("is not made of a state that somebody did not sign", () => {
    const checkpoint = { params: channel.params, signed: channel.signedAt(8, { by: [0, 2] }) };
    expect(() => encodeCheckpoint(checkpoint)).to.throw(RangeError, /expected 64 bytes/);
  });

  it("is nothing when it is no checkpoint, whatever the bytes", () => {
    for (let length = 0; length < 600; length += 13) {
      const bytes = Buffer.concat(
        Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
          createHash("sha256")
            .update(id(`${length}/${i}`))
            .digest(),
        ),
      ).subarray(0, length);
      expect(decodeCheckpoint(bytes)).to.equal(undefined);
    }
    expect(decodeCheckpoint(payload.subarray(0, -1))).to.equal(undefined);
    expect(decodeCheckpoint(Buffer.concat([payload, Buffer.alloc(1)]))).to.equal(undefined);
  });
});
