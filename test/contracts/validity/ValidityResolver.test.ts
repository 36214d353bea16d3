import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { BatchHeader, Hex, InboxMessage } from "../../../plugin/types.js";
import { statementOf } from "../../../plugin/validity/statement.js";
import { StateCommitmentChain__factory, ValidityResolver__factory } from "../../../typechain-types/index.js";
import { messageOf } from "../../support/batches.js";
import { headerHash } from "../../support/protocol.js";
import { IMPLEMENTATION_SLOT } from "../../support/proxies.js";
import {
  ON_L1,
  ownerOn,
  type Plan,
  postPlans,
  postPrepared,
  prepare,
  proofOf,
  PROOF_WINDOW,
  proven,
  useValidity,
  type ValidityWorld,
  wordsOf,
} from "../../support/validity.js";
import { nextBlockAt, now } from "../../support/world.js";

const ETHER = 10n ** 18n;

/** Alice puts 1 ETH in and asks for all of it back, in one batch. */
async function inAndOut(world: ValidityWorld): Promise<Plan> {
  const { bridge, actors } = world;
  const own = bridge.connect(actors.alice);
  const messages: InboxMessage[] = [
    await messageOf(world, await own.depositETH(actors.alice, { value: ETHER })),
    await messageOf(world, await own.forceWithdrawal(ZeroAddress, 2n ** 256n - 1n, actors.bob)),
  ];
  return { messages };
}

/** A batch that only creates a leaf. */
const leafFor = (world: ValidityWorld, number: number): Plan => ({
  operations: [{ kind: 6, owner: ownerOn(world, number).id, token: 0n }],
});

