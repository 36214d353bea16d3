import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, toBeHex, ZeroAddress, ZeroHash } from "ethers";

import { CHUNK_LENGTH, chunkCount, chunkRoot, proveChunk } from "../../../plugin/da/committee/chunks.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import { dataHash } from "../../../plugin/ledger/hashes.js";
import type { BatchHeader, Hex } from "../../../plugin/types.js";
import type { CertificateStruct, ChunkIdStruct } from "../../../typechain-types/da/AvailabilityChallenge.js";
import type { BatchHeaderStructOutput } from "../../../typechain-types/chain/StateCommitmentChain.js";
import {
  type AvailabilityChallenge,
  AvailabilityChallenge__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
  MockRecipient__factory,
  StateCommitmentChain__factory,
} from "../../../typechain-types/index.js";
import { claimAfter, eventOf, postBatch, toHeader } from "../../support/batches.js";
import { certificateOf, CHALLENGE_TIMES, DEMAND_BOND, deployChallenge } from "../../support/availability.js";
import { ECDSA, first, upgradeToCommittee } from "../../support/committee.js";
import {
  counterBatch,
  lieFrom,
  passGame,
  postFalseBatch,
  resolve,
  sceneOf,
  truthOf,
  useGame,
} from "../../support/dispute.js";
import { headerHash } from "../../support/protocol.js";
import { DAY } from "../../support/suite.js";
import { nextBlockAt, now } from "../../support/world.js";

const TIMES = CHALLENGE_TIMES;
const BOND = DEMAND_BOND;
/** Three chunks, the last one shorter. */
const DATA = Uint8Array.from({ length: 2 * CHUNK_LENGTH + 100 }, (_, i) => (i * 167) ^ (i >> 8));
const NOBODY = "0x000000000000000000000000000000000000dEaD";

