import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { at, escapeBy, PAUSE_COOLDOWN, PAUSE_DURATION, useBridge } from "./support.js";

describe("Inbox.pauseDeposits", () => {
  const environment = useBridge();

  it("ends by itself", async () => {
    const { bridge, alice, guardian, networkHelpers } = environment();
    const start = BigInt(await networkHelpers.time.latest()) + 10n;
    await networkHelpers.time.setNextBlockTimestamp(start);
    await expect(bridge.connect(guardian).pauseDeposits())
      .to.emit(bridge, "DepositsPaused")
      .withArgs(start + PAUSE_DURATION);
    expect(await bridge.depositsPausedUntil()).to.equal(start + PAUSE_DURATION);

    await networkHelpers.time.setNextBlockTimestamp(start + PAUSE_DURATION - 1n);
    await expect(bridge.connect(alice).depositETH(alice, { value: 1n })).to.be.revertedWithCustomError(
      bridge,
      "InboxDepositsPaused",
    );
    await networkHelpers.time.setNextBlockTimestamp(start + PAUSE_DURATION);
    await bridge.connect(alice).depositETH(alice, { value: 1n });
  });

  it("cannot be renewed before the cooldown is over", async () => {
    const { bridge, guardian, networkHelpers } = environment();
    await bridge.connect(guardian).pauseDeposits();
    const earliest = (await bridge.depositsPausedUntil()) + PAUSE_COOLDOWN;
    await expect(bridge.connect(guardian).pauseDeposits())
      .to.be.revertedWithCustomError(bridge, "InboxPauseCooldown")
      .withArgs(earliest);
    await networkHelpers.time.setNextBlockTimestamp(earliest - 1n);
    await expect(bridge.connect(guardian).pauseDeposits()).to.be.revertedWithCustomError(bridge, "InboxPauseCooldown");
    await networkHelpers.time.setNextBlockTimestamp(earliest);
    await expect(bridge.connect(guardian).pauseDeposits()).to.emit(bridge, "DepositsPaused");
  });

  it("stops neither forced messages, nor withdrawals, nor credits", async () => {
    const { bridge, alice, guardian, ethers, claimOne } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    await bridge.connect(alice).depositETH(alice, { value: 10n });
    await bridge.connect(guardian).pauseDeposits();

    await bridge.connect(alice).forceTransaction("0x02");
    await bridge.connect(alice).forceWithdrawal(ZeroAddress, 1n, alice);
    await recipient.setManner(1);
    await claimOne({ amount: 10n, target: await recipient.getAddress() });
    await recipient.setManner(0);
    await bridge.claimCredit(recipient, ZeroAddress);
    expect(await ethers.provider.getBalance(recipient)).to.equal(10n);
  });

  it("stops neither the freeze, nor escapes and refunds after it", async () => {
    const { bridge, chain, alice, bob, liar, guardian, ethers, networkHelpers, freeze, messages } = environment();
    await bridge.connect(alice).depositETH(alice, { value: 100n });
    await bridge.connect(alice).depositETH(bob, { value: 25n });
    await chain.release(bridge, 1);
    await bridge.connect(guardian).pauseDeposits();

    const { header, escapes } = await freeze([{ account: alice.address, token: ZeroAddress, amount: 60n }], 1n);
    await expect(escapeBy(bridge.connect(liar), ...at(escapes, 0))).to.changeEtherBalance(ethers, alice, 60n);
    const refund = bridge.connect(liar).refundDeposit(header, at(await messages(), 1));
    await expect(refund).to.changeEtherBalance(ethers, alice, 25n);
    expect(await bridge.depositsPausedUntil()).to.be.greaterThan(await networkHelpers.time.latest());
  });

  it("stops deposits at most half of the time, for whatever the guardian does in a year", async () => {
    const { bridge, guardian, networkHelpers } = environment();
    const start = BigInt(await networkHelpers.time.latest());
    const year = 365n * 86_400n;
    let paused = 0n;
    for (let from = start + 1n; from < start + year;) {
      await networkHelpers.time.setNextBlockTimestamp(from);
      await bridge.connect(guardian).pauseDeposits();
      const until = await bridge.depositsPausedUntil();
      paused += until - from;
      from = until + PAUSE_COOLDOWN;
    }
    expect(paused * (PAUSE_DURATION + PAUSE_COOLDOWN)).to.be.lessThanOrEqual(
      (year + PAUSE_DURATION + PAUSE_COOLDOWN) * PAUSE_DURATION,
    );
    expect(PAUSE_DURATION).to.be.lessThanOrEqual(PAUSE_COOLDOWN);
  });

  it("is the guardian's alone", async () => {
    const { bridge, timelock, alice } = environment();
    for (const caller of [timelock, alice]) {
      await expect(bridge.connect(caller).pauseDeposits())
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
  });
});
