import type { NetworkConnection } from "hardhat/types/network";

import { explain } from "../support/explain.js";
import type { Narrator } from "../support/narrator.js";
import type { Check, Finding, Outcome, StepReport } from "./types.js";

/** What a step writes down while it happens. */
export interface StepLog {
  say(line: string): void;
  /** Compares; a difference is a finding. Returns whether they are the same. */
  compare(comparison: Comparison): boolean;
  /** Something that is worth knowing, or wrong. */
  find(finding: Omit<Finding, "step">): void;
}

export interface Comparison extends Pick<Finding, "meaning" | "transaction" | "token"> {
  what: string;
  actual: bigint | string | boolean;
  expected: bigint | string | boolean;
  /** Of a difference; default essential. */
  severity?: Finding["severity"];
}

/** The steps of a rehearsal, one after the other; what goes wrong in one does not end it. */
export interface Script {
  /**
   * @param needs Whether what the step stands on is there; without it, the step is skipped.
   * @returns what `work` returned; undefined when it failed or was skipped.
   */
  step<T>(id: string, title: string, needs: boolean, work: (log: StepLog) => Promise<T>): Promise<T | undefined>;
  readonly steps: readonly StepReport[];
  readonly findings: readonly Finding[];
}

/** @param signal Ends the rehearsal: what is under way is thrown out of, and nothing more begins. */
export function createScript(connection: NetworkConnection, narrator: Narrator, signal: AbortSignal): Script {
  const steps: StepReport[] = [];
  const findings: Finding[] = [];

  async function clock() {
    const { number = 0, timestamp = 0 } = (await connection.ethers.provider.getBlock("latest")) ?? {};
    return { number, timestamp: BigInt(timestamp) };
  }

  async function step<T>(id: string, title: string, needs: boolean, work: (log: StepLog) => Promise<T>) {
    signal.throwIfAborted();
    narrator.heading(title);
    const story: string[] = [];
    const checks: Check[] = [];
    const found: Finding[] = [];
    const log: StepLog = {
      say(line) {
        story.push(line);
        narrator.line(line);
      },
      compare({ actual, expected, severity = "essential", ...rest }) {
        const check = {
          what: rest.what,
          ok: actual === expected,
          expected: String(expected),
          actual: String(actual),
          transaction: rest.transaction,
        };
        checks.push(check);
        if (!check.ok) log.find({ severity, ...rest, expected: check.expected, actual: check.actual });
        return check.ok;
      },
      find(finding) {
        found.push({ ...finding, step: id });
        const { what, actual, expected, error } = finding;
        const details = actual === undefined ? error : `${actual}, expected ${expected ?? "otherwise"}`;
        narrator.line(
          `${finding.severity === "essential" ? "WRONG" : "Note"}: ${what}${details === undefined ? "" : ` (${details})`}`,
        );
      },
    };
    const begin = performance.now();
    const before = await clock();
    let result: T | undefined;
    let outcome: Outcome = "skipped";
    if (needs) {
      try {
        result = await work(log);
        outcome = found.length === 0 ? "as expected" : "otherwise";
        if (found.some(({ severity }) => severity === "essential")) outcome = "failed";
      } catch (error) {
        signal.throwIfAborted();
        outcome = "failed";
        const meaning = "The step stopped here; what stands on it was left out.";
        log.find({
          severity: "essential",
          what: `${title}: it could not go on`,
          meaning,
          error: explain(error).join("; "),
        });
      }
    } else {
      const meaning = "What it stands on failed before, or is not there.";
      log.find({ severity: "note", what: `${title}: left out`, meaning });
    }
    const after = await clock();
    const seconds = (performance.now() - begin) / 1000;
    steps.push({
      ...{ id, title, outcome, story, checks, seconds },
      fromBlock: before.number + 1,
      toBlock: after.number,
      l1Seconds: after.timestamp - before.timestamp,
    });
    findings.push(...found);
    return result;
  }

  return { step, steps, findings };
}
