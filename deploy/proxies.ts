import { getCreateAddress } from "ethers";

import type { Hex } from "../plugin/types.js";
import { suiteFactoryStep } from "./010-suite-factory.js";
import { createdBy, type DeployState } from "./runner.js";

/** The contracts behind proxies, in the order in which the factory creates them. */
export const PROXY_ORDER = ["L1EscrowBridge", "StateCommitmentChain", "SequencerRegistry"] as const;

export type ProxyName = (typeof PROXY_ORDER)[number];

/** Where the factory's proxies are or will be: proxy i is what it creates with nonce i + 1. */
export function proxyAddresses(state: Pick<DeployState, "created">): Record<ProxyName, Hex> {
  const from = createdBy(state, suiteFactoryStep);
  const address = (index: number) => getCreateAddress({ from, nonce: index + 1 }) as Hex;
  return { L1EscrowBridge: address(0), StateCommitmentChain: address(1), SequencerRegistry: address(2) };
}