describe("ValidityResolver.prove", () => {
  const get = useValidity();

  it("makes the next batch final at once, and its withdrawals claimable", async () => {
    const world = get();
    const { chain, bridge, resolver, actors, connection } = world;
    const { prepared, header } = await postPlans(world, world.genesis, await inAndOut(world));
    const [withdrawal] = prepared.withdrawals;
    if (withdrawal === undefined) throw new Error("no withdrawal");
    await expect(bridge.withdraw(header, 0n, withdrawal, []))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNotFinalized")
      .withArgs(1n);

    const own = resolver.connect(actors.bob);
    await expect(own.prove(...(await proven(world, header, prepared))))
      .to.emit(resolver, "BatchProven")
      .withArgs(1n, headerHash(header), actors.bob.address)
      .and.to.emit(chain, "BatchFinalized")
      .withArgs(1n, headerHash(header));
    expect(await chain.isFinalized(header)).to.equal(true);
    await expect(bridge.withdraw(header, 0n, withdrawal, [])).to.changeEtherBalance(
      connection.ethers,
      actors.bob,
      ETHER,
    );
    await expect(bridge.withdraw(header, 0n, withdrawal, [])).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeAlreadyClaimed",
    );
  });

  it("takes a proof for each of several segments, and not one less or more", async () => {
    const world = get();
    const { resolver, verifier } = world;
    const plans = [1, 2, 3].map((n) => leafFor(world, n));
    const { prepared, header } = await postPlans(world, world.genesis, ...plans);
    const [, below, isOnL1, statements, proofs] = await proven(world, header, prepared);
    for (const some of [proofs.slice(1), [], [...proofs, "0x"]]) {
      await expect(resolver.prove(header, below, isOnL1, statements, some))
        .to.be.revertedWithCustomError(verifier, "ValidityCounts")
        .withArgs(3n, some.length);
    }
    for (const some of [statements.slice(1), [], [...statements].reverse()]) {
      await expect(
        resolver.prove(header, below, isOnL1, some, proofs.slice(0, some.length)),
      ).to.be.revertedWithCustomError(resolver, "ResolverStatements");
    }
    await expect(
      resolver.prove(header, below, isOnL1, statements, [...proofs.slice(1), "0x00"]),
    ).to.be.revertedWithCustomError(verifier, "MockProofRejected");
    await resolver.prove(header, below, isOnL1, statements, proofs);
  });

  it("refuses every number of the statements, the data and the form altered", async () => {
    const world = get();
    const { resolver } = world;
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1), leafFor(world, 2));
    const [, below, isOnL1, statements, proofs] = await proven(world, header, prepared);
    for (let segment = 0; segment < 2; segment++) {
      for (let place = 0; place < 3; place++) {
        const altered = statements.map((words): [bigint, bigint, bigint] => [...words]);
        altered[segment]![place]! += 1n;
        await expect(resolver.prove(header, below, isOnL1, altered, proofs)).to.be.revertedWithCustomError(
          resolver,
          "ResolverStatements",
        );
      }
    }
    await expect(resolver.prove(header, headerHash(header), isOnL1, statements, proofs)).to.be.revertedWithCustomError(
      resolver,
      "ResolverStatements",
    );
    await expect(resolver.prove(header, below, !isOnL1, statements, proofs)).to.be.revertedWithCustomError(
      resolver,
      "ResolverStatements",
    );
  });

  it("refuses the proof of other data, posted in their place", async () => {
    const world = get();
    const { resolver, verifier } = world;
    const other = await prepare(world, world.genesis, [leafFor(world, 2)]);
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1));
    const [, , , theirs, proofs] = await proven(world, header, other);
    await expect(resolver.prove(header, other.belowHash, true, theirs, proofs)).to.be.revertedWithCustomError(
      resolver,
      "ResolverStatements",
    );
    await expect(
      resolver.prove(header, prepared.belowHash, true, prepared.statements.map(wordsOf), proofs),
    ).to.be.revertedWithCustomError(verifier, "MockProofRejected");
  });

  it("refuses a proof copied by another sender, whose batch states something else", async () => {
    const world = get();
    const { resolver, verifier, registry, actors, chain, parameters } = world;
    await registry.connect(actors.second).register({ value: parameters.sequencerBond });
    const own = await prepare(world, world.genesis, [leafFor(world, 1)]);
    const proof = await proofOf(world, own.statements[0]!);
    await nextBlockAt(world, (await now(world)) + parameters.permissionlessDelay);
    // The thief posts the very bytes.
    const header = await postPrepared(world, own, actors.second);
    await expect(
      resolver.prove(header, own.belowHash, true, own.statements.map(wordsOf), [proof]),
    ).to.be.revertedWithCustomError(resolver, "ResolverStatements");
    const real = await prepare(world, world.genesis, [leafFor(world, 1)], actors.second);
    const asPosted = statementOf(real.elements[0]!, own.statements[0]!.h);
    await expect(
      resolver.prove(header, own.belowHash, true, [wordsOf(asPosted)], [proof]),
    ).to.be.revertedWithCustomError(verifier, "MockProofRejected");
    expect(await chain.heads()).to.deep.equal([1n, 0n]);
  });

  it("notes a batch that is proven before its turn, which anybody makes final then", async () => {
    const world = get();
    const { resolver, chain, actors } = world;
    const first = await postPlans(world, world.genesis, leafFor(world, 1));
    const second = await postPlans(world, first.header, leafFor(world, 2));
    await resolver.prove(...(await proven(world, second.header, second.prepared)));
    expect(await chain.heads()).to.deep.equal([2n, 0n]);
    expect(await resolver.isProven(headerHash(second.header))).to.equal(true);
    const own = resolver.connect(actors.alice);
    await expect(own.finalize(second.header)).to.be.revertedWithCustomError(chain, "ChainNotNext").withArgs(1n, 2n);

    // The first is proven late, when the second could be reverted already if it were not.
    await nextBlockAt(world, second.header.timestamp + PROOF_WINDOW);
    await resolver.prove(...(await proven(world, first.header, first.prepared)));
    await expect(own.revertUnproven(second.header))
      .to.be.revertedWithCustomError(resolver, "ResolverProven")
      .withArgs(2n);
    await own.finalize(second.header);
    expect(await chain.heads()).to.deep.equal([2n, 2n]);
    await expect(own.finalize(second.header)).to.be.revertedWithCustomError(resolver, "ResolverNotProven").withArgs(2n);
  });

  it("refuses what is not a pending batch that it judges", async () => {
    const world = get();
    const { resolver, parameters, bridge, actors, chain } = world;
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1));
    const [, ...rest] = await proven(world, header, prepared);
    await expect(resolver.prove({ ...header, index: 2n }, ...rest))
      .to.be.revertedWithCustomError(resolver, "ResolverNotPending")
      .withArgs(2n, 0n, 1n);
    const forged = { ...header, stateRoot: `0x${"11".repeat(32)}` as const };
    await expect(resolver.prove(forged, ...rest))
      .to.be.revertedWithCustomError(resolver, "ResolverHeaderMismatch")
      .withArgs(1n, headerHash(header), headerHash(forged));
    await resolver.prove(header, ...rest);
    await expect(resolver.prove(header, ...rest))
      .to.be.revertedWithCustomError(resolver, "ResolverNotPending")
      .withArgs(1n, 1n, 1n);

    const message = await messageOf(
      world,
      await bridge.connect(actors.alice).forceWithdrawal(ZeroAddress, 1n, actors.alice),
    );
    await nextBlockAt(world, message.timestamp + parameters.escapeDelay);
    await chain.freeze(header, message);
    await expect(resolver.prove(header, ...rest)).to.be.revertedWithCustomError(resolver, "ResolverNotPending");
  });

  it("decides nothing for want of gas", async () => {
    const world = get();
    const { resolver, chain } = world;
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1));
    const call = await proven(world, header, prepared);
    let refused = 0;
    for (let gasLimit = 60_000n; ; gasLimit += 2_000n) {
      const receipt = await resolver.prove
        .send(...call, { gasLimit })
        .then((sent) => sent.wait())
        .catch(() => null);
      if (receipt?.status === 1) break;
      expect(await chain.heads()).to.deep.equal([1n, 0n]);
      expect(await resolver.isProven(headerHash(header))).to.equal(false);
      refused++;
    }
    expect(refused).to.be.greaterThan(5);
    expect(await chain.isFinalized(header)).to.equal(true);
  });

  it("asks the verifier and the program that were the chain's when the batch was posted", async () => {
    const world = get();
    const { chain, bridge, registry, resolver, layer, parameters, actors, verifier, connection } = world;
    const old = await postPlans(world, world.genesis, leafFor(world, 1));
    const program = { verifier, id: `0x${"99".repeat(32)}` };
    const next = await new ValidityResolver__factory(actors.deployer).deploy({
      ...{ chain, onL1: program, withCommittee: program, proofWindow: 1n },
    });
    const code = await new StateCommitmentChain__factory(actors.deployer).deploy({
      ...{ ...parameters, inbox: bridge, registry, dataAvailability: layer, resolver: next },
    });
    await connection.networkHelpers.setStorageAt(
      await chain.getAddress(),
      IMPLEMENTATION_SLOT,
      await code.getAddress(),
    );
    const fresh = await postPlans(world, old.header, leafFor(world, 2));
    const [, ...rest] = await proven(world, old.header, old.prepared);
    await expect(next.prove(old.header, ...rest))
      .to.be.revertedWithCustomError(next, "ResolverNotJudge")
      .withArgs(await resolver.getAddress());
    await resolver.prove(old.header, ...rest);
    const [, ...newer] = await proven(world, fresh.header, fresh.prepared);
    await expect(next.prove(fresh.header, ...newer)).to.be.revertedWithCustomError(verifier, "MockProofRejected");
    await proofOf(world, fresh.prepared.statements[0]!, program.id as Hex);
    await next.prove(fresh.header, ...newer);
    expect(await chain.heads()).to.deep.equal([2n, 2n]);
  });
});

