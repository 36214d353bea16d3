import { type Hex, type RollupParameters, ZERO_ADDRESS } from "../../plugin/types.js";
import { BONDS_OF_A_SEQUENCER } from "./follow.js";
import { disputeTerms, EXIT_MARGIN, judgedAfter, leavingTime } from "./times.js";
import type { ParameterContext, ParameterIssue } from "./types.js";
import { hasParameter, PARAMETERS } from "./descriptions.js";
import { formatAmount, formatTime } from "./units.js";

type Name = keyof RollupParameters;

/** Keys that the committee's contract keeps; docs/data-availability.md §3. */
const MAX_BLS_MEMBERS = 126;

/** What safety demands of parameters together. L1 checks most of it again when the contracts are made. */
interface Relation {
  /** That is too long, too short, or wrong. */
  parameter: Name;
  /** What else it depends on, directly or through defaults that follow: named where `parameter` was not given. */
  others: readonly Name[];
  holds: (p: RollupParameters, context: ParameterContext) => boolean;
  /** What would be right, and why. */
  rule: (p: RollupParameters) => string;
}

const DISPUTE: readonly Name[] = ["challengeWindow", "disputeClock", "disputeExtension", "dissectionBits"];
const LEAVING: readonly Name[] = [...DISPUTE, "forceInclusionDelay", "permissionlessDelay", "sequencerGrace"];

const RELATIONS: readonly Relation[] = [
  {
    parameter: "l2ChainId",
    others: [],
    holds: (p, { l1ChainId }) => p.l2ChainId !== l1ChainId,
    rule: () => "another than the L1's own, so that no signature can be replayed across layers",
  },
  {
    parameter: "inboxCapacity",
    others: [],
    holds: ({ inboxCapacity }) => (inboxCapacity & (inboxCapacity - 1n)) === 0n,
    rule: () => "a power of two, because slots are found by a bit mask",
  },
  {
    parameter: "disputeExtension",
    others: ["disputeClock"],
    holds: (p) => p.disputeExtension <= p.disputeClock,
    rule: (p) => `at most disputeClock (${formatTime(p.disputeClock)}), which it stands in for when that is used up`,
  },
  {
    parameter: "disputeExtension",
    others: ["challengeWindow"],
    holds: (p) => p.disputeExtension <= p.challengeWindow,
    rule: (p) => `at most challengeWindow (${formatTime(p.challengeWindow)}), for a batch is answered like a claim`,
  },
  {
    parameter: "sequencerBond",
    others: ["disputeBond"],
    holds: (p) => p.sequencerBond >= BONDS_OF_A_SEQUENCER * p.disputeBond,
    rule: (p) =>
      `at least ${BONDS_OF_A_SEQUENCER} · disputeBond (${formatAmount(BONDS_OF_A_SEQUENCER * p.disputeBond)}), half of which pays who refuted a batch for gas and tips`,
  },
  {
    parameter: "bondWithdrawalDelay",
    others: DISPUTE,
    holds: (p) => p.bondWithdrawalDelay > judgedAfter(p),
    rule: (p) =>
      `longer than challengeWindow + ${disputeTerms(p)} (${formatTime(judgedAfter(p))}), else a bond is gone before its batch is judged`,
  },
  {
    parameter: "permissionlessDelay",
    others: ["sequencerGrace"],
    holds: (p) => p.permissionlessDelay > p.sequencerGrace,
    rule: (p) => `longer than sequencerGrace (${formatTime(p.sequencerGrace)}), else ranks mean nothing`,
  },
  {
    parameter: "escapeDelay",
    others: LEAVING,
    holds: (p) => p.escapeDelay > leavingTime(p),
    rule: (p) =>
      `longer than ${leavingTerms(p)} (${formatTime(leavingTime(p))}), so that everybody who wants the chain to go on has a turn before it can be frozen`,
  },
  {
    parameter: "upgradeDelay",
    others: LEAVING,
    holds: (p) => p.upgradeDelay > leavingTime(p) + EXIT_MARGIN,
    rule: (p) =>
      `longer than ${leavingTerms(p)} + ${formatTime(EXIT_MARGIN)} (${formatTime(leavingTime(p) + EXIT_MARGIN)}), so that users leave before an upgrade executes`,
  },
  {
    parameter: "pauseCooldown",
    others: ["pauseDuration"],
    holds: (p) => p.pauseCooldown >= p.pauseDuration,
    rule: (p) =>
      `at least pauseDuration (${formatTime(p.pauseDuration)}), else deposits can be paused most of the time`,
  },
  {
    parameter: "upgrader",
    others: [],
    holds: ({ upgrader }) => upgrader !== ZERO_ADDRESS,
    rule: () => "name an account, or no fault of the suite could ever be mended",
  },
  {
    parameter: "councilThreshold",
    others: ["council"],
    holds: ({ council, councilThreshold }) => isQuorum(councilThreshold, council),
    rule: ({ council }) =>
      council.length === 0
        ? "0 without a council"
        : `${quorumsOf(council)}, so that no two quorums are without a member of both`,
  },
  {
    parameter: "da",
    others: ["proof"],
    holds: ({ proof, da }) => proof !== "validity" || da !== "blob",
    rule: () => 'with proof "validity" "calldata" or "committee": the circuit counts in another field than blobs do',
  },
  {
    parameter: "committeeMembers",
    others: ["committeeKeys"],
    holds: ({ committeeKeys, committeeMembers }) =>
      committeeKeys === ZERO_ADDRESS || committeeMembers.length <= MAX_BLS_MEMBERS,
    rule: () => `at most ${MAX_BLS_MEMBERS} sign by BLS`,
  },
  {
    parameter: "committeeThreshold",
    others: ["committeeMembers"],
    holds: (p) => isQuorum(p.committeeThreshold, p.committeeMembers),
    rule: ({ committeeMembers }) =>
      `${quorumsOf(committeeMembers)}, so that no two data are attested for one batch without a member that signs both`,
  },
  {
    parameter: "committeeOverlap",
    others: ["sequencerGrace"],
    holds: (p) => p.committeeOverlap >= p.sequencerGrace,
    rule: (p) =>
      `at least sequencerGrace (${formatTime(p.sequencerGrace)}), else signatures expire before the turn of who collected them`,
  },
  {
    parameter: "demandWindow",
    others: ["answerTime", "answerMargin", "disputeExtension", "challengeWindow"],
    holds: (p) => p.demandWindow + p.answerTime + p.answerMargin <= p.challengeWindow,
    rule: (p) =>
      `with answerTime (${formatTime(p.answerTime)}) and answerMargin (${formatTime(p.answerMargin)}) at most challengeWindow (${formatTime(p.challengeWindow)}), else the last demands are refused`,
  },
  {
    parameter: "answerMargin",
    others: ["disputeExtension", "challengeWindow"],
    holds: (p) => p.answerMargin >= p.disputeExtension,
    rule: (p) =>
      `at least disputeExtension (${formatTime(p.disputeExtension)}), in which data that were published last can be disputed`,
  },
];

