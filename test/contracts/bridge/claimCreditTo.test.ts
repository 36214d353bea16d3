import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { useBridge } from "./support.js";

describe("L1EscrowBridge.claimCreditTo", () => {
  const environment = useBridge();

  /** Bob is on the token's blocklist and holds a credit of 300. */
  async function blockedBob() {
    const env = environment();
    const { bridge, alice, bob, ethers, claimOne } = env;
    const token = await ethers.deployContract("BlocklistToken");
    await token.mint(alice, 1_000n);
    await token.connect(alice).approve(bridge, 1_000n);
    await bridge.connect(alice).depositERC20(token, alice, 1_000n);
    await token.setBlocked(bob, true);
    await claimOne({ token: await token.getAddress(), amount: 300n, target: bob.address });
    return { ...env, token };
  }

  it("pays the caller's credit elsewhere", async () => {
    const { bridge, token, bob, carol } = await blockedBob();
    await expect(bridge.claimCredit(bob, token)).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNotPaid");
    await expect(bridge.connect(bob).claimCreditTo(token, carol))
      .to.emit(bridge, "CreditPaid")
      .withArgs(bob.address, await token.getAddress(), carol.address, 300n);
    expect(await token.balanceOf(carol)).to.equal(300n);
    expect(await bridge.credit(bob, token)).to.equal(0n);
  });

  it("is of no use to others", async () => {
    const { bridge, token, liar } = await blockedBob();
    await expect(bridge.connect(liar).claimCreditTo(token, liar))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNoCredit")
      .withArgs(liar.address, await token.getAddress());
  });

  it("refuses the zero address, and keeps the credit when the other cannot be paid either", async () => {
    const { bridge, token, bob, carol } = await blockedBob();
    await expect(bridge.connect(bob).claimCreditTo(token, ZeroAddress)).to.be.revertedWithCustomError(
      bridge,
      "InboxZeroTarget",
    );
    await token.setBlocked(carol, true);
    for (const to of [carol, bob, bridge]) {
      await expect(bridge.connect(bob).claimCreditTo(token, to)).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeNotPaid",
      );
    }
    expect(await bridge.credit(bob, token)).to.equal(300n);
  });
});
