import { expect } from "chai";

import { channelDigests, channelIdOf } from "../../../plugin/channel/hashes.js";
import type { Hex } from "../../../plugin/types.js";
import { Answer, BOND, type Channel, DURATION, ETH, Mode, outcomeOf, stateOf, useAdjudicator } from "./support.js";

describe("ChannelAdjudicator.challenge", () => {
  const environment = useAdjudicator();
  const value = BOND;

  it("begins a dispute at a state that everybody signed, with all clocks full", async () => {
    const { adjudicator, alice, channelOf, signedByAll, stateHashOf, networkHelpers, ethers } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 5n });
    const challenge = adjudicator.connect(alice).challenge(channel.params, [signed], 0, "0x", { value });
    await challenge;
    const finalizesAt = BigInt(await networkHelpers.time.latest()) + BigInt(DURATION);
    const hash = stateHashOf(channel, signed);
    await expect(challenge).to.emit(adjudicator, "ChallengeRegistered").withArgs(channel.id, 5n, finalizesAt, 0, hash);
    await expect(challenge).not.to.emit(adjudicator, "Moved");
    await expect(challenge).to.changeEtherBalance(ethers, adjudicator, BOND);
    const status = await adjudicator.statusOf(channel.id);
    expect([status.mode, status.turnNum, status.finalizesAt]).to.deep.equal([Mode.challenge, 5n, finalizesAt]);
    expect([status.challenger, status.bondHeld, status.stateHash]).to.deep.equal([0n, true, hash]);
    expect(await adjudicator.remainingTime(channel.params, 0)).to.equal(BigInt(DURATION));
    expect(await adjudicator.remainingTime(channel.params, 1)).to.equal(BigInt(DURATION));
  });

  it("ends with that state when nobody answers", async () => {
    const { adjudicator, channelOf, challengeWith, networkHelpers } = environment();
    const channel = channelOf();
    await challengeWith(channel, { turnNum: 5n });
    const { finalizesAt } = await adjudicator.statusOf(channel.id);
    await networkHelpers.time.increaseTo(finalizesAt - 1n);
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.challenge);
    await networkHelpers.time.increaseTo(finalizesAt);
    expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.finalized);
    expect(await adjudicator.remainingTime(channel.params, 0)).to.equal(0n);
  });

  it("takes what the app allows, tells everybody what it is, and shows the app all of it", async () => {
    const { adjudicator, alice, bob, app, channelOf, signedBy, stateHashOf } = environment();
    const channel = channelOf();
    const first = signedBy(channel, [0, 1], stateOf({ turnNum: 5n, appData: "0x05" }));
    const outcome = outcomeOf(ETH, [bob.address, 7n]);
    const second = signedBy(channel, [0], stateOf({ turnNum: 6n, isFinal: true, appData: "0x0606", outcome }));
    const shown = [first, second].map(({ state, signedBy: bits, appData, outcome: encoded }) => ({
      stateHash: stateHashOf(channel, { state }),
      turnNum: state.turnNum,
      isFinal: state.isFinal,
      signedBy: bits,
      appData,
      outcome: encoded,
    }));
    await app.expectQuestion(app.interface.encodeFunctionData("stateIsSupported", [channel.id, channel.params, shown]));
    const challenge = adjudicator.connect(alice).challenge(channel.params, [first, second], 0, "0x", { value });
    await expect(challenge)
      .to.emit(adjudicator, "Moved")
      .withArgs(channel.id, 6n, stateHashOf(channel, second), true, "0x0606", second.outcome);
    expect((await adjudicator.statusOf(channel.id)).turnNum).to.equal(6n);
  });

  it("takes nothing but a plain yes of the app", async () => {
    const { adjudicator, alice, app, channelOf, signedBy } = environment();
    const channel = channelOf();
    const move = signedBy(channel, [0], stateOf({ turnNum: 6n }));
    const challengeIn = ({ params }: Channel, signed: typeof move) =>
      adjudicator.connect(alice).challenge(params, [signed], 0, "0x", { value, gasLimit: 6_000_000n });
    for (const [name, answer] of Object.entries(Answer)) {
      if (name === "yes" || name === "answerBomb") continue;
      await app.setAnswer(answer);
      await expect(challengeIn(channel, move), name)
        .to.be.revertedWithCustomError(adjudicator, "ChannelNotSupported")
        .withArgs(channel.params.appDefinition);
    }
    // Of a long answer only the first word is read.
    await app.setAnswer(Answer.answerBomb);
    const receipt = await (await challengeIn(channel, move)).wait();
    expect(Number(receipt?.gasUsed)).to.be.lessThan(1_000_000);

    const nobody = channelOf(undefined, { appDefinition: alice.address as Hex });
    await expect(challengeIn(nobody, signedBy(nobody, [0], stateOf({ turnNum: 6n })))).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNotSupported",
    );
  });

  it("checks order, hashes and signatures of what it shows the app", async () => {
    const { adjudicator, alice, app, channelOf, signedBy } = environment();
    await app.setAnswer(Answer.yes);
    const channel = channelOf();
    const { params } = channel;
    const at = (turnNum: bigint, isFinal = false) => signedBy(channel, [0], stateOf({ turnNum, isFinal }));
    const challenge = (...support: ReturnType<typeof at>[]) =>
      adjudicator.connect(alice).challenge(params, support, 0, "0x", { value });

    await expect(challenge()).to.be.revertedWithCustomError(adjudicator, "ChannelNoState");
    await expect(challenge(at(5n), at(5n)))
      .to.be.revertedWithCustomError(adjudicator, "ChannelTurnOrder")
      .withArgs(5n, 5n);
    await expect(challenge(at(5n, true), at(6n)))
      .to.be.revertedWithCustomError(adjudicator, "ChannelFinalState")
      .withArgs(5n);
    for (const wrong of [{ appData: "0x01" as Hex }, { outcome: "0x01" as Hex }]) {
      await expect(challenge({ ...at(5n), ...wrong })).to.be.revertedWithCustomError(adjudicator, "ChannelPreimage");
    }
    await expect(challenge({ ...at(5n), signedBy: 2n })).to.be.revertedWithCustomError(adjudicator, "ChannelSignature");
    await expect(challenge({ ...at(5n), signatures: "0x" }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignaturesLength")
      .withArgs(64n, 0n);
    await expect(challenge({ ...at(5n), signedBy: 4n }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoParticipant")
      .withArgs(2n);
  });

  it("refuses signatures with a high s", async () => {
    const { adjudicator, alice, channelOf, signedByAll } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 5n });
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const vs = BigInt(`0x${signed.signatures.slice(66, 130)}`);
    const [parity, s] = [vs >> 255n, vs & ((1n << 255n) - 1n)];
    // The other s has its highest bit set, where the parity stands: what is read is another s.
    const mirrored = (((1n - parity) << 255n) | (order - s)).toString(16).padStart(64, "0");
    const signatures = `${signed.signatures.slice(0, 66)}${mirrored}${signed.signatures.slice(130)}`;
    await expect(
      adjudicator.connect(alice).challenge(channel.params, [{ ...signed, signatures }], 0, "0x", { value }),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelSignature");
  });

  it("refuses signatures that recover nobody, also of a participant without a session key", async () => {
    const { adjudicator, alice, channelOf, signedByAll } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 5n });
    const first = signed.signatures.slice(2, 130);
    const [r, vs] = [first.slice(0, 64), first.slice(64)];
    const word = (value: bigint): string => value.toString(16).padStart(64, "0");
    for (const [name, forged] of [
      ["all zero", word(0n) + word(0n)],
      ["no r", word(0n) + vs],
      ["an r that is on no point of the curve", word(5n) + vs],
      ["no s", r + word(0n)],
      ["an s above half of the order", r + word((1n << 255n) - 1n)],
    ] as const) {
      const signatures = `0x${forged}${signed.signatures.slice(130)}`;
      await expect(
        adjudicator.connect(alice).challenge(channel.params, [{ ...signed, signatures }], 0, "0x", { value }),
        name,
      )
        .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
        .withArgs(0n, ETH);
    }
  });

  it("is a participant's: it calls, or signs for this very state", async () => {
    const { adjudicator, alice, bob, liar, channelOf, signedByAll, digests, sign } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 5n });
    const own = adjudicator.connect(liar);
    const signature = sign(digests.challenge(channel.id, signed.state), [bob]);
    await expect(own.challenge(channel.params, [signed], 0, signature, { value }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignature")
      .withArgs(0n, bob.address);
    const other = sign(digests.challenge(channel.id, stateOf({ turnNum: 4n }).state), [bob]);
    await expect(own.challenge(channel.params, [signed], 1, other, { value })).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSignature",
    );
    // A signature of the state is none of the challenge.
    const ofState = sign(digests.state(channel.id, signed.state), [bob]);
    await expect(own.challenge(channel.params, [signed], 1, ofState, { value })).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSignature",
    );
    await expect(own.challenge(channel.params, [signed], 1, "0x", { value }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelSignaturesLength")
      .withArgs(64n, 0n);
    await expect(adjudicator.connect(alice).challenge(channel.params, [signed], 2, "0x", { value }))
      .to.be.revertedWithCustomError(adjudicator, "ChannelNoParticipant")
      .withArgs(2n);
    await own.challenge(channel.params, [signed], 1, signature, { value });
    expect((await adjudicator.statusOf(channel.id)).challenger).to.equal(1n);
  });

  it("takes a signature for one challenge: not after a checkpoint or the end, nor in another channel or for another turn", async () => {
    const { adjudicator, alice, bob, liar, channelOf, signedByAll, digests, sign, passDispute } = environment();
    const own = adjudicator.connect(liar);
    const channel = channelOf();
    const signed = signedByAll(channel, { turnNum: 5n });
    const signature = sign(digests.challenge(channel.id, signed.state), [alice]);
    const replay = (support = signed, { params } = channel) =>
      own.challenge(params, [support], 0, signature, { value });
    await replay();
    await expect(replay())
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.challenge);

    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 6n }));
    await expect(replay()).to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn").withArgs(6n, 5n);
    await expect(replay(signedByAll(channel, { turnNum: 6n }))).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSignature",
    );
    const other = channelOf([alice, bob], { channelNonce: 2n });
    await expect(replay(signedByAll(other, { turnNum: 5n }), other)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelSignature",
    );
    // What is signed for a challenge is no state, and no payment.
    const all = `${signature}${sign(digests.challenge(channel.id, signed.state), [bob]).slice(2)}`;
    await expect(
      adjudicator.checkpoint(channel.params, { ...signedByAll(channel, { turnNum: 7n }), signatures: all }),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelSignature");

    const final = signedByAll(channel, { turnNum: 7n, isFinal: true });
    await adjudicator.conclude(channel.params, final);
    await passDispute();
    await expect(replay())
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.finalized);
  });

  it("posts the bond to the wei", async () => {
    const { adjudicator, alice, channelOf, signedByAll } = environment();
    const channel = channelOf();
    for (const wrong of [0n, BOND - 1n, BOND + 1n]) {
      await expect(
        adjudicator
          .connect(alice)
          .challenge(channel.params, [signedByAll(channel, { turnNum: 5n })], 0, "0x", { value: wrong }),
      )
        .to.be.revertedWithCustomError(adjudicator, "ChannelWrongBond")
        .withArgs(BOND, wrong);
    }
  });

  it("holds no bond where there is none", async () => {
    const { alice, ethers, channelOf, domain, sign } = environment();
    const free = await ethers.deployContract("ChannelAdjudicator", [0n]);
    const there = { ...domain, adjudicator: (await free.getAddress()) as Hex };
    const { params, wallets } = channelOf();
    const id = channelIdOf(there, params);
    const state = stateOf({ turnNum: 5n });
    const signatures = sign(channelDigests(there).state(id, state.state), wallets);
    await free.connect(alice).challenge(params, [{ ...state, signedBy: 3n, signatures }], 0, "0x");
    expect((await free.statusOf(id)).bondHeld).to.equal(false);
    expect(await free.challengeBond()).to.equal(0n);
  });

  it("needs an open channel and no state older than the channel's", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, challengeWith, passDispute } = environment();
    const channel = channelOf();
    const { params } = channel;
    const challenge = (turnNum: bigint) =>
      adjudicator.connect(alice).challenge(params, [signedByAll(channel, { turnNum })], 0, "0x", { value });
    await adjudicator.checkpoint(params, signedByAll(channel, { turnNum: 5n }));
    await expect(challenge(4n)).to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn").withArgs(5n, 4n);
    await challenge(5n);
    await expect(challenge(6n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.challenge);
    await passDispute();
    await expect(challenge(6n))
      .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
      .withArgs(channel.id, Mode.finalized);

    const other = channelOf([alice, bob], { channelNonce: 2n });
    await challengeWith(other, { turnNum: 0n });
    expect((await adjudicator.statusOf(other.id)).turnNum).to.equal(0n);
  });

  it("refuses parameters that are no channel", async () => {
    const { adjudicator, alice, bob, channelOf } = environment();
    const { params } = channelOf();
    const refused = async (fields: Partial<typeof params>, error: string) =>
      expect(adjudicator.channelIdOf({ ...params, ...fields })).to.be.revertedWithCustomError(adjudicator, error);
    await refused({ participants: [alice.address as Hex] }, "ChannelParticipantCount");
    const many = Array.from({ length: 33 }, (_, i): Hex => `0x${(i + 1).toString(16).padStart(40, "0")}`);
    await refused({ participants: many }, "ChannelParticipantCount");
    await refused({ participants: [alice, bob, alice].map(({ address }) => address as Hex) }, "ChannelParticipant");
    await refused({ participants: [alice.address as Hex, ETH] }, "ChannelParticipant");
    await refused({ challengeDuration: 0 }, "ChannelZeroDuration");
    expect(await adjudicator.channelIdOf({ ...params, participants: many.slice(1) })).to.have.length(66);
  });
});