/**
 * What does not hold between parameters, a fault for each relation. It names a parameter that is in `given` wherever one has a part
 * in it.
 */
export function brokenRelations(
  p: RollupParameters,
  given: Partial<RollupParameters>,
  context: ParameterContext,
): ParameterIssue[] {
  const broken = RELATIONS.filter(({ parameter, holds }) => hasParameter(parameter, p) && !holds(p, context));
  return broken.map(({ parameter, others, rule }) => {
    const blamed = given[parameter] === undefined ? others.find((name) => given[name] !== undefined) : undefined;
    if (blamed === undefined) return { parameter, message: `${valueOf(p, parameter)}; ${rule(p)}` };
    return {
      parameter: blamed,
      message: `${valueOf(p, blamed)}; then ${parameter} ${valueOf(p, parameter)}: ${rule(p)}`,
    };
  });
}

function leavingTerms(p: RollupParameters): string {
  return `forceInclusionDelay + permissionlessDelay + challengeWindow + ${disputeTerms(p)}`;
}

/** More than half of them, so that any two quorums share a member. */
function isQuorum(threshold: bigint, { length }: readonly Hex[]): boolean {
  const count = BigInt(length);
  return count === 0n ? threshold === 0n : 2n * threshold > count && threshold <= count;
}

function quorumsOf({ length }: readonly Hex[]): string {
  return `${Math.floor(length / 2) + 1} to ${length} of its ${length} members`;
}

function valueOf(p: RollupParameters, name: Name): string {
  const value = p[name];
  if (typeof value === "object") return `has ${value.length} ${PARAMETERS[name].kind}`;
  if (typeof value === "string") return value === ZERO_ADDRESS ? "is the zero address" : `is ${JSON.stringify(value)}`;
  if (PARAMETERS[name].kind === "time") return `is ${formatTime(value)}`;
  return `is ${PARAMETERS[name].kind === "amount" ? formatAmount(value) : value}`;
}