describe("ValidityResolver.revertUnproven", () => {
  const get = useValidity();

  async function two(world: ValidityWorld): Promise<[BatchHeader, BatchHeader]> {
    const first = await postPlans(world, world.genesis, leafFor(world, 1));
    const second = await postPlans(world, first.header, leafFor(world, 2));
    return [first.header, second.header];
  }

  it("reverts the next batch and all later ones from the second on at which its window is over", async () => {
    const world = get();
    const { chain, resolver, registry, actors, parameters } = world;
    const [first, second] = await two(world);
    const own = resolver.connect(actors.alice);
    const deadline = first.timestamp + PROOF_WINDOW;
    await nextBlockAt(world, deadline - 1n);
    await expect(own.revertUnproven(first))
      .to.be.revertedWithCustomError(resolver, "ResolverTooEarly")
      .withArgs(1n, deadline);
    await nextBlockAt(world, deadline);
    await expect(own.revertUnproven(first)).to.emit(chain, "BatchesReverted").withArgs(1n, 2n, first.parentHash);
    expect(await chain.heads()).to.deep.equal([0n, 0n]);
    expect(await chain.openDisputes()).to.equal(0n);
    expect(await registry.bondOf(actors.sequencer)).to.equal(0n);
    expect(await registry.rewardOf(actors.alice)).to.equal(parameters.sequencerBond / 2n);
    await expect(own.revertUnproven(second)).to.be.revertedWithCustomError(resolver, "ResolverNotPending");
  });

  it("takes the next batch only, and the true one", async () => {
    const world = get();
    const { resolver } = world;
    const [first, second] = await two(world);
    await nextBlockAt(world, second.timestamp + PROOF_WINDOW);
    await expect(resolver.revertUnproven(second))
      .to.be.revertedWithCustomError(resolver, "ResolverNotNext")
      .withArgs(1n, 2n);
    await expect(resolver.revertUnproven({ ...first, timestamp: 0n })).to.be.revertedWithCustomError(
      resolver,
      "ResolverHeaderMismatch",
    );
  });

  it("refuses what is final, and a late proof comes in time until somebody reverts", async () => {
    const world = get();
    const { resolver, chain } = world;
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1));
    const call = await proven(world, header, prepared);
    await nextBlockAt(world, header.timestamp + 3n * PROOF_WINDOW);
    await resolver.prove(...call);
    await expect(resolver.revertUnproven(header)).to.be.revertedWithCustomError(resolver, "ResolverNotPending");
    expect(await chain.isFinalized(header)).to.equal(true);
  });

  it("leaves the messages of the fallen batch to the next one", async () => {
    const world = get();
    const { resolver, registry, actors, parameters } = world;
    const plan = await inAndOut(world);
    const { header } = await postPlans(world, world.genesis, plan);
    await registry.connect(actors.second).register({ value: parameters.sequencerBond });
    await nextBlockAt(world, header.timestamp + PROOF_WINDOW);
    await resolver.revertUnproven(header);
    const again = await prepare(world, world.genesis, [plan], actors.second);
    const posted = await postPrepared(world, again, actors.second);
    await resolver.prove(...(await proven(world, posted, again)));
    expect(await world.chain.isFinalized(posted)).to.equal(true);
  });
});

