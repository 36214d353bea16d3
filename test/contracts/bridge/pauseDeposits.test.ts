import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { PAUSE_COOLDOWN, PAUSE_DURATION, useBridge } from "./support.js";

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

  it("is the guardian's alone", async () => {
    const { bridge, timelock, alice } = environment();
    for (const caller of [timelock, alice]) {
      await expect(bridge.connect(caller).pauseDeposits())
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
  });
});
