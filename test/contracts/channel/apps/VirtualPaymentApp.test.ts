import { expect } from "chai";

import { AppError, type AppState } from "../../../../plugin/channel/apps/state.js";
import {
  checkVoucher,
  decodeSettled,
  encodeSettled,
  redeem,
  settle,
  type SignedVoucher,
  signVoucher,
  type VirtualPayments,
  voucherDigest,
} from "../../../../plugin/channel/apps/virtual-payment.js";
import { toHex } from "../../../../plugin/ledger/bytes.js";
import type { Hex } from "../../../../plugin/types.js";
import {
  ChannelAdjudicator__factory,
  type VirtualPaymentApp,
  VirtualPaymentApp__factory,
} from "../../../../typechain-types/index.js";
import { altered, askApp, bits, ETH, KEYS, shown, sides, STRANGER, TOKEN } from "./support.js";

const EVERYBODY = bits(0, 1, 2);
const PAYEE = bits(2);
const [ALICE, , BOB] = KEYS;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("VirtualPaymentApp", () => {
  let bench: Awaited<ReturnType<typeof askApp>>;
  let app: VirtualPaymentApp;
  let payments: VirtualPayments;
  const base: AppState = { turnNum: 1n, isFinal: false, appData: "0x", outcome: sides([100n, 5n], [50n, 0n]) };

  const voucher = (asset: Hex, amount: bigint, signer = ALICE, channelId = bench.channelId): SignedVoucher =>
    signVoucher(payments, { channelId, asset, amount }, signer);
  const ask = (next: AppState, from = base, signedBy = PAYEE, baseSignedBy = EVERYBODY) =>
    app.stateIsSupported(bench.channelId, bench.params, [
      shown(bench.channelId, from, baseSignedBy),
      shown(bench.channelId, next, signedBy),
    ]);

  before(async () => {
    bench = await askApp();
    const adjudicator = await new ChannelAdjudicator__factory(bench.deployer).deploy(0n);
    app = await new VirtualPaymentApp__factory(bench.deployer).deploy(adjudicator);
    payments = { l1ChainId: bench.chainId, app: (await app.getAddress()) as Hex };
  });

  it("is bound to a contract", async () => {
    await expect(new VirtualPaymentApp__factory(bench.deployer).deploy(STRANGER.address))
      .to.be.revertedWithCustomError(app, "VirtualPaymentNoAdjudicator")
      .withArgs(bench.ethers.getAddress(STRANGER.address));
  });

  it("has the digest that the client signs", async () => {
    expect(await app.voucherDigest(bench.channelId, TOKEN, 7n)).to.equal(
      toHex(voucherDigest(payments, { channelId: bench.channelId, asset: TOKEN, amount: 7n })),
    );
  });

  it("pays vouchers of one asset and of several, up to all that the payer has", async () => {
    for (const [vouchers, outcome] of [
      [[voucher(ETH, 30n)], sides([70n, 35n], [50n, 0n])],
      [[voucher(TOKEN, 50n)], sides([100n, 5n], [0n, 50n])],
      [[voucher(TOKEN, 1n), voucher(ETH, 100n)], sides([0n, 105n], [49n, 1n])],
    ] as const) {
      const redeemed = redeem(base, vouchers);
      expect(redeemed.outcome).to.deep.equal(outcome);
      expect(await ask(redeemed)).to.equal(true);
    }
  });

  it("pays a higher voucher after a lower one, and only the difference", async () => {
    const lower = redeem(base, [voucher(ETH, 30n)]);
    const higher = redeem(lower, [voucher(ETH, 45n), voucher(TOKEN, 2n)]);
    expect(higher.outcome).to.deep.equal(sides([55n, 50n], [48n, 2n]));
    expect(await ask(higher, lower)).to.equal(true);
  });

  it("pays nothing twice, whatever follows what", async () => {
    const lower = redeem(base, [voucher(ETH, 30n)]);
    const again = { ...lower, turnNum: 3n, outcome: sides([40n, 65n], [50n, 0n]) };
    await expect(ask(again, lower)).to.be.revertedWithCustomError(app, "VirtualPaymentNothingRedeemed");
    expect(() => redeem(lower, [voucher(ETH, 30n)])).to.throw(AppError, "no voucher is above what is settled");
  });

  it("pays nothing twice after everybody put it into the outcome", async () => {
    const agreed = settle(base, [30n, 0n]);
    expect(agreed.turnNum).to.equal(256n);
    const entries = [voucher(ETH, 30n), { amount: 0n, signature: `0x${"00".repeat(64)}` as const }];
    const again = { ...agreed, turnNum: 257n, appData: encodeSettled(entries), outcome: sides([40n, 65n], [50n, 0n]) };
    await expect(ask(again, agreed)).to.be.revertedWithCustomError(app, "VirtualPaymentNothingRedeemed");

    const higher = redeem(agreed, [voucher(ETH, 31n)]);
    expect(higher.outcome).to.deep.equal(sides([69n, 36n], [50n, 0n]));
    expect(await ask(higher, agreed)).to.equal(true);
  });

  it("refuses an old voucher after a higher one", async () => {
    const higher = redeem(base, [voucher(ETH, 45n)]);
    const entries = [voucher(ETH, 30n), decodeSettled(higher.appData, 2)[1]!];
    const older = { ...higher, turnNum: 3n, appData: encodeSettled(entries), outcome: sides([70n, 35n], [50n, 0n]) };
    await expect(ask(older, higher))
      .to.be.revertedWithCustomError(app, "VirtualPaymentOldVoucher")
      .withArgs(ETH, 45n, 30n);
  });

  it("refuses a voucher that the payee, a hub or a stranger signed, of another channel, asset, app or chain", async () => {
    const good = voucher(ETH, 30n);
    const elsewhere = (other: VirtualPayments) =>
      signVoucher(other, { channelId: bench.channelId, asset: ETH, amount: 30n }, ALICE);
    for (const bad of [
      voucher(ETH, 30n, BOB),
      voucher(ETH, 30n, KEYS[1]),
      voucher(ETH, 30n, STRANGER),
      voucher(ETH, 30n, ALICE, `0x${"cc".repeat(32)}`),
      voucher(TOKEN, 30n),
      voucher(ETH, 29n),
      elsewhere({ ...payments, app: TOKEN }),
      elsewhere({ ...payments, l1ChainId: payments.l1ChainId + 1n }),
    ]) {
      const redeemed = redeem(base, [{ ...good, signature: bad.signature }]);
      await expect(ask(redeemed))
        .to.be.revertedWithCustomError(app, "VirtualPaymentVoucher")
        .withArgs(ETH, 30n, (signer: string) => signer !== bench.ethers.getAddress(ALICE.address));
      expect(() =>
        checkVoucher(
          payments,
          { ...good, signature: bad.signature },
          { channelId: bench.channelId, base, had: 0n, payers: [ALICE.address] },
        ),
      ).to.throw(AppError, /the voucher is signed by/);
    }
  });

  it("refuses a high s and a signature of nobody", async () => {
    const good = voucher(ETH, 30n);
    const s = BigInt(`0x${good.signature.slice(66)}`) & ((1n << 255n) - 1n);
    // The high s of the same signature does not fit 255 bits: the lowest one that is too high stands for it.
    const high: Hex = `0x${good.signature.slice(2, 66)}${(ORDER / 2n + 1n).toString(16).padStart(64, "0")}`;
    expect(s <= ORDER / 2n).to.equal(true);
    await expect(ask(redeem(base, [{ ...good, signature: high }]))).to.be.revertedWithCustomError(
      app,
      "ECDSAInvalidSignatureS",
    );
    const nobody: Hex = `0x${"00".repeat(64)}`;
    await expect(ask(redeem(base, [{ ...good, signature: nobody }]))).to.be.revertedWithCustomError(
      app,
      "ECDSAInvalidSignature",
    );
  });

  it("refuses a voucher above what the payer has", async () => {
    const over = { ...redeem(base, [voucher(ETH, 100n)]), outcome: sides([0n, 106n], [50n, 0n]) };
    const appData = encodeSettled([voucher(ETH, 101n), decodeSettled("0x", 2)[1]!]);
    await expect(ask({ ...over, appData }))
      .to.be.revertedWithCustomError(app, "ConditionalPaymentAmount")
      .withArgs(ETH, 100n, 101n);
    expect(() => redeem(base, [voucher(ETH, 101n)])).to.throw(AppError, "the payer has 100");
  });

  it("refuses an outcome that moves more, less, elsewhere or something else", async () => {
    const redeemed = redeem(base, [voucher(ETH, 30n)]);
    for (const outcome of [
      base.outcome,
      sides([69n, 36n], [50n, 0n]),
      sides([71n, 34n], [50n, 0n]),
      sides([70n, 36n], [50n, 0n]),
      sides([70n, 35n], [49n, 1n]),
      altered(redeemed.outcome, 0, 0, { destination: altered(base.outcome, 0, 0, {})[0]!.allocations[1]!.destination }),
      redeemed.outcome.slice(0, 1),
    ]) {
      await expect(ask({ ...redeemed, outcome })).to.be.revertedWithCustomError(app, "ConditionalPaymentOutcome");
    }
  });

  it("refuses a redemption that the payee did not sign", async () => {
    await expect(ask(redeem(base, [voucher(ETH, 30n)]), base, bits(0, 1)))
      .to.be.revertedWithCustomError(app, "ConditionalPaymentSigner")
      .withArgs(2n, bits(0, 1));
  });

  it("refuses a redemption of nothing", async () => {
    const idle = { ...base, turnNum: 2n, appData: encodeSettled(decodeSettled("0x", 2)) };
    await expect(ask(idle)).to.be.revertedWithCustomError(app, "VirtualPaymentNothingRedeemed");
    expect(() => redeem(base, [])).to.throw(AppError, "no voucher is above what is settled");
  });

  it("refuses a redemption that ends the channel", async () => {
    await expect(ask({ ...redeem(base, [voucher(ETH, 30n)]), isFinal: true })).to.be.revertedWithCustomError(
      app,
      "VirtualPaymentFinal",
    );
  });

  it("refuses what follows a base that not everybody signed, or that is final", async () => {
    const redeemed = redeem(base, [voucher(ETH, 30n)]);
    await expect(ask(redeemed, base, PAYEE, bits(0, 2))).to.be.revertedWithCustomError(app, "ConditionalPaymentBase");
    await expect(ask(redeemed, { ...base, isFinal: true })).to.be.revertedWithCustomError(
      app,
      "ConditionalPaymentAfterFinal",
    );
  });

  it("refuses app data of another length", async () => {
    const redeemed = redeem(base, [voucher(ETH, 30n)]);
    for (const appData of ["0x", `0x${"00".repeat(96)}`, `${redeemed.appData}00`] as Hex[]) {
      await expect(ask({ ...redeemed, appData }))
        .to.be.revertedWithCustomError(app, "VirtualPaymentAppData")
        .withArgs(192n, (appData.length - 2) / 2);
    }
    const oddly = { ...base, appData: "0x00" as const };
    await expect(ask(redeemed, oddly)).to.be.revertedWithCustomError(app, "VirtualPaymentAppData").withArgs(192n, 1n);
    expect(() => redeem(oddly, [voucher(ETH, 30n)])).to.throw(AppError, "empty or 192 bytes, got 1");
  });

  it("leaves some turns to what everybody signs, so that no number of redemptions passes it by", async () => {
    const before = { ...base, turnNum: 255n };
    const redeemed = { ...redeem(base, [voucher(ETH, 30n)]), turnNum: 256n };
    await expect(ask(redeemed, before)).to.be.revertedWithCustomError(app, "VirtualPaymentAgreedTurn").withArgs(256n);
    expect(() => redeem(before, [voucher(ETH, 30n)])).to.throw(
      AppError,
      "nothing is redeemed behind turn 255: turn 256 is for a state that everybody signs",
    );
    expect(settle({ ...base, turnNum: 255n }, [0n, 0n]).turnNum).to.equal(256n);
    expect(settle({ ...base, turnNum: 256n }, [0n, 0n]).turnNum).to.equal(512n);
  });

  describe("what the payee checks", () => {
    const check = (signed: SignedVoucher, had = 0n, from = base) =>
      checkVoucher(payments, signed, { channelId: bench.channelId, base: from, had, payers: [ALICE.address] });

    it("tells what a voucher brings", () => {
      expect(check(voucher(ETH, 30n))).to.equal(30n);
      expect(check(voucher(ETH, 30n), 12n)).to.equal(18n);
      expect(check(voucher(ETH, 30n), 0n, settle(base, [10n, 0n]))).to.equal(20n);
    });

    it("refuses what it could not redeem, or gains nothing by", () => {
      expect(() => check(voucher(ETH, 30n, ALICE, `0x${"cc".repeat(32)}`))).to.throw(AppError, "the voucher is for");
      expect(() => check(voucher(STRANGER.address, 30n))).to.throw(AppError, "the channel has no asset");
      expect(() => check(voucher(ETH, 30n), 30n)).to.throw(AppError, "must be above 30");
      expect(() => check(voucher(ETH, 101n))).to.throw(AppError, "the payer has 100");
      expect(() => check(voucher(ETH, 30n), 0n, { ...base, turnNum: 511n })).to.throw(AppError, "behind turn 511");
      expect(() => check(voucher(ETH, 30n), 0n, { ...base, isFinal: true })).to.throw(AppError, "turn 1 was final");
    });
  });

  it("everybody's state says what is settled of every asset", () => {
    expect(() => settle(base, [1n])).to.throw(AppError, "there are 2 assets, not 1");
    expect(() => settle(settle(base, [30n, 0n]), [29n, 0n])).to.throw(AppError, "takes nothing back");
  });
});
