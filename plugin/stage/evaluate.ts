import { type Drills, outcomeOf, PROBES } from "./criteria.js";
import type { Look } from "./look.js";
import { otherReason } from "./probes/proofs.js";
import type { Category, Finding, Stage, StageReport } from "./types.js";

/** How a suite stands: every criterion with what was found, and the stage that follows. */
export async function evaluate(look: Look, drills: Drills | undefined): Promise<StageReport> {
  const { facts } = look;
  const findings: Finding[] = [];
  for (const probe of PROBES) {
    if (probe.asks?.(look) === false) continue;
    const { id, stage, asked, source, probe: how } = probe;
    findings.push({ id, stage, asked, source, probe: how, ...(await outcomeOf(probe, look, drills ?? {})) });
  }
  const failing = new Set(findings.filter(({ result }) => result === "fail").map(({ id }) => id));
  return {
    ...{ l1ChainId: facts.l1ChainId, block: facts.block, time: facts.time },
    bridge: facts.bridge,
    l2ChainId: facts.escrow.l2ChainId,
    category: categoryOf(look),
    stage: stageOf(findings),
    others: otherReason(look, failing),
    drills: drills !== undefined,
    findings,
  };
}

/** The highest stage of which nothing fails, here and below. */
export function stageOf(findings: readonly Finding[]): Stage | undefined {
  const fails = (stage: Stage): boolean => findings.some((each) => each.stage === stage && each.result === "fail");
  let reached: Stage | undefined;
  for (const stage of [0, 1, 2] as const) {
    if (fails(stage)) return reached;
    reached = stage;
  }
  return reached;
}

function categoryOf({ facts: { isOptimistic, da } }: Look): Category {
  const onL1 = da !== "committee";
  if (isOptimistic) return onL1 ? "optimistic rollup" : "optimium";
  return onL1 ? "ZK rollup" : "validium";
}
