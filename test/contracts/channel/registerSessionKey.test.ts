import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { channelIdOf } from "../../../plugin/channel/hashes.js";
import type { Hex } from "../../../plugin/types.js";
import { BOND, type Channel, DURATION, stateOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.registerSessionKey", () => {
  const environment = useAdjudicator();
  const EXPIRY = 1n << 40n;

  it("lets the participant itself name a key, which then signs for it", async () => {
    const { adjudicator, alice, bob, carol, channelOf, digests, sign } = environment();
    const channel = channelOf();
    await expect(adjudicator.connect(alice).registerSessionKey(channel.params, 0, carol, EXPIRY, "0x"))
      .to.emit(adjudicator, "SessionKeyRegistered")
      .withArgs(channel.id, alice.address, carol.address, EXPIRY);
    expect(await adjudicator.sessionKeyOf(channel.id, alice)).to.deep.equal([carol.address, EXPIRY]);

    const state = stateOf({ turnNum: 4n });
    for (const [turn, first] of [
      [4n, carol],
      [5n, alice],
    ] as const) {
      const own = stateOf({ turnNum: turn });
      const signatures = sign(digests.state(channel.id, own.state), [first, bob]);
      await adjudicator.checkpoint(channel.params, { ...own, signedBy: 3n, signatures });
    }
    const challenge = stateOf({ turnNum: 6n });
    const challengeDigest = digests.challenge(channel.id, challenge.state);
    const signatures = sign(digests.state(channel.id, challenge.state), [carol, bob]);
    await adjudicator.challenge(
      channel.params,
      [{ ...challenge, signedBy: 3n, signatures }],
      0,
      sign(challengeDigest, [carol]),
      { value: BOND },
    );

    // It signs for nobody else, and in no other channel.
    await expect(
      adjudicator.checkpoint(channel.params, { ...stateOf({ turnNum: 9n }), signedBy: 3n, signatures }),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelSignature");
    const other = channelOf([alice, bob], { channelNonce: 2n });
    const foreign = sign(digests.state(other.id, state.state), [carol, bob]);
    await expect(adjudicator.checkpoint(other.params, { ...state, signedBy: 3n, signatures: foreign }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(0n, carol.address);
  });

  it("takes the key from anybody with the participant's signature", async () => {
    const { adjudicator, alice, carol, liar, channelOf, digests, sign } = environment();
    const channel = channelOf();
    const session = { participant: alice.address as Hex, key: carol.address as Hex, expiry: EXPIRY };
    const signature = sign(digests.sessionKey(channel.id, session), [alice]);
    await adjudicator.connect(liar).registerSessionKey(channel.params, 0, carol, EXPIRY, signature);
    expect(await adjudicator.sessionKeyOf(channel.id, alice)).to.deep.equal([carol.address, EXPIRY]);
  });

  it("refuses signatures of others, of another length and for something else", async () => {
    const { adjudicator, alice, carol, liar, channelOf, digests, sign } = environment();
    const { id, params } = channelOf();
    const session = { participant: alice.address as Hex, key: carol.address as Hex, expiry: EXPIRY };
    const own = adjudicator.connect(liar);
    await expect(own.registerSessionKey(params, 0, carol, EXPIRY, sign(digests.sessionKey(id, session), [liar])))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(0n, liar.address);
    const signature = sign(digests.sessionKey(id, session), [alice]);
    await expect(own.registerSessionKey(params, 0, liar, EXPIRY, signature)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSignature",
    );
    await expect(own.registerSessionKey(params, 0, carol, EXPIRY, `${signature}00`))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignaturesLength")
      .withArgs(64n, 65n);
  });

  it("takes the word of a contract account here, and its key's from then on", async () => {
    const { adjudicator, bob, liar, domain, digests, channelOfWallet, signedByAll } = environment();
    const { channel, account } = await channelOfWallet();
    expect(await adjudicator.sessionKeyOf(channel.id, account)).to.deep.equal([bob.address, EXPIRY]);
    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 3n }));

    // Another channel of the same account has no key yet: its word about a state is not asked for.
    const params = { ...channel.params, channelNonce: 2n };
    const other: Channel = { id: channelIdOf(domain, params), params, wallets: channel.wallets };
    await expect(adjudicator.checkpoint(params, signedByAll(other, { turnNum: 3n })))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(1n, bob.address);
    const session = { participant: params.participants[1]!, key: liar.address as Hex, expiry: EXPIRY };
    const forged = liar.signingKey.sign(digests.sessionKey(other.id, session)).serialized;
    await expect(adjudicator.registerSessionKey(params, 1, liar, EXPIRY, forged))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(1n, ZeroAddress);
  });

  it("refuses a second key, none, one that does not outlive a dispute, and a participant that there is not", async () => {
    const { adjudicator, alice, carol, liar, channelOf, networkHelpers } = environment();
    const { params } = channelOf();
    const own = adjudicator.connect(alice);
    await expect(own.registerSessionKey(params, 0, ZeroAddress, EXPIRY, "0x")).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSessionKey",
    );
    await expect(own.registerSessionKey(params, 2, carol, EXPIRY, "0x"))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoParticipant")
      .withArgs(2n);
    const now = BigInt(await networkHelpers.time.latest()) + 100n;
    const least = now + 2n * BigInt(DURATION);
    await networkHelpers.time.setNextBlockTimestamp(now);
    await expect(own.registerSessionKey(params, 0, carol, least - 1n, "0x"))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSessionKey")
      .withArgs(carol.address, least - 1n, least);
    await networkHelpers.time.setNextBlockTimestamp(now + 1n);
    await own.registerSessionKey(params, 0, carol, least + 1n, "0x");
    await expect(own.registerSessionKey(params, 0, liar, EXPIRY, "0x")).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSessionKey",
    );
  });

  it("counts a key's signature up to its expiry and not after", async () => {
    const { adjudicator, alice, bob, carol, channelOf, digests, sign, networkHelpers } = environment();
    const channel = channelOf();
    const expiry = BigInt(await networkHelpers.time.latest()) + 10n * BigInt(DURATION);
    await adjudicator.connect(alice).registerSessionKey(channel.params, 0, carol, expiry, "0x");
    const signed = (turnNum: bigint) => {
      const state = stateOf({ turnNum });
      return { ...state, signedBy: 3n, signatures: sign(digests.state(channel.id, state.state), [carol, bob]) };
    };
    await networkHelpers.time.setNextBlockTimestamp(expiry);
    await adjudicator.checkpoint(channel.params, signed(3n));
    await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
    await expect(adjudicator.checkpoint(channel.params, signed(4n)))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(0n, carol.address);
  });
});
