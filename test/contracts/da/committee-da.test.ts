import { expect } from "chai";
import { AbiCoder, concat, dataSlice, id, toBeHex, ZeroAddress } from "ethers";

import type { Attestation, AttestationScope } from "../../../plugin/da/committee/attestation.js";
import { chunkRoot } from "../../../plugin/da/committee/chunks.js";
import { fromHex } from "../../../plugin/ledger/bytes.js";
import type { Hex } from "../../../plugin/types.js";
import {
  type CommitteeDA,
  CommitteeDA__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
} from "../../../typechain-types/index.js";
import { BY_ECDSA, ECDSA, first, memberKeys, sign } from "../../support/committee.js";
import { type Connection, createConnection } from "../../support/env.js";
import { dataHash, headerWith } from "../../support/protocol.js";
import { type Actors, actorsOf, DAY } from "../../support/suite.js";

const DISPUTE_DURATION = 9n * DAY;
const FINALIZES_AT = 2_000_000_000n;
const BATCH = 7n;
const CERTIFICATE =
  "tuple(uint64 length, uint64 epoch, uint64 expiry, bytes32 root, uint256 signers, bytes signatures)";

/** What a test changes in what is signed, or in what is shown. */
interface Changes {
  signed?: Partial<Attestation>;
  scope?: Partial<AttestationScope>;
  positions?: readonly number[];
  shown?: Record<string, unknown>;
}

