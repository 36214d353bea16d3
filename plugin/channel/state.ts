import { toDestination, decodeOutcome } from "./outcome.js";
import { hashOf, stateHash } from "./hashes.js";
import type { Hex } from "../types.js";
import type { Outcome, SignedState } from "./types.js";

/** What a state says beyond its number. */
export interface Content {
  isFinal: boolean;
  appData: Hex;
  /** Encoded. */
  outcome: Hex;
}

/** A state of one channel with all that follows from it, so that nothing is hashed or decoded twice. */
export interface KnownState extends SignedState {
  /** Struct hash. */
  readonly hash: Hex;
  readonly decoded: Outcome;
}

/** Longest outcome and app data of a state, in bytes: what fits a dispute with ease, and no memory is filled with. */
export const MAX_PART_BYTES = 65_536;

/** Why nobody would take a state with this content, whatever it says. */
export function sizeFault({ outcome, appData }: Content): string | undefined {
  const longest = 2 + 2 * MAX_PART_BYTES;
  if (outcome.length <= longest && appData.length <= longest) return undefined;
  return `an outcome and app data have at most ${MAX_PART_BYTES} bytes each`;
}

const NO_DATA_HASH = hashOf("0x");

/**
 * @param near What spares the decoding: a state that it may differ from in amounts alone; or the outcome, of whoever encoded it.
 * @throws {OutcomeError} when the outcome is none.
 */
export function knownState(
  channelId: Hex,
  turnNum: bigint,
  { isFinal, appData, outcome }: Content,
  signatures: readonly (Hex | undefined)[],
  near?: KnownState | Outcome,
): KnownState {
  const isOutcome = (one: typeof near): one is Outcome => Array.isArray(one);
  const decoded = isOutcome(near) ? near : decodeOutcome(outcome, near);
  const appDataHash = appData === "0x" ? NO_DATA_HASH : hashOf(appData);
  const state = { turnNum, isFinal, appDataHash, outcomeHash: hashOf(outcome) };
  return { state, appData, outcome, signatures, hash: stateHash(channelId, state), decoded };
}

export function contentOf({ state, appData, outcome }: SignedState): Content {
  return { isFinal: state.isFinal, appData, outcome };
}

export function isComplete({ signatures }: Pick<SignedState, "signatures">): boolean {
  return signatures.every((signature) => signature !== undefined);
}

/** What a destination is entitled to of an asset by an outcome, guarantees aside. @param destination 32 bytes, or an address. */
export function entitlement(outcome: Outcome, asset: Hex, destination: Hex): bigint {
  const to = destination.length === 42 ? toDestination(destination) : destination;
  let sum = 0n;
  for (const entry of outcome) {
    if (entry.asset !== asset) continue;
    for (const allocation of entry.allocations) {
      if (allocation.allocationType === 0 && allocation.destination === to) sum += allocation.amount;
    }
  }
  return sum;
}
