import { ProofEvidence__factory, StepEvidence__factory } from "../typechain-types/index.js";
import { creation } from "./creation.js";
import { proxyAddresses } from "./proxies.js";
import type { Step } from "./runner.js";

/** What checks evidence of a bug, by the proof system. */
export const EVIDENCE_FACTORIES = { fraud: StepEvidence__factory, validity: ProofEvidence__factory } as const;

/** Creates what checks evidence of a bug, for a council to act on. */
export const bugEvidenceStep: Step = {
  id: "015-bug-evidence",
  title: "Create BugEvidence",
  request: (state) =>
    creation(
      new EVIDENCE_FACTORIES[state.parameters.proof]().getDeployTransaction(proxyAddresses(state).StateCommitmentChain),
    ),
};
