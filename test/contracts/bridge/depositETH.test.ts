import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";

import { accumulate, AMOUNT_LIMIT, L2_CHAIN_ID, useBridge } from "./support.js";

describe("L1EscrowBridge.depositETH", () => {
  const environment = useBridge();

  it("enqueues a deposit of what was sent, numbered by the contract", async () => {
    const { bridge, alice, bob, ethers, networkHelpers } = environment();
    const timestamp = BigInt(await networkHelpers.time.latest()) + 100n;
    await networkHelpers.time.setNextBlockTimestamp(timestamp);
    await expect(bridge.connect(alice).depositETH(bob, { value: 5n }))
      .to.emit(bridge, "DepositEnqueued")
      .withArgs(alice.address, 0n, bob.address, L2_CHAIN_ID, ZeroAddress, 5n, timestamp);

    expect(await bridge.messageCount()).to.equal(1n);
    expect(await ethers.provider.getBalance(bridge)).to.equal(5n);
    const acc = accumulate(await bridge.accumulator(0), {
      kind: 0,
      index: 0n,
      timestamp,
      sender: alice.address,
      target: bob.address,
      token: ZeroAddress,
      amount: 5n,
      data: "0x",
    });
    expect(await bridge.accumulator(1)).to.equal(acc);
  });

  it("refuses nothing, and 2^192 wei or more", async () => {
    const { bridge, alice, networkHelpers } = environment();
    await networkHelpers.setBalance(alice.address, MaxUint256 >> 1n);
    for (const value of [0n, AMOUNT_LIMIT]) {
      await expect(bridge.connect(alice).depositETH(alice, { value }))
        .to.be.revertedWithCustomError(bridge, "InboxAmount")
        .withArgs(value);
    }
    await bridge.connect(alice).depositETH(alice, { value: AMOUNT_LIMIT - 1n });
  });

  it("refuses a zero target", async () => {
    const { bridge, alice } = environment();
    await expect(bridge.connect(alice).depositETH(ZeroAddress, { value: 1n })).to.be.revertedWithCustomError(
      bridge,
      "InboxZeroTarget",
    );
  });

  it("is refused while deposits are paused", async () => {
    const { bridge, alice, guardian } = environment();
    await bridge.connect(guardian).pauseDeposits();
    await expect(bridge.connect(alice).depositETH(alice, { value: 1n }))
      .to.be.revertedWithCustomError(bridge, "InboxDepositsPaused")
      .withArgs(await bridge.depositsPausedUntil());
  });

  it("is the only way in for ETH", async () => {
    const { bridge, alice, ethers } = environment();
    await expect(alice.sendTransaction({ to: bridge, value: 1n })).to.revert(ethers);
    await expect(alice.sendTransaction({ to: bridge, value: 1n, data: "0x12345678" })).to.revert(ethers);
  });
});
