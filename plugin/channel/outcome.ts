import { fromHex, toHex } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import { readAmounts, readOutcome, writeOutcome } from "./outcome-codec.js";
import { AllocationType, type Allocation, type Outcome } from "./types.js";

/** An outcome cannot be used; the message says why and what would be right. */
export class OutcomeError extends Error {
  override readonly name = "OutcomeError";
}

/** The destination of an account. @param address 20 bytes. */
export function toDestination(address: Hex): Hex {
  return `0x${toHex(fromHex(address, 20)).slice(2).padStart(64, "0")}`;
}

/** The account that a destination is; undefined where it is a channel. */
export function addressOf(destination: Hex): Hex | undefined {
  return destination.startsWith(`0x${"0".repeat(24)}`) ? `0x${destination.slice(26).toLowerCase()}` : undefined;
}

/** An allocation to an account, or with a channel's id to a channel. */
export function simple(destination: Hex, amount: bigint): Allocation {
  const to = destination.length === 42 ? toDestination(destination) : destination;
  return { destination: to, amount, allocationType: AllocationType.simple, metadata: "0x" };
}

/** An allocation that funds the virtual channel `target`, whose first allocation is left's and second one right's. */
export function guarantee(target: Hex, amount: bigint, left: Hex, right: Hex): Allocation {
  const [first, second] = [left, right].map((to) => (to.length === 42 ? toDestination(to) : to).slice(2));
  const metadata: Hex = `0x${first}${second}`;
  return { destination: target, amount, allocationType: AllocationType.guarantee, metadata };
}

/** Who gets what a guarantee's channel leaves: two destinations. */
export function sidesOf({ metadata }: Allocation): { left: Hex; right: Hex } {
  if (metadata.length !== 130) throw new OutcomeError(`a guarantee's metadata are two words, got ${metadata}`);
  return { left: metadata.slice(0, 66) as Hex, right: `0x${metadata.slice(66)}` };
}

/** Bytes of an outcome. @throws {OutcomeError} when the adjudicator would not take it. */
export function encodeOutcome(outcome: Outcome): Hex {
  checkOutcome(outcome);
  try {
    return writeOutcome(outcome);
  } catch (cause) {
    throw new OutcomeError("assets have 20 bytes, destinations 32", { cause });
  }
}

/**
 * The outcome that the bytes are.
 * @param like One that they may differ from in amounts alone, which is read much faster.
 * @throws {OutcomeError} unless they are its only encoding, and the adjudicator takes it.
 */
export function decodeOutcome(bytes: Hex, like?: { decoded: Outcome; outcome: Hex }): Outcome {
  const outcome = (like && readAmounts(bytes, like.decoded, like.outcome)) ?? readOutcome(bytes);
  if (outcome === undefined) {
    throw new OutcomeError(
      "the bytes are no outcome in the exit format, have assets of another type than ERC-20, or are not encoded in the one way",
    );
  }
  checkOutcome(outcome);
  return outcome;
}

export function outcomeHash(encoded: Hex): Hex {
  return toHex(keccak256(fromHex(encoded)));
}

function checkOutcome(outcome: Outcome): void {
  outcome.forEach(({ asset, allocations }, i) => {
    const before = outcome[i - 1]?.asset.toLowerCase();
    if (before !== undefined && before >= asset.toLowerCase()) {
      throw new OutcomeError(`assets must ascend strictly: ${asset} stands behind ${before}`);
    }
    let sum = 0n;
    for (const allocation of allocations) {
      if (allocation.allocationType === AllocationType.guarantee) sidesOf(allocation);
      else if (allocation.allocationType !== AllocationType.simple || allocation.metadata !== "0x") {
        throw new OutcomeError(
          `allocation type ${allocation.allocationType} is neither simple (0) nor a guarantee (2)`,
        );
      }
      if (allocation.amount < 0n) throw new OutcomeError(`an entitlement is no less than 0, got ${allocation.amount}`);
      sum += allocation.amount;
    }
    if (sum >= 1n << 248n) throw new OutcomeError(`the allocations of ${asset} are more than 2^248 in all`);
  });
}
