import { abiWords, concat, fromHex, toHex } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import type { DisputeClaim, DisputeParameters } from "./types.js";

/** Instructions of every game's run are at least 2 to this. */
const LEAST_HEIGHT = 40;

/** LEVELS of a game with 2^bits states per dissection; docs/dispute.md §1. */
export function levelsOf(bits: number): number {
  if (!Number.isInteger(bits) || bits < 1 || bits > 5) throw new RangeError(`bits must be 1 to 5, got ${bits}`);
  return Math.ceil(LEAST_HEIGHT / bits);
}

/** Bond of a claim of this depth, in wei. */
export function bondOf({ levels, baseBond }: DisputeParameters, depth: number): bigint {
  if (depth < 1 || depth > levels) throw new RangeError(`a claim has depth 1 to ${levels}, got ${depth}`);
  return baseBond * BigInt(levels + 1 - depth);
}

/** What resolving a claim, or a batch, is paid with, in wei. */
export function tipOf({ baseBond }: DisputeParameters): bigint {
  return baseBond / 2n;
}

/** Seconds from a batch's `finalizesAt` to when its game can be over, at most. */
export function maxDuration({ clock, extension, levels }: DisputeParameters): bigint {
  return 2n * clock + BigInt(levels) * extension;
}

/** Instructions between neighbouring states of a list of this depth. The batch, of depth 0, has one state: its last. */
export function strideOf({ bits, levels }: DisputeParameters, depth: number): number {
  return 2 ** (bits * (levels - depth));
}

export function listHash(list: readonly Hex[]): Hex {
  return toHex(keccak256(concat(...list.map((state) => fromHex(state, 32)))));
}

export function claimId({ parent, index, start, listHash }: DisputeClaim): Hex {
  return toHex(keccak256(abiWords(parent, BigInt(index), start, listHash)));
}

/**
 * How much of its clock the line of a new claim has used, in seconds.
 * @param line What the claim's line had used: `used` of the parent of the claim that it counters; undefined against the batch.
 * @param countered When the claim that it counters was posted.
 */
export function usedBy(
  { clock }: DisputeParameters,
  line: bigint | undefined,
  countered: bigint,
  postedAt: bigint,
): bigint {
  if (line === undefined) return 0n;
  const used = line + postedAt - countered;
  return used < clock ? used : clock;
}

/**
 * When a claim closes, in seconds.
 * @param answering What the line of its answers has used: `used` of its parent.
 */
export function closesAt({ clock, extension }: DisputeParameters, postedAt: bigint, answering: bigint): bigint {
  const left = clock - answering;
  return postedAt + (left > extension ? left : extension);
}
