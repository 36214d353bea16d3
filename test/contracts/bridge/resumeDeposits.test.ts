import { expect } from "chai";

import { PAUSE_COOLDOWN, useBridge } from "./support.js";

describe("Inbox.resumeDeposits", () => {
  const environment = useBridge();

  it("ends a pause before its time, and the cooldown runs from then", async () => {
    const { bridge, alice, guardian, networkHelpers } = environment();
    await bridge.connect(guardian).pauseDeposits();
    await expect(bridge.connect(guardian).resumeDeposits()).to.emit(bridge, "DepositsResumed");
    await bridge.connect(alice).depositETH(alice, { value: 1n });

    const resumed = await bridge.depositsPausedUntil();
    await expect(bridge.connect(guardian).pauseDeposits())
      .to.be.revertedWithCustomError(bridge, "InboxPauseCooldown")
      .withArgs(resumed + PAUSE_COOLDOWN);
    await networkHelpers.time.setNextBlockTimestamp(resumed + PAUSE_COOLDOWN);
    await bridge.connect(guardian).pauseDeposits();
  });

  it("needs a pause, so that it cannot shift the cooldown", async () => {
    const { bridge, guardian, networkHelpers } = environment();
    await expect(bridge.connect(guardian).resumeDeposits()).to.be.revertedWithCustomError(bridge, "InboxNotPaused");
    await bridge.connect(guardian).pauseDeposits();
    await networkHelpers.time.setNextBlockTimestamp(await bridge.depositsPausedUntil());
    await expect(bridge.connect(guardian).resumeDeposits()).to.be.revertedWithCustomError(bridge, "InboxNotPaused");
  });

  it("is the guardian's alone", async () => {
    const { bridge, guardian, timelock, alice } = environment();
    await bridge.connect(guardian).pauseDeposits();
    for (const caller of [timelock, alice]) {
      await expect(bridge.connect(caller).resumeDeposits())
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
  });
});
