import { expect } from "chai";
import { MaxUint256 } from "ethers";

import { channelDigests, channelIdOf } from "../../../plugin/channel/hashes.js";
import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { Answer, BOND, ETH, Mode, outcomeOf, stateOf, useAdjudicator } from "./support.js";

/** Ways in which adjudicators lost money or bound somebody to what it never signed, each as what happens here instead. */
describe("ChannelAdjudicator, what others got wrong", () => {
  const environment = useAdjudicator();
  const FINAL = { turnNum: 9n, isFinal: true } as const;

  /** A token of a kind that Alice has and lets the adjudicator pull. */
  async function tokenOf(name: string, ...args: unknown[]) {
    const { adjudicator, alice, ethers } = environment();
    const contract = await ethers.deployContract(name, args);
    const token = await ethers.getContractAt("MockERC20", contract);
    await token.mint(alice, 10_000n);
    await token.connect(alice).approve(adjudicator, MaxUint256);
    return { contract, token, asset: (await contract.getAddress()) as Hex };
  }

  it("a token that calls back in the middle of a deposit cannot end the channel, deposit or be paid meanwhile", async () => {
    const { adjudicator, address, alice, bob, carol, channelOf, signedByAll, ethers } = environment();
    const token = await ethers.deployContract("ReentrantToken");
    const asset = (await token.getAddress()) as Hex;
    for (const wallet of [alice, carol]) {
      await token.mint(wallet, 1_000n);
      await token.connect(wallet).approve(adjudicator, MaxUint256);
    }
    // Somebody else's, whose holding must stay covered.
    const victim = channelOf([carol, bob]);
    await adjudicator.connect(carol).depositERC20(token, victim.id, 0n, 1_000n);

    const channel = channelOf();
    await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 100n);
    const signed = signedByAll(channel, { ...FINAL, outcome: outcomeOf(asset, [alice.address, 100n]) });
    const encode = adjudicator.interface;
    for (const [calldata, error] of [
      [encode.encodeFunctionData("concludeAndPay", [channel.params, signed]), "ReentrancyGuardReentrantCall"],
      [encode.encodeFunctionData("depositERC20", [asset, channel.id, 0n, 1n]), "ReentrancyGuardReentrantCall"],
    ] as const) {
      await token.setCall(address, calldata, 1);
      await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 1n);
      expect(await token.successes()).to.equal(0n);
      expect(await token.lastAnswer()).to.equal(encode.getError(error)?.selector);
    }
    expect(await adjudicator.depositedOf(channel.id, asset)).to.equal(102n);
    const held = await Promise.all([channel, victim].map(({ id }) => adjudicator.holdingsOf(id, asset)));
    expect(held[0]! + held[1]!).to.equal(await token.balanceOf(adjudicator));
  });

  it("a recipient that calls back while it is paid is not paid twice", async () => {
    const { adjudicator, address, alice, bob, channelOf, signedByAll, ethers } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    const to = await recipient.getAddress();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 101n });
    await adjudicator.connect(bob).depositETH(channelOf([bob, alice]).id, 0n, { value: 1_000n });
    const signed = signedByAll(channel, { ...FINAL, outcome: outcomeOf(ETH, [to, 100n]) });
    const again = await adjudicator.payout.populateTransaction(channel.id, signed.state, signed.outcome, 0, []);
    await recipient.setCall(address, again.data);
    await adjudicator.concludeAndPay(channel.params, signed);
    expect(await ethers.provider.getBalance(recipient)).to.equal(100n);
    expect(await recipient.lastAnswer()).to.equal(
      adjudicator.interface.getError("ReentrancyGuardReentrantCall")?.selector,
    );
    await expect(adjudicator.payout(channel.id, signed.state, signed.outcome, 0, [])).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelNothingToPay",
    );
  });

  it("a guarantee is known by its own place, wherever it is asked for", async () => {
    const { adjudicator, alice, bob, carol, channelOf, signedByAll, ethers } = environment();
    const target = channelOf([alice, bob], { channelNonce: 50n });
    const promise = guarantee(target.id, 40n, alice.address as Hex, bob.address as Hex);
    const [simple] = outcomeOf(ETH, [carol.address, 60n]);
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
    for (const [nonce, allocations] of [
      [1n, [...(simple?.allocations ?? []), promise]],
      [2n, [promise, ...(simple?.allocations ?? [])]],
    ] as const) {
      const ledger = channelOf([alice, bob], { channelNonce: nonce });
      if (nonce !== 1n) await adjudicator.connect(alice).depositETH(ledger.id, 0n, { value: 100n });
      const signed = signedByAll(ledger, { ...FINAL, outcome: [{ asset: ETH, allocations }] });
      await adjudicator.conclude(ledger.params, signed);
      const index = allocations.indexOf(promise);
      const pay = (which: number) => adjudicator.payout(ledger.id, signed.state, signed.outcome, 0, [which]);
      await expect(pay(index)).to.be.revertedWithCustomError(adjudicator, "ChannelNothingToPay");
      await expect(pay(1 - index)).to.changeEtherBalance(ethers, carol, 60n);
      expect(await adjudicator.depositedOf(target.id, ETH)).to.equal(0n);
    }
  });

  it("what a token without return values takes in, it pays out", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const { contract, asset } = await tokenOf("MissingReturnToken", false);
    const channel = channelOf();
    await adjudicator.connect(alice).depositERC20(contract, channel.id, 0n, 100n);
    await adjudicator.concludeAndPay(
      channel.params,
      signedByAll(channel, { ...FINAL, outcome: outcomeOf(asset, [bob.address, 100n]) }),
    );
    const token = await environment().ethers.getContractAt("MockERC20", contract);
    expect(await token.balanceOf(bob)).to.equal(100n);
  });

  it("a token that says no instead of reverting leaves a credit, and what it moved counts, whatever it says", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, ethers } = environment();
    const quiet = await ethers.deployContract("NoRevertToken");
    await quiet.mint(alice, 100n);
    await quiet.connect(alice).approve(adjudicator, 100n);
    const asset = (await quiet.getAddress()) as Hex;
    const channel = channelOf();
    await adjudicator.connect(alice).depositERC20(quiet, channel.id, 0n, 100n);
    await quiet.setRefusing(true);
    await adjudicator.concludeAndPay(
      channel.params,
      signedByAll(channel, { ...FINAL, outcome: outcomeOf(asset, [bob.address, 100n]) }),
    );
    expect(await adjudicator.credit(bob, asset)).to.equal(100n);
    await quiet.setRefusing(false);
    await adjudicator.claimCredit(bob, asset);
    expect(await quiet.balanceOf(bob)).to.equal(100n);

    const liar = await tokenOf("ReturnsFalseToken");
    const other = channelOf([alice, bob], { channelNonce: 2n });
    await adjudicator.connect(alice).depositERC20(liar.contract, other.id, 0n, 100n);
    await adjudicator.concludeAndPay(
      other.params,
      signedByAll(other, { ...FINAL, outcome: outcomeOf(liar.asset, [bob.address, 100n]) }),
    );
    expect([await liar.token.balanceOf(bob), await adjudicator.credit(bob, liar.asset)]).to.deep.equal([100n, 0n]);
  });

  it("a conclusion cannot be repeated after a new deposit", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const outcome = outcomeOf(ETH, [bob.address, 100n]);
    for (const [nonce, deposited, mode] of [
      [1n, 100n, Mode.closed],
      [2n, 130n, Mode.finalized],
    ] as const) {
      const channel = channelOf([alice, bob], { channelNonce: nonce });
      const own = adjudicator.connect(alice);
      await own.depositETH(channel.id, 0n, { value: deposited });
      const signed = signedByAll(channel, { ...FINAL, outcome });
      await adjudicator.concludeAndPay(channel.params, signed);
      if (mode === Mode.closed) {
        await expect(own.depositETH(channel.id, 0n, { value: 100n })).to.be.revertedWithCustomError(
          adjudicator,
          "ChannelWrongMode",
        );
      } else {
        await own.depositETH(channel.id, 0n, { value: 100n });
        await expect(adjudicator.payout(channel.id, signed.state, signed.outcome, 0, [])).to.be.revertedWithCustomError(
          adjudicator,
          "ChannelNothingToPay",
        );
      }
      for (const move of ["conclude", "concludeAndPay"] as const) {
        await expect(adjudicator[move](channel.params, signed))
          .to.be.revertedWithCustomError(adjudicator, "ChannelWrongMode")
          .withArgs(channel.id, mode);
      }
    }
  });

  it("signatures mean nothing at another deployment or on another chain", async () => {
    const { adjudicator, alice, bob, channelOf, domain, sign, signedByAll, ethers } = environment();
    const channel = channelOf();
    const signed = signedByAll(channel, { ...FINAL, outcome: outcomeOf(ETH, [bob.address, 100n]) });
    const second = await ethers.deployContract("ChannelAdjudicator", [BOND]);
    expect(await second.channelIdOf(channel.params)).not.to.equal(channel.id);
    await expect(second.concludeAndPay(channel.params, signed)).to.be.revertedWithCustomError(
      second,
      "ChannelSignature",
    );

    const elsewhere = { ...domain, l1ChainId: domain.l1ChainId + 1n };
    const id = channelIdOf(elsewhere, channel.params);
    expect(id).not.to.equal(channel.id);
    // Whether the id, the domain or both are of the other chain.
    for (const [digests, channelId] of [
      [channelDigests(elsewhere), id],
      [channelDigests(elsewhere), channel.id],
      [channelDigests(domain), id],
    ] as const) {
      const signatures = sign(digests.state(channelId, signed.state), [alice, bob]);
      await expect(adjudicator.concludeAndPay(channel.params, { ...signed, signatures })).to.be.revertedWithCustomError(
        adjudicator,
        "ChannelSignature",
      );
    }
  });

  it("one recipient that rejects, burns all gas or is blocked stops nobody else", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, ethers } = environment();
    for (const [nonce, manner] of [1, 2, 3].entries()) {
      const recipient = await ethers.deployContract("MockRecipient");
      await recipient.setManner(manner);
      const to = await recipient.getAddress();
      const channel = channelOf([alice, bob], { channelNonce: BigInt(nonce) });
      await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 100n });
      const outcome = outcomeOf(ETH, [to, 60n], [bob.address, 40n]);
      await expect(
        adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome })),
      ).to.changeEtherBalance(ethers, bob, 40n);
      expect(await adjudicator.credit(to, ETH)).to.equal(60n);
    }

    const token = await ethers.deployContract("BlocklistToken");
    const asset = (await token.getAddress()) as Hex;
    await token.mint(alice, 100n);
    await token.connect(alice).approve(adjudicator, 100n);
    const channel = channelOf([alice, bob], { channelNonce: 20n });
    await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 100n);
    await token.setBlocked(alice, true);
    const outcome = outcomeOf(asset, [alice.address, 60n], [bob.address, 40n]);
    await adjudicator.concludeAndPay(channel.params, signedByAll(channel, { ...FINAL, outcome }));
    expect([await token.balanceOf(bob), await adjudicator.credit(alice, asset)]).to.deep.equal([40n, 60n]);
  });

  it("a dispute commits to all 256 bits of its state", async () => {
    const { adjudicator, bob, channelOf, challengeWith, passDispute, networkHelpers, address, stateHashOf } =
      environment();
    const channel = channelOf();
    const signed = await challengeWith(channel, { turnNum: 5n, outcome: outcomeOf(ETH, [bob.address, 1n]) });
    const hash = stateHashOf(channel, signed);
    expect((await adjudicator.statusOf(channel.id)).stateHash).to.equal(hash);
    await passDispute();

    // Whichever bit of the stored word differs, among them the 96 beyond an address: it is another state.
    const { ethers } = environment();
    const slots = Array.from({ length: 8 }, (_, i) =>
      ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [channel.id, i])),
    );
    const after = (slot: string) => `0x${(BigInt(slot) + 1n).toString(16).padStart(64, "0")}`;
    const words = await Promise.all(slots.map((slot) => ethers.provider.getStorage(address, after(slot))));
    const slot = after(slots[words.indexOf(hash)] ?? "0x0");
    for (const bit of [0n, 95n, 96n, 159n, 160n, 255n]) {
      const changed: Hex = `0x${(BigInt(hash) ^ (1n << bit)).toString(16).padStart(64, "0")}`;
      await networkHelpers.setStorageAt(address, slot, changed);
      await expect(adjudicator.payout(channel.id, signed.state, signed.outcome, 0, []))
        .to.be.revertedWithCustomError(adjudicator, "ChannelStateMismatch")
        .withArgs(changed, hash);
    }
  });

  it("a deposit counts what arrived, and a withdrawal is of one channel and adjudicator", async () => {
    const { adjudicator, alice, bob, channelOf, digests, sign, ethers } = environment();
    const taxed = await tokenOf("FeeOnTransferToken");
    const channel = channelOf();
    await adjudicator.connect(alice).depositERC20(taxed.contract, channel.id, 0n, 1_000n);
    expect(await adjudicator.holdingsOf(channel.id, taxed.asset)).to.equal(await taxed.token.balanceOf(adjudicator));

    const second = await ethers.deployContract("ChannelAdjudicator", [BOND]);
    const other = channelOf([alice, bob], { channelNonce: 2n });
    for (const id of [channel.id, other.id]) await adjudicator.connect(alice).depositETH(id, 0n, { value: 10n });
    const there = await second.channelIdOf(channel.params);
    await second.connect(alice).depositETH(there, 0n, { value: 10n });
    const withdrawal = { asset: ETH, destination: toDestination(bob.address as Hex), total: 10n };
    const signatures = sign(digests.withdrawal(channel.id, withdrawal), [alice, bob]);
    for (const [contract, { params }] of [
      [adjudicator, other],
      [second, channel],
    ] as const) {
      await expect(
        contract.withdraw(params, ETH, withdrawal.destination, 10n, signatures),
      ).to.be.revertedWithCustomError(adjudicator, "ChannelSignature");
    }
  });

  it("a state of the same turn that not everybody signed takes no one's place, nor is it told", async () => {
    const { adjudicator, app, alice, bob, channelOf, challengeWith, signedBy, signedByAll } = environment();
    const channel = channelOf();
    await app.setAnswer(Answer.yes);
    await challengeWith(channel, { turnNum: 5n });
    const before = await adjudicator.statusOf(channel.id);
    const forged = signedBy(channel, [1], stateOf({ turnNum: 5n, outcome: outcomeOf(ETH, [bob.address, 100n]) }));
    await expect(adjudicator.respond(channel.params, [forged])).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelStaleTurn",
    );
    await expect(adjudicator.checkpoint(channel.params, forged)).to.be.revertedWithCustomError(
      adjudicator,
      "ChannelStaleTurn",
    );
    expect(await adjudicator.statusOf(channel.id)).to.deep.equal(before);

    await adjudicator.checkpoint(channel.params, signedByAll(channel, { turnNum: 6n }));
    const equal = signedBy(channel, [0], stateOf({ turnNum: 6n, outcome: outcomeOf(ETH, [alice.address, 100n]) }));
    await expect(
      adjudicator.connect(alice).challenge(channel.params, [equal], 0, "0x", { value: BOND }),
    ).to.be.revertedWithCustomError(adjudicator, "ChannelStaleTurn");
  });

  it("nothing but a deposit of ETH and a challenge takes value", async () => {
    const { adjudicator, alice, address, channelOf, signedByAll, ethers } = environment();
    const payable = adjudicator.interface.fragments.filter(
      (fragment) => fragment.type === "function" && "payable" in fragment && fragment.payable === true,
    );
    expect(payable.map((fragment) => "name" in fragment && fragment.name).sort()).to.deep.equal([
      "challenge",
      "depositETH",
    ]);
    await expect(alice.sendTransaction({ to: address, value: 1n })).to.be.revert(ethers);
    const channel = channelOf();
    const move = adjudicator.checkpoint.populateTransaction(channel.params, signedByAll(channel, { turnNum: 1n }));
    const { data } = await move;
    await expect(alice.sendTransaction({ to: address, data, value: 1n })).to.be.revert(ethers);
    await alice.sendTransaction({ to: address, data });
    expect((await adjudicator.statusOf(channel.id)).turnNum).to.equal(1n);
  });

  it("what a channel is, is all in its id: another nonce, duration, app, parameter or participant is another channel", async () => {
    const { adjudicator, alice, bob, carol, channelOf, signedByAll, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 10n });
    const signed = signedByAll(channel, { ...FINAL, outcome: outcomeOf(ETH, [bob.address, 10n]) });
    const others = [
      { channelNonce: 2n },
      { challengeDuration: channel.params.challengeDuration + 1 },
      { appDefinition: carol.address as Hex },
      { appParamsHash: ethers.id("others") as Hex },
      { participants: [bob.address as Hex, alice.address as Hex] },
    ];
    for (const fields of others) {
      const params = { ...channel.params, ...fields };
      expect(await adjudicator.channelIdOf(params)).not.to.equal(channel.id);
      await expect(adjudicator.concludeAndPay(params, signed)).to.be.revertedWithCustomError(
        adjudicator,
        "ChannelSignature",
      );
    }
    // And only who the outcome names is paid.
    await expect(adjudicator.connect(carol).concludeAndPay(channel.params, signed)).to.changeEtherBalances(
      ethers,
      [alice, bob],
      [0n, 10n],
    );
  });
});
