import { AbiCoder } from "ethers";

import { fromHex, toHex } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import { AllocationType, type Allocation, type Outcome } from "./types.js";

const coder = AbiCoder.defaultAbiCoder();
/** Of @statechannels/exit-format 0.2.0. */
const FORMAT =
  "tuple(address asset, tuple(uint8 assetType, bytes metadata) assetMetadata, " +
  "tuple(bytes32 destination, uint256 amount, uint8 allocationType, bytes metadata)[] allocations)[]";

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
  const assets = outcome.map(({ asset, allocations }) => ({
    asset,
    assetMetadata: { assetType: 0, metadata: "0x" },
    allocations,
  }));
  return coder.encode([FORMAT], [assets]) as Hex;
}

/**
 * The outcome that the bytes are.
 * @throws {OutcomeError} unless they are its only encoding, and the adjudicator takes it.
 */
export function decodeOutcome(bytes: Hex): Outcome {
  const outcome = read(bytes).map(({ asset, allocations }) => ({
    asset: asset.toLowerCase() as Hex,
    allocations: allocations.map(({ destination, amount, allocationType, metadata }) => ({
      destination: destination as Hex,
      amount,
      allocationType: Number(allocationType),
      metadata: metadata as Hex,
    })),
  }));
  if (encodeOutcome(outcome) !== bytes.toLowerCase()) {
    throw new OutcomeError("the outcome has assets of another type than ERC-20, or is not encoded in the one way");
  }
  return outcome;
}

interface RawAllocation {
  destination: string;
  amount: bigint;
  allocationType: bigint;
  metadata: string;
}

function read(bytes: Hex): { asset: string; allocations: RawAllocation[] }[] {
  try {
    return coder.decode([FORMAT], bytes)[0] as { asset: string; allocations: RawAllocation[] }[];
  } catch (cause) {
    throw new OutcomeError("the bytes are no outcome in the exit format", { cause });
  }
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
      sum += allocation.amount;
    }
    if (sum >= 1n << 248n) throw new OutcomeError(`the allocations of ${asset} are more than 2^248 in all`);
  });
}
