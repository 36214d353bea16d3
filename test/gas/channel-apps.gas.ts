import { claim, encodeHashTimeLock, hashOfPreimage } from "../../plugin/channel/apps/hash-time-lock.js";
import { pay } from "../../plugin/channel/apps/single-asset-payment.js";
import type { AppState } from "../../plugin/channel/apps/state.js";
import { redeem, signVoucher } from "../../plugin/channel/apps/virtual-payment.js";
import { keySigner } from "../../plugin/channel/signing.js";
import type { Hex } from "../../plugin/types.js";
import { flowsOf } from "../contracts/channel/flows.js";
import { useAdjudicator } from "../contracts/channel/support.js";
import { checkGasSnapshot, expectAtMost, type GasFigures, gasOf } from "../support/gas.js";

const PREIMAGE: Hex = `0x${"5e".repeat(32)}`;

describe("gas of moves that an app allows", () => {
  const measured: GasFigures = {};
  const environment = useAdjudicator();

  it("a payment of one asset, forced, with two and with three participants", async () => {
    const { alice, bob, carol, apps, challenge, channelOf, outcome, signed } = await flowsOf(environment());
    for (const wallets of [
      [alice, bob],
      [alice, bob, carol],
    ]) {
      const channel = channelOf(wallets, { appDefinition: apps.payment });
      const [eth] = outcome(...wallets.map(({ address }): [Hex, bigint, bigint] => [address as Hex, 10n ** 18n, 0n]));
      const base: AppState = { turnNum: 5n, isFinal: false, appData: "0x", outcome: [eth!] };
      const mover = 6 % wallets.length;
      const moved = pay(base, mover, new Map([[1, 10n ** 17n]]));
      measured[`challenge with a payment, ${wallets.length} participants`] = await gasOf(
        await challenge(channel, mover, [signed(channel, base), signed(channel, moved, mover)]),
      );
    }
  });

  it("vouchers of ETH and a token over a hub, redeemed and redeemed again", async () => {
    const flows = await flowsOf(environment());
    const { adjudicator, alice, anyone, bob, carol: hub, apps, assets, challenge, channelOf, outcome, signed } = flows;
    const channel = channelOf([alice, hub, bob], { appDefinition: apps.vouchers });
    const base: AppState = {
      turnNum: 0n,
      isFinal: false,
      appData: "0x",
      outcome: outcome([alice.address as Hex, 10n ** 18n, 10n ** 18n], [bob.address as Hex, 0n, 0n]),
    };
    const vouchers = (amount: bigint) =>
      assets.map((asset) =>
        signVoucher(flows.payments, { channelId: channel.id, asset, amount }, keySigner(alice.privateKey as Hex)),
      );
    const lower = redeem(base, vouchers(10n ** 16n));
    const higher = redeem(lower, vouchers(10n ** 17n));
    measured["challenge with two vouchers"] = await gasOf(
      await challenge(channel, 2, [signed(channel, base), signed(channel, lower, 2)]),
    );
    const held = { ...signed(channel, lower, 2), signedBy: 0n, signatures: "0x" };
    measured["response with two higher vouchers"] = await gasOf(
      await adjudicator.connect(anyone).respond(channel.params, [held, signed(channel, higher, 2)]),
    );
  });

  it("a claim of ETH and a token by the preimage of a SHA-256 hash", async () => {
    const { alice, bob, apps, challenge, channelOf, outcome, signed } = await flowsOf(environment());
    const channel = channelOf([alice, bob], { appDefinition: apps.lock });
    const locked: AppState = {
      turnNum: 0n,
      isFinal: false,
      appData: encodeHashTimeLock({
        algorithm: "sha256",
        hash: hashOfPreimage("sha256", PREIMAGE),
        deadline: 2n ** 40n,
        amounts: [10n ** 17n, 10n ** 17n],
      }),
      outcome: outcome([alice.address as Hex, 10n ** 18n, 10n ** 18n], [bob.address as Hex, 0n, 0n]),
    };
    measured["challenge with a preimage"] = await gasOf(
      await challenge(channel, 1, [signed(channel, locked), signed(channel, claim(locked, PREIMAGE), 1)]),
    );
  });

  it("is as recorded", async () => {
    for (const [name, gas] of Object.entries(measured)) expectAtMost(name, gas, 200_000);
    await checkGasSnapshot("channel apps", measured);
  });
});
