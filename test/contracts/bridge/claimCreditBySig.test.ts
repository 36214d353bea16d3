import { expect } from "chai";
import type { Signer } from "ethers";
import { MaxUint256, Signature, toBeHex, ZeroAddress } from "ethers";

import type { L1EscrowBridge } from "../../../typechain-types/index.js";
import { CLAIM_CREDIT_TYPES, signingDomain, useBridge } from "./support.js";

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

interface Order {
  account: string;
  token: string;
  to: string;
  nonce: bigint;
  deadline: bigint;
}

describe("L1EscrowBridge.claimCreditBySig", () => {
  const environment = useBridge();

  /** Bob is on the token's blocklist and holds a credit of 300, which he orders to be paid to carol. */
  async function blockedBob() {
    const env = environment();
    const { bridge, alice, bob, carol, ethers, claimOne } = env;
    const token = await ethers.deployContract("BlocklistToken");
    const address = await token.getAddress();
    await token.mint(alice, 1_000n);
    await token.connect(alice).approve(bridge, 1_000n);
    await bridge.connect(alice).depositERC20(token, alice, 1_000n);
    await token.setBlocked(bob, true);
    await claimOne({ token: address, amount: 300n, target: bob.address });
    const order: Order = { account: bob.address, token: address, to: carol.address, nonce: 0n, deadline: MaxUint256 };
    return { ...env, token, order };
  }

  async function sign(bridge: L1EscrowBridge, signer: Signer, order: Order): Promise<string> {
    return signer.signTypedData(await signingDomain(bridge), CLAIM_CREDIT_TYPES, order);
  }

  function submit(bridge: L1EscrowBridge, order: Order, signature: string) {
    return bridge.claimCreditBySig(order.account, order.token, order.to, order.deadline, signature);
  }

  it("pays where the account ordered, whoever submits", async () => {
    const { bridge, token, bob, carol, liar, order } = await blockedBob();
    await expect(submit(bridge.connect(liar), order, await sign(bridge, bob, order)))
      .to.emit(bridge, "CreditPaid")
      .withArgs(bob.address, order.token, carol.address, 300n);
    expect(await token.balanceOf(carol)).to.equal(300n);
    expect(await bridge.nonces(bob)).to.equal(1n);
  });

  it("accepts an order once, also after a new credit", async () => {
    const { bridge, bob, order, claimOne } = await blockedBob();
    const signature = await sign(bridge, bob, order);
    await submit(bridge, order, signature);
    await claimOne({ token: order.token, amount: 50n, target: bob.address });
    await expect(submit(bridge, order, signature))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeSignature")
      .withArgs(bob.address);
    expect(await bridge.credit(bob, order.token)).to.equal(50n);
  });

  it("refuses the malleable twin of a signature", async () => {
    const { bridge, bob, order } = await blockedBob();
    const { r, s, v } = Signature.from(await sign(bridge, bob, order));
    const twin = `${r}${toBeHex(CURVE_ORDER - BigInt(s), 32).slice(2)}${toBeHex(v === 27 ? 28 : 27).slice(2)}`;
    await expect(submit(bridge, order, twin)).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeSignature");
  });

  it("refuses an order altered in any field, signed by another, or not signed", async () => {
    const { bridge, token, bob, liar, order } = await blockedBob();
    const signature = await sign(bridge, bob, order);
    const altered: Partial<Order>[] = [
      { account: liar.address },
      { token: ZeroAddress },
      { to: liar.address },
      { deadline: MaxUint256 - 1n },
    ];
    for (const change of altered) {
      await expect(
        submit(bridge, { ...order, ...change }, signature),
        Object.keys(change).join(),
      ).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeSignature");
    }
    for (const bad of [await sign(bridge, liar, order), await sign(bridge, bob, { ...order, nonce: 1n }), "0x"]) {
      await expect(submit(bridge, order, bad)).to.be.revertedWithCustomError(bridge, "L1EscrowBridgeSignature");
    }
    expect(await bridge.credit(bob, token)).to.equal(300n);
  });

  it("refuses an order for another bridge or another chain", async () => {
    const { bridge, bob, liar, order } = await blockedBob();
    const domain = await signingDomain(bridge);
    for (const change of [{ verifyingContract: liar.address }, { chainId: 1n }, { name: "other" }, { version: "2" }]) {
      const signature = await bob.signTypedData({ ...domain, ...change }, CLAIM_CREDIT_TYPES, order);
      await expect(submit(bridge, order, signature), Object.keys(change).join()).to.be.revertedWithCustomError(
        bridge,
        "L1EscrowBridgeSignature",
      );
    }
  });

  it("refuses an order after its deadline", async () => {
    const { bridge, bob, order, networkHelpers } = await blockedBob();
    const deadline = BigInt(await networkHelpers.time.latest()) + 100n;
    const dated = { ...order, deadline };
    const signature = await sign(bridge, bob, dated);
    await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(submit(bridge, dated, signature))
      .to.be.revertedWithCustomError(bridge, "L1EscrowBridgeExpired")
      .withArgs(deadline);
  });

  it("holds in the last second of the deadline", async () => {
    const { bridge, bob, order, networkHelpers } = await blockedBob();
    const deadline = BigInt(await networkHelpers.time.latest()) + 100n;
    const dated = { ...order, deadline };
    const signature = await sign(bridge, bob, dated);
    await networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(submit(bridge, dated, signature)).to.emit(bridge, "CreditPaid");
  });

  it("refuses the zero address and an account without credit, without using up the nonce", async () => {
    const { bridge, alice, bob, order } = await blockedBob();
    const toZero = { ...order, to: ZeroAddress };
    await expect(submit(bridge, toZero, await sign(bridge, bob, toZero))).to.be.revertedWithCustomError(
      bridge,
      "InboxZeroTarget",
    );
    const without = { ...order, account: alice.address };
    await expect(submit(bridge, without, await sign(bridge, alice, without))).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeNoCredit",
    );
    expect([await bridge.nonces(alice), await bridge.nonces(bob)]).to.deep.equal([0n, 0n]);
  });

  it("accepts the signature of a contract account, by ERC-1271", async () => {
    const { bridge, alice, bob, carol, liar, ethers, claimOne } = environment();
    await bridge.connect(alice).depositETH(alice, { value: 100n });
    const wallet = await ethers.deployContract("MockWallet", [bob.address]);
    const account = await wallet.getAddress();
    await claimOne({ target: account, amount: 60n });
    const order: Order = { account, token: ZeroAddress, to: carol.address, nonce: 0n, deadline: MaxUint256 };

    await expect(submit(bridge, order, await sign(bridge, liar, order))).to.be.revertedWithCustomError(
      bridge,
      "L1EscrowBridgeSignature",
    );
    await expect(submit(bridge, order, await sign(bridge, bob, order))).to.changeEtherBalance(ethers, carol, 60n);
  });
});