describe("CommitteeDA.commit", () => {
  const keys = memberKeys(7);
  const members = keys.map(({ address }) => address);
  const data: Hex = `0x${"5a17".repeat(4_000)}`;
  let connection: Connection;
  let committee: DataAvailabilityCommittee;
  let da: CommitteeDA;
  let scope: AttestationScope;
  let actors: Actors;

  async function deploy() {
    const { deployer, upgrader, bob } = actors;
    const own = await new DataAvailabilityCommittee__factory(deployer).deploy({
      timelock: upgrader,
      bridge: bob,
      overlap: DAY,
      members,
      threshold: 5,
      ...BY_ECDSA,
    });
    return { own, layer: await new CommitteeDA__factory(deployer).deploy(own, DISPUTE_DURATION) };
  }

  before(async () => {
    connection = await createConnection();
    actors = await actorsOf(connection);
  });
  beforeEach(async () => {
    const { own, layer } = await connection.networkHelpers.loadFixture(deploy);
    committee = own;
    da = layer.connect(actors.alice);
    const { chainId } = await connection.ethers.provider.getNetwork();
    const bridge = actors.bob.address as Hex;
    scope = { l1ChainId: chainId, committee: (await committee.getAddress()) as Hex, bridge };
  });
  after(() => connection.close());

  const bytes = fromHex(data);
  const honest = (): Attestation => ({
    epoch: 0n,
    batchIndex: BATCH,
    dataHash: dataHash(data),
    length: BigInt(bytes.length),
    expiry: FINALIZES_AT + DISPUTE_DURATION,
  });

  /** Form 2: a right certificate but for the changes. */
  async function certificate({ signed, scope: other, positions = first(5), shown }: Changes = {}): Promise<Hex> {
    const attestation = { ...honest(), ...signed };
    const proof = await sign(keys, positions, { ...scope, ...other }, attestation);
    const { length, epoch, expiry } = attestation;
    const content = { length, root: chunkRoot(bytes), epoch, expiry, ...proof, ...shown };
    return concat(["0x02", AbiCoder.defaultAbiCoder().encode([CERTIFICATE], [content])]) as Hex;
  }

  const commit = (daInput: string, submitter = actors.alice.address) =>
    da.commit.staticCall(headerWith({ submitter: submitter as Hex, index: BATCH, finalizesAt: FINALIZES_AT }), daInput);

  it("gives data that members attest the hash that they have in calldata", async () => {
    expect(await commit(await certificate())).to.equal(dataHash(data));
    expect(await commit(await certificate({ positions: first(7) }))).to.equal(dataHash(data));
  });

  it("takes data in calldata, whatever the committee does", async () => {
    expect(await commit(concat(["0x00", data]))).to.equal(dataHash(data));
    expect(await commit("0x00")).to.equal(dataHash("0x"));
  });

  for (const [what, input, error, args] of [
    ["no form", "0x", "DataWithoutForm", []],
    ["blobs", "0x010000000100", "DataUnknownForm", [1n]],
    ["a form that nobody knows", "0x03", "DataUnknownForm", [3n]],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await expect(commit(input))
        .to.be.revertedWithCustomError(da, error)
        .withArgs(...args);
    });
  }

  it("refuses a submitter that did not sign the transaction, in both forms", async () => {
    for (const input of ["0x00", await certificate()]) {
      await expect(commit(input, actors.bob.address))
        .to.be.revertedWithCustomError(da, "DataIndirectSubmitter")
        .withArgs(actors.bob.address, actors.alice.address);
    }
  });

  it("refuses a certificate that is cut off", async () => {
    const whole = await certificate();
    for (const bytesLeft of [1, 33, 225, (whole.length - 2) / 2 - 32])
      await expect(commit(dataSlice(whole, 0, bytesLeft))).to.be.revertedWithoutReason(connection.ethers);
  });

  for (const length of [0n, (1n << 20n) + 1n]) {
    it(`refuses ${length} bytes`, async () => {
      await expect(commit(await certificate({ signed: { length } })))
        .to.be.revertedWithCustomError(da, "CommitteeDALengthOutOfRange")
        .withArgs(length);
    });
  }

  it("refuses an epoch that nobody knows", async () => {
    await expect(commit(await certificate({ signed: { epoch: 1n } })))
      .to.be.revertedWithCustomError(committee, "CommitteeUnknownEpoch")
      .withArgs(1n);
  });

  it("refuses an epoch that is retired, from the second on at which its overlap is over", async () => {
    const input = await certificate();
    await committee.connect(actors.upgrader).startEpoch(members.slice(1), 4, ECDSA);
    await commit(input);
    const until = BigInt(await connection.networkHelpers.time.latest()) + DAY;
    await connection.networkHelpers.time.increaseTo(until);
    await expect(commit(input)).to.be.revertedWithCustomError(committee, "CommitteeEpochRetired").withArgs(0n, until);
  });

  it("refuses fewer signers than the threshold", async () => {
    await expect(commit(await certificate({ positions: first(4) })))
      .to.be.revertedWithCustomError(committee, "CommitteeTooFewSigners")
      .withArgs(4n, 5n);
  });

  it("refuses one member's signature in the place of another's", async () => {
    const { signatures } = await sign(keys, [0, 0, 1, 2, 3], scope, honest());
    await expect(commit(await certificate({ shown: { signatures } })))
      .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
      .withArgs(members[1], members[0]);
  });

  it("refuses signatures that are out of order", async () => {
    const { signatures } = await sign(keys, [0, 1, 3, 2, 4], scope, honest());
    await expect(commit(await certificate({ shown: { signatures } })))
      .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
      .withArgs(members[2], members[3]);
  });

  it("refuses a signature with a high s", async () => {
    const { signatures } = await sign(keys, first(5), scope, honest());
    const high = concat([dataSlice(signatures, 0, 32), toBeHex(2n ** 255n - 1n, 32), dataSlice(signatures, 64)]);
    await expect(commit(await certificate({ shown: { signatures: high } })))
      .to.be.revertedWithCustomError(committee, "CommitteeMalleableSignature")
      .withArgs(members[0]);
  });

  for (const [what, changes] of [
    ["another batch", { signed: { batchIndex: BATCH + 1n } }],
    ["other data", { signed: { dataHash: id("other data") as Hex } }],
    ["a root that was not signed", { shown: { root: id("another root") } }],
    ["a length that was not signed", { shown: { length: 7_999n } }],
    ["another L1", { scope: { l1ChainId: 1n } }],
    ["another bridge", { scope: { bridge: ZeroAddress as Hex } }],
    ["another committee", { scope: { committee: ZeroAddress as Hex } }],
  ] as const) {
    it(`refuses what was signed for ${what}`, async () => {
      await expect(commit(await certificate(changes)))
        .to.be.revertedWithCustomError(committee, "CommitteeWrongSignature")
        .withArgs(members[0], (recovered: string) => recovered !== members[0]);
    });
  }

  it("refuses members who serve the data for less than a dispute may last", async () => {
    const expiry = FINALIZES_AT + DISPUTE_DURATION - 1n;
    await expect(commit(await certificate({ signed: { expiry } })))
      .to.be.revertedWithCustomError(committee, "CommitteeExpiryTooEarly")
      .withArgs(expiry, expiry + 1n);
  });

  it("cannot be without committee or dispute", async () => {
    const factory = new CommitteeDA__factory(actors.deployer);
    await expect(factory.deploy(ZeroAddress, 1n))
      .to.be.revertedWithCustomError(factory, "CommitteeDAZeroParameter")
      .withArgs("committee");
    await expect(factory.deploy(committee, 0n))
      .to.be.revertedWithCustomError(factory, "CommitteeDAZeroParameter")
      .withArgs("disputeDuration");
  });
});
