import { expect } from "chai";
import { concat, dataSlice, HDNodeWallet, id, toBeHex, ZeroAddress } from "ethers";

import type { Attestation, AttestationScope } from "../../../plugin/da/committee/attestation.js";
import { attestationHash, signAttestation } from "../../../plugin/da/committee/attestation.js";
import type { Hex } from "../../../plugin/types.js";
import { type DataAvailabilityCommittee, DataAvailabilityCommittee__factory } from "../../../typechain-types/index.js";
import { BY_ECDSA, ECDSA, first, memberKeys, sign } from "../../support/committee.js";
import { type Connection, createConnection } from "../../support/env.js";
import { actorsOf, DAY } from "../../support/suite.js";

const OVERLAP = DAY;
const BRIDGE = "0x00000000000000000000000000000000000b81d6";
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("DataAvailabilityCommittee", () => {
  const keys = memberKeys(7);
  const members = keys.map(({ address }) => address);
  const needed = 2_000_000_000n;
  let connection: Connection;
  let committee: DataAvailabilityCommittee;
  let scope: AttestationScope;
  let attestation: Attestation;

  async function deploy() {
    const { deployer, upgrader } = await actorsOf(connection);
    const factory = new DataAvailabilityCommittee__factory(deployer);
    const deployed = await factory.deploy({
      timelock: upgrader,
      bridge: BRIDGE,
      overlap: OVERLAP,
      members,
      threshold: 5,
      ...BY_ECDSA,
    });
    return { deployed, own: deployed.connect(upgrader) };
  }

  before(async () => {
    connection = await createConnection();
  });
  beforeEach(async () => {
    ({ deployed: committee } = await connection.networkHelpers.loadFixture(deploy));
    const { chainId } = await connection.ethers.provider.getNetwork();
    scope = { l1ChainId: chainId, committee: (await committee.getAddress()) as Hex, bridge: BRIDGE };
    attestation = { epoch: 0n, batchIndex: 7n, dataHash: id("data") as Hex, length: 5_000n, expiry: needed };
  });
  after(() => connection.close());

  const timelock = async () => committee.connect((await actorsOf(connection)).upgrader);
  const check = ({ signers, signatures }: { signers: bigint; signatures: string }, given = attestation) =>
    committee.checkAttestation(given, signers, signatures, needed);

  describe("its epochs", () => {
    it("begin with the members and the threshold of the deployment", async () => {
      expect(await committee.currentEpoch()).to.equal(0n);
      expect(await committee.epochOf(0)).to.deep.equal([members, 5n, 2n ** 64n - 1n, ECDSA]);
    });

    it("do not begin when the gas does not suffice to keep their members", async () => {
      const many = Array.from({ length: 200 }, (_, i) => toBeHex(i + 1, 20));
      const own = await timelock();
      const enough = await own.startEpoch.estimateGas(many, 101, ECDSA);
      const refusals: string[] = [];
      for (let gasLimit = enough; gasLimit > enough - 400_000n; gasLimit -= 10_000n)
        await own.startEpoch
          .staticCall(many, 101, ECDSA, { gasLimit })
          .catch((error: unknown) => refusals.push(String(error)));
      expect(refusals.join()).to.include("StoredCodeNotCreated");
    });

    it("follow each other: the new one attests at once, the old one for the overlap more", async () => {
      const next = memberKeys(3, "next");
      await (
        await timelock()
      ).startEpoch(
        next.map(({ address }) => address),
        2,
        ECDSA,
      );
      const until = BigInt(await connection.networkHelpers.time.latest()) + OVERLAP;
      expect(await committee.currentEpoch()).to.equal(1n);
      expect((await committee.epochOf(0)).attestsUntil).to.equal(until);

      const old = await sign(keys, first(5), scope, attestation);
      const later = { ...attestation, epoch: 1n };
      const fresh = await sign(next, [0, 2], scope, later);
      await check(old);
      await check(fresh, later);
      await connection.networkHelpers.time.increaseTo(until - 1n);
      await check(old);
      await connection.networkHelpers.time.increaseTo(until);
      await expect(check(old)).to.be.revertedWithCustomError(committee, "CommitteeEpochRetired").withArgs(0n, until);
      await committee.checkSignatures(attestation, old.signers, old.signatures);
      await check(fresh, later);
    });

    it("tell who is in them", async () => {
      const own = await timelock();
      await expect(own.startEpoch([members[0]!, members[3]!], 2, ECDSA))
        .to.emit(committee, "EpochStarted")
        .withArgs(1n, [members[0], members[3]], 2n, ECDSA, (until: bigint) => until > OVERLAP);
    });

    it("are begun by the timelock only", async () => {
      const { alice } = await actorsOf(connection);
      await expect(committee.connect(alice).startEpoch(members, 5, ECDSA))
        .to.be.revertedWithCustomError(committee, "CommitteeUnauthorized")
        .withArgs(alice.address);
    });

    it("have 1 to 256 members", async () => {
      const own = await timelock();
      await expect(own.startEpoch([], 0, ECDSA))
        .to.be.revertedWithCustomError(committee, "CommitteeMemberCount")
        .withArgs(0n, 256n);
      const many = Array.from({ length: 257 }, (_, i) => toBeHex(i + 1, 20));
      await expect(own.startEpoch(many, 200, ECDSA))
        .to.be.revertedWithCustomError(committee, "CommitteeMemberCount")
        .withArgs(257n, 256n);
      await own.startEpoch(many.slice(1), 200, ECDSA);
      expect((await committee.epochOf(1)).members.map((member) => BigInt(member))).to.deep.equal(
        many.slice(1).map((member) => BigInt(member)),
      );
    });

    for (const [count, threshold] of [
      [4, 2],
      [5, 2],
      [7, 0],
      [7, 8],
    ] as const) {
      it(`need more than half of their members and no more than all: not ${threshold} of ${count}`, async () => {
        await expect((await timelock()).startEpoch(members.slice(0, count), threshold, ECDSA))
          .to.be.revertedWithCustomError(committee, "CommitteeThreshold")
          .withArgs(threshold, count);
      });
    }

    for (const [name, list, index] of [
      ["out of order", [members[1]!, members[0]!, members[2]!], 1],
      ["twice", [members[0]!, members[1]!, members[1]!], 2],
      ["zero", [ZeroAddress, members[0]!, members[1]!], 0],
    ] as const) {
      it(`have no member ${name}`, async () => {
        await expect((await timelock()).startEpoch([...list], 2, ECDSA))
          .to.be.revertedWithCustomError(committee, "CommitteeMembersUnsorted")
          .withArgs(index, list[index]);
      });
    }

    it("cannot be without timelock, bridge or overlap", async () => {
      const { deployer, upgrader } = await actorsOf(connection);
      const factory = new DataAvailabilityCommittee__factory(deployer);
      const whole = {
        timelock: upgrader.address,
        bridge: BRIDGE,
        overlap: OVERLAP,
        members,
        threshold: 5,
        ...BY_ECDSA,
      };
      for (const [name, value] of [
        ["timelock", ZeroAddress],
        ["bridge", ZeroAddress],
        ["overlap", 0n],
      ] as const) {
        await expect(factory.deploy({ ...whole, [name]: value }))
          .to.be.revertedWithCustomError(factory, "CommitteeZeroParameter")
          .withArgs(name);
      }
    });
  });

  describe("an attestation", () => {
    it("is signed as the EIP-712 message that the documentation names", async () => {
      expect(await committee.attestationHash(attestation)).to.equal(attestationHash(scope, attestation));
    });

    for (const positions of [first(5), [0, 2, 3, 5, 6], [2, 3, 4, 5, 6], first(7)]) {
      it(`holds when members ${positions.join(", ")} signed`, async () => {
        await check(await sign(keys, positions, scope, attestation));
      });
    }

    it("needs the threshold", async () => {
      await expect(check(await sign(keys, first(4), scope, attestation)))
        .to.be.revertedWithCustomError(committee, "CommitteeTooFewSigners")
        .withArgs(4n, 5n);
      await expect(check({ signers: 0n, signatures: "0x" }))
        .to.be.revertedWithCustomError(committee, "CommitteeTooFewSigners")
        .withArgs(0n, 5n);
    });

    it("counts nobody twice", async () => {
      const own = await signAttestation(keys[0]!, scope, attestation);
      const signatures = concat(first(5).map(() => own));
      await expect(check({ signers: 0b11111n, signatures }))
        .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
        .withArgs(members[1], members[0]);
    });

    it("has its signatures in the order of the members", async () => {
      await expect(check(await sign(keys, [1, 0, 2, 3, 4], scope, attestation)))
        .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
        .withArgs(members[0], members[1]);
    });

    it("is signed by members only", async () => {
      const stranger = HDNodeWallet.createRandom();
      const others = [...keys.slice(0, 4), stranger];
      await expect(check(await sign(others, first(5), scope, attestation)))
        .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
        .withArgs(members[4], stranger.address);
      const { signatures } = await sign([...keys, stranger], [0, 1, 2, 3, 4, 7], scope, attestation);
      await expect(check({ signers: 0b10011111n, signatures }))
        .to.be.revertedWithCustomError(committee, "CommitteeUnknownSigner")
        .withArgs(0b10011111n, 7n);
      await expect(check({ signers: 1n << 255n, signatures }))
        .to.be.revertedWithCustomError(committee, "CommitteeUnknownSigner")
        .withArgs(1n << 255n, 7n);
    });

    it("refuses a signature with a high s, which anybody can make from the right one", async () => {
      const { signers, signatures } = await sign(keys, first(5), scope, attestation);
      const vs = BigInt(dataSlice(signatures, 32, 64));
      const s = vs & (2n ** 255n - 1n);
      // In the compact form only what is above half the order and below 2^255 can be written at all.
      const high = 2n ** 255n - 1n;
      const other = toBeHex((vs - s) | high, 32);
      expect(high).to.be.above(CURVE_ORDER / 2n);
      await expect(
        check({ signers, signatures: concat([dataSlice(signatures, 0, 32), other, dataSlice(signatures, 64)]) }),
      )
        .to.be.revertedWithCustomError(committee, "CommitteeMalleableSignature")
        .withArgs(members[0]);
    });

    it("refuses zeros, which recover to nobody", async () => {
      await expect(check({ signers: 0b11111n, signatures: `0x${"00".repeat(320)}` }))
        .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
        .withArgs(members[0], ZeroAddress);
    });

    it("has one signature for each signer, no byte more or less", async () => {
      const { signers, signatures } = await sign(keys, first(5), scope, attestation);
      await expect(check({ signers, signatures: `${signatures}00` }))
        .to.be.revertedWithCustomError(committee, "CommitteeSignaturesLength")
        .withArgs(320n, 321n);
      await expect(check({ signers, signatures: signatures.slice(0, -2) }))
        .to.be.revertedWithCustomError(committee, "CommitteeSignaturesLength")
        .withArgs(320n, 319n);
    });

    it("names a known epoch", async () => {
      const unknown = { ...attestation, epoch: 1n };
      await expect(check(await sign(keys, first(5), scope, unknown), unknown))
        .to.be.revertedWithCustomError(committee, "CommitteeUnknownEpoch")
        .withArgs(1n);
      await expect(committee.epochOf(1)).to.be.revertedWithCustomError(committee, "CommitteeUnknownEpoch");
    });

    it("holds as long as the data are needed", async () => {
      const early = { ...attestation, expiry: needed - 1n };
      await expect(check(await sign(keys, first(5), scope, early), early))
        .to.be.revertedWithCustomError(committee, "CommitteeExpiryTooEarly")
        .withArgs(needed - 1n, needed);
    });

    for (const [name, change] of [
      ["batch", { batchIndex: 8n }],
      ["data", { dataHash: id("other data") as Hex }],
      ["length", { length: 5_001n }],
      ["expiry", { expiry: needed + 1n }],
    ] as const) {
      it(`is for one ${name}`, async () => {
        const signed = await sign(keys, first(5), scope, { ...attestation, ...change });
        await expect(check(signed))
          .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
          .withArgs(members[0], (recovered: string) => recovered !== members[0]);
      });
    }

    for (const [name, change] of [
      ["L1", { l1ChainId: 1n }],
      ["committee", { committee: BRIDGE }],
      ["bridge", { bridge: "0x00000000000000000000000000000000000b81d7" }],
    ] as const) {
      it(`is for one ${name}`, async () => {
        const signed = await sign(keys, first(5), { ...scope, ...change }, attestation);
        await expect(check(signed)).to.be.revertedWithCustomError(committee, "CommitteeWrongSignature");
      });
    }

    it("of one epoch is none of another with the same members", async () => {
      await (await timelock()).startEpoch(members, 5, ECDSA);
      const signed = await sign(keys, first(5), scope, attestation);
      await check(signed);
      await expect(check(signed, { ...attestation, epoch: 1n })).to.be.revertedWithCustomError(
        committee,
        "CommitteeWrongSignature",
      );
    });
  });
});
