import { expect } from "chai";
import { ZeroAddress } from "ethers";

import {
  ForcePayment__factory,
  MockRecipient__factory,
  ReentrantClaimant__factory,
} from "../../../typechain-types/index.js";
import {
  answerBatch,
  bondsLess,
  counterBatch,
  type GameWorld,
  listOf,
  passGame,
  resolve,
  sceneOf,
  useGame,
} from "../../support/dispute.js";
import { headerHash } from "../../support/protocol.js";

/** Of MockRecipient. */
const Manner = { Reject: 1n, BurnGas: 2n, ReturnBomb: 3n } as const;

describe("DisputeGame.claimCredit", () => {
  const world = useGame();

  /** alice countered a false batch, and has her bond as a credit. */
  async function won(suite: GameWorld) {
    const { header, truth, honest } = await sceneOf(suite, "false");
    const first = await counterBatch(suite, header, truth, honest, suite.actors.alice);
    await passGame(suite, header);
    await resolve(suite, [first]);
    return { header, first, credit: await bondsLess(suite, [1], 2) };
  }

  it("pays to whom the owner says, once", async () => {
    const suite = world();
    const { game, actors, connection } = suite;
    const { credit } = await won(suite);
    const sent = await game.connect(actors.alice).claimCredit(actors.bob);
    await expect(sent).to.emit(game, "CreditPaid").withArgs(actors.alice.address, actors.bob.address, credit);
    await expect(sent).to.changeEtherBalances(connection.ethers, [game, actors.bob], [-credit, credit]);
    expect(await game.creditOf(actors.alice)).to.equal(0n);
    await expect(game.connect(actors.alice).claimCredit(actors.alice))
      .to.be.revertedWithCustomError(game, "DisputeNoCredit")
      .withArgs(actors.alice.address);
  });

  it("pays nobody who has no credit", async () => {
    const suite = world();
    await won(suite);
    for (const nobody of [suite.actors.bob, suite.actors.sequencer]) {
      await expect(suite.game.connect(nobody).claimCredit(suite.actors.alice))
        .to.be.revertedWithCustomError(suite.game, "DisputeNoCredit")
        .withArgs(nobody.address);
    }
  });

  it("needs a recipient", async () => {
    const suite = world();
    await won(suite);
    await expect(suite.game.connect(suite.actors.alice).claimCredit(ZeroAddress)).to.be.revertedWithCustomError(
      suite.game,
      "DisputeZeroRecipient",
    );
  });

  it("keeps the credit where the recipient does not take it", async () => {
    const suite = world();
    const { game, actors } = suite;
    const { credit } = await won(suite);
    const recipient = await new MockRecipient__factory(actors.deployer).deploy();
    for (const manner of [Manner.Reject, Manner.BurnGas, Manner.ReturnBomb]) {
      await recipient.setManner(manner);
      await expect(game.connect(actors.alice).claimCredit(recipient, { gasLimit: 1_000_000n }))
        .to.be.revertedWithCustomError(game, "DisputePaymentFailed")
        .withArgs(await recipient.getAddress(), credit);
    }
    expect(await game.creditOf(actors.alice)).to.equal(credit);
    await game.connect(actors.alice).claimCredit(actors.alice);
  });

  it("is not stopped by ether that somebody forced in, and does not pay it out", async () => {
    const suite = world();
    const { game, actors, connection } = suite;
    const { credit } = await won(suite);
    const tips = 2n * (await game.tip());
    await new ForcePayment__factory(actors.bob).deploy(await game.getAddress(), { value: 12_345n });
    await game.connect(actors.alice).claimCredit(actors.alice);
    expect(await connection.ethers.provider.getBalance(game)).to.equal(12_345n + tips);
    expect(credit).to.be.above(0n);
  });

  it("ether comes with a move only", async () => {
    const { game, actors, connection } = world();
    await expect(actors.alice.sendTransaction({ to: game, value: 1n })).to.revert(connection.ethers);
    await expect(actors.alice.sendTransaction({ to: game, value: 1n, data: "0x12345678" })).to.revert(
      connection.ethers,
    );
  });

  it("cannot be entered again, nor can any move, while a payment is on its way", async () => {
    const suite = world();
    const { game, actors, connection } = suite;
    const { header, truth, honest } = await sceneOf(suite, "false");
    const bond = await game.bond(1n);
    const claimant = await new ReentrantClaimant__factory(actors.bob).deploy(game, {
      value: bond,
    });
    const list = listOf(suite, honest, 1, 0n);
    await claimant.call(game.interface.encodeFunctionData("counterBatch", [header, list]), bond);
    const first = answerBatch(header, truth, list, actors.bob);
    expect((await game.claimState(first.id)).claimant).to.equal(await claimant.getAddress());
    await passGame(suite, header);
    await resolve(suite, [first]);

    const to = await claimant.getAddress();
    await claimant.answerWith([
      game.interface.encodeFunctionData("claimCredit", [to]),
      game.interface.encodeFunctionData("counterBatch", [header, list]),
      game.interface.encodeFunctionData("counter", [first.claim, list, 0n, list]),
      game.interface.encodeFunctionData("step", [first.claim, list, 0n, "0x"]),
      game.interface.encodeFunctionData("resolve", [[first.claim]]),
      game.interface.encodeFunctionData("resolveBatch", [header]),
    ]);
    await claimant.call(game.interface.encodeFunctionData("claimCredit", [to]), 0n);
    const guard = game.interface.getError("ReentrancyGuardReentrantCall")?.selector;
    for (let i = 0n; i < 6n; i++) expect(await claimant.results(i)).to.equal(guard);
    const tips = 2n * (await game.tip());
    expect(await connection.ethers.provider.getBalance(game)).to.equal(tips);
    expect(await connection.ethers.provider.getBalance(claimant)).to.equal(bond - tips);
    expect((await game.claimState(headerHash(header))).status).to.equal(0n);
  });
});
