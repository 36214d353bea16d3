import type { Evidence, Outcome } from "./types.js";

export function passed(reason: string, evidence: Evidence[] = []): Outcome {
  return { result: "pass", reason, evidence };
}

export function failed(reason: string, evidence: Evidence[] = []): Outcome {
  return { result: "fail", reason, evidence };
}

export function notCheckable(reason: string, evidence: Evidence[] = []): Outcome {
  return { result: "not checkable", reason, evidence };
}

/** Passes unless there are faults, which it names. */
export function unless(faults: readonly string[], reason: string, evidence: Evidence[] = []): Outcome {
  return faults.length === 0 ? passed(reason, evidence) : failed(faults.join("; "), evidence);
}
