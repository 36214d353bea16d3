import { expect } from "chai";

import { encodeCheckpoint } from "../../../plugin/channel/watchtower/payload.js";
import { provesStale } from "../../../plugin/channel/watchtower/reward.js";
import { hintOf, seal } from "../../../plugin/channel/watchtower/seal.js";
import { walk } from "../../../plugin/channel/watchtower/walk.js";
import type { ChannelStatus, SignedState } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { channelOf, id, keyOf, SOME_DOMAIN } from "./support.js";

describe("A walk from the state of a challenge", () => {
  const [alice, bob, key] = [keyOf("alice"), keyOf("bob"), keyOf("alice's session key")];
  const channel = channelOf(SOME_DOMAIN, [alice, bob]);
  const other = channelOf(SOME_DOMAIN, [alice, bob], 2n);
  let held: Map<Hex, Uint8Array[]>;
  let sessionKeys: Map<Hex, Hex>;

  beforeEach(() => {
    held = new Map();
    sessionKeys = new Map();
  });

  function put(hint: Hex, blob: Uint8Array): void {
    held.set(hint, [...(held.get(hint) ?? []), blob]);
  }
  /** Hands a state to the tower, from one of an earlier turn. */
  function hand(from: number, signed: SignedState, { fork = "", of = channel } = {}): void {
    const before = channel.hashAt(from, fork);
    put(hintOf(before), seal(before, encodeCheckpoint({ params: of.params, signed })));
  }
  function chain(from: number, to: number): void {
    for (let turn = from; turn < to; turn++) hand(turn, channel.signedAt(turn + 1));
  }
  async function walkFrom(turns: readonly number[], except: readonly Hex[] = [], fork = "") {
    const found = await walk({
      ...{ domain: SOME_DOMAIN, channelId: channel.channelId, except: new Set(except) },
      vault: { blobs: (hint) => Promise.resolve(held.get(hint) ?? []) },
      from: turns.map((turn) => ({ turnNum: BigInt(turn), stateHash: channel.hashAt(turn, fork) })),
      sessionKeyOf: (participant) => Promise.resolve(sessionKeys.get(participant)),
    });
    return found && Number(found.signed.state.turnNum);
  }

  it("ends at the latest state, from any state before", async () => {
    chain(0, 40);
    for (const turn of [0, 1, 20, 38, 39]) expect(await walkFrom([turn])).to.equal(40);
    expect(await walkFrom([40])).to.equal(undefined);
    expect(await walkFrom([3], [], "a state that nobody handed")).to.equal(undefined);
  });

  it("ends before a gap, and goes on once it is filled", async () => {
    chain(0, 5);
    chain(6, 9);
    expect(await walkFrom([2])).to.equal(5);
    expect(await walkFrom([2, 6])).to.equal(9);
    hand(5, channel.signedAt(6));
    expect(await walkFrom([2])).to.equal(9);
  });

  it("leaps where states were not signed by everybody between", async () => {
    hand(0, channel.signedAt(4));
    hand(2, channel.signedAt(4));
    hand(4, channel.signedAt(9));
    expect(await walkFrom([0])).to.equal(9);
    expect(await walkFrom([2])).to.equal(9);
    expect(await walkFrom([3])).to.equal(undefined);
  });

  it("passes over garbage, blobs of other channels, and states that not everybody signed", async () => {
    chain(0, 6);
    const before = channel.hashAt(3);
    const put3 = (blob: Uint8Array): void => {
      held.set(hintOf(before), [blob, ...(held.get(hintOf(before)) ?? [])]);
    };
    put3(new Uint8Array());
    put3(Buffer.alloc(28));
    put3(Buffer.from(id("garbage")));
    put3(seal(channel.hashAt(2), encodeCheckpoint({ params: channel.params, signed: channel.signedAt(50) })));
    put3(seal(before, Buffer.from("no checkpoint")));
    put3(seal(before, encodeCheckpoint({ params: other.params, signed: other.signedAt(50) })));
    const forged = { ...channel.signedAt(60), state: channel.stateAt(70) };
    put3(seal(before, encodeCheckpoint({ params: channel.params, signed: forged })));
    const [first, second] = channel.signedAt(80).signatures;
    const swapped = { ...channel.signedAt(80), signatures: [second, first] };
    put3(seal(before, encodeCheckpoint({ params: channel.params, signed: swapped })));
    put3(seal(before, encodeCheckpoint({ params: channel.params, signed: channel.signedAt(1) })));
    expect(await walkFrom([0])).to.equal(6);
  });

  it("takes the later of two states that everybody signed after one", async () => {
    chain(0, 3);
    hand(3, channel.signedAt(4, { fork: "left" }));
    hand(3, channel.signedAt(4));
    hand(4, channel.signedAt(5));
    expect(await walkFrom([1])).to.equal(5);
  });

  it("believes a session key that its participant registered, and no other", async () => {
    hand(0, channel.signedAt(1, { as: [key, bob] }));
    expect(await walkFrom([0])).to.equal(undefined);
    sessionKeys.set(alice.address, keyOf("another key").address);
    expect(await walkFrom([0])).to.equal(undefined);
    sessionKeys.set(alice.address, key.address);
    expect(await walkFrom([0])).to.equal(1);
  });

  it("goes past states that are of no use, and ends before them", async () => {
    chain(0, 6);
    expect(await walkFrom([0], [channel.hashAt(6)])).to.equal(5);
    expect(await walkFrom([0], [channel.hashAt(4)])).to.equal(6);
  });

  it("is paid exactly by what the adjudicator says proves a challenge stale", () => {
    const at = (turnNum: bigint, challenger: number, bondHeld = true): ChannelStatus => ({
      ...{
        mode: "challenge",
        turnNum,
        agreedTurnNum: turnNum,
        finalizesAt: 1n,
        challenger,
        bondHeld,
        stateHash: id("a state"),
      },
    });
    const three = { participants: [alice.address, bob.address, key.address] };
    const cases: [boolean, ChannelStatus, { participants: readonly Hex[] }, bigint][] = [
      [true, at(5n, 0), channel.params, 7n],
      [true, at(5n, 1), channel.params, 9n],
      [false, at(5n, 1, false), channel.params, 9n],
      // Turn 6 is participant 0's: participant 1 signed it second.
      [false, at(5n, 0), channel.params, 6n],
      [true, at(5n, 1), channel.params, 6n],
      [false, at(5n, 1), channel.params, 5n],
      [false, at(5n, 1), three, 6n],
      [true, at(5n, 1), three, 7n],
    ];
    for (const [expected, status, params, turnNum] of cases)
      expect(provesStale(status, params, { turnNum }), `${status.challenger} at ${turnNum}`).to.equal(expected);
  });
});
