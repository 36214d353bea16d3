import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { accumulate, AMOUNT_LIMIT, L2_CHAIN_ID, useBridge, WHOLE_BALANCE } from "./support.js";

describe("Inbox.forceWithdrawal", () => {
  const environment = useBridge();

  it("enqueues a withdrawal from the caller's own account", async () => {
    const { bridge, token, alice, bob, networkHelpers } = environment();
    const timestamp = BigInt(await networkHelpers.time.latest()) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(timestamp);
    const address = await token.getAddress();
    await expect(bridge.connect(alice).forceWithdrawal(token, 77n, bob))
      .to.emit(bridge, "MessageEnqueued")
      .withArgs(0n, alice.address, bob.address, L2_CHAIN_ID, 2n, address, 77n, timestamp, "0x");
    const acc = accumulate(await bridge.accumulator(0), {
      kind: 2,
      index: 0n,
      timestamp,
      sender: alice.address,
      target: bob.address,
      token: address,
      amount: 77n,
      data: "0x",
    });
    expect(await bridge.accumulator(1)).to.equal(acc);
  });

  it("takes amounts between zero and 2^192, and the word for everything", async () => {
    const { bridge, alice } = environment();
    for (const amount of [0n, AMOUNT_LIMIT, WHOLE_BALANCE - 1n]) {
      await expect(bridge.connect(alice).forceWithdrawal(ZeroAddress, amount, alice))
        .to.be.revertedWithCustomError(bridge, "InboxAmount")
        .withArgs(amount);
    }
    for (const amount of [1n, AMOUNT_LIMIT - 1n, WHOLE_BALANCE]) {
      await bridge.connect(alice).forceWithdrawal(ZeroAddress, amount, alice);
    }
    expect(await bridge.messageCount()).to.equal(3n);
  });

  it("refuses a zero target", async () => {
    const { bridge, alice } = environment();
    const forced = bridge.connect(alice).forceWithdrawal(ZeroAddress, 1n, ZeroAddress);
    await expect(forced).to.be.revertedWithCustomError(bridge, "InboxZeroTarget");
  });

  it("goes on while deposits are paused and the token is stopped", async () => {
    const { bridge, token, alice, guardian } = environment();
    await bridge.connect(guardian).pauseDeposits();
    await bridge.connect(guardian).stopToken(token);
    await expect(bridge.connect(alice).forceWithdrawal(token, 1n, alice)).to.emit(bridge, "MessageEnqueued");
  });
});
