import { concat, HDNodeWallet, id, Mnemonic } from "ethers";

import { type Attestation, type AttestationScope, signAttestation } from "../../plugin/da/committee/attestation.js";
import type { Hex } from "../../plugin/types.js";
import {
  CommitteeDA__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
  StateCommitmentChain__factory,
} from "../../typechain-types/index.js";
import { announceUpgrade } from "./proxies.js";
import { DAY, type Suite } from "./suite.js";
import { nextBlockAt, now, type World } from "./world.js";

/** Members' keys in ascending order of their addresses. */
export function memberKeys(count: number, name = "member"): HDNodeWallet[] {
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromEntropy(id(name)));
  return Array.from({ length: count }, (_, i) => root.derivePath(`${i}`)).sort((a, b) =>
    a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1,
  );
}

/** Who signed, and what, as the committee takes it: the keys at `positions`, in the given order. */
export async function sign(
  keys: readonly HDNodeWallet[],
  positions: readonly number[],
  scope: AttestationScope,
  attestation: Attestation,
): Promise<{ signers: bigint; signatures: Hex }> {
  const signatures = await Promise.all(
    positions.map((position) => signAttestation(keyAt(keys, position), scope, attestation)),
  );
  const signers = positions.reduce((bits, position) => bits | (1n << BigInt(position)), 0n);
  return { signers, signatures: concat(signatures) as Hex };
}

/** A committee for a suite, changed by its timelock. */
export function deployCommittee(
  { timelock, bridge, actors }: Suite,
  keys: readonly HDNodeWallet[],
  threshold: number,
): Promise<DataAvailabilityCommittee> {
  const members = keys.map(({ address }) => address);
  const factory = new DataAvailabilityCommittee__factory(actors.deployer);
  return factory.deploy({ timelock, bridge, overlap: DAY, members, threshold });
}

/** Upgrades a suite to a committee, as its owners would. */
export async function upgradeToCommittee(suite: World, committee: DataAvailabilityCommittee): Promise<void> {
  const { chain, bridge, registry, timelock, actors, parameters } = suite;
  const { deployer, upgrader } = actors;
  const dataAvailability = await new CommitteeDA__factory(deployer).deploy(committee, parameters.disputeDuration);
  const neighbours = { inbox: bridge, registry, dataAvailability };
  const code = await new StateCommitmentChain__factory(deployer).deploy({ ...parameters, ...neighbours });
  const operation = await announceUpgrade(suite, chain, code);
  await nextBlockAt(suite, (await now(suite)) + parameters.upgradeDelay);
  await timelock.connect(upgrader).execute(...operation);
}

/** Positions 0 to `count` - 1. */
export function first(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function keyAt(keys: readonly HDNodeWallet[], position: number): HDNodeWallet {
  const key = keys[position];
  if (key === undefined) throw new RangeError(`there are ${keys.length} keys, none at ${position}`);
  return key;
}
