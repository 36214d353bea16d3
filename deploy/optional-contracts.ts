import type { OptionalContractName } from "../plugin/types.js";
import { bugEvidenceStep } from "./015-bug-evidence.js";
import { committeeStep } from "./025-data-availability-committee.js";
import { poseidonStep } from "./027-poseidon.js";
import { statementStep } from "./032-statement-da.js";
import { oneStepVerifierStep } from "./050-one-step-verifier.js";
import { availabilityChallengeStep } from "./055-availability-challenge.js";
import { disputeGameStep } from "./060-dispute-game.js";
import { committeeVerifierStep, validityVerifierStep } from "./062-validity-verifiers.js";
import { validityResolverStep } from "./066-validity-resolver.js";
import type { Step } from "./runner.js";

/** What creates the contracts that not every suite has. */
export const OPTIONAL_STEPS: Readonly<Record<OptionalContractName, Step>> = {
  BugEvidence: bugEvidenceStep,
  DisputeGame: disputeGameStep,
  OneStepVerifier: oneStepVerifierStep,
  DataAvailabilityCommittee: committeeStep,
  AvailabilityChallenge: availabilityChallengeStep,
  StatementDA: statementStep,
  Poseidon: poseidonStep,
  ValidityVerifier: validityVerifierStep,
  CommitteeVerifier: committeeVerifierStep,
  ValidityResolver: validityResolverStep,
};

export const OPTIONAL_CONTRACTS = Object.entries(OPTIONAL_STEPS) as [OptionalContractName, Step][];
