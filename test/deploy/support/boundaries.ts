import type { RollupParametersInput } from "../../../deploy/parameters.js";
import { type Hex, type RollupParameters, ZERO_ADDRESS } from "../../../plugin/types.js";

export function accounts(count: number): Hex[] {
  return Array.from({ length: count }, (_, i): Hex => `0x${(i + 1).toString(16).padStart(40, "0")}`);
}

export const committee = (count: number) => ({ da: "committee", committeeMembers: accounts(count) });

/** The last value of a parameter that satisfies a relation, and the first that does not, with the fault. */
export interface Boundary {
  what: string;
  /** Given besides. */
  given?: RollupParametersInput;
  parameter: keyof RollupParameters;
  last: RollupParametersInput[keyof RollupParameters];
  first: RollupParametersInput[keyof RollupParameters];
  message: string;
  /** The contracts' error, where they check the same. */
  onL1?: string;
}

const LEAVING =
  "forceInclusionDelay + permissionlessDelay + challengeWindow + 2 · disputeClock + 10 · disputeExtension";

export const BOUNDARIES: readonly Boundary[] = [
  {
    what: "a chain id of its own",
    ...{ parameter: "l2ChainId", last: 31338, first: 31337 },
    message: "is 31337; another than the L1's own, so that no signature can be replayed across layers",
  },
  {
    what: "slots that a mask finds",
    ...{ parameter: "inboxCapacity", last: 1_024, first: 1_025 },
    message: "is 1025; a power of two, because slots are found by a bit mask",
    onL1: "InboxParameter",
  },
  {
    what: "an extension within the clock",
    given: { disputeClock: "10m" },
    ...{ parameter: "disputeExtension", last: "10m", first: 601 },
    message: "is 601s; at most disputeClock (10m), which it stands in for when that is used up",
    onL1: "DisputeClock",
  },
  {
    what: "an extension within the window",
    given: { disputeClock: "3h" },
    ...{ parameter: "disputeExtension", last: "1h", first: 3_601 },
    message: "is 3601s; at most challengeWindow (1h), for a batch is answered like a claim",
  },
  {
    what: "a bond that pays who refutes a batch",
    given: { disputeBond: "0.5 ether" },
    ...{ parameter: "sequencerBond", last: "2 ether", first: 2n * 10n ** 18n - 1n },
    message:
      "is 1.999999999999999999 ether; at least 4 · disputeBond (2 ether), half of which pays who refuted a batch for gas and tips",
  },
  {
    what: "a bond that is there until its batch is judged",
    ...{ parameter: "bondWithdrawalDelay", last: 7_801, first: "130m" },
    message:
      "is 130m; longer than challengeWindow + 2 · disputeClock + 10 · disputeExtension (130m), else a bond is gone before its batch is judged",
    onL1: "RegistryWithdrawalDelayTooShort",
  },
  {
    what: "the same with validity proofs",
    given: { proof: "validity" },
    ...{ parameter: "bondWithdrawalDelay", last: 3_602, first: 3_601 },
    message: "is 3601s; longer than challengeWindow + 1s (3601s), else a bond is gone before its batch is judged",
  },
  {
    what: "ranks",
    given: { sequencerGrace: "5m" },
    ...{ parameter: "permissionlessDelay", last: 301, first: "5m" },
    message: "is 5m; longer than sequencerGrace (5m), else ranks mean nothing",
  },
  {
    what: "an end only after everybody had a turn",
    ...{ parameter: "escapeDelay", last: 9_601, first: "160m" },
    message: `is 160m; longer than ${LEAVING} (160m), so that everybody who wants the chain to go on has a turn before it can be frozen`,
    onL1: "ChainEscapeDelayTooShort",
  },
  {
    what: "upgrades only after everybody could leave",
    ...{ parameter: "upgradeDelay", last: 96_001, first: "1600m" },
    message: `is 1600m; longer than ${LEAVING} + 1d (1600m), so that users leave before an upgrade executes`,
    onL1: "UpgradeDelayTooShort",
  },
  {
    what: "deposits that are open half of the time",
    given: { pauseDuration: "1h" },
    ...{ parameter: "pauseCooldown", last: "1h", first: 3_599 },
    message: "is 3599s; at least pauseDuration (1h), else deposits can be paused most of the time",
    onL1: "InboxParameter",
  },
  {
    what: "somebody who can mend faults",
    ...{ parameter: "upgrader", last: accounts(1)[0], first: ZERO_ADDRESS },
    message: "is the zero address; name an account, or no fault of the suite could ever be mended",
    onL1: "UpgradeZeroParameter",
  },
  {
    what: "no quorum without a council",
    ...{ parameter: "councilThreshold", last: 0, first: 1 },
    message: "is 1; 0 without a council",
  },
  {
    what: "quorums of a council that overlap",
    given: { council: accounts(4) },
    ...{ parameter: "councilThreshold", last: 3, first: 2 },
    message: "is 2; 3 to 4 of its 4 members, so that no two quorums are without a member of both",
    onL1: "UpgradeCouncil",
  },
  {
    what: "quorums of a council that exist",
    given: { council: accounts(5) },
    ...{ parameter: "councilThreshold", last: 5, first: 6 },
    message: "is 6; 3 to 5 of its 5 members, so that no two quorums are without a member of both",
    onL1: "UpgradeCouncil",
  },
  {
    what: "data that the circuit can count",
    given: { proof: "validity" },
    ...{ parameter: "da", last: "calldata", first: "blob" },
    message:
      'is "blob"; with proof "validity" "calldata" or "committee": the circuit counts in another field than blobs do',
  },
  {
    what: "keys that fit",
    given: { da: "committee", committeeKeys: accounts(1)[0] ?? "" },
    ...{ parameter: "committeeMembers", last: accounts(126), first: accounts(127) },
    message: "has 127 members; at most 126 sign by BLS",
  },
  {
    what: "thresholds of a committee that overlap",
    given: committee(4),
    ...{ parameter: "committeeThreshold", last: 3, first: 2 },
    message:
      "is 2; 3 to 4 of its 4 members, so that no two data are attested for one batch without a member that signs both",
    onL1: "CommitteeThreshold",
  },
  {
    what: "thresholds of a committee that exist",
    given: committee(3),
    ...{ parameter: "committeeThreshold", last: 3, first: 4 },
    message:
      "is 4; 2 to 3 of its 3 members, so that no two data are attested for one batch without a member that signs both",
    onL1: "CommitteeThreshold",
  },
  {
    what: "signatures that last for a turn",
    given: { ...committee(3), sequencerGrace: "5m" },
    ...{ parameter: "committeeOverlap", last: "5m", first: 299 },
    message: "is 299s; at least sequencerGrace (5m), else signatures expire before the turn of who collected them",
  },
  {
    what: "demands that are taken",
    given: { ...committee(3), answerTime: "20m", answerMargin: "20m" },
    ...{ parameter: "demandWindow", last: "20m", first: 1_201 },
    message:
      "is 1201s; with answerTime (20m) and answerMargin (20m) at most challengeWindow (1h), else the last demands are refused",
  },
  {
    what: "time to dispute what was published last",
    given: { ...committee(3), disputeExtension: "5m" },
    ...{ parameter: "answerMargin", last: "5m", first: 299 },
    message: "is 299s; at least disputeExtension (5m), in which data that were published last can be disputed",
  },
];
