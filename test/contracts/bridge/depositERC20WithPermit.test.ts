import { expect } from "chai";
import type { HDNodeWallet } from "ethers";
import { MaxUint256, Signature, Wallet, ZeroAddress, ZeroHash } from "ethers";

import type { BridgeEnvironment } from "./support.js";
import { useBridge } from "./support.js";

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

describe("L1EscrowBridge.depositERC20WithPermit", () => {
  const environment = useBridge();

  /** A user who holds tokens and ETH and has approved nobody. */
  async function dora({ ethers, networkHelpers, token }: BridgeEnvironment) {
    const wallet = Wallet.createRandom(ethers.provider);
    await networkHelpers.setBalance(wallet.address, 10n ** 20n);
    await token.mint(wallet, 1_000n);
    return wallet;
  }

  async function sign(
    { bridge, token }: BridgeEnvironment,
    wallet: HDNodeWallet,
    value: bigint,
    deadline = MaxUint256,
  ) {
    const { name, version, chainId, verifyingContract } = await token.eip712Domain();
    const message = {
      owner: wallet.address,
      spender: await bridge.getAddress(),
      value,
      nonce: await token.nonces(wallet),
      deadline,
    };
    return Signature.from(
      await wallet.signTypedData({ name, version, chainId, verifyingContract }, PERMIT_TYPES, message),
    );
  }

  it("takes an allowance and a deposit in one transaction", async () => {
    const env = environment();
    const { bridge, token } = env;
    const user = await dora(env);
    const { v, r, s } = await sign(env, user, 600n);
    await expect(bridge.connect(user).depositERC20WithPermit(token, user, 600n, MaxUint256, v, r, s)).to.emit(
      bridge,
      "DepositEnqueued",
    );
    expect(await token.balanceOf(bridge)).to.equal(600n);
  });

  it("succeeds when somebody else used the permit first", async () => {
    const env = environment();
    const { bridge, token, liar } = env;
    const user = await dora(env);
    const { v, r, s } = await sign(env, user, 600n);
    await token.connect(liar).permit(user, bridge, 600n, MaxUint256, v, r, s);
    await bridge.connect(user).depositERC20WithPermit(token, user, 600n, MaxUint256, v, r, s);
    expect(await token.balanceOf(bridge)).to.equal(600n);
  });

  it("fails for want of allowance when the permit is bad", async () => {
    const env = environment();
    const { bridge, token, alice } = env;
    const user = await dora(env);
    const { v, r, s } = await sign(env, user, 600n, 1n);
    for (const [owner, deadline] of [
      [user, 1n],
      [user, MaxUint256],
    ] as const) {
      await expect(
        bridge.connect(owner).depositERC20WithPermit(token, user, 600n, deadline, v, r, s),
      ).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
    }
    expect(await token.balanceOf(alice)).to.equal(10n ** 24n);
  });

  it("never spends another's allowance: the owner is the caller", async () => {
    const env = environment();
    const { bridge, alice, liar, ethers } = env;
    const token = await ethers.deployContract("PhantomPermitToken");
    await token.mint(alice, 1_000n);
    await token.connect(alice).approve(bridge, MaxUint256);
    const deposit = bridge
      .connect(liar)
      .depositERC20WithPermit(token, liar, 1_000n, MaxUint256, 27, ZeroHash, ZeroHash);
    await expect(deposit).to.be.revertedWithCustomError(token, "MockAllowance");
  });

  it("refuses what a deposit without permit refuses", async () => {
    const { bridge, token, alice, guardian } = environment();
    const deposit = (tokenAddress: string, target: string, amount: bigint) =>
      bridge.connect(alice).depositERC20WithPermit(tokenAddress, target, amount, MaxUint256, 27, ZeroHash, ZeroHash);
    const address = await token.getAddress();
    await expect(deposit(address, alice.address, 0n)).to.be.revertedWithCustomError(bridge, "InboxAmount");
    await expect(deposit(address, ZeroAddress, 1n)).to.be.revertedWithCustomError(bridge, "InboxZeroTarget");
    await expect(deposit(await bridge.getAddress(), alice.address, 1n)).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeToken",
    );
    await bridge.connect(guardian).pauseDeposits();
    await expect(deposit(address, alice.address, 1n)).to.be.revertedWithCustomError(bridge, "InboxDepositsPaused");
  });
});