describe("AvailabilityChallenge", () => {
  const world = useGame({}, (suite) => deployChallenge(suite));
  let challenge: AvailabilityChallenge;
  let committee: DataAvailabilityCommittee;
  let header: BatchHeader;
  let certificate: CertificateStruct;

  const certify = (data: Uint8Array, changes: Parameters<typeof certificateOf>[3] = {}) =>
    certificateOf(world(), committee, data, changes);

  beforeEach(async () => {
    const suite = world();
    const { availability } = await suite.game.parameters();
    challenge = AvailabilityChallenge__factory.connect(availability, suite.actors.deployer);
    committee = DataAvailabilityCommittee__factory.connect(
      (await challenge.parameters()).committee,
      suite.actors.alice,
    );
    header = await postBatch(suite, suite.genesis, { data: toHex(DATA) });
    certificate = await certify(DATA);
  });

  const demand = (
    index: number,
    changes: { certificate?: CertificateStruct; header?: BatchHeader; value?: bigint } = {},
  ) =>
    challenge
      .connect(world().actors.alice)
      .demand(changes.header ?? header, changes.certificate ?? certificate, index, { value: changes.value ?? BOND });
  const chunkId = (index: number): ChunkIdStruct => ({
    headerHash: headerHash(header),
    root: chunkRoot(DATA),
    length: BigInt(DATA.length),
    index,
  });
  const idOf = (index: number) => challenge.demandId(chunkId(index));
  const answer = (index: number, proven = proveChunk(DATA, index), as = world().actors.bob) =>
    challenge.connect(as).answer(chunkId(index), proven.chunk, proven.path);
  const close = (index: number, given = header) => challenge.close(given, chunkId(index));
  const afterAnswerTime = async () => nextBlockAt(world(), (await now(world())) + TIMES.answerTime);

  describe("a demand", () => {
    it("says on L1 what is wanted, of whom and until when", async () => {
      const { actors } = world();
      const sent = await demand(1);
      const demandedAt = await now(world());
      const hash = dataHash(DATA);
      await expect(sent)
        .to.emit(challenge, "ChunkDemanded")
        .withArgs(await idOf(1), 1n, actors.alice.address, Object.values(chunkId(1)), hash, demandedAt + DAY);
      expect(await challenge.demandOf(await idOf(1))).to.deep.equal([actors.alice.address, demandedAt, 1n]);
      expect(await world().connection.ethers.provider.getBalance(challenge)).to.equal(BOND);
    });

    it("is made once for a chunk", async () => {
      await demand(1);
      await expect(demand(1))
        .to.be.revertedWithCustomError(challenge, "AvailabilityDemandExists")
        .withArgs(await idOf(1));
      await demand(2);
      await answer(2);
      await expect(demand(2)).to.be.revertedWithCustomError(challenge, "AvailabilityDemandExists");
    });

    it("costs exactly the bond", async () => {
      for (const value of [0n, BOND - 1n, BOND + 1n])
        await expect(demand(0, { value }))
          .to.be.revertedWithCustomError(challenge, "AvailabilityWrongBond")
          .withArgs(BOND, value);
    });

    it("is of a chunk that there is", async () => {
      await expect(demand(3)).to.be.revertedWithCustomError(challenge, "AvailabilityNoSuchChunk").withArgs(3n, 3n);
    });

    it("is made in time", async () => {
      const until = header.timestamp + TIMES.demandWindow;
      await nextBlockAt(world(), until - 1n);
      await demand(0);
      await nextBlockAt(world(), until);
      await expect(demand(1)).to.be.revertedWithCustomError(challenge, "AvailabilityDemandTooLate").withArgs(until);
    });

    it("is about a pending batch", async () => {
      const unknown = { ...header, stateRoot: id("other") as Hex };
      await expect(demand(0, { header: unknown }))
        .to.be.revertedWithCustomError(challenge, "AvailabilityNotPending")
        .withArgs(1n, headerHash(unknown));
      await world().connection.networkHelpers.time.increaseTo(header.finalizesAt);
      await world().chain.finalize([header]);
      await expect(demand(0)).to.be.revertedWithCustomError(challenge, "AvailabilityNotPending");
    });

    it("is about data that enough members attested for this batch", async () => {
      const other = await certify(DATA.slice(1));
      await expect(demand(0, { certificate: other })).to.be.revertedWithCustomError(
        challenge,
        "AvailabilityDataMismatch",
      );
      await expect(demand(0, { certificate: await certify(DATA, { positions: first(4) }) }))
        .to.be.revertedWithCustomError(committee, "CommitteeTooFewSigners")
        .withArgs(4n, 5n);
      await expect(demand(0, { certificate: await certify(DATA, { index: 2n }) })).to.be.revertedWithCustomError(
        committee,
        "CommitteeWrongSignature",
      );
    });

    it("is made where the batch's judge listens", async () => {
      const suite = world();
      const { game, actors } = suite;
      const { chain, demandBond } = await challenge.parameters();
      const factory = new AvailabilityChallenge__factory(actors.alice);
      const other = await factory.deploy({ chain, committee, ...TIMES, demandBond });
      await expect(other.demand(header, certificate, 0, { value: BOND }))
        .to.be.revertedWithCustomError(other, "AvailabilityNotJudge")
        .withArgs(await game.getAddress());
    });

    it("can be made when the epoch that signed is retired", async () => {
      const { timelock, actors, connection, parameters } = world();
      const data = committee.interface.encodeFunctionData("startEpoch", [[actors.bob.address], 1, ECDSA]);
      const operation = [await committee.getAddress(), 0n, data, ZeroHash, ZeroHash] as const;
      await timelock.connect(actors.upgrader).schedule(...operation, parameters.upgradeDelay);
      await connection.networkHelpers.time.increase(parameters.upgradeDelay);
      await timelock.connect(actors.upgrader).execute(...operation);
      const later = await postBatch(world(), header, { data: toHex(DATA) });
      const fresh = await certify(DATA, { index: 2n });
      await connection.networkHelpers.time.increase(DAY);
      await expect(
        committee.checkAttestation(
          { ...fresh, batchIndex: 2n, dataHash: dataHash(DATA) },
          fresh.signers,
          fresh.signatures,
          0n,
        ),
      ).to.be.revertedWithCustomError(committee, "CommitteeEpochRetired");
      await demand(0, { header: later, certificate: fresh });
    });
  });

  describe("an answer", () => {
    for (let index = 0; index < chunkCount(DATA.length); index++) {
      it(`publishes chunk ${index} and earns the bond`, async () => {
        const { actors, connection } = world();
        await demand(index);
        await expect(answer(index))
          .to.emit(challenge, "ChunkAnswered")
          .withArgs(await idOf(index), actors.bob.address, proveChunk(DATA, index).chunk);
        expect((await challenge.demandOf(await idOf(index))).status).to.equal(2n);
        expect(await challenge.creditOf(actors.bob)).to.equal(BOND);
        const before = await connection.ethers.provider.getBalance(NOBODY);
        await expect(challenge.connect(actors.bob).claimCredit(NOBODY))
          .to.emit(challenge, "AvailabilityCreditPaid")
          .withArgs(actors.bob.address, NOBODY, BOND);
        expect((await connection.ethers.provider.getBalance(NOBODY)) - before).to.equal(BOND);
        expect(await challenge.creditOf(actors.bob)).to.equal(0n);
      });
    }

    it("of data that fit into one chunk has an empty path", async () => {
      const short = DATA.slice(0, 64);
      const own = await postBatch(world(), header, { data: toHex(short) });
      await demand(0, { header: own, certificate: await certify(short, { index: 2n }) });
      const named = { headerHash: headerHash(own), length: 64n, root: chunkRoot(short), index: 0 };
      await challenge.answer(named, toHex(short), []);
    });

    it("comes in time", async () => {
      await demand(0);
      const until = (await now(world())) + TIMES.answerTime;
      await nextBlockAt(world(), until);
      await expect(answer(0)).to.be.revertedWithCustomError(challenge, "AvailabilityAnswerTooLate").withArgs(until);
      await demand(1);
      await nextBlockAt(world(), (await now(world())) + TIMES.answerTime - 1n);
      await answer(1);
    });

    it("is to a demand that is open", async () => {
      await expect(answer(0))
        .to.be.revertedWithCustomError(challenge, "AvailabilityDemandNotOpen")
        .withArgs(await idOf(0));
      await demand(0);
      await answer(0);
      await expect(answer(0)).to.be.revertedWithCustomError(challenge, "AvailabilityDemandNotOpen");
    });

    it("is the chunk, whole and at its place", async () => {
      await demand(1);
      await demand(2);
      const right = proveChunk(DATA, 1);
      await expect(answer(1, { ...right, chunk: `0x${right.chunk.slice(4)}` }))
        .to.be.revertedWithCustomError(challenge, "AvailabilityChunkLength")
        .withArgs(4_096n, 4_095n);
      await expect(answer(2, { ...proveChunk(DATA, 2), chunk: right.chunk }))
        .to.be.revertedWithCustomError(challenge, "AvailabilityChunkLength")
        .withArgs(100n, 4_096n);
      await expect(answer(1, { ...right, path: right.path.slice(1) }))
        .to.be.revertedWithCustomError(challenge, "AvailabilityPathLength")
        .withArgs(2n, 1n);
      await expect(answer(1, { ...right, path: [...right.path, ZeroHash as Hex] }))
        .to.be.revertedWithCustomError(challenge, "AvailabilityPathLength")
        .withArgs(2n, 3n);
      await expect(answer(1, { ...right, chunk: proveChunk(DATA, 0).chunk })).to.be.revertedWithCustomError(
        challenge,
        "AvailabilityWrongChunk",
      );
    });
  });

  describe("a tree with something behind the last chunk, from which nobody can compute the data hash", () => {
    it("has no answer for the last chunk", async () => {
      const suite = world();
      const { chain, actors } = suite;
      await upgradeToCommittee(suite, committee);
      const leaves = [0, 1, 2].map((index) => keccak256(proveChunk(DATA, index).chunk));
      const left = keccak256(concat(leaves.slice(0, 2)));
      const behind = id("behind");
      const root = keccak256(concat([left, keccak256(concat([leaves[2]!, behind]))])) as Hex;
      const odd = await certify(DATA, { root, index: 2n });
      const words = [odd.length, odd.epoch, odd.expiry, odd.root, odd.signers, odd.signatures];
      const types = ["uint64", "uint64", "uint64", "bytes32", "uint256", "bytes"];
      const input = concat(["0x02", toBeHex(32, 32), AbiCoder.defaultAbiCoder().encode(types, words)]);
      const claim = await claimAfter(suite, header);
      const sent = await chain.connect(actors.sequencer).appendBatch(header, claim, [], input);
      const { args } = await eventOf(sent, StateCommitmentChain__factory.createInterface(), "BatchAppended");
      const own = toHeader(args.getValue("header") as BatchHeaderStructOutput);

      const named = { headerHash: headerHash(own), length: odd.length, root, index: 2 };
      await demand(2, { header: own, certificate: odd });
      await demand(0, { header: own, certificate: odd });
      await expect(challenge.answer(named, proveChunk(DATA, 2).chunk, [behind, left]))
        .to.be.revertedWithCustomError(challenge, "AvailabilityPadding")
        .withArgs(0n);
      const right = keccak256(concat([leaves[2]!, behind]));
      await challenge.answer({ ...named, index: 0 }, proveChunk(DATA, 0).chunk, [leaves[1]!, right]);
    });
  });

  describe("a demand without answer", () => {
    it("takes the batch and all later ones down, and the proposer's bond", async () => {
      const suite = world();
      const { game, chain, registry, actors, genesis, parameters } = suite;
      const later = await postBatch(suite, header, { data: toHex(DATA) });
      await demand(1);
      const demandId = await idOf(1);
      await afterAnswerTime();
      const closed = await close(1);
      await expect(closed).to.emit(challenge, "DemandClosed").withArgs(demandId, true);
      await expect(closed)
        .to.emit(game, "BatchUnavailable")
        .withArgs(headerHash(header), demandId, actors.alice.address);
      await expect(closed).to.emit(game, "GameOpened").withArgs(headerHash(header), 1n);
      expect(await chain.isDisputed(headerHash(header))).to.equal(true);
      expect(await challenge.creditOf(actors.alice)).to.equal(BOND);
      await expect(game.resolveBatch(header)).to.be.revertedWithCustomError(game, "DisputeClaimOpen");

      await nextBlockAt(suite, header.finalizesAt);
      const resolved = await game.resolveBatch(header);
      await expect(resolved).to.emit(game, "GameResolved").withArgs(headerHash(header), 1n, actors.alice.address);
      await expect(resolved).to.emit(chain, "BatchesReverted").withArgs(1n, later.index, headerHash(genesis));
      expect(await chain.heads()).to.deep.equal([0n, 0n]);
      expect(await chain.openDisputes()).to.equal(0n);
      expect(await registry.rewardOf(actors.alice)).to.equal(parameters.sequencerBond / 2n);
    });

    it("is closed when it cannot be answered any more, once", async () => {
      await demand(0);
      const until = (await now(world())) + TIMES.answerTime;
      await nextBlockAt(world(), until - 1n);
      await expect(close(0))
        .to.be.revertedWithCustomError(challenge, "AvailabilityAnswerStillPossible")
        .withArgs(until);
      await nextBlockAt(world(), until);
      await close(0);
      await expect(close(0)).to.be.revertedWithCustomError(challenge, "AvailabilityDemandNotOpen");
      await expect(close(1)).to.be.revertedWithCustomError(challenge, "AvailabilityDemandNotOpen");
    });

    it("is closed with the header that it is about", async () => {
      await demand(0);
      await afterAnswerTime();
      const other = { ...header, resolver: NOBODY as Hex };
      await expect(close(0, other))
        .to.be.revertedWithCustomError(challenge, "AvailabilityNotPending")
        .withArgs(1n, headerHash(other));
    });

    it("gives only the bond back once the batch is final, or fell with another", async () => {
      const suite = world();
      const { chain, game, actors, connection } = suite;
      const later = await postBatch(suite, header, { data: toHex(DATA) });
      const ofLater = await certify(DATA, { index: 2n });
      await demand(0);
      await demand(0, { header: later, certificate: ofLater });
      await demand(1);
      await afterAnswerTime();
      await close(1);
      await connection.networkHelpers.time.increaseTo(later.finalizesAt);
      await expect(close(0))
        .to.emit(challenge, "DemandClosed")
        .withArgs(await idOf(0), false);
      await game.resolveBatch(header);
      const named = { ...chunkId(0), headerHash: headerHash(later) };
      await expect(challenge.close(later, named)).to.emit(challenge, "DemandClosed");
      expect(await challenge.creditOf(actors.alice)).to.equal(3n * BOND);
      expect(await chain.heads()).to.deep.equal([0n, 0n]);
    });

    it("gives only the bond back while time still runs for a batch that fell with an earlier one", async () => {
      const suite = world();
      const { game, actors, connection } = suite;
      await connection.networkHelpers.time.increase(DAY / 24n);
      const later = await postBatch(suite, header, { data: toHex(DATA) });
      await demand(0);
      await demand(0, { header: later, certificate: await certify(DATA, { index: 2n }) });
      await afterAnswerTime();
      await close(0);
      await nextBlockAt(suite, header.finalizesAt);
      await game.resolveBatch(header);
      expect(await now(suite)).to.be.lessThan(later.finalizesAt - 60n);
      const named = { ...chunkId(0), headerHash: headerHash(later) };
      await expect(challenge.close(later, named))
        .to.emit(challenge, "DemandClosed")
        .withArgs(await challenge.demandId(named), false);
      expect(await challenge.creditOf(actors.alice)).to.equal(2n * BOND);
    });

    it("wins for whoever demanded first when several stay without answer, in whichever order they are closed", async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const suite = world();
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        const { game, actors } = suite;
        await demand(0);
        await challenge.connect(actors.bob).demand(header, certificate, 1, { value: BOND });
        await afterAnswerTime();
        for (const index of order) await close(index);
        await nextBlockAt(suite, header.finalizesAt);
        await game.resolveBatch(header);
        expect(await game.winnerOf(headerHash(header))).to.equal(actors.alice.address);
        await snapshot.restore();
      }
    });

    it("wins against claims about the batch that were made later, and loses against earlier ones that stand", async () => {
      for (const claimFirst of [true, false]) {
        const suite = world();
        const snapshot = await suite.connection.networkHelpers.takeSnapshot();
        const { game, actors } = suite;
        const truth = await truthOf(suite, header);
        const claim = () => counterBatch(suite, header, truth, truth.stateAt, actors.bob);
        const early = claimFirst ? await claim() : undefined;
        await demand(0);
        const made = early ?? (await claim());
        await afterAnswerTime();
        await close(0);
        await passGame(suite, header);
        await resolve(suite, [made]);
        await game.resolveBatch(header);
        const winner = claimFirst ? actors.bob : actors.alice;
        expect(await game.winnerOf(headerHash(header))).to.equal(winner.address);
        await snapshot.restore();
      }
    });

    it("fells a batch that somebody defends against a false claim, too", async () => {
      const suite = world();
      const { game, chain, actors } = suite;
      const truth = await truthOf(suite, header);
      await demand(0);
      await counterBatch(suite, header, truth, lieFrom(truth.stateAt, 6n), actors.bob);
      await afterAnswerTime();
      await close(0);
      expect((await game.claimState(headerHash(header))).openChildren).to.equal(1n);
      await nextBlockAt(suite, header.finalizesAt);
      await expect(game.resolveBatch(header)).to.be.revertedWithCustomError(game, "DisputeChildrenOpen");
      expect((await chain.heads()).head).to.equal(1n);
    });
  });

  describe("the game", () => {
    it("takes the word of its challenge only", async () => {
      const { game, actors } = world();
      await expect(game.connect(actors.bob).counterUnavailable(header, ZeroHash, actors.bob, 0n))
        .to.be.revertedWithCustomError(game, "DisputeUnauthorized")
        .withArgs(actors.bob.address);
    });
  });

  describe("a credit", () => {
    it("is paid to an account that takes it", async () => {
      const { actors, connection } = world();
      await expect(challenge.connect(actors.bob).claimCredit(actors.bob))
        .to.be.revertedWithCustomError(challenge, "AvailabilityNoCredit")
        .withArgs(actors.bob.address);
      await demand(0);
      await answer(0);
      await expect(challenge.connect(actors.bob).claimCredit(ZeroAddress)).to.be.revertedWithCustomError(
        challenge,
        "AvailabilityZeroRecipient",
      );
      await expect(challenge.connect(actors.bob).claimCredit(challenge))
        .to.be.revertedWithCustomError(challenge, "AvailabilityPaymentFailed")
        .withArgs(await challenge.getAddress(), BOND);
      expect(await connection.ethers.provider.getBalance(challenge)).to.equal(BOND);
      await challenge.connect(actors.bob).claimCredit(actors.bob);
    });

    it("is paid in the middle of nothing else: whoever it pays can neither claim again nor close a demand meanwhile", async () => {
      const { actors, connection } = world();
      const { provider } = connection.ethers;
      const recipient = await new MockRecipient__factory(actors.bob).deploy();
      const to = await recipient.getAddress();
      const encode = challenge.interface.encodeFunctionData.bind(challenge.interface);
      await demand(0);
      const { chunk, path } = proveChunk(DATA, 0);
      await recipient.execute(challenge, encode("answer", [chunkId(0), chunk, path]));
      await demand(1);
      await afterAnswerTime();
      const before = await connection.networkHelpers.takeSnapshot();
      for (const call of [encode("claimCredit", [to]), encode("close", [header, chunkId(1)])]) {
        await recipient.setCall(challenge, call);
        await recipient.execute(challenge, encode("claimCredit", [to]));
        expect(await recipient.lastAnswer()).to.equal(
          challenge.interface.getError("ReentrancyGuardReentrantCall")?.selector,
        );
        expect([await provider.getBalance(to), await provider.getBalance(challenge)]).to.deep.equal([BOND, BOND]);
        expect(await challenge.creditOf(to)).to.equal(0n);
        await before.restore();
      }
    });

    it("counts once what is answered while another is paid", async () => {
      const { actors, connection } = world();
      const { provider } = connection.ethers;
      const recipient = await new MockRecipient__factory(actors.bob).deploy();
      const to = await recipient.getAddress();
      const encode = challenge.interface.encodeFunctionData.bind(challenge.interface);
      const answerOf = (index: number) => {
        const { chunk, path } = proveChunk(DATA, index);
        return encode("answer", [chunkId(index), chunk, path]);
      };
      for (const index of [0, 1, 2]) await demand(index);
      await recipient.execute(challenge, answerOf(0));
      await recipient.setCall(challenge, answerOf(1));
      await recipient.execute(challenge, encode("claimCredit", [to]));
      expect(await recipient.lastAnswer()).to.equal("0x");
      // Paid once, once to be paid, and one demand open.
      expect(await challenge.creditOf(to)).to.equal(BOND);
      expect([await provider.getBalance(to), await provider.getBalance(challenge)]).to.deep.equal([BOND, 2n * BOND]);
    });
  });

  it("wants every parameter", async () => {
    const { actors, chain } = world();
    const factory = new AvailabilityChallenge__factory(actors.deployer);
    const whole = {
      chain: await chain.getAddress(),
      committee: await committee.getAddress(),
      ...TIMES,
      demandBond: BOND,
    };
    for (const name of ["chain", "committee", "demandWindow", "answerTime", "answerMargin", "demandBond"] as const) {
      const zero = name === "chain" || name === "committee" ? ZeroAddress : 0n;
      await expect(factory.deploy({ ...whole, [name]: zero }))
        .to.be.revertedWithCustomError(factory, "AvailabilityZeroParameter")
        .withArgs(name);
    }
  });
});

