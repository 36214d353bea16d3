import { expect } from "chai";
import { getBytes, keccak256, Signature, TypedDataEncoder, Wallet } from "ethers";

import { fromHex, toBytes, toHex } from "../../plugin/ledger/bytes.js";
import type { Hex } from "../../plugin/types.js";
import { encodeAmount, encodeFee } from "../../plugin/validity/amounts.js";
import { fromAddress, toAddress } from "../../plugin/validity/leaf.js";
import { FIELD_ORDER } from "../../plugin/validity/poseidon.js";
import { type Domain, txDomain } from "../../plugin/validity/statement.js";
import {
  encodeRegistration,
  isRegistrationSigned,
  isSignedBy,
  parseRequest,
  registrationDigest,
  RequestError,
  type RequestFault,
  type SignedRegistration,
  type SignedTransfer,
  signTransfer,
  transferHash,
} from "../../plugin/validity/transfer.js";
import { SUBGROUP_ORDER } from "../../plugin/validity/babyjubjub.js";
import { createRandom } from "../ledger/random.js";
import { createOwner, DOMAIN, numberOf } from "./support/owner.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("requests to a sequencer", () => {
  const random = createRandom(0x7a);
  const alice = createOwner(1);
  const transfer = {
    owner: alice.id,
    token: numberOf(0x70),
    nonce: 2n ** 64n - 1n,
    amount40: encodeAmount(10n ** 18n),
    fee8: encodeFee(3_000n),
    isWithdrawal: true,
    recipient: numberOf(0xff),
  };
  const raw = signTransfer(transfer, DOMAIN, alice.privateKey);

  /** `raw` with other bytes from `start` on. */
  function withBytes(of: Uint8Array, start: number, bytes: Uint8Array): Uint8Array {
    const changed = of.slice();
    changed.set(bytes, start);
    return changed;
  }

  function expectFault(bytes: Uint8Array, fault: RequestFault, message: string): void {
    expect(() => parseRequest(bytes, DOMAIN))
      .to.throw(RequestError, message)
      .that.includes({ fault });
  }

  describe("transfers", () => {
    it("have a fixed layout", () => {
      expect(toHex(raw.subarray(0, 76))).to.equal(
        // 10^18 is 10^10 · 10^8, 3,000 is 3 · 10^3.
        `0x7a${alice.address.slice(2)}${"70".repeat(20)}${"ff".repeat(8)}4a817c8008${"63"}01${"ff".repeat(20)}`,
      );
      expect(raw).to.have.length(172);
    });

    it("are parsed to what was signed", () => {
      const parsed = parseRequest(raw, DOMAIN) as SignedTransfer;
      const { signature, hash, raw: bytes, type, ...fields } = parsed;
      expect(type).to.equal("transfer");
      expect(fields).to.deep.equal(transfer);
      expect(bytes).to.deep.equal(raw);
      expect(hash)
        .to.equal(keccak256(raw.subarray(0, 76)))
        .and.to.equal(transferHash(transfer));
      expect(signature.s < SUBGROUP_ORDER).to.equal(true);
      expect(isSignedBy(parsed, txDomain(DOMAIN), alice.publicKey)).to.equal(true);
    });

    it("are signed with every field, chain and bridge", () => {
      const parsed = parseRequest(raw, DOMAIN) as SignedTransfer;
      const changes: Partial<SignedTransfer>[] = [
        { owner: 1n },
        { token: 0n },
        { nonce: 0n },
        { amount40: 1 },
        { fee8: 0 },
        { isWithdrawal: false },
        { recipient: 1n },
      ];
      for (const change of changes)
        expect(isSignedBy({ ...parsed, ...change }, txDomain(DOMAIN), alice.publicKey)).to.equal(false);
      const domains: Domain[] = [
        { ...DOMAIN, l1ChainId: 1n },
        { ...DOMAIN, l2ChainId: 1n },
        { ...DOMAIN, bridge: alice.address },
      ];
      for (const domain of domains) expect(isSignedBy(parsed, txDomain(domain), alice.publicKey)).to.equal(false);
      expect(isSignedBy(parsed, txDomain(DOMAIN), createOwner(2).publicKey)).to.equal(false);
    });

    it("are refused by name of what is wrong", () => {
      expectFault(new Uint8Array(0), "type", "expected a transfer (0x7a) or a registration (0x7b), got nothing");
      expectFault(withBytes(raw, 0, Uint8Array.of(2)), "type", "got type 2");
      expectFault(raw.subarray(0, 171), "length", "a transfer has 172 bytes, got 171");
      expectFault(new Uint8Array([...raw, 0]), "length", "got 173");
      expectFault(withBytes(raw, 55, Uint8Array.of(2)), "kind", "kind is 0 (transfer) or 1 (withdrawal), got 2");
      expectFault(withBytes(raw, 1, new Uint8Array(20)), "owner", "address 0");
      expectFault(withBytes(raw, 56, new Uint8Array(20)), "recipient", "address 0");
      for (const start of [76, 108])
        expectFault(withBytes(raw, start, toBytes(FIELD_ORDER, 32)), "signature", "not below the field's order");
      expectFault(withBytes(raw, 140, toBytes(SUBGROUP_ORDER, 32)), "signature", "not below the subgroup's order");
    });

    it("are refused, or another transfer, with any byte changed", () => {
      for (let i = 0; i < 60; i++) {
        const changed = withBytes(raw, random.int(raw.length), random.bytes(1));
        if (toHex(changed) === toHex(raw)) continue;
        try {
          const parsed = parseRequest(changed, DOMAIN) as SignedTransfer;
          expect(parsed.raw).to.deep.equal(changed);
          expect(isSignedBy(parsed, txDomain(DOMAIN), alice.publicKey)).to.equal(false);
        } catch (error) {
          expect(error).to.be.instanceOf(RequestError);
        }
      }
    });
  });

  describe("registrations", () => {
    const registration = { owner: alice.id, token: numberOf(0x70), key: alice.publicKey };
    const { signature } = alice.register(registration.token);
    const bytes = encodeRegistration(registration, signature);
    const types = {
      Registration: [
        { name: "owner", type: "address" },
        { name: "token", type: "address" },
        { name: "ax", type: "uint256" },
        { name: "ay", type: "uint256" },
      ],
    };
    const domain = {
      name: "hardhat-rollup validity",
      version: "1",
      chainId: DOMAIN.l1ChainId,
      verifyingContract: DOMAIN.bridge,
    };
    const typed = {
      owner: alice.address,
      token: toAddress(registration.token),
      ax: alice.publicKey.x,
      ay: alice.publicKey.y,
    };

    it("are EIP-712", () => {
      expect(toHex(registrationDigest(registration, DOMAIN))).to.equal(TypedDataEncoder.hash(domain, types, typed));
    });

    it("are taken from any wallet, in the compact form", async () => {
      for (let i = 1; i <= 4; i++) {
        const wallet = new Wallet(`0x${"0".repeat(63)}${i}`);
        const owner = fromAddress(wallet.address as Hex);
        const signed = await wallet.signTypedData(domain, types, { ...typed, owner: wallet.address });
        const compact = getBytes(Signature.from(signed).compactSerialized);
        const parsed = parseRequest(
          encodeRegistration({ ...registration, owner }, compact),
          DOMAIN,
        ) as SignedRegistration;
        expect(parsed).to.deep.include({ type: "registration", ...registration, owner, signature: compact });
        expect(parsed.hash).to.equal(keccak256(parsed.raw.subarray(0, 105)));
      }
    });

    it("are refused by name of what is wrong", () => {
      expectFault(bytes.subarray(1), "type", `got type ${bytes[1]}`);
      expectFault(bytes.subarray(0, 168), "length", "a registration has 169 bytes, got 168");
      expectFault(withBytes(bytes, 1, new Uint8Array(20)), "owner", "address 0");
      for (const key of [
        { x: 0n, y: 0n },
        { x: 0n, y: 1n },
        { x: 1n, y: 1n },
        { x: registration.key.x, y: FIELD_ORDER },
      ])
        expectFault(encodeRegistration({ ...registration, key }, signature), "key", "no point of BabyJubjub");
      const other = createOwner(2);
      const unsigned = [
        encodeRegistration({ ...registration, owner: other.id }, signature),
        encodeRegistration({ ...registration, token: 0n }, signature),
        encodeRegistration({ ...registration, key: other.publicKey }, signature),
        encodeRegistration(registration, new Uint8Array(64)),
        encodeRegistration(registration, new Uint8Array(64).fill(0xff)),
      ];
      for (const changed of unsigned) expectFault(changed, "signature", "not signed by its owner");
      for (const elsewhere of [
        { ...DOMAIN, l1ChainId: 1n },
        { ...DOMAIN, bridge: alice.address },
      ])
        expect(() => parseRequest(bytes, elsewhere)).to.throw(RequestError, "for this chain and bridge");
    });

    it("have one signature each: none with a high s, none of the address 0", () => {
      expect(isRegistrationSigned(registration, signature, DOMAIN)).to.equal(true);
      const s = BigInt(toHex(signature.subarray(32))) % 2n ** 255n;
      const parity = BigInt(signature[32]! >> 7);
      // The other s of the same signature, as far as 255 bits hold it.
      const twin = toBytes(((ORDER - s) % 2n ** 255n) + (1n - parity) * 2n ** 255n, 32);
      expect(isRegistrationSigned(registration, withBytes(signature, 32, twin), DOMAIN)).to.equal(false);
      expect(isRegistrationSigned(registration, signature.subarray(1), DOMAIN)).to.equal(false);
      const r = fromHex(toHex(toBytes(ORDER, 32)));
      expect(isRegistrationSigned(registration, withBytes(signature, 0, r), DOMAIN)).to.equal(false);
      expect(isRegistrationSigned({ ...registration, owner: 0n }, new Uint8Array(64), DOMAIN)).to.equal(false);
    });
  });
});
