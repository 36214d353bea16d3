import { expect } from "chai";
import { MaxUint256, ZeroAddress, ZeroHash } from "ethers";

import { at, useBridge } from "./support.js";

/** What MockRecipient does when it is paid. */
const REJECT = 1;

describe("L1EscrowBridge.freeze", () => {
  const environment = useBridge();

  it("is the state-commitment chain's alone", async () => {
    const { bridge, guardian, timelock, alice } = environment();
    for (const caller of [guardian, timelock, alice]) {
      await expect(bridge.connect(caller).freeze())
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
    await bridge.connect(alice).depositETH(alice, { value: 1n });
  });

  it("ends deposits and forced messages, for no batch would take them in", async () => {
    const { bridge, token, alice, freeze } = environment();
    await freeze([]);
    const own = bridge.connect(alice);
    const refused = [
      () => own.depositETH(alice, { value: 1n }),
      () => own.depositERC20(token, alice, 1n),
      () => own.depositERC20WithPermit(token, alice, 1n, MaxUint256, 27, ZeroHash, ZeroHash),
      () => own.forceWithdrawal(ZeroAddress, 1n, alice),
      () => own.forceTransaction("0x02"),
    ];
    for (const send of refused) await expect(send()).to.be.revertedWithCustomError(bridge, "InboxFrozen");
    expect(await token.balanceOf(alice)).to.equal(10n ** 24n);
    expect(await bridge.messageCount()).to.equal(0n);
  });

  it("is not undone by the guardian, nor hidden by a pause", async () => {
    const { bridge, guardian, alice, freeze } = environment();
    await freeze([]);
    await bridge.connect(guardian).pauseDeposits();
    await expect(bridge.connect(alice).depositETH(alice, { value: 1n })).to.be.revertedWithCustomError(
      bridge,
      "InboxFrozen",
    );
    await bridge.connect(guardian).resumeDeposits();
    await expect(bridge.connect(alice).depositETH(alice, { value: 1n })).to.be.revertedWithCustomError(
      bridge,
      "InboxFrozen",
    );
  });

  it("leaves the queue as it is", async () => {
    const { bridge, alice, freeze } = environment();
    for (let i = 0; i < 3; i++) await bridge.connect(alice).depositETH(alice, { value: 1n });
    const before = [await bridge.position(1), await bridge.capacity(), await bridge.releasedCount()];
    await freeze([]);
    expect([await bridge.position(1), await bridge.capacity(), await bridge.releasedCount()]).to.deep.equal(before);
  });

  it("pays proven withdrawals and credits as ever", async () => {
    const { bridge, alice, bob, ethers, withdrawal, finalBatch, freeze } = environment();
    await bridge.connect(alice).depositETH(alice, { value: 10n });
    const recipient = await ethers.deployContract("MockRecipient");
    await recipient.setManner(REJECT);
    const { claims } = await finalBatch([
      withdrawal({ target: bob.address, amount: 4n }),
      withdrawal({ target: await recipient.getAddress(), amount: 6n }),
    ]);
    await freeze([]);
    await expect(bridge.withdraw(...at(claims, 0))).to.changeEtherBalance(ethers, bob, 4n);
    await bridge.withdraw(...at(claims, 1));
    await recipient.setManner(0);
    await expect(bridge.claimCredit(recipient, ZeroAddress)).to.changeEtherBalance(ethers, recipient, 6n);
  });
});
