import { expect } from "chai";
import { id } from "ethers";

import { attestationHash } from "../../../plugin/da/committee/attestation.js";
import {
  addBlsSignatures,
  blsKeyOf,
  createBlsSecret,
  isBlsSignature,
  isPossessionProof,
  signBls,
} from "../../../plugin/da/committee/bls.js";
import { collectSignatures, type MemberFault } from "../../../plugin/da/committee/client.js";
import { createMember, type Member } from "../../../plugin/da/committee/member.js";
import { serveMember } from "../../../plugin/da/committee/server.js";
import { openVault } from "../../../plugin/da/committee/vault.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Hex } from "../../../plugin/types.js";
import { blsMembers, signByBls } from "../../support/committee.js";
import { bytes, fakeL1, requestOf, RETENTION, SCOPE, serveAnswer } from "./support.js";

const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const INFINITY: Hex = `0x${"00".repeat(128)}`;
const DEAD = "http://127.0.0.1:9";
const secretOf = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

describe("Keys and signatures by BLS", () => {
  const secret = createBlsSecret();
  const { key, proof } = blsKeyOf(secret);
  const digest = id("an attestation") as Hex;
  const signature = signBls(secret, digest);

  it("belong to their secret, which differs each time", () => {
    expect(createBlsSecret()).not.to.equal(secret);
    expect(isPossessionProof({ key, proof })).to.equal(true);
    expect(isBlsSignature(key, digest, signature)).to.equal(true);
    expect([key, proof, signature].map(({ length }) => length)).to.deep.equal([514, 258, 258]);
  });

  it("are nobody else's, of nothing else, and not each other's", () => {
    const other = blsKeyOf(createBlsSecret());
    expect(isPossessionProof({ key, proof: other.proof })).to.equal(false);
    expect(isPossessionProof({ key: other.key, proof })).to.equal(false);
    expect(isPossessionProof({ key, proof: signature })).to.equal(false);
    expect(isBlsSignature(other.key, digest, signature)).to.equal(false);
    expect(isBlsSignature(key, id("another") as Hex, signature)).to.equal(false);
    expect(isBlsSignature(key, digest, proof)).to.equal(false);
    expect(isBlsSignature(`0x${"00".repeat(256)}`, digest, signature)).to.equal(false);
  });

  for (const [what, wrong] of [
    ["infinity", INFINITY],
    ["off the curve", `${signature.slice(0, -2)}${signature.endsWith("00") ? "01" : "00"}`],
    ["in no subgroup", `0x${"00".repeat(127)}02`],
    ["beyond the field", `0x${"ff".repeat(128)}`],
    ["a byte long", "0x01"],
  ] as const) {
    it(`are not ${what}`, () => {
      expect(isBlsSignature(key, digest, wrong as Hex)).to.equal(false);
      expect(() => addBlsSignatures([signature, wrong as Hex])).to.throw(RangeError, /not a signature/);
    });
  }

  it("come from a number below the order of the groups", () => {
    expect(() => blsKeyOf(secretOf(0n))).to.throw(RangeError, /1 to below the order/);
    expect(() => blsKeyOf(secretOf(ORDER))).to.throw(RangeError, /1 to below the order/);
    expect(() => blsKeyOf("0x07")).to.throw(RangeError, /32 bytes/);
    expect(isPossessionProof(blsKeyOf(secretOf(ORDER - 1n)))).to.equal(true);
  });
});

describe("A committee of 7 by BLS, of which 5 must sign", () => {
  const members = blsMembers(7, `0x${"4e".repeat(20)}`);
  const data = bytes(9_000);
  let open: { close(): Promise<void> }[] = [];
  let faults: MemberFault[] = [];

  beforeEach(() => {
    faults = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((server) => server.close()));
    open = [];
  });

  function memberOf(position: number): Member {
    const { address, secret } = members[position]!;
    const l1 = { ...fakeL1(), members: () => Promise.resolve(members.map((member) => member.address)) };
    const signer = { signDigest: (digest: Hex) => signBls(secret, digest) };
    return createMember({
      signer,
      address,
      scope: SCOPE,
      l1,
      vault: openVault(memoryStore()),
      maxRetention: RETENTION,
    });
  }

  /** Servers of all members, but for those who have another. */
  async function collect(others: Record<number, string>) {
    const request = await requestOf(data);
    const urls = await Promise.all(
      members.map(async (_, position) => {
        const other = others[position];
        if (other !== undefined) return other;
        const server = await serveMember({ member: memberOf(position), port: 0 });
        open.push(server);
        return server.url;
      }),
    );
    const found = await collectSignatures({
      ...{ scope: SCOPE, threshold: 5, request, timeout: 20_000, onFault: (fault) => faults.push(fault) },
      members: members.map(({ address, key }, i) => ({ address, key, url: urls[i] })),
    });
    return { request, found };
  }

  async function lying(signature: Hex): Promise<string> {
    const server = await serveAnswer({ status: 200, body: JSON.stringify({ signature }) });
    open.push(server);
    return server.url;
  }

  it("gives one signature of five with two down", async () => {
    const { request, found } = await collect({ 1: DEAD, 4: DEAD });
    expect(found).to.deep.equal(signByBls(members, [0, 2, 3, 5, 6], SCOPE, request.attestation));
  });

  it("is not spoilt by two who lie, of whom it tells", async () => {
    const { attestation } = await requestOf(data);
    const digest = attestationHash(SCOPE, attestation);
    const foreign = signBls(members[0]!.secret, digest);
    const other = signBls(members[6]!.secret, id("something else") as Hex);
    const { request, found } = await collect({ 2: await lying(foreign), 6: await lying(other) });
    expect(found).to.deep.equal(signByBls(members, [0, 1, 3, 4, 5], SCOPE, request.attestation));
    expect(faults.map(({ member }) => member)).to.have.members([members[2]!.address, members[6]!.address]);
  });

  it("gives none when three give what is no signature by BLS", async () => {
    const [short, infinity, off] = [`0x${"11".repeat(64)}`, INFINITY, `0x${"11".repeat(128)}`] as Hex[];
    const others = { 0: await lying(short!), 3: await lying(infinity!), 5: await lying(off!) };
    expect((await collect(others)).found).to.equal(undefined);
    expect(faults.map(({ reason }) => reason)).to.have.members([
      "signature must be 128 bytes in hex",
      "its signature is not its own",
      "its signature is not its own",
    ]);
  });
});
