import type { Hex } from "../types.js";

/** Of the published criteria: 0 "full training wheels", 1 "limited training wheels", 2 "no training wheels". */
export type Stage = 0 | 1 | 2;

/** `not checkable` is no pass: L1 does not say it, or nobody looked. */
export type Result = "pass" | "fail" | "not checkable";

/** One thing that was read, as people write it. */
export interface Evidence {
  what: string;
  value: string;
}

/** What a probe found. */
export interface Outcome {
  result: Result;
  /** One line. */
  reason: string;
  evidence: Evidence[];
}

/** What is asked of a rollup of a stage, and how this package looks. */
export interface Criterion {
  /** Stable; kebab-case. */
  id: string;
  stage: Stage;
  asked: string;
  /** Who asks it. */
  source: string;
  probe: string;
}

export interface Finding extends Criterion, Outcome {}

/** Why a suite is none of the three and stands under "Others". */
export type OtherReason = "NO_PROOFS" | "CLOSED_PROOFS" | "NO_DA_ORACLE" | "SMALL_DAC" | "LOW_DAC_THRESHOLD";

/** What kind of system it is, by its proofs and where its data are. */
export type Category = "optimistic rollup" | "ZK rollup" | "optimium" | "validium";

export interface StageReport {
  l1ChainId: bigint;
  /** Block that was looked at, and its time in seconds. */
  block: number;
  time: bigint;
  bridge: Hex;
  l2ChainId: bigint;
  category: Category;
  /** Highest stage of which every checkable criterion passes, with those of the stages below; none: not even 0. */
  stage: Stage | undefined;
  /** Set where it is none of its category at all. */
  others: { reason: OtherReason; text: string } | undefined;
  drills: boolean;
  findings: Finding[];
}
