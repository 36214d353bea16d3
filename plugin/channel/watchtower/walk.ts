import type { Hex } from "../../types.js";
import { channelDigests, stateHash as hashOfState } from "../hashes.js";
import { signerOf } from "../signing.js";
import type { Revealed } from "../revealed.js";
import type { ChannelDomain } from "../types.js";
import { type Checkpoint, decodeCheckpoint, paramsChecker } from "./payload.js";
import { hintOf, unseal } from "./seal.js";
import type { Vault } from "./vault.js";

export interface WalkOptions {
  domain: ChannelDomain;
  vault: Pick<Vault, "blobs">;
  channelId: Hex;
  /** Where to begin. */
  from: readonly Revealed[];
  /** The session key that a participant registered on L1. */
  sessionKeyOf: (participant: Hex) => Promise<Hex | undefined>;
  /** States, by their hashes, that are of no use as the end. */
  except?: ReadonlySet<Hex> | undefined;
  signal?: AbortSignal | undefined;
}

/** The end of a walk. */
export interface Found extends Checkpoint {
  stateHash: Hex;
}

/** Blobs between two looks at the signal. */
const BREATH = 256;

/**
 * Goes from the states that L1 revealed to those that were sealed under them, and on. What does not unseal, is of another
 * channel or not signed by everybody leads nowhere.
 * @returns the latest state; undefined when nothing follows.
 */
export async function walk(options: WalkOptions): Promise<Found | undefined> {
  const { domain, vault, channelId, from, sessionKeyOf, except, signal } = options;
  const digests = channelDigests(domain);
  const isOfChannel = paramsChecker(domain, channelId);
  const keys = new Map<Hex, Hex | undefined>();
  const pending = [...from];
  const seen = new Set(from.map(({ stateHash }) => stateHash));
  let best: Found | undefined;

  async function isSignedBy(participant: Hex, digest: Uint8Array, signature: Hex | undefined): Promise<boolean> {
    const signer = signature === undefined ? undefined : signerOf(digest, signature);
    if (signer === undefined || signer === participant) return signer !== undefined;
    if (!keys.has(participant)) keys.set(participant, await sessionKeyOf(participant));
    return keys.get(participant) === signer;
  }

  async function isSigned({ params, signed: { state, signatures } }: Checkpoint): Promise<boolean> {
    const digest = digests.state(channelId, state);
    for (const [i, participant] of params.participants.entries())
      if (!(await isSignedBy(participant, digest, signatures[i]))) return false;
    return true;
  }

  for (let steps = 1, at = pending.pop(); at !== undefined; steps++, at = pending.pop()) {
    if (steps % BREATH === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
    for (const blob of await vault.blobs(hintOf(at.stateHash))) {
      const payload = unseal(at.stateHash, blob);
      const next = payload && decodeCheckpoint(payload);
      if (next === undefined || next.signed.state.turnNum <= at.turnNum || !isOfChannel(next.params)) continue;
      const { turnNum } = next.signed.state;
      const stateHash = hashOfState(channelId, next.signed.state);
      if (seen.has(stateHash) || !(await isSigned(next))) continue;
      seen.add(stateHash);
      pending.push({ stateHash, turnNum });
      if (except?.has(stateHash) !== true && (best === undefined || turnNum > best.signed.state.turnNum))
        best = { ...next, stateHash };
    }
  }
  return best;
}
