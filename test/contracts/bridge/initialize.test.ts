import { expect } from "chai";
import { AbiCoder, dataSlice, id, keccak256, ZeroAddress, ZeroHash } from "ethers";

import { PAUSE_COOLDOWN, PAUSE_DURATION, useBridge } from "./support.js";

const coder = AbiCoder.defaultAbiCoder();

/** ERC-7201: where the namespace `name` begins. */
function namespace(name: string): bigint {
  return BigInt(keccak256(coder.encode(["uint256"], [BigInt(id(name)) - 1n]))) & ~0xffn;
}

describe("L1EscrowBridge: construction and initialize", () => {
  const environment = useBridge();

  it("names its parameters", async () => {
    const { bridge, parameters } = environment();
    expect(await bridge.parameters()).to.deep.equal(Object.values(parameters));
    expect(await bridge.capacity()).to.equal(parameters.inboxCapacity);
    expect(await bridge.depositsPausedUntil()).to.equal(0n);
  });

  it("is initialised once: neither the proxy nor the implementation again", async () => {
    const { bridge, implementation, alice, timelock } = environment();
    for (const contract of [bridge, implementation]) {
      for (const caller of [alice, timelock]) {
        await expect(contract.connect(caller).initialize()).to.be.revertedWithCustomError(
          contract,
          "InvalidInitialization",
        );
      }
    }
  });

  it("is not initialised again by an upgrade, which keeps the queue whatever its capacity parameter", async () => {
    const { bridge, parameters, alice, timelock, ethers } = environment();
    await bridge.connect(alice).depositETH(alice, { value: 3n });
    const acc = await bridge.accumulator(1);

    const next = await ethers.deployContract("L1EscrowBridge", [{ ...parameters, inboxCapacity: 1_024n }]);
    const slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
    const admin = `0x${(await ethers.provider.getStorage(bridge, slot)).slice(26)}`;
    const proxyAdmin = await ethers.getContractAt("IProxyAdmin", admin);
    await proxyAdmin.connect(timelock).upgradeAndCall(bridge, next, "0x");

    await expect(bridge.initialize()).to.be.revertedWithCustomError(bridge, "InvalidInitialization");
    expect((await bridge.parameters()).inboxCapacity).to.equal(1_024n);
    expect(await bridge.capacity()).to.equal(8n);
    expect(await bridge.accumulator(1)).to.equal(acc);
  });

  it("keeps its state in the ERC-7201 namespaces that it names", async () => {
    const { bridge, token, alice, ethers } = environment();
    await bridge.connect(alice).depositERC20(token, alice, 3n);
    const inbox = namespace("hardhat-rollup.storage.Inbox");
    const head = BigInt(await ethers.provider.getStorage(bridge, inbox));
    expect([head & 0xffffffffffffffffn, (head >> 200n) & 0xffn]).to.deep.equal([1n, 3n]);
    const policies = namespace("hardhat-rollup.storage.L1EscrowBridge") + 2n;
    const policy = keccak256(coder.encode(["address", "uint256"], [await token.getAddress(), policies]));
    expect(dataSlice(await ethers.provider.getStorage(bridge, policy), 3)).to.equal(await bridge.fingerprintOf(token));
    for (let slot = 0; slot < 8; slot++) {
      expect(await ethers.provider.getStorage(bridge, slot), `slot ${slot}`).to.equal(ZeroHash);
    }
  });

  it("refuses parameters out of range, naming them", async () => {
    const { implementation, parameters, ethers } = environment();
    const bad = [
      ["chain", { chain: ZeroAddress }, 0n],
      ["stateProof", { stateProof: ZeroAddress }, 0n],
      ["upgradeTimelock", { upgradeTimelock: ZeroAddress }, 0n],
      ["l2ChainId", { l2ChainId: 0n }, 0n],
      ["pauseDuration", { pauseDuration: 30n * 86_400n + 1n }, 30n * 86_400n + 1n],
      ["pauseCooldown", { pauseCooldown: 1n << 32n }, 1n << 32n],
      ["pauseCooldown", { pauseCooldown: PAUSE_DURATION - 1n }, PAUSE_DURATION - 1n],
      ...[0n, 1n, 3n, 1_000n, 1n << 32n].map((size) => ["inboxCapacity", { inboxCapacity: size }, size] as const),
    ] as const;
    for (const [name, change, value] of bad) {
      await expect(ethers.deployContract("L1EscrowBridge", [{ ...parameters, ...change }]))
        .to.be.revertedWithCustomError(implementation, "InboxParameter")
        .withArgs(name, value);
    }
  });

  it("may have no guardian, and then nobody pauses", async () => {
    const { parameters, alice, ethers } = environment();
    const bridge = await ethers.deployContract("L1EscrowBridge", [
      { ...parameters, guardian: ZeroAddress, pauseDuration: PAUSE_DURATION, pauseCooldown: PAUSE_COOLDOWN },
    ]);
    await expect(bridge.connect(alice).pauseDeposits()).to.be.revertedWithCustomError(bridge, "InboxUnauthorized");
  });
});
