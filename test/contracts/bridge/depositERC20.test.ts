import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { accumulate, AMOUNT_LIMIT, L2_CHAIN_ID, useBridge } from "./support.js";

describe("L1EscrowBridge.depositERC20", () => {
  const environment = useBridge();

  it("pulls the amount and enqueues it, numbered by the contract", async () => {
    const { bridge, token, alice, bob, networkHelpers } = environment();
    const timestamp = BigInt(await networkHelpers.time.latest()) + 100n;
    await networkHelpers.time.setNextBlockTimestamp(timestamp);
    const tokenAddress = await token.getAddress();
    const deposit = bridge.connect(alice).depositERC20(token, bob, 1_000n);
    await expect(deposit)
      .to.emit(bridge, "DepositEnqueued")
      .withArgs(alice.address, 0n, bob.address, L2_CHAIN_ID, tokenAddress, 1_000n, timestamp);

    expect(await token.balanceOf(bridge)).to.equal(1_000n);
    const acc = accumulate(await bridge.accumulator(0), {
      kind: 0,
      index: 0n,
      timestamp,
      sender: alice.address,
      target: bob.address,
      token: tokenAddress,
      amount: 1_000n,
      data: "0x",
    });
    expect(await bridge.accumulator(1)).to.equal(acc);
  });

  it("pins the token's code with its first deposit", async () => {
    const { bridge, token, alice } = environment();
    expect((await bridge.tokenPolicy(token)).fingerprint).to.equal("0x" + "00".repeat(29));
    await expect(bridge.connect(alice).depositERC20(token, alice, 1n)).to.emit(bridge, "TokenAccepted");
    const policy = await bridge.tokenPolicy(token);
    expect(policy.fingerprint).not.to.equal("0x" + "00".repeat(29));
    expect([policy.stopped, policy.exactOnly, policy.hasImplementation]).to.deep.equal([false, false, false]);
    await expect(bridge.connect(alice).depositERC20(token, alice, 1n)).not.to.emit(bridge, "TokenAccepted");
  });

  it("refuses amounts of zero and of 2^192 or more", async () => {
    const { bridge, token, alice } = environment();
    for (const amount of [0n, AMOUNT_LIMIT]) {
      await expect(bridge.connect(alice).depositERC20(token, alice, amount))
        .to.be.revertedWithCustomError(bridge, "InboxAmount")
        .withArgs(amount);
    }
  });

  it("refuses a zero target", async () => {
    const { bridge, token, alice } = environment();
    const deposit = bridge.connect(alice).depositERC20(token, ZeroAddress, 1n);
    await expect(deposit).to.be.revertedWithCustomError(bridge, "InboxZeroTarget");
  });

  it("refuses the bridge itself, ETH's zero address and accounts without code as tokens", async () => {
    const { bridge, alice, bob } = environment();
    for (const token of [await bridge.getAddress(), ZeroAddress, bob.address]) {
      await expect(bridge.connect(alice).depositERC20(token, alice, 1n))
        .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeToken")
        .withArgs(token);
    }
  });

  it("refuses contracts that are no tokens, whether they refuse to say a balance or say nothing", async () => {
    const { bridge, chain, alice, ethers } = environment();
    for (const token of [chain, await ethers.deployContract("AcceptsAnything")]) {
      await expect(bridge.connect(alice).depositERC20(token, alice, 1n))
        .to.be.revertedWithCustomError(bridge, "TokenTransferBalanceUnreadable")
        .withArgs(await token.getAddress());
    }
  });

  it("deposits no more than was asked when more arrives", async () => {
    const { bridge, alice, ethers } = environment();
    const token = await ethers.deployContract("ReentrantToken");
    await token.mint(alice, 100n);
    await token.connect(alice).approve(bridge, 100n);
    await token.setCall(token, token.interface.encodeFunctionData("mint", [await bridge.getAddress(), 7n]), 1n);
    await bridge.connect(alice).depositERC20(token, alice, 100n);
    const [deposited] = await bridge.queryFilter(bridge.filters.DepositEnqueued());
    expect(deposited?.args.amount).to.equal(100n);
    expect(await token.balanceOf(bridge)).to.equal(107n);
  });

  it("passes on the token's reason for refusing", async () => {
    const { bridge, token, liar } = environment();
    await token.mint(liar, 10n);
    await expect(bridge.connect(liar).depositERC20(token, liar, 10n))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(await bridge.getAddress(), 0n, 10n);
  });

  it("names a refusal for which the token gives no reason", async () => {
    const { bridge, alice, ethers } = environment();
    const token = await ethers.deployContract("MissingReturnToken", [false]);
    await token.mint(alice, 10n);
    await ethers.provider.send("hardhat_setCode", [await token.getAddress(), SILENT_REFUSAL]);
    await expect(bridge.connect(alice).depositERC20(token, alice, 10n))
      .to.be.revertedWithCustomError(bridge, "TokenTransferRefused")
      .withArgs(await token.getAddress());
  });

  it("is refused while deposits are paused", async () => {
    const { bridge, token, alice, guardian } = environment();
    await bridge.connect(guardian).pauseDeposits();
    const deposit = bridge.connect(alice).depositERC20(token, alice, 1n);
    await expect(deposit).to.be.revertedWithCustomError(bridge, "InboxDepositsPaused");
    expect(await token.balanceOf(bridge)).to.equal(0n);
  });

  it("is refused after the token's code changed, while withdrawals go on", async () => {
    const { bridge, token, alice, ethers, claimOne } = environment();
    await bridge.connect(alice).depositERC20(token, alice, 1_000n);
    const { fingerprint } = await bridge.tokenPolicy(token);
    const code = await ethers.provider.getCode(token);
    await ethers.provider.send("hardhat_setCode", [await token.getAddress(), `${code}00`]);

    const deposit = bridge.connect(alice).depositERC20(token, alice, 1n);
    await expect(deposit)
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeTokenChanged")
      .withArgs(await token.getAddress(), fingerprint, (current: string) => current !== fingerprint);
    await claimOne({ token: await token.getAddress(), amount: 400n, target: alice.address });
    expect(await token.balanceOf(bridge)).to.equal(600n);
  });

  it("cannot be starved of the gas for recognising a proxy", async () => {
    const { bridge, alice, ethers } = environment();
    const logic = await ethers.deployContract("MockERC20");
    const proxied = await ethers.deployContract("UpgradableToken", [logic]);
    const token = await ethers.getContractAt("MockERC20", proxied);
    await token.mint(alice, 100n);
    await token.connect(alice).approve(bridge, 100n);
    for (let gasLimit = 60_000n; gasLimit < 200_000n; gasLimit += 5_000n) {
      const sent = await bridge
        .connect(alice)
        .depositERC20.send(token, alice, 1n, { gasLimit })
        .then((tx) => tx.wait())
        .catch(() => undefined);
      const policy = await bridge.tokenPolicy(token);
      expect(policy.hasImplementation).to.equal(sent?.status === 1);
      if (sent?.status === 1) return;
    }
    expect.fail("no gas limit sufficed");
  });
});

/** Answers `balanceOf` with zero, and refuses any call that is longer without a word. */
const SILENT_REFUSAL = "0x6024361160095760206000f35b60006000fd";