describe("ValidityResolver and a committee", () => {
  const get = useValidity({ attested: true });

  it("proves batches whose transfers are with a committee, for their own program", async () => {
    const world = get();
    const { resolver, chain, verifier } = world;
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1));
    const [, below, isOnL1, statements, proofs] = await proven(world, header, prepared);
    expect(isOnL1).to.equal(false);
    // A proof for the other program is none for this.
    const other = await proofOf(world, prepared.statements[0]!, ON_L1, "0x1234");
    await expect(resolver.prove(header, below, false, statements, [other])).to.be.revertedWithCustomError(
      verifier,
      "MockProofRejected",
    );
    await resolver.prove(header, below, false, statements, proofs);
    expect(await chain.isFinalized(header)).to.equal(true);
  });
});

describe("ValidityResolver without a program for committees", () => {
  const get = useValidity({ attested: true, committeeProgram: false });

  it("proves no batch whose transfers are with one", async () => {
    const world = get();
    const { prepared, header } = await postPlans(world, world.genesis, leafFor(world, 1));
    await expect(world.resolver.prove(...(await proven(world, header, prepared))))
      .to.be.revertedWithCustomError(world.resolver, "ResolverNoProgram")
      .withArgs(false);
  });

  it("cannot be without chain, verifier or window", async () => {
    const { chain, verifier, actors, resolver } = get();
    const factory = new ValidityResolver__factory(actors.deployer);
    const program = { verifier, id: ON_L1 };
    const none = { verifier: ZeroAddress, id: ZeroHash };
    const good = { chain, onL1: program, withCommittee: none, proofWindow: 1n };
    for (const [name, change] of [
      ["chain", { chain: ZeroAddress }],
      ["onL1.verifier", { onL1: none }],
      ["proofWindow", { proofWindow: 0n }],
    ] as const) {
      await expect(factory.deploy({ ...good, ...change }))
        .to.be.revertedWithCustomError(factory, "ResolverZeroParameter")
        .withArgs(name);
    }
    expect((await resolver.parameters()).proofWindow).to.equal(PROOF_WINDOW);
  });
});
