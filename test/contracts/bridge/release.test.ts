import { expect } from "chai";
import { ZeroHash } from "ethers";

import type { BridgeEnvironment } from "./support.js";
import { accumulate, useBridge } from "./support.js";

describe("Inbox.release and the ring", () => {
  const environment = useBridge(4n);

  /** Sends messages and keeps every accumulator, as the contract cannot. */
  function ghost({ bridge, alice, ethers }: BridgeEnvironment) {
    const accs = [ZeroHash];
    return {
      accs,
      async send(times: number) {
        for (let i = 0; i < times; i++) {
          const tx = await bridge.connect(alice).depositETH(alice, { value: BigInt(accs.length) });
          const block = await ethers.provider.getBlock((await tx.wait())?.blockNumber ?? "latest");
          const index = BigInt(accs.length - 1);
          accs.push(
            accumulate(accs.at(-1) ?? ZeroHash, {
              kind: 0,
              index,
              timestamp: BigInt(block?.timestamp ?? 0),
              sender: alice.address,
              target: alice.address,
              token: "0x0000000000000000000000000000000000000000",
              amount: index + 1n,
              data: "0x",
            }),
          );
        }
      },
      async check() {
        const released = Number(await bridge.releasedCount());
        const count = Number(await bridge.messageCount());
        expect(count).to.equal(accs.length - 1);
        for (let i = released; i <= count; i++) {
          expect(await bridge.accumulator(i), `accumulator ${i}`).to.equal(accs[i]);
          expect(await bridge.position(i)).to.deep.equal([accs[i], accs[i + 1] ?? ZeroHash, BigInt(count)]);
        }
        if (released > 0) {
          await expect(bridge.accumulator(released - 1))
            .to.be.revertedWithCustomError(bridge, "InboxIndexOutOfRange")
            .withArgs(released - 1, released, count);
        }
        await expect(bridge.position(count + 1)).to.be.revertedWithCustomError(bridge, "InboxIndexOutOfRange");
      },
    };
  }

  it("starts with the accumulator zero", async () => {
    const { bridge } = environment();
    expect(await bridge.accumulator(0)).to.equal(ZeroHash);
    expect(await bridge.position(0)).to.deep.equal([ZeroHash, ZeroHash, 0n]);
    expect(await bridge.capacity()).to.equal(4n);
  });

  it("uses released slots again, so the queue does not grow", async () => {
    const env = environment();
    const queue = ghost(env);
    for (let round = 1; round <= 6; round++) {
      await queue.send(3);
      await queue.check();
      await env.chain.release(env.bridge, 3 * round);
      await queue.check();
    }
    expect(await env.bridge.capacity()).to.equal(4n);
  });

  it("grows when nothing is released, and keeps every accumulator", async () => {
    const env = environment();
    const queue = ghost(env);
    await queue.send(3);
    expect(await env.bridge.capacity()).to.equal(4n);
    await queue.send(1);
    expect(await env.bridge.capacity()).to.equal(8n);
    await queue.send(21);
    expect(await env.bridge.capacity()).to.equal(16n);
    await queue.check();
  });

  it("reads across generations while they are released one by one", async () => {
    const env = environment();
    const queue = ghost(env);
    await queue.send(14);
    for (let released = 0; released <= 14; released++) {
      await env.chain.release(env.bridge, released);
      await queue.check();
    }
    await queue.send(20);
    await queue.check();
    expect(await env.bridge.capacity()).to.equal(32n);
  });

  it("keeps the accumulator at the released index itself", async () => {
    const env = environment();
    const queue = ghost(env);
    await queue.send(5);
    await env.chain.release(env.bridge, 5);
    await queue.send(7);
    expect(await env.bridge.capacity()).to.equal(8n);
    await queue.check();
  });

  it("may be called for the same index twice", async () => {
    const env = environment();
    await ghost(env).send(2);
    await env.chain.release(env.bridge, 2);
    await env.chain.release(env.bridge, 2);
    expect(await env.bridge.releasedCount()).to.equal(2n);
  });

  it("never goes back, nor beyond what was enqueued", async () => {
    const env = environment();
    const { bridge, chain } = env;
    await ghost(env).send(3);
    await chain.release(bridge, 2);
    for (const index of [1, 4]) {
      await expect(chain.release(bridge, index))
        .to.be.revertedWithCustomError(bridge, "InboxIndexOutOfRange")
        .withArgs(index, 2n, 3n);
    }
  });

  it("is the state-commitment chain's alone", async () => {
    const { bridge, guardian, timelock, alice } = environment();
    for (const caller of [guardian, timelock, alice]) {
      await expect(bridge.connect(caller).release(0))
        .to.be.revertedWithCustomError(bridge, "InboxUnauthorized")
        .withArgs(caller.address);
    }
  });
});
