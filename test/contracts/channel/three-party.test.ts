import { expect } from "chai";

import { pay } from "../../../plugin/channel/apps/single-asset-payment.js";
import type { AppState } from "../../../plugin/channel/apps/state.js";
import type { Hex } from "../../../plugin/types.js";
import { type Flows, flowsOf } from "./flows.js";
import { BOND, type Channel, DURATION, Mode, useAdjudicator } from "./support.js";

const UNIT = 10n ** 18n;
const [ALICE, BOB, CAROL] = [0, 1, 2] as const;
const NOTHING: ReadonlyMap<number, bigint> = new Map();

for (const [asset, assetIndex] of [
  ["ETH", 0],
  ["an ERC-20", 1],
] as const) {
  describe(`three parties, of which one is silent and one lies, with ${asset}`, () => {
    const environment = useAdjudicator();
    let flows: Flows;
    let channel: Channel;

    /** A state with the amounts of alice, bob and carol. */
    function state(turnNum: bigint, ...amounts: readonly [bigint, bigint, bigint]): AppState {
      const shares = channel.wallets.map(({ address }, i): [to: Hex, eth: bigint, token: bigint] => [
        address as Hex,
        amounts[i]!,
        amounts[i]!,
      ]);
      return { turnNum, isFinal: false, appData: "0x", outcome: [flows.outcome(...shares)[assetIndex]!] };
    }

    /** What alice, bob and carol gain of the asset when anybody has the channel paid. */
    async function paid(final: AppState) {
      const found = await flows.gains(() => flows.payout(channel, final));
      return [found.alice, found.bob, found.carol].map((gain) => gain[assetIndex]!);
    }

    const signed = (content: AppState, ...participants: number[]) => flows.signed(channel, content, ...participants);
    const respond = (...support: ReturnType<typeof signed>[]) =>
      flows.adjudicator.connect(flows.bob).respond(channel.params, support);
    const refused = (sent: Promise<unknown>, error: string) =>
      expect(sent).to.be.revertedWithCustomError(flows.adjudicator, error);

    beforeEach(async () => {
      flows = await flowsOf(environment());
      const { alice, bob, carol, apps, channelOf, fund } = flows;
      channel = channelOf([alice, bob, carol], { appDefinition: apps.payment });
      const [eth, tokens] = assetIndex === 0 ? [10n * UNIT, 0n] : [0n, 10n * UNIT];
      for (const wallet of [alice, bob, carol]) await fund(channel, wallet, eth, tokens);
    });

    it("an old state costs the liar its bond, theft is refused, a forced payment counts, and the end comes in time", async () => {
      const { adjudicator, anyone, challenge, ethers, gains, left, networkHelpers } = flows;
      const old = state(3n, 9n * UNIT, 12n * UNIT, 9n * UNIT);
      const agreed = state(5n, 11n * UNIT, 8n * UNIT + 1n, 11n * UNIT - 1n);

      // Bob shows what he liked better; he signed what came two turns later.
      await challenge(channel, BOB, [signed(old)]);
      const before = await ethers.provider.getBalance(anyone);
      const receipt = await (await adjudicator.connect(anyone).checkpoint(channel.params, signed(agreed))).wait();
      expect(await ethers.provider.getBalance(anyone)).to.equal(before + BOND - receipt!.fee);
      await refused(challenge(channel, BOB, [signed(old)]), "ChannelStaleTurn");

      // Carol is silent, so alice ends it, with a payment to her.
      const given = pay(agreed, ALICE, new Map([[CAROL, UNIT]]));
      await challenge(channel, ALICE, [signed(agreed), signed(given, ALICE)]);
      const begun = await networkHelpers.time.latest();

      const taken = { ...given, turnNum: 7n, outcome: state(7n, 9n * UNIT, 9n * UNIT + 1n, 12n * UNIT - 1n).outcome };
      await refused(respond(signed(given, ALICE), signed(taken, BOB)), "ChannelNotSupported");
      const forged = { ...signed(taken, ALICE, BOB, CAROL), signatures: signed(taken, BOB).signatures.repeat(3) };
      await refused(
        respond({ ...forged, signatures: `0x${forged.signatures.replaceAll("0x", "")}` }),
        "ChannelSignature",
      );
      await refused(respond(signed(agreed), signed(pay(agreed, ALICE, NOTHING), ALICE)), "ChannelStaleTurn");
      await refused(respond(signed(given, ALICE), signed({ ...given, turnNum: 8n }, BOB)), "ChannelNotSupported");

      // He can but use up his time, and pass.
      await networkHelpers.time.setNextBlockTimestamp(begun + DURATION - 1);
      const passed = pay(given, BOB, NOTHING);
      await respond(signed(given, ALICE), signed(passed, BOB));
      await networkHelpers.time.increase(DURATION);
      expect((await adjudicator.statusOf(channel.id)).mode).to.equal(Mode.finalized);
      expect((await networkHelpers.time.latest()) - begun).to.be.at.most(3 * DURATION);
      await refused(challenge(channel, BOB, [signed(old)]), "ChannelWrongMode");

      expect(await paid(passed)).to.deep.equal([10n * UNIT, 8n * UNIT + 1n, 12n * UNIT - 1n]);
      const returned = await gains(async () => {
        await adjudicator.connect(anyone).returnBond(channel.params);
      });
      expect(returned.alice[0]).to.equal(BOND);
      expect(await left()).to.deep.equal([0n, 0n]);
    });

    it("moves of everybody bind everybody, though no state has all signatures", async () => {
      const { challenge, passDispute } = flows;
      const first = state(6n, 10n * UNIT, 10n * UNIT, 10n * UNIT);
      const second = pay(first, BOB, new Map([[ALICE, 3n * UNIT]]));
      const third = pay(second, CAROL, new Map([[ALICE, 1n]]));
      const chain = [signed(first, ALICE), signed(second, BOB), signed(third, CAROL)];
      await refused(challenge(channel, ALICE, chain.slice(0, 2)), "ChannelNotSupported");
      await refused(challenge(channel, ALICE, chain.slice(1)), "ChannelNotSupported");
      await challenge(channel, ALICE, chain);
      await passDispute();
      expect(await paid(third)).to.deep.equal([13n * UNIT + 1n, 7n * UNIT, 10n * UNIT - 1n]);
    });

    it("what everybody signed overrides another move of the same turn, and the mover does not get away with two", async () => {
      const { adjudicator, challenge, passDispute } = flows;
      const base = state(5n, 10n * UNIT, 10n * UNIT, 10n * UNIT);
      const agreed = pay(base, ALICE, new Map([[BOB, 4n * UNIT]]));
      const other = pay(base, ALICE, NOTHING);
      await challenge(channel, ALICE, [signed(base), signed(other, ALICE)]);
      await adjudicator.connect(flows.anyone).checkpoint(channel.params, signed(agreed));
      await refused(challenge(channel, ALICE, [signed(base), signed(other, ALICE)]), "ChannelStaleTurn");
      await challenge(channel, BOB, [signed(agreed)]);
      await passDispute();
      expect(await paid(agreed)).to.deep.equal([6n * UNIT, 14n * UNIT, 10n * UNIT]);
    });

    it("what everybody signed counts at once, however many moves two of them make from an older state", async () => {
      const { adjudicator, anyone, challenge, passDispute } = flows;
      const base = state(5n, 10n * UNIT, 10n * UNIT, 10n * UNIT);
      const agreed = pay(base, ALICE, new Map([[CAROL, 4n * UNIT]]));
      // Alice and bob play both turns before carol's again, without the payment.
      const other = pay(base, ALICE, NOTHING);
      await challenge(channel, ALICE, [signed(base), signed(other, ALICE), signed(pay(other, BOB, NOTHING), BOB)]);
      const show = (content: AppState) => adjudicator.connect(anyone).checkpoint(channel.params, signed(content));
      expect((await adjudicator.statusOf(channel.id)).agreedTurnNum).to.equal(5n);
      await refused(show(base), "ChannelStaleTurn");
      await show(agreed);
      const { mode, turnNum, agreedTurnNum } = await adjudicator.statusOf(channel.id);
      expect([mode, turnNum, agreedTurnNum]).to.deep.equal([Mode.open, 6n, 6n]);

      // Nor do they pass by it again, from the state before, nor by hiding that everybody signed it.
      const second = signed(pay(other, BOB, NOTHING), BOB);
      const behind = signed(pay(agreed, BOB, NOTHING), BOB);
      await refused(challenge(channel, ALICE, [signed(base), signed(other, ALICE), second]), "ChannelStaleTurn");
      await refused(challenge(channel, ALICE, [signed(agreed, ALICE, CAROL), behind]), "ChannelStaleTurn");
      await challenge(channel, CAROL, [signed(agreed)]);
      await passDispute();
      expect(await paid(agreed)).to.deep.equal([6n * UNIT, 10n * UNIT, 14n * UNIT]);
    });

    it("a final state that everybody signed ends the channel over later moves from an older one", async () => {
      const { adjudicator, challenge, gains } = flows;
      const base = state(5n, 10n * UNIT, 10n * UNIT, 10n * UNIT);
      const last = { ...pay(base, ALICE, new Map([[CAROL, 4n * UNIT]])), isFinal: true };
      const other = pay(base, ALICE, NOTHING);
      await challenge(channel, ALICE, [signed(base), signed(other, ALICE)]);
      await respond(signed(other, ALICE), signed(pay(other, BOB, NOTHING), BOB));
      const { turnNum, agreedTurnNum } = await adjudicator.statusOf(channel.id);
      expect([turnNum, agreedTurnNum]).to.deep.equal([7n, 5n]);
      const { alice, bob, carol } = await gains(async () => {
        await adjudicator.concludeAndPay(channel.params, signed(last));
      });
      expect([alice, bob, carol].map((gain) => gain[assetIndex])).to.deep.equal([6n * UNIT, 10n * UNIT, 14n * UNIT]);
      expect((await adjudicator.statusOf(channel.id)).turnNum).to.equal(6n);
    });

    it("a later agreed state in an answer is what counts from then on, also where the challenge stood at it by a move", async () => {
      const { adjudicator, challenge } = flows;
      const base = state(5n, 10n * UNIT, 10n * UNIT, 10n * UNIT);
      const agreed = pay(base, ALICE, new Map([[CAROL, 4n * UNIT]]));
      await challenge(channel, ALICE, [signed(base), signed(agreed, ALICE)]);
      await respond(signed(agreed), signed(pay(agreed, BOB, NOTHING), BOB));
      const { turnNum, agreedTurnNum } = await adjudicator.statusOf(channel.id);
      expect([turnNum, agreedTurnNum]).to.deep.equal([7n, 6n]);
      await refused(adjudicator.checkpoint(channel.params, signed(agreed)), "ChannelStaleTurn");

      // From an older state nobody goes on any more.
      const [first, other] = [pay(base, ALICE, NOTHING), pay(pay(base, ALICE, NOTHING), BOB, NOTHING)];
      const chain = [signed(base), signed(first, ALICE), signed(other, BOB), signed(pay(other, CAROL, NOTHING), CAROL)];
      await refused(respond(...chain), "ChannelStaleTurn");
    });

    it("nothing follows a last move, and whoever is next has no way around it", async () => {
      const { challenge, passDispute } = flows;
      const base = state(5n, 10n * UNIT, 10n * UNIT, 10n * UNIT);
      const last = { ...pay(base, ALICE, new Map([[CAROL, UNIT]])), isFinal: true };
      await challenge(channel, ALICE, [signed(base), signed(last, ALICE)]);
      const behind = pay({ ...last, isFinal: false }, BOB, NOTHING);
      await expect(respond(signed(last, ALICE), signed(behind, BOB))).to.be.revert(flows.ethers);
      await passDispute();
      expect(await paid(last)).to.deep.equal([9n * UNIT, 10n * UNIT, 11n * UNIT]);
    });
  });
}
