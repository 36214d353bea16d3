import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import { concat, getAddress, id, toBeHex, ZeroAddress } from "ethers";

import { type Attestation, attestationHash, type AttestationScope } from "../../../plugin/da/committee/attestation.js";
import { addBlsSignatures, blsKeyOf, signBls } from "../../../plugin/da/committee/bls.js";
import type { Hex } from "../../../plugin/types.js";
import {
  type BlsKeys,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
} from "../../../typechain-types/index.js";
import { createRandom } from "../../ledger/random.js";
import {
  BLS,
  type BlsMember,
  blsMembers,
  ECDSA,
  first,
  memberKeys,
  proveMembers,
  sign,
  signByBls,
} from "../../support/committee.js";
import { type Connection, createConnection } from "../../support/env.js";
import { actorsOf, DAY } from "../../support/suite.js";

const BRIDGE = "0x00000000000000000000000000000000000b81d6";
const INFINITY: Hex = `0x${"00".repeat(128)}`;
const PAIRING = "0x000000000000000000000000000000000000000F";

describe("DataAvailabilityCommittee, an epoch by BLS", () => {
  const needed = 2_000_000_000n;
  let connection: Connection;
  let keys: BlsKeys;
  let committee: DataAvailabilityCommittee;
  let members: BlsMember[];
  let addresses: Hex[];
  let scope: AttestationScope;
  let attestation: Attestation;

  async function deploy() {
    const { deployer, upgrader } = await actorsOf(connection);
    const proven = await proveMembers(deployer, 7);
    const deployed = await new DataAvailabilityCommittee__factory(deployer).deploy({
      ...{ timelock: upgrader, bridge: BRIDGE, overlap: DAY, threshold: 5, keys: proven.keys, scheme: BLS },
      members: proven.members.map(({ address }) => address),
    });
    return { deployed, ...proven };
  }

  before(async () => {
    connection = await createConnection();
  });
  beforeEach(async () => {
    ({ deployed: committee, keys, members } = await connection.networkHelpers.loadFixture(deploy));
    addresses = members.map(({ address }) => address);
    const { chainId } = await connection.ethers.provider.getNetwork();
    scope = { l1ChainId: chainId, committee: (await committee.getAddress()) as Hex, bridge: BRIDGE };
    attestation = { epoch: 0n, batchIndex: 7n, dataHash: id("data") as Hex, length: 5_000n, expiry: needed };
  });
  after(() => connection.close());

  const timelock = async () => committee.connect((await actorsOf(connection)).upgrader);
  const check = ({ signers, signatures }: { signers: bigint; signatures: string }, given = attestation) =>
    committee.checkAttestation(given, signers, signatures, needed);
  const expectWrong = async (shown: { signers: bigint; signatures: string }, given = attestation) =>
    expect(check(shown, given))
      .to.be.revertedWithCustomError(committee, "CommitteeWrongAggregate")
      .withArgs(shown.signers);

  describe("a key", () => {
    it("is kept where its address says, once, whoever shows it", async () => {
      const { alice } = await actorsOf(connection);
      const [member] = blsMembers(1, (await keys.getAddress()) as Hex, "another");
      const { key, proof, address } = member!;
      for (const show of [keys, keys.connect(alice)]) {
        await expect(show.prove(key, proof)).to.emit(keys, "KeyProven").withArgs(address, key);
        expect(await connection.ethers.provider.getCode(address)).to.equal(concat(["0x00", key]));
      }
    });

    it("is not said to be kept when the gas does not suffice for that", async () => {
      const [member] = blsMembers(1, (await keys.getAddress()) as Hex, "another");
      const { key, proof } = member!;
      const enough = await keys.prove.estimateGas(key, proof);
      const refusals: string[] = [];
      for (let gasLimit = enough; gasLimit > enough - 80_000n; gasLimit -= 2_000n)
        await keys.prove.staticCall(key, proof, { gasLimit }).catch((error: unknown) => refusals.push(String(error)));
      expect(refusals.join()).to.include("StoredCodeNotCreated");
    });

    it("needs its own proof", async () => {
      const [one, other] = members;
      await expect(keys.prove(one!.key, other!.proof)).to.be.revertedWithCustomError(keys, "BlsKeysWrongProof");
    });

    it("is not proven by a signature of an attestation with the same bytes", async () => {
      const [one] = members;
      await expect(keys.prove(one!.key, signBls(one!.secret, id("anything") as Hex))).to.be.revertedWithCustomError(
        keys,
        "BlsKeysWrongProof",
      );
    });

    it("is not infinity, whatever is shown as its proof", async () => {
      await expect(keys.prove(concat([INFINITY, INFINITY]), INFINITY)).to.be.revertedWithCustomError(
        keys,
        "BlsKeysWrongProof",
      );
      await expect(keys.prove(concat([INFINITY, INFINITY]), members[0]!.proof)).to.be.revertedWithCustomError(
        keys,
        "BlsKeysWrongProof",
      );
    });

    it("made of others' keys cannot be proven by who does not know their secrets", async () => {
      // The rogue key: the sum of the attacker's and the negative of a member's would let the attacker sign for both.
      const [victim] = members;
      const own = blsKeyOf(`0x${"00".repeat(31)}07`);
      const rogue = rogueKey(own.key, victim!.key);
      for (const proof of [own.proof, victim!.proof, addBlsSignatures([own.proof, victim!.proof])])
        await expect(keys.prove(rogue, proof)).to.be.revertedWithCustomError(keys, "BlsKeysWrongProof");
    });

    it("is a point of the curve, with 256 bytes, its proof with 128", async () => {
      const { key, proof } = members[0]!;
      await expect(keys.prove(`${key.slice(0, -2)}${key.endsWith("00") ? "01" : "00"}`, proof))
        .to.be.revertedWithCustomError(keys, "Bls12381PrecompileFailed")
        .withArgs(PAIRING);
      await expect(keys.prove(`${key}00`, proof))
        .to.be.revertedWithCustomError(keys, "BlsKeysLength")
        .withArgs(257n, 128n);
      await expect(keys.prove(key, proof.slice(0, -2)))
        .to.be.revertedWithCustomError(keys, "BlsKeysLength")
        .withArgs(256n, 127n);
    });
  });

  describe("its members", () => {
    it("are the addresses of their keys", async () => {
      expect(await committee.epochOf(0)).to.deep.equal([
        addresses.map((address) => getAddress(address)),
        5n,
        2n ** 64n - 1n,
        BLS,
      ]);
    });

    it("follow on members by ECDSA, and are followed by such, without a gap", async () => {
      const accounts = memberKeys(3, "next");
      const own = await timelock();
      const list = accounts.map(({ address }) => address);
      await expect(own.startEpoch(list, 2, ECDSA))
        .to.emit(committee, "EpochStarted")
        .withArgs(1n, list, 2n, ECDSA, (until: bigint) => until > DAY);
      await own.startEpoch(addresses.slice(1), 4, BLS);

      await check(signByBls(members, first(5), scope, attestation));
      const byAccounts = { ...attestation, epoch: 1n };
      await check(await sign(accounts, [0, 1], scope, byAccounts), byAccounts);
      const last = { ...attestation, epoch: 2n };
      await check(signByBls(members.slice(1), first(4), scope, last), last);
      await expectWrong({ ...signByBls(members, first(4), scope, last) }, last);
    });

    it("have proven their keys to this committee's BlsKeys", async () => {
      const { deployer } = await actorsOf(connection);
      const own = await timelock();
      const elsewhere = await proveMembers(deployer, 2, "elsewhere");
      for (const stranger of [
        elsewhere.members[0]!.address,
        deployer.address,
        await committee.getAddress(),
        blsMembers(1, (await keys.getAddress()) as Hex, "not proven")[0]!.address,
      ]) {
        await expect(own.startEpoch([stranger], 1, BLS))
          .to.be.revertedWithCustomError(committee, "CommitteeUnprovenKey")
          .withArgs((found: string) => found.toLowerCase() === stranger.toLowerCase());
      }
    });

    it("can be none where a committee has no BlsKeys", async () => {
      const { deployer, upgrader } = await actorsOf(connection);
      const factory = new DataAvailabilityCommittee__factory(deployer);
      const rest = { timelock: upgrader, bridge: BRIDGE, overlap: DAY, threshold: 5, scheme: BLS };
      await expect(factory.deploy({ ...rest, members: addresses, keys: ZeroAddress }))
        .to.be.revertedWithCustomError(factory, "CommitteeUnprovenKey")
        .withArgs((found: string) => found === getAddress(addresses[0]!));
    });

    it("are in ascending order, each once, 1 to 126", async () => {
      const own = await timelock();
      await expect(own.startEpoch([addresses[0]!, addresses[0]!], 2, BLS)).to.be.revertedWithCustomError(
        committee,
        "CommitteeMembersUnsorted",
      );
      await expect(own.startEpoch([...addresses].reverse(), 4, BLS)).to.be.revertedWithCustomError(
        committee,
        "CommitteeMembersUnsorted",
      );
      await expect(own.startEpoch([], 0, BLS))
        .to.be.revertedWithCustomError(committee, "CommitteeMemberCount")
        .withArgs(0n, 126n);
      await expect(own.startEpoch(Array(127).fill(ZeroAddress) as string[], 100, BLS))
        .to.be.revertedWithCustomError(committee, "CommitteeMemberCount")
        .withArgs(127n, 126n);
    });

    it("need more than half of them", async () => {
      await expect((await timelock()).startEpoch(addresses, 3, BLS))
        .to.be.revertedWithCustomError(committee, "CommitteeThreshold")
        .withArgs(3n, 7n);
    });
  });

  describe("an attestation", () => {
    for (const positions of [first(5), [0, 2, 3, 5, 6], [2, 3, 4, 5, 6], first(6), first(7)]) {
      it(`holds when members ${positions.join(", ")} signed`, async () => {
        await check(signByBls(members, positions, scope, attestation));
      });
    }

    it("holds for whoever signed, and for nobody more or less", async () => {
      const random = createRandom(7);
      for (let i = 0; i < 20; i++) {
        const signed = first(7).filter(() => random.chance(0.9));
        const given = { ...attestation, batchIndex: BigInt(random.int(1_000_000)), dataHash: id(`${i}`) as Hex };
        const shown = signed.length === 0 ? undefined : signByBls(members, signed, scope, given);
        if (shown === undefined || signed.length < 5) continue;
        await check(shown, given);
        const one = 1n << BigInt(random.int(7));
        const signers = shown.signers ^ one;
        if (signers.toString(2).replaceAll("0", "").length < 5) continue;
        await expectWrong({ signers, signatures: shown.signatures }, given);
      }
    });

    it("counts nobody twice: a signature that is added twice is no signature", async () => {
      const digest = attestationHash(scope, attestation);
      const [own, ...others] = members.slice(0, 4).map(({ secret }) => signBls(secret, digest));
      await expectWrong({ signers: 0b11111n, signatures: addBlsSignatures([own!, own!, ...others]) });
      await expect(check({ signers: 0b1111n, signatures: addBlsSignatures([own!, own!, ...others]) }))
        .to.be.revertedWithCustomError(committee, "CommitteeTooFewSigners")
        .withArgs(4n, 5n);
    });

    it("is signed by members only", async () => {
      const { signatures } = signByBls(members, first(5), scope, attestation);
      for (const signers of [0b10011111n, 1n << 255n]) {
        await expect(check({ signers, signatures }))
          .to.be.revertedWithCustomError(committee, "CommitteeUnknownSigner")
          .withArgs(signers, 7n);
      }
    });

    it("has no infinity as its signature", async () => {
      await expectWrong({ signers: 0b11111n, signatures: INFINITY });
    });

    it("has no infinity as its signature even where the keys of two who signed cancel each other out", async () => {
      const { deployer, upgrader } = await actorsOf(connection);
      const [one] = members;
      const opposite = negativeSecret(one!.secret);
      const pair = [one!, { secret: opposite, ...blsKeyOf(opposite) }];
      const at: string[] = [];
      for (const { key, proof } of pair) {
        at.push(await keys.prove.staticCall(key, proof));
        await keys.prove(key, proof);
      }
      at.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
      const cancelled = await new DataAvailabilityCommittee__factory(deployer).deploy({
        ...{ timelock: upgrader, bridge: BRIDGE, overlap: DAY, threshold: 2, keys, scheme: BLS, members: at },
      });
      await expect(cancelled.checkAttestation(attestation, 0b11n, INFINITY, needed))
        .to.be.revertedWithCustomError(committee, "CommitteeWrongAggregate")
        .withArgs(0b11n);
    });

    it("has one signature of 128 bytes", async () => {
      const { signers, signatures } = signByBls(members, first(5), scope, attestation);
      for (const [shown, length] of [
        [`${signatures}00`, 129n],
        [signatures.slice(0, -2), 127n],
        ["0x", 0n],
      ] as const) {
        await expect(check({ signers, signatures: shown }))
          .to.be.revertedWithCustomError(committee, "CommitteeSignaturesLength")
          .withArgs(128n, length);
      }
    });

    it("has a point of the curve as its signature", async () => {
      const { signers, signatures } = signByBls(members, first(5), scope, attestation);
      const wrong = `${signatures.slice(0, -2)}${signatures.endsWith("00") ? "01" : "00"}`;
      await expect(check({ signers, signatures: wrong }))
        .to.be.revertedWithCustomError(committee, "Bls12381PrecompileFailed")
        .withArgs(PAIRING);
    });

    it("is not by ECDSA", async () => {
      const { signers, signatures } = await sign(memberKeys(7), first(5), scope, attestation);
      await expect(check({ signers, signatures }))
        .to.be.revertedWithCustomError(committee, "CommitteeSignaturesLength")
        .withArgs(128n, 320n);
    });

    it("is never found wrong, only short of gas, by who gives too little of it", async () => {
      const { signers, signatures } = signByBls(members, first(5), scope, attestation);
      const { deployer } = await actorsOf(connection);
      const whole = Number(await committee.checkAttestation.estimateGas(attestation, signers, signatures, needed));
      const outcomes: string[] = [];
      for (let gasLimit = whole + 5_000; gasLimit > 40_000; gasLimit -= 2_003) {
        const call = committee.connect(deployer).checkAttestation.staticCall(attestation, signers, signatures, needed, {
          gasLimit,
        });
        outcomes.push(
          await call.then(
            () => "holds",
            (error: unknown) => String(error),
          ),
        );
      }
      expect(outcomes.join("\n")).not.to.match(/CommitteeWrongAggregate|PrecompileFailed/);
      expect(outcomes[0]).to.equal("holds");
      expect(outcomes.some((outcome) => outcome.includes("Bls12381OutOfGas"))).to.equal(true);
    });

    for (const [name, change] of [
      ["batch", { batchIndex: 8n }],
      ["data", { dataHash: id("other data") as Hex }],
      ["length", { length: 5_001n }],
      ["expiry", { expiry: needed + 1n }],
    ] as const) {
      it(`is for one ${name}`, async () => {
        await expectWrong(signByBls(members, first(5), scope, { ...attestation, ...change }));
      });
    }

    for (const [name, change] of [
      ["L1", { l1ChainId: 1n }],
      ["committee", { committee: BRIDGE }],
      ["bridge", { bridge: "0x00000000000000000000000000000000000b81d7" }],
    ] as const) {
      it(`is for one ${name}`, async () => {
        await expectWrong(signByBls(members, first(5), { ...scope, ...change }, attestation));
      });
    }

    it("of one epoch is none of another with the same members", async () => {
      await (await timelock()).startEpoch(addresses, 5, BLS);
      const signed = signByBls(members, first(5), scope, attestation);
      await check(signed);
      await expectWrong(signed, { ...attestation, epoch: 1n });
    });

    it("holds as long as the data are needed, and while its epoch attests", async () => {
      const early = { ...attestation, expiry: needed - 1n };
      await expect(check(signByBls(members, first(5), scope, early), early))
        .to.be.revertedWithCustomError(committee, "CommitteeExpiryTooEarly")
        .withArgs(needed - 1n, needed);
      await (await timelock()).startEpoch(addresses.slice(0, 3), 2, BLS);
      const signed = signByBls(members, first(5), scope, attestation);
      await connection.networkHelpers.time.increase(DAY);
      await expect(check(signed)).to.be.revertedWithCustomError(committee, "CommitteeEpochRetired");
      await committee.checkSignatures(attestation, signed.signers, signed.signatures);
    });
  });
});

/** The key that the attacker's own and a member's would add up to nothing with. */
function rogueKey(own: Hex, victim: Hex): Hex {
  const point = (key: Hex) => {
    const [x0, x1, y0, y1] = [0, 1, 2, 3].map((i) => BigInt(`0x${key.slice(2 + 128 * i, 130 + 128 * i)}`)) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    return curve.G2.ProjectivePoint.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } });
  };
  const { x, y } = point(own).subtract(point(victim)).toAffine();
  return concat([x.c0, x.c1, y.c0, y.c1].map((value) => toBeHex(value, 64))) as Hex;
}

/** The secret of the negative of a key. */
function negativeSecret(secret: Hex): Hex {
  return toBeHex(curve.fields.Fr.ORDER - BigInt(secret), 32) as Hex;
}
