import { createRequire } from "node:module";

import { expect } from "chai";
import { concat, getBytes, hexlify, SigningKey, toBeHex, zeroPadValue } from "ethers";
import { network } from "hardhat";
import type secp256k1 from "secp256k1";

import { recoverAddress } from "../../plugin/machine/ecrecover.js";
import { ecrecover } from "../../plugin/machine/hostCalls.js";
import { createRandom } from "../ledger/random.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;

interface Case {
  hash: string;
  v: bigint;
  r: bigint;
  s: bigint;
}

/** Sound signatures and everything that is wrong with a signature. */
function cases(): Case[] {
  const random = createRandom(31);
  const found: Case[] = [];
  for (let i = 0; i < 6; i++) {
    const hash = hexlify(random.bytes(32));
    const signed = new SigningKey(toBeHex(random.bits(250) + 1n, 32)).sign(hash);
    const [v, r, s] = [BigInt(signed.v), BigInt(signed.r), BigInt(signed.s)];
    found.push({ hash, v, r, s }, { hash, v: 55n - v, r, s }, { hash, v: 55n - v, r, s: ORDER - s });
    for (const other of [0n, 1n, 26n, 29n, 27n + 256n, 27n + (1n << 128n), 27n << 248n])
      found.push({ hash, v: other, r, s });
    for (const edge of [0n, 1n, ORDER - 1n, ORDER, ORDER + 1n, FIELD, 2n ** 256n - 1n, random.bits(256)])
      for (const parity of [27n, 28n]) found.push({ hash, v: parity, r: edge, s }, { hash, v: parity, r, s: edge });
    for (const edge of [`0x${"00".repeat(32)}`, toBeHex(ORDER, 32), `0x${"ff".repeat(32)}`])
      found.push({ hash: edge, v, r, s });
  }
  return found;
}

describe("ecrecover", () => {
  it("is the EVM's precompile, on sound signatures and on every unsound one", async () => {
    const { provider } = await network.create();
    let recovered = 0;
    for (const { hash, v, r, s } of cases()) {
      const input = concat([hash, ...[v, r, s].map((value) => toBeHex(value, 32))]);
      const to = "0x0000000000000000000000000000000000000001";
      const answer = (await provider.request({ method: "eth_call", params: [{ to, data: input }] })) as string;
      const expected = answer === "0x" ? `0x${"00".repeat(32)}` : answer;
      expect(hexlify(ecrecover(getBytes(input))), input).to.equal(expected);
      if (v === 27n || v === 28n) {
        const parts = [hash, toBeHex(r, 32), toBeHex(s, 32)].map((part) => getBytes(part));
        const signer = recoverAddress(parts[0]!, v === 27n ? 0 : 1, parts[1]!, parts[2]!);
        expect(signer === undefined ? undefined : zeroPadValue(hexlify(signer), 32), input).to.equal(
          answer === "0x" ? undefined : answer,
        );
        if (signer !== undefined) recovered++;
      }
    }
    expect(recovered).to.be.above(20);
  });

  it("is the same where the library has no native part", () => {
    const require = createRequire(import.meta.url);
    const recoverers = ["secp256k1", "secp256k1/elliptic"].map((name) => {
      const library = require(name) as Pick<typeof secp256k1, "ecdsaRecover">;
      return (signature: Uint8Array, parity: number, hash: Uint8Array): string => {
        try {
          return hexlify(library.ecdsaRecover(signature, parity, hash, false));
        } catch (error) {
          expect(error).to.be.instanceOf(Error).with.property("message").that.includes("could not be");
          return "nobody";
        }
      };
    });
    for (const { hash, v, r, s } of cases()) {
      if (v !== 27n && v !== 28n) continue;
      const signature = getBytes(concat([toBeHex(r, 32), toBeHex(s, 32)]));
      const [native, script] = recoverers.map((recover) => recover(signature, Number(v) - 27, getBytes(hash)));
      expect(script, concat([hash, signature, toBeHex(v, 1)])).to.equal(native);
    }
  });
});
