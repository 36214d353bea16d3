import { concat, HDNodeWallet, id, Mnemonic, type Signer, ZeroAddress } from "ethers";

import {
  type Attestation,
  attestationHash,
  type AttestationScope,
  signAttestation,
} from "../../plugin/da/committee/attestation.js";
import { addBlsSignatures, blsKeyOf, type BlsKey, blsMemberOf, signBls } from "../../plugin/da/committee/bls.js";
import type { Hex } from "../../plugin/types.js";
import {
  type BlsKeys,
  BlsKeys__factory,
  CommitteeDA__factory,
  type DataAvailabilityCommittee,
  DataAvailabilityCommittee__factory,
  StateCommitmentChain__factory,
} from "../../typechain-types/index.js";
import { announceUpgrade } from "./proxies.js";
import { DAY, type Suite } from "./suite.js";
import { nextBlockAt, now, type World } from "./world.js";

/** Schemes of an epoch. */
export const ECDSA = 0n;
export const BLS = 1n;
/** Parameters of a committee without BLS, beside members and neighbours. */
export const BY_ECDSA = { keys: ZeroAddress, scheme: ECDSA };

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

/** A member of an epoch by BLS. */
export interface BlsMember extends BlsKey {
  secret: Hex;
  address: Hex;
}

/** Members by BLS in ascending order, whose keys a BlsKeys at `keys` is to hold. */
export function blsMembers(count: number, keys: Hex, name = "member"): BlsMember[] {
  return Array.from({ length: count }, (_, i) => {
    // Above zero and below the order of the groups.
    const secret: Hex = `0x00${id(`${name} ${i}`).slice(4)}`;
    const key = blsKeyOf(secret);
    return { secret, ...key, address: blsMemberOf(keys, key.key) };
  }).sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
}

/** A BlsKeys that holds the keys of `count` members. */
export async function proveMembers(
  deployer: Signer,
  count: number,
  name?: string,
): Promise<{ keys: BlsKeys; members: BlsMember[] }> {
  const keys = await new BlsKeys__factory(deployer).deploy();
  const members = blsMembers(count, (await keys.getAddress()) as Hex, name);
  for (const { key, proof } of members) await (await keys.prove(key, proof)).wait();
  return { keys, members };
}

/** Who signed, and their signature: members at `positions`. */
export function signByBls(
  members: readonly BlsMember[],
  positions: readonly number[],
  scope: AttestationScope,
  attestation: Attestation,
): { signers: bigint; signatures: Hex } {
  const digest = attestationHash(scope, attestation);
  const signatures = members.filter((_, i) => positions.includes(i)).map(({ secret }) => signBls(secret, digest));
  const signers = positions.reduce((bits, position) => bits | (1n << BigInt(position)), 0n);
  return { signers, signatures: addBlsSignatures(signatures) };
}

/** A committee for a suite, changed by its timelock. */
export function deployCommittee(
  { timelock, bridge, actors }: Suite,
  keys: readonly HDNodeWallet[],
  threshold: number,
): Promise<DataAvailabilityCommittee> {
  const members = keys.map(({ address }) => address);
  const factory = new DataAvailabilityCommittee__factory(actors.deployer);
  return factory.deploy({ timelock, bridge, overlap: DAY, members, threshold, ...BY_ECDSA });
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
