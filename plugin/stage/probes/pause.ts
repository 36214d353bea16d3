import { ZeroAddress } from "ethers";

import type { Look } from "../look.js";
import { failed, passed, unless } from "../outcome.js";
import { seconds } from "../show.js";
import type { Outcome } from "../types.js";

/** Longest pause of those whose criteria were published. */
const LONGEST = 90n * 86_400n;

/** A pause ends by itself, and cannot follow on another. */
export function pauseBounds({ facts, roles }: Look): Outcome {
  const { guardian, pauseDuration, pauseCooldown } = facts.escrow;
  if (guardian === ZeroAddress) return passed("nobody can pause anything");
  const evidence = [
    { what: "guardian", value: guardian },
    { what: "a pause lasts", value: seconds(pauseDuration) },
    { what: "until the next", value: seconds(pauseCooldown) },
    { what: "of a year", value: `${shareOfYear(pauseDuration, pauseCooldown)} at most` },
  ];
  if (!roles.holders.some(({ role }) => role === "guardian")) return failed("the guardian is not known", evidence);
  const faults: string[] = [];
  if (pauseDuration > LONGEST) faults.push(`a pause lasts ${seconds(pauseDuration)}, above ${seconds(LONGEST)}`);
  if (pauseCooldown < pauseDuration)
    faults.push(`the next pause may come ${seconds(pauseCooldown)} after one of ${seconds(pauseDuration)}`);
  return unless(
    faults,
    `a pause of deposits ends after ${seconds(pauseDuration)}, the next comes ${seconds(pauseCooldown)} later at the earliest`,
    evidence,
  );
}

function shareOfYear(duration: bigint, cooldown: bigint): string {
  const cycle = duration + cooldown;
  return cycle === 0n ? "0 %" : `${(100n * duration) / cycle} %`;
}
