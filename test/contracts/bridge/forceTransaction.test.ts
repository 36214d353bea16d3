import { expect } from "chai";
import { hexlify, randomBytes, ZeroAddress } from "ethers";

import { accumulate, L2_CHAIN_ID, useBridge } from "./support.js";

describe("Inbox.forceTransaction", () => {
  const environment = useBridge();

  it("enqueues the bytes as they are", async () => {
    const { bridge, alice, networkHelpers } = environment();
    const data = hexlify(randomBytes(117));
    const timestamp = BigInt(await networkHelpers.time.latest()) + 5n;
    await networkHelpers.time.setNextBlockTimestamp(timestamp);
    await expect(bridge.connect(alice).forceTransaction(data))
      .to.emit(bridge, "MessageEnqueued")
      .withArgs(0n, alice.address, ZeroAddress, L2_CHAIN_ID, 1n, ZeroAddress, 0n, timestamp, data);
    const acc = accumulate(await bridge.accumulator(0), {
      kind: 1,
      index: 0n,
      timestamp,
      sender: alice.address,
      target: ZeroAddress,
      token: ZeroAddress,
      amount: 0n,
      data,
    });
    expect(await bridge.accumulator(1)).to.equal(acc);
  });

  it("takes 1 to 2,048 bytes", async () => {
    const { bridge, alice } = environment();
    for (const size of [0, 2_049]) {
      await expect(bridge.connect(alice).forceTransaction(randomBytes(size)))
        .to.be.revertedWithCustomError(bridge, "InboxTransactionSize")
        .withArgs(size, 2_048n);
    }
    await bridge.connect(alice).forceTransaction(randomBytes(1));
    await bridge.connect(alice).forceTransaction(randomBytes(2_048));
    expect(await bridge.messageCount()).to.equal(2n);
  });

  it("goes on while deposits are paused", async () => {
    const { bridge, alice, guardian } = environment();
    await bridge.connect(guardian).pauseDeposits();
    await expect(bridge.connect(alice).forceTransaction("0x02")).to.emit(bridge, "MessageEnqueued");
  });
});
