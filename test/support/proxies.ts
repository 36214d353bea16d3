import { type Addressable, Contract, dataSlice } from "ethers";

import type { World } from "./world.js";

/** ERC-1967 slots. */
export const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

const ADMIN_ABI = [
  "function owner() view returns (address)",
  "function transferOwnership(address newOwner)",
  "function renounceOwnership()",
  "function upgradeAndCall(address proxy, address implementation, bytes data) payable",
  "error OwnableUnauthorizedAccount(address account)",
];

async function addressAt({ connection }: World, proxy: Addressable, slot: string): Promise<string> {
  const word = await connection.ethers.provider.getStorage(proxy, slot);
  return connection.ethers.getAddress(dataSlice(word, 12));
}

/** Address of the code behind `proxy`. */
export function implementationOf(world: World, proxy: Addressable): Promise<string> {
  return addressAt(world, proxy, IMPLEMENTATION_SLOT);
}

/** The contract that alone may upgrade `proxy`. */
export async function adminOf(world: World, proxy: Addressable): Promise<Contract> {
  return new Contract(await addressAt(world, proxy, ADMIN_SLOT), ADMIN_ABI, world.actors.deployer);
}

/** An announced call of the timelock: arguments of its `execute`. */
export type Operation = [target: string, value: bigint, data: string, predecessor: string, salt: string];

/** The operation that gives `proxy` the code at `implementation`. */
export async function upgradeOperation(
  { timelock, connection }: World,
  proxy: Addressable,
  implementation: Addressable,
  { codeHash, initData = "0x", salt }: { codeHash?: string; initData?: string; salt?: string } = {},
): Promise<Operation> {
  const { ZeroHash, provider, keccak256 } = connection.ethers;
  const data = timelock.interface.encodeFunctionData("upgrade", [
    await proxy.getAddress(),
    await implementation.getAddress(),
    codeHash ?? keccak256(await provider.getCode(implementation)),
    initData,
  ]);
  return [await timelock.getAddress(), 0n, data, ZeroHash, salt ?? ZeroHash];
}

/** Announces the upgrade of `proxy` to `implementation`, at the timelock's shortest delay. */
export async function announceUpgrade(
  world: World,
  ...upgrade: [proxy: Addressable, implementation: Addressable, details?: { codeHash?: string; initData?: string }]
): Promise<Operation> {
  const { timelock, actors } = world;
  const operation = await upgradeOperation(world, ...upgrade);
  await timelock.connect(actors.upgrader).schedule(...operation, await timelock.getMinDelay());
  return operation;
}
