import type { Provider } from "ethers";

import {
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import type { Hex } from "../types.js";

/** What the timelock holds every upgrade to; in seconds. */
export interface ExitTerms {
  /** How long leaving takes, at most: docs/decisions/0008. */
  exitTime: bigint;
  /** What users have beyond that, at least. */
  margin: bigint;
  /** No upgrade executes sooner after its announcement. */
  minimumDelay: bigint;
}

/**
 * How long leaving takes, by what a chain and its registry say of themselves.
 * @param chain The proxy, or the code that is to be behind it.
 * @param registry The same; default: the one that the chain names.
 */
export async function exitTimeOf(provider: Provider, chain: Hex, registry?: Hex): Promise<bigint> {
  const p = await StateCommitmentChain__factory.connect(chain, provider).parameters();
  const own = await SequencerRegistry__factory.connect(registry ?? p.registry, provider).parameters();
  const silence = own.permissionlessDelay > p.permissionlessDelay ? own.permissionlessDelay : p.permissionlessDelay;
  return p.forceInclusionDelay + silence + p.challengeWindow + p.disputeDuration;
}

export async function exitTermsOf(provider: Provider, timelock: Hex): Promise<ExitTerms> {
  const contract = UpgradeTimelock__factory.connect(timelock, provider);
  const [chain, margin, minimumDelay] = await Promise.all([
    contract.CHAIN(),
    contract.EXIT_MARGIN(),
    contract.MINIMUM_DELAY(),
  ]);
  return { exitTime: await exitTimeOf(provider, chain as Hex), margin, minimumDelay };
}