describe("AvailabilityChallenge with long times beside a short window", () => {
  const world = useGame({}, (suite) =>
    deployChallenge(suite, { demandWindow: 7n * DAY, answerTime: 2n * DAY, answerMargin: DAY }),
  );

  it("leaves the margin after the last answer", async () => {
    const suite = world();
    const challenge = AvailabilityChallenge__factory.connect(
      (await suite.game.parameters()).availability,
      suite.actors.alice,
    );
    const { header } = await sceneOf(suite, "true");
    const until = header.finalizesAt - 3n * DAY;
    await nextBlockAt(suite, until);
    const none = { length: 0n, epoch: 0n, expiry: 0n, root: ZeroHash, signers: 0n, signatures: "0x" };
    await expect(challenge.demand(header, none, 0, { value: BOND }))
      .to.be.revertedWithCustomError(challenge, "AvailabilityDemandTooLate")
      .withArgs(until);
    await nextBlockAt(suite, until + 1n);
  });
});

describe("A game without a challenge", () => {
  const world = useGame();

  it("lets nobody say that data were withheld", async () => {
    const suite = world();
    const header = await postFalseBatch(suite, suite.genesis);
    for (const by of [suite.actors.alice, suite.actors.resolver]) {
      await expect(suite.game.connect(by).counterUnavailable(header, ZeroHash, by, 0n))
        .to.be.revertedWithCustomError(suite.game, "DisputeUnauthorized")
        .withArgs(by.address);
    }
  });
});
