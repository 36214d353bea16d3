import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import { concat, dataSlice, hexlify, toUtf8Bytes, zeroPadValue } from "ethers";

import { fromHex, toBytes, toHex } from "../../../plugin/ledger/bytes.js";
import type { Hex } from "../../../plugin/types.js";
import { type Bls12381Mock, Bls12381Mock__factory } from "../../../typechain-types/index.js";
import { createRandom } from "../../ledger/random.js";
import { type Connection, createConnection } from "../../support/env.js";
import { actorsOf } from "../../support/suite.js";

/** RFC 9380, J.9.1: BLS12381G1_XMD:SHA-256_SSWU_RO_. */
const RFC_DST = "QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
const RFC_VECTORS = [
  [
    "",
    "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
    "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265",
  ],
  [
    "abc",
    "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
    "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d",
  ],
] as const;

const DST = "a tag of this test";
const INFINITY_G1 = `0x${"00".repeat(128)}`;
const INFINITY_G2 = `0x${"00".repeat(256)}`;
const P = curve.fields.Fp.ORDER;

const { G1, G2 } = curve;
const g1 = ({ x, y }: { x: bigint; y: bigint }): Hex => toHex(Buffer.concat([toBytes(x, 64), toBytes(y, 64)]));
const g2 = (point: typeof G2.ProjectivePoint.BASE): Hex => {
  const { x, y } = point.toAffine();
  return toHex(Buffer.concat([x.c0, x.c1, y.c0, y.c1].map((value) => toBytes(value, 64))));
};
const hash = (message: Uint8Array, dst = DST) =>
  G1.hashToCurve(message, { DST: dst }) as typeof G1.ProjectivePoint.BASE;

