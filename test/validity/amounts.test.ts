import { expect } from "chai";

import {
  decodeAmount,
  decodeFee,
  encodeAmount,
  encodeFee,
  floorAmount,
  floorFee,
  InexactAmountError,
  packTransfer,
  unpackTransfer,
} from "../../plugin/validity/amounts.js";
import { createRandom } from "../ledger/random.js";

const MAX_AMOUNT = (2n ** 35n - 1n) * 10n ** 31n;
const MAX_FEE = 7n * 10n ** 31n;

describe("amounts and fees of transfers", () => {
  const random = createRandom(0xa3);

  it("read mantissa and exponent from their places", () => {
    expect(decodeAmount(0)).to.equal(0n);
    expect(decodeAmount(1 * 32 + 18)).to.equal(10n ** 18n);
    expect(decodeAmount(2 ** 40 - 1)).to.equal(MAX_AMOUNT);
    expect(decodeFee(0)).to.equal(0n);
    expect(decodeFee(5 * 32 + 2)).to.equal(500n);
    expect(decodeFee(255)).to.equal(MAX_FEE);
  });

  it("are written exactly, whatever they mean", () => {
    for (let i = 0; i < 2_000; i++) {
      const float = Number(random.bits(40));
      expect(decodeAmount(encodeAmount(decodeAmount(float)))).to.equal(decodeAmount(float));
    }
    for (let float = 0; float < 256; float++) expect(decodeFee(encodeFee(decodeFee(float)))).to.equal(decodeFee(float));
  });

  it("are written with the least exponent", () => {
    expect(encodeAmount(10n ** 18n)).to.equal(10 ** 10 * 32 + 8);
    expect(encodeAmount(0n)).to.equal(0);
    expect(encodeFee(70n)).to.equal(7 * 32 + 1);
  });

  it("name the nearest value below one that they cannot hold", () => {
    const value = 123_456_789_012_345_678n;
    expect(() => encodeAmount(value))
      .to.throw(
        InexactAmountError,
        "amount 123456789012345678 cannot be written exactly; the nearest below is 123456789010000000",
      )
      .that.includes({ value, below: 123_456_789_010_000_000n });
    expect(() => encodeFee(81n)).to.throw(
      InexactAmountError,
      "fee 81 cannot be written exactly; the nearest below is 70",
    );
    expect(() => encodeAmount(MAX_AMOUNT + 1n))
      .to.throw(InexactAmountError)
      .that.includes({ below: MAX_AMOUNT });
    expect(() => encodeFee(MAX_FEE + 1n))
      .to.throw(InexactAmountError)
      .that.includes({ below: MAX_FEE });
  });

  it("are floored to the greatest value at or below", () => {
    const fees = Array.from({ length: 256 }, (_, float) => decodeFee(float));
    for (let i = 0; i < 500; i++) {
      const value = random.sized(110);
      const best = fees.reduce((found, fee) => (fee <= value && fee > found ? fee : found), 0n);
      expect(floorFee(value)).to.equal(best);
      const amount = floorAmount(value);
      expect(amount <= value).to.equal(true);
      expect(decodeAmount(encodeAmount(amount))).to.equal(amount);
      // Nothing between: no mantissa of any exponent comes nearer.
      for (let power = 1n; power <= 10n ** 31n; power *= 10n) {
        const mantissa = value / power < 2n ** 35n ? value / power : 2n ** 35n - 1n;
        expect(mantissa * power <= amount).to.equal(true);
      }
    }
  });

  it("are floored to the greatest mantissa of one exponent less, where that is nearer", () => {
    expect(floorAmount(2n ** 35n)).to.equal(2n ** 35n - 1n);
    expect(floorAmount(2n ** 35n + 2n)).to.equal(2n ** 35n + 2n);
    expect(floorFee(99n)).to.equal(70n);
    expect(floorFee(100n)).to.equal(100n);
  });

  it("refuse negative values and floats of more bits", () => {
    for (const call of [
      () => encodeAmount(-1n),
      () => encodeFee(-1n),
      () => decodeAmount(2 ** 40),
      () => decodeAmount(-1),
      () => decodeAmount(0.5),
      () => decodeFee(256),
      () => packTransfer({ from: 2 ** 32, to: 0, amount40: 0, fee8: 0 }),
      () => unpackTransfer(1n << 112n),
    ])
      expect(call).to.throw(RangeError);
  });

  it("stand in a transfer of 14 bytes with the leaves", () => {
    expect(packTransfer({ from: 1, to: 2, amount40: 3, fee8: 4 })).to.equal(0x00000001_00000002_0000000003_04n);
    for (let i = 0; i < 500; i++) {
      const t = random.bits(112);
      expect(packTransfer(unpackTransfer(t))).to.equal(t);
    }
  });
});
