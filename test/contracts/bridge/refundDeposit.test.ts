import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import { at, headerOf, useBridge } from "./support.js";

/** What MockRecipient does when it is paid. */
const REJECT = 1;

describe("L1EscrowBridge.refundDeposit", () => {
  const environment = useBridge(4n);

  /** Six messages, of which the chain consumed the first two: ETH, token, ETH, token, forced, ETH. */
  async function frozen() {
    const { bridge, token, chain, alice, bob, messages, freeze } = environment();
    await bridge.connect(alice).depositETH(bob, { value: 1n });
    await bridge.connect(alice).depositERC20(token, bob, 2n);
    await bridge.connect(alice).depositETH(bob, { value: 30n });
    await bridge.connect(alice).depositERC20(token, bob, 400n);
    await bridge.connect(alice).forceWithdrawal(ZeroAddress, 5n, bob);
    await bridge.connect(bob).depositETH(alice, { value: 6_000n });
    await chain.release(bridge, 2);
    const { header } = await freeze([], 2n);
    return { header, messages: await messages() };
  }

  it("pays back whole deposits to who made them, whoever calls and whoever they were for", async () => {
    const { bridge, token, alice, bob, liar, ethers } = environment();
    const { header, messages } = await frozen();
    const refund = bridge.connect(liar).refundDeposit(header, at(messages, 2));
    await expect(refund).to.changeEtherBalances(ethers, [alice, bridge], [30n, -30n]);
    await expect(refund).to.emit(bridge, "DepositRefunded").withArgs(2n, alice.address, ZeroAddress, 30n, 0n);
    const before = await token.balanceOf(alice);
    await bridge.connect(liar).refundDeposit(header, at(messages, 3));
    expect((await token.balanceOf(alice)) - before).to.equal(400n);
    await expect(bridge.connect(liar).refundDeposit(header, at(messages, 5))).to.changeEtherBalance(
      ethers,
      bob,
      6_000n,
    );
    expect(await Promise.all([2n, 3n, 4n, 5n].map((index) => bridge.isRefunded(index)))).to.deep.equal([
      true,
      true,
      false,
      true,
    ]);
  });

  it("pays back nothing twice", async () => {
    const { bridge } = environment();
    const { header, messages } = await frozen();
    for (const index of [2, 3, 5]) await bridge.refundDeposit(header, at(messages, index));
    for (const index of [2, 3, 5]) {
      await expect(bridge.refundDeposit(header, at(messages, index)))
        .to.be.revertedWithCustomError(bridge, "EscapeHatchAlreadyRefunded")
        .withArgs(index);
    }
  });

  it("pays back nothing that a batch consumed", async () => {
    const { bridge } = environment();
    const { header, messages } = await frozen();
    for (const index of [0, 1]) {
      await expect(bridge.refundDeposit(header, at(messages, index)))
        .to.be.revertedWithCustomError(bridge, "EscapeHatchConsumed")
        .withArgs(index, 2n);
    }
  });

  it("pays nothing for messages that brought nothing", async () => {
    const { bridge } = environment();
    const { header, messages } = await frozen();
    await expect(bridge.refundDeposit(header, at(messages, 4)))
      .to.be.revertedWithCustomError(bridge, "EscapeHatchNotDeposit")
      .withArgs(4n);
    await expect(bridge.refundDeposit(header, { ...at(messages, 4), kind: 0 }))
      .to.be.revertedWithCustomError(bridge, "EscapeHatchMessageMismatch")
      .withArgs(4n);
  });

  it("refuses a message altered in any field, one in another's place, and one that never was", async () => {
    const { bridge, token, liar } = environment();
    const { header, messages } = await frozen();
    const deposit = at(messages, 2);
    const altered = [
      { timestamp: deposit.timestamp + 1n },
      { sender: liar.address },
      { target: liar.address },
      { token: await token.getAddress() },
      { amount: deposit.amount + 1n },
      { data: "0x00" },
      { index: 5n },
    ];
    for (const change of altered) {
      await expect(
        bridge.refundDeposit(header, { ...deposit, ...change }),
        Object.keys(change).join(),
      ).to.be.revertedWithCustomError(bridge, "EscapeHatchMessageMismatch");
    }
    await expect(bridge.refundDeposit(header, { ...deposit, index: 6n }))
      .to.be.revertedWithCustomError(bridge, "EscapeHatchMessageMismatch")
      .withArgs(6n);
    await expect(bridge.refundDeposit(header, { ...deposit, index: 7n }))
      .to.be.revertedWithCustomError(bridge, "InboxIndexOutOfRange")
      .withArgs(7n, 2n, 6n);
  });

  it("refuses before the freeze, and with another header", async () => {
    const { bridge, chain, alice, messages, freeze } = environment();
    await bridge.connect(alice).depositETH(alice, { value: 7n });
    const [deposit] = await messages();
    if (deposit === undefined) throw new Error("no deposit");
    const early = { ...headerOf(1n, ZeroHash), inboxTo: 0n };
    await chain.setFinalized(early, true);
    await expect(bridge.refundDeposit(early, deposit))
      .to.be.revertedWithCustomError(bridge, "EscapeHatchNotFrozen")
      .withArgs(1n);
    const { header } = await freeze([], 0n);
    await expect(bridge.refundDeposit(early, deposit)).to.be.revertedWithCustomError(bridge, "EscapeHatchNotFrozen");
    await bridge.refundDeposit(header, deposit);
  });

  it("credits what cannot be paid", async () => {
    const { bridge, ethers, messages, freeze } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    const target = await recipient.getAddress();
    const deposit = bridge.interface.encodeFunctionData("depositETH", [target]);
    await recipient.execute(bridge, deposit, { value: 8n });
    await recipient.setManner(REJECT);
    const { header } = await freeze([], 0n);
    await expect(bridge.refundDeposit(header, at(await messages(), 0)))
      .to.emit(bridge, "DepositRefunded")
      .withArgs(0n, target, ZeroAddress, 8n, 8n);
    await recipient.setManner(0);
    await expect(bridge.claimCredit(recipient, ZeroAddress)).to.changeEtherBalance(ethers, recipient, 8n);
  });

  it("pays once who calls back while it is paid", async () => {
    const { bridge, ethers, alice, messages, freeze } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    const call = bridge.interface.encodeFunctionData("depositETH", [alice.address]);
    for (let i = 0; i < 2; i++) await recipient.execute(bridge, call, { value: 8n });
    const { header } = await freeze([], 0n);
    const [first, second] = await messages();
    if (first === undefined || second === undefined) throw new Error("two deposits");
    await recipient.setCall(bridge, bridge.interface.encodeFunctionData("refundDeposit", [header, second]));
    await bridge.refundDeposit(header, first);
    expect(await recipient.lastAnswer()).to.equal(bridge.interface.encodeErrorResult("ReentrancyGuardReentrantCall"));
    expect(await ethers.provider.getBalance(recipient)).to.equal(8n);
    await bridge.refundDeposit(header, second);
    expect(await ethers.provider.getBalance(recipient)).to.equal(16n);
  });

  it("finds deposits of every generation of a queue that grew", async () => {
    const { bridge, alice, ethers, messages, freeze } = environment();
    for (let i = 0; i < 300; i++) await bridge.connect(alice).depositETH(alice, { value: 1n });
    const { header } = await freeze([], 0n);
    const deposits = await messages();
    for (const index of [0, 2, 3, 7, 8, 254, 255, 256, 257, 299]) {
      await expect(bridge.refundDeposit(header, at(deposits, index))).to.changeEtherBalance(ethers, bridge, -1n);
      expect(await bridge.isRefunded(BigInt(index))).to.equal(true);
    }
  });
});
