import { expect } from "chai";
import { solidityPacked } from "ethers";

import { redeem, settle, signVoucher } from "../../../plugin/channel/apps/virtual-payment.js";
import { type AppState, encodeState } from "../../../plugin/channel/apps/state.js";
import { guarantee } from "../../../plugin/channel/outcome.js";
import { keySigner } from "../../../plugin/channel/signing.js";
import type { Outcome } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { type Flows, flowsOf } from "./flows.js";
import { BOND, type Channel, DURATION, Mode, useAdjudicator } from "./support.js";

const ETHER = 10n ** 18n;
/** Alice's allowance in the virtual channel, of ETH and of the token. */
const ALLOWED = [4n * ETHER + 1n, 9n] as const;

describe("a virtual channel over a hub that disappears", () => {
  const environment = useAdjudicator();
  let flows: Flows;
  /** Alice with the hub, the hub with bob, and what they carry: alice pays bob. */
  let first: Channel;
  let second: Channel;
  let virtual: Channel;
  let opening: AppState;
  let firstLedger: AppState;
  let secondLedger: AppState;

  /** What a ledger channel says while it carries the virtual one. */
  const carrying = (shares: Outcome, left: Hex, right: Hex): AppState => ({
    turnNum: 1n,
    isFinal: false,
    appData: "0x",
    outcome: shares.map(({ asset, allocations }, i) => ({
      asset,
      allocations: [...allocations, guarantee(virtual.id, ALLOWED[i]!, left, right)],
    })),
  });

  beforeEach(async () => {
    flows = await flowsOf(environment());
    const { alice, bob, carol: hub, apps, channelOf, fund, outcome } = flows;
    first = channelOf([alice, hub], { appDefinition: apps.consensus });
    second = channelOf([hub, bob], { appDefinition: apps.consensus });
    virtual = channelOf([alice, hub, bob], { appDefinition: apps.vouchers });
    const [a, h, b] = [alice, hub, bob].map(({ address }) => address as Hex) as [Hex, Hex, Hex];

    await fund(first, alice, 6n * ETHER, 10n);
    await fund(first, hub, 2n * ETHER, 3n);
    await fund(second, hub, 5n * ETHER, 20n);
    await fund(second, bob, 1n * ETHER, 0n);
    opening = { turnNum: 0n, isFinal: false, appData: "0x", outcome: outcome([a, ...ALLOWED], [b, 0n, 0n]) };
    firstLedger = carrying(outcome([a, 6n * ETHER - ALLOWED[0], 1n], [h, 2n * ETHER, 3n]), a, h);
    secondLedger = carrying(outcome([h, 5n * ETHER - ALLOWED[0], 11n], [b, 1n * ETHER, 0n]), h, b);
  });

  /** Alice's vouchers for what she paid of ETH and of the token in all. */
  const vouchers = (...amounts: readonly [bigint, bigint]) =>
    flows.assets.map((asset, i) =>
      signVoucher(
        flows.payments,
        { channelId: virtual.id, asset, amount: amounts[i]! },
        keySigner(flows.alice.privateKey as Hex),
      ),
    );

  /** Alice and bob end the ledger channels that they have with the hub. */
  async function endLedgers() {
    await flows.challenge(first, 0, [flows.signed(first, firstLedger)]);
    await flows.challenge(second, 1, [flows.signed(second, secondLedger)]);
  }

  /** Anybody divides what a ledger channel guarantees by the end of the virtual one. */
  async function reclaim(ledger: Channel, ledgerState: AppState, final: AppState) {
    const shown = encodeState(ledgerState);
    for (const index of flows.assets.keys()) {
      await flows.adjudicator
        .connect(flows.anyone)
        .reclaim(ledger.id, shown.state, shown.outcome, index, 2, virtual.params, {
          ...encodeState(final),
          signedBy: 0n,
          signatures: "0x",
        });
    }
  }

  /** What alice, bob and the hub must have of ETH and of the token in the end, when bob was paid so much. */
  const expected = (eth: bigint, tokens: bigint) => ({
    alice: [6n * ETHER - eth, 10n - tokens],
    bob: [1n * ETHER + eth, tokens],
    carol: [7n * ETHER, 23n],
  });

  it("pays to the wei what the vouchers say, and the hub loses nothing", async () => {
    const { challenge, gains, left, passDispute, payout, signed } = flows;
    const paid = redeem(opening, vouchers(ETHER + 7n, 5n));
    await challenge(virtual, 2, [signed(virtual, opening), signed(virtual, paid, 2)]);
    await endLedgers();
    await passDispute();
    const found = await gains(async () => {
      await reclaim(first, firstLedger, paid);
      await reclaim(second, secondLedger, paid);
      await payout(first, firstLedger);
      await payout(second, secondLedger);
    });
    expect(found).to.deep.equal(expected(ETHER + 7n, 5n));
    // The bonds of three challenges are all that is left.
    expect(await left()).to.deep.equal([3n * BOND, 0n]);
  });

  it("pays the same in every order of payouts and divisions, and twice nothing", async () => {
    const { adjudicator, anyone, challenge, gains, left, networkHelpers, passDispute, payout, signed } = flows;
    const paid = redeem(opening, vouchers(ETHER, 9n));
    await challenge(virtual, 2, [signed(virtual, opening), signed(virtual, paid, 2)]);
    await endLedgers();
    await passDispute();
    const orders: (() => Promise<void>)[][] = [
      [() => payout(first, firstLedger), () => reclaim(first, firstLedger, paid)],
      [() => reclaim(first, firstLedger, paid)],
      [
        () => reclaim(second, secondLedger, paid),
        () => payout(first, firstLedger),
        () => reclaim(first, firstLedger, paid),
      ],
    ];
    for (const order of orders) {
      const snapshot = await networkHelpers.takeSnapshot();
      const found = await gains(async () => {
        await payout(second, secondLedger);
        for (const step of order) await step();
        if (order.length < 3) await reclaim(second, secondLedger, paid);
        await payout(first, firstLedger);
        await payout(second, secondLedger);
      });
      expect(found).to.deep.equal(expected(ETHER, 9n));
      expect(await left()).to.deep.equal([3n * BOND, 0n]);
      const shown = encodeState(firstLedger);
      await expect(
        adjudicator.connect(anyone).payout(first.id, shown.state, shown.outcome, 0, []),
      ).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
      await expect(reclaim(first, firstLedger, paid)).to.be.revertedWithCustomError(adjudicator, "ChannelReclaimed");
      await snapshot.restore();
    }
  });

  it("a payer that hides its vouchers is answered with them", async () => {
    const { adjudicator, anyone, challenge, gains, networkHelpers, passDispute, payout, signed } = flows;
    await challenge(virtual, 0, [signed(virtual, opening)]);
    await networkHelpers.time.increase(DURATION / 2);
    const paid = redeem(opening, vouchers(2n * ETHER, 0n));
    await adjudicator.connect(anyone).respond(virtual.params, [signed(virtual, opening), signed(virtual, paid, 2)]);
    // Nothing takes it back.
    await expect(
      adjudicator.connect(anyone).respond(virtual.params, [signed(virtual, opening), signed(virtual, opening, 0, 1)]),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelTurnOrder");
    await endLedgers();
    await passDispute();
    const found = await gains(async () => {
      await reclaim(first, firstLedger, paid);
      await reclaim(second, secondLedger, paid);
      await payout(first, firstLedger);
      await payout(second, secondLedger);
    });
    expect(found).to.deep.equal(expected(2n * ETHER, 0n));
  });

  it("a higher voucher is redeemed behind a lower one that L1 knows", async () => {
    const { adjudicator, anyone, challenge, gains, passDispute, payout, signed } = flows;
    const lower = redeem(opening, vouchers(ETHER, 1n));
    await challenge(virtual, 2, [signed(virtual, opening), signed(virtual, lower, 2)]);
    const higher = redeem(lower, vouchers(3n * ETHER, 1n));
    // What the adjudicator holds needs no signatures.
    const held = { ...signed(virtual, lower, 2), signedBy: 0n, signatures: "0x" };
    await adjudicator.connect(anyone).respond(virtual.params, [held, signed(virtual, higher, 2)]);
    await endLedgers();
    await passDispute();
    const found = await gains(async () => {
      await reclaim(first, firstLedger, higher);
      await reclaim(second, secondLedger, higher);
      await payout(first, firstLedger);
      await payout(second, secondLedger);
    });
    expect(found).to.deep.equal(expected(3n * ETHER, 1n));
  });

  it("the payee gets nothing that the payer did not sign", async () => {
    const { adjudicator, bob, carol, challenge, signed } = flows;
    const [eth, tokens] = vouchers(ETHER, 1n);
    for (const thief of [bob, carol]) {
      const forged = signVoucher(
        flows.payments,
        { channelId: virtual.id, asset: flows.assets[0]!, amount: ETHER },
        keySigner(thief.privateKey as Hex),
      );
      const stolen = redeem(opening, [forged]);
      await expect(
        challenge(virtual, 2, [signed(virtual, opening), signed(virtual, stolen, 2)]),
      ).to.be.revertedWithCustomError(adjudicator, "ChannelNotSupported");
    }
    const honest = redeem(opening, [eth!, tokens!]);
    await expect(
      challenge(virtual, 2, [signed(virtual, opening), signed(virtual, { ...honest, outcome: opening.outcome }, 2)]),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelNotSupported");
    await expect(
      challenge(virtual, 2, [signed(virtual, opening, 0, 2), signed(virtual, honest, 2)]),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelNotSupported");
  });

  it("without vouchers everything goes back to the payer", async () => {
    const { challenge, gains, passDispute, payout, signed } = flows;
    await challenge(virtual, 0, [signed(virtual, opening)]);
    await endLedgers();
    await passDispute();
    const found = await gains(async () => {
      await reclaim(first, firstLedger, opening);
      await reclaim(second, secondLedger, opening);
      await payout(first, firstLedger);
      await payout(second, secondLedger);
    });
    expect(found).to.deep.equal(expected(0n, 0n));
  });

  it("a hub that comes back cannot put the opening in the place of what was paid", async () => {
    const { adjudicator, carol: hub, challenge, passDispute, signed } = flows;
    const paid = redeem(opening, vouchers(ETHER, 2n));
    await challenge(virtual, 2, [signed(virtual, opening), signed(virtual, paid, 2)]);
    const again = () => adjudicator.connect(hub).checkpoint(virtual.params, signed(virtual, opening));
    await expect(again()).to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn");
    await passDispute();
    await expect(again()).to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode");
    expect((await adjudicator.statusOf(virtual.id)).mode).to.equal(Mode.finalized);
  });

  it("a state that everybody signs anew is later than any number of redemptions", async () => {
    const { adjudicator, anyone, challenge, gains, passDispute, payout, signed } = flows;
    // Bob gave something back, and redeems from the opening all the same.
    const agreed = settle(opening, [ETHER, 0n]);
    const lower = redeem(opening, vouchers(2n * ETHER, 0n));
    const higher = redeem(lower, vouchers(3n * ETHER, 0n));
    await challenge(virtual, 2, [signed(virtual, opening), signed(virtual, lower, 2)]);
    await adjudicator.connect(anyone).respond(virtual.params, [signed(virtual, lower, 2), signed(virtual, higher, 2)]);
    await adjudicator.connect(anyone).checkpoint(virtual.params, signed(virtual, agreed));
    await challenge(virtual, 0, [signed(virtual, agreed)]);
    await endLedgers();
    await passDispute();
    const found = await gains(async () => {
      await reclaim(first, firstLedger, agreed);
      await reclaim(second, secondLedger, agreed);
      await payout(first, firstLedger);
      await payout(second, secondLedger);
    });
    expect(found).to.deep.equal(expected(ETHER, 0n));
  });

  describe("a payer that is a contract", () => {
    it("pays by the session key that it registered, and by no other", async () => {
      const { adjudicator, alice, anyone, apps, bob, carol, channelOf, ethers, networkHelpers, signed } = flows;
      const account = await ethers.deployContract("MockWallet", [alice]);
      const wallets = [alice, carol, bob];
      const members = channelOf(wallets, { appDefinition: apps.vouchers });
      const params = {
        ...members.params,
        participants: [(await account.getAddress()) as Hex, ...members.params.participants.slice(1)],
      };
      // Alice's key is the session key of the account.
      const channel = { id: (await adjudicator.channelIdOf(params)) as Hex, params, wallets };
      const expiry = BigInt(await networkHelpers.time.latest()) + 100_000n;
      const digest = flows.digests.sessionKey(channel.id, {
        participant: params.participants[0]!,
        key: alice.address as Hex,
        expiry,
      });
      // 65 bytes, as the account wants them.
      const { r, s, v } = alice.signingKey.sign(digest);
      const signature = solidityPacked(["bytes32", "bytes32", "uint8"], [r, s, v]);
      const [asset] = flows.assets;
      const by = (key: Hex) =>
        redeem(opening, [
          signVoucher(flows.payments, { channelId: channel.id, asset: asset!, amount: 5n }, keySigner(key)),
        ]);
      const ask = (key: Hex) =>
        adjudicator
          .connect(bob)
          .challenge.staticCall(channel.params, [signed(channel, opening), signed(channel, by(key), 2)], 2, "0x", {
            value: BOND,
          });

      await expect(ask(alice.privateKey as Hex)).to.be.revertedWithCustomError(adjudicator, "ChannelSignature");
      await adjudicator.connect(anyone).registerSessionKey(channel.params, 0, alice, expiry, signature);
      await ask(alice.privateKey as Hex);
      await expect(ask(bob.privateKey as Hex)).to.be.revertedWithCustomError(adjudicator, "ChannelNotSupported");

      // A challenge from before the key expires, answered to the second and one too late.
      await networkHelpers.time.setNextBlockTimestamp(expiry - 10n);
      const own = adjudicator.connect(bob);
      await own.challenge(channel.params, [signed(channel, opening)], 2, "0x", { value: BOND });
      const support = [
        { ...encodeState(opening), signedBy: 0n, signatures: "0x" },
        signed(channel, by(alice.privateKey as Hex), 2),
      ];
      const challenged = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(expiry + 1n);
      await expect(own.respond(channel.params, support)).to.be.revertedWithCustomError(
        adjudicator,
        "ChannelNotSupported",
      );
      await challenged.restore();
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await expect(own.respond(channel.params, support)).to.emit(adjudicator, "Moved");
    });
  });
});
