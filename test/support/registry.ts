import type { Signer } from "ethers";

import type { SequencerRegistry } from "../../typechain-types/index.js";
import type { World } from "./world.js";

/** The ranked set as the registry links it, first to last. */
export async function ranks(registry: SequencerRegistry): Promise<string[]> {
  const found: string[] = [];
  let account = await registry.activeSequencer();
  while (BigInt(account) !== 0n) {
    found.push(account);
    account = await registry.sequencerAfter(account);
  }
  return found;
}

/** Registers each with the minimum bond, in order. */
export async function registerAll(suite: World, signers: Signer[]): Promise<void> {
  for (const signer of signers) {
    await suite.registry.connect(signer).register({ value: suite.parameters.sequencerBond });
  }
}

/** The registry as the state-commitment chain calls it. */
export async function registryAsChain(suite: World): Promise<SequencerRegistry> {
  const address = await suite.chain.getAddress();
  await suite.connection.networkHelpers.setBalance(address, 10n ** 18n);
  return suite.registry.connect(await suite.connection.ethers.getImpersonatedSigner(address));
}
