import type { Provider } from "ethers";

import { describeHolder, type Holder, holderOf } from "../plugin/l1/holders.js";
import { type Hex, type RollupParameters, ZERO_ADDRESS } from "../plugin/types.js";
import { ParameterError, type ParameterIssue, type RollupParametersInput, SAFE_PREFIX, safesIn } from "./parameters.js";

/** An account that a suite will obey, and what is behind it. */
export interface RoleHolder {
  role: "guardian" | "upgrader" | "canceller" | "council";
  address: Hex;
  /** Undefined for the zero address: nobody. */
  holder: Holder | undefined;
}

/** Everybody who has a role by `parameters`, and what holds it on L1 now. */
export async function readHolders(provider: Provider, parameters: RollupParameters): Promise<RoleHolder[]> {
  const { guardian, upgrader, cancellers, council } = parameters;
  const named = [
    { role: "guardian", address: guardian },
    { role: "upgrader", address: upgrader },
    ...cancellers.map((address) => ({ role: "canceller" as const, address })),
    ...council.map((address) => ({ role: "council" as const, address })),
  ] as const;
  const known = new Map<Hex, Holder | undefined>([[ZERO_ADDRESS, undefined]]);
  // One after the other: public nodes refuse floods.
  for (const { address } of named) if (!known.has(address)) known.set(address, await holderOf(provider, address));
  return named.map(({ role, address }) => ({ role, address, holder: known.get(address) }));
}

/** In a few words: "account, the deployer", "Safe 3 of 5", "nobody". */
export function describeRole({ address, holder }: RoleHolder, deployer: Hex): string {
  if (holder === undefined) return "nobody";
  if (address !== deployer) return describeHolder(holder);
  // Whoever pays for the deployment has a key.
  return `${describeHolder(holder.kind === "account" ? { ...holder, used: true } : holder)}, the deployer`;
}

/**
 * Checks that a Safe is wherever parameters that were resolved name one as `safe:0x…`.
 * @throws {ParameterError} naming every account that is none
 */
export async function requireSafes(provider: Provider, given: RollupParametersInput): Promise<void> {
  const issues: ParameterIssue[] = [];
  for (const { parameter, address } of safesIn(given)) {
    const holder = await holderOf(provider, address);
    if (holder.kind === "safe") continue;
    issues.push({
      parameter,
      message: `${SAFE_PREFIX}${address} is no Safe on this chain (${describeHolder(holder)}); create the Safe there first, or leave out ${SAFE_PREFIX}`,
    });
  }
  if (issues.length > 0) throw new ParameterError(issues);
}
