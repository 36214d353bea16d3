import { expect } from "chai";
import { hexlify, toBeHex } from "ethers";

import { createRandom } from "../ledger/random.js";
import { compileSdk, peek, poke, startSdk, type Sdk } from "./support/sdk.js";

const MODULUS = 2n ** 256n;
const EDGES = [
  0n,
  1n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 128n - 1n,
  2n ** 128n,
  2n ** 192n,
].concat([2n ** 255n - 1n, 2n ** 255n, MODULUS - 2n ** 64n, MODULUS - 2n, MODULUS - 1n]);

describe("256-bit arithmetic of guests", () => {
  let sdk: Sdk;
  let a: number;
  let b: number;
  let to: number;

  before(async () => {
    ({ sdk } = startSdk(await compileSdk()));
    a = sdk.area();
    b = a + 32;
    to = a + 64;
  });

  const read = (at: number) => BigInt(hexlify(peek(sdk, at, 32)));
  const write = (at: number, value: bigint) => poke(sdk, at, toBeHex(value, 32));
  function operands(): [bigint, bigint][] {
    const random = createRandom(11);
    const pairs = EDGES.flatMap((x) => EDGES.map((y): [bigint, bigint] => [x, y]));
    for (let i = 0; i < 3_000; i++) pairs.push([random.sized(256), random.sized(256)]);
    return pairs;
  }

  it("compares", () => {
    for (const [x, y] of operands()) {
      write(a, x);
      write(b, y);
      expect(sdk.compare(a, b), `${x} and ${y}`).to.equal(x < y ? -1 : x > y ? 1 : 0);
      expect(sdk.isMax(a) !== 0).to.equal(x === MODULUS - 1n);
    }
  });

  it("adds and subtracts, and says when the result does not fit", () => {
    for (const [x, y] of operands()) {
      write(a, x);
      write(b, y);
      expect(sdk.add(to, a, b) !== 0, `${x} + ${y}`).to.equal(x + y >= MODULUS);
      expect(read(to)).to.equal((x + y) % MODULUS);
      expect(sdk.subtract(to, a, b) !== 0, `${x} - ${y}`).to.equal(x < y);
      expect(read(to)).to.equal((x - y + MODULUS) % MODULUS);
      expect([read(a), read(b)], "operands").to.deep.equal([x, y]);
    }
  });

  it("multiplies by 64 bits and adds 64 bits, and says when the result does not fit", () => {
    const mask = 2n ** 64n - 1n;
    for (const [x, y] of operands()) {
      write(a, x);
      const [factor, addend] = [y & mask, (y >> 64n) & mask];
      const exact = x * factor + addend;
      const signed = (value: bigint) => BigInt.asIntN(64, value);
      expect(sdk.multiplyAdd(to, a, signed(factor), signed(addend)) !== 0).to.equal(exact >= MODULUS);
      expect(read(to), `${x} · ${factor} + ${addend}`).to.equal(exact % MODULUS);
    }
  });

  it("writes the result over an operand", () => {
    for (const [x, y] of operands()) {
      write(a, x);
      write(b, y);
      sdk.add(a, a, b);
      sdk.subtract(b, a, b);
      expect(read(b)).to.equal(x);
      sdk.subtract(a, a, a);
      expect(read(a)).to.equal(0n);
      sdk.multiplyAdd(b, b, 10n, 7n);
      expect(read(b)).to.equal((x * 10n + 7n) % MODULUS);
    }
  });
});
