import type { RollupParameters } from "../../plugin/types.js";
import { DAY } from "./units.js";

/** What a user needs, beyond waiting, to leave before an upgrade executes. The timelock demands the same. */
export const EXIT_MARGIN = DAY;

type DisputeTime = "dissectionBits" | "disputeClock" | "disputeExtension";
type DisputeParameters = Pick<RollupParameters, DisputeTime | "proof">;

/** Longest time from a batch's `finalizesAt` to the end of the dispute about it, in seconds; docs/dispute.md §3. */
export function disputeDuration(p: DisputeParameters): bigint {
  // Who is not proven in time falls in one transaction.
  if (p.proof === "validity") return 1n;
  return 2n * p.disputeClock + levels(p) * p.disputeExtension;
}

/** The terms of {@link disputeDuration}, for people. */
export function disputeTerms(p: DisputeParameters): string {
  return p.proof === "validity" ? "1s" : `2 · disputeClock + ${levels(p)} · disputeExtension`;
}

/** Longest time from the posting of a batch to the end of all disputes about it. */
export function judgedAfter(p: DisputeParameters & Pick<RollupParameters, "challengeWindow">): bigint {
  return p.challengeWindow + disputeDuration(p);
}

/** Longest time from a request on L1 until its batch is final, whatever anybody does; docs/decisions/0008. */
export function leavingTime(
  p: DisputeParameters & Pick<RollupParameters, "challengeWindow" | "forceInclusionDelay" | "permissionlessDelay">,
): bigint {
  return p.forceInclusionDelay + p.permissionlessDelay + judgedAfter(p);
}

/** Longest time from a request on L1 until anybody may freeze the chain, and everybody escapes, when nobody posts. */
export function escapeTime(p: Pick<RollupParameters, "forceInclusionDelay" | "escapeDelay">): bigint {
  return p.forceInclusionDelay + p.escapeDelay;
}

/** How long after the announcement of an upgrade a user can still decide to leave before it executes; negative: never. */
export function exitWindow(p: RollupParameters): bigint {
  return p.upgradeDelay - leavingTime(p);
}

/** Dissections until 2^40 instructions are one; docs/dispute.md §1. */
function levels({ dissectionBits }: Pick<RollupParameters, "dissectionBits">): bigint {
  return (40n + dissectionBits - 1n) / dissectionBits;
}