describe("Bls12381", () => {
  const random = createRandom(12_381);
  let connection: Connection;
  let bls: Bls12381Mock;

  before(async () => {
    connection = await createConnection();
    bls = await new Bls12381Mock__factory((await actorsOf(connection)).deployer).deploy();
  });
  after(() => connection.close());

  const scalar = (): bigint => 1n + random.bits(254);

  for (const [message, x, y] of RFC_VECTORS) {
    it(`hashes "${message}" to the point that RFC 9380 names`, async () => {
      const point = await bls.hashToG1(toUtf8Bytes(message), toUtf8Bytes(RFC_DST));
      expect(point).to.equal(concat([zeroPadValue(`0x${x}`, 64), zeroPadValue(`0x${y}`, 64)]));
    });
  }

  it("hashes messages and tags of every length as another implementation does", async () => {
    for (const [length, tag] of [
      [0, 1],
      [31, 43],
      [32, 43],
      [33, 32],
      [96, 255],
      [200, 100],
    ] as const) {
      const message = random.bytes(length);
      const dst = hexlify(random.bytes(tag)).slice(2, 2 + tag);
      expect(await bls.hashToG1(message, toUtf8Bytes(dst))).to.equal(g1(hash(message, dst).toAffine()));
    }
  });

  it("adds, negates and compresses points as another implementation does", async () => {
    const points = Array.from({ length: 8 }, () => G2.ProjectivePoint.BASE.multiply(scalar()));
    const greater = new Set<string>();
    for (const [i, point] of points.entries()) {
      const next = points[(i + 1) % points.length]!;
      expect(await bls.add(g2(point), g2(next))).to.equal(g2(point.add(next)));
      expect(await bls.negate(g2(point))).to.equal(g2(point.negate()));
      const compressed = await bls.compress(g2(point));
      expect(compressed).to.equal(toHex(point.toRawBytes(true)));
      greater.add(((fromHex(compressed)[0] ?? 0) & 0x20).toString());
    }
    expect(greater, "both signs").to.have.length(2);
    const [one] = points;
    expect(await bls.add(g2(one!), g2(one!))).to.equal(g2(one!.double()));
    expect(await bls.add(g2(one!), INFINITY_G2)).to.equal(g2(one!));
    expect(await bls.add(g2(one!), g2(one!.negate()))).to.equal(INFINITY_G2);
    expect(await bls.negate(INFINITY_G2)).to.equal(INFINITY_G2);
  });

  it("borrows from the higher word when it negates, and compares by it when it compresses", async () => {
    // Not on the curve: neither asks.
    const element = (value: bigint) => toHex(toBytes(value, 64));
    const half = (P - 1n) / 2n;
    for (const value of [0n, 1n, P - 1n, half, half + 1n, (1n << 256n) - 1n, 1n << 256n]) {
      const negative = value === 0n ? 0n : P - value;
      const point = (y0: bigint, y1: bigint) => concat([element(5n), element(7n), element(y0), element(y1)]);
      expect(await bls.negate(point(value, 3n))).to.equal(point(negative, P - 3n));
      expect(await bls.negate(point(3n, value))).to.equal(point(P - 3n, negative));
      const isGreater = async (y0: bigint, y1: bigint) =>
        (Number(dataSlice(await bls.compress(point(y0, y1)), 0, 1)) & 0x20) !== 0;
      expect(await isGreater(value, 0n)).to.equal(value > half);
      expect(await isGreater(P - 1n, value)).to.equal(value === 0n ? true : value > half);
    }
  });

  describe("as judge of a signature", () => {
    const secret = scalar();
    const message = random.bytes(32);
    const key = G2.ProjectivePoint.BASE.multiply(secret);
    const signature = hash(message).multiply(secret);
    const verify = (sig: string, under = g2(key) as string, what = message, dst = DST, gasLimit?: number) =>
      bls.verify.staticCall(under, what, toUtf8Bytes(dst), sig, gasLimit === undefined ? {} : { gasLimit });
    const right = g1(signature.toAffine());

    it("takes what the key signed, whatever is signed", async () => {
      expect(await verify(right)).to.equal(true);
      for (let i = 0; i < 10; i++) {
        const [own, content] = [scalar(), random.bytes(random.int(100))];
        const signed = g1(hash(content).multiply(own).toAffine());
        expect(await verify(signed, g2(G2.ProjectivePoint.BASE.multiply(own)), content)).to.equal(true);
      }
    });

    it("takes nothing else", async () => {
      const other = G2.ProjectivePoint.BASE.multiply(scalar());
      expect(await verify(right, g2(other))).to.equal(false);
      expect(await verify(right, g2(key), random.bytes(32))).to.equal(false);
      expect(await verify(right, g2(key), message, "another tag of this test")).to.equal(false);
      expect(await verify(g1(signature.negate().toAffine()))).to.equal(false);
      expect(await verify(right, INFINITY_G2)).to.equal(false);
    });

    it("does not take infinity, not even under infinity, where the equation holds", async () => {
      expect(await verify(INFINITY_G1)).to.equal(false);
      expect(await verify(INFINITY_G1, INFINITY_G2)).to.equal(false);
    });

    const { x, y } = signature.toAffine();
    /** On the curve of G1, of order 3: outside of the subgroup. */
    const small = g1({ x: 0n, y: 2n });
    for (const [what, wrong] of [
      ["is not on the curve", g1({ x, y: y + 1n })],
      ["is outside of the subgroup", small],
      ["has a coordinate that is not below the modulus", g1({ x: x + P, y })],
      ["has something before a coordinate", `0x01${right.slice(4)}`],
    ] as const) {
      it(`reverts for a signature that ${what}`, async () => {
        await expect(verify(wrong))
          .to.be.revertedWithCustomError(bls, "Bls12381PrecompileFailed")
          .withArgs("0x000000000000000000000000000000000000000F");
      });
    }

    it("reverts for a key that is not on its curve, and for one outside of the subgroup", async () => {
      const bytes = g2(key);
      const off = concat([dataSlice(bytes, 0, 255), toHex(Uint8Array.of((fromHex(bytes)[255] ?? 0) ^ 1))]);
      await expect(verify(right, off)).to.be.revertedWithCustomError(bls, "Bls12381PrecompileFailed");
      await expect(verify(right, outsideOfG2())).to.be.revertedWithCustomError(bls, "Bls12381PrecompileFailed");
    });

    it("never judges with too little gas", async () => {
      const whole = Number(await bls.verify.estimateGas(g2(key), message, toUtf8Bytes(DST), right));
      let taken = 0;
      for (let gasLimit = whole + 20_000; gasLimit > 30_000; gasLimit -= 4_999) {
        const outcome = await verify(right, g2(key), message, DST, gasLimit).then(
          (verdict) => String(verdict),
          (error: unknown) => String(error),
        );
        if (outcome === "true") taken++;
        else
          expect(outcome)
            .to.match(/Bls12381OutOfGas|out of gas|without a reason|gas/i)
            .and.not.match(/^false|Failed/);
      }
      expect(taken).to.be.above(0);
    });
  });
});

/** A point of the curve of G2 outside of its subgroup: the first whose x is small. */
function outsideOfG2(): Hex {
  const { Fp2 } = curve.fields;
  for (let c0 = 0n; ; c0++) {
    const x = Fp2.fromBigTuple([c0, 0n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n]));
    try {
      const point = G2.ProjectivePoint.fromAffine({ x, y: Fp2.sqrt(square) });
      if (!point.isTorsionFree()) return g2(point);
    } catch {
      // No square root: the next x.
      continue;
    }
  }
}
