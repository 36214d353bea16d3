import { expect } from "chai";

import {
  claim,
  encodeHashTimeLock,
  hashOfPreimage,
  preimageOf,
  refund,
} from "../../../plugin/channel/apps/hash-time-lock.js";
import type { AppState } from "../../../plugin/channel/apps/state.js";
import type { Hex } from "../../../plugin/types.js";
import { type Flows, flowsOf } from "./flows.js";
import { type Channel, DURATION, useAdjudicator } from "./support.js";

const PREIMAGE: Hex = `0x${"a5".repeat(32)}`;
const PRICE = [5n, 70n] as const;
const FEE = 1n;

describe("a payment that a hub forwards by hash time locks", () => {
  const environment = useAdjudicator();
  let flows: Flows;
  /** Alice pays the hub, the hub pays bob; the hub has more time. */
  let incoming: Channel;
  let outgoing: Channel;
  let owed: AppState;
  let due: AppState;
  let deadline: number;

  beforeEach(async () => {
    flows = await flowsOf(environment());
    const { alice, bob, carol: hub, apps, channelOf, fund, networkHelpers, outcome } = flows;
    incoming = channelOf([alice, hub], { appDefinition: apps.lock, challengeDuration: 3 * DURATION });
    outgoing = channelOf([hub, bob], { appDefinition: apps.lock, challengeDuration: DURATION });
    await fund(incoming, alice, 20n, 100n);
    await fund(outgoing, hub, 20n, 100n);
    deadline = (await networkHelpers.time.latest()) + 10 * DURATION;
    const locked = (payer: string, payee: string, until: number, fee: bigint): AppState => ({
      turnNum: 3n,
      isFinal: false,
      appData: encodeHashTimeLock({
        algorithm: "sha256",
        hash: hashOfPreimage("sha256", PREIMAGE),
        deadline: BigInt(until),
        amounts: PRICE.map((amount) => amount + fee),
      }),
      outcome: outcome([payer as Hex, 20n, 100n], [payee as Hex, 0n, 0n]),
    });
    due = locked(hub.address, bob.address, deadline, 0n);
    owed = locked(alice.address, hub.address, deadline + 4 * DURATION, FEE);
  });

  const challengeBy = (channel: Channel, challenger: number, ...states: [AppState, AppState?]) => {
    const [locked, moved] = states;
    const support = [flows.signed(channel, locked)];
    if (moved) support.push(flows.signed(channel, moved, challenger));
    return flows.challenge(channel, challenger, support);
  };

  /** The preimage that L1 was shown. */
  async function shownPreimage() {
    const { adjudicator } = flows;
    const [move] = await adjudicator.queryFilter(adjudicator.filters.Moved(outgoing.id));
    return preimageOf(move!.args.appData as Hex);
  }

  it("is paid on both sides by the preimage that the last one shows on L1", async () => {
    const { gains, networkHelpers, payout } = flows;
    await networkHelpers.time.setNextBlockTimestamp(deadline - 1);
    await challengeBy(outgoing, 1, due, claim(due, PREIMAGE));
    const preimage = await shownPreimage();
    await challengeBy(incoming, 1, owed, claim(owed, preimage));
    await networkHelpers.time.increase(3 * DURATION);
    const found = await gains(async () => {
      await payout(outgoing, claim(due, PREIMAGE));
      await payout(incoming, claim(owed, PREIMAGE));
    });
    expect(found).to.deep.equal({ alice: [14n, 29n], bob: [5n, 70n], carol: [15n + 6n, 30n + 71n] });
  });

  it("a payer that ends early is answered: who is challenged challenges on, and has the preimage in time", async () => {
    const { adjudicator, anyone, gains, networkHelpers, payout, signed } = flows;
    await challengeBy(incoming, 0, owed);
    await challengeBy(outgoing, 0, due);
    // Bob waits as long as he can.
    const begun = await networkHelpers.time.latest();
    await networkHelpers.time.setNextBlockTimestamp(begun + DURATION - 1);
    const claimed = claim(due, PREIMAGE);
    await adjudicator.connect(anyone).respond(outgoing.params, [signed(outgoing, due), signed(outgoing, claimed, 1)]);
    const forwarded = claim(owed, await shownPreimage());
    await adjudicator
      .connect(anyone)
      .respond(incoming.params, [signed(incoming, owed), signed(incoming, forwarded, 1)]);
    await networkHelpers.time.increase(3 * DURATION);
    const found = await gains(async () => {
      await payout(outgoing, claimed);
      await payout(incoming, forwarded);
    });
    expect(found).to.deep.equal({ alice: [14n, 29n], bob: [5n, 70n], carol: [15n + 6n, 30n + 71n] });
  });

  it("goes back on both sides where the preimage stays unknown", async () => {
    const { adjudicator, gains, networkHelpers, payout } = flows;
    await expect(challengeBy(outgoing, 0, due, refund(due))).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNotSupported",
    );
    await networkHelpers.time.setNextBlockTimestamp(deadline + 4 * DURATION);
    await challengeBy(incoming, 0, owed, refund(owed));
    await challengeBy(outgoing, 0, due, refund(due));
    // The preimage comes too late.
    await expect(
      adjudicator.respond(outgoing.params, [
        flows.signed(outgoing, due),
        flows.signed(outgoing, claim(due, PREIMAGE), 1),
      ]),
    ).to.be.revert(flows.ethers);
    await networkHelpers.time.increase(3 * DURATION);
    const found = await gains(async () => {
      await payout(outgoing, refund(due));
      await payout(incoming, refund(owed));
    });
    expect(found).to.deep.equal({ alice: [20n, 100n], bob: [0n, 0n], carol: [20n, 100n] });
  });
});
