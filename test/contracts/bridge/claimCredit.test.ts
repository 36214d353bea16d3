import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { BridgeEnvironment } from "./support.js";
import { useBridge } from "./support.js";

const ACCEPT = 0;
const REJECT = 1;
const BURN_GAS = 2;

describe("L1EscrowBridge.claimCredit", () => {
  const environment = useBridge();

  /** A recipient that holds a credit of 9 wei and will reject it until told otherwise. */
  async function creditedRecipient({ bridge, alice, ethers, claimOne }: BridgeEnvironment) {
    await bridge.connect(alice).depositETH(alice, { value: 1_000n });
    const recipient = await ethers.deployContract("MockRecipient");
    await recipient.setManner(REJECT);
    await claimOne({ target: await recipient.getAddress(), amount: 9n });
    return recipient;
  }

  it("pays the account, whoever calls", async () => {
    const env = environment();
    const { bridge, liar, ethers } = env;
    const recipient = await creditedRecipient(env);
    await recipient.setManner(ACCEPT);
    const account = await recipient.getAddress();
    await expect(bridge.connect(liar).claimCredit(recipient, ZeroAddress))
      .to.emit(bridge, "CreditPaid")
      .withArgs(account, ZeroAddress, account, 9n);
    expect(await ethers.provider.getBalance(recipient)).to.equal(9n);
    expect(await bridge.credit(recipient, ZeroAddress)).to.equal(0n);
  });

  it("keeps the credit when the payment fails", async () => {
    const env = environment();
    const { bridge } = env;
    const recipient = await creditedRecipient(env);
    for (const manner of [REJECT, BURN_GAS]) {
      await recipient.setManner(manner);
      await expect(bridge.claimCredit(recipient, ZeroAddress, { gasLimit: 1_000_000n }))
        .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNotPaid")
        .withArgs(ZeroAddress, await recipient.getAddress(), 9n);
      expect(await bridge.credit(recipient, ZeroAddress)).to.equal(9n);
    }
  });

  it("pays as far as the token allows, and keeps the rest", async () => {
    const { bridge, alice, bob, ethers, claimOne } = environment();
    const token = await ethers.deployContract("PartialToken");
    const address = await token.getAddress();
    await token.mint(alice, 1_000n);
    await token.connect(alice).approve(bridge, 1_000n);
    await bridge.connect(alice).depositERC20(token, alice, 1_000n);
    await token.setHalving(true);

    await claimOne({ token: address, amount: 800n, target: bob.address });
    expect(await bridge.credit(bob, token)).to.equal(400n);
    await bridge.claimCredit(bob, token);
    expect(await bridge.credit(bob, token)).to.equal(200n);
    await token.setHalving(false);
    await bridge.claimCredit(bob, token);
    expect(await token.balanceOf(bob)).to.equal(800n);
    expect(await token.balanceOf(bridge)).to.equal(200n);
  });

  it("gives the payment all the gas there is", async () => {
    const { bridge, alice, bob, ethers, claimOne } = environment();
    const token = await ethers.deployContract("GasBurnerToken");
    await token.mint(alice, 10n);
    await token.connect(alice).approve(bridge, 10n);
    await bridge.connect(alice).depositERC20(token, alice, 10n);
    await token.setBurning(true);
    await claimOne({ token: await token.getAddress(), amount: 10n, target: bob.address });
    expect(await bridge.credit(bob, token)).to.equal(10n);
    await expect(bridge.claimCredit(bob, token, { gasLimit: 2_000_000n })).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeNotPaid",
    );
    await token.setBurning(false);
    await bridge.claimCredit(bob, token);
    expect(await token.balanceOf(bob)).to.equal(10n);
  });

  it("refuses an account without credit, and the same credit again", async () => {
    const env = environment();
    const { bridge, alice } = env;
    await expect(bridge.claimCredit(alice, ZeroAddress))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeNoCredit")
      .withArgs(alice.address, ZeroAddress);
    const recipient = await creditedRecipient(env);
    await recipient.setManner(ACCEPT);
    await bridge.claimCredit(recipient, ZeroAddress);
    await expect(bridge.claimCredit(recipient, ZeroAddress)).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeNoCredit",
    );
  });

  it("pays a credit once to a recipient that asks for it again while it is paid", async () => {
    const env = environment();
    const { bridge, ethers } = env;
    const recipient = await creditedRecipient(env);
    const again = bridge.interface.encodeFunctionData("claimCredit", [await recipient.getAddress(), ZeroAddress]);
    await recipient.setCall(bridge, again);
    await bridge.claimCredit(recipient, ZeroAddress);
    expect(await recipient.lastAnswer()).to.equal(bridge.interface.encodeErrorResult("ReentrancyGuardReentrantCall"));
    expect(await ethers.provider.getBalance(recipient)).to.equal(9n);
  });
});
