import { concat, getCreate2Address, id, isHexString, keccak256, type Provider, type Signer } from "ethers";

import type { Hex } from "../plugin/types.js";
import { DeployError } from "./deploy-error.js";

/**
 * The deterministic deployment proxy that is at this address on nearly every chain: of calldata salt ++ init code it creates the
 * contract by CREATE2. It is a contract of 69 bytes without owner or state, https://github.com/Arachnid/deterministic-deployment-proxy.
 */
export const DEPLOYMENT_PROXY: Hex = "0x4e59b44847b379578588920cA78FbF26c0B4956C";

const DEPLOYMENT_PROXY_CODE: Hex =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

/** Its creation, as published: signed by nobody, because the signature came first and the account follows from it. */
export const KEYLESS_CREATION = {
  raw: "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222",
  hash: "0xeddf9e61fb9d8f5111840daef55e5fde0041f5702856532cdbb5a02998033d26",
  from: "0x3fAB184622Dc19b6109349B94811493BF2a45362",
  /** What it can cost, in wei: 100,000 gas for 100 gwei each. */
  cost: 10n ** 16n,
} as const;

/** A salt as people write it: 32 bytes in hex, or a text, which stands for its keccak256. @throws {RangeError} */
export function parseSalt(text: string): Hex {
  if (isHexString(text, 32)) return text.toLowerCase() as Hex;
  if (text.startsWith("0x"))
    throw new RangeError(`salt ${text} is not 32 bytes: 0x and 64 hex digits, or any text without 0x`);
  if (text.trim() === "") throw new RangeError("salt is empty; give a text, or 0x and 64 hex digits");
  return id(text) as Hex;
}

/** Where the deployment proxy creates a contract. */
export function deterministicAddress(salt: Hex, initCode: Hex): Hex {
  return getCreate2Address(DEPLOYMENT_PROXY, salt, keccak256(initCode)) as Hex;
}

/** The call of the deployment proxy that creates a contract. */
export function deterministicCreation(salt: Hex, initCode: Hex): { to: Hex; data: Hex } {
  return { to: DEPLOYMENT_PROXY, data: concat([salt, initCode]) as Hex };
}

/**
 * Sees to it that the deployment proxy is there; on a development chain it is created.
 * @throws {DeployError} when it is not there, or something else is.
 */
export async function ensureDeploymentProxy(
  signer: Signer,
  provider: Provider,
  { mayCreate, wait }: { mayCreate: boolean; wait: (hash: Hex) => Promise<unknown> },
): Promise<void> {
  const fail = (message: string): never => {
    throw new DeployError("salt", message);
  };
  if (!(await hasCode(provider, fail))) {
    const { from, cost, hash, raw } = KEYLESS_CREATION;
    if (!mayCreate) {
      fail(
        `this chain has no deterministic deployment proxy at ${DEPLOYMENT_PROXY}; create it (0.01 ETH to ${from}, then its published keyless transaction), or deploy without --salt`,
      );
    }
    const missing = cost - (await provider.getBalance(from));
    if (missing > 0n) await wait((await signer.sendTransaction({ to: from, value: missing })).hash as Hex);
    if ((await provider.getTransaction(hash)) === null) await provider.broadcastTransaction(raw);
    await wait(hash);
    if (!(await hasCode(provider, fail))) fail(`transaction ${hash} left no deterministic deployment proxy`);
  }
}

async function hasCode(provider: Provider, fail: (message: string) => never): Promise<boolean> {
  const code = await provider.getCode(DEPLOYMENT_PROXY);
  if (code !== "0x" && code !== DEPLOYMENT_PROXY_CODE) {
    fail(
      `at ${DEPLOYMENT_PROXY} this chain has another contract than the deterministic deployment proxy; deploy without --salt`,
    );
  }
  return code !== "0x";
}
