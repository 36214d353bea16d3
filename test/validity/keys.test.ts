import { createRequire } from "node:module";

import type * as eddsa from "@zk-kit/eddsa-poseidon";
import { expect } from "chai";
import { getBytes, keccak256, Wallet } from "ethers";

import {
  isOnCurve,
  isUsableKey,
  publicKeyOf,
  signElement,
  SUBGROUP_ORDER,
  verifyElement,
} from "../../plugin/validity/babyjubjub.js";
import { KeySignatureError, keyMessage, keyOfSignature } from "../../plugin/validity/keys.js";
import { FIELD_ORDER } from "../../plugin/validity/poseidon.js";
import { createRandom } from "../ledger/random.js";

// Its export map names modules that are not in the package; the CommonJS build works.
const reference = createRequire(import.meta.url)("@zk-kit/eddsa-poseidon") as typeof eddsa;

describe("keys of BabyJubjub", () => {
  const random = createRandom(0xb7);
  const privateKey = random.bytes(32);
  const key = publicKeyOf(privateKey);

  it("sign as the reference does", () => {
    for (let i = 0; i < 5; i++) {
      const secret = random.bytes(32);
      const message = random.bits(253);
      const [x, y] = reference.derivePublicKey(Buffer.from(secret));
      const { R8, S } = reference.signMessage(Buffer.from(secret), message);
      expect(publicKeyOf(secret)).to.deep.equal({ x, y });
      expect(signElement(secret, message)).to.deep.equal({ r8: { x: R8[0], y: R8[1] }, s: S });
      expect(verifyElement(message, signElement(secret, message), { x, y })).to.equal(true);
    }
  });

  it("verify nothing that was changed", () => {
    const message = random.bits(253);
    const { r8, s } = signElement(privateKey, message);
    const other = publicKeyOf(random.bytes(32));
    const forged: [bigint, typeof r8, bigint, typeof key][] = [
      [message + 1n, r8, s, key],
      [message, r8, s + 1n, key],
      [message, { x: r8.x, y: FIELD_ORDER - r8.y }, s, key],
      [message, { x: FIELD_ORDER - r8.x, y: r8.y }, s, key],
      [message, other, s, key],
      [message, r8, s, other],
      [message, r8, s, { x: FIELD_ORDER - key.x, y: key.y }],
    ];
    for (const [m, r, sum, k] of forged) expect(verifyElement(m, { r8: r, s: sum }, k)).to.equal(false);
  });

  it("refuse a second form of the same signature", () => {
    const { r8, s } = signElement(privateKey, 7n);
    expect(verifyElement(7n, { r8, s }, key)).to.equal(true);
    expect(verifyElement(7n, { r8, s: s + SUBGROUP_ORDER }, key)).to.equal(false);
    expect(verifyElement(7n, { r8: { x: r8.x + FIELD_ORDER, y: r8.y }, s }, key)).to.equal(false);
    expect(verifyElement(7n, { r8, s }, { x: key.x, y: key.y + FIELD_ORDER })).to.equal(false);
  });

  it("refuse keys off the curve and of small order", () => {
    // (1 / √a, 0) is of order 4; (0, 1) is the identity, (0, -1) of order 2.
    const order4 = { x: inverseRoot(168700n), y: 0n };
    for (const point of [{ x: 0n, y: 1n }, { x: 0n, y: FIELD_ORDER - 1n }, order4]) {
      expect(isOnCurve(point)).to.equal(true);
      expect(isUsableKey(point)).to.equal(false);
      // With the identity as the key, s · B8 = R8 holds for whoever chooses R8.
      expect(verifyElement(1n, { r8: publicKeyOf(privateKey), s: scalarOf(privateKey) }, point)).to.equal(false);
    }
    expect(isUsableKey({ x: 0n, y: 0n })).to.equal(false);
    expect(isUsableKey({ x: key.x, y: key.y + 1n })).to.equal(false);
    expect(isUsableKey(key)).to.equal(true);
  });

  it("come from one signature of a wallet", async () => {
    const bridge = "0xB1B1b1B1b1b1B1b1B1b1B1B1B1b1b1b1B1b1B1B1";
    const message = keyMessage(31337n, bridge);
    expect(message).to.equal(
      "hardhat-rollup validity key\nchain 31337\nbridge 0xb1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1\nOnly sign this for an application that you trust.",
    );
    const signature = getBytes(await new Wallet(`0x${"11".repeat(32)}`).signMessage(message));
    expect(keyOfSignature(signature)).to.deep.equal(getBytes(keccak256(signature)));
    const low = signature.slice();
    low[64]! -= 27;
    expect(keyOfSignature(low), "v of 0 or 1").to.deep.equal(keyOfSignature(signature));
    expect(() => keyOfSignature(signature.subarray(1))).to.throw(KeySignatureError, "65 bytes, got 64");
    expect(() => keyOfSignature(Uint8Array.of(...signature.subarray(0, 64), 29))).to.throw(KeySignatureError, "got 29");
    expect(() => keyOfSignature(new Uint8Array(65))).to.throw(KeySignatureError, "empty");
  });

  function scalarOf(secret: Uint8Array): bigint {
    return reference.deriveSecretScalar(Buffer.from(secret));
  }
});

/** 1 / √a in the field. */
function inverseRoot(a: bigint): bigint {
  const root = squareRoot(a);
  return power(root, FIELD_ORDER - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base % FIELD_ORDER];
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if (bits & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

/** Tonelli and Shanks; `a` is a square. */
function squareRoot(a: bigint): bigint {
  let [odd, twos] = [FIELD_ORDER - 1n, 0];
  while (odd % 2n === 0n) [odd, twos] = [odd / 2n, twos + 1];
  let nonSquare = 2n;
  while (power(nonSquare, (FIELD_ORDER - 1n) / 2n) === 1n) nonSquare++;
  let [c, t, root, m] = [power(nonSquare, odd), power(a, odd), power(a, (odd + 1n) / 2n), twos];
  while (t !== 1n) {
    let i = 0;
    for (let s = t; s !== 1n; s = (s * s) % FIELD_ORDER) i++;
    const b = power(c, 2n ** BigInt(m - i - 1));
    [m, c] = [i, (b * b) % FIELD_ORDER];
    [t, root] = [(t * c) % FIELD_ORDER, (root * b) % FIELD_ORDER];
  }
  return root;
}
