import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { BridgeEnvironment } from "./support.js";
import { useBridge } from "./support.js";

const NO_FINGERPRINT = `0x${"00".repeat(29)}`;

describe("L1EscrowBridge.stopToken", () => {
  const environment = useBridge();

  it("stops deposits of one token, not its withdrawals, nor other tokens", async () => {
    const { bridge, token, alice, guardian, ethers, claimOne } = environment();
    await bridge.connect(alice).depositERC20(token, alice, 100n);
    await expect(bridge.connect(guardian).stopToken(token))
      .to.emit(bridge, "TokenStopped")
      .withArgs(await token.getAddress());
    await expect(bridge.connect(alice).depositERC20(token, alice, 1n))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeTokenStopped")
      .withArgs(await token.getAddress());

    await claimOne({ token: await token.getAddress(), amount: 100n, target: alice.address });
    expect(await token.balanceOf(bridge)).to.equal(0n);
    const other = await ethers.deployContract("MockERC20");
    await other.mint(alice, 1n);
    await other.connect(alice).approve(bridge, 1n);
    await bridge.connect(alice).depositERC20(other, alice, 1n);
  });

  it("works ahead of a token's first deposit", async () => {
    const { bridge, token, alice, guardian } = environment();
    await bridge.connect(guardian).stopToken(token);
    await expect(bridge.connect(alice).depositERC20(token, alice, 1n)).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeTokenStopped",
    );
  });

  it("is the guardian's alone", async () => {
    const { bridge, token, timelock, alice } = environment();
    for (const caller of [timelock, alice]) {
      await expect(bridge.connect(caller).stopToken(token))
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
  });
});

describe("L1EscrowBridge.acceptToken", () => {
  const environment = useBridge();

  /** A proxied token of which alice holds 1,000. */
  async function upgradable({ bridge, alice, ethers }: BridgeEnvironment) {
    const logic = await ethers.deployContract("MockERC20");
    const proxy = await ethers.deployContract("UpgradableToken", [logic]);
    const token = await ethers.getContractAt("MockERC20", proxy);
    await token.mint(alice, 1_000n);
    await token.connect(alice).approve(bridge, 1_000n);
    return { proxy, token };
  }

  it("opens a stopped token again", async () => {
    const { bridge, token, alice, guardian, timelock } = environment();
    await bridge.connect(alice).depositERC20(token, alice, 1n);
    const { fingerprint } = await bridge.tokenPolicy(token);
    await bridge.connect(guardian).stopToken(token);
    await expect(bridge.connect(timelock).acceptToken(token, fingerprint, false))
      .to.emit(bridge, "TokenAccepted")
      .withArgs(await token.getAddress(), fingerprint, false);
    await bridge.connect(alice).depositERC20(token, alice, 1n);
  });

  it("takes an answer to implementation() that is no address for none", async () => {
    const { bridge, bob, networkHelpers } = environment();
    // Answers every call with the word in its slot 0.
    await networkHelpers.setCode(bob.address, "0x5f545f5260205ff3");
    const fingerprints = [];
    for (const answer of [0n, 2n ** 256n - 1n, 2n ** 160n, BigInt(await bridge.getAddress())]) {
      await networkHelpers.setStorageAt(bob.address, 0n, answer);
      fingerprints.push(await bridge.fingerprintOf(bob));
    }
    const [none, ones, above, some] = fingerprints;
    expect([ones, above]).to.deep.equal([none, none]);
    expect(some).not.to.equal(none);
  });

  it("opens an upgraded token for its new code only", async () => {
    const env = environment();
    const { bridge, alice, timelock, ethers } = env;
    const { proxy, token } = await upgradable(env);
    await bridge.connect(alice).depositERC20(token, alice, 10n);
    expect((await bridge.tokenPolicy(token)).hasImplementation).to.equal(true);

    for (const logic of ["FeeOnTransferToken", "PausableToken"]) {
      await proxy.upgradeTo(await ethers.deployContract(logic));
      await expect(bridge.connect(alice).depositERC20(token, alice, 10n)).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeTokenChanged",
      );
      await bridge.connect(timelock).acceptToken(token, await bridge.fingerprintOf(token), false);
      await bridge.connect(alice).depositERC20(token, alice, 10n);
    }
  });

  it("does not accept code that changed between announcement and execution", async () => {
    const env = environment();
    const { bridge, timelock, alice, ethers } = env;
    const { proxy, token } = await upgradable(env);
    await bridge.connect(alice).depositERC20(token, alice, 10n);
    await proxy.upgradeTo(await ethers.deployContract("PausableToken"));
    const reviewed = await bridge.fingerprintOf(token);
    await proxy.upgradeTo(await ethers.deployContract("FeeOnTransferToken"));
    await expect(bridge.connect(timelock).acceptToken(token, reviewed, false))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeTokenChanged")
      .withArgs(await token.getAddress(), reviewed, await bridge.fingerprintOf(token));
    await expect(bridge.connect(alice).depositERC20(token, alice, 1n)).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeTokenChanged",
    );
  });

  it("sets whether a deposit must be exact", async () => {
    const { bridge, alice, timelock, ethers } = environment();
    const token = await ethers.deployContract("FeeOnTransferToken");
    await token.mint(alice, 1_000n);
    await token.connect(alice).approve(bridge, 1_000n);
    await bridge.connect(timelock).acceptToken(token, await bridge.fingerprintOf(token), true);
    await expect(bridge.connect(alice).depositERC20(token, alice, 100n))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeInexact")
      .withArgs(await token.getAddress(), 100n, 90n);
    await bridge.connect(timelock).acceptToken(token, await bridge.fingerprintOf(token), false);
    await bridge.connect(alice).depositERC20(token, alice, 100n);
    expect(await token.balanceOf(bridge)).to.equal(90n);
  });

  it("takes exact deposits of an exact token", async () => {
    const { bridge, token, alice, timelock } = environment();
    await bridge.connect(timelock).acceptToken(token, await bridge.fingerprintOf(token), true);
    await bridge.connect(alice).depositERC20(token, alice, 100n);
    expect((await bridge.tokenPolicy(token)).exactOnly).to.equal(true);
    expect(await token.balanceOf(bridge)).to.equal(100n);
  });

  it("refuses what is no token", async () => {
    const { bridge, alice, timelock } = environment();
    for (const token of [await bridge.getAddress(), alice.address, ZeroAddress]) {
      await expect(bridge.connect(timelock).acceptToken(token, NO_FINGERPRINT, false))
        .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeToken")
        .withArgs(token);
      await expect(bridge.fingerprintOf(token)).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeToken");
    }
  });

  it("is the upgrade timelock's alone", async () => {
    const { bridge, token, guardian, alice } = environment();
    for (const caller of [guardian, alice]) {
      await expect(bridge.connect(caller).acceptToken(token, NO_FINGERPRINT, false))
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
  });
});
